import CKernels
import Foundations
import Glibc

// Functions of one number, element by element. Each is one row: its f32 kernel, its value and slope in f64, and what
// the slope is computed from. A row without a kernel runs through the f64 functions.

/// A function of one number with its derivative.
struct ElementFunction: @unchecked Sendable {
  typealias Kernel = (Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  /// (count, output gradient, saved, input gradient)
  typealias BackwardKernel = (
    Int, UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>
  ) -> Void
  /// What the backward step is given beside the gradient.
  enum Saved { case input, output }

  let name: StaticString
  let saved: Saved
  let kernel: Kernel?
  let backwardKernel: BackwardKernel?
  let value: (Double) -> Double
  /// dy/dx from the saved number.
  let slope: (Double) -> Double

  init(
    _ name: StaticString, saved: Saved, _ kernel: Kernel? = nil,
    backward: BackwardKernel? = nil, value: @escaping (Double) -> Double,
    slope: @escaping (Double) -> Double
  ) {
    self.name = name
    self.saved = saved
    self.kernel = kernel
    self.backwardKernel = backward
    self.value = value
    self.slope = slope
  }
}

private func sigmoidValue(_ x: Double) -> Double {
  x >= 0 ? 1 / (1 + Glibc.exp(-x)) : Glibc.exp(x) / (1 + Glibc.exp(x))
}

private let rootTwoOverPi = (2 / Double.pi).squareRoot()
private let rootHalf = 0.5.squareRoot()

/// ψ(x) = d log Γ(x) / dx: the recurrence up to 6, from where on the asymptotic series is exact to 1e-13 (Abramowitz
/// and Stegun 6.3.18), and the reflection below 0. NaN at the poles.
func digamma(_ x: Double) -> Double {
  guard x > 0 else {
    guard x.isFinite, x != x.rounded() else { return .nan }
    return digamma(1 - x) - Double.pi / Glibc.tan(Double.pi * x)
  }
  var (x, sum) = (x, 0.0)
  while x < 6 {
    sum -= 1 / x
    x += 1
  }
  let r = 1 / (x * x)
  let series =
    r
    * (1 / 12.0 - r
      * (1 / 120.0 - r * (1 / 252.0 - r * (1 / 240.0 - r * (1 / 132.0 - r * 691 / 32760.0)))))
  return sum + Glibc.log(x) - 0.5 / x - series
}

extension ElementFunction {
  static let exp = ElementFunction(
    "exp", saved: .output, { fl_exp_f32($0, $1, $2) },
    backward: { fl_mul_vv_f32($0, $1, $2, $3) }, value: { Glibc.exp($0) }, slope: { $0 })
  static let expm1 = ElementFunction(
    "expm1", saved: .output, { fl_expm1_f32($0, $1, $2) }, value: { Glibc.expm1($0) },
    slope: { $0 + 1 })
  static let log = ElementFunction(
    "log", saved: .input, { fl_log_f32($0, $1, $2) },
    backward: { fl_div_vv_f32($0, $1, $2, $3) }, value: { Glibc.log($0) }, slope: { 1 / $0 })
  static let log1p = ElementFunction(
    "log1p", saved: .input, { fl_log1p_f32($0, $1, $2) }, value: { Glibc.log1p($0) },
    slope: { 1 / (1 + $0) })
  static let log2 = ElementFunction(
    "log2", saved: .input, value: { Glibc.log2($0) }, slope: { 1 / ($0 * M_LN2) })
  static let log10 = ElementFunction(
    "log10", saved: .input, value: { Glibc.log10($0) }, slope: { 1 / ($0 * M_LN10) })
  static let sqrt = ElementFunction(
    "sqrt", saved: .output, { fl_sqrt_f32($0, $1, $2) },
    backward: { fl_sqrt_backward_f32($0, $1, $2, $3) }, value: { $0.squareRoot() },
    slope: { 0.5 / $0 })
  static let rsqrt = ElementFunction(
    "rsqrt", saved: .output, { fl_rsqrt_f32($0, $1, $2) },
    backward: { fl_rsqrt_backward_f32($0, $1, $2, $3) }, value: { 1 / $0.squareRoot() },
    slope: { -0.5 * $0 * $0 * $0 })
  static let reciprocal = ElementFunction(
    "reciprocal", saved: .output, { fl_reciprocal_f32($0, $1, $2) },
    backward: { fl_reciprocal_backward_f32($0, $1, $2, $3) }, value: { 1 / $0 },
    slope: { -$0 * $0 })
  static let tanh = ElementFunction(
    "tanh", saved: .output, { fl_tanh_f32($0, $1, $2) },
    backward: { fl_tanh_backward_f32($0, $1, $2, $3) }, value: { Glibc.tanh($0) },
    slope: { 1 - $0 * $0 })
  static let sigmoid = ElementFunction(
    "sigmoid", saved: .output, { fl_sigmoid_f32($0, $1, $2) },
    backward: { fl_sigmoid_backward_f32($0, $1, $2, $3) }, value: sigmoidValue,
    slope: { $0 * (1 - $0) })
  static let relu = ElementFunction(
    "relu", saved: .output, { fl_relu_f32($0, $1, $2) },
    backward: { fl_relu_backward_f32($0, $1, $2, $3) }, value: { $0 > 0 || $0.isNaN ? $0 : 0 },
    slope: { $0 > 0 ? 1 : 0 })
  static let geluTanh = ElementFunction(
    "gelu", saved: .input, { fl_gelu_tanh_f32($0, $1, $2) },
    backward: { fl_gelu_tanh_backward_f32($0, $1, $2, $3) },
    value: { x in 0.5 * x * (1 + Glibc.tanh(rootTwoOverPi * (x + 0.044715 * x * x * x))) },
    slope: { x in
      let t = Glibc.tanh(rootTwoOverPi * (x + 0.044715 * x * x * x))
      return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * rootTwoOverPi * (1 + 3 * 0.044715 * x * x)
    })
  static let geluErf = ElementFunction(
    "gelu", saved: .input, { fl_gelu_erf_f32($0, $1, $2) },
    backward: { fl_gelu_erf_backward_f32($0, $1, $2, $3) },
    value: { 0.5 * $0 * (1 + Glibc.erf($0 * rootHalf)) },
    slope: { x in
      0.5 * (1 + Glibc.erf(x * rootHalf)) + x * Glibc.exp(-0.5 * x * x)
        / (2 * Double.pi).squareRoot()
    })
  static let silu = ElementFunction(
    "silu", saved: .input, { fl_silu_f32($0, $1, $2) },
    backward: { fl_silu_backward_f32($0, $1, $2, $3) }, value: { $0 * sigmoidValue($0) },
    slope: { x in
      let s = sigmoidValue(x)
      return s * (1 + x * (1 - s))
    })
  static let softplus = ElementFunction(
    "softplus", saved: .input, { fl_softplus_f32($0, $1, $2) },
    backward: { fl_softplus_backward_f32($0, $1, $2, $3) },
    value: { Swift.max($0, 0) + Glibc.log1p(Glibc.exp(-Swift.abs($0))) }, slope: sigmoidValue)
  static let sin = ElementFunction(
    "sin", saved: .input, { fl_sin_f32($0, $1, $2) },
    backward: { fl_sin_backward_f32($0, $1, $2, $3) }, value: { Glibc.sin($0) },
    slope: { Glibc.cos($0) })
  static let cos = ElementFunction(
    "cos", saved: .input, { fl_cos_f32($0, $1, $2) },
    backward: { fl_cos_backward_f32($0, $1, $2, $3) }, value: { Glibc.cos($0) },
    slope: { -Glibc.sin($0) })
  static let tan = ElementFunction(
    "tan", saved: .output, value: { Glibc.tan($0) }, slope: { 1 + $0 * $0 })
  static let asin = ElementFunction(
    "asin", saved: .input, value: { Glibc.asin($0) }, slope: { 1 / (1 - $0 * $0).squareRoot() })
  static let acos = ElementFunction(
    "acos", saved: .input, value: { Glibc.acos($0) }, slope: { -1 / (1 - $0 * $0).squareRoot() })
  static let atan = ElementFunction(
    "atan", saved: .input, value: { Glibc.atan($0) }, slope: { 1 / (1 + $0 * $0) })
  static let sinh = ElementFunction(
    "sinh", saved: .input, value: { Glibc.sinh($0) }, slope: { Glibc.cosh($0) })
  static let cosh = ElementFunction(
    "cosh", saved: .input, value: { Glibc.cosh($0) }, slope: { Glibc.sinh($0) })
  static let erf = ElementFunction(
    "erf", saved: .input, { fl_erf_f32($0, $1, $2) },
    backward: { fl_erf_backward_f32($0, $1, $2, $3) }, value: { Glibc.erf($0) },
    slope: { 2 / Double.pi.squareRoot() * Glibc.exp(-$0 * $0) })
  static let erfc = ElementFunction(
    "erfc", saved: .input, value: { Glibc.erfc($0) },
    slope: { -2 / Double.pi.squareRoot() * Glibc.exp(-$0 * $0) })
  static let gamma = ElementFunction(
    "gamma", saved: .input, value: { Glibc.tgamma($0) },
    slope: { Glibc.tgamma($0) * digamma($0) })
  static let logGamma = ElementFunction(
    "lgamma", saved: .input,
    value: { x in
      var sign: Int32 = 0
      return lgamma_r(x, &sign)
    }, slope: digamma)
  static let abs = ElementFunction(
    "abs", saved: .input, { fl_abs_f32($0, $1, $2) },
    backward: { fl_abs_backward_f32($0, $1, $2, $3) }, value: { Swift.abs($0) },
    slope: { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 })
  static let negative = ElementFunction(
    "-", saved: .input, { fl_neg_f32($0, $1, $2) },
    backward: { n, dy, _, dx in fl_neg_f32(n, dy, dx) },
    value: { -$0 }, slope: { _ in -1 })
  static let square = ElementFunction(
    "square", saved: .input, { fl_square_f32($0, $1, $2) },
    backward: { n, dy, x, dx in
      fl_mul_vv_f32(n, dy, x, dx)
      fl_scale_f32(n, 2, dx, dx)
    }, value: { $0 * $0 }, slope: { 2 * $0 })
  static let floor = ElementFunction(
    "floor", saved: .input, { fl_floor_f32($0, $1, $2) }, value: { $0.rounded(.down) },
    slope: { _ in 0 })
  static let ceil = ElementFunction(
    "ceil", saved: .input, { fl_ceil_f32($0, $1, $2) }, value: { $0.rounded(.up) },
    slope: { _ in 0 })
  static let round = ElementFunction(
    "round", saved: .input, { fl_round_f32($0, $1, $2) },
    value: { $0.rounded(.toNearestOrEven) }, slope: { _ in 0 })
  static let truncate = ElementFunction(
    "trunc", saved: .input, { fl_trunc_f32($0, $1, $2) }, value: { $0.rounded(.towardZero) },
    slope: { _ in 0 })
  static let sign = ElementFunction(
    "sign", saved: .input, { fl_sign_f32($0, $1, $2) },
    value: { $0 > 0 ? 1 : $0 < 0 ? -1 : $0.isNaN ? $0 : 0 }, slope: { _ in 0 })

