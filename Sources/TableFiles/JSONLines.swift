import Foundations
import JSONValues
import Tables

/// Reads one JSON object a line (RFC 8259) into typed columns. Blocks of lines are read side by side.
enum JSONLines {
  typealias Bytes = UnsafeBufferPointer<UInt8>

  static func read(_ text: [UInt8], source: String, _ options: ReadingOptions) throws -> ReadTable {
    try text.withUnsafeBufferPointer { bytes in
      guard bytes.contains(where: { $0 > 0x20 }) else {
        throw DomainError(.data, "\(source) is empty")
      }
      let dialect = Dialect(separator: 0, isQuoted: false, missing: MissingMarks([]))
      let ranges = try DelimitedBlocks.ranges(bytes, from: 0, dialect)
      var blocks = [ObjectColumns?](repeating: nil, count: ranges.count)
      var problems = [DomainError?](repeating: nil, count: ranges.count)
      blocks.withUnsafeMutableBufferPointer { blocks in
        problems.withUnsafeMutableBufferPointer { problems in
          Parallel.each(ranges.count) { block in
            do throws(DomainError) {
              try MemoryRoom.require(3 * ranges[block].count, for: source)
              blocks[block] = try read(bytes, ranges[block], source)
            } catch {
              problems[block] = error
            }
          }
        }
      }
      try AbandonableWork.requireWhole()
      if let problem = problems.lazy.compactMap({ $0 }).first { throw problem }
      return try ObjectColumns.table(blocks.compactMap { $0 }, source: source, options)
    }
  }

  private static func read(_ bytes: Bytes, _ range: Range<Int>, _ source: String)
    throws(DomainError) -> ObjectColumns
  {
    let block = Bytes(rebasing: bytes[range])
    if let place = UTF8Check.firstInvalid(block) {
      throw failure(
        JSONProblem(
          message: "the byte 0x\(String(block[place], radix: 16)) is not UTF-8", position: place),
        bytes, range, source)
    }
    let columns = ObjectColumns()
    var start = 0
    while start < block.count {
      var end = start
      while end < block.count, block[end] != 0x0A { end += 1 }
      let line = Bytes(rebasing: block[start..<end])
      if line.contains(where: { $0 > 0x20 }) {
        do throws(JSONProblem) {
          var scanner = JSONScanner(line)
          scanner.keepsLongIntegers = true
          try columns.take(&scanner)
          scanner.skipSpace()
          guard scanner.isAtEnd else { throw scanner.problem("text behind the end of the object") }
        } catch {
          var problem = error
          problem.position += start
          throw failure(problem, bytes, range, source)
        }
      }
      start = end + 1
      if Parallel.isAbandoned(turn: columns.rowCount) { break }
    }
    return columns
  }

  /// The problem of a block at its place in the file.
  private static func failure(
    _ problem: JSONProblem, _ bytes: Bytes, _ range: Range<Int>, _ source: String
  ) -> DomainError {
    var problem = problem
    problem.position += range.lowerBound
    return JSONCell.failure(problem, bytes, source)
  }
}

/// The members of objects, as columns in the order of their first appearance.
final class ObjectColumns {
  private var names: [String] = []
  private var builders: [SeriesBuilder] = []
  private var places: [Spelling: Int] = [:]
  private(set) var rowCount = 0
  /// Of columns by their places: the first whole number that is kept as text, since it would be rounded.
  private var longIntegers: [Int: String] = [:]

  /// Takes the object that stands next.
  func take(_ scanner: inout JSONScanner) throws(JSONProblem) {
    scanner.skipSpace()
    guard scanner.take("{") else {
      throw scanner.problem("expected a JSON object, which starts with `{`")
    }
    var expected = 0
    scanner.skipSpace()
    if !scanner.take("}") {
      repeat {
        scanner.skipSpace()
        let start = scanner.position
        let name = try scanner.key()
        let place = place(of: name, expected)
        expected = place + 1
        let builder = builders[place]
        guard builder.count <= rowCount else {
          scanner.position = start
          throw scanner.problem("the field `\(name)` appears twice in one object")
        }
        while builder.count < rowCount { builder.appendMissing() }
        try value(&scanner, builder)
        if let long = scanner.longInteger {
          if longIntegers[place] == nil { longIntegers[place] = long }
          scanner.longInteger = nil
        }
        scanner.skipSpace()
      } while scanner.take(",")
      guard scanner.take("}") else { throw scanner.problem("expected `,` or `}`") }
    }
    rowCount += 1
  }

  /// Most objects have the fields of the one before, in its order.
  private func place(of name: String, _ expected: Int) -> Int {
    if expected < names.count, names[expected].isSpelt(name) { return expected }
    if let place = places[name] { return place }
    let place = names.count
    places[name] = place
    names.append(name)
    builders.append(SeriesBuilder())
    return place
  }

  private func value(_ scanner: inout JSONScanner, _ builder: SeriesBuilder) throws(JSONProblem) {
    scanner.skipSpace()
    switch scanner.peek ?? 0 {
    case UInt8(ascii: "\""):
      if let text = plainString(&scanner) {
        builder.take(text: text)
      } else {
        builder.take(.string(try scanner.string()))
      }
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
      switch try JSONCell.number(&scanner) {
      case .int(let value): builder.take(int: value)
      case .float(let value): builder.take(float: value)
      case let long: builder.take(long)
      }
    default: builder.take(try JSONCell.value(&scanner, depth: 1))
    }
  }

