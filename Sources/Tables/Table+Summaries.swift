import Foundations
import Statistics

// What a table holds, as a table.

extension Table {
  /// How often each combination of values in the named columns stands in a row, the most frequent first, ties in the
  /// order of their first row.
  public func valueCounts(_ names: [String]) throws -> Table {
    let counted = try select(names).columns.filter { !isInterval($0.name) }
    let codes = try Codes(counted.map(\.series), count: rowCount)
    var counts = [Int](repeating: 0, count: codes.count)
    for code in codes.rows { counts[Int(code)] += 1 }
    let order = try Series(.int(counts)).ordered(descending: true)
    return try Table(
      columns: counted.map {
        Column($0.name, $0.series.gathered(order.map { codes.firsts[$0] }))
      } + [Column("count", Series(.int(order.map { counts[$0] })))], madeBy: "value_counts")
  }

  /// A row for each column: its type, how many values are there and missing and distinct, and of numbers the mean,
  /// standard deviation and quartiles. The ends of columns whose types differ, such as dates and numbers, are texts.
  public func described() throws -> Table {
    let shown = shown
    func column(_ name: String, _ cell: (Column) throws -> Cell) throws -> Column {
      Column(name, Series(cells: try shown.map(cell)))
    }
    func measure(_ name: String, _ value: @escaping (Series) throws -> Cell) throws -> Column {
      try column(name) { column in
        column.series.kind.isNumeric || column.series.kind == .mixed && column.series.numbers != nil
          ? try value(column.series) : .null
      }
    }
    func end(_ name: String, _ reduction: Series.Reduction) throws -> Column {
      let ends = try column(name) { column in
        switch column.series.kind {
        case .list, .mixed, .category, .string: .null
        default: try column.series.reduced(reduction)
        }
      }
      guard ends.series.kind == .mixed else { return ends }
      return Column(name, ends.cells.map { $0.isNull ? .null : .string($0.text) })
    }
    return try Table(columns: [
      try column("column") { .string($0.name) },
      try column("type") { .string($0.series.kind.rawValue) },
      try column("count") { try $0.series.reduced(.count) },
      try column("missing") { try $0.series.reduced(.missing) },
      try column("unique") { try $0.series.reduced(.unique) },
      try measure("mean") { try $0.reduced(.mean) },
      try measure("std") { try $0.reduced(.std) },
      try end("min", .min),
      try measure("q25") { try $0.quantile(0.25) },
      try measure("median") { try $0.quantile(0.5) },
      try measure("q75") { try $0.quantile(0.75) },
      try end("max", .max),
    ])
  }

  /// One row with a reduction of each numeric column.
  public func reduced(_ reduction: Series.Reduction) throws -> Table {
    try summarised { try $0.reduced(reduction) }
  }

  /// One row with a quantile of each numeric column.
  public func quantile(_ fraction: Double) throws -> Table {
    try summarised { try $0.quantile(fraction) }
  }

  /// One row, of no rows as well.
  private func summarised(_ value: (Series) throws -> Cell) throws -> Table {
    try Table(columns: measures.map { Column($0.name, [try value($0.series.numeric)]) })
  }

  /// The columns that hold numbers and are no axes of a sweep.
  var measures: [Column] {
    shown.filter { $0.role == .value && !isInterval($0.name) && $0.series.isMeasure }
  }

  /// Pearson's correlation of each two numeric columns, over the rows in which both are there.
  public func correlations() throws -> Table {
    let measures = measures
    let numbers = measures.map { $0.series.numeric.numbers ?? [] }
    var columns = [Column("column", Series(.string(Texts(measures.map(\.name)))))]
    for (place, column) in measures.enumerated() {
      try Cancellation.check()
      columns.append(
        Column(
          column.name,
          Series(
            cells: measures.indices.map { other in
              Table.correlation(
                numbers[place], numbers[other], measures[place].series, measures[other].series)
            })))
    }
    return try Table(columns: columns, madeBy: "correlation")
  }

