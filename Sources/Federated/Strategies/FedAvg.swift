// McMahan, Moore, Ramage, Hampson and Agüera y Arcas, "Communication-Efficient Learning of Deep Networks from
// Decentralized Data", AISTATS 2017 (arXiv 1602.05629), algorithm 1.

import Learning

/// The server moves by the weighted mean of how far the clients moved: w += η Σ p_i (w_i - w).
public struct FedAvg: Strategy {
  /// η of the server.
  public let learningRate: Double

  public init(serverLearningRate: Double = 1) { learningRate = serverLearningRate }

  public var name: String { "avg" }
  public var fingerprint: String { "avg(\(learningRate))" }

  public func client(_ client: ClientWork) throws -> ClientUpdate {
    let training = try client.train()
    return ClientUpdate(
      vectors: [try client.displacement()], examples: training.examples, steps: training.steps,
      loss: training.loss)
  }

  public func aggregate(_ sum: RoundSum, _ server: inout ServerState) throws {
    try server.model.add(sum.vectors[0], times: Float(learningRate))
  }
}
