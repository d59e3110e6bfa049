import Foundations

// Comparing and choosing: columns of bools, in which what was compared with a missing value is missing.

extension Series {
  public enum Comparison: String, Sendable {
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="

    var isOrdering: Bool { self != .equal && self != .notEqual }

    @inline(__always)
    func holds<T: Comparable>(_ a: T, _ b: T) -> Bool {
      switch self {
      case .equal: a == b
      case .notEqual: a != b
      case .less: a < b
      case .lessOrEqual: a <= b
      case .greater: a > b
      case .greaterOrEqual: a >= b
      }
    }
  }

  /// Two columns of the same length; one of them may have a single value, which then stands for a constant.
  public static func compared(_ comparison: Comparison, _ left: Series, _ right: Series) throws
    -> Series
  {
    let (left, right) = try dated(left, right)
    // `a > b` may come as `b < a`, so that the sign is not what was written.
    let pair = try Pair(left, right, comparison.isOrdering ? "<` or `>" : comparison.rawValue)
    func result(_ values: [Bool]) -> Series { Series(.bool(values), missing: pair.missing) }
    func each<T: Comparable>(_ a: [T], _ b: [T]) -> Series {
      switch comparison {
      case .equal: result(pair.map(a, b) { $0 == $1 })
      case .notEqual: result(pair.map(a, b) { $0 != $1 })
      case .less: result(pair.map(a, b) { $0 < $1 })
      case .lessOrEqual: result(pair.map(a, b) { $0 <= $1 })
      case .greater: result(pair.map(a, b) { $0 > $1 })
      case .greaterOrEqual: result(pair.map(a, b) { $0 >= $1 })
      }
    }
    switch (left.values, right.values) {
    case (.int(let a), .int(let b)): return each(a, b)
    case (.float(let a), .float(let b)): return each(a, b)
    case (.int(let a), .float(let b)):
      return result(pair.map(a, b) { ExactOrder.holds(comparison, $0, $1) })
    case (.float(let a), .int(let b)):
      return result(pair.map(a, b) { ExactOrder.holds(comparison.mirrored, $1, $0) })
    case (.bool(let a), .bool(let b)) where !comparison.isOrdering:
      return result(pair.map(a, b) { ($0 == $1) == (comparison == .equal) })
    case (.date(let a), .date(let b)): return each(a, b)
    case (.date, .datetime), (.datetime, .date), (.datetime, .datetime):
      return each(left.moments ?? [], right.moments ?? [])
    case (.category(let codes, let levels), .string(let texts)) where texts.count == 1:
      let fits = places(comparison, levels, texts)
      return result(codes.map { fits[Int($0)] })
    case (.string(let texts), .category(let codes, let levels)) where texts.count == 1:
      let fits = places(comparison.mirrored, levels, texts)
      return result(codes.map { fits[Int($0)] })
    case (.category(let a, let levels), .category(let b, let others)) where levels == others:
      return each(a, b)
    case (.string, .string), (.string, .category), (.category, .string), (.category, .category):
      return result(order(comparison, left.texts ?? Texts(), right.texts ?? Texts(), pair.count))
    default: return try mixed(comparison, pair)
    }
  }

  /// For each value whether it equals one of others, as `==` has it; a missing one stays missing.
  public func isIn(_ values: Series) throws -> Series {
    var (own, others) = try Series.dated(self, values)
    if own.kind != others.kind, let moments = own.moments, let later = others.moments {
      own = Series(.datetime(moments), missing: own.missing)
      others = Series(.datetime(later), missing: others.missing)
    }
    var wanted: Set<Cell> = []
    for (row, cell) in others.cells.enumerated() where !cell.hasNoPlace {
      try Cancellation.check(turn: row)
      wanted.insert(cell.groupingKey)
    }
    let codes = try Codes(own)
    let isWanted = codes.firsts.map { wanted.contains(own[$0].groupingKey) }
    return Series(.bool(codes.rows.map { isWanted[Int($0)] }), missing: missing)
  }

  /// Values of two families are never equal; 0 is one of anything.
  var family: Int {
    if isAllMissing { return 0 }
    switch kind {
    case .bool: return 1
    case .int, .float: return 2
    case .string, .category: return 3
    case .date: return 4
    case .datetime: return 5
    case .list, .mixed: return 0
    }
  }

  /// Whether a value of this column may equal one of another, as `==` has it: dates equal moments, and texts that name
  /// them.
  public func canEqual(_ other: Series) -> Bool {
    let (a, b) = (family, other.family)
    return a == 0 || b == 0 || a == b || a >= 3 && b >= 3
  }

  /// For each level whether it holds beside a text: in the order of the levels where the text is one of them.
  private static func places(_ comparison: Comparison, _ levels: Texts, _ text: Texts) -> [Bool] {
    let place = levels.withView { levels in
      text.withView { text in (0..<levels.count).first { Texts.areEqual(levels[$0], text[0]) } }
    }
    guard let place else { return order(comparison, levels, text) }
    return (0..<levels.count).map { comparison.holds($0, place) }
  }

  private static func order(
    _ comparison: Comparison, _ left: Texts, _ right: Texts, _ count: Int? = nil
  ) -> [Bool] {
    left.withView { a in
      right.withView { b in
        let aStep = a.count == 1 ? 0 : 1
        let bStep = b.count == 1 ? 0 : 1
        return (0..<(count ?? a.count)).map { row in
          let (x, y) = (a[row * aStep], b[row * bStep])
          if !comparison.isOrdering { return Texts.areEqual(x, y) == (comparison == .equal) }
          return comparison.holds(Texts.order(x, y), 0)
        }
      }
    }
  }

