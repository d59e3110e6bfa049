import CKernels
import Foundations
import Glibc

// Operations on two tensors, element by element with broadcasting and promotion. f32 runs in kernels; the other types
// in loops that the compiler specialises for each operation.

/// An operation on two numbers.
public enum BinaryOperation: Sendable, CaseIterable {
  case add, subtract, multiply, divide, floorDivide, remainder, power, minimum, maximum

  /// As messages name it.
  public var name: String {
    switch self {
    case .add: "+"
    case .subtract: "-"
    case .multiply: "*"
    case .divide: "/"
    case .floorDivide: "//"
    case .remainder: "%"
    case .power: "**"
    case .minimum: "minimum"
    case .maximum: "maximum"
    }
  }
}

/// The f32 kernels of one operation by the forms of its operands.
private struct BinaryKernels {
  typealias Vectors =
    @convention(c) (
      Int, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?
    ) -> Void
  typealias VectorScalar =
    @convention(c) (Int, UnsafePointer<Float>?, Float, UnsafeMutablePointer<Float>?) -> Void
  typealias ScalarVector =
    @convention(c) (Int, Float, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?) -> Void
  typealias Matrix =
    @convention(c) (
      Int, Int, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?
    ) -> Void

  let vv: Vectors
  let vs: VectorScalar
  let sv: ScalarVector
  let vr: Matrix
  let rv: Matrix
  let vc: Matrix
  let cv: Matrix

  static let add = BinaryKernels(
    vv: fl_add_vv_f32, vs: fl_add_vs_f32, sv: fl_add_sv_f32, vr: fl_add_vr_f32, rv: fl_add_rv_f32,
    vc: fl_add_vc_f32, cv: fl_add_cv_f32)
  static let subtract = BinaryKernels(
    vv: fl_sub_vv_f32, vs: fl_sub_vs_f32, sv: fl_sub_sv_f32, vr: fl_sub_vr_f32, rv: fl_sub_rv_f32,
    vc: fl_sub_vc_f32, cv: fl_sub_cv_f32)
  static let multiply = BinaryKernels(
    vv: fl_mul_vv_f32, vs: fl_mul_vs_f32, sv: fl_mul_sv_f32, vr: fl_mul_vr_f32, rv: fl_mul_rv_f32,
    vc: fl_mul_vc_f32, cv: fl_mul_cv_f32)
  static let divide = BinaryKernels(
    vv: fl_div_vv_f32, vs: fl_div_vs_f32, sv: fl_div_sv_f32, vr: fl_div_vr_f32, rv: fl_div_rv_f32,
    vc: fl_div_vc_f32, cv: fl_div_cv_f32)
  static let minimum = BinaryKernels(
    vv: fl_min_vv_f32, vs: fl_min_vs_f32, sv: fl_min_sv_f32, vr: fl_min_vr_f32, rv: fl_min_rv_f32,
    vc: fl_min_vc_f32, cv: fl_min_cv_f32)
  static let maximum = BinaryKernels(
    vv: fl_max_vv_f32, vs: fl_max_vs_f32, sv: fl_max_sv_f32, vr: fl_max_vr_f32, rv: fl_max_rv_f32,
    vc: fl_max_vc_f32, cv: fl_max_cv_f32)
  static let power = BinaryKernels(
    vv: fl_pow_vv_f32, vs: fl_pow_vs_f32, sv: fl_pow_sv_f32, vr: fl_pow_vr_f32, rv: fl_pow_rv_f32,
    vc: fl_pow_vc_f32, cv: fl_pow_cv_f32)

  static func of(_ operation: BinaryOperation) -> BinaryKernels? {
    switch operation {
    case .add: add
    case .subtract: subtract
    case .multiply: multiply
    case .divide: divide
    case .minimum: minimum
    case .maximum: maximum
    case .power: power
    case .floorDivide, .remainder: nil
    }
  }
}

