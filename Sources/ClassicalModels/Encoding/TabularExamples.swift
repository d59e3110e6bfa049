import Foundations
import Tables
import Tensors

/// Rows of a table as numbers to learn from, with what made them so.
public struct TabularExamples: Sendable {
  /// The rows as they were; those that were left out are not among them.
  public let table: Table
  public let encoding: TabularEncoding
  /// f32 `[rows, features]`.
  public let inputs: Tensor
  /// i64 `[rows]` for classes, f32 `[rows]` (or `[rows, columns]` for several) for numbers; nil without labels.
  public let labels: Tensor?
  /// What a reader should know, in sentences.
  public let notes: [String]

  public var count: Int { table.rowCount }
  public var features: [String] { encoding.features }
  public var classes: [Cell]? { encoding.classes }
  /// The columns that are kept beside.
  public var groups: Table {
    get throws { try table.select(encoding.roles.groups) }
  }

  /// Rows encoded by their own statistics.
  /// - Throws: as `TabularEncoding.init`, and `value` where a label is missing.
  public init(_ table: Table, _ roles: TabularRoles) throws {
    let kept = try TabularExamples.whole(table, roles)
    let encoding = try TabularEncoding(kept.table, roles)
    try self.init(
      kept.table, encoding,
      notes: kept.notes + TabularExamples.wideNotes(encoding, rows: kept.table.rowCount))
  }

  /// Rows encoded by the statistics of others, as they were in training. A table without the label's columns gives
  /// examples without labels.
  public func preparing(_ table: Table) throws -> TabularExamples {
    let roles = encoding.roles
    let known = TabularRoles(
      labels: roles.labels.allSatisfy(table.hasColumn) ? roles.labels : [],
      groups: roles.groups.filter(table.hasColumn), missing: roles.missing)
    for (name, _) in encoding.columns { _ = try table.column(name) }
    let kept = try TabularExamples.whole(table, known, inputs: encoding.columns.map(\.name))
    return try TabularExamples(
      kept.table, encoding, notes: kept.notes, hasLabels: !known.labels.isEmpty)
  }

  /// Rows of a table without labels, encoded by what others were encoded by.
  /// - Throws: as `preparing`.
  public init(_ table: Table, _ encoding: TabularEncoding) throws {
    for (name, _) in encoding.columns { _ = try table.column(name) }
    try self.init(table, encoding, notes: [], hasLabels: false)
  }

  /// Some of the rows as they are encoded here.
  public func selecting(_ rows: [Int]) throws -> TabularExamples {
    let places = try Tensor(ints: rows)
    return TabularExamples(
      table: table.rows(at: rows), encoding: encoding,
      inputs: try inputs.indexSelected(axis: 0, places),
      labels: try labels?.indexSelected(axis: 0, places), notes: notes)
  }

  /// Some of the rows, encoded by their own statistics; classes keep their numbers.
  public func training(on rows: [Int]) throws -> TabularExamples {
    let part = table.rows(at: rows)
    return try TabularExamples(
      part, try TabularEncoding(part, encoding.roles, classes: encoding.classes), notes: [])
  }

  private init(
    table: Table, encoding: TabularEncoding, inputs: Tensor, labels: Tensor?, notes: [String]
  ) {
    self.table = table
    self.encoding = encoding
    self.inputs = inputs
    self.labels = labels
    self.notes = notes
  }

  private init(
    _ table: Table, _ encoding: TabularEncoding, notes: [String], hasLabels: Bool = true
  ) throws {
    self.table = table
    self.encoding = encoding
    var notes = notes
    inputs = try TabularExamples.inputs(table, encoding, &notes)
    labels = hasLabels ? try TabularExamples.labels(table, encoding) : nil
    self.notes = notes
  }

