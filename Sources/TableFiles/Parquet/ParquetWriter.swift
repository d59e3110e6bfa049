import Files
import Foundations
import Tables

/// Writes Parquet: PLAIN values packed by zstd, in groups of rows. Columns without missing values are required ones.
struct ParquetWriter: TableWriter {
  private static let groupRows = 1 << 18

  // MARK: What it can say

  /// What a column's values, or its lists' items, are.
  private enum Element { case bool, int, float, text, day, moment }

  private func element(_ column: Table.Column) throws -> Element {
    switch column.series.values {
    case .bool: return .bool
    case .int: return .int
    case .float: return .float
    case .string, .category: return .text
    case .date: return .day
    case .datetime: return .moment
    case .cells(let cells):
      var kinds: Set<String> = []
      for (row, cell) in cells.enumerated() where !cell.isNull {
        try Cancellation.check(turn: row)
        guard case .list(let items) = cell else { throw refusal(column, row, cell) }
        for item in items where !item.isNull {
          switch item {
          case .bool: kinds.insert("bool")
          case .int: kinds.insert("int")
          case .float: kinds.insert("float")
          case .string: kinds.insert("text")
          default: throw refusal(column, row, cell)
          }
        }
        if kinds.count > 1 { throw refusal(column, row, cell) }
      }
      switch kinds.first {
      case "bool": return .bool
      case "int": return .int
      case "text": return .text
      default: return .float
      }
    }
  }

  private func refusal(_ column: Table.Column, _ row: Int, _ cell: Cell) -> DomainError {
    DomainError(
      .value,
      "row \(row) of the column `\(column.name)` holds \(String(cell.sourceText.prefix(60))): Parquet columns hold values, or lists of values, of one type",
      hint: "save it as `.jsonl`")
  }

  func check(_ table: Table) throws -> [String] {
    guard !table.shown.isEmpty else {
      throw DomainError(.value, "a table without columns cannot be written as Parquet")
    }
    for column in table.shown { _ = try element(column) }
    return []
  }

  // MARK: Writing

  /// One column of one group of rows: a page with its header.
  private struct Chunk {
    var bytes: [UInt8] = []
    var unpackedSize = 0
    var packedSize = 0
    var valueCount = 0
    var offset = 0
  }

  func write(_ table: Table, to file: any ByteSink) throws {
    let shown = table.shown
    let elements = try shown.map { try element($0) }
    try file.append(Array("PAR1".utf8))
    var offset = 4
    var groups: [(rows: Int, chunks: [Chunk])] = []
    var start = 0
    while start < table.rowCount {
      try Cancellation.check()
      let rows = start..<min(start + ParquetWriter.groupRows, table.rowCount)
      var results = [Result<Chunk, any Error>](repeating: .success(Chunk()), count: shown.count)
      results.withUnsafeMutableBufferPointer { results in
        Parallel.each(shown.count) { index in
          results[index] = Result { try chunk(shown[index], elements[index], rows) }
        }
      }
      try AbandonableWork.requireWhole()
      var chunks: [Chunk] = []
      for result in results {
        var chunk = try result.get()
        chunk.offset = offset
        offset += chunk.bytes.count
        try file.append(chunk.bytes)
        chunk.bytes = []
        chunks.append(chunk)
      }
      groups.append((rows.count, chunks))
      start = rows.upperBound
    }
    let footer = footer(table, elements, groups)
    try file.append(footer)
    let size = UInt32(footer.count)
    try file.append((0..<4).map { UInt8(truncatingIfNeeded: size >> UInt32(8 * $0)) })
    try file.append(Array("PAR1".utf8))
  }

