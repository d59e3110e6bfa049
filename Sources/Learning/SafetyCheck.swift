import CKernels
import Tensor

/// Looks at the first private step: every trainable tensor moved, nothing is NaN, and the noise that was promised was added.
struct SafetyCheck {
  private let layout: ParameterLayout
  private let before: [Tensor]
  private let hasNoise: Bool

  /// Call before the update, with what it is going to use.
  init(_ layout: ParameterLayout, _ gradients: StepGradients) throws {
    self.layout = layout
    hasNoise = gradients.deviations.contains { $0 > 0 }
    before = try layout.parameters.map { parameter in
      let copy = try Tensor.uninitialized(parameter.shape)
      copy.floats.update(from: parameter.data.floats, count: parameter.count)
      return copy
    }
    if hasNoise { try SafetyCheck.measureNoise(layout, gradients) }
  }

  /// The noise in the update (what the kernels make of the gradients with and without it) has the promised variance.
  private static func measureNoise(_ layout: ParameterLayout, _ gradients: StepGradients) throws {
    var without = gradients
    without.deviations = []
    for (index, parameter) in layout.parameters.enumerated() {
      guard let block = layout.blocks.first(where: { $0.parameter == index }) else { continue }
      let noisy = try Tensor.uninitialized([block.count])
      let clean = try Tensor.uninitialized([block.count])
      var first = gradients.block(block, layout)
      var second = without.block(block, layout)
      fl_gradient_f32(block.count, &first, noisy.floats)
      fl_gradient_f32(block.count, &second, clean.floats)
      var squares = 0.0
      for i in 0..<block.count {
        let difference = Double(noisy.floats[i]) - Double(clean.floats[i])
        squares += difference * difference
      }
      let expected =
        Double(gradients.deviations[index]) * Double(gradients.scale)
        * Double(gradients.deviations[index]) * Double(gradients.scale) * Double(block.count)
      // A sum of n squared normals has a relative deviation of √(2/n); ten of them never happen by chance.
      let tolerance = 10 * (2 / Double(block.count)).squareRoot()
      let ratio = squares / expected
      guard ratio < 1 + tolerance, ratio > 1 - tolerance, ratio > 1e-6 else {
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
    for (parameter, old) in zip(layout.parameters, before) {
      let new = parameter.data
      guard fl_has_nonfinite_f32(new.count, new.floats) == 0 else {
        throw DomainError(
          .value, "parameter `\(parameter.name)` is not finite after the first private step",
          hint: "lower the learning rate")
      }
      guard hasNoise, rate > 0 else { continue }
      var moved = false
      for i in 0..<new.count where new.floats[i] != old.floats[i] {
        moved = true
        break
      }
      guard moved || new.count == 0 else {
        throw DomainError(
          .privacy, "parameter `\(parameter.name)` did not move in the first private step",
          detail: "its noise did not reach it, or the learning rate is too small to change it")
      }
    }
  }
}
