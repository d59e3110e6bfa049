import Foundations

/// Named columns of equally many values: what files hold, what a sweep gives, what is grouped, printed, plotted and
/// exported.
///
/// A table is a value; every operation makes a new one. A column called `<name>_interval` beside a column `<name>`
/// holds the half width of a confidence interval of it: printing shows the two as `0.912 ± 0.004`, plots draw error
/// bars.
public struct Table: Sendable, Equatable {
  public struct Column: Sendable, Equatable {
    public enum Role: Sendable, Hashable {
      /// It was measured.
      case value
      /// It was set by the experiment (a swept name), so it is never averaged.
      case axis
      /// It says what went wrong in the trials that failed, of the sweep with this number.
      case failure(sweep: Int)
    }

    public var name: String
    public var series: Series
    public var role: Role

    public init(_ name: String, _ series: Series, role: Role = .value) {
      self.name = name
      self.series = series
      self.role = role
    }

    public init(_ name: String, _ cells: [Cell], role: Role = .value) {
      self.init(name, Series(cells: cells), role: role)
    }

    /// Its values one by one, made anew at each call.
    public var cells: [Cell] { series.cells }

    /// It would say what went wrong, and nothing did.
    var isSilent: Bool {
      if case .failure = role { series.isAllMissing } else { false }
    }
  }

  /// What the name of a column of half widths ends in.
  public static let intervalSuffix = "_interval"

  public private(set) var columns: [Column]
  public let rowCount: Int

  /// A table of the given columns.
  /// - Throws: `DomainError` of kind `value` where two columns share a name or their lengths differ.
  public init(columns: [Column]) throws {
    var seen: Set<Spelling> = []
    for column in columns {
      guard seen.add(column.name) else {
        throw DomainError(.value, "a table cannot have two columns `\(column.name)`")
      }
      if let first = columns.first, first.series.count != column.series.count {
        throw DomainError(
          .value,
          "columns of one table need equal lengths: `\(first.name)` has \(first.series.count), "
            + "`\(column.name)` has \(column.series.count)")
      }
    }
    self.columns = columns
    rowCount = columns.first?.series.count ?? 0
  }

  /// A table of columns some of which an operation has named, not the script.
  /// - Throws: `value` where two share a name, with what to do about it.
  public init(columns: [Column], madeBy operation: String) throws {
    var seen: Set<Spelling> = []
    for column in columns where !seen.add(column.name) {
      throw Table.taken(column.name, operation)
    }
    try self.init(columns: columns)
  }

  /// - Throws: `value` where a column is called as one that an operation makes.
  func requireNone(_ names: [String], madeBy operation: String) throws {
    if let name = names.first(where: hasColumn) { throw Table.taken(name, operation) }
  }

  private static func taken(_ name: String, _ operation: String) -> DomainError {
    DomainError(
      .value, "`\(operation)` makes a column `\(name)`, but there is one of that name already",
      hint: "call that one something else first: `t.rename(\"\(name)\", \"\(name)_2\")`")
  }

  /// A table of rows, each a list of names with cells. Columns stand in the order of their first appearance; what a row
  /// does not name is null, and the later of two equal names in one row counts.
  public init(rows: [[(name: String, cell: Cell)]], axes: Set<Spelling> = []) {
    self.init(
      rows: rows, roles: Dictionary(uniqueKeysWithValues: axes.map { ($0, Column.Role.axis) }))
  }

  /// The same with the roles of columns by name; all others are values.
  public init(rows: [[(name: String, cell: Cell)]], roles: [Spelling: Column.Role]) {
    var places: [Spelling: Int] = [:]
    var names: [String] = []
    var cells: [[Cell]] = []
    for (index, row) in rows.enumerated() {
      if Parallel.isAbandoned(turn: index) { break }
      for (name, cell) in row {
        let place: Int
        if let known = places[name] {
          place = known
        } else {
          place = names.count
          places[name] = place
          names.append(name)
          cells.append(Array(repeating: .null, count: rows.count))
        }
        cells[place][index] = cell
      }
    }
    columns = zip(names, cells).map { name, cells in
      Column(name, Series(cells: cells), role: roles[name] ?? .value)
    }
    rowCount = rows.count
  }

