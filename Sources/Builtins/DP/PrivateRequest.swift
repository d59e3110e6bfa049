import Foundations
import Privacy
import Runtime
import Tables
import Tensors

/// A private statistic that a script asks for: all that is known of it before the data are looked at.
struct PrivateRequest {
  private typealias Shared = PrivateStatisticsParameters

  private let data: PrivateData
  /// The table's columns of that name, where there is a table.
  private var values: Series?
  private var keyColumn: Series?
  private var units: Series?
  private let isHistogram: Bool
  /// What the first column of a result by groups is called; nil for one without groups.
  private let keyName: String?
  private let keys: [Value]?
  private let epsilon: Double
  private let delta: Double?
  private let most: Int
  private let level: Double

  /// - Parameter column: nil for a count of rows, which is of no column.
  init(_ arguments: inout Arguments, column: String??) throws {
    data = try arguments(Shared.data)
    isHistogram = false
    keyName = try arguments(Shared.by)
    keys = try arguments(Shared.keys)
    epsilon = try arguments(Shared.epsilon)
    delta = try arguments(Shared.delta)
    most = try arguments(Shared.most)
    level = try arguments(Shared.level)
    guard keyName.map({ !PrivateRequest.resultColumns.contains($0) }) ?? true else {
      throw Fault(
        .value, "the column of groups cannot have the name of a column of results",
        hint: "rename it first: `t.rename({value: \"…\"})`")
    }
    guard keyName != nil || (keys == nil && delta == nil) else {
      throw Fault(.value, "`keys` and `delta` are for groups: say by which column with `by`")
    }
    try takeColumns(
      of: &arguments, values: column.flatMap { $0 }, needsValues: column != nil, keys: keyName)
  }

  init(histogram arguments: inout Arguments) throws {
    data = try arguments(Shared.data)
    isHistogram = true
    keyName = "key"
    keys = try arguments(Shared.keys)
    epsilon = try arguments(Shared.epsilon)
    delta = try arguments(Shared.delta)
    most = try arguments(Shared.most)
    level = try arguments(Shared.level)
    let column = try arguments(Shared.column)
    guard (column == nil) == (data.table == nil) else {
      throw PrivateRequest.misplaced(column)
    }
    try takeColumns(of: &arguments, values: nil, needsValues: false, keys: column)
  }

  private mutating func takeColumns(
    of arguments: inout Arguments, values: String?, needsValues: Bool, keys: String?
  ) throws {
    let unit = try arguments(Shared.unit)
    guard unit != nil || most == 1 else {
      throw Fault(
        .value, "`max_contributions` bounds the rows of a unit: say whose rows are with `unit`")
    }
    guard let table = data.table else {
      guard values == nil, keys == nil, unit == nil else {
        throw PrivateRequest.misplaced(values ?? keys ?? unit)
      }
      return
    }
    guard !needsValues || values != nil else { throw PrivateRequest.misplaced(nil) }
    func series(_ name: String?) throws -> Series? { try name.map { try table.column($0).series } }
    TableRows.notice([values, keys, unit].compactMap(\.self), of: table)
    self.values = try series(values)
    keyColumn = try series(keys)
    units = try series(unit)
  }

  private static let resultColumns: Set = ["value", "low", "high", "epsilon"]

  private static func misplaced(_ name: String?) -> Fault {
    name.map {
      Fault(.value, "\(Quoting.literal($0)) is a column of a table, but the data are no table")
    } ?? Fault(.value, "a statistic of a table is one of a column: say which")
  }

  /// Charges, then looks at the data.
  func released(
    _ measure: PrivateStatistic.Measure, _ operation: String, _ vm: VM
  ) throws -> Value {
    let contribution = try UnitContribution(
      rows: most, neighbours: vm.neighbours, isGrouped: keyName != nil)
    guard let keyName else {
      let statistic = try PrivateStatistic(
        measure, epsilon: epsilon, contribution: contribution, level: level)
      try charge(statistic.mechanism, operation, vm)
      let result = try statistic.release(try columns(measure, vm), most: most)
      return try record(result, isWhole: measure == .count).encode(vm)
    }
    let known = try keys.map { try $0.map { try Cell($0, vm) } }
    try checkTypes(of: known ?? [])
    let release = try GroupedRelease(
      measure, keys: known, epsilon: epsilon, delta: delta, contribution: contribution,
      level: level)
    try charge(release.mechanism, operation, vm)
    let found = try release.release(try columns(measure, vm))
    return try table(found, keyName, isWhole: measure == .count).encode(vm)
  }

  /// Refuses keys that no value of the column can be equal to. What its type is counts as known; a column without
  /// values has none.
  private func checkTypes(of cells: [Cell]) throws {
    guard let column = keyColumn, column.missingCount < column.count else { return }
    for (place, cell) in cells.enumerated() where !column.kind.canHold(cell) {
      let key = keys.map { Representation.described($0[place]) } ?? "one"
      throw Fault(
        .type,
        "the column of groups is of type \(column.kind.rawValue), so that none of its values is equal to the key at \(place), \(key)",
        hint: "give `keys` of the column's type, or convert the column first")
    }
  }