  private static func correlation(_ a: [Double], _ b: [Double], _ x: Series, _ y: Series) -> Cell {
    let rows = a.indices.filter { !x.isMissing($0) && !y.isMissing($0) }
    guard rows.count > 1 else { return .null }
    let (p, q) = (rows.map { a[$0] }, rows.map { b[$0] })
    let (meanP, meanQ) = (Sample.mean(p), Sample.mean(q))
    var (pp, qq, pq) = (0.0, 0.0, 0.0)
    for (u, v) in zip(p, q) {
      pp += (u - meanP) * (u - meanP)
      qq += (v - meanQ) * (v - meanQ)
      pq += (u - meanP) * (v - meanQ)
    }
    if pp == 0 || qq == 0 || (pp * qq).isNaN || pq.isNaN { return .float(.nan) }
    if x === y { return .float(1) }
    return .float(max(-1, min(1, pq / (pp.squareRoot() * qq.squareRoot()))))
  }
}

extension Grouping {
  /// Several statistics at once.
  public struct Aggregate: Sendable {
    /// The column of the result.
    public var name: String
    /// The column that it is of; nil for a count of rows.
    public var column: String?
    public var reduction: Series.Reduction

    public init(name: String, column: String?, reduction: Series.Reduction) {
      (self.name, self.column, self.reduction) = (name, column, reduction)
    }
  }

  /// - Throws: `key` for a column that is not there, `value` where two results share a name.
  public func aggregated(_ aggregates: [Aggregate]) throws -> [Table.Column] {
    try aggregates.map { aggregate in
      guard let name = aggregate.column else {
        return Table.Column(aggregate.name, Series(.int((0..<count).map(size))))
      }
      let series = try table.column(name).series
      let measured = aggregate.reduction.isNumeric ? series.numeric : series
      return Table.Column(aggregate.name, try reduced(measured, aggregate.reduction))
    }
  }

  /// How an interval is found.
  public enum IntervalMethod: String, Sendable, CaseIterable {
    /// Student's, of a mean.
    case student
    /// Wilson's score interval, of a share of bools or of 0 and 1.
    case wilson
    /// By resampling each group's rows.
    case bootstrap
  }

  /// For each group the mean of a column with the ends of its confidence interval: `name`, `name_low`, `name_high`.
  /// - Parameter bootstrap: the ends for a group's numbers, for that method.
  public func estimates(
    _ name: String, method: IntervalMethod, level: Double,
    bootstrap: ([Double]) throws -> (low: Double, high: Double)?
  ) throws -> Table {
    let series = try table.column(name).series
    guard series.isMeasure || series.isAllMissing else {
      throw DomainError(.type, "the column `\(name)` holds no numbers")
    }
    var (values, lows, highs): ([Cell], [Cell], [Cell]) = ([], [], [])
    for group in 0..<count {
      try Cancellation.check()
      let numbers = series.numeric.gathered(rows(group)).presentNumbers ?? []
      let mean = Sample.mean(numbers)
      values.append(numbers.isEmpty ? .null : .float(mean))
      let ends: (low: Double, high: Double)?
      switch method {
      case .student:
        ends = Sample.meanInterval(numbers, level: level).map { (mean - $0, mean + $0) }
      case .wilson:
        guard numbers.allSatisfy({ $0 == 0 || $0 == 1 }) else {
          throw DomainError(
            .value, "Wilson's interval is one of a share: `\(name)` needs bools, or 0 and 1")
        }
        ends = Sample.wilson(
          successes: numbers.reduce(0) { $0 + Int($1) }, trials: numbers.count, level: level
        ).map { ($0.lowerBound, $0.upperBound) }
      case .bootstrap: ends = try bootstrap(numbers)
      }
      lows.append(ends.map { .float($0.low) } ?? .null)
      highs.append(ends.map { .float($0.high) } ?? .null)
    }
    return try Table(
      columns: keyColumns + [
        Table.Column(name, values), Table.Column(name + "_low", lows),
        Table.Column(name + "_high", highs),
      ], madeBy: "estimate")
  }
}
