import Foundations
import Tables

/// A column of a Parquet file: its leaf in the schema, and what its values mean.
struct ParquetColumn {
  /// The numbers that the format gives to physical types.
  enum Physical: Int {
    case boolean, int32, int64, int96, float, double, byteArray, fixed
  }

  /// What is made of physical values.
  enum Meaning {
    case bool, float, float16, text, day
    case int(isUnsigned: Bool)
    /// Nanoseconds in a unit.
    case moment(nanoseconds: Int)
  }

  var name: String
  var physical: Physical
  var meaning: Meaning
  /// Bytes of a value of fixed length.
  var length = 0
  /// The level from which a row's value, or its list, is there.
  var rowLevel = 0
  /// The level from which a list has an item; nil where the column holds no lists.
  var itemLevel: Int?
  /// The level at which a value is there.
  var deepestLevel = 0

  /// The type that its values have in memory.
  var stored: Series.Kind {
    switch meaning {
    case .bool: .bool
    case .float, .float16: .float
    case .text: .string
    case .day: .date
    case .int: .int
    case .moment: .datetime
    }
  }
}

/// Reads the tree of a schema.
struct ParquetSchema {
  private let elements: [Thrift]
  private var place = 1
  let source: String

  init(_ elements: [Thrift], _ source: String) {
    self.elements = elements
    self.source = source
  }

  private enum Repetition: Int { case required, optional, repeated }

  /// The columns in the order of the schema's leaves.
  /// - Throws: `data` for what no column of a table is: records, maps, lists of lists, decimals.
  mutating func columns() throws -> [ParquetColumn] {
    guard let root = elements.first, let count = root[5]?.int, count >= 0 else {
      throw ParquetProblem("it has no schema")
    }
    var columns: [ParquetColumn] = []
    for _ in 0..<min(count, elements.count) { columns.append(try column()) }
    guard place == elements.count else { throw ParquetProblem("its schema is damaged") }
    return columns
  }

  private mutating func next() throws -> Thrift {
    guard place < elements.count else { throw ParquetProblem("its schema is cut off") }
    defer { place += 1 }
    return elements[place]
  }

  private func repetition(_ element: Thrift) -> Repetition {
    element[3]?.int.flatMap(Repetition.init) ?? .required
  }

  private mutating func column() throws -> ParquetColumn {
    let element = try next()
    let name = element[4]?.text ?? ""
    let repetition = repetition(element)
    var level = repetition == .optional ? 1 : 0
    guard let children = element[5]?.int, children > 0 else {
      var column = try leaf(element, name)
      column.rowLevel = level
      if repetition == .repeated {
        level += 1
        column.itemLevel = level
      }
      column.deepestLevel = level
      return column
    }
    guard element[6]?.int == 3 || element[10]?[3] != nil, children == 1 else {
      throw refusal(name, element[6]?.int == 1 || element[10]?[2] != nil ? "maps" : "records")
    }
    let rowLevel = level
    var item = try next()
    guard self.repetition(item) == .repeated else {
      throw refusal(name, "lists of an unknown form")
    }
    level += 1
    let itemLevel = level
    if let inner = item[5]?.int, inner > 0 {
      guard inner == 1 else { throw refusal(name, "lists of records") }
      item = try next()
      guard (item[5]?.int ?? 0) == 0 else { throw refusal(name, "lists of lists or of records") }
      if self.repetition(item) == .optional { level += 1 }
    }
    var column = try leaf(item, name)
    column.rowLevel = rowLevel
    column.itemLevel = itemLevel
    column.deepestLevel = level
    return column
  }

  private func refusal(_ name: String, _ what: String) -> DomainError {
    DomainError(
      .data, "\(source): the column `\(name)` holds \(what), which a table has no column for",
      hint:
        "write it anew without that column, or flattened: `df.drop(columns=[\"\(name)\"])` in pandas"
    )
  }

  private func leaf(_ element: Thrift, _ name: String) throws -> ParquetColumn {
    guard let physical = element[1]?.int.flatMap(ParquetColumn.Physical.init) else {
      throw ParquetProblem("the column `\(name)` has no known type")
    }
    var column = ParquetColumn(
      name: name, physical: physical, meaning: try meaning(element, physical, name))
    column.length = element[2]?.int ?? 0
    if physical == .fixed, column.length != 2 { throw refusal(name, "bytes of fixed length") }
    return column
  }

  private func meaning(_ element: Thrift, _ physical: ParquetColumn.Physical, _ name: String) throws
    -> ParquetColumn.Meaning
  {
    let converted = element[6]?.int
    let logical = element[10]
    if converted == 5 || logical?[5] != nil { throw refusal(name, "decimals") }
    if converted == 7 || converted == 8 || logical?[7] != nil {
      throw refusal(name, "times of day")
    }
    switch physical {
    case .boolean: return .bool
    case .float, .double: return .float
    case .byteArray: return .text
    case .fixed:
      guard logical?[15] != nil else { throw refusal(name, "bytes of fixed length") }
      return .float16
    case .int96: return .moment(nanoseconds: 1)
    case .int32, .int64:
      // A column without any value.
      if logical?[11] != nil { return .float }
      if converted == 6 || logical?[6] != nil {
        guard physical == .int32 else { throw refusal(name, "days of 64 bits") }
        return .day
      }
      if physical == .int32 {
        guard logical?[8] == nil, converted != 9, converted != 10 else {
          throw refusal(name, "moments of 32 bits")
        }
      }
      if let unit = logical?[8]?[2] {
        return .moment(nanoseconds: unit[1] != nil ? 1_000_000 : unit[2] != nil ? 1000 : 1)
      }
      if converted == 9 { return .moment(nanoseconds: 1_000_000) }
      if converted == 10 { return .moment(nanoseconds: 1000) }
      let isUnsigned = logical?[10]?[2]?.bool == false || (11...14).contains(converted ?? 0)
      return .int(isUnsigned: isUnsigned)
    }
  }
}
