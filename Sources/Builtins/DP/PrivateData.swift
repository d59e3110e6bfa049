import Foundations
import Runtime
import Tables
import Tensors

/// What a private statistic is of: a table, or values one by one. Only the form is looked at when it is taken: what is
/// in there may matter after the charge only.
struct PrivateData: Bindable {
  static let typeName = "list, column, tensor or table"

  private enum Form {
    case table(Table)
    case column(Series)
    case others(Value)
  }
  private let form: Form
  private let value: Value

  static func decode(_ value: Value, _ vm: VM) throws -> PrivateData? {
    if let table = try Table.decode(value, vm) {
      return PrivateData(form: .table(table), value: value)
    }
    if let series = try Series.decode(value, vm) {
      return PrivateData(form: .column(series), value: value)
    }
    guard ListObject.decode(value, vm) != nil || value.typeName == Tensor.typeName else {
      return nil
    }
    return PrivateData(form: .others(value), value: value)
  }

  func encode(_ vm: VM) -> Value { value }

  var table: Table? { if case .table(let table) = form { table } else { nil } }

  /// Its numbers, for what is no table; nil is missing.
  func numbers(_ vm: VM) throws -> Series {
    switch form {
    case .table: throw PrivateData.isTable
    case .column(let series): return series
    case .others(let value):
      if value.typeName == Tensor.typeName, let tensor = try Tensor.decode(value, vm) {
        return Series(.float(try tensor.cast(to: .f64).contiguous().array(Double.self)))
      }
      guard let numbers = try [Double?].decode(value, vm) else {
        throw Fault(.type, "expected a list of numbers, found \(Representation.described(value))")
      }
      return Series(.float(numbers.map { $0 ?? 0 }), missing: numbers.map { $0 == nil })
    }
  }

  /// Its values of whatever type, for what is no table.
  func items(_ vm: VM) throws -> Series {
    switch form {
    case .table: throw PrivateData.isTable
    case .column(let series): return series
    case .others(let value):
      if value.typeName == Tensor.typeName { return try numbers(vm) }
      let values = try vm.elements(of: value) ?? []
      return Series(
        cells: try values.enumerated().map { turn, value in
          try vm.checkInterrupt(turn: turn)
          return try Cell(value, vm)
        })
    }
  }

  private static var isTable: Fault {
    Fault(.type, "a statistic of a table is one of a column: say which")
  }
}
