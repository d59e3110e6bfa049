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
      for stratum in 0..<codes.count {
        var rows = Array(order[starts[stratum]..<starts[stratum + 1]])
        generator.shuffle(&rows)
        for row in rows.prefix(Int((fraction * Double(rows.count)).rounded())) {
          isFirst[row] = true
        }
      }
    }
    let places = isFirst.indices
    return (rows(at: places.filter { isFirst[$0] }), rows(at: places.filter { !isFirst[$0] }))
  }
}
