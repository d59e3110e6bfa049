// McMahan, Moore, Ramage, Hampson and Agüera y Arcas, "Communication-Efficient Learning of Deep Networks from
// Decentralized Data", AISTATS 2017 (arXiv 1602.05629), section 2: the baseline with one gradient a round.

import Learning

/// Each client sends the gradient of its mean loss at the server's model, of one batch as large as local training says,
/// and the server makes one step: w -= η Σ p_i g_i.
public struct FedSGD: Strategy {
  /// η of the server.
  public let learningRate: Double

  public init(learningRate: Double = 1) throws {
    self.learningRate = try StrategyChecks.rate(learningRate)
  }

  public var name: String { "sgd" }
  public var fingerprint: String { "sgd(\(learningRate))" }

  public func client(_ client: ClientWork) throws -> ClientUpdate {
    let (gradient, loss) = try client.gradient(of: client.local.batch)
    // What is sent points where the model is to go, as with all strategies.
    var direction = gradient
    try direction.scale(by: -1)
    return ClientUpdate(
      vectors: [direction], examples: client.examples.count, steps: 1, loss: loss)
  }

  public func aggregate(_ sum: RoundSum, _ server: inout ServerState) throws {
    try server.model.add(sum.vectors[0], times: Float(learningRate))
  }
}
