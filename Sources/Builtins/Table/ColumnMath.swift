import Foundations
import Runtime
import Tables
import Tensors

/// Global functions on columns: those that the core declares for numbers and sequences take columns through
/// `overload`. What sums up leaves missing values out, as the column's own methods do; what is done value by value
/// keeps them, follows IEEE 754 as the arithmetic of columns does (`log(-1.0)` is nan), and leaves ints ints where the
/// function gives whole numbers.
enum ColumnMath {
  /// A global function of the core on a column; nil where it is not for us.
  static func overload(_ function: String, _ arguments: [Value], _ vm: VM) throws -> Value? {
    guard let first = arguments.first, let column = (first.object as? Boxed<Series>)?.value else {
      return nil
    }
    return try Cancellation.abandonable {
      try result(of: function, column, Array(arguments.dropFirst()), vm)
    }
  }

  private static func result(
    of function: String, _ column: Series, _ rest: [Value], _ vm: VM
  ) throws -> Value? {
    switch function {
    case "sum": return try column.reduced(.sum).encode(vm)
    case "min": return try column.reduced(.min).encode(vm)
    case "max": return try column.reduced(.max).encode(vm)
    default: break
    }
    let numbers = try numeric(column, function)
    if case .int(let items) = numbers.values,
      let whole = try whole(function, items, numbers.missing, rest)
    {
      return vm.box(Series(.int(whole), missing: numbers.missing))
    }
    guard case .float(let items) = numbers.floating.values else { return nil }
    switch function {
    case "isnan": return vm.box(Series(.bool(items.map(\.isNaN)), missing: column.missing))
    case "isinf": return vm.box(Series(.bool(items.map(\.isInfinite)), missing: column.missing))
    case "isfinite": return vm.box(Series(.bool(items.map(\.isFinite)), missing: column.missing))
    case "round":
      if let digits = rest.first {
        guard case .int(let digits) = digits else { return nil }
        return vm.box(
          Series(.float(items.map { CoreBuiltins.round($0, digits) }), missing: column.missing))
      }
    default: break
    }
    return try elementwise(function, items, rest, vm).map {
      vm.box(Series(.float($0), missing: column.missing))
    }
  }

  /// The column where it holds ints or floats, or nothing at all.
  private static func numeric(_ column: Series, _ function: String) throws -> Series {
    switch column.values {
    case .int, .float: return column
    default:
      if column.isAllMissing || column.kind == .mixed, let numbers = column.numbers {
        return Series(.float(numbers), missing: column.missing)
      }
      throw DomainError(
        .type, "`\(function)` needs numbers, found a column of type \(column.kind.rawValue)")
    }
  }

  /// What a function that keeps ints makes of them; nil for another function.
  private static func whole(
    _ function: String, _ items: [Int], _ missing: [Bool]?, _ rest: [Value]
  ) throws -> [Int]? {
    switch function {
    case "floor", "ceil", "trunc": return items
    case "sign": return items.map { $0.signum() }
    case "round":
      guard let digits = rest.first else { return items }
      guard case .int(let digits) = digits else { return nil }
      return try items.indices.map { row in
        missing?[row] ?? false ? 0 : try CoreBuiltins.round(items[row], digits)
      }
    case "abs":
      return try items.indices.map { row in
        if missing?[row] ?? false { return 0 }
        guard items[row] != .min else {
          throw DomainError(
            .value, "the absolute value of \(items[row]) does not fit into a 64-bit int")
        }
        return Swift.abs(items[row])
      }
    default: return nil
    }
  }

  /// A function of tensors on the values of a column, in double precision.
  private static func elementwise(
    _ function: String, _ items: [Double], _ rest: [Value], _ vm: VM
  ) throws -> [Double]? {
    let operand = vm.box(try Tensor(items))
    guard let result = try TensorMath.overload(function, [operand] + rest, vm),
      let tensor = (result.object as? Boxed<Tensor>)?.value, tensor.shape == [items.count]
    else { return nil }
    return try tensor.doubles()
  }
}

extension Series {
  /// Ints as floats.
  fileprivate var floating: Series {
    guard case .int(let items) = values else { return self }
    return Series(.float(items.map(Double.init)), missing: missing)
  }
}