extension Tensor {
  /// `a` and `b` in one operation. Integers stay integers except under `/`; their overflow and division by zero are
  /// value errors.
  public static func arithmetic(
    _ operation: BinaryOperation, _ a: Tensor, _ b: Tensor
  ) throws -> Tensor {
    let target = try Shape.broadcast(a.shape, b.shape, operation.name)
    var dtype = DType.promoted(a.dtype, b.dtype)
    if dtype == .bool { dtype = .i64 }
    if operation == .divide, !dtype.isFloating { dtype = .f32 }
    let left = try a.cast(to: dtype)
    let right = try b.cast(to: dtype)
    var result = try Tensor.uninitialized(target, dtype)
    result.lengths = Tensor.keptLengths(left, right, target)
    if target.count > 0 {
      switch dtype {
      case .f32: try computeFloat(operation, left, right, into: result)
      case .f64: computeDouble(operation, left, right, into: result)
      case .i64: try computeInteger(operation, left, right, into: result, Int64.self)
      case .i32, .bool: try computeInteger(operation, left, right, into: result, Int32.self)
      }
    }
    return recorded(operation, left, right, result)
  }

  /// Lengths of a padded batch survive where the first two sizes do.
  static func keptLengths(_ a: Tensor, _ b: Tensor, _ target: Shape) -> Lengths? {
    for operand in [a.lengths == nil ? nil : a, b.lengths == nil ? nil : b] {
      if let operand, let lengths = operand.lengths, operand.keepsLengths(as: target) {
        return lengths
      }
    }
    return nil
  }

  func keepsLengths(as target: Shape) -> Bool {
    rank >= 2 && target.rank == rank && target[0] == shape[0] && target[1] == shape[1]
  }

  // MARK: Values

  private static func computeFloat(
    _ operation: BinaryOperation, _ a: Tensor, _ b: Tensor, into result: Tensor
  ) throws {
    guard let kernels = BinaryKernels.of(operation) else {
      let a = a.stretched(to: result.shape)
      let b = b.stretched(to: result.shape)
      if operation == .remainder {
        combine(a, b, into: result, Float.self, flooredRemainder)
      } else {
        combine(a, b, into: result, Float.self, flooredQuotient)
      }
      return
    }
    // Kernels take unit steps: an operand with other steps along the innermost run is copied first.
    var left = a
    var right = b
    var loop = StridedLoop(
      result.shape, left.strides(over: result.shape), right.strides(over: result.shape),
      result.strides)
    if loop.runStrides.0 > 1 || loop.runStrides.0 < 0 || loop.runStrides.1 > 1
      || loop.runStrides.1 < 0
    {
      left = try left.detached.contiguous()
      right = try right.detached.contiguous()
      loop = StridedLoop(
        result.shape, left.strides(over: result.shape), right.strides(over: result.shape),
        result.strides)
    }
    withExtendedLifetime((left, right)) {
      let x = UnsafePointer(left.floats)
      let y = UnsafePointer(right.floats)
      let out = result.floats
      let steps = loop.runStrides
      if loop.rank == 2, let matrix = kernels.matrix(loop) {
        let columns = loop.sizes[1]
        let rows = max(1, StridedLoop.blockElements / columns)
        Parallel.blocks(loop.sizes[0], size: rows) { part in
          matrix(
            part.count, columns, x + part.lowerBound * loop.strides.0[0],
            y + part.lowerBound * loop.strides.1[0], out + part.lowerBound * loop.strides.2[0])
        }
        return
      }
      loop.forEachRun { i, j, k, count in
        if steps.0 == 0, steps.1 == 0 {
          // One value for the whole run.
          kernels.vs(1, x + i, y[j], out + k)
          fl_fill_f32(count, out[k], out + k)
        } else if steps.1 == 0 {
          kernels.vs(count, x + i, y[j], out + k)
        } else if steps.0 == 0 {
          kernels.sv(count, x[i], y + j, out + k)
        } else {
          kernels.vv(count, x + i, y + j, out + k)
        }
      }
    }
  }

