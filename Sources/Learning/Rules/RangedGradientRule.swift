import Tensors

/// A rule that can also sum over some of the examples only: what micro-batches need. Examples that belong together lie
/// next to each other.
protocol RangedGradientRule: GradientRule {
  /// Adds Σ wᵢ·gradᵢ over `examples` to the sink; `weights` is indexed by example from 0.
  func accumulate(
    weights: UnsafePointer<Float>?, examples: Range<Int>, into sink: GradientSink) throws

  /// The squared norm of the sum of each range's gradients over this rule's trainable parameters, where that is cheaper
  /// found without making the sums; nil where it is not.
  func squaredNorms(of ranges: [Range<Int>]) throws -> [Double]?
}

extension RangedGradientRule {
  func accumulate(weights: UnsafePointer<Float>?, into sink: GradientSink) throws {
    try accumulate(weights: weights, examples: 0..<exampleCount, into: sink)
  }
}
