import Foundations
import Glibc

// Columns calculate value by value; where a value is missing, so is the result. Ints stay ints as in the language (`/`
// gives floats), floats follow IEEE 754 as tensors do: 1.0 / 0 is `inf`.

extension Series {
  public enum Operation: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case floorDivide = "//"
    case modulo = "%"
    case power = "**"
  }

  /// Two columns of the same length; one of them may have a single value, which then stands for a constant.
  ///
  /// - Throws: `type` for values that do not calculate, `value` for lengths that differ, ints that overflow, and
  ///   division of ints by 0 with `//` or `%`.
  public static func calculated(_ operation: Operation, _ left: Series, _ right: Series) throws
    -> Series
  {
    let pair = try Pair(left, right, operation.rawValue)
    if let result = try dates(operation, pair) { return result }
    switch (left.values, right.values) {
    case (.int(let a), .int(let b)) where operation != .divide:
      return try ints(operation, a, b, pair)
    case (.string, .string) where operation == .add,
      (.string, .category) where operation == .add,
      (.category, .string) where operation == .add,
      (.category, .category) where operation == .add:
      return joined(left.texts ?? Texts(), right.texts ?? Texts(), pair)
    default: break
    }
    guard left.isCalculable, right.isCalculable, let a = left.numbers, let b = right.numbers else {
      throw pair.unfit()
    }
    if operation != .divide, let a = left.wholeNumbers, let b = right.wholeNumbers {
      return try ints(operation, a, b, pair)
    }
    return Series(.float(floats(operation, a, b, pair)), missing: pair.missing)
  }

  private var isCalculable: Bool {
    switch kind {
    case .bool, .int, .float: true
    case .mixed: true
    default: isAllMissing
    }
  }

  /// Ints, and bools as 0 and 1.
  private var wholeNumbers: [Int]? {
    switch values {
    case .int(let items): items
    case .bool(let items): items.map { $0 ? 1 : 0 }
    default: nil
    }
  }

  private static func floats(_ operation: Operation, _ a: [Double], _ b: [Double], _ pair: Pair)
    -> [Double]
  {
    switch operation {
    case .add: pair.map(a, b) { $0 + $1 }
    case .subtract: pair.map(a, b) { $0 - $1 }
    case .multiply: pair.map(a, b) { $0 * $1 }
    case .divide: pair.map(a, b) { $0 / $1 }
    case .floorDivide: pair.map(a, b) { ($0 / $1).rounded(.down) }
    case .modulo: pair.map(a, b, FloorDivision.remainder)
    case .power: pair.map(a, b, FloorDivision.power)
    }
  }

  private static func ints(_ operation: Operation, _ a: [Int], _ b: [Int], _ pair: Pair) throws
    -> Series
  {
    if operation == .power, b.contains(where: { $0 < 0 }) {
      return Series(
        .float(pair.map(a, b) { FloorDivision.power(Double($0), Double($1)) }),
        missing: pair.missing)
    }
    var failed = -1
    func checked(_ result: (partialValue: Int, overflow: Bool), _ row: Int) -> Int {
      if result.overflow, failed < 0, !pair.isMissing(row) { failed = row }
      return result.partialValue
    }
    var row = -1
    let values: [Int]
    switch operation {
    case .add:
      values = pair.map(a, b) {
        row += 1
        return checked($0.addingReportingOverflow($1), row)
      }
    case .subtract:
      values = pair.map(a, b) {
        row += 1
        return checked($0.subtractingReportingOverflow($1), row)
      }
    case .multiply:
      values = pair.map(a, b) {
        row += 1
        return checked($0.multipliedReportingOverflow(by: $1), row)
      }
    default:
      values = pair.map(a, b) { x, y in
        row += 1
        let result: Int? =
          switch operation {
          case .floorDivide: FloorDivision.quotient(x, y)
          case .modulo: FloorDivision.remainder(x, y)
          default: FloorDivision.power(x, y)
          }
        if result == nil, failed < 0, !pair.isMissing(row) { failed = row }
        return result ?? 0
      }
    }
    if failed >= 0 {
      let x = a[a.count == 1 ? 0 : failed]
      let y = b[b.count == 1 ? 0 : failed]
      let isZero = y == 0 && (operation == .floorDivide || operation == .modulo)
      throw DomainError(
        .value,
        isZero
          ? "row \(failed): \(x) \(operation.rawValue) 0 is a division by zero"
          : "row \(failed): \(x) \(operation.rawValue) \(y) does not fit into 64 bits",
        hint: isZero ? nil : "calculate with floats: multiply the column by 1.0 first")
    }
    return Series(.int(values), missing: pair.missing)
  }

  private static func joined(_ a: Texts, _ b: Texts, _ pair: Pair) -> Series {
    var result = Texts()
    result.reserve(count: pair.count, bytes: a.bytes.count + b.bytes.count)
    var bytes: [UInt8] = []
    var ends: [Int] = []
    for row in 0..<pair.count {
      bytes.append(contentsOf: a.bytes[a.range(a.count == 1 ? 0 : row)])
      bytes.append(contentsOf: b.bytes[b.range(b.count == 1 ? 0 : row)])
      ends.append(bytes.count)
    }
    return Series(.string(Texts(bytes: bytes, ends: ends)), missing: pair.missing)
  }

  /// Days and moments: their difference, and steps from them (days from a day, seconds from a moment).
  private static func dates(_ operation: Operation, _ pair: Pair) throws -> Series? {
    let (left, right) = (pair.left, pair.right)
    switch (operation, left.values, right.values) {
    case (.subtract, .date(let a), .date(let b)):
      return Series(.int(pair.map(a, b) { Int($0) - Int($1) }), missing: pair.missing)
    case (.subtract, .date, .datetime), (.subtract, .datetime, .date),
      (.subtract, .datetime, .datetime):
      let (a, b) = (left.moments ?? [], right.moments ?? [])
      return Series(.float(pair.map(a, b) { Double($0 - $1) / 1e6 }), missing: pair.missing)
    case (.add, .date(let a), .int(let b)):
      return try shifted(pair.map(a, b) { Int($0).addingReportingOverflow($1) }, pair)
    case (.subtract, .date(let a), .int(let b)):
      return try shifted(pair.map(a, b) { Int($0).subtractingReportingOverflow($1) }, pair)
    case (.add, .int, .date): return try dates(.add, Pair(right, left, operation.rawValue))
    case (.add, .datetime(let a), .int), (.add, .datetime(let a), .float),
      (.subtract, .datetime(let a), .int), (.subtract, .datetime(let a), .float):
      let seconds = right.numbers ?? []
      let sign = operation == .add ? 1.0 : -1.0
      let ends = pair.map(a, seconds) { Double($0) + sign * $1 * 1e6 }
      for row in ends.indices where !pair.isMissing(row) {
        guard abs(ends[row]) < Double(CalendarTime.moments.upperBound) else {
          throw DomainError(.value, "row \(row): the moment is outside of the years 1 to 9999")
        }
      }
      return Series(
        .datetime(
          pair.map(a, seconds) { start, step in
            let micros = sign * step * 1e6
            return micros.isFinite && abs(micros) < 4e18 ? start + Int(micros.rounded()) : start
          }), missing: pair.missing)
    case (.add, .int, .datetime), (.add, .float, .datetime):
      return try dates(.add, Pair(right, left, operation.rawValue))
    default: return nil
    }
  }

  private static func shifted(_ days: [(partialValue: Int, overflow: Bool)], _ pair: Pair) throws
    -> Series
  {
    for row in days.indices where !pair.isMissing(row) {
      guard !days[row].overflow, CalendarTime.days.contains(days[row].partialValue) else {
        throw DomainError(.value, "row \(row): the date is outside of the years 1 to 9999")
      }
    }
    return Series(
      .date(days.map { Int32(truncatingIfNeeded: $0.partialValue) }), missing: pair.missing)
  }

  /// Days as moments (their midnight) and moments; nil for other columns.
  var moments: [Int]? {
    switch values {
    case .date(let days): days.map { Int($0) * CalendarTime.microsecondsPerDay }
    case .datetime(let moments): moments
    default: nil
    }
  }

  public func negated() throws -> Series {
    switch values {
    case .float(let items): return Series(.float(items.map { -$0 }), missing: missing)
    default: return try Series.calculated(.subtract, Series(.int([0])), self)
    }
  }
}

