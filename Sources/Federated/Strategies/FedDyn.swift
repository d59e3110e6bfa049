// Acar, Zhao, Navarro, Mattina, Whatmough and Saligrama, "Federated Learning Based on Dynamic Regularization",
// ICLR 2021 (arXiv 2111.04263), algorithm 1.

import Learning

/// Clients' objectives are bent so that what is best for all is best for each: a client makes
/// F_i(w) - ⟨h_i, w⟩ + (α/2) ‖w - w^t‖² small and keeps h_i -= α (w_i - w^t). Of m devices those in S came through:
/// the server keeps h -= α (1/m) Σ_S (w_i - w^t) and moves to the mean of the w_i, less h/α. Clients count alike, as in
/// the paper.
public struct FedDyn: Strategy {
  /// α.
  public let alpha: Double
  private static let common = "dyn.gradient"
  private static let own = "dyn.own"

  public init(alpha: Double) throws {
    self.alpha = try StrategyChecks.number(alpha, "alpha", above: 0)
  }

  public var name: String { "dyn" }
  public var fingerprint: String { "dyn(alpha: \(alpha))" }
  public var weighting: Weighting? { .equal }

  public func start(_ server: inout ServerState) throws {
    server.vectors[FedDyn.common] = try ParameterVector(zerosLike: server.model)
  }

  public func client(_ client: ClientWork) throws -> ClientUpdate {
    var own = try client.state[FedDyn.own] ?? ParameterVector(zerosLike: client.server.model)
    var offset = own
    try offset.scale(by: -1)
    let training = try client.train(
      GradientCorrection(pull: Float(alpha), towards: client.server.model, offset: offset))
    let moved = try client.displacement()
    try own.add(moved, times: Float(-alpha))
    client.state[FedDyn.own] = own
    return ClientUpdate(
      vectors: [moved], examples: training.examples, steps: training.steps, loss: training.loss)
  }

  public func aggregate(_ sum: RoundSum, _ server: inout ServerState) throws {
    var common = try server.vector(FedDyn.common)
    let share = Double(sum.clients) / Double(server.devices)
    try common.add(sum.vectors[0], times: Float(-alpha * share))
    try server.model.add(sum.vectors[0])
    try server.model.add(common, times: Float(-1 / alpha))
    server.vectors[FedDyn.common] = common
  }
}
