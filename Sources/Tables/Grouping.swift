import Foundations
import Statistics

/// The rows of a table gathered by equal cells in some columns, ready to be summarised.
///
/// Groups stand in the order of their first row. A summary has one row a group: the keys, then every numeric column
/// that is neither a key nor an axis of the sweep; cells that hold no number are left out of it.
public struct Grouping: Sendable {
  public let table: Table
  public let keys: [String]
  /// The rows of each group.
  public let groups: [[Int]]

  init(_ table: Table, by keys: [String]) throws {
    self.table = table
    self.keys = keys
    let keyCells = try keys.map { try table.column($0).cells }
    var places: [[Cell]: Int] = [:]
    var groups: [[Int]] = []
    for row in 0..<table.rowCount {
      try Cancellation.check(turn: row)
      let key = keyCells.map { $0[row].groupingKey }
      if let place = places[key] {
        groups[place].append(row)
      } else {
        places[key] = groups.count
        groups.append([row])
      }
    }
    self.groups = groups
  }

  private var measures: [Table.Column] {
    table.columns.filter { column in
      column.role == .value && !keys.containsSpelling(column.name) && !table.isInterval(column.name)
        && column.cells.contains { $0.number != nil }
    }
  }

  private func numbers(_ column: Table.Column, _ group: [Int]) -> [Double] {
    group.compactMap { column.cells[$0].number }
  }

  private var keyColumns: [Table.Column] {
    table.columns.filter { keys.containsSpelling($0.name) }.sorted { left, right in
      (keys.firstIndex(spelt: left.name) ?? 0) < (keys.firstIndex(spelt: right.name) ?? 0)
    }.map { column in
      Table.Column(column.name, groups.map { column.cells[$0[0]] }, role: .axis)
    }
  }

  /// One number a group and measure; null where a group has no number in the column.
  public func summarised(_ statistic: ([Double]) -> Double) throws -> Table {
    let columns = measures.map { column in
      Table.Column(
        column.name,
        groups.map { group in
          if Parallel.isAbandoned { return .null }
          let values = numbers(column, group)
          return values.isEmpty ? .null : .float(statistic(values))
        })
    }
    return try Table(columns: keyColumns + columns)
  }

  /// Means. With `interval: 0.95` each measure `m` is followed by `m_interval`, the half width of Student's 95%
  /// confidence interval of its mean (null for a group of one).
  public func mean(interval: Double? = nil) throws -> Table {
    guard let interval else { return try summarised(Sample.mean) }
    guard interval > 0, interval < 1 else {
      throw DomainError(
        .value,
        "`interval` is a confidence level between 0 and 1, found \(NumberText.shortest(interval))",
        hint: "0.95 gives 95% confidence intervals")
    }
    let columns = measures.flatMap { column in
      let values = groups.map { numbers(column, $0) }
      return [
        Table.Column(
          column.name, values.map { $0.isEmpty ? .null : .float(Sample.mean($0)) }),
        Table.Column(
          column.name + Table.intervalSuffix,
          values.map { Sample.meanInterval($0, level: interval).map(Cell.float) ?? .null }),
      ]
    }
    return try Table(columns: keyColumns + columns)
  }

  public func std() throws -> Table { try summarised(Sample.standardDeviation) }
  public func min() throws -> Table { try summarised { $0.reduce(.infinity, Swift.min) } }
  public func max() throws -> Table { try summarised { $0.reduce(-.infinity, Swift.max) } }
  public func sum() throws -> Table { try summarised { $0.reduce(0, +) } }
  public func median() throws -> Table { try summarised { Sample.quantile($0, 0.5) } }

  /// - Throws: `DomainError` of kind `value` where `fraction` is not within [0, 1].
  public func quantile(_ fraction: Double) throws -> Table {
    guard fraction >= 0, fraction <= 1 else {
      throw DomainError(
        .value, "a quantile lies between 0 and 1, found \(NumberText.shortest(fraction))")
    }
    return try summarised { Sample.quantile($0, fraction) }
  }

  /// The number of rows in each group, as a column `count`.
  public func count() throws -> Table {
    try Table(columns: keyColumns + [Table.Column("count", groups.map { .int($0.count) })])
  }

  /// Each group's own rows as a table.
  public func tables() -> [Table] { groups.map(table.rows(at:)) }
}

extension Table {
  /// Rows gathered by equal cells in the named columns.
  /// - Throws: `DomainError` of kind `key` for a column that is not there.
  public func group(by keys: [String]) throws -> Grouping { try Grouping(self, by: keys) }
}