/// Two columns whose values are taken together, or a column and a constant.
struct Pair {
  let left: Series
  let right: Series
  let count: Int
  let missing: [Bool]?
  private let sign: String

  init(_ left: Series, _ right: Series, _ sign: String) throws {
    guard left.count == right.count || left.count == 1 || right.count == 1 else {
      throw DomainError(
        .value, "columns of \(left.count) and \(right.count) values do not go together in `\(sign)`"
      )
    }
    (self.left, self.right, self.sign) = (left, right, sign)
    count = left.count == 1 ? right.count : left.count
    let n = count
    func flags(_ series: Series) -> [Bool]? {
      series.missing.map { $0.count == n ? $0 : [Bool](repeating: $0[0], count: n) }
    }
    switch (flags(left), flags(right)) {
    case (nil, nil): missing = nil
    case (let flags?, nil), (nil, let flags?): missing = flags
    case (let a?, let b?): missing = zip(a, b).map { $0 || $1 }
    }
  }

  func isMissing(_ row: Int) -> Bool { missing.map { $0[row] } ?? false }

  func unfit() -> DomainError {
    DomainError(
      .type,
      "`\(sign)` does not fit columns of type \(left.kind.rawValue) and \(right.kind.rawValue)"
    )
  }

  /// One result for each two values; a single value goes with each of the other's.
  @inline(__always)
  func map<A, B, R>(_ a: [A], _ b: [B], _ body: (A, B) -> R) -> [R] {
    let aStep = a.count == 1 ? 0 : 1
    let bStep = b.count == 1 ? 0 : 1
    return a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        [R](unsafeUninitializedCapacity: count) { buffer, initialized in
          for row in 0..<count {
            (buffer.baseAddress.unsafelyUnwrapped + row).initialize(
              to: body(a[row * aStep], b[row * bStep]))
          }
          initialized = count
        }
      }
    }
  }
}

/// Division that rounds down, and powers, as the language has them.
enum FloorDivision {
  static func quotient(_ a: Int, _ b: Int) -> Int? {
    if b == 0 || (b == -1 && a == .min) { return nil }
    let quotient = a / b
    return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient
  }

  static func remainder(_ a: Int, _ b: Int) -> Int? {
    if b == 0 { return nil }
    if b == -1 { return 0 }
    let rest = a % b
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
  }

  static func remainder(_ a: Double, _ b: Double) -> Double {
    let rest = a.truncatingRemainder(dividingBy: b)
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
  }

  static func power(_ base: Int, _ exponent: Int) -> Int? {
    var result = 1
    var (square, rest) = (base, exponent)
    while true {
      if rest & 1 == 1 {
        let (product, overflow) = result.multipliedReportingOverflow(by: square)
        if overflow { return nil }
        result = product
      }
      rest >>= 1
      if rest == 0 { return result }
      let (product, overflow) = square.multipliedReportingOverflow(by: square)
      if overflow { return nil }
      square = product
    }
  }

  static func power(_ base: Double, _ exponent: Double) -> Double {
    exponent == 2 ? base * base : pow(base, exponent)
  }
}
