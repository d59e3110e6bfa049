import Foundations
import Runtime
import Syntax
import Tables
import Tensors

// The columns of tables in scripts: what they are, and their operators.

extension Series: NativeValue {
  public static let typeName = "column"
  public static let nativeType = NativeType<Series>(
    "column", "The values of a table's column: immutable, calculated and compared value by value."
  ) { type in
    type.representation = { series, _ in ColumnOperators.text(series) }
    type.samples = [
      { Series(.int([1, 2])) }, { Series(.float([0.5, 2])) }, { Series(.bool([true, false])) },
      { Series(.string(Texts(["a", "b"]))) }, { Series(.date([20_000, 20_001])) },
      { Series(.datetime([0, 1])) },
    ]
    type.byteCount = { $0.byteCount }
    type.shared = { $0 }
    type.binary = { vm, op, left, right in
      try Cancellation.abandonable { try ColumnOperators.binary(op, left, right, vm) }
    }
    type.negate = { series, vm in vm.box(try series.negated()) }
    type.invert = { series, vm in vm.box(try series.inverted()) }
    type.compare = { vm, op, left, right in
      try Cancellation.abandonable { try ColumnOperators.compare(op, left, right, vm) }
    }
    type.equals = { $0 == $1 }
    type.index = ColumnOperators.index
    type.setIndex = { _, _, _, _ in throw ColumnOperators.immutable() }
    type.length = { $0.count }
    type.iterate = { series, _ in
      var row = 0
      return IteratorObject("column") { vm in
        guard row < series.count else { return nil }
        row += 1
        return series[row - 1].encode(vm)
      }
    }
    type.membershipHint =
      "a mask, true where a value is one of several, is `t.v.is_in([1, 2])`"
    type.contains = { series, value, vm in
      if value.object is Boxed<Series> {
        throw Fault(
          .type,
          "`in` asks of the whole column whether it is a value of the other: that is one bool",
          hint: "a mask, true where a value is one of the other's, is `t.v.is_in(u.v)`")
      }
      let cell = try Cell(value, vm)
      if cell.isNull { return series.missing != nil }
      guard let result = try? Series.compared(.equal, series, Series(cells: [cell])) else {
        return false
      }
      return try !result.chosen().isEmpty
    }
    type.transfer = .share
    type.hasContent()
    type.field("type", "What its values are: \"int\", \"string\", \"date\" and so on.") {
      $0.kind.rawValue
    }
    type.field("year", "The years of dates.") { try $0.part(.year) }
    type.field("month", "The months of dates, 1 to 12.") { try $0.part(.month) }
    type.field("day", "The days of dates within their months.") { try $0.part(.day) }
    type.field("weekday", "The weekdays of dates, 1 for Monday to 7 for Sunday.") {
      try $0.part(.weekday)
    }
    type.foreignNames = ForeignNames.column
    type.field("hour", "The hours of moments, 0 to 23.") { try $0.part(.hour) }
    type.field("minute", "The minutes of moments, 0 to 59.") { try $0.part(.minute) }
    type.field("second", "The seconds of moments, 0 to 59.") { try $0.part(.second) }
    type.methods(ColumnMethods.reductions)
    type.methods(ColumnMethods.columns)
    type.methods(ColumnMethods.conversions)
  }
}

enum ColumnOperators {
  /// Longer columns are shown by their ends.
  private static let shownCount = 1000

  static func text(_ series: Series) -> String {
    let text: (Int) -> String = { series[$0].sourceText }
    guard series.count > shownCount else {
      return "[" + (0..<series.count).map(text).joined(separator: ", ") + "]"
    }
    let first = (0..<5).map(text)
    let last = (series.count - 5..<series.count).map(text)
    return "[" + (first + ["…"] + last).joined(separator: ", ")
      + "] (\(series.count) values of type \(series.kind.rawValue))"
  }

  static func immutable() -> Fault {
    Fault(
      .type, "a column cannot be changed",
      hint: "make a table with another column: `t.with(\"name\", values)`")
  }

