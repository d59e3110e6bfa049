import Foundations
import Statistics

/// The rows of a table gathered by equal values in some columns, ready to be summarised.
///
/// Groups stand in the order of their first row; rows with a missing key form groups of their own. A summary has one
/// row a group: the keys, then every measure, a numeric column that is neither a key nor an axis of the sweep. Missing
/// values are left out, as `Series.Reduction` says.
public struct Grouping: Sendable {
  public let table: Table
  public let keys: [String]
  /// Which group each row is in.
  let codes: Codes
  /// The rows of group `g` are `order[starts[g]..<starts[g + 1]]`.
  private let order: [Int]
  private let starts: [Int]

  init(_ table: Table, by keys: [String]) throws {
    self.table = table
    var seen: Set<Spelling> = []
    self.keys = keys.filter { seen.insert(Spelling($0)).inserted }
    codes = try Codes(try self.keys.map { try table.column($0).series }, count: table.rowCount)
    (order, starts) = codes.gathered()
  }

  public var count: Int { codes.count }

  /// The rows of a group, ascending.
  public func rows(_ group: Int) -> [Int] { Array(order[starts[group]..<starts[group + 1]]) }

  public func size(_ group: Int) -> Int { starts[group + 1] - starts[group] }

  /// The columns that summaries are of.
  var measures: [Table.Column] {
    let named = Set(spelt: keys)
    return table.columns.filter { column in
      column.role == .value && !named.contains(column.name) && !table.isInterval(column.name)
        && column.series.isMeasure
    }
  }

  /// The keys of each group.
  public var keyColumns: [Table.Column] {
    keys.compactMap { try? table.column($0) }.map { column in
      Table.Column(column.name, column.series.gathered(codes.firsts), role: .axis)
    }
  }

  /// The value of a reduction in each group.
  func reduced(_ series: Series, _ reduction: Series.Reduction) throws -> Series {
    if let result = try GroupedReduction.reduced(series, reduction, codes) { return result }
    if reduction == .median, series.kind.isNumeric {
      return try measured(series) { $0.isEmpty ? .null : .float(Sample.quantile($0, 0.5)) }
    }
    return Series(
      cells: try (0..<count).map { group in
        try Cancellation.check(turn: group)
        return try series.gathered(rows(group)).reduced(reduction)
      })
  }

  private func summarised(_ reduction: Series.Reduction) throws -> Table {
    try Table(
      columns: keyColumns
        + measures.map { Table.Column($0.name, try reduced($0.series.numeric, reduction)) })
  }

  /// Means. With `interval: 0.95` each measure `m` is followed by `m_interval`, the half width of Student's 95%
  /// confidence interval of its mean (missing for a group of one).
  public func mean(interval: Double? = nil) throws -> Table {
    guard let interval else { return try summarised(.mean) }
    guard interval > 0, interval < 1 else {
      throw DomainError(
        .value,
        "`interval` is a confidence level between 0 and 1, found \(NumberText.shortest(interval))",
        hint: "0.95 gives 95% confidence intervals")
    }
    let measures = measures
    try table.requireNone(measures.map { $0.name + Table.intervalSuffix }, madeBy: "mean")
    let columns = try measures.flatMap { column in
      [
        Table.Column(column.name, try reduced(column.series.numeric, .mean)),
        Table.Column(
          column.name + Table.intervalSuffix,
          try measured(column.series.numeric) {
            Sample.meanInterval($0, level: interval).map(Cell.float) ?? .null
          }),
      ]
    }
    return try Table(columns: keyColumns + columns, madeBy: "mean")
  }

  /// One value for the numbers of each group.
  func measured(_ series: Series, _ body: ([Double]) throws -> Cell) throws -> Series {
    let numbers = series.numbers ?? []
    return Series(
      cells: try (0..<count).map { group in
        try Cancellation.check(turn: group)
        let rows = order[starts[group]..<starts[group + 1]]
        guard series.missing != nil else { return try body(rows.map { numbers[$0] }) }
        return try body(rows.compactMap { series.isMissing($0) ? nil : numbers[$0] })
      })
  }

  public func std() throws -> Table { try summarised(.std) }
  public func min() throws -> Table { try summarised(.min) }
  public func max() throws -> Table { try summarised(.max) }
  public func sum() throws -> Table { try summarised(.sum) }
  public func median() throws -> Table { try summarised(.median) }

  /// The first value of every column in each group that is there.
  public func first() throws -> Table { try picked(.first) }

  /// The last one.
  public func last() throws -> Table { try picked(.last) }

