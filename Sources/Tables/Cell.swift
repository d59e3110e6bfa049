import Foundations

/// One value of a table, or of a recorded result: plain data that outlives the process that made it.
///
/// Two cells are equal when they are the same value bit for bit (`nan` equals `nan`, `0.0` does not equal `-0.0`, the
/// integer 1 does not equal 1.0): this is what a resumed table is compared by.
public indirect enum Cell: Sendable {
  case null
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(String)
  /// A day, counted from 1970-01-01.
  case date(Int)
  /// A moment, in microseconds since 1970-01-01T00:00:00 UTC.
  case datetime(Int)
  case list([Cell])
  /// Entries in the order in which they were added; keys are unique.
  case map([Entry])
  case tensor(TensorCell)
  case table(Table)
  /// Something that has no plain form (a model, a function): only its text is kept.
  case opaque(String)

  public struct Entry: Sendable, Hashable {
    public var key: Cell
    public var value: Cell
    public init(key: Cell, value: Cell) {
      self.key = key
      self.value = value
    }
  }
}

extension Cell: Hashable {
  public static func == (left: Cell, right: Cell) -> Bool {
    switch (left, right) {
    case (.null, .null): true
    case (.bool(let a), .bool(let b)): a == b
    case (.int(let a), .int(let b)), (.date(let a), .date(let b)),
      (.datetime(let a), .datetime(let b)):
      a == b
    case (.float(let a), .float(let b)): a.bitPattern == b.bitPattern || (a.isNaN && b.isNaN)
    case (.string(let a), .string(let b)), (.opaque(let a), .opaque(let b)): a.isSpelt(b)
    case (.list(let a), .list(let b)): a == b
    case (.map(let a), .map(let b)): a == b
    case (.tensor(let a), .tensor(let b)): a == b
    case (.table(let a), .table(let b)): a == b
    default: false
    }
  }

  public func hash(into hasher: inout Hasher) {
    switch self {
    case .null: hasher.combine(0)
    case .bool(let value): hasher.combine(value)
    case .int(let value): hasher.combine(value)
    case .float(let value): hasher.combine(value.isNaN ? Double.nan.bitPattern : value.bitPattern)
    case .string(let value), .opaque(let value): hasher.combine(value)
    case .date(let value):
      hasher.combine(1)
      hasher.combine(value)
    case .datetime(let value):
      hasher.combine(2)
      hasher.combine(value)
    case .list(let cells): hasher.combine(cells)
    case .map(let entries): hasher.combine(entries)
    case .tensor(let tensor): hasher.combine(tensor)
    case .table(let table):
      hasher.combine(table.names)
      hasher.combine(table.rowCount)
    }
  }
}

extension Cell {
  /// The cell as a number: integers, floats, and booleans as 0 and 1; nil for all others.
  public var number: Double? {
    switch self {
    case .int(let value): Double(value)
    case .float(let value): value
    case .bool(let value): value ? 1 : 0
    default: nil
    }
  }

  private var typeName: String { if case .date = self { "date" } else { "datetime" } }

  public var isNull: Bool {
    if case .null = self { true } else { false }
  }

  /// Whether it has no place in an order: a missing value, or a float that is no number.
  var hasNoPlace: Bool {
    switch self {
    case .null: true
    case .float(let value): value.isNaN
    default: false
    }
  }

  /// The cell under which rows are grouped and points share an x: 1 and 1.0 are one group.
  public var groupingKey: Cell {
    if case .int(let value) = self, Int(exactly: Double(value)) == value {
      return .float(Double(value))
    }
    if case .float(let value) = self, value == 0 { return .float(0) }
    return self
  }

  /// The order of sorting: null, booleans, numbers (`nan` after all others), strings, days, moments, lists, maps,
  /// tensors, tables, opaque ones.
  public static func precedes(_ left: Cell, _ right: Cell) -> Bool {
    switch (left, right) {
    case (.int(let a), .int(let b)), (.date(let a), .date(let b)),
      (.datetime(let a), .datetime(let b)):
      return a < b
    case (.string(let a), .string(let b)), (.opaque(let a), .opaque(let b)):
      return Spelling(a) < Spelling(b)
    case (.bool(let a), .bool(let b)): return !a && b
    case (.list(let a), .list(let b)): return a.lexicographicallyPrecedes(b, by: precedes)
    case (.map(let a), .map(let b)):
      return a.map(\.value).lexicographicallyPrecedes(b.map(\.value), by: precedes)
    case (.int, .float), (.float, .int), (.float, .float):
      let a = left.number ?? .nan
      let b = right.number ?? .nan
      if a.isNaN || b.isNaN { return !a.isNaN && b.isNaN }
      return a < b
    default: return left.rank < right.rank
    }
  }

  private var rank: Int {
    switch self {
    case .null: 0
    case .bool: 1
    case .int, .float: 2
    case .string: 3
    case .date: 4
    case .datetime: 5
    case .list: 6
    case .map: 7
    case .tensor: 8
    case .table: 9
    case .opaque: 10
    }
  }

  /// The cell as a script prints it: floats in their shortest form with `.0` where whole, strings bare at the top and
  /// quoted inside lists and maps.
  public var text: String {
    switch self {
    case .string(let value): value
    case .date(let day): CalendarTime.dateText(day)
    case .datetime(let moment): CalendarTime.momentText(moment)
    default: sourceText
    }
  }

  /// The cell as it could be written in a script; of tables and large tensors what they are.
  public var sourceText: String {
    switch self {
    case .null: return "nil"
    case .bool(let value): return value ? "true" : "false"
    case .int(let value): return String(value)
    case .float(let value): return NumberText.shortest(value)
    case .string(let value): return Quoting.literal(value)
    case .date, .datetime: return typeName + "(" + Quoting.literal(text) + ")"
    case .list(let cells): return "[" + cells.map(\.sourceText).joined(separator: ", ") + "]"
    case .map(let entries):
      let parts = entries.map { entry in
        if case .string(let name) = entry.key, Cell.isBareKey(name) {
          return name + ": " + entry.value.sourceText
        }
        return entry.key.sourceText + ": " + entry.value.sourceText
      }
      return "{" + parts.joined(separator: ", ") + "}"
    case .tensor(let tensor): return tensor.text
    case .table(let table):
      return "table of \(table.rowCount) row\(table.rowCount == 1 ? "" : "s"): "
        + table.names.joined(separator: ", ")
    case .opaque(let value): return value
    }
  }

  /// Something of which only the text is kept, and where it stands: `models[0]`.
  public struct Lost {
    public var path: String
    public var text: String
  }

  /// The first such thing in the cell; nil where all is kept.
  public var lost: Lost? { lost("") }

  private func lost(_ path: String) -> Lost? {
    switch self {
    case .opaque(let text): return Lost(path: path, text: text)
    case .list(let cells):
      return cells.enumerated().lazy.compactMap { $1.lost("\(path)[\($0)]") }.first
    case .map(let entries):
      let prefix = path.isEmpty ? "" : path + "."
      return entries.lazy.compactMap { entry in
        entry.key.lost(path) ?? entry.value.lost(prefix + entry.key.text)
      }.first
    case .table(let table):
      return table.columns.lazy.compactMap { Cell.list($0.series.cells).lost("\(path).\($0.name)") }
        .first
    default: return nil
    }
  }

  private static func isBareKey(_ name: String) -> Bool {
    guard let first = name.utf8.first, !(48...57).contains(first) else { return false }
    return name.unicodeScalars.allSatisfy {
      $0 == "_" || $0.properties.isAlphabetic || $0.properties.numericType != nil
    }
  }
}
