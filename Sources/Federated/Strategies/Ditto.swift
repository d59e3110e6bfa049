// Li, Hu, Beirami and Smith, "Ditto: Fair and Robust Federated Learning Through Personalization", ICML 2021
// (arXiv 2012.04221), algorithm 1.

import Learning

/// Every device keeps a model of its own beside the one that FedAvg makes for all: after its work for the server it
/// trains its own, v_i, pulled towards the server's, v_i -= η (∇F_i(v_i) + λ (v_i - w^t)). With λ = 0 devices learn
/// alone. Nothing more is sent than with FedAvg.
public struct Ditto: Strategy {
  /// λ.
  public let lambda: Double
  /// What devices keep their own model as.
  static let own = "ditto.model"

  public init(lambda: Double) throws {
    self.lambda = try StrategyChecks.number(lambda, "lambda", atLeast: 0)
  }

  public var name: String { "ditto" }
  public var fingerprint: String { "ditto(lambda: \(lambda))" }

  public func client(_ client: ClientWork) throws -> ClientUpdate {
    let update = try FedAvg().client(client)
    try client.set(client.state[Ditto.own] ?? client.server.model)
    let pull = GradientCorrection(pull: Float(lambda), towards: client.server.model)
    _ = try client.train(lambda > 0 ? pull : nil)
    client.state[Ditto.own] = try ParameterVector(client.model)
    return update
  }

  public func aggregate(_ sum: RoundSum, _ server: inout ServerState) throws {
    try server.model.add(sum.vectors[0])
  }

  public func personal(_ state: [String: ParameterVector]) -> ParameterVector? { state[Ditto.own] }
}