  /// An operand beside a column: a column, the values of a list, a range or a tensor, or one value for all rows.
  static func operand(_ value: Value, _ vm: VM) throws -> Series? {
    switch value {
    case .nothing: return nil
    case .bool, .int, .float: return Series(cells: [try Cell(value, vm)])
    case .object:
      if let text = value.string { return Series(cells: [.string(text)]) }
      if let series = try series(value, vm) { return series }
      guard value.object?.kind == .native else { return nil }
      let cell = try Cell(value, vm)
      if case .opaque = cell { return nil }
      return Series(cells: [cell])
    }
  }

  /// The column of a list, range or tensor; nil for other values.
  static func series(_ value: Value, _ vm: VM) throws -> Series? {
    if let series = try Series.decode(value, vm) { return series }
    if let boxed = value.object as? Boxed<Tensor> { return try Series(boxed.value) }
    if let range = value.object as? RangeObject {
      let (bytes, overflow) = range.count.multipliedReportingOverflow(by: 16)
      try vm.reserve(overflow ? .max : bytes)
      return Series(.int((0..<range.count).map(range.element)))
    }
    guard value.object?.kind == .list, let elements = try vm.elements(of: value) else { return nil }
    return Series(
      cells: try elements.enumerated().map { index, element in
        try vm.checkInterrupt(turn: index)
        return try Cell(element, vm)
      })
  }

  /// The tensor of a column, or of a table's columns side by side, [rows, columns]; nil for other values. Columns of
  /// different types come as f32 where `dtype` names no other.
  static func tensor(_ value: Value, _ dtype: DType?, _ vm: VM) throws -> Tensor? {
    if let column = (value.object as? Boxed<Series>)?.value { return try column.tensor(dtype) }
    guard let table = (value.object as? Boxed<Table>)?.value else { return nil }
    let columns = table.shown.map(\.series)
    let kinds = Set(columns.map(\.kind))
    guard !columns.isEmpty else { return try .zeros([table.rowCount, 0], dtype ?? .f32) }
    let common = dtype ?? (kinds.count == 1 ? nil : .f32)
    if dtype == nil, common == .f32, let column = table.shown.first(where: hasWideInts) {
      vm.note(
        "tensor: the ints of `\(column.name)` are rounded to f32, which has 24 bits; `tensor(t, \"f64\")` keeps those up to 2^53"
      )
    }
    return try Tensor.stacked(columns.map { try $0.tensor(common) }, axis: 1)
  }

  private static func hasWideInts(_ column: Table.Column) -> Bool {
    guard case .int(let items) = column.series.values else { return false }
    return items.indices.contains { row in
      !column.series.isMissing(row) && Int(exactly: Float(items[row])) != items[row]
    }
  }

  static func binary(_ op: BinaryOperator, _ left: Value, _ right: Value, _ vm: VM) throws -> Value?
  {
    guard let a = try operand(left, vm), let b = try operand(right, vm) else { return nil }
    if op.isLogical { return vm.box(try Series.combined(a, b, isOr: op == .either)) }
    guard let operation = Series.Operation(rawValue: op.rawValue) else { return nil }
    return vm.box(try Series.calculated(operation, a, b))
  }

  static func compare(
    _ op: ComparisonOperator, _ left: Value, _ right: Value, _ vm: VM
  ) throws -> Value? {
    guard let comparison = Series.Comparison(rawValue: op.rawValue),
      let a = try operand(left, vm), let b = try operand(right, vm)
    else { return nil }
    if comparison == .equal || comparison == .notEqual, !a.canEqual(b) {
      vm.note(
        "`\(op.rawValue)` compares a column of type \(a.kind.rawValue) with \(b.kind.rawValue): these are never equal"
      )
    }
    return vm.box(try Series.compared(comparison, a, b))
  }

  /// `c[0]` is a value, `c[1:3]`, `c[mask]` and `c[[0, 2]]` are columns.
  static func index(_ series: Series, _ subscripts: [SubscriptValue], _ vm: VM) throws -> Value {
    guard subscripts.count == 1 else {
      throw Fault(.index, "a column takes one subscript, found \(subscripts.count)")
    }
    switch subscripts[0] {
    case .index(.int(let place)):
      let row = place < 0 ? place + series.count : place
      guard row >= 0, row < series.count else {
        throw Fault(.index, "row \(place) is outside of a column of \(series.count) values")
      }
      return series[row].encode(vm)
    case .index(let value):
      return vm.box(series.gathered(try RowPlaces.rows(value, count: series.count, "column", vm)))
    case .slice(let start, let stop, let step):
      return vm.box(
        series.gathered(try RowPlaces.places(start, stop, step ?? 1, count: series.count)))
    case .ellipsis: return vm.box(series)
    }
  }
}