  private static func computeDouble(
    _ operation: BinaryOperation, _ a: Tensor, _ b: Tensor, into result: Tensor
  ) {
    let a = a.stretched(to: result.shape)
    let b = b.stretched(to: result.shape)
    switch operation {
    case .add: combine(a, b, into: result, Double.self) { $0 + $1 }
    case .subtract: combine(a, b, into: result, Double.self) { $0 - $1 }
    case .multiply: combine(a, b, into: result, Double.self) { $0 * $1 }
    case .divide: combine(a, b, into: result, Double.self) { $0 / $1 }
    case .power: combine(a, b, into: result, Double.self) { Glibc.pow($0, $1) }
    case .minimum:
      combine(a, b, into: result, Double.self) { $0.isNaN || $0 < $1 ? $0 : $1 }
    case .maximum:
      combine(a, b, into: result, Double.self) { $0.isNaN || $0 > $1 ? $0 : $1 }
    case .remainder: combine(a, b, into: result, Double.self, flooredRemainder)
    case .floorDivide: combine(a, b, into: result, Double.self, flooredQuotient)
    }
  }

  private static func computeInteger<T: FixedWidthInteger & TensorElement>(
    _ operation: BinaryOperation, _ a: Tensor, _ b: Tensor, into result: Tensor, _ type: T.Type
  ) throws {
    let a = a.stretched(to: result.shape)
    let b = b.stretched(to: result.shape)
    var failed = false
    switch operation {
    case .add:
      failed = checked(a, b, into: result, type) { $0.addingReportingOverflow($1) }
    case .subtract:
      failed = checked(a, b, into: result, type) { $0.subtractingReportingOverflow($1) }
    case .multiply:
      failed = checked(a, b, into: result, type) { $0.multipliedReportingOverflow(by: $1) }
    case .minimum: combine(a, b, into: result, type) { Swift.min($0, $1) }
    case .maximum: combine(a, b, into: result, type) { Swift.max($0, $1) }
    case .floorDivide, .remainder:
      let zero = checked(b, b, into: result, type) { x, _ in (x, x == 0) }
      guard !zero else {
        throw DomainError(.value, "division by zero in `\(operation.name)` of integer tensors")
      }
      if operation == .floorDivide {
        failed = checked(a, b, into: result, type) { x, y in
          let (quotient, overflow) = x.dividedReportingOverflow(by: y)
          if overflow { return (quotient, true) }
          return (quotient * y != x && (x < 0) != (y < 0) ? quotient - 1 : quotient, false)
        }
      } else {
        combine(a, b, into: result, type) { x, y in
          let rest = x.remainderReportingOverflow(dividingBy: y).partialValue
          return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest
        }
      }
    case .power:
      let negative = checked(b, b, into: result, type) { x, _ in (x, x < 0) }
      guard !negative else {
        throw DomainError(
          .value, "an integer tensor cannot be raised to a negative power",
          hint: "convert it to f32 first")
      }
      failed = checked(a, b, into: result, type) { integerPower($0, $1) }
    case .divide: preconditionFailure("integers are divided as floats")
    }
    if failed {
      throw DomainError(
        .value, "integer overflow in `\(operation.name)` of \(result.dtype.name) tensors",
        hint: "convert to f32 first")
    }
  }

  private static func integerPower<T: FixedWidthInteger>(_ base: T, _ exponent: T) -> (T, Bool) {
    var result: T = 1
    var factor = base
    var rest = exponent
    var overflow = false
    while rest > 0 {
      if rest & 1 == 1 {
        let (product, tooBig) = result.multipliedReportingOverflow(by: factor)
        result = product
        overflow = overflow || tooBig
      }
      rest >>= 1
      if rest > 0 {
        let (product, tooBig) = factor.multipliedReportingOverflow(by: factor)
        factor = product
        overflow = overflow || tooBig
      }
      if overflow { return (0, true) }
    }
    return (result, false)
  }

  /// Python's `%`: the result has the divisor's sign.
  private static func flooredRemainder<T: BinaryFloatingPoint>(_ a: T, _ b: T) -> T {
    let rest = a.truncatingRemainder(dividingBy: b)
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
  }