  static func clamp(_ low: Double, _ high: Double) -> ElementFunction {
    ElementFunction(
      "clamp", saved: .input, { fl_clamp_f32($0, $1, Float(low), Float(high), $2) },
      backward: { fl_clamp_backward_f32($0, $1, $2, Float(low), Float(high), $3) },
      value: { $0.isNaN ? $0 : Swift.min(Swift.max($0, low), high) },
      slope: { $0 >= low && $0 <= high ? 1 : 0 })
  }

  static func leakyRelu(_ negativeSlope: Double) -> ElementFunction {
    ElementFunction(
      "leaky_relu", saved: .input, value: { $0 > 0 ? $0 : $0 * negativeSlope },
      slope: { $0 > 0 ? 1 : negativeSlope })
  }

  static func elu(_ alpha: Double) -> ElementFunction {
    ElementFunction(
      "elu", saved: .input, value: { $0 > 0 ? $0 : alpha * Glibc.expm1($0) },
      slope: { $0 > 0 ? 1 : alpha * Glibc.exp($0) })
  }
}

extension Tensor {
  /// A tensor of integers or bools is read as f32.
  func apply(_ function: ElementFunction) throws -> Tensor {
    let input = try (dtype.isFloating ? self : cast(to: .f32)).contiguous()
    let result = try Tensor.uninitialized(shape, input.dtype).with(lengths: lengths)
    let n = count
    withExtendedLifetime(input) {
      if input.dtype == .f32 {
        let (x, y) = (UnsafePointer(input.floats), result.floats)
        Parallel.blocks(n, size: StridedLoop.blockElements) { range in
          let start = range.lowerBound
          if let kernel = function.kernel {
            kernel(range.count, x + start, y + start)
          } else {
            for i in range { y[i] = Float(function.value(Double(x[i]))) }
          }
        }
      } else {
        let (x, y) = (input.pointer(Double.self), result.pointer(Double.self))
        Parallel.blocks(n, size: StridedLoop.blockElements) { range in
          for i in range { y[i] = function.value(x[i]) }
        }
      }
    }
    guard input.node != nil else { return result }
    let saved = function.saved == .input ? input.detached : result.detached
    return Tape.record(function.name, input, result) { gradient in
      let gradient = try gradient.contiguous()
      let answer = try Tensor.uninitialized(gradient.shape, gradient.dtype)
      withExtendedLifetime((gradient, saved)) {
        if gradient.dtype == .f32 {
          let (g, s, d) = (
            UnsafePointer(gradient.floats), UnsafePointer(saved.floats), answer.floats
          )
          Parallel.blocks(n, size: StridedLoop.blockElements) { range in
            let start = range.lowerBound
            if let backward = function.backwardKernel {
              backward(range.count, g + start, s + start, d + start)
            } else {
              for i in range { d[i] = g[i] * Float(function.slope(Double(s[i]))) }
            }
          }
        } else {
          let (g, s, d) = (
            gradient.pointer(Double.self), saved.pointer(Double.self), answer.pointer(Double.self)
          )
          for i in 0..<n { d[i] = g[i] * function.slope(s[i]) }
        }
      }
      return answer
    }
  }

