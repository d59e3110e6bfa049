import Foundations
import Tables

/// Reads CSV (RFC 4180, and what goes by its name) and TSV into typed columns.
///
/// The types are guessed from the first rows. Blocks of rows are then read side by side; where a guess does not hold,
/// the types of that column's fields are found in all blocks, and it is read again.
struct DelimitedTable {
  typealias Bytes = UnsafeBufferPointer<UInt8>

  let bytes: Bytes
  let source: String
  let dialect: Dialect
  let options: ReadingOptions
  private var names: [String] = []
  private var firstRow = 0
  private var notes: [String] = []

  private static let sampleBytes = 1 << 18

  /// - Parameters:
  ///   - separator: what the format says.
  ///   - quoting: whether the format knows quotes.
  static func read(
    _ text: [UInt8], source: String, separator: UInt8, quoting: Bool, _ options: ReadingOptions
  ) throws -> ReadTable {
    try text.withUnsafeBufferPointer { bytes in
      guard bytes.contains(where: { $0 > 0x20 }) else {
        throw DomainError(.data, "\(source) is empty")
      }
      let (dialect, notes) = try DialectSniffer(
        bytes: bytes, source: source, separator: separator, quoting: quoting, options: options
      ).dialect()
      var reader = DelimitedTable(bytes, source, dialect, options, notes)
      return try reader.table()
    }
  }

  private init(
    _ bytes: Bytes, _ source: String, _ dialect: Dialect, _ options: ReadingOptions,
    _ notes: [String]
  ) {
    self.bytes = bytes
    self.source = source
    self.dialect = dialect
    self.options = options
    self.notes = notes
  }

  private mutating func table() throws -> ReadTable {
    do { try readHeader() } catch let problem as DelimitedProblem { throw failure(problem) }
    try ObjectColumns.requireNames(options, names, source)
    let ranges = try DelimitedBlocks.ranges(bytes, from: firstRow, dialect)
    var tasks = try guesses()
    var blocks = try run(ranges, tasks)
    let failed = names.indices.filter { column in blocks.contains { $0[column].hasFailed } }
    if !failed.isEmpty {
      let kinds = try classified(failed, ranges)
      for column in names.indices {
        tasks[column] = failed.contains(column) ? .read(kinds[column] ?? .string) : .skip
      }
      let again = try run(ranges, tasks)
      for block in blocks.indices {
        for column in failed { blocks[block][column] = again[block][column] }
      }
    }
    return try joined(blocks)
  }

  // MARK: The first row

  private mutating func readHeader() throws {
    var scanner = FieldScanner(bytes, 0..<bytes.count, dialect, ScratchBytes())
    guard scanner.nextRow() else { throw DomainError(.data, "\(source) holds no rows") }
    let start = scanner.place
    var fields: [String] = []
    repeat {
      try scanner.next()
      let text = scanner.wasQuoted ? scanner.field : FieldKinds.trimmed(scanner.field)
      guard let name = String(validating: text, as: UTF8.self) else {
        throw DelimitedProblem(.notUTF8(text.first { $0 >= 0x80 } ?? 0), start)
      }
      fields.append(
        options.hasHeader && (!name.isEmpty || scanner.wasQuoted)
          ? name : "column\(fields.count + 1)")
    } while !scanner.endsRow
    names = fields
    firstRow = options.hasHeader ? scanner.place : start
    if options.hasHeader, !fields.isEmpty, fields.allSatisfy({ Self.isNumber($0) }) {
      notes.append(
        "\(source): the first line looks like data, not names: `header: false` reads it so")
    }
    if names.contains(where: { $0.utf8.contains(0) }) { throw DelimitedProblem(.zeroByte, start) }
    var seen: Set<Spelling> = []
    for name in names where !seen.add(name) {
      throw DomainError(
        .data, "\(place(of: start)): the column `\(name)` appears twice",
        hint: "give each column a name of its own, or read without names: `header: false`")
    }
  }

  private static func isNumber(_ name: String) -> Bool {
    name.withBytes { text in
      NumberField.int(FieldKinds.trimmed(text)) != nil
        || NumberField.float(FieldKinds.trimmed(text), isLenient: true) != nil
    }
  }

  // MARK: Types

  /// What the first rows let expect of each column.
  private func guesses() throws -> [FieldColumn.Task] {
    let end = min(firstRow + DelimitedTable.sampleBytes, bytes.count)
    let sample = try DelimitedBlocks.ranges(
      bytes, from: firstRow, dialect, size: max(end - firstRow, 1)
    ).first
    let columns = names.map { _ in FieldColumn(.classify, dialect.missing) }
    if let sample { try read(sample, into: columns) }
    return zip(names, columns).map { name, column in
      if let kind = options.types[name] { return .require(kind) }
      // Without any value in the sample the narrowest type is as good as any: what it does not fit is looked at again.
      return .read(column.hasValue ? column.fits.narrowest : .bool)
    }
  }