  private func picked(_ reduction: Series.Reduction) throws -> Table {
    let named = Set(spelt: keys)
    return try Table(
      columns: keyColumns
        + table.shown.filter { !named.contains($0.name) }.map {
          Table.Column($0.name, try reduced($0.series, reduction), role: $0.role)
        })
  }

  /// - Throws: `DomainError` of kind `value` where `fraction` is not within [0, 1].
  public func quantile(_ fraction: Double) throws -> Table {
    guard fraction >= 0, fraction <= 1 else {
      throw DomainError(
        .value, "a quantile lies between 0 and 1, found \(NumberText.shortest(fraction))")
    }
    return try Table(
      columns: keyColumns
        + measures.map { column in
          Table.Column(
            column.name,
            try measured(column.series.numeric) {
              $0.isEmpty ? .null : .float(Sample.quantile($0, fraction))
            })
        })
  }

  /// The number of rows in each group, as a column `count`.
  public func counts() throws -> Table {
    try Table(
      columns: keyColumns + [Table.Column("count", Series(.int((0..<count).map(size))))],
      madeBy: "count")
  }

  /// The rows of one group as a table.
  public func table(_ group: Int) -> Table { table.rows(at: rows(group)) }
}

extension Table {
  /// Rows gathered by equal values in the named columns.
  /// - Throws: `DomainError` of kind `key` for a column that is not there.
  public func group(by keys: [String]) throws -> Grouping { try Grouping(self, by: keys) }
}

extension Series {
  /// Whether summaries look at it: it holds numbers.
  var isMeasure: Bool {
    switch values {
    case .bool, .int, .float: true
    case .cells(let cells): cells.contains { $0.number != nil }
    default: false
    }
  }

  /// Only the numbers of a column of several types; the others are missing.
  var numeric: Series {
    guard case .cells(let cells) = values else { return self }
    return Series(cells: cells.map { $0.number == nil ? .null : $0 })
  }
}

/// Reductions of all groups in one pass over a column, for those that need no rows side by side.
enum GroupedReduction {
  /// Nil where a pass does not give it.
  static func reduced(_ series: Series, _ reduction: Series.Reduction, _ codes: Codes) throws
    -> Series?
  {
    var counts = [Int](repeating: 0, count: codes.count)
    for row in 0..<series.count where !series.isMissing(row) { counts[Int(codes.rows[row])] += 1 }
    if reduction == .count { return Series(.int(counts)) }
    if reduction == .missing {
      var sizes = [Int](repeating: 0, count: codes.count)
      for code in codes.rows { sizes[Int(code)] += 1 }
      return Series(.int(zip(sizes, counts).map { $0 - $1 }))
    }
    let empty = counts.map { $0 == 0 }
    switch (series.values, reduction) {
    case (.int(let items), .sum):
      var sums = [Int](repeating: 0, count: codes.count)
      for row in items.indices where !series.isMissing(row) {
        let group = Int(codes.rows[row])
        let (sum, overflow) = sums[group].addingReportingOverflow(items[row])
        guard !overflow else {
          throw DomainError(
            .value, "a group's sum does not fit into 64 bits",
            hint: "multiply the column by 1.0 first to sum floats")
        }
        sums[group] = sum
      }
      return Series(.int(sums))
    case (.int(let items), .min):
      return Series(.int(extremes(items, series, codes, Int.max) { $0 < $1 }), missing: empty)
    case (.int(let items), .max):
      return Series(.int(extremes(items, series, codes, Int.min) { $0 > $1 }), missing: empty)
    case (.float(let items), .min):
      return Series(
        .float(extremes(items, series, codes, .infinity) { $0 < $1 || $0.isNaN }), missing: empty)
    case (.float(let items), .max):
      return Series(
        .float(extremes(items, series, codes, -.infinity) { $0 > $1 || $0.isNaN }), missing: empty)
    case (.int, .mean), (.float, .mean), (.float, .sum), (.bool, .mean):
      guard let numbers = series.numbers else { return nil }
      var sums = [Double](repeating: 0, count: codes.count)
      for row in numbers.indices where !series.isMissing(row) {
        sums[Int(codes.rows[row])] += numbers[row]
      }
      if reduction == .sum { return Series(.float(sums)) }
      return Series(.float(zip(sums, counts).map { $0 / Double($1) }), missing: empty)
    default: return nil
    }
  }

  private static func extremes<T>(
    _ items: [T], _ series: Series, _ codes: Codes, _ start: T, _ isBetter: (T, T) -> Bool
  ) -> [T] {
    var best = [T](repeating: start, count: codes.count)
    for row in items.indices where !series.isMissing(row) {
      let group = Int(codes.rows[row])
      if isBetter(items[row], best[group]) { best[group] = items[row] }
    }
    return best
  }
}
