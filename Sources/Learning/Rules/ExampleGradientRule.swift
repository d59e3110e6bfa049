import CKernels
import Tensors

/// A rule for parameters so small that each example's gradient was made: everything follows from those.
final class ExampleGradientRule: RangedGradientRule {
  let parameters: [Parameter]
  let exampleCount: Int
  /// [examples] + the parameter's shape, each.
  private let gradients: [Tensor]

  init(_ parameters: [Parameter], _ gradients: [Tensor]) {
    self.parameters = parameters
    self.gradients = gradients
    exampleCount = gradients.first?.shape.first ?? 0
  }

  func accumulate(
    weights: UnsafePointer<Float>?, examples: Range<Int>, into sink: GradientSink
  ) throws {
    for (parameter, gradient) in zip(parameters, gradients) where parameter.requiresGradient {
      guard let index = sink.index(of: parameter) else { continue }
      let width = parameter.count
      let (target, accumulate) = try sink.target(index)
      ColumnSums.compute(
        gradient.floats + examples.lowerBound * width, rows: examples.count, columns: width,
        weights: weights.map { $0 + examples.lowerBound }, accumulate: accumulate, target)
      withExtendedLifetime(gradient) {}
    }
  }

  /// The sums are as small as anything that their norms could be found from.
  func squaredNorms(of ranges: [Range<Int>]) throws -> [Double]? { nil }

  func addSquaredNorms(to norms: UnsafeMutablePointer<Float>) throws {
    for (index, parameter) in parameters.enumerated() where parameter.requiresGradient {
      try addSquaredNorms(ofParameter: index, to: norms)
    }
  }

  func addSquaredNorms(ofParameter index: Int, to norms: UnsafeMutablePointer<Float>) throws {
    let width = parameters[index].count
    withExtendedLifetime(gradients[index]) {
      let from = gradients[index].floats
      for example in 0..<exampleCount {
        norms[example] += Float(fl_sumsq_f32(width, from + example * width))
      }
    }
  }

  func perExample(_ index: Int) throws -> Tensor { gradients[index] }
}