  private func classified(_ failed: [Int], _ ranges: [Range<Int>]) throws -> [Int: Series.Kind] {
    let blocks = try run(
      ranges, names.indices.map { failed.contains($0) ? .classify : .skip })
    return Dictionary(
      uniqueKeysWithValues: failed.map { column in
        var fits = FieldKinds.all
        for block in blocks { fits.formIntersection(block[column].fits) }
        return (column, fits.narrowest)
      })
  }

  // MARK: Blocks

  /// Reads all blocks, each into columns of its own.
  private func run(_ ranges: [Range<Int>], _ tasks: [FieldColumn.Task]) throws -> [[FieldColumn]] {
    var results = [[FieldColumn]](repeating: [], count: ranges.count)
    var problems = [(any Error)?](repeating: nil, count: ranges.count)
    results.withUnsafeMutableBufferPointer { results in
      problems.withUnsafeMutableBufferPointer { problems in
        Parallel.each(ranges.count) { block in
          let columns = tasks.map { FieldColumn($0, dialect.missing) }
          do {
            // What the fields become is seldom more than four times their text.
            try MemoryRoom.require(4 * ranges[block].count, for: source)
            try read(ranges[block], into: columns)
            results[block] = columns
          } catch {
            problems[block] = error
          }
        }
      }
    }
    try AbandonableWork.requireWhole()
    if let problem = problems.lazy.compactMap({ $0 }).first { throw problem }
    return results
  }

  /// Reads the rows of one block.
  private func read(_ range: Range<Int>, into columns: [FieldColumn]) throws {
    if let place = UTF8Check.firstInvalid(Bytes(rebasing: bytes[range])) {
      throw failure(
        DelimitedProblem(.notUTF8(bytes[range.lowerBound + place]), range.lowerBound + place))
    }
    do {
      try scan(range, into: columns)
    } catch let problem {
      throw failure(problem)
    }
  }

  private func scan(_ range: Range<Int>, into columns: [FieldColumn]) throws(DelimitedProblem) {
    let width = columns.count
    var scanner = FieldScanner(bytes, range, dialect, ScratchBytes())
    var row = 0
    while scanner.nextRow() {
      let start = scanner.place
      var column = 0
      repeat {
        try scanner.next()
        if column < width, !columns[column].take(scanner.field, wasQuoted: scanner.wasQuoted) {
          let text = String(decoding: scanner.field.prefix(200), as: UTF8.self)
          throw DelimitedProblem(.wrongType(column, text), start)
        }
        column += 1
      } while !scanner.endsRow
      guard column == width else { throw DelimitedProblem(.ragged(column, width), start) }
      row += 1
      if Parallel.isAbandoned(turn: row) { return }
    }
  }

  // MARK: The result

  private mutating func joined(_ blocks: [[FieldColumn]]) throws -> ReadTable {
    var columns: [Table.Column] = []
    var seen: UInt64 = 0
    for (index, name) in names.enumerated() {
      try Cancellation.check()
      let parts = blocks.map { $0[index] }
      for part in parts { seen |= part.marksSeen }
      if parts.contains(where: \.hasCut) {
        notes.append(ObjectColumns.cutNote(source: source, column: name))
      }
      var series =
        parts.isEmpty
        ? Series(cells: []) : try SeriesBuilder.joined(parts.map(\.builder), name: name)
      if let kind = options.types[name] {
        if series.kind != kind { series = try series.converted(to: kind) }
      } else if series.isAllMissing, series.count > 0 {
        series = Series(repeating: .null, count: series.count)
      }
      columns.append(Table.Column(name, series))
    }
    noteMissing(seen)
    for column in columns where options.types[column.name] == nil { noteMarks(column) }
    return ReadTable(table: try Table(columns: columns), notes: notes)
  }

  /// Tells which of the usual marks were taken for missing values.
  private mutating func noteMissing(_ seen: UInt64) {
    guard options.missing == nil, seen != 0 else { return }
    let marks = dialect.missing.marks.enumerated().filter { seen >> UInt64($0.offset) & 1 == 1 }
      .map { Quoting.literal(String(decoding: $0.element, as: UTF8.self)) }
    notes.append(
      "\(source): \(marks.joined(separator: ", ")) \(marks.count == 1 ? "is" : "are") read as missing; `missing: []` keeps \(marks.count == 1 ? "it" : "them")"
    )
  }

  /// So many first rows tell whether a column is text throughout.
  private static let lookedAt = 1000
  /// More different texts than this are no marks of missing values.
  private static let oddLimit = 5
  /// What people write for a missing value beside the usual marks.
  private static let oddMarks: Set<String> = [
    "?", "-", "--", "---", ".", "..", "*", "#", "/", "na", "n.a.", "N.A.", "Na", "N/A", "n/a", "NA",
    "NULL", "null",
    "None", "none", "nil", "missing", "Missing", "unknown", "Unknown", "(none)", "<NA>", "#N/A",
    "#VALUE!", "#REF!",
    "#DIV/0!", "–", "—",
  ]

