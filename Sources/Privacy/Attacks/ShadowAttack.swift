// The shadow model attack (Shokri, Stronati, Song, Shmatikov 2017, arXiv 1610.05820). What shadow models give for their
// members and for others teaches an attack model, one for each class, to tell a member's vector of probabilities: a
// network with one hidden layer of 64 rectified units (§VI-D). There, shadow models have data of their own; here they
// are trained on halves of the examples that are attacked, which helps the attacker.

import Foundation
import Foundations
import Learning
import Tensors

public enum ShadowAttack {
  private static let hidden = 64
  private static let batch = 64
  /// So many steps at least and so many passes at most, whatever a class has.
  private static let steps = 600
  private static let mostEpochs = 200

  /// The score of each example, ln of the odds that it is a member by the attack model of its class.
  ///
  /// - Parameter key: of the attack models' first weights and the order of their training.
  /// - Throws: what training throws, `interrupt` where it is stopped.
  public static func scores(_ outputs: ShadowOutputs, key: RandomKey) throws -> [Double] {
    let classes = Dictionary(grouping: 0..<outputs.plan.examples) { outputs.target.labels[$0] }
      .sorted { $0.key < $1.key }
    var found = [Result<[Double], any Error>?](repeating: nil, count: classes.count)
    // Each class has a network, a key and a place of its own: how many threads there are changes nothing.
    try Cancellation.abandonable {
      found.withUnsafeMutableBufferPointer { found in
        nonisolated(unsafe) let places = found.baseAddress
        Parallel.each(classes.count) { index in
          let (label, examples) = classes[index]
          places?[index] = Result {
            try Parallel.serially { try self.scores(of: examples, outputs, key.derived(label)) }
          }
        }
      }
    }
    var scores = [Double](repeating: 0, count: outputs.plan.examples)
    for ((_, examples), own) in zip(classes, found) {
      guard let own else { continue }
      for (example, score) in zip(examples, try own.get()) { scores[example] = score }
    }
    return scores
  }

  /// Those of the examples of one class.
  private static func scores(of examples: [Int], _ outputs: ShadowOutputs, _ key: RandomKey) throws
    -> [Double]
  {
    let model = try attackModel(of: examples, outputs, key)
    let target = try Tensor(
      examples.flatMap { probabilities(outputs.target, $0) },
      shape: Shape(checking: [examples.count, outputs.target.classes]))
    let found = try ForwardContext.evaluation { try model.forward(target) }.array(Float.self)
    return examples.indices.map { Double(found[2 * $0 + 1]) - Double(found[2 * $0]) }
  }

  private static func probabilities(_ outputs: ClassifierOutputs, _ example: Int) -> [Float] {
    outputs.logProbabilities(example).map { Float(exp($0)) }
  }

  /// A network from the probabilities of a class's examples to other and member.
  private static func attackModel(of examples: [Int], _ outputs: ShadowOutputs, _ key: RandomKey)
    throws -> Layer
  {
    var inputs: [Float] = []
    var labels: [Int] = []
    for (shadow, found) in outputs.shadows.enumerated() {
      for example in examples {
        inputs += probabilities(found, example)
        labels.append(outputs.plan.isMember(example, of: shadow) ? 1 : 0)
      }
      try Cancellation.check()
    }
    var random = key.derived("weights").stream
    let model = try Sequential([
      try Linear(outputs.target.classes, hidden, random: &random), Activation(.relu),
      try Linear(hidden, 2, random: &random),
    ])
    let perEpoch = (labels.count + batch - 1) / batch
    let plan = try SamplingPlan(
      examples: labels.count, batch: batch,
      epochs: min(mostEpochs, max(2, (steps + perEpoch - 1) / perEpoch)), sampling: .shuffled)
    let trainer = try Trainer(
      model: model, loss: .crossEntropy(), optimizer: try Adam(rate: 5e-3),
      options: TrainingOptions(plan: plan, key: key.derived("train")))
    var callbacks = TrainingCallbacks()
    callbacks.onStep = { _ in try Cancellation.check() }
    callbacks.shouldStop = { Parallel.isAbandoned }
    _ = try trainer.run(
      TensorSource(
        inputs: Tensor(inputs, shape: Shape(checking: [labels.count, outputs.target.classes])),
        labels: Tensor(ints: labels)), callbacks)
    return model
  }
}
