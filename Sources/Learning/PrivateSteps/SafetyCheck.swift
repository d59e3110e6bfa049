import CKernels
import Foundations
import Tensors

/// Looks at the first private step: the noise that was promised is what the kernels add, it reached the parameters, and
/// nothing is NaN.
///
/// A right step is refused with a probability below 10⁻¹² a parameter, however small the parameter is.
struct SafetyCheck {
  private let layout: ParameterLayout
  private let before: [Tensor]
  /// The noise's standard deviation in each parameter's update, before the optimizer's rate; empty without noise.
  private let deviations: [Double]

  /// Call before the update, with what it is going to use and the noise that was `promised` for each parameter's
  /// gradient sum.
  init(_ layout: ParameterLayout, _ gradients: StepGradients, promised: [Float]) throws {
    self.layout = layout
    deviations = promised.map { Double($0) * Double(gradients.scale) }
    before = try layout.parameters.map { parameter in
      let copy = try Tensor.uninitialized(parameter.shape)
      copy.floats.update(from: parameter.data.floats, count: parameter.count)
      return copy
    }
    if !promised.isEmpty { try measureNoise(gradients) }
  }

  /// How many of the numbers that the kernel draws are looked at, from a parameter's first on: small parameters have
  /// too few of their own to tell right noise from wrong.
  private static let sample = 1 << 12

  /// The noise that the kernels make for each parameter has the promised variance. It is measured without the gradient,
  /// in whose rounding a small number of it could drown.
  private func measureNoise(_ gradients: StepGradients) throws {
    let drawn = try Tensor.uninitialized([SafetyCheck.sample])
    for (index, parameter) in layout.parameters.enumerated() where parameter.trainedCount > 0 {
      var noise = fl_gradient()
      noise.scale = gradients.scale
      noise.noise_deviation = gradients.deviations.isEmpty ? 0 : gradients.deviations[index]
      noise.stream = gradients.stream
      noise.offset = UInt64(layout.offsets[index])
      fl_gradient_f32(drawn.count, &noise, drawn.floats)
      let squares = fl_sumsq_f32(drawn.count, drawn.floats)
      let ratio = squares / (deviations[index] * deviations[index] * Double(drawn.count))
      // The sum X of n squared normals: P(X ≥ n + 2√(n x) + 2x) and P(X ≤ n - 2√(n x)) are at most e⁻ˣ (Laurent,
      // Massart 2000).
      let x = 30.0 / Double(drawn.count)
      guard ratio < 1 + 2 * x.squareRoot() + 2 * x, ratio > 1 - 2 * x.squareRoot() else {
        throw DomainError(
          .privacy,
          "the noise in `\(parameter.name)` is not what was promised: its variance is \(ratio) times the one accounted for"
        )
      }
    }
  }

  /// Call after the update. Where it throws, the parameters are as they were before.
  func verify(rate: Double) throws {
    do {
      try compare(rate: rate)
    } catch {
      for (parameter, old) in zip(layout.parameters, before) {
        parameter.data.floats.update(from: old.floats, count: old.count)
      }
      throw error
    }
  }

  private func compare(rate: Double) throws {
    for (index, parameter) in layout.parameters.enumerated() {
      let (new, old) = (parameter.data, before[index])
      guard fl_has_nonfinite_f32(new.count, new.floats) == 0 else {
        throw DomainError(
          .value, "parameter `\(parameter.name)` is not finite after the first private step",
          hint: "lower the learning rate")
      }
      guard !deviations.isEmpty, rate > 0 else { continue }
      // The least that the noise moves a number by, in the standard deviation: as with SGD, or, by optimizers that go
      // by the gradient's sign, as far as the rate.
      let step = rate * min(1, deviations[index])
      var certain = 0
      var hasMoved = false
      for i in 0..<new.count where !parameter.fixedElements.contains(i) {
        if new.floats[i] != old.floats[i] {
          hasMoved = true
          break
        }
        // Noise of more than four steps of the float leaves it where it is with a chance below 1/10.
        if step > 4 * Double(old.floats[i].ulp) { certain += 1 }
      }
      guard hasMoved || certain < 16 else {
        throw DomainError(
          .privacy, "parameter `\(parameter.name)` did not move in the first private step",
          detail: "its noise did not reach it")
      }
    }
  }
}
