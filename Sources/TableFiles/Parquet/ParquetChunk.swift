import Files
import Foundations
import Tables

/// Reads the pages of one column in one group of rows.
struct ParquetChunk {
  let bytes: UnsafeRawBufferPointer
  let source: String
  let column: ParquetColumn
  let description: Thrift
  let rowCount: Int
  let builder: SeriesBuilder
  private(set) var isCut = false
  private var dictionary: ParquetValues?
  private var list: [Cell]?
  private var hasRow = false

  private enum Encoding: Int {
    case plain = 0
    case plainDictionary = 2
    case runLength = 3
    case bitPacked, deltaBinary, deltaLength, deltaText, dictionary, streamSplit

    var name: String {
      switch self {
      case .deltaBinary: "DELTA_BINARY_PACKED"
      case .deltaLength: "DELTA_LENGTH_BYTE_ARRAY"
      case .deltaText: "DELTA_BYTE_ARRAY"
      case .streamSplit: "BYTE_STREAM_SPLIT"
      default: "BIT_PACKED"
      }
    }
  }

  init(
    _ bytes: UnsafeRawBufferPointer, source: String, _ column: ParquetColumn, _ description: Thrift,
    rowCount: Int
  ) {
    self.bytes = bytes
    self.source = source
    self.column = column
    self.description = description
    self.rowCount = rowCount
    builder = SeriesBuilder(column.itemLevel == nil ? column.stored : .list)
  }

  mutating func read() throws {
    guard let count = description[5]?.int, count >= 0, let first = description[9]?.int else {
      throw ParquetProblem("the column `\(column.name)` is not described")
    }
    if count == 0, rowCount == 0 { return }
    try MemoryRoom.require((9 * count.clamped).clamped, for: source)
    let start = description[11]?.int.flatMap { $0 > 0 ? min($0, first) : nil } ?? first
    guard start >= 4, start < bytes.count || count == 0 else {
      throw ParquetProblem("the column `\(column.name)` is not where it should be")
    }
    var place = start
    var done = 0
    while done < count {
      try AbandonableWork.requireWhole()
      if Parallel.isAbandoned { return }
      var thrift = ThriftReader(bytes, from: place)
      let header = try thrift.record()
      guard let packed = header[3]?.int, packed >= 0, packed <= bytes.count - thrift.place,
        let size = header[2]?.int, size >= 0, size < 1 << 31
      else { throw ParquetProblem("a page of the column `\(column.name)` is cut off") }
      let page = UnsafeRawBufferPointer(rebasing: bytes[thrift.place..<thrift.place + packed])
      place = thrift.place + packed
      switch header[1]?.int {
      case 0: done += try readPage(header, page, size)
      case 2: try readDictionary(header, page, size)
      case 3: done += try readPageOfVersion2(header, page, size)
      default: break
      }
    }
    if column.itemLevel != nil { endRow() }
    guard builder.count == rowCount else {
      throw ParquetProblem(
        "the column `\(column.name)` holds \(builder.count) values for \(rowCount) rows")
    }
  }

  private func unpacked(_ page: UnsafeRawBufferPointer, _ size: Int) throws -> [UInt8] {
    try MemoryRoom.require(size, for: source)
    let result: [UInt8]?
    switch description[4]?.int {
    case 0: result = page.count == size ? Array(page) : nil
    case 1: result = Snappy.unpacked(page, count: size)
    case 2:
      let bytes = try InputFile.unpackedGzip(Array(page), source: source)
      result = bytes.count == size ? bytes : nil
    case 6: result = ZstandardBlock.unpacked(page, count: size)
    case let codec:
      let names = [3: "LZO", 4: "BROTLI", 5: "LZ4", 7: "LZ4_RAW"]
      throw DomainError(
        .data,
        "\(source) is packed by \(names[codec ?? -1] ?? "something unknown"), which is not read",
        hint: "write it with `compression=\"zstd\"` or \"snappy\"")
    }
    guard let result else {
      throw ParquetProblem("a page of the column `\(column.name)` cannot be unpacked")
    }
    return result
  }

