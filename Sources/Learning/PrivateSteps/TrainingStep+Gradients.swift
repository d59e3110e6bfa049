import Foundations
import Tensors

/// Gradients for methods that do something to them before an optimizer sees them.
extension TrainingStep {
  /// The trained parameters, in the order of the gradients below.
  public var parameters: [Parameter] { layout.parameters }

  /// DP-SGD's gradient of `batch` (Abadi et al. 2016, algorithm 1): each example's clipped to `options.bound`, their
  /// sum noised and divided by the expected batch. It counts as a step; nothing is changed by it.
  ///
  /// - Returns: for each parameter a tensor of its shape, and the mean loss, which is not private.
  public func noisedGradient(_ batch: Batch, _ options: PrivateOptions) throws -> (
    gradients: [Tensor], loss: Double
  ) {
    defer { stepCount += 1 }
    discardGradients()
    sink.begin()
    let clipping = Clipping(rule: options.rule, bound: options.bound, layerBounds: nil)
    var loss = 0.0
    for (number, part) in try batch.chunks(physicalLimit).enumerated() {
      loss += try addClipped(part, clipping, number, into: [sink]).loss
    }
    let deviations = deviations(
      .uniform, multiplier: options.noiseMultiplier, bound: options.bound, layerBounds: nil)
    let gradients = StepGradients(
      sources: try sources(in: sink), scale: Float(1 / options.expectedBatch),
      deviations: deviations, stream: options.noise.stream(stepCount))
    // That the noise is the promised one.
    if stepCount == 0 { _ = try SafetyCheck(layout, gradients, promised: deviations) }
    return (try gradients.tensors(layout), loss / Double(batch.count))
  }

  /// The gradient of each example of `batch` by itself; nothing is clipped or noised.
  ///
  /// - Returns: for each parameter a tensor [examples, the parameter's shape …].
  public func exampleGradients(_ batch: Batch) throws -> [Tensor] {
    let results = try layout.parameters.map {
      try Tensor.zeros(Shape(checking: [batch.count] + Array($0.shape)))
    }
    let single = try GradientSink(layout.parameters, sparse: [])
    for example in 0..<batch.count {
      try Cancellation.check()
      single.begin()
      _ = try accumulate(batch.slice(example..<(example + 1)), number: example, into: single)
      try single.densify()
      for (index, parameter) in layout.parameters.enumerated() {
        guard let values = single.values(index) else { continue }
        (results[index].floats + example * parameter.count).update(
          from: values, count: parameter.count)
      }
    }
    return results
  }
}
