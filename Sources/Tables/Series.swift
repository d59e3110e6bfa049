import Foundations

/// The values of a column: typed, immutable, shared by all tables that hold them. Any of them may be missing.
public final class Series: Sendable {
  /// What a script calls the type of a column.
  public enum Kind: String, Sendable, CaseIterable {
    case bool, int, float, string, category, date, datetime, list, mixed

    public var isNumeric: Bool { self == .int || self == .float || self == .bool }
  }

  public enum Values: Sendable {
    case bool([Bool])
    case int([Int])
    case float([Double])
    case string(Texts)
    /// Each value is the place of its text among the levels, which differ from each other.
    case category(codes: [Int32], levels: Texts)
    /// Days since 1970-01-01.
    case date([Int32])
    /// Microseconds since 1970-01-01T00:00:00 UTC.
    case datetime([Int])
    /// Lists, and whatever fits none of the other types.
    case cells([Cell])
  }

  public let values: Values
  /// Which values are missing; nil where none is. What stands in their place means nothing.
  public let missing: [Bool]?
  public let count: Int

  /// - Precondition: as many flags as values.
  public init(_ values: Values, missing: [Bool]? = nil) {
    self.values = values
    let count: Int
    switch values {
    case .bool(let items): count = items.count
    case .int(let items), .datetime(let items): count = items.count
    case .float(let items): count = items.count
    case .string(let texts): count = texts.count
    case .category(let codes, _): count = codes.count
    case .date(let items): count = items.count
    case .cells(let items): count = items.count
    }
    self.count = count
    let flags = missing.flatMap { $0.contains(true) ? $0 : nil }
    if case .cells(let items) = values, flags == nil, items.contains(where: \.isNull) {
      self.missing = items.map(\.isNull)
    } else {
      self.missing = flags
    }
    precondition(flags.map { $0.count == count } ?? true, "a flag for each value")
  }

  public var kind: Kind {
    switch values {
    case .bool: .bool
    case .int: .int
    case .float: .float
    case .string: .string
    case .category: .category
    case .date: .date
    case .datetime: .datetime
    case .cells(let cells):
      cells.allSatisfy { if case .list = $0 { true } else { $0.isNull } } ? .list : .mixed
    }
  }

  public func isMissing(_ row: Int) -> Bool { missing.map { $0[row] } ?? false }

  public var missingCount: Int { missing?.reduce(0) { $0 + ($1 ? 1 : 0) } ?? 0 }

  public var isAllMissing: Bool { missing?.allSatisfy { $0 } ?? (count == 0) }

  /// What the values take in memory.
  public var byteCount: Int {
    let own =
      switch values {
      case .bool: count
      case .int, .float, .datetime: 8 * count
      case .string(let texts): texts.bytes.count + 8 * count
      case .category(_, let levels): 4 * count + levels.bytes.count + 8 * levels.count
      case .date: 4 * count
      case .cells: 64 * count
      }
    return own + (missing?.count ?? 0)
  }

  public subscript(row: Int) -> Cell {
    if isMissing(row) { return .null }
    switch values {
    case .bool(let items): return .bool(items[row])
    case .int(let items): return .int(items[row])
    case .float(let items): return .float(items[row])
    case .string(let texts): return .string(texts[row])
    case .category(let codes, let levels): return .string(levels[Int(codes[row])])
    case .date(let items): return .date(Int(items[row]))
    case .datetime(let items): return .datetime(items[row])
    case .cells(let items): return items[row]
    }
  }

  public var cells: [Cell] { (0..<count).map { self[$0] } }

  /// The values as numbers (bools as 0 and 1), `nan` where one is missing; nil for columns of anything else.
  public var numbers: [Double]? {
    var result: [Double]
    switch values {
    case .float(let items): result = items
    case .int(let items): result = items.map(Double.init)
    case .bool(let items): result = items.map { $0 ? 1 : 0 }
    case .cells(let items):
      guard items.allSatisfy({ $0.isNull || $0.number != nil }) else { return nil }
      result = items.map { $0.number ?? .nan }
    default: return nil
    }
    if let missing {
      for row in 0..<count where missing[row] { result[row] = .nan }
    }
    return result
  }

  /// The numbers that are there.
  public var presentNumbers: [Double]? {
    guard let missing else { return numbers }
    return numbers.map { numbers in
      zip(numbers, missing).compactMap { $1 ? nil : $0 }
    }
  }

  /// The values as texts: strings and categories only.
  public var texts: Texts? {
    switch values {
    case .string(let texts): texts
    case .category(let codes, let levels):
      // Where all are missing there may be no level to stand for them.
      levels.count == 0
        ? Texts(bytes: [], ends: [Int](repeating: 0, count: count))
        : levels.gathered(codes.map(Int.init))
    default: nil
    }
  }

  /// A column of one value, `count` times.
  public convenience init(repeating cell: Cell, count: Int) {
    switch cell {
    case .null:
      self.init(
        .float([Double](repeating: 0, count: count)), missing: [Bool](repeating: true, count: count)
      )
    case .bool(let value): self.init(.bool([Bool](repeating: value, count: count)))
    case .int(let value): self.init(.int([Int](repeating: value, count: count)))
    case .float(let value): self.init(.float([Double](repeating: value, count: count)))
    case .string(let value):
      var texts = Texts()
      texts.reserve(count: count, bytes: count * value.utf8.count)
      for _ in 0..<count { texts.append(value) }
      self.init(.string(texts))
    case .date(let day): self.init(.date([Int32](repeating: Int32(day), count: count)))
    case .datetime(let value): self.init(.datetime([Int](repeating: value, count: count)))
    default: self.init(.cells([Cell](repeating: cell, count: count)))
    }
  }
}

extension Series: Equatable {
  /// The same type and the same values bit for bit, as cells are equal.
  public static func == (left: Series, right: Series) -> Bool {
    if left === right { return true }
    guard left.count == right.count, left.missing == right.missing else { return false }
    func present(_ row: Int) -> Bool { !left.isMissing(row) }
    switch (left.values, right.values) {
    case (.bool(let a), .bool(let b)):
      return a.indices.allSatisfy { a[$0] == b[$0] || !present($0) }
    case (.int(let a), .int(let b)), (.datetime(let a), .datetime(let b)):
      return a.indices.allSatisfy { a[$0] == b[$0] || !present($0) }
    case (.date(let a), .date(let b)):
      return a.indices.allSatisfy { a[$0] == b[$0] || !present($0) }
    case (.float(let a), .float(let b)):
      return a.indices.allSatisfy {
        a[$0].bitPattern == b[$0].bitPattern || (a[$0].isNaN && b[$0].isNaN) || !present($0)
      }
    default:
      return left.kind == right.kind && (0..<left.count).allSatisfy { left[$0] == right[$0] }
    }
  }
}