  /// Columns of several types: numbers compare as numbers, anything may be equal.
  private static func mixed(_ comparison: Comparison, _ pair: Pair) throws -> Series {
    let (left, right) = (pair.left, pair.right)
    if let a = left.numbers, let b = right.numbers, left.kind != .bool, right.kind != .bool {
      return Series(
        .bool(pair.map(a, b) { comparison.holds($0, $1) }), missing: pair.missing)
    }
    guard !comparison.isOrdering || left.isAllMissing || right.isAllMissing else {
      throw DomainError(
        .type,
        "values of type \(left.kind.rawValue) and \(right.kind.rawValue) have no order",
        hint: left.texts == nil && right.texts == nil
          ? nil : "make numbers of texts: `t.convert({v: \"float\"})`")
    }
    let values = pair.map(left.cells, right.cells) { a, b in
      (a.groupingKey == b.groupingKey) == (comparison == .equal)
    }
    return Series(.bool(values), missing: pair.missing)
  }

  /// Texts beside dates are read as dates.
  private static func dated(_ left: Series, _ right: Series) throws -> (Series, Series) {
    switch (left.values, right.values) {
    case (.date, .string(let texts)), (.datetime, .string(let texts)):
      return (left, try Series(times: texts, missing: right.missing))
    case (.string(let texts), .date), (.string(let texts), .datetime):
      return (try Series(times: texts, missing: left.missing), right)
    default: return (left, right)
    }
  }

  /// - Throws: `value` where a text is neither a date nor a moment.
  private convenience init(times texts: Texts, missing: [Bool]?) throws {
    let moments = try texts.withView { view in
      try (0..<view.count).map { row -> Int in
        if missing.map({ $0[row] }) ?? false { return 0 }
        if let day = CalendarTime.date(view[row]) { return day * CalendarTime.microsecondsPerDay }
        guard let moment = CalendarTime.moment(view[row]) else {
          throw DomainError(
            .value, "a date does not compare with the text \(Quoting.literal(texts[row]))",
            hint: "write the date as \"2026-11-29\" or \"2026-11-29T12:00:00\"")
        }
        return moment
      }
    }
    self.init(.datetime(moments), missing: missing)
  }

  /// `&`, `|`: false and anything is false, true or anything is true, else a missing value makes the result missing
  /// (Kleene's logic).
  public static func combined(_ left: Series, _ right: Series, isOr: Bool) throws -> Series {
    let pair = try Pair(left, right, isOr ? "|" : "&")
    let (a, b) = (try left.truths(), try right.truths())
    func flags(_ series: Series) -> [Bool] {
      series.missing ?? [Bool](repeating: false, count: series.count)
    }
    if pair.missing == nil {
      return Series(.bool(isOr ? pair.map(a, b) { $0 || $1 } : pair.map(a, b) { $0 && $1 }))
    }
    let x = zip(a, flags(left)).map { Truth($0, $1) }
    let y = zip(b, flags(right)).map { Truth($0, $1) }
    let results = pair.map(x, y) { isOr ? Truth(either: $0, $1) : Truth(both: $0, $1) }
    return Series(.bool(results.map { $0 == .yes }), missing: results.map { $0 == .unknown })
  }

  private enum Truth {
    case no, yes, unknown

    init(_ value: Bool, _ isMissing: Bool) { self = isMissing ? .unknown : value ? .yes : .no }

    init(both a: Truth, _ b: Truth) {
      self = a == .no || b == .no ? .no : a == .yes && b == .yes ? .yes : .unknown
    }

    init(either a: Truth, _ b: Truth) {
      self = a == .yes || b == .yes ? .yes : a == .no && b == .no ? .no : .unknown
    }
  }

  public func inverted() throws -> Series {
    Series(.bool(try truths().map { !$0 }), missing: missing)
  }

  /// - Throws: `type` where the values are no bools.
  func truths() throws -> [Bool] {
    if case .bool(let items) = values { return items }
    if isAllMissing { return [Bool](repeating: false, count: count) }
    throw DomainError(
      .type, "a mask holds bools, found a column of type \(kind.rawValue)",
      hint: "compare it with something: `t.age > 30`")
  }

  /// The rows for which a mask is true; a missing value is not.
  public func chosen() throws -> [Int] {
    let items = try truths()
    var rows: [Int] = []
    for row in items.indices where items[row] && !isMissing(row) { rows.append(row) }
    return rows
  }
}

extension Series.Comparison {
  /// The comparison with its sides changed.
  var mirrored: Series.Comparison {
    switch self {
    case .less: .greater
    case .lessOrEqual: .greaterOrEqual
    case .greater: .less
    case .greaterOrEqual: .lessOrEqual
    default: self
    }
  }
}

/// Ints beside floats, compared as the numbers they are: above 2⁵³ an int is not rounded to a float.
enum ExactOrder {
  @inline(__always)
  static func holds(_ comparison: Series.Comparison, _ a: Int, _ b: Double) -> Bool {
    if a.magnitude > 1 << 53, let whole = Int(exactly: b) { return comparison.holds(a, whole) }
    return comparison.holds(Double(a), b)
  }
}
