import Foundations
import Tensors

/// What a forward pass is for: training or not, and the random stream of its dropout.
public final class ForwardContext: @unchecked Sendable {
  // Used by one thread at a time: the one that runs the forward pass.
  public let isTraining: Bool
  /// What the gradient of each example's loss will be multiplied with, where the step knows: a loss that makes its
  /// gradients on the way may multiply them already, and need not go over them again.
  public let lossWeights: [Float]?
  /// Set where the pass is one of several examples in private training.
  let separation: Separation?
  private let key: RandomKey
  private var calls = 0

  public init(
    training: Bool, key: RandomKey, lossWeights: [Float]? = nil, separation: Separation? = nil
  ) {
    isTraining = training
    self.lossWeights = lossWeights
    self.separation = separation
    self.key = key
  }

  /// The context of the forward pass in progress on this thread; nil outside of one, which means evaluation.
  @TaskLocal public static var current: ForwardContext?

  /// Runs `body` as a forward pass of training; `key` decides which units dropout drops.
  public static func training<R>(
    _ key: RandomKey, lossWeights: [Float]? = nil, separation: Separation? = nil,
    _ body: () throws -> R
  ) rethrows -> R {
    try $current.withValue(
      ForwardContext(
        training: true, key: key, lossWeights: lossWeights, separation: separation),
      operation: body)
  }

  /// Runs `body` without dropout and without recording.
  public static func evaluation<R>(_ body: () throws -> R) rethrows -> R {
    try $current.withValue(nil) { try Tape.withoutRecording(body) }
  }

  /// `lossWeights` for a batch of `examples`; 1 each where the step has said nothing, and for an example of weight 0,
  /// whose gradient could not be scaled back.
  public static func lossWeights(_ examples: Int) -> [Float] {
    guard let weights = current?.lossWeights, weights.count == examples else {
      return [Float](repeating: 1, count: examples)
    }
    return weights.map { $0 > 0 ? $0 : 1 }
  }

  /// A key of its own for the next thing of this pass that draws random numbers.
  public func nextKey() -> RandomKey {
    calls += 1
    return key.derived(calls)
  }
}