  /// Python's `//`, such that a = b · (a // b) + a % b.
  private static func flooredQuotient<T: BinaryFloatingPoint>(_ a: T, _ b: T) -> T {
    guard b != 0 else { return a / b }
    guard a.isFinite else { return .nan }
    if b.isInfinite { return a != 0 && (a < 0) != (b < 0) ? -1 : a / b }
    return ((a - flooredRemainder(a, b)) / b).rounded()
  }

  /// result = function(a, b) over operands that are already stretched to the result's shape.
  @inline(__always)
  static func combine<T: TensorElement, U: TensorElement>(
    _ a: Tensor, _ b: Tensor, into result: Tensor, _ type: T.Type, _ function: (T, T) -> U
  ) {
    let x = a.pointer(type)
    let y = b.pointer(type)
    let out = result.pointer(U.self)
    let loop = StridedLoop(result.shape, a.strides, b.strides, result.strides)
    let steps = loop.runStrides
    loop.forEachRun { i, j, k, count in
      if steps == (1, 1, 1) {
        for e in 0..<count { out[k + e] = function(x[i + e], y[j + e]) }
      } else {
        for e in 0..<count {
          out[k + e * steps.2] = function(x[i + e * steps.0], y[j + e * steps.1])
        }
      }
    }
  }

  /// The same where the function may fail; says whether it did anywhere.
  @inline(__always)
  private static func checked<T: TensorElement>(
    _ a: Tensor, _ b: Tensor, into result: Tensor, _ type: T.Type,
    _ function: (T, T) -> (partialValue: T, overflow: Bool)
  ) -> Bool {
    let x = a.pointer(type)
    let y = b.pointer(type)
    let out = result.pointer(type)
    let loop = StridedLoop(result.shape, a.strides, b.strides, result.strides)
    let steps = loop.runStrides
    var failed = false
    // The flag is shared by the whole loop, so it runs on this thread.
    Parallel.serially {
      loop.forEachRun { i, j, k, count in
        for e in 0..<count {
          let (value, overflow) = function(x[i + e * steps.0], y[j + e * steps.1])
          out[k + e * steps.2] = value
          failed = failed || overflow
        }
      }
    }
    return failed
  }

  // MARK: Gradients

  private static func recorded(
    _ operation: BinaryOperation, _ a: Tensor, _ b: Tensor, _ result: Tensor
  ) -> Tensor {
    guard a.node != nil || b.node != nil else { return result }
    let x = a.detached
    let y = b.detached
    let (shapeA, shapeB) = (a.shape, b.shape)
    switch operation {
    case .add:
      return Tape.record(
        "+", a, b, result, { try $0.summed(to: shapeA) }, { try $0.summed(to: shapeB) })
    case .subtract:
      return Tape.record(
        "-", a, b, result, { try $0.summed(to: shapeA) }, { try (-$0.summed(to: shapeB)) })
    case .multiply:
      return Tape.record(
        "*", a, b, result, { try ($0 * y).summed(to: shapeA) },
        { try ($0 * x).summed(to: shapeB) })
    case .divide:
      let quotient = result.detached
      return Tape.record(
        "/", a, b, result, { try ($0 / y).summed(to: shapeA) },
        { try (-($0 * quotient / y)).summed(to: shapeB) })
    case .floorDivide:
      return Tape.record(
        "//", a, b, result, { _ in try Tensor.zeros(shapeA, x.dtype) },
        { _ in try Tensor.zeros(shapeB, y.dtype) })
    case .remainder:
      return Tape.record(
        "%", a, b, result, { try $0.summed(to: shapeA) },
        { try (-($0 * arithmetic(.floorDivide, x, y))).summed(to: shapeB) })
    case .power:
      let power = result.detached
      return Tape.record(
        "**", a, b, result,
        { gradient in
          // b · a^(b-1), and 0 where b = 0 whatever a is.
          let slope = try y * x.pow(y - 1)
          let zero = try Tensor.scalar(0, x.dtype)
          let safe = try select(try compare(.equal, y, zero), zero, slope)
          return try (gradient * safe).summed(to: shapeA)
        },
        { gradient in
          // aᵇ ln a, and 0 where a = 0.
          let zero = try Tensor.scalar(0, x.dtype)
          let slope = try power * x.log()
          let safe = try select(try compare(.equal, x, zero), zero, slope)
          return try (gradient * safe).summed(to: shapeB)
        })
    case .minimum, .maximum:
      // A tie gives half to each.
      let wins: ComparisonOperation = operation == .maximum ? .greater : .less
      let share = { (first: Tensor, second: Tensor) in
        try compare(wins, first, second).cast(to: first.dtype)
          + compare(.equal, first, second).cast(to: first.dtype) * 0.5
      }
      return Tape.record(
        "maximum", a, b, result, { try ($0 * share(x, y)).summed(to: shapeA) },
        { try ($0 * share(y, x)).summed(to: shapeB) })
    }
  }