  private func charge(_ mechanism: Mechanism, _ operation: String, _ vm: VM) throws {
    try vm.charge(
      Event(
        mechanism, neighbours: vm.neighbours, unit: units == nil ? .example : .user), operation)
  }

  private func columns(_ measure: PrivateStatistic.Measure, _ vm: VM) throws -> PrivateColumns {
    if let table = data.table {
      return PrivateColumns(
        values: values, keys: keyColumn, units: units, rowCount: table.rowCount)
    }
    if isHistogram {
      let keys = try data.items(vm)
      return PrivateColumns(values: nil, keys: keys, rowCount: keys.count)
    }
    guard measure != .count else {
      let items = try data.items(vm)
      // Counted are those that are there, whatever they are.
      let present = Series(
        .float([Double](repeating: 0, count: items.count)), missing: items.missing)
      return PrivateColumns(values: present, rowCount: items.count)
    }
    let numbers = try data.numbers(vm)
    return PrivateColumns(values: numbers, rowCount: numbers.count)
  }

  private func record(_ result: PrivateValue, isWhole: Bool) -> Record {
    func number(_ value: Double) -> any ValueEncodable {
      isWhole ? Int(exactly: value).map { $0 as any ValueEncodable } ?? value : value
    }
    return Record([
      ("value", number(result.value)), ("low", number(result.low)), ("high", number(result.high)),
      ("epsilon", epsilon),
    ])
  }

  private func table(_ found: GroupedValues, _ keyName: String, isWhole: Bool) throws -> Table {
    func series(_ part: (PrivateValue) -> Double) -> Series {
      let numbers = found.values.map(part)
      let whole = isWhole ? numbers.compactMap { Int(exactly: $0) } : []
      return Series(isWhole && whole.count == numbers.count ? .int(whole) : .float(numbers))
    }
    return try Table(columns: [
      Table.Column(keyName, found.labels, role: .axis),
      Table.Column("value", series(\.value)), Table.Column("low", series(\.low)),
      Table.Column("high", series(\.high)),
      Table.Column(
        "epsilon", Series(.float([Double](repeating: epsilon, count: found.labels.count)))),
    ])
  }
}

extension Series.Kind {
  /// Whether a column of this type can hold a value that is equal to `cell`.
  fileprivate func canHold(_ cell: Cell) -> Bool {
    switch (self, cell) {
    case (.mixed, _), (.list, _), (_, .null): true
    case (.bool, .bool), (.date, .date), (.datetime, .datetime): true
    case (.int, .int), (.int, .float), (.float, .int), (.float, .float): true
    case (.string, .string), (.category, .string): true
    default: false
    }
  }
}

/// Private covariances that a script asks for.
struct CovarianceRequest {
  private typealias Shared = PrivateStatisticsParameters

  private let columns: [Series]
  private let units: Series?
  private let bounds: [ValueBounds]
  private let rowCount: Int
  private let epsilon: Double
  private let most: Int
  private let level: Double
  private let isSemidefinite: Bool

  init(_ arguments: inout Arguments) throws {
    let table = try arguments(Shared.table)
    let names = try arguments(Shared.columns)
    rowCount = table.rowCount
    columns = try names.map { try table.column($0).series }
    epsilon = try arguments(Shared.epsilon)
    most = try arguments(Shared.most)
    level = try arguments(Shared.level)
    isSemidefinite = try arguments(Shared.isSemidefinite)
    let unit = try arguments(Shared.unit)
    units = try unit.map { try table.column($0).series }
    TableRows.notice(names + [unit].compactMap(\.self), of: table)
    guard units != nil || most == 1 else {
      throw Fault(
        .value, "`max_contributions` bounds the rows of a unit: say whose rows are with `unit`")
    }
    guard let pairs = try arguments(Shared.manyBounds), pairs.count == names.count else {
      throw Fault(
        .value, "covariances need `bounds`, a pair for each of the \(names.count) columns",
        hint: "write them as `bounds: [[low, high], …]`")
    }
    bounds = try pairs.map { try Shared.pair($0) }
  }

  /// Charges, then looks at the data.
  func released(_ vm: VM) throws -> Record {
    let covariance = try PrivateCovariance(
      bounds, epsilon: epsilon,
      contribution: UnitContribution(rows: most, neighbours: vm.neighbours), level: level,
      isSemidefinite: isSemidefinite)
    try vm.charge(
      Event(
        covariance.mechanism, neighbours: vm.neighbours, unit: units == nil ? .example : .user),
      "dp.covariance")
    let found = try covariance.release(columns, units: units, rowCount: rowCount, most: most)
    let shape = try Shape(checking: [bounds.count, bounds.count])
    return Record([
      ("value", try Tensor(found.values, shape: shape)),
      ("low", try Tensor(found.lows, shape: shape)),
      ("high", try Tensor(found.highs, shape: shape)), ("epsilon", epsilon),
    ])
  }
}