  /// Tells where a column is text for the sake of a few texts that may mean a missing value.
  private mutating func noteMarks(_ column: Table.Column) {
    guard case .string(let texts) = column.series.values else { return }
    var others: Set<Spelling> = []
    var (odd, plain, first) = (0, 0, 0)
    for row in 0..<texts.count where !column.series.isMissing(row) {
      if Parallel.isAbandoned(turn: row) { return }
      if row >= DelimitedTable.lookedAt, plain == 0 { return }
      if texts.withBytes(row, { FieldKinds(of: $0) != .string }) {
        plain += 1
        continue
      }
      if odd == 0 { first = row }
      odd += 1
      others.insert(Spelling(texts[row]))
      if others.count > DelimitedTable.oddLimit { return }
    }
    // One or two texts may fill many rows; of more the column may be made.
    guard odd > 0, plain > 0, others.count <= 2 || plain >= 10 * odd else { return }
    let names = others.sorted().map(\.text)
    let marks = names.map(Quoting.literal).joined(separator: ", ")
    let line = line(ofRow: first)
    let place = odd == 1 ? "in line \(line)" : "in \(odd) rows, first in line \(line)"
    let note = "\(source): the column `\(column.name)` is text because of \(marks) \(place)"
    // What has digits is a number written otherwise, or an id, and no mark of a missing value.
    guard !names.contains(where: { $0.contains(where: \.isNumber) }) else {
      notes.append(note)
      return
    }
    let condition =
      names.allSatisfy(DelimitedTable.oddMarks.contains)
      ? "to read \(names.count == 1 ? "it" : "them") as missing"
      : "if that means a missing value"
    let known = (options.missing ?? ["", "NA"]).map(Quoting.literal) + [marks]
    notes.append("\(note); \(condition): `missing: [\(known.joined(separator: ", "))]`")
  }

  /// The line, from 1, at which a row of the table begins.
  private func line(ofRow wanted: Int) -> Int {
    var scanner = FieldScanner(bytes, firstRow..<bytes.count, dialect, ScratchBytes())
    var row = 0
    while scanner.nextRow() {
      if row == wanted { break }
      row += 1
      while (try? scanner.next()) != nil, !scanner.endsRow {}
    }
    return line(of: scanner.place)
  }

  // MARK: Errors

  /// `file, line 3`.
  private func place(of offset: Int) -> String { "\(source), line \(line(of: offset))" }

  private func line(of offset: Int) -> Int {
    var line = 1
    var index = 0
    while index < offset {
      if bytes[index] == 0x0A
        || bytes[index] == 0x0D && !(index + 1 < bytes.count && bytes[index + 1] == 0x0A)
      {
        line += 1
      }
      index += 1
    }
    return line
  }

  /// Whether a line, or the first one, begins as comments do.
  private func hasCommentMark(_ offset: Int) -> Bool {
    let mark = UInt8(ascii: "#")
    return dialect.comment.isEmpty
      && (bytes.first == mark || offset < bytes.count && bytes[offset] == mark)
  }

  private func failure(_ problem: DelimitedProblem) -> DomainError {
    let place = place(of: problem.place)
    switch problem.kind {
    case .endlessQuote:
      return DomainError(
        .parse, "\(place): the quoted field that starts here never ends",
        hint: "where quotes are no more than characters: `quoting: false`")
    case .textBehindQuote:
      return DomainError(
        .parse, "\(place): text behind the closing quote of a field",
        hint:
          "write a quote inside a quoted field twice, or read quotes as characters: `quoting: false`"
      )
    case .ragged(let found, let expected):
      return DomainError(
        .data,
        "\(place): \(found) field\(found == 1 ? "" : "s"), but the \(options.hasHeader ? "header names" : "first row has") \(expected)",
        hint: hasCommentMark(problem.place)
          ? "lines that begin with # are passed by with `comment: \"#\"`" : nil)
    case .wrongType(let column, let text):
      let kind = options.types[names[column]]?.rawValue ?? "value"
      return DomainError(
        .value,
        "\(place), column `\(names[column])`: \(Quoting.literal(String(text.prefix(60)))) is no \(kind)"
      )
    case .notUTF8(let byte):
      return DomainError(
        .parse, "\(place): the byte 0x\(String(byte, radix: 16)) is not UTF-8",
        hint: "name the encoding, `encoding: \"latin-1\"` or \"windows-1252\", if it is a text file"
      )
    case .zeroByte:
      return DomainError(
        .parse, "\(place): a zero byte, so that this is no text",
        hint: "if it is text of 16 bits a character: `encoding: \"utf-16\"`")
    case .memory(let error): return error
    }
  }
}