  // MARK: Operators

  public static func + (a: Tensor, b: Tensor) throws -> Tensor { try arithmetic(.add, a, b) }
  public static func - (a: Tensor, b: Tensor) throws -> Tensor { try arithmetic(.subtract, a, b) }
  public static func * (a: Tensor, b: Tensor) throws -> Tensor { try arithmetic(.multiply, a, b) }
  public static func / (a: Tensor, b: Tensor) throws -> Tensor { try arithmetic(.divide, a, b) }

  /// A number takes the tensor's type, except that a float makes integers f32.
  public func scalarOperand(_ value: Double) throws -> Tensor {
    try .scalar(value, dtype.isFloating ? dtype : .f32)
  }

  /// An integer takes the tensor's type (64 bits beside bools).
  public func scalarOperand(integer value: Int) throws -> Tensor {
    switch dtype {
    case .bool, .i64: return try .scalar(integer: value)
    case .i32:
      guard Int32(exactly: value) != nil else { return try .scalar(integer: value) }
      return try .scalar(Double(value), .i32)
    case .f32, .f64: return try .scalar(Double(value), dtype)
    }
  }

  public static func + (a: Tensor, b: Double) throws -> Tensor { try a + a.scalarOperand(b) }
  public static func - (a: Tensor, b: Double) throws -> Tensor { try a - a.scalarOperand(b) }
  public static func * (a: Tensor, b: Double) throws -> Tensor { try a * a.scalarOperand(b) }
  public static func / (a: Tensor, b: Double) throws -> Tensor { try a / a.scalarOperand(b) }
  public static func + (a: Double, b: Tensor) throws -> Tensor { try b.scalarOperand(a) + b }
  public static func - (a: Double, b: Tensor) throws -> Tensor { try b.scalarOperand(a) - b }
  public static func * (a: Double, b: Tensor) throws -> Tensor { try b.scalarOperand(a) * b }
  public static func / (a: Double, b: Tensor) throws -> Tensor { try b.scalarOperand(a) / b }

  public func pow(_ exponent: Tensor) throws -> Tensor {
    try Tensor.arithmetic(.power, self, exponent)
  }

  public func pow(_ exponent: Double) throws -> Tensor {
    if dtype.isFloating {
      if exponent == 2 { return try square() }
      if exponent == 0.5 { return try sqrt() }
      if exponent == 1 { return self }
    }
    return try pow(scalarOperand(exponent))
  }

  /// Both are gradients of one thing: same shape and type, no trace.
  func adding(_ other: Tensor) throws -> Tensor { try Tensor.arithmetic(.add, self, other) }
}

extension BinaryKernels {
  /// The kernel for a two-axis loop in which one operand is one row or one column for all.
  fileprivate func matrix(_ loop: StridedLoop) -> Matrix? {
    let columns = loop.sizes[1]
    guard loop.strides.2[0] == columns, loop.strides.2[1] == 1 else { return nil }
    let a = (loop.strides.0[0], loop.strides.0[1])
    let b = (loop.strides.1[0], loop.strides.1[1])
    if a == (columns, 1) {
      if b == (0, 1) { return vr }
      if b == (1, 0) { return vc }
    }
    if b == (columns, 1) {
      if a == (0, 1) { return rv }
      if a == (1, 0) { return cv }
    }
    return nil
  }
}
