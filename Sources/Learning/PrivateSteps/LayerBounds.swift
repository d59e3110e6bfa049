import CKernels
import Tensors

/// The last norms of each layer's released gradient, estimated without its noise.
struct RunningMedians {
  private static let window = 25
  private(set) var values: [[Double]]

  init(_ layers: Int) { values = Array(repeating: [], count: layers) }

  /// Goes on from saved norms.
  init(_ values: [[Double]]) {
    self.values = values.map { Array($0.suffix(RunningMedians.window)) }
  }

  mutating func append(_ norms: [Double]) {
    for (layer, norm) in norms.enumerated() {
      if values[layer].count == RunningMedians.window { values[layer].removeFirst() }
      values[layer].append(norm)
    }
  }

  /// Nil before the first release.
  var medians: [Double]? {
    guard values.allSatisfy({ !$0.isEmpty }) else { return nil }
    return values.map { $0.sorted()[$0.count / 2] }
  }
}

extension TrainingStep {
  /// C_l of each layer with √ΣC_l² = `bound`. No layer's share is below a thousandth of the largest, so that one that
  /// starts near zero can move.
  func layerBounds(_ scale: LayerScale, bound: Double) -> [Double] {
    let sizes: [Double]
    switch scale {
    case .weightNorm: sizes = weightNorms()
    case .dimension: sizes = dimensions.map { $0.squareRoot() }
    case .runningMedian: sizes = medians.medians ?? weightNorms()
    }
    let largest = sizes.max() ?? 0
    let floored = sizes.map { max($0, 1e-3 * largest) }
    let whole = floored.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return floored.map { bound * $0 / whole }
  }

  /// How many numbers each layer has.
  private var dimensions: [Double] {
    layers.map { layer in
      Double(layer.members.reduce(0) { $0 + layout.parameters[$1].trainedCount })
    }
  }

  /// ‖θ_l‖. A layer of zeros, such as a regression that has not begun, has no norm to go by: it counts as if its
  /// weights were of the size that those of the others are on average, and where all are zero, as if all were of one
  /// size.
  private func weightNorms() -> [Double] {
    if squaredWeights.isEmpty {
      squaredWeights = layout.parameters.map { parameter in
        let data = parameter.data
        let fixed = parameter.fixedElements
        return withExtendedLifetime(data) {
          let values = UnsafePointer(data.floats)
          return values.sumOfSquares(fixed.lowerBound)
            + (values + fixed.upperBound).sumOfSquares(parameter.count - fixed.upperBound)
        }
      }
    }
    let squares = layers.map { layer in layer.members.reduce(0) { $0 + squaredWeights[$1] } }
    let dimensions = dimensions
    let total = squares.reduce(0, +)
    let filled = zip(squares, dimensions).reduce(0) { $0 + ($1.0 > 0 ? $1.1 : 0) }
    let typical = total > 0 ? total / filled : 1
    return zip(squares, dimensions).map { ($0 > 0 ? $0 : typical * $1).squareRoot() }
  }

  /// The noise's standard deviation in each parameter.
  func deviations(
    _ shape: NoiseShape, multiplier: Double, bound: Double, layerBounds: [Double]?
  ) -> [Float] {
    guard multiplier > 0 else { return [] }
    guard shape == .perLayer, let layerBounds else {
      return layout.parameters.map { _ in Float(multiplier * bound) }
    }
    var result = [Float](repeating: 0, count: layout.parameters.count)
    let scale = multiplier * Double(layers.count).squareRoot()
    for (layer, bound) in zip(layers, layerBounds) {
      for member in layer.members { result[member] = Float(scale * bound) }
    }
    return result
  }

  /// Feeds the running medians with the released gradient of a step: ‖released‖² minus what the noise is expected to
  /// add to it.
  func observeReleased(_ gradients: StepGradients) throws {
    let scratch = try Tensor.uninitialized([1 << 14])
    var squares = [Double](repeating: 0, count: layout.parameters.count)
    for block in layout.blocks {
      var gradient = gradients.block(block, layout)
      let target =
        block.count <= scratch.count ? scratch : try Tensor.uninitialized([block.count])
      fl_gradient_f32(block.count, &gradient, target.floats)
      squares[block.parameter] += fl_sumsq_f32(block.count, target.floats)
    }
    let norms = layers.map { layer in
      var signal = 0.0
      var noise = 0.0
      for member in layer.members {
        let deviation =
          gradients.deviations.isEmpty
          ? 0 : Double(gradients.deviations[member]) * Double(gradients.scale)
        signal += squares[member]
        noise += deviation * deviation * Double(layout.parameters[member].trainedCount)
      }
      // Below the noise's own fluctuation nothing can be seen.
      return max(signal - noise, 0.01 * noise, 1e-30).squareRoot()
    }
    medians.append(norms)
  }
}
