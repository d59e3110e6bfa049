import CKernels
import Foundations

// Comparisons, logic on bools, and choosing by a mask. None of these but `select` has a gradient.

/// A comparison of two numbers; with NaN all are false but `notEqual`.
public enum ComparisonOperation: Sendable, CaseIterable {
  case equal, notEqual, less, lessEqual, greater, greaterEqual

  /// As messages name it.
  public var name: String {
    switch self {
    case .equal: "=="
    case .notEqual: "!="
    case .less: "<"
    case .lessEqual: "<="
    case .greater: ">"
    case .greaterEqual: ">="
    }
  }
}

/// Logic on bools.
public enum Logic: Sendable, CaseIterable {
  case and, or, xor

  public var name: String {
    switch self {
    case .and: "&"
    case .or: "|"
    case .xor: "xor"
    }
  }
}

extension Tensor {
  /// The memory of a tensor of bools.
  var bytes: UnsafeMutablePointer<UInt8> {
    precondition(dtype == .bool, "tensor read as another type")
    return storage.pointer.assumingMemoryBound(to: UInt8.self) + offset
  }

  /// A tensor of bools: where the comparison holds.
  public static func compare(_ comparison: ComparisonOperation, _ a: Tensor, _ b: Tensor) throws
    -> Tensor
  {
    let target = try Shape.broadcast(a.shape, b.shape, comparison.name)
    let dtype = DType.promoted(a.dtype, b.dtype)
    let left = try a.detached.cast(to: dtype)
    let right = try b.detached.cast(to: dtype)
    var result = try Tensor.uninitialized(target, .bool)
    result.lengths = keptLengths(a, b, target)
    guard target.count > 0 else { return result }
    let x = left.stretched(to: target)
    let y = right.stretched(to: target)
    switch dtype {
    case .f32:
      if x.isContiguous, y.isContiguous || y.strides.allSatisfy({ $0 == 0 }) {
        compareFloats(comparison, x, y, into: result)
      } else {
        compareValues(comparison, x, y, into: result, Float.self)
      }
    case .f64: compareValues(comparison, x, y, into: result, Double.self)
    case .i64: compareValues(comparison, x, y, into: result, Int64.self)
    case .i32: compareValues(comparison, x, y, into: result, Int32.self)
    case .bool:
      let byte = { (tensor: Tensor) in try tensor.cast(to: .i32) }
      compareValues(comparison, try byte(x), try byte(y), into: result, Int32.self)
    }
    return result
  }

  private static func compareFloats(
    _ comparison: ComparisonOperation, _ x: Tensor, _ y: Tensor, into result: Tensor
  ) {
    typealias Vectors =
      @convention(c) (
        Int, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<UInt8>?
      ) -> Void
    typealias VectorScalar =
      @convention(c) (Int, UnsafePointer<Float>?, Float, UnsafeMutablePointer<UInt8>?) -> Void
    let kernels: (Vectors, VectorScalar) =
      switch comparison {
      case .equal: (fl_eq_vv_f32, fl_eq_vs_f32)
      case .notEqual: (fl_ne_vv_f32, fl_ne_vs_f32)
      case .less: (fl_lt_vv_f32, fl_lt_vs_f32)
      case .lessEqual: (fl_le_vv_f32, fl_le_vs_f32)
      case .greater: (fl_gt_vv_f32, fl_gt_vs_f32)
      case .greaterEqual: (fl_ge_vv_f32, fl_ge_vs_f32)
      }
    let (a, b, out) = (x.floats, y.floats, result.bytes)
    let single = !y.isContiguous || y.count == 1
    Parallel.blocks(result.count, size: StridedLoop.blockElements) { range in
      let start = range.lowerBound
      if single {
        kernels.1(range.count, a + start, b[0], out + start)
      } else {
        kernels.0(range.count, a + start, b + start, out + start)
      }
    }
  }

  private static func compareValues<T: TensorElement & Comparable>(
    _ comparison: ComparisonOperation, _ x: Tensor, _ y: Tensor, into result: Tensor, _ type: T.Type
  ) {
    switch comparison {
    case .equal: combine(x, y, into: result, type) { $0 == $1 }
    case .notEqual: combine(x, y, into: result, type) { $0 != $1 }
    case .less: combine(x, y, into: result, type) { $0 < $1 }
    case .lessEqual: combine(x, y, into: result, type) { $0 <= $1 }
    case .greater: combine(x, y, into: result, type) { $0 > $1 }
    case .greaterEqual: combine(x, y, into: result, type) { $0 >= $1 }
    }
  }