  private mutating func readDictionary(
    _ header: Thrift, _ page: UnsafeRawBufferPointer, _ size: Int
  )
    throws
  {
    guard let count = header[7]?[1]?.int, count >= 0 else {
      throw ParquetProblem("the dictionary of the column `\(column.name)` is not described")
    }
    let content = try unpacked(page, size)
    dictionary = try content.withUnsafeBytes {
      try ParquetValues.plain($0, count: count, column, isCut: &isCut)
    }
  }

  private func count(_ header: Thrift?) throws -> Int {
    guard let count = header?[1]?.int, count >= 0, count <= description[5]?.int ?? 0 else {
      throw ParquetProblem("a page of the column `\(column.name)` is not described")
    }
    return count
  }

  private static func width(_ deepest: Int) -> Int { Int.bitWidth - deepest.leadingZeroBitCount }

  /// A page of the first version: levels with their lengths and values are packed together.
  private mutating func readPage(_ header: Thrift, _ page: UnsafeRawBufferPointer, _ size: Int)
    throws -> Int
  {
    let count = try count(header[5])
    let content = try unpacked(page, size)
    try content.withUnsafeBytes { content in
      var rest = content
      func levels(_ width: Int) throws -> [UInt32]? {
        guard width > 0 else { return nil }
        guard rest.count >= 4 else { throw ParquetProblem("a page is cut off") }
        let length = Int(rest.loadUnaligned(as: UInt32.self))
        guard length <= rest.count - 4 else { throw ParquetProblem("a page is cut off") }
        defer { rest = UnsafeRawBufferPointer(rebasing: rest[(4 + length)...]) }
        return try ParquetLevels.decoded(
          UnsafeRawBufferPointer(rebasing: rest[4..<4 + length]), width: width, count: count)
      }
      let repetitions = try levels(column.itemLevel == nil ? 0 : 1)
      let definitions = try levels(ParquetChunk.width(column.deepestLevel))
      try take(rest, count, header[5]?[2]?.int, repetitions, definitions)
    }
    return count
  }

  /// A page of the second version: levels stand before what is packed.
  private mutating func readPageOfVersion2(
    _ header: Thrift, _ page: UnsafeRawBufferPointer, _ size: Int
  ) throws -> Int {
    let count = try count(header[8])
    guard let second = header[8], let definitionBytes = second[5]?.int,
      let repetitionBytes = second[6]?.int, definitionBytes >= 0, repetitionBytes >= 0,
      definitionBytes <= page.count, repetitionBytes <= page.count - definitionBytes,
      size >= definitionBytes + repetitionBytes
    else { throw ParquetProblem("a page of the column `\(column.name)` is not described") }
    let levelBytes = definitionBytes + repetitionBytes
    func levels(_ range: Range<Int>, _ width: Int) throws -> [UInt32]? {
      try width == 0
        ? nil
        : ParquetLevels.decoded(
          UnsafeRawBufferPointer(rebasing: page[range]), width: width, count: count)
    }
    let repetitions = try levels(0..<repetitionBytes, column.itemLevel == nil ? 0 : 1)
    let definitions = try levels(
      repetitionBytes..<levelBytes, ParquetChunk.width(column.deepestLevel))
    let values = UnsafeRawBufferPointer(rebasing: page[levelBytes...])
    if second[7]?.bool ?? true, !values.isEmpty {
      let content = try unpacked(values, size - levelBytes)
      try content.withUnsafeBytes {
        try take($0, count, second[4]?.int, repetitions, definitions)
      }
    } else {
      try take(values, count, second[4]?.int, repetitions, definitions)
    }
    return count
  }