  public func exp() throws -> Tensor { try apply(.exp) }
  public func expm1() throws -> Tensor { try apply(.expm1) }
  public func log() throws -> Tensor { try apply(.log) }
  public func log1p() throws -> Tensor { try apply(.log1p) }
  public func log2() throws -> Tensor { try apply(.log2) }
  public func log10() throws -> Tensor { try apply(.log10) }
  public func sqrt() throws -> Tensor { try apply(.sqrt) }
  /// 1 / √x
  public func rsqrt() throws -> Tensor { try apply(.rsqrt) }
  public func reciprocal() throws -> Tensor { try apply(.reciprocal) }
  public func tanh() throws -> Tensor { try apply(.tanh) }
  public func sigmoid() throws -> Tensor { try apply(.sigmoid) }
  /// x Φ(x) by the error function (BERT), or GPT-2's approximation by a hyperbolic tangent.
  public func gelu(approximate: Bool = false) throws -> Tensor {
    try apply(approximate ? .geluTanh : .geluErf)
  }
  /// x · sigmoid(x)
  public func silu() throws -> Tensor { try apply(.silu) }
  /// log(1 + eˣ)
  public func softplus() throws -> Tensor { try apply(.softplus) }
  public func leakyRelu(_ negativeSlope: Double = 0.01) throws -> Tensor {
    try apply(.leakyRelu(negativeSlope))
  }
  public func elu(_ alpha: Double = 1) throws -> Tensor { try apply(.elu(alpha)) }
  public func sin() throws -> Tensor { try apply(.sin) }
  public func cos() throws -> Tensor { try apply(.cos) }
  public func tan() throws -> Tensor { try apply(.tan) }
  public func asin() throws -> Tensor { try apply(.asin) }
  public func acos() throws -> Tensor { try apply(.acos) }
  public func atan() throws -> Tensor { try apply(.atan) }
  public func sinh() throws -> Tensor { try apply(.sinh) }
  public func cosh() throws -> Tensor { try apply(.cosh) }
  public func erf() throws -> Tensor { try apply(.erf) }
  /// 1 - erf(x), exact for large x.
  public func erfc() throws -> Tensor { try apply(.erfc) }
  /// Γ(x)
  public func gamma() throws -> Tensor { try apply(.gamma) }
  /// log |Γ(x)|
  public func logGamma() throws -> Tensor { try apply(.logGamma) }

