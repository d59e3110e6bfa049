import Runtime
import Tensors

/// Numbers in one of three forms, given back in the same.
struct NumberVector: Bindable {
  static let typeName = "number, list of float or tensor"

  enum Form {
    case number, list
    case tensor(Shape, DType)
  }
  var values: [Double]
  var form: Form

  static func decode(_ value: Value, _ vm: VM) throws -> NumberVector? {
    // A tensor parameter takes numbers and lists as well; here the form is to stay.
    if value.typeName == Tensor.typeName, let tensor = try Tensor.decode(value, vm) {
      return NumberVector(
        values: try tensor.cast(to: .f64).contiguous().array(Double.self),
        form: .tensor(tensor.shape, tensor.dtype == .f32 ? .f32 : .f64))
    }
    if let number = Double.decode(value, vm) {
      return NumberVector(values: [number], form: .number)
    }
    return try [Double].decode(value, vm).map { NumberVector(values: $0, form: .list) }
  }

  /// Whether the numbers are kept as 32-bit floats.
  var isSingle: Bool {
    if case .tensor(_, .f32) = form { true } else { false }
  }

  func with(_ values: [Double]) -> NumberVector { NumberVector(values: values, form: form) }

  func encode(_ vm: VM) throws -> Value {
    switch form {
    case .number: values[0].encode(vm)
    case .list: try values.encode(vm)
    case .tensor(let shape, .f32):
      try Tensor(values.map(Float.init), shape: shape).encode(vm)
    case .tensor(let shape, _): try Tensor(values, shape: shape).encode(vm)
    }
  }
}
