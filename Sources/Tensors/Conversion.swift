import CKernels
import Foundations

// From one element type to another, and from tensors back to Swift values.

extension Tensor {
  /// The elements as another type: to integers towards zero (NaN gives 0, the ends of the type saturate), to bool
  /// whether not zero.
  public func cast(to target: DType) throws -> Tensor {
    if dtype == target { return self }
    let source = try contiguous().detached
    let result = try Tensor.uninitialized(shape, target).with(lengths: lengths)
    withExtendedLifetime(source) { source.convert(into: result) }
    guard dtype.isFloating, target.isFloating else { return result }
    let original = dtype
    return Tape.record("cast", self, result) { try $0.cast(to: original) }
  }

  /// Both are contiguous; not of one type.
  private func convert(into result: Tensor) {
    Parallel.blocks(count, size: StridedLoop.blockElements) { convert($0, into: result) }
  }

  private func convert(_ part: Range<Int>, into result: Tensor) {
    let (i, n) = (part.lowerBound, part.count)
    switch (dtype, result.dtype) {
    case (.f32, .f64): fl_convert_f32_f64(n, floats + i, result.pointer(Double.self) + i)
    case (.f64, .f32): fl_convert_f64_f32(n, pointer(Double.self) + i, result.floats + i)
    case (.f32, .i64): fl_convert_f32_i64(n, floats + i, result.pointer(Int64.self) + i)
    case (.i64, .f32): fl_convert_i64_f32(n, pointer(Int64.self) + i, result.floats + i)
    case (.f32, .i32): fl_convert_f32_i32(n, floats + i, result.pointer(Int32.self) + i)
    case (.i32, .f32): fl_convert_i32_f32(n, pointer(Int32.self) + i, result.floats + i)
    case (.i64, .i32):
      fl_convert_i64_i32(n, pointer(Int64.self) + i, result.pointer(Int32.self) + i)
    case (.i32, .i64):
      fl_convert_i32_i64(n, pointer(Int32.self) + i, result.pointer(Int64.self) + i)
    case (.f64, .i64): map(part, Double.self, result, Int64.self) { Tensor.saturated($0) }
    case (.f64, .i32): map(part, Double.self, result, Int32.self) { Tensor.saturated($0) }
    case (.i64, .f64): map(part, Int64.self, result, Double.self) { Double($0) }
    case (.i32, .f64): map(part, Int32.self, result, Double.self) { Double($0) }
    case (.bool, .f32): map(part, Bool.self, result, Float.self) { $0 ? 1 : 0 }
    case (.bool, .f64): map(part, Bool.self, result, Double.self) { $0 ? 1 : 0 }
    case (.bool, .i64): map(part, Bool.self, result, Int64.self) { $0 ? 1 : 0 }
    case (.bool, .i32): map(part, Bool.self, result, Int32.self) { $0 ? 1 : 0 }
    case (.f32, .bool): map(part, Float.self, result, Bool.self) { $0 != 0 }
    case (.f64, .bool): map(part, Double.self, result, Bool.self) { $0 != 0 }
    case (.i64, .bool): map(part, Int64.self, result, Bool.self) { $0 != 0 }
    case (.i32, .bool): map(part, Int32.self, result, Bool.self) { $0 != 0 }
    case (.f32, .f32), (.f64, .f64), (.i64, .i64), (.i32, .i32), (.bool, .bool):
      preconditionFailure("a tensor has its own type already")
    }
  }

  private func map<T: TensorElement, U: TensorElement>(
    _ part: Range<Int>, _ from: T.Type, _ result: Tensor, _ to: U.Type, _ function: (T) -> U
  ) {
    let x = pointer(from)
    let y = result.pointer(to)
    for i in part { y[i] = function(x[i]) }
  }

  private static func saturated<T: FixedWidthInteger>(_ value: Double) -> T {
    if value.isNaN { return 0 }
    return T(exactly: value.rounded(.towardZero)) ?? (value < 0 ? T.min : T.max)
  }

  /// The elements in row-major order. Throws a type error where they are of another type.
  public func array<T: TensorElement>(_ type: T.Type) throws -> [T] {
    guard dtype == T.dtype else {
      throw DomainError(
        .type, "a tensor of \(dtype.name) cannot be read as \(T.dtype.name)",
        hint: "convert it first")
    }
    return try withUnsafeBuffer(type) { Array($0) }
  }

  /// The elements in row-major order as f64, whatever their type.
  public func doubles() throws -> [Double] { try detached.cast(to: .f64).array(Double.self) }

  /// The elements in row-major order as integers, whatever their type.
  public func integers() throws -> [Int] {
    try detached.cast(to: .i64).array(Int64.self).map(Int.init)
  }

  /// The only element as a number. Throws a shape error where there are more or none.
  public func item() throws -> Double {
    guard count == 1 else { throw notOneElement }
    switch dtype {
    case .f32: return Double(floats[0])
    case .f64: return pointer(Double.self)[0]
    case .i64: return Double(pointer(Int64.self)[0])
    case .i32: return Double(pointer(Int32.self)[0])
    case .bool: return pointer(Bool.self)[0] ? 1 : 0
    }
  }

  /// The only element of a tensor of integers or bools.
  public func integerItem() throws -> Int {
    guard count == 1 else { throw notOneElement }
    switch dtype {
    case .i64: return Int(pointer(Int64.self)[0])
    case .i32: return Int(pointer(Int32.self)[0])
    case .bool: return pointer(Bool.self)[0] ? 1 : 0
    case .f32, .f64:
      throw DomainError(.type, "expected a tensor of integers, got one of \(dtype.name)")
    }
  }

  private var notOneElement: DomainError {
    DomainError(
      .shape, "a tensor of shape \(shape) is not one number",
      hint: count == 0 ? nil : "take its `mean()` or `sum()`, or index it")
  }

  /// Whether both hold the same values of the same type in the same shape; NaN differs from NaN.
  public static func identical(_ a: Tensor, _ b: Tensor) throws -> Bool {
    guard a.dtype == b.dtype, a.shape == b.shape else { return false }
    return try compare(.equal, a.detached, b.detached).all().integerItem() == 1
  }
}