  private mutating func take(
    _ bytes: UnsafeRawBufferPointer, _ count: Int, _ encoding: Int?, _ repetitions: [UInt32]?,
    _ definitions: [UInt32]?
  ) throws {
    let deepest = UInt32(column.deepestLevel)
    let present = definitions?.reduce(0) { $0 + ($1 == deepest ? 1 : 0) } ?? count
    let values = try decoded(bytes, present, encoding.flatMap(Encoding.init))
    if let itemLevel = column.itemLevel {
      takeItems(values, repetitions ?? [], definitions ?? [], UInt32(itemLevel))
    } else {
      append(values, definitions, deepest)
    }
  }

  private mutating func decoded(
    _ bytes: UnsafeRawBufferPointer, _ count: Int, _ encoding: Encoding?
  ) throws -> ParquetValues {
    switch encoding {
    case .plain: return try ParquetValues.plain(bytes, count: count, column, isCut: &isCut)
    case .plainDictionary, .dictionary:
      guard let dictionary else {
        throw ParquetProblem("the column `\(column.name)` has lost its dictionary")
      }
      if count == 0 { return try dictionary.gathered([]) }
      guard let width = bytes.first else { throw ParquetProblem("a page is cut off") }
      return try dictionary.gathered(
        try ParquetLevels.decoded(
          UnsafeRawBufferPointer(rebasing: bytes[1...]), width: Int(width), count: count))
    case .runLength where column.physical == .boolean:
      guard bytes.count >= 4 else { throw ParquetProblem("a page is cut off") }
      let bits = try ParquetLevels.decoded(
        UnsafeRawBufferPointer(rebasing: bytes[4...]), width: 1, count: count)
      return .bools(bits.map { $0 == 1 })
    case let other:
      throw DomainError(
        .data,
        "\(source): the column `\(column.name)` is encoded as \(other?.name ?? "something unknown"), which is not read",
        hint: "write it with PLAIN or dictionary encoding, as pandas and pyarrow do by default")
    }
  }

  /// Takes values of a column without lists.
  private func append(_ values: ParquetValues, _ definitions: [UInt32]?, _ deepest: UInt32) {
    func each(_ append: (Int) -> Void) {
      guard let definitions else {
        for index in 0..<values.count { append(index) }
        return
      }
      var next = 0
      for level in definitions {
        if level == deepest {
          append(next)
          next += 1
        } else {
          builder.appendMissing()
        }
      }
    }
    switch values {
    case .bools(let items): each { builder.append(bool: items[$0]) }
    case .ints(let items): each { builder.append(int: items[$0]) }
    case .floats(let items): each { builder.append(float: items[$0]) }
    case .days(let items): each { builder.append(day: items[$0]) }
    case .texts(let items): items.withView { view in each { builder.append(text: view[$0]) } }
    }
  }

  /// Takes items of lists; a list may go on in the next page.
  private mutating func takeItems(
    _ values: ParquetValues, _ repetitions: [UInt32], _ definitions: [UInt32], _ itemLevel: UInt32
  ) {
    let isMoment = column.stored == .datetime
    var next = 0
    for (repetition, level) in zip(repetitions, definitions) {
      if repetition == 0 {
        endRow()
        hasRow = true
        list = level < UInt32(column.rowLevel) ? nil : []
      }
      guard level >= itemLevel else { continue }
      if level == UInt32(column.deepestLevel) {
        let cell = values.cell(next)
        if isMoment, case .int(let value) = cell {
          list?.append(.datetime(value))
        } else {
          list?.append(cell)
        }
        next += 1
      } else {
        list?.append(.null)
      }
    }
  }

  private mutating func endRow() {
    guard hasRow else { return }
    if let list { builder.append(cell: .list(list)) } else { builder.appendMissing() }
    hasRow = false
  }
}

extension Int {
  /// Nothing that a file claims overflows what is calculated from it.
  fileprivate var clamped: Int { Swift.min(Swift.max(self, 0), 1 << 58) }
}