  init(unchecked columns: [Column], rowCount: Int) {
    self.columns = columns
    self.rowCount = rowCount
  }

  /// The columns that are shown and exported: where no trial failed, the column that would say why is none of them.
  public var shown: [Column] { columns.filter { !$0.isSilent } }

  /// The names of the columns that are shown.
  public var names: [String] { shown.map(\.name) }

  /// - Throws: `DomainError` of kind `key` where there is no such column.
  public func column(_ name: String) throws -> Column {
    guard let column = columns.first(where: { $0.name.isSpelt(name) }) else { throw unknown(name) }
    return column
  }

  /// The column that says what went wrong in the trials that failed; nil where all went well.
  public var failureColumn: Column? {
    columns.first { if case .failure = $0.role { true } else { false } }
  }

  /// The rows of the trials that failed: their axes and what went wrong.
  public var failures: Table {
    let shown = columns.filter { $0.role != .value }
    guard let column = failureColumn else { return Table(unchecked: shown, rowCount: 0).head(0) }
    return Table(unchecked: shown, rowCount: rowCount).rows(
      at: (0..<rowCount).filter { !column.series.isMissing($0) })
  }

  public func hasColumn(_ name: String) -> Bool { columns.contains { $0.name.isSpelt(name) } }

  private func unknown(_ name: String) -> DomainError {
    let listed = names.prefix(12).map { "`\($0)`" }.joined(separator: ", ")
    // The trials of a sweep that would have given the column may all have failed.
    let failure = failureColumn?.series.cells.lazy.compactMap { cell in
      if case .string(let text) = cell { text } else { nil }
    }.first { !$0.isEmpty }
    let reason = failure.map { "; a trial failed: \($0)" } ?? ""
    return DomainError(
      .key, "the table has no column `\(name)`",
      hint: columns.isEmpty
        ? "the table is empty"
        : "its columns are \(listed)\(names.count > 12 ? ", …" : "")\(reason)")
  }

  /// The names and cells of one row, also of what is not shown.
  /// - Precondition: `0 <= index < rowCount`.
  public func row(_ index: Int) -> [(name: String, cell: Cell)] {
    columns.map { ($0.name, $0.series[index]) }
  }

  /// The same table where it outlives its run, in which its sweep had a number.
  public var withoutSweep: Table {
    Table(
      unchecked: columns.map { column in
        guard case .failure = column.role else { return column }
        return Column(column.name, column.series, role: .failure(sweep: -1))
      }, rowCount: rowCount)
  }

  /// Whether `name` holds the half widths of another column's intervals.
  public func isInterval(_ name: String) -> Bool {
    name.hasSuffix(Table.intervalSuffix)
      && hasColumn(String(name.dropLast(Table.intervalSuffix.count)))
  }

  /// The named columns, in the order asked for; a column brings its interval along.
  public func select(_ wanted: [String]) throws -> Table {
    let places = Dictionary(
      zip(columns.map { Spelling($0.name) }, columns.indices),
      uniquingKeysWith: { first, _ in first })
    let listed = Set(spelt: wanted)
    var chosen: [Column] = []
    var taken: Set<Spelling> = []
    for name in wanted {
      guard let place = places[name] else { throw unknown(name) }
      guard taken.insert(Spelling(name)).inserted else { continue }
      chosen.append(columns[place])
      let interval = name + Table.intervalSuffix
      if let place = places[interval], !listed.contains(interval),
        taken.insert(Spelling(interval)).inserted
      {
        chosen.append(columns[place])
      }
    }
    return Table(unchecked: chosen, rowCount: chosen.isEmpty ? 0 : rowCount)
  }

  /// All columns but the named ones (and their intervals).
  public func without(_ unwanted: [String]) throws -> Table {
    for name in unwanted { _ = try column(name) }
    let gone = Set(spelt: unwanted + unwanted.map { $0 + Table.intervalSuffix })
    return Table(unchecked: columns.filter { !gone.contains($0.name) }, rowCount: rowCount)
  }

