import Foundation
import Foundations
import Tables

/// What becomes of missing numbers.
public enum MissingNumbers: String, Sendable, CaseIterable {
  case mean, median
  case mostFrequent = "most_frequent"
  /// Rows that miss anything, be it a category or the label, are left out.
  case drop
  case error
}

/// Which columns of a table are what. Columns that are named nowhere are numeric where they hold numbers, and
/// categorical otherwise.
public struct TabularRoles: Sendable {
  /// The column to be predicted, or several that are one label together; none for a table without labels.
  public var labels: [String]
  public var numeric: [String]
  public var categorical: [String]
  /// Columns that are kept beside and never an input.
  public var groups: [String]
  public var missing: MissingNumbers

  public init(
    labels: [String], numeric: [String] = [], categorical: [String] = [], groups: [String] = [],
    missing: MissingNumbers = .mean
  ) {
    self.labels = labels
    self.numeric = numeric
    self.categorical = categorical
    self.groups = groups
    self.missing = missing
  }
}

/// How rows of a table become numbers: numeric columns less their mean over their standard deviation (division by n, as
/// scikit-learn's StandardScaler; a constant becomes 0), categorical ones as one column a category that is 1 or 0. What
/// is missing in a categorical column is a category of its own where it was missing in training. A category that the
/// training rows had not is 0 in all columns of its feature.
public struct TabularEncoding: Sendable {
  enum Column: Sendable {
    /// What stands for a missing number, what is taken off, and what the rest is divided by.
    case numeric(fill: Double, center: Double, scale: Double)
    /// The place of each category; nil's is that of missing ones.
    case categorical(places: [Spelling: Int], missing: Int?, names: [String])

    var width: Int {
      switch self {
      case .numeric: 1
      case .categorical(_, _, let names): names.count
      }
    }
  }

  public let roles: TabularRoles
  /// The names of the inputs: `age`, `sex=F`.
  public let features: [String]
  /// The classes of the label, in rising order; nil for labels that are numbers to be met, or none.
  public let classes: [Cell]?
  let columns: [(name: String, column: Column)]

  private static let mostCategories = 1000
  private static let mostClasses = 1000

  /// Learns how to encode from the rows of a table.
  /// - Parameter classes: the classes, where they are known from more rows than these.
  /// - Throws: a `DomainError`: `key` for an unknown column, `value` for one with two roles, without a value, with
  ///   thousands of categories, or with something missing where that is an error, `type` for a numeric column that
  ///   holds something else.
  public init(_ table: Table, _ roles: TabularRoles, classes known: [Cell]? = nil) throws {
    self.roles = roles
    let inputs = try TabularEncoding.inputs(of: table, roles)
    guard table.rowCount > 0 else { throw DomainError(.value, "the table has no rows") }
    columns = try inputs.map { name, isNumeric in
      let cells = try columnCells(table, name)
      return (
        name,
        isNumeric
          ? try TabularEncoding.numeric(name, cells, roles.missing)
          : try TabularEncoding.categorical(name, cells, roles.missing)
      )
    }
    features = columns.flatMap { name, column -> [String] in
      switch column {
      case .numeric: [name]
      case .categorical(_, _, let names): names.map { "\(name)=\($0)" }
      }
    }
    classes = try known ?? TabularEncoding.classes(of: table, roles.labels)
  }

  // MARK: Roles

  /// The names of the inputs, in the order of the table, and whether each is numeric.
  private static func inputs(of table: Table, _ roles: TabularRoles) throws -> [(String, Bool)] {
    var given: [Spelling: String] = [:]
    for (role, names) in [
      ("the label", roles.labels), ("numeric", roles.numeric), ("categorical", roles.categorical),
      ("a group", roles.groups),
    ] {
      for name in names {
        _ = try table.column(name)
        // A group may be the label, or be named numeric or categorical in vain: it is no input.
        if let other = given[Spelling(name)], role != "a group" {
          throw DomainError(
            .value,
            other == role
              ? "the column `\(name)` is named twice"
              : "the column `\(name)` is \(other) and \(role)"
          )
        }
        given[Spelling(name)] = role
      }
    }
    let beside = Set(spelt: roles.labels + roles.groups)
    let inputs = try table.names.filter { !beside.contains(Spelling($0)) }.map { name in
      let isNumeric =
        switch given[Spelling(name)] {
        case "numeric": true
        case "categorical": false
        default:
          try columnCells(table, name).allSatisfy(\.isNumberOrMissing)
            && columnCells(table, name).contains { !$0.isNull }
        }
      return (name, isNumeric)
    }
    guard !inputs.isEmpty else {
      throw DomainError(.value, "no column is left for the inputs")
    }
    return inputs
  }

  /// The classes of the labels, in rising order; nil where they are floats, or there are none.
  private static func classes(of table: Table, _ labels: [String]) throws -> [Cell]? {
    guard !labels.isEmpty else { return nil }
    let columns = try labels.map { try columnCells(table, $0) }
    let isRegression = columns.allSatisfy { cells in
      cells.allSatisfy(\.isNumberOrMissing) && cells.contains { $0.isFloat }
    }
    if isRegression { return nil }
    var seen: Set<Cell> = []
    for row in 0..<table.rowCount {
      guard let label = label(columns, row) else { continue }
      seen.insert(label)
      guard seen.count <= mostClasses else {
        throw DomainError(
          .value,
          "the label \(described(labels)) has more than \(mostClasses) classes",
          hint:
            "numbers to be met are floats: `t.with(\"\(labels[0])\", r => float(r.\(labels[0])))`"
        )
      }
    }
    guard !seen.isEmpty else {
      throw DomainError(.value, "the label \(described(labels)) has no value")
    }
    return seen.sorted(by: Cell.precedes)
  }