  /// Categories of which nearly each row has its own are seldom meant: ids, dates and free text have them.
  private static func wideNotes(_ encoding: TabularEncoding, rows: Int) -> [String] {
    encoding.columns.compactMap { name, column in
      guard case .categorical(let places, _, _) = column, places.count > 50,
        2 * places.count > rows
      else { return nil }
      return
        "the column `\(name)` has \(places.count) categories in \(rows) rows, an input for each; leave it out, `t.without(\(Quoting.literal(name)))`, or make numbers of it first"
    }
  }

  /// The table without rows that miss something, where those are to be left out.
  private static func whole(
    _ table: Table, _ roles: TabularRoles, inputs: [String]? = nil
  ) throws -> (table: Table, notes: [String]) {
    guard roles.missing == .drop else { return (table, []) }
    let names = (inputs ?? table.names.filter { !roles.groups.containsSpelling($0) }) + roles.labels
    let columns = try names.map { try columnCells(table, $0) }
    let rows = (0..<table.rowCount).filter { row in columns.allSatisfy { !$0[row].isNull } }
    guard rows.count < table.rowCount else { return (table, []) }
    guard !rows.isEmpty else {
      throw DomainError(.value, "every row misses something, so that none is left")
    }
    return (
      table.rows(at: rows),
      ["\(table.rowCount - rows.count) of \(table.rowCount) rows miss something and are left out"]
    )
  }

  private static func inputs(
    _ table: Table, _ encoding: TabularEncoding, _ notes: inout [String]
  ) throws -> Tensor {
    let width = encoding.features.count
    let result = try Tensor.zeros(Shape(checking: [table.rowCount, width]))
    var first = 0
    for (name, column) in encoding.columns {
      try Cancellation.check()
      let cells = try columnCells(table, name)
      let target = result.floats + first
      switch column {
      case .numeric(let fill, let center, let scale):
        for (row, cell) in cells.enumerated() {
          let number = try TabularEncoding.number(cell, name, row)
          if number == nil, encoding.roles.missing == .error {
            throw TabularEncoding.missingError(name, cells.count(where: \.isNull))
          }
          target[row * width] = Float(((number ?? fill) - center) / scale)
        }
      case .categorical(let places, let missing, _):
        var unseen = 0
        for (row, cell) in cells.enumerated() {
          let place = cell.isNull ? missing : places[Spelling(cell.text)]
          if let place { target[row * width + place] = 1 } else { unseen += 1 }
        }
        if unseen > 0 {
          notes.append(
            "the column `\(name)` has a category that training had not in \(unseen) row\(unseen == 1 ? "" : "s"): 0 in all of its inputs"
          )
        }
      }
      first += column.width
    }
    return result
  }

  private static func labels(_ table: Table, _ encoding: TabularEncoding) throws -> Tensor? {
    let names = encoding.roles.labels
    guard !names.isEmpty else { return nil }
    let columns = try names.map { try columnCells(table, $0) }
    for (name, cells) in zip(names, columns) {
      let missing = cells.count(where: \.isNull)
      guard missing == 0 else {
        throw DomainError(
          .value, "the label `\(name)` has no value in \(missing) row\(missing == 1 ? "" : "s")",
          hint: "leave those rows out: `missing: \"drop\"`, or `t.filter(r => r.\(name) != nil)`")
      }
    }
    guard let classes = encoding.classes else {
      let values = try (0..<table.rowCount).flatMap { row in
        try zip(names, columns).map { name, cells in
          Float(try TabularEncoding.number(cells[row], name, row) ?? .nan)
        }
      }
      return try Tensor(
        values, shape: names.count == 1 ? [table.rowCount] : [table.rowCount, names.count])
    }
    let number = Dictionary(
      classes.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { a, _ in a })
    return try Tensor(
      ints: (0..<table.rowCount).map { row in
        guard let label = TabularEncoding.label(columns, row), let place = number[label] else {
          throw DomainError(
            .value,
            "row \(row) has a label that training had not: \(TabularEncoding.label(columns, row)?.sourceText ?? "nil")"
          )
        }
        return place
      })
  }
}
