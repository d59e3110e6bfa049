import Foundations

/// Named columns of equally many cells: what a sweep gives, what is grouped, printed, plotted and exported.
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
    public var cells: [Cell]
    public var role: Role

    public init(_ name: String, _ cells: [Cell], role: Role = .value) {
      self.name = name
      self.cells = cells
      self.role = role
    }

    /// It would say what went wrong, and nothing did.
    var isSilent: Bool {
      if case .failure = role { cells.allSatisfy(\.isNull) } else { false }
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
      if let first = columns.first, first.cells.count != column.cells.count {
        throw DomainError(
          .value,
          "columns of one table need equal lengths: `\(first.name)` has \(first.cells.count), "
            + "`\(column.name)` has \(column.cells.count)")
      }
    }
    self.columns = columns
    rowCount = columns.first?.cells.count ?? 0
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
    var columns: [Column] = []
    for (index, row) in rows.enumerated() {
      if Parallel.isAbandoned(turn: index) { break }
      for (name, cell) in row {
        let place: Int
        if let known = places[name] {
          place = known
        } else {
          place = columns.count
          places[name] = place
          columns.append(
            Column(
              name, Array(repeating: .null, count: rows.count), role: roles[name] ?? .value))
        }
        columns[place].cells[index] = cell
      }
    }
    self.columns = columns
    rowCount = rows.count
  }

  private init(unchecked columns: [Column], rowCount: Int) {
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
      at: (0..<rowCount).filter { !column.cells[$0].isNull })
  }

  public func hasColumn(_ name: String) -> Bool { columns.contains { $0.name.isSpelt(name) } }

  private func unknown(_ name: String) -> DomainError {
    let listed = names.prefix(12).map { "`\($0)`" }.joined(separator: ", ")
    // The trials of a sweep that would have given the column may all have failed.
    let failure = failureColumn?.cells.lazy.compactMap { cell in
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
    columns.map { ($0.name, $0.cells[index]) }
  }

  /// The same table where it outlives its run, in which its sweep had a number.
  public var withoutSweep: Table {
    Table(
      unchecked: columns.map { column in
        guard case .failure = column.role else { return column }
        return Column(column.name, column.cells, role: .failure(sweep: -1))
      }, rowCount: rowCount)
  }

  /// Whether `name` holds the half widths of another column's intervals.
  public func isInterval(_ name: String) -> Bool {
    name.hasSuffix(Table.intervalSuffix)
      && hasColumn(String(name.dropLast(Table.intervalSuffix.count)))
  }

  /// The named columns, in the order asked for; a column brings its interval along.
  public func select(_ wanted: [String]) throws -> Table {
    var chosen: [Column] = []
    for name in wanted {
      let column = try column(name)
      guard !chosen.contains(where: { $0.name.isSpelt(name) }) else { continue }
      chosen.append(column)
      let interval = name + Table.intervalSuffix
      if hasColumn(interval), !wanted.containsSpelling(interval) {
        chosen.append(try self.column(interval))
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
        Column(column.name, places.map { column.cells[$0] }, role: column.role)
      }, rowCount: places.count)
  }

  public func head(_ count: Int) -> Table { rows(at: Array(0..<min(max(0, count), rowCount))) }

  public func tail(_ count: Int) -> Table {
    rows(at: Array((rowCount - min(max(0, count), rowCount))..<rowCount))
  }

  /// Rows in the order of the named columns' cells, equal rows in their old order. What is missing or no number (`nan`)
  /// comes last, whichever way: the first row is the best that there is.
  public func sorted(by keys: [String], descending: Bool = false) throws -> Table {
    let keyCells = try keys.map { try column($0).cells }
    var turn = 0
    let order = try (0..<rowCount).sorted { left, right in
      turn &+= 1
      try Cancellation.check(turn: turn)
      for cells in keyCells {
        let (a, b) = (cells[left], cells[right])
        if a.hasNoPlace || b.hasNoPlace {
          if a.hasNoPlace, b.hasNoPlace { continue }
          return b.hasNoPlace
        }
        if descending ? Cell.precedes(b, a) : Cell.precedes(a, b) { return true }
        if descending ? Cell.precedes(a, b) : Cell.precedes(b, a) { return false }
      }
      return left < right
    }
    return rows(at: order)
  }

  /// This table with a column more, or with the column of that name replaced.
  /// - Parameter role: that of a new column.
  public func with(
    _ name: String, _ cells: [Cell], role: Column.Role = .value
  ) throws -> Table {
    guard cells.count == rowCount || columns.isEmpty else {
      throw DomainError(
        .value, "the column `\(name)` needs \(rowCount) values, one a row; found \(cells.count)")
    }
    var result = columns
    if let place = result.firstIndex(where: { $0.name.isSpelt(name) }) {
      result[place].cells = cells
    } else {
      result.append(Column(name, cells, role: role))
    }
    return Table(unchecked: result, rowCount: cells.count)
  }

  /// Rows of both, columns by name.
  public func appending(_ other: Table) -> Table {
    let roles = Dictionary(
      (columns + other.columns).map { (Spelling($0.name), $0.role) },
      uniquingKeysWith: { $0 == .value ? $1 : $0 })
    return Table(
      rows: (0..<rowCount).map(row) + (0..<other.rowCount).map(other.row), roles: roles)
  }

  public func renamed(_ old: String, to new: String) throws -> Table {
    _ = try column(old)
    return try Table(
      columns: columns.map { $0.name.isSpelt(old) ? Column(new, $0.cells, role: $0.role) : $0 })
  }
}
