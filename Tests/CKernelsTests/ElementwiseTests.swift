import CKernels
import Foundation
import Testing

typealias UnaryKernel = @Sendable (Int, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?) -> Void
typealias GradientKernel =
  @Sendable (
    Int, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?
  ) -> Void

/// A function with its kernel and the largest error in ulp; `floor` is the size below which results
/// are compared absolutely (at points where the kernel, like PyTorch, subtracts from 1).
private struct Function: Sendable {
  var name: String
  var kernel: UnaryKernel
  var reference: @Sendable (Double) -> Double
  var ulps: Double
  var floor: Double = 0
  var range: ClosedRange<Float> = -100...100
}

private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
private func geluTanh(_ x: Double) -> Double {
  x == -.infinity ? 0 : x * sigmoid(2 * (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x))
}

private let functions: [Function] = [
  Function(name: "exp", kernel: fl_exp_f32, reference: exp, ulps: 1.5),
  Function(name: "expm1", kernel: fl_expm1_f32, reference: expm1, ulps: 2),
  Function(name: "log", kernel: fl_log_f32, reference: log, ulps: 1.5, range: 0...1e6),
  Function(name: "log1p", kernel: fl_log1p_f32, reference: log1p, ulps: 2.5, range: -1...1e3),
  Function(name: "sqrt", kernel: fl_sqrt_f32, reference: { $0.squareRoot() }, ulps: 0.5),
  Function(name: "rsqrt", kernel: fl_rsqrt_f32, reference: { 1 / $0.squareRoot() }, ulps: 1.5),
  Function(name: "tanh", kernel: fl_tanh_f32, reference: tanh, ulps: 2.5, range: -10...10),
  Function(name: "sigmoid", kernel: fl_sigmoid_f32, reference: sigmoid, ulps: 2.5),
  Function(name: "relu", kernel: fl_relu_f32, reference: { $0.isNaN ? $0 : max(0, $0) }, ulps: 0),
  Function(
    name: "gelu_tanh", kernel: fl_gelu_tanh_f32, reference: geluTanh, ulps: 16, floor: 1e-4),
  Function(
    name: "gelu_erf", kernel: fl_gelu_erf_f32,
    reference: { $0 == -.infinity ? 0 : $0 * 0.5 * (1 + erf($0 / 2.0.squareRoot())) }, ulps: 4,
    floor: 0.2),
  Function(
    name: "silu", kernel: fl_silu_f32, reference: { $0 == -.infinity ? 0 : $0 * sigmoid($0) },
    ulps: 3, floor: 1e-30),
  Function(
    name: "softplus", kernel: fl_softplus_f32,
    reference: { max($0, 0) + log1p(exp(-$0.magnitude)) + ($0.isNaN ? $0 : 0) }, ulps: 2.5),
  Function(name: "sin", kernel: fl_sin_f32, reference: sin, ulps: 2),
  Function(name: "cos", kernel: fl_cos_f32, reference: cos, ulps: 2),
  Function(name: "abs", kernel: fl_abs_f32, reference: { $0.magnitude }, ulps: 0),
  Function(name: "neg", kernel: fl_neg_f32, reference: { -$0 }, ulps: 0),
  Function(name: "square", kernel: fl_square_f32, reference: { $0 * $0 }, ulps: 0.5),
  Function(name: "reciprocal", kernel: fl_reciprocal_f32, reference: { 1 / $0 }, ulps: 0.5),
  Function(name: "erf", kernel: fl_erf_f32, reference: erf, ulps: 2, range: -5...5),
  Function(name: "floor", kernel: fl_floor_f32, reference: { $0.rounded(.down) }, ulps: 0),
  Function(name: "ceil", kernel: fl_ceil_f32, reference: { $0.rounded(.up) }, ulps: 0),
  Function(name: "trunc", kernel: fl_trunc_f32, reference: { $0.rounded(.towardZero) }, ulps: 0),
  Function(
    name: "round", kernel: fl_round_f32, reference: { $0.rounded(.toNearestOrEven) }, ulps: 0),
  Function(
    name: "sign", kernel: fl_sign_f32,
    reference: { $0.isNaN ? $0 : $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }, ulps: 0),
]

/// Numbers where functions tend to go wrong.
let delicate: [Float] = [
  0, -0.0, 1, -1, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
  .leastNormalMagnitude, -.leastNormalMagnitude, .greatestFiniteMagnitude,
  -.greatestFiniteMagnitude, 88.72283, 88.72284, -87.33655, -88, -95, -103.97, -103.98, -104, -110,
  0.5, -0.5, 1.5, 2.5, 1e-10, -1e-10, 0x1p-128, 0.70710677, 0.9277344, 0x1.fffffp-127, 1e30, -1e30,
  16_777_216, 8_388_607.5, 0.99999994, 1.0000001, 3.1415927, 1.5707964, 29_999, 30_001, 1e7,
]

