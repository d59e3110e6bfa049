// Li, Sahu, Zaheer, Sanjabi, Talwalkar and Smith, "Federated Optimization in Heterogeneous Networks", MLSys 2020
// (arXiv 1812.06127), algorithm 2.

import Learning

/// FedAvg whose clients are pulled towards the server's model: they make F_i(w) + (μ/2) ‖w - w^t‖² small. With μ = 0 it
/// is FedAvg.
public struct FedProx: Strategy {
  /// μ.
  public let mu: Double

  public init(mu: Double) throws {
    self.mu = try StrategyChecks.number(mu, "mu", atLeast: 0)
  }

  public var name: String { "prox" }
  public var fingerprint: String { "prox(mu: \(mu))" }

  public func client(_ client: ClientWork) throws -> ClientUpdate {
    let pull = GradientCorrection(pull: Float(mu), towards: client.server.model)
    let training = try client.train(mu > 0 ? pull : nil)
    return ClientUpdate(
      vectors: [try client.displacement()], examples: training.examples, steps: training.steps,
      loss: training.loss)
  }

  public func aggregate(_ sum: RoundSum, _ server: inout ServerState) throws {
    try server.model.add(sum.vectors[0])
  }
}