/// Rows that a subscript names.
enum RowPlaces {
  /// The rows of a mask or of a list of row numbers.
  static func rows(_ value: Value, count: Int, _ what: String, _ vm: VM) throws -> [Int] {
    guard let chosen = try ColumnOperators.series(value, vm) else {
      throw Fault(
        .type,
        "a \(what) is indexed by a row number, a slice, a mask or row numbers, found \(Representation.described(value))",
        hint: value.isBool
          ? "`==` with nil and `in` are one bool for the whole column: use `t.v.is_missing()`, `t.v.is_in([1, 2])`"
          : nil)
    }
    if chosen.kind == .bool {
      guard chosen.count == count else {
        throw Fault(
          .index, "a mask needs a bool for each of the \(count) rows, found \(chosen.count)")
      }
      return try chosen.chosen()
    }
    guard chosen.count > 0 else { return [] }
    guard case .int(let places) = chosen.values, chosen.missing == nil else {
      throw Fault(
        .type, "a \(what) is indexed by ints or bools, found a list of \(chosen.kind.rawValue)")
    }
    return try places.map { place in
      let row = place < 0 ? place &+ count : place
      guard row >= 0, row < count else {
        throw Fault(.index, "row \(place) is outside of \(count) rows")
      }
      return row
    }
  }

  static func places(_ start: Int?, _ stop: Int?, _ step: Int, count: Int) throws -> [Int] {
    guard step != 0 else { throw Fault(.value, "a slice's step cannot be 0") }
    func clamp(_ value: Int, _ low: Int, _ high: Int) -> Int {
      let place = value < 0 ? value + count : value
      return min(max(place, low), high)
    }
    if step > 0 {
      return Array(
        stride(from: clamp(start ?? 0, 0, count), to: clamp(stop ?? count, 0, count), by: step))
    }
    let first = start.map { clamp($0, -1, count - 1) } ?? count - 1
    let end = stop.map { clamp($0, -1, count - 1) } ?? -1
    return Array(stride(from: first, to: end, by: max(step, -count - 1)))
  }
}

extension Value {
  var isBool: Bool { if case .bool = self { true } else { false } }
}

extension Series {
  /// The elements of a tensor of one axis; f32 as the doubles that they are.
  convenience init(_ tensor: Tensor) throws {
    guard tensor.rank <= 1 else {
      throw DomainError(
        .shape, "a column has one axis, found a tensor of shape \(tensor.shape)",
        hint: "take one column of it: `x[:, 0]`")
    }
    switch tensor.dtype {
    case .f32, .f64: self.init(.float(try tensor.doubles()))
    case .i64, .i32: self.init(.int(try tensor.integers()))
    case .bool: self.init(.bool(try tensor.integers().map { $0 != 0 }))
    }
  }

  /// The values as a tensor of one axis.
  /// - Throws: `type` where they are no numbers, `value` where an int or bool is missing.
  func tensor(_ dtype: DType?) throws -> Tensor {
    let natural: Tensor
    switch values {
    case .int(let items):
      if let missing, let dtype, dtype.isFloating {
        let numbers = items.indices.map { missing[$0] ? Double.nan : Double(items[$0]) }
        return try Tensor(numbers).cast(to: dtype)
      }
      natural = try Tensor(ints: items)
    case .bool(let items): natural = try Tensor(items)
    default:
      guard let numbers else {
        throw DomainError(
          .type, "a column of type \(kind.rawValue) is no tensor",
          hint: kind == .string || kind == .category
            ? "`t.one_hot(\"name\")` makes columns of 0 and 1" : nil)
      }
      return try Tensor(numbers).cast(to: dtype ?? .f32)
    }
    guard missing == nil else {
      throw DomainError(
        .value, "\(missingCount) values of the column are missing",
        hint: "fill them first: `.fill_missing(0)`, or ask for floats: `.tensor(\"f32\")`")
    }
    return try dtype.map { try natural.cast(to: $0) } ?? natural
  }
}
