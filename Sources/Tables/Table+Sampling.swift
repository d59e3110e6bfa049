import Foundations

// Rows by chance.

extension Table {
  /// Some of the rows, each at most once, in random order.
  /// - Throws: `value` for more rows than there are.
  public func sampled(_ count: Int, seed: UInt64) throws -> Table {
    guard count <= rowCount else {
      throw DomainError(
        .value, "\(count) of \(rowCount) rows cannot be drawn",
        hint: "each row is drawn at most once")
    }
    var generator = SplitMix64(seed: seed)
    var places = Array(0..<rowCount)
    for index in 0..<count { places.swapAt(index, index + generator.below(rowCount - index)) }
    return rows(at: Array(places.prefix(count)))
  }

  /// Two parts of the rows, each in the order of this table: the first has `fraction` of them.
  /// - Parameters:
  ///   - stratify: columns whose values have the same share in both parts, as near as may be.
  ///   - by: columns whose values never stand in both parts (users, documents); the share is then one of them.
  public func split(_ fraction: Double, stratify: [String], by: [String], seed: UInt64) throws -> (
    Table, Table
  ) {
    guard fraction >= 0, fraction <= 1 else {
      throw DomainError(
        .value, "a share lies between 0 and 1, found \(NumberText.shortest(fraction))")
    }
    guard stratify.isEmpty || by.isEmpty else {
      throw DomainError(.value, "a table is split either `stratify:` or `by:`")
    }
    var generator = SplitMix64(seed: seed)
    var isFirst = [Bool](repeating: false, count: rowCount)
    if !by.isEmpty {
      let codes = try Codes(try by.map { try column($0).series }, count: rowCount)
      var units = Array(0..<codes.count)
      generator.shuffle(&units)
      let chosen = Set(units.prefix(Int((fraction * Double(units.count)).rounded())))
      for row in 0..<rowCount { isFirst[row] = chosen.contains(Int(codes.rows[row])) }
    } else {
      let codes = try Codes(try stratify.map { try column($0).series }, count: rowCount)
      let (order, starts) = codes.gathered()
      let sizes = (0..<codes.count).map { starts[$0 + 1] - starts[$0] }
      let shares = Table.shares(of: sizes, fraction, &generator)
      for stratum in 0..<codes.count {
        var rows = Array(order[starts[stratum]..<starts[stratum + 1]])
        generator.shuffle(&rows)
        for row in rows.prefix(shares[stratum]) { isFirst[row] = true }
      }
    }
    let places = isFirst.indices
    return (rows(at: places.filter { isFirst[$0] }), rows(at: places.filter { !isFirst[$0] }))
  }

  /// How many of each stratum the first part gets: together as many as the fraction of all, the greatest remainders
  /// rounded up (Hare's method), equal ones by chance.
  private static func shares(
    of sizes: [Int], _ fraction: Double, _ generator: inout SplitMix64
  ) -> [Int] {
    let wanted = sizes.map { fraction * Double($0) }
    var shares = wanted.map { Int($0.rounded(.down)) }
    let total = Int((fraction * Double(sizes.reduce(0, +))).rounded())
    var strata = Array(sizes.indices)
    generator.shuffle(&strata)
    let remainders = Series(.float(strata.map { wanted[$0] - Double(shares[$0]) }))
    let order = (try? remainders.ordered(descending: true)) ?? Array(strata.indices)
    for place in order.prefix(max(0, total - shares.reduce(0, +))) { shares[strata[place]] += 1 }
    return shares
  }
}