  private static func described(_ names: [String]) -> String {
    names.map { "`\($0)`" }.joined(separator: " with ")
  }

  /// The label of a row: the cell, or of several columns the list of them; nil where one is missing.
  static func label(_ columns: [[Cell]], _ row: Int) -> Cell? {
    let cells = columns.map { $0[row] }
    if cells.contains(where: \.isNull) { return nil }
    return cells.count == 1 ? cells[0] : .list(cells)
  }

  // MARK: Learning columns

  private static func numeric(_ name: String, _ cells: [Cell], _ missing: MissingNumbers) throws
    -> Column
  {
    var numbers: [Double] = []
    numbers.reserveCapacity(cells.count)
    for (row, cell) in cells.enumerated() {
      try Cancellation.check(turn: row)
      if let number = try number(cell, name, row) { numbers.append(number) }
    }
    guard let first = numbers.first else {
      throw DomainError(
        .value, "the column `\(name)` has no value",
        hint: "leave it out: `t.without(\"\(name)\")`")
    }
    if missing == .error, numbers.count < cells.count {
      throw missingError(name, cells.count - numbers.count)
    }
    let mean = numbers.reduce(0) { $0 + $1 / Double(numbers.count) }
    let fill =
      switch missing {
      case .median: median(numbers)
      case .mostFrequent: mostFrequent(numbers)
      default: mean
      }
    // Of the rows as they are after filling.
    let filled = numbers + [Double](repeating: fill, count: cells.count - numbers.count)
    let center = filled.reduce(0) { $0 + $1 / Double(filled.count) }
    let variance = filled.reduce(0) {
      $0 + ($1 - center) * ($1 - center) / Double(filled.count)
    }
    guard center.isFinite, variance.isFinite else {
      throw DomainError(.value, "the numbers of the column `\(name)` are too large to be scaled")
    }
    // Equal values differ from their computed mean by rounding alone.
    let isConstant = filled.allSatisfy { $0 == first }
    return .numeric(
      fill: fill, center: isConstant ? first : center,
      scale: isConstant || variance == 0 ? 1 : variance.squareRoot())
  }

  /// The number in a cell; nil where it is missing.
  static func number(_ cell: Cell, _ name: String, _ row: Int) throws -> Double? {
    guard !cell.isNull else { return nil }
    guard let number = cell.number else {
      throw DomainError(
        .type,
        "the column `\(name)` is numeric, but row \(row) holds \(String(cell.sourceText.prefix(60)))",
        hint: "name it in `categorical:`")
    }
    guard number.isFinite else {
      throw DomainError(
        .value,
        "the column `\(name)` holds \(cell.text) in row \(row), which is no number to learn from",
        hint:
          "make it missing: `t.with(\"\(name)\", t[\"\(name)\"].map(x => if isfinite(x) { x } else { nil }))`"
      )
    }
    return number
  }

  static func missingError(_ name: String, _ count: Int) -> DomainError {
    DomainError(
      .value, "the column `\(name)` has no value in \(count) row\(count == 1 ? "" : "s")",
      hint: "say what becomes of them: `missing: \"mean\"` or `missing: \"drop\"`")
  }

  private static func median(_ numbers: [Double]) -> Double {
    let sorted = numbers.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1
      ? sorted[middle] : sorted[middle - 1] / 2 + sorted[middle] / 2
  }

  /// Of equally frequent ones the least.
  private static func mostFrequent(_ numbers: [Double]) -> Double {
    let counts = Dictionary(numbers.map { ($0, 1) }, uniquingKeysWith: +)
    return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? 0
  }

  private static func categorical(_ name: String, _ cells: [Cell], _ missing: MissingNumbers)
    throws -> Column
  {
    var seen: [Spelling: Cell] = [:]
    var missingCount = 0
    for (row, cell) in cells.enumerated() {
      try Cancellation.check(turn: row)
      if cell.isNull {
        missingCount += 1
      } else if seen.updateValue(cell, forKey: Spelling(cell.text)) == nil,
        seen.count > mostCategories
      {
        throw DomainError(
          .value,
          "the column `\(name)` has more than \(mostCategories) categories",
          hint: "leave it out (`t.without(\"\(name)\")`), or gather rare ones under one name")
      }
    }
    if missing == .error, missingCount > 0 { throw missingError(name, missingCount) }
    guard !seen.isEmpty else {
      throw DomainError(
        .value, "the column `\(name)` has no value",
        hint: "leave it out: `t.without(\"\(name)\")`")
    }
    let ordered = seen.sorted {
      Cell.precedes($0.value, $1.value)
        || (!Cell.precedes($1.value, $0.value) && $0.key < $1.key)
    }
    var names = ordered.map(\.key.text)
    let places = Dictionary(
      ordered.enumerated().map { ($0.element.key, $0.offset) }, uniquingKeysWith: { a, _ in a })
    var place: Int?
    if missingCount > 0 {
      place = names.count
      names.append("nil")
    }
    return .categorical(places: places, missing: place, names: names)
  }
}

/// The cells of a column: the one place where encoding touches how tables keep them.
func columnCells(_ table: Table, _ name: String) throws -> [Cell] { try table.column(name).cells }

extension Cell {
  /// Whether it is a number (a bool is none) or missing.
  fileprivate var isNumberOrMissing: Bool {
    switch self {
    case .null, .int, .float: true
    default: false
    }
  }

  fileprivate var isFloat: Bool {
    if case .float = self { true } else { false }
  }
}