  /// Logic on two tensors of bools.
  public static func logic(_ logic: Logic, _ a: Tensor, _ b: Tensor) throws -> Tensor {
    for operand in [a, b] where operand.dtype != .bool {
      throw DomainError(
        .type, "`\(logic.name)` needs tensors of bools, got one of \(operand.dtype.name)",
        hint: "compare first: `x > 0`")
    }
    let target = try Shape.broadcast(a.shape, b.shape, logic.name)
    var result = try Tensor.uninitialized(target, .bool)
    result.lengths = keptLengths(a, b, target)
    let x = a.stretched(to: target)
    let y = b.stretched(to: target)
    switch logic {
    case .and: combine(x, y, into: result, Bool.self) { $0 && $1 }
    case .or: combine(x, y, into: result, Bool.self) { $0 || $1 }
    case .xor: combine(x, y, into: result, Bool.self) { $0 != $1 }
    }
    return result
  }

  /// The opposite of each bool.
  public func inverted() throws -> Tensor {
    guard dtype == .bool else {
      throw DomainError(
        .type, "`not` needs a tensor of bools, got one of \(dtype.name)",
        hint: "compare first: `x > 0`")
    }
    let source = try contiguous()
    let result = try Tensor.uninitialized(shape, .bool).with(lengths: lengths)
    withExtendedLifetime(source) { fl_not_u8(count, source.bytes, result.bytes) }
    return result
  }

  /// Where each element is NaN.
  public func isNaN() throws -> Tensor { try Tensor.compare(.notEqual, self, self) }

  /// Where each element is neither NaN nor infinite.
  public func isFinite() throws -> Tensor {
    guard dtype.isFloating else { return try .full(shape, 1, .bool) }
    // x - x is 0 for finite numbers and NaN for the others.
    let difference = try detached - detached
    return try Tensor.compare(.equal, difference, difference)
  }

  /// Elements of `a` where the mask is true, of `b` where it is false; all three are broadcast.
  public static func select(_ mask: Tensor, _ a: Tensor, _ b: Tensor) throws -> Tensor {
    guard mask.dtype == .bool else {
      throw DomainError(
        .type, "`select` needs a mask of bools, got one of \(mask.dtype.name)",
        hint: "compare first: `select(x > 0, a, b)`")
    }
    let pair = try Shape.broadcast(a.shape, b.shape, "select")
    let target = try Shape.broadcast(mask.shape, pair, "select")
    let dtype = DType.promoted(a.dtype, b.dtype)
    let left = try a.cast(to: dtype)
    let right = try b.cast(to: dtype)
    var result = try Tensor.uninitialized(target, dtype)
    result.lengths = keptLengths(a, b, target)
    let x = try left.detached.stretched(to: target).contiguous()
    let y = try right.detached.stretched(to: target).contiguous()
    let chosen = try mask.detached.stretched(to: target).contiguous()
    withExtendedLifetime((x, y, chosen)) {
      let (m, n) = (chosen.bytes, target.count)
      switch dtype {
      case .f32:
        Parallel.blocks(n, size: StridedLoop.blockElements) { range in
          let start = range.lowerBound
          fl_select_f32(
            range.count, m + start, x.floats + start, y.floats + start, result.floats + start)
        }
      case .i64:
        fl_select_i64(
          n, m, x.pointer(Int64.self), y.pointer(Int64.self), result.pointer(Int64.self))
      case .f64: choose(m, x, y, result, Double.self)
      case .i32: choose(m, x, y, result, Int32.self)
      case .bool: choose(m, x, y, result, Bool.self)
      }
    }
    guard left.node != nil || right.node != nil else { return result }
    let (shapeA, shapeB, kept) = (left.shape, right.shape, mask.detached)
    return Tape.record(
      "select", left, right, result,
      { try select(kept, $0, .scalar(0, dtype)).summed(to: shapeA) },
      { try select(kept, .scalar(0, dtype), $0).summed(to: shapeB) })
  }

  private static func choose<T: TensorElement>(
    _ mask: UnsafePointer<UInt8>, _ a: Tensor, _ b: Tensor, _ result: Tensor, _ type: T.Type
  ) {
    let (x, y, out) = (a.pointer(type), b.pointer(type), result.pointer(type))
    for i in 0..<result.count { out[i] = mask[i] != 0 ? x[i] : y[i] }
  }
}