extension KernelTests {
  @Suite struct Elementwise {
    @Test(arguments: functions.map(\.name)) func functionIsAccurate(name: String) throws {
      let function = try #require(functions.first { $0.name == name })
      var numbers = Numbers(1)
      var inputs = delicate
      inputs += numbers.array(4000, function.range.lowerBound, function.range.upperBound)
      inputs += numbers.array(2000, -1, 1)
      // All magnitudes, denormal numbers included.
      inputs += (0..<4000).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: numbers.word()))
      }
      let results = sameOnEveryLevel(name) {
        output(inputs.count) { function.kernel(inputs.count, inputs, $0) }
      }
      var worst = 0.0
      for (x, y) in zip(inputs, results) {
        let expected = function.reference(Double(x))
        if expected.magnitude < function.floor && (Double(y) - expected).magnitude < 1e-7 {
          continue
        }
        let error = unitsInLastPlace(y, expected)
        worst = max(worst, error)
        if error > function.ulps {
          Issue.record("\(name)(\(x)) = \(y), not \(expected): \(error) ulp")
          break
        }
      }
      #expect(worst <= function.ulps)
    }

    @Test(arguments: functions.map(\.name)) func tailsAreRight(name: String) throws {
      let function = try #require(functions.first { $0.name == name })
      var numbers = Numbers(2)
      for n in tailLengths {
        let inputs = numbers.array(n, 0.1, 3)
        sameOnEveryLevel("\(name) of \(n)") {
          let result = output(n) { function.kernel(n, inputs, $0) }
          expectClose(result, inputs.map { function.reference(Double($0)) }, relative: 1e-6, name)
          let inPlace = output(n, initial: inputs) { function.kernel(n, $0, $0) }
          #expect(inPlace.map(\.bitPattern) == result.map(\.bitPattern))
          return result
        }
      }
    }

    @Test func signsOfZeroAreKept() {
      let kernels: [UnaryKernel] = [
        fl_tanh_f32, fl_sin_f32, fl_erf_f32, fl_expm1_f32, fl_log1p_f32, fl_sqrt_f32,
      ]
      for kernel in kernels {
        sameOnEveryLevel {
          let result = output(2) { kernel(2, [-0.0, 0.0], $0) }
          #expect(result[0].sign == .minus && result[1].sign == .plus && result == [0, 0])
          return result
        }
      }
    }

    @Test func gradientsAreDerivatives() {
      // kernel, function, whether the kernel takes the output
      let cases: [(String, GradientKernel, (Double) -> Double, Bool)] = [
        ("sqrt", fl_sqrt_backward_f32, { $0.squareRoot() }, true),
        ("rsqrt", fl_rsqrt_backward_f32, { 1 / $0.squareRoot() }, true),
        ("tanh", fl_tanh_backward_f32, tanh, true),
        ("sigmoid", fl_sigmoid_backward_f32, sigmoid, true),
        ("relu", fl_relu_backward_f32, { max(0, $0) }, false),
        ("reciprocal", fl_reciprocal_backward_f32, { 1 / $0 }, true),
        ("gelu_tanh", fl_gelu_tanh_backward_f32, geluTanh, false),
        (
          "gelu_erf", fl_gelu_erf_backward_f32, { $0 * 0.5 * (1 + erf($0 / 2.0.squareRoot())) },
          false
        ),
        ("silu", fl_silu_backward_f32, { $0 * sigmoid($0) }, false),
        ("softplus", fl_softplus_backward_f32, { log1p(exp($0)) }, false),
        ("abs", fl_abs_backward_f32, { $0.magnitude }, false),
        ("erf", fl_erf_backward_f32, erf, false),
        ("sin", fl_sin_backward_f32, sin, false),
        ("cos", fl_cos_backward_f32, cos, false),
      ]
      var numbers = Numbers(3)
      for (name, kernel, function, takesOutput) in cases {
        let positive = name.hasSuffix("sqrt") || name == "reciprocal"
        for n in [1, 16, 37] {
          let x = numbers.array(n, positive ? 0.2 : -4, 4)
          let dy = numbers.array(n)
          let saved = takesOutput ? x.map { Float(function(Double($0))) } : x
          let expected = zip(x, dy).map { x, dy in
            Double(dy) * (function(Double(x) + 1e-6) - function(Double(x) - 1e-6)) / 2e-6
          }
          sameOnEveryLevel(name) {
            let result = output(n) { kernel(n, dy, saved, $0) }
            expectClose(result, expected, relative: 1e-5, absolute: 3e-6, name)
            return result
          }
        }
      }
    }

    @Test func gradientsAreFiniteFarOut() {
      let far: [Float] = [-1e30, -1000, 1000, 1e30, -.infinity, .infinity]
      let ones = [Float](repeating: 1, count: far.count)
      let kernels: [GradientKernel] = [
        fl_gelu_tanh_backward_f32, fl_gelu_erf_backward_f32, fl_silu_backward_f32,
        fl_softplus_backward_f32,
      ]
      for kernel in kernels {
        sameOnEveryLevel {
          let result = output(far.count) { kernel(far.count, ones, far, $0) }
          #expect(result == [0, 0, 1, 1, 0, 1])
          return result
        }
      }
    }

    @Test func clampLimitsAndItsGradientPasses() {
      let x: [Float] = [-3, -1, 0, 1, 3, .nan]
      let ones = [Float](repeating: 1, count: 6)
      onEveryLevel { _ in
        let y = output(6) { fl_clamp_f32(6, x, -1, 1, $0) }
        #expect(Array(y[..<5]) == [-1, -1, 0, 1, 1] && y[5].isNaN)
        #expect(output(6) { fl_clamp_backward_f32(6, ones, x, -1, 1, $0) } == [0, 1, 1, 1, 0, 0])
      }
    }
  }
}