  private func chunk(_ column: Table.Column, _ element: Element, _ rows: Range<Int>) throws -> Chunk
  {
    var page: [UInt8] = []
    var chunk = Chunk()
    if case .cells(let cells) = column.series.values {
      chunk.valueCount = appendLists(cells[rows], element, to: &page)
    } else {
      chunk.valueCount = rows.count
      if let missing = column.series.missing {
        appendLevels(missing[rows].map { $0 ? 0 : 1 }, width: 1, to: &page)
      }
      appendValues(column.series, rows, to: &page)
    }
    guard page.count < Int(Int32.max) else {
      throw DomainError(
        .limit, "the column `\(column.name)` holds more than 2 GiB in \(rows.count) rows")
    }
    guard let packed = page.withUnsafeBytes({ ZstandardBlock.packed($0) }) else {
      throw DomainError(.limit, "no memory to pack the column `\(column.name)`")
    }
    var header = ThriftWriter()
    header.item { header in
      header.int32(1, 0)
      header.int32(2, page.count)
      header.int32(3, packed.count)
      header.record(5) { header in
        header.int32(1, chunk.valueCount)
        header.int32(2, 0)
        header.int32(3, 3)
        header.int32(4, 3)
      }
    }
    chunk.bytes = header.bytes + packed
    chunk.packedSize = chunk.bytes.count
    chunk.unpackedSize = header.bytes.count + page.count
    return chunk
  }

  private func appendLevels(_ levels: [UInt8], width: Int, to page: inout [UInt8]) {
    let packed = ParquetLevels.packed(levels, width: width)
    append(UInt32(packed.count), to: &page)
    page += packed
  }

  private func append(_ value: some FixedWidthInteger, to page: inout [UInt8]) {
    withUnsafeBytes(of: value.littleEndian) { page.append(contentsOf: $0) }
  }

  private func appendValues(_ series: Series, _ rows: Range<Int>, to page: inout [UInt8]) {
    let missing = series.missing
    func each(_ append: (Int) -> Void) {
      for row in rows where !(missing?[row] ?? false) { append(row) }
    }
    func append(_ text: UnsafeBufferPointer<UInt8>) {
      self.append(UInt32(text.count), to: &page)
      page.append(contentsOf: text)
    }
    switch series.values {
    case .bool(let items):
      var bits: [Bool] = []
      each { bits.append(items[$0]) }
      appendBits(bits, to: &page)
    case .int(let items), .datetime(let items): each { self.append(items[$0], to: &page) }
    case .float(let items): each { self.append(items[$0].bitPattern, to: &page) }
    case .date(let items): each { self.append(items[$0], to: &page) }
    case .string(let texts): each { texts.withBytes($0, append) }
    case .category(let codes, let levels): each { levels.withBytes(Int(codes[$0]), append) }
    case .cells: break
    }
  }

  private func appendBits(_ bits: [Bool], to page: inout [UInt8]) {
    var bytes = [UInt8](repeating: 0, count: (bits.count + 7) / 8)
    for (index, bit) in bits.enumerated() where bit { bytes[index >> 3] |= 1 << UInt8(index & 7) }
    page += bytes
  }

  /// Lists that may be missing, of items that may be missing: level 0 is no list, 1 an empty one, 2 a missing item.
  /// - Returns: the number of levels.
  private func appendLists(
    _ cells: ArraySlice<Cell>, _ element: Element, to page: inout [UInt8]
  ) -> Int {
    var repetitions: [UInt8] = []
    var definitions: [UInt8] = []
    var present: [Cell] = []
    for cell in cells {
      guard case .list(let items) = cell, !items.isEmpty else {
        repetitions.append(0)
        definitions.append(cell.isNull ? 0 : 1)
        continue
      }
      for (index, item) in items.enumerated() {
        repetitions.append(index == 0 ? 0 : 1)
        definitions.append(item.isNull ? 2 : 3)
        if !item.isNull { present.append(item) }
      }
    }
    appendLevels(repetitions, width: 1, to: &page)
    appendLevels(definitions, width: 2, to: &page)
    let series = Series(cells: present)
    if element == .bool || !present.isEmpty { appendValues(series, 0..<present.count, to: &page) }
    return repetitions.count
  }

  // MARK: The description

