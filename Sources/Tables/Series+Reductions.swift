import Foundations
import Statistics

// What a column comes to. One rule for all: missing values are left out; `nan` is a number and makes the result `nan`;
// of nothing the sum is 0 and everything else missing. Ints stay ints in sum, min and max.

extension Series {
  /// One number of a column, or of some of its rows.
  public enum Reduction: String, Sendable, CaseIterable {
    case count, missing, unique, sum, mean, std, min, max, median, first, last

    /// Whether it needs numbers.
    var isNumeric: Bool {
      switch self {
      case .sum, .mean, .std, .median: true
      default: false
      }
    }
  }

  /// - Throws: `type` where the column holds no numbers and the reduction needs them, `value` for a sum of ints that
  ///   does not fit into 64 bits.
  public func reduced(_ reduction: Reduction) throws -> Cell {
    switch reduction {
    case .count: return .int(count - missingCount)
    case .missing: return .int(missingCount)
    case .unique:
      let codes = try Codes(self)
      return .int(codes.firsts.reduce(0) { $0 + (isMissing($1) ? 0 : 1) })
    case .sum: return try sum()
    case .mean:
      let numbers = try measured("mean")
      return numbers.isEmpty ? .null : .float(Sample.mean(numbers))
    case .std:
      let numbers = try measured("std")
      return numbers.isEmpty ? .null : .float(Sample.standardDeviation(numbers))
    case .median:
      let numbers = try measured("median")
      return numbers.isEmpty ? .null : .float(Sample.quantile(numbers, 0.5))
    case .min: return try extreme(greatest: false)
    case .max: return try extreme(greatest: true)
    case .first: return (0..<count).first { !isMissing($0) }.map { self[$0] } ?? .null
    case .last: return (0..<count).last { !isMissing($0) }.map { self[$0] } ?? .null
    }
  }

  public func quantile(_ fraction: Double) throws -> Cell {
    let numbers = try measured("quantile")
    return numbers.isEmpty ? .null : .float(Sample.quantile(numbers, fraction))
  }

  /// The numbers that are there.
  func measured(_ what: String) throws -> [Double] {
    if isAllMissing { return [] }
    guard let numbers = presentNumbers else {
      throw DomainError(
        .type, "`\(what)` needs numbers, found a column of type \(kind.rawValue)")
    }
    return numbers
  }

  private func sum() throws -> Cell {
    switch values {
    case .int(let items):
      var total = 0
      for row in items.indices where !isMissing(row) {
        let (sum, overflow) = total.addingReportingOverflow(items[row])
        if overflow {
          throw DomainError(
            .value, "the sum does not fit into 64 bits",
            hint: "multiply the column by 1.0 first to sum floats")
        }
        total = sum
      }
      return .int(total)
    case .bool(let items):
      return .int(items.indices.reduce(0) { $0 + (items[$1] && !isMissing($1) ? 1 : 0) })
    default:
      if isAllMissing { return .int(0) }
      let numbers = try measured("sum")
      return .float(numbers.reduce(0, +))
    }
  }

  private func extreme(greatest: Bool) throws -> Cell {
    if isAllMissing { return .null }
    if case .float = values, let numbers = presentNumbers {
      if let wrong = numbers.first(where: \.isNaN) { return .float(wrong) }
      return (greatest ? numbers.max() : numbers.min()).map { .float($0) } ?? .null
    }
    if case .cells(let cells) = values {
      let present = cells.filter { !$0.isNull }
      if let wrong = present.first(where: \.hasNoPlace) { return wrong }
      if numbers == nil, kind == .mixed {
        throw DomainError(
          .type, "`\(greatest ? "max" : "min")` needs values of one type, found a mixed column")
      }
      return (greatest ? present.max(by: Cell.precedes) : present.min(by: Cell.precedes)) ?? .null
    }
    if case .int(let items) = values, missing == nil {
      return (greatest ? items.max() : items.min()).map { .int($0) } ?? .null
    }
    var best = -1
    for row in 0..<count where !isMissing(row) {
      if best < 0 {
        best = row
      } else if try isBefore(greatest ? best : row, greatest ? row : best) {
        best = row
      }
    }
    return best < 0 ? .null : self[best]
  }

  /// Whether the value of one row stands before that of another; both are there.
  private func isBefore(_ a: Int, _ b: Int) throws -> Bool {
    switch values {
    case .bool(let items): !items[a] && items[b]
    case .int(let items), .datetime(let items): items[a] < items[b]
    case .date(let items): items[a] < items[b]
    case .category(let codes, _): codes[a] < codes[b]
    case .string(let texts): texts.withView { Texts.order($0[a], $0[b]) < 0 }
    default: Cell.precedes(self[a], self[b])
    }
  }

  /// Sums up to each row; a missing value stays missing and adds nothing.
  public func cumulativeSum() throws -> Series {
    switch values {
    case .int, .bool:
      let items: [Int] =
        if case .int(let items) = values { items } else { try truths().map { $0 ? 1 : 0 } }
      var total = 0
      let sums = try items.indices.map { row -> Int in
        if isMissing(row) { return 0 }
        let (sum, overflow) = total.addingReportingOverflow(items[row])
        guard !overflow else {
          throw DomainError(.value, "row \(row): the sum does not fit into 64 bits")
        }
        total = sum
        return sum
      }
      return Series(.int(sums), missing: missing)
    default:
      guard let numbers else {
        throw DomainError(.type, "`cumsum` needs numbers, found a column of type \(kind.rawValue)")
      }
      var total = 0.0
      return Series(
        .float(
          numbers.indices.map { row in
            if isMissing(row) { return 0 }
            total += numbers[row]
            return total
          }), missing: missing)
    }
  }

  /// The place of each value in their order, from 1; equal values share the mean of theirs. `nan` and missing values
  /// have none.
  public func ranks(descending: Bool = false) throws -> Series {
    let order = try ordered(descending: descending)
    let codes = try Codes(self)
    var ranks = [Double](repeating: 0, count: count)
    var missing = [Bool](repeating: false, count: count)
    var start = 0
    while start < count {
      var end = start + 1
      while end < count, codes.rows[order[end]] == codes.rows[order[start]] { end += 1 }
      let hasNoPlace = self[order[start]].hasNoPlace
      for place in start..<end {
        ranks[order[place]] = Double(start + end + 1) / 2
        missing[order[place]] = hasNoPlace
      }
      start = end
    }
    return Series(.float(ranks), missing: missing)
  }

  /// The distinct values in the order of their first row, missing ones as one.
  public func unique() throws -> Series { gathered(try Codes(self).firsts) }
}