  /// The rows at the given places, in that order.
  /// - Precondition: every place is within the table.
  public func rows(at places: [Int]) -> Table {
    Table(
      unchecked: columns.map { column in
        Column(column.name, column.series.gathered(places), role: column.role)
      }, rowCount: places.count)
  }

  /// Rows behind each other.
  /// - Precondition: the range is within the table.
  public func rows(in range: Range<Int>) -> Table {
    Table(
      unchecked: columns.map { Column($0.name, $0.series.slice(range), role: $0.role) },
      rowCount: range.count)
  }

  /// The rows for which a mask is true.
  /// - Throws: `DomainError` where it holds no bools, or not one for each row.
  public func rows(where mask: Series) throws -> Table {
    guard mask.count == rowCount else {
      throw DomainError(
        .value, "a mask needs a bool for each of the \(rowCount) rows, found \(mask.count)")
    }
    return rows(at: try mask.chosen())
  }

  public func head(_ count: Int) -> Table { rows(in: 0..<min(max(0, count), rowCount)) }

  public func tail(_ count: Int) -> Table {
    rows(in: (rowCount - min(max(0, count), rowCount))..<rowCount)
  }

  /// Rows in the order of the keys' values, the first key first, equal rows in their old order. What is missing or no
  /// number (`nan`) comes last, whichever way: the first row is the best that there is.
  public func sorted(by keys: [SortKey]) throws -> Table {
    let series = try keys.map { try column($0.name).series }
    var order = Array(0..<rowCount)
    for (key, series) in zip(keys, series).reversed() {
      order = try series.sorted(order, descending: key.descending)
    }
    return rows(at: order)
  }

  public func sorted(by names: [String], descending: Bool = false) throws -> Table {
    try sorted(by: names.map { SortKey($0, descending: descending) })
  }

  /// This table with a column more, or with the column of that name replaced.
  /// - Parameter role: that of a new column.
  public func with(_ name: String, _ series: Series, role: Column.Role = .value) throws -> Table {
    guard series.count == rowCount || columns.isEmpty else {
      throw DomainError(
        .value, "the column `\(name)` needs \(rowCount) values, one a row; found \(series.count)")
    }
    var result = columns
    if let place = result.firstIndex(where: { $0.name.isSpelt(name) }) {
      result[place].series = series
    } else {
      result.append(Column(name, series, role: role))
    }
    return Table(unchecked: result, rowCount: series.count)
  }

  /// The same with the values one by one.
  public func with(_ name: String, _ cells: [Cell], role: Column.Role = .value) throws -> Table {
    try with(name, Series(cells: cells), role: role)
  }

  /// Rows of both, columns by name; what one of them lacks is missing in its rows.
  public func appending(_ other: Table) -> Table {
    let own = Dictionary(
      zip(columns.map { Spelling($0.name) }, columns), uniquingKeysWith: { first, _ in first })
    let others = Dictionary(
      zip(other.columns.map { Spelling($0.name) }, other.columns),
      uniquingKeysWith: { first, _ in first })
    func absent(_ count: Int) -> Series { Series(repeating: .null, count: count) }
    let first = columns.map { column in
      let added = others[Spelling(column.name)]
      let role = column.role == .value ? added?.role ?? .value : column.role
      return Column(
        column.name, column.series.appending(added?.series ?? absent(other.rowCount)), role: role)
    }
    let rest = other.columns.filter { own[Spelling($0.name)] == nil }.map { column in
      Column(column.name, absent(rowCount).appending(column.series), role: column.role)
    }
    return Table(unchecked: first + rest, rowCount: rowCount + other.rowCount)
  }

  /// The same columns, some under other names.
  /// - Throws: `key` for a name that is not there, `value` where two columns would share one.
  public func renamed(_ names: [(old: String, new: String)]) throws -> Table {
    for name in names { _ = try column(name.old) }
    return try Table(
      columns: columns.map { column in
        let new = names.last { column.name.isSpelt($0.old) }?.new
        return Column(new ?? column.name, column.series, role: column.role)
      })
  }
}