  /// The bytes of a string without escapes; nil where there are any, or something is wrong with it.
  private func plainString(_ scanner: inout JSONScanner) -> UnsafeBufferPointer<UInt8>? {
    let start = scanner.position + 1
    var place = start
    while place < scanner.bytes.count {
      let byte = scanner.bytes[place]
      if byte == UInt8(ascii: "\"") {
        scanner.position = place + 1
        return UnsafeBufferPointer(rebasing: scanner.bytes[start..<place])
      }
      if byte == UInt8(ascii: "\\") || byte < 0x20 { return nil }
      place += 1
    }
    return nil
  }

  private func builder(_ name: String) -> SeriesBuilder {
    let builder = places[name].map { builders[$0] } ?? SeriesBuilder()
    while builder.count < rowCount { builder.appendMissing() }
    return builder
  }

  /// The columns of all blocks, each with its type: texts that are all ISO dates become dates, the texts `nan`, `inf`
  /// and `-inf` beside numbers are the floats that JSON cannot say.
  static func table(_ blocks: [ObjectColumns], source: String, _ options: ReadingOptions) throws
    -> ReadTable
  {
    var names: [String] = []
    var seen: Set<Spelling> = []
    for block in blocks { for name in block.names where seen.add(name) { names.append(name) } }
    try requireNames(options, names, source)
    var notes: [String] = []
    let columns = try names.map { name in
      try Cancellation.check()
      var series = try SeriesBuilder.joined(blocks.map { $0.builder(name) }, name: name)
      let long = blocks.lazy.compactMap { block in
        block.places[name].flatMap { block.longIntegers[$0] }
      }.first
      if let long, options.types[name] == nil {
        series = try textual(series)
        notes.append(note(long, source: source, column: name))
      }
      let result = try typed(series, options.types[name], options.missing ?? [])
      if isCut(series, result) { notes.append(cutNote(source: source, column: name)) }
      return Table.Column(name, result)
    }
    return ReadTable(table: try Table(columns: columns), notes: notes)
  }

  /// A column with whole numbers that are kept as texts becomes text throughout, as in CSV; one with lists and maps
  /// stays what it is.
  static func textual(_ series: Series) throws -> Series {
    guard case .cells(let cells) = series.values else { return series }
    let isPlain = cells.allSatisfy { cell in
      switch cell {
      case .null, .int, .float, .string: true
      default: false
      }
    }
    return isPlain ? try series.converted(to: .string) : series
  }

  /// Whether texts that became moments said more than microseconds.
  static func isCut(_ texts: Series, _ moments: Series) -> Bool {
    guard case .datetime = moments.values, case .string(let texts) = texts.values else {
      return false
    }
    return (0..<texts.count).contains { texts.withBytes($0) { CalendarTime.isCut($0) } }
  }

  static func cutNote(source: String, column: String) -> String {
    "\(source): moments of the column `\(column)` are cut to microseconds; `types: {\(Quoting.literal(column)): \"string\"}` keeps them whole as text"
  }

  static func note(_ long: String, source: String, column: String) -> String {
    "\(source): the column `\(column)` holds \(long.prefix(40)), which 64 bits cannot hold: such numbers are read as text; `types: {\(Quoting.literal(column)): \"float\"}` rounds them"
  }

  /// - Throws: `key` where `types` names a column that is not there.
  static func requireNames(_ options: ReadingOptions, _ names: [String], _ source: String)
    throws(DomainError)
  {
    for name in options.types.keys where !names.containsSpelling(name.text) {
      throw DomainError(
        .key, "`types` names the column `\(name.text)`, which \(source) does not have",
        hint: "its columns are \(names.prefix(12).map { "`\($0)`" }.joined(separator: ", "))")
    }
  }

  /// A column of what JSON says as what it means.
  static func typed(_ series: Series, _ wanted: Series.Kind?, _ missing: [String]) throws -> Series
  {
    var series = series
    if !missing.isEmpty, let texts = series.texts {
      let marks = MissingMarks(missing)
      let flags = (0..<texts.count).map { row in
        series.isMissing(row)
          || texts.withBytes(row) {
            marks.index(of: $0) != nil || $0.isEmpty && missing.containsSpelling("")
          }
      }
      series = Series(series.values, missing: flags)
    }
    if let wanted { return try converted(series, to: wanted) }
    switch series.values {
    case .string(let texts):
      let kind = series.isAllMissing ? .string : try FieldKinds.narrowest(texts, series)
      return kind == .date || kind == .datetime ? try series.dates(format: nil) : series
    case .cells(let cells): return floats(cells) ?? series
    default: return series
    }
  }

  private static func converted(_ series: Series, to wanted: Series.Kind) throws -> Series {
    if series.kind == wanted { return series }
    if wanted == .float, case .string(let texts) = series.values {
      var values: [Double] = []
      for row in 0..<texts.count {
        let value = texts.withBytes(row) { NumberField.float($0, isLenient: true) }
        guard series.isMissing(row) || value != nil else {
          throw DomainError(.value, "row \(row): \(Quoting.literal(texts[row])) is no float")
        }
        values.append(value ?? 0)
      }
      return Series(.float(values), missing: series.missing)
    }
    return try series.converted(to: wanted)
  }

  private static func floats(_ cells: [Cell]) -> Series? {
    var hasNumber = false
    var values: [Double] = []
    values.reserveCapacity(cells.count)
    for cell in cells {
      switch cell {
      case .null: values.append(0)
      case .int(let value):
        guard Int(exactly: Double(value)) == value else { return nil }
        hasNumber = true
        values.append(Double(value))
      case .float(let value):
        hasNumber = true
        values.append(value)
      case .string("nan"): values.append(.nan)
      case .string("inf"): values.append(.infinity)
      case .string("-inf"): values.append(-.infinity)
      default: return nil
      }
    }
    return hasNumber ? Series(.float(values), missing: cells.map(\.isNull)) : nil
  }
}