  // These keep integers integers.

  public func relu() throws -> Tensor {
    dtype.isFloating ? try apply(.relu) : try Tensor.arithmetic(.maximum, self, integerZero())
  }

  public func abs() throws -> Tensor {
    if dtype.isFloating { return try apply(.abs) }
    return try Tensor.arithmetic(.maximum, self, Tensor.arithmetic(.subtract, integerZero(), self))
  }

  public func square() throws -> Tensor { dtype.isFloating ? try apply(.square) : try self * self }

  /// -1, 0 or 1; NaN for NaN.
  public func sign() throws -> Tensor {
    if dtype.isFloating { return try apply(.sign) }
    let (one, minusOne) = (try scalarOperand(integer: 1), try scalarOperand(integer: -1))
    return try Tensor.arithmetic(.maximum, minusOne, Tensor.arithmetic(.minimum, self, one))
  }

  public func floor() throws -> Tensor { dtype.isFloating ? try apply(.floor) : self }
  public func ceil() throws -> Tensor { dtype.isFloating ? try apply(.ceil) : self }
  /// To the nearest integer, halves to even.
  public func round() throws -> Tensor { dtype.isFloating ? try apply(.round) : self }
  public func truncated() throws -> Tensor { dtype.isFloating ? try apply(.truncate) : self }

  /// Values below `low` become `low`, above `high` become `high`.
  public func clamped(_ low: Double = -.infinity, _ high: Double = .infinity) throws -> Tensor {
    guard low <= high else {
      throw DomainError(.value, "`clamp` needs low <= high, got \(low) and \(high)")
    }
    return try apply(.clamp(low, high))
  }

  public static prefix func - (a: Tensor) throws -> Tensor {
    a.dtype.isFloating ? try a.apply(.negative) : try arithmetic(.subtract, a.integerZero(), a)
  }

  private func integerZero() throws -> Tensor { try scalarOperand(integer: 0) }
}