  private func footer(
    _ table: Table, _ elements: [Element], _ groups: [(rows: Int, chunks: [Chunk])]
  ) -> [UInt8] {
    let shown = table.shown
    var writer = ThriftWriter()
    writer.item { footer in
      footer.int32(1, 2)
      let leaves = shown.reduce(0) { $0 + (ParquetWriter.isList($1) ? 3 : 1) }
      footer.list(2, of: 12, count: leaves + 1)
      footer.item { root in
        root.text(4, "schema")
        root.int32(5, shown.count)
      }
      for (column, element) in zip(shown, elements) { describe(column, element, in: &footer) }
      footer.int64(3, table.rowCount)
      footer.list(4, of: 12, count: groups.count)
      for group in groups {
        footer.item { item in
          item.list(1, of: 12, count: shown.count)
          for index in shown.indices {
            item.item { describe(group.chunks[index], shown[index], elements[index], in: &$0) }
          }
          item.int64(2, group.chunks.reduce(0) { $0 + $1.unpackedSize })
          item.int64(3, group.rows)
        }
      }
      let categories = shown.filter { $0.series.kind == .category }
      if !categories.isEmpty {
        let types = Cell.map(
          categories.map { Cell.Entry(key: .string($0.name), value: .string("category")) })
        footer.list(5, of: 12, count: 1)
        footer.item { entry in
          entry.text(1, ParquetTable.typesKey)
          entry.text(2, (try? JSONCell.text(types)) ?? "{}")
        }
      }
      footer.text(6, "fairlead")
    }
    return writer.bytes
  }

  private static func isList(_ column: Table.Column) -> Bool {
    if case .cells = column.series.values { true } else { false }
  }

  /// A column's part of the schema.
  private func describe(_ column: Table.Column, _ element: Element, in footer: inout ThriftWriter) {
    guard ParquetWriter.isList(column) else {
      return footer.item {
        describe(element, column.name, isOptional: column.series.missing != nil, in: &$0)
      }
    }
    footer.item { list in
      list.int32(3, 1)
      list.text(4, column.name)
      list.int32(5, 1)
      list.int32(6, 3)
      list.record(10) { logical in logical.record(3) { _ in } }
    }
    footer.item { items in
      items.int32(3, 2)
      items.text(4, "list")
      items.int32(5, 1)
    }
    footer.item { describe(element, "element", isOptional: true, in: &$0) }
  }

  private func describe(
    _ element: Element, _ name: String, isOptional: Bool, in leaf: inout ThriftWriter
  ) {
    leaf.int32(1, ParquetWriter.physical(element).rawValue)
    leaf.int32(3, isOptional ? 1 : 0)
    leaf.text(4, name)
    switch element {
    case .text:
      leaf.int32(6, 0)
      leaf.record(10) { logical in logical.record(1) { _ in } }
    case .day:
      leaf.int32(6, 6)
      leaf.record(10) { logical in logical.record(6) { _ in } }
    case .moment:
      leaf.record(10) { logical in
        logical.record(8) { moment in
          moment.bool(1, false)
          moment.record(2) { unit in unit.record(2) { _ in } }
        }
      }
    case .bool, .int, .float: break
    }
  }

  private static func physical(_ element: Element) -> ParquetColumn.Physical {
    switch element {
    case .bool: .boolean
    case .int, .moment: .int64
    case .float: .double
    case .text: .byteArray
    case .day: .int32
    }
  }

  /// Where a column of a group of rows stands.
  private func describe(
    _ chunk: Chunk, _ column: Table.Column, _ element: Element, in item: inout ThriftWriter
  ) {
    item.int64(2, chunk.offset)
    item.record(3) { data in
      data.int32(1, ParquetWriter.physical(element).rawValue)
      data.list(2, of: 5, count: 2)
      data.item(int: 0)
      data.item(int: 3)
      let path = ParquetWriter.isList(column) ? [column.name, "list", "element"] : [column.name]
      data.list(3, of: 8, count: path.count)
      for name in path { data.item(name) }
      data.int32(4, 6)
      data.int64(5, chunk.valueCount)
      data.int64(6, chunk.unpackedSize)
      data.int64(7, chunk.packedSize)
      data.int64(9, chunk.offset)
    }
  }
}
