import Foundations
import Tables

/// The columns that a private release reads, and how many rows of a unit count (bounded contributions: Wilson et al.
/// 2020, "Differentially private SQL with bounded user contribution").
public struct PrivateColumns: Sendable {
  /// The numbers; nil where rows are counted.
  public var values: Series?
  /// What rows are told apart by; nil where they are not.
  public var keys: Series?
  /// Whose each row is; nil where each is somebody else's.
  public var units: Series?
  public var rowCount: Int

  public init(values: Series?, keys: Series? = nil, units: Series? = nil, rowCount: Int) {
    (self.values, self.keys, self.units) = (values, keys, units)
    self.rowCount = rowCount
  }

  /// Rows of which a value or a key is missing count nowhere. Of each unit at most `most` rows count, chosen at random;
  /// rows whose unit is missing are one unit's together.
  /// - Parameter known: the keys that count; nil where all do.
  /// - Throws: `type` where the values are no numbers, `value` where one is nan, `limit`, `interrupt`.
  func rows(known: [Cell]?, most: Int, _ random: inout CoinFlips) throws -> PrivateRows {
    let numbers = try values.map { try PrivateColumns.numbers($0) }
    let (groupOf, labels) = try groups(known: known)
    var kept: [Int] = []
    kept.reserveCapacity(rowCount)
    for row in 0..<rowCount {
      try Cancellation.check(turn: row)
      if values?.isMissing(row) ?? false { continue }
      if let groupOf, groupOf[row] < 0 { continue }
      kept.append(row)
    }
    if let units { kept = try PrivateColumns.bounded(kept, by: units, most: most, &random) }
    return PrivateRows(
      values: numbers.map { numbers in kept.map { numbers[$0] } },
      groups: groupOf.map { groupOf in kept.map { groupOf[$0] } }, count: kept.count,
      labels: labels)
  }

  static func numbers(_ series: Series) throws -> [Double] {
    guard let numbers = series.numbers else {
      throw DomainError(
        .type, "a private statistic is one of numbers, found a column of \(series.kind.rawValue)")
    }
    for row in numbers.indices where numbers[row].isNaN && !series.isMissing(row) {
      throw DomainError(
        .value, "a value is not a number, so no bounds hold it",
        hint: "say what it means first, such as `nil` for missing")
    }
    return numbers
  }

  /// The group of each row, -1 for one that counts nowhere, and what the groups are called: known ones as given, others
  /// in their own order, because the order of rows is nobody's business.
  private func groups(known: [Cell]?) throws -> (of: [Int32]?, labels: [Cell]) {
    guard let keys else { return (nil, []) }
    let codes = try Codes(keys)
    var labels: [Cell]
    var groupOf: [Int32]
    if let known {
      labels = known
      var places: [Cell: Int32] = [:]
      for (place, key) in known.enumerated() { places[key.groupingKey] = Int32(place) }
      groupOf = codes.firsts.map { keys.isMissing($0) ? -1 : places[keys[$0].groupingKey] ?? -1 }
    } else {
      let found = codes.firsts.indices.filter { !keys.isMissing(codes.firsts[$0]) }
      let order = found.map { (cell: keys[codes.firsts[$0]], code: $0) }
        .sorted { Cell.precedes($0.cell, $1.cell) }
      labels = order.map(\.cell)
      groupOf = [Int32](repeating: -1, count: codes.count)
      for (place, item) in order.enumerated() { groupOf[item.code] = Int32(place) }
    }
    return (codes.rows.map { groupOf[Int($0)] }, labels)
  }

  /// At most so many rows of each unit, chosen at random.
  static func bounded(
    _ rows: [Int], by units: Series, most: Int, _ random: inout CoinFlips
  ) throws -> [Int] {
    let codes = try Codes(units.gathered(rows))
    let (order, starts) = codes.gathered()
    var kept: [Int] = []
    kept.reserveCapacity(rows.count)
    for unit in 0..<codes.count {
      try Cancellation.check(turn: unit)
      var own = Array(order[starts[unit]..<starts[unit + 1]])
      if own.count > most { random.shuffle(&own, first: most) }
      for place in own.prefix(most) { kept.append(rows[place]) }
    }
    return kept
  }
}

/// Rows that count in a private release.
struct PrivateRows {
  var values: [Double]?
  var groups: [Int32]?
  var count: Int
  var labels: [Cell]

  /// The values of each group; zeros where rows are counted.
  func byGroup() -> [[Double]] {
    var result = [[Double]](repeating: [], count: labels.count)
    for (place, group) in (groups ?? []).enumerated() {
      result[Int(group)].append(values?[place] ?? 0)
    }
    return result
  }
}
