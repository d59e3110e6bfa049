// Karimireddy, Kale, Mohri, Reddi, Stich and Suresh, "SCAFFOLD: Stochastic Controlled Averaging for Federated
// Learning", ICML 2020 (arXiv 1910.06378), algorithm 1.

import Learning

/// Control variates against the drift of clients: each local step is y -= η_l (g_i(y) - c_i + c), where c_i is what the
/// client knows of its own gradient and c the mean over all devices. Devices keep c_i; the server sends c and receives
/// by how much c_i changed, so that twice as much is sent either way. Clients count alike, as in the paper.
public struct Scaffold: Strategy {
  /// How a client finds its new c_i.
  public enum Control: String, Sendable {
    /// Option I: its gradient at the server's model, of all of its examples: another pass over them.
    case gradient
    /// Option II: what its steps were made of, c_i - c + (x - y) / (K η_l).
    case path
  }

  /// η_g.
  public let learningRate: Double
  public let control: Control
  private static let common = "scaffold.control"
  private static let own = "scaffold.own"

  public init(serverLearningRate: Double = 1, control: Control = .path) throws {
    learningRate = try StrategyChecks.rate(serverLearningRate)
    self.control = control
  }

  public var name: String { "scaffold" }
  public var fingerprint: String { "scaffold(\(learningRate), control: \(control.rawValue))" }
  public var weighting: Weighting? { .equal }
  public var sends: [String] { [Scaffold.common] }

  public func start(_ server: inout ServerState) throws {
    server.vectors[Scaffold.common] = try ParameterVector(zerosLike: server.model)
  }

  public func client(_ client: ClientWork) throws -> ClientUpdate {
    let descent = try PlainDescent(client.local, for: "fed.scaffold")
    let common = try client.server.vector(Scaffold.common)
    let own = try client.state[Scaffold.own] ?? ParameterVector(zerosLike: common)
    var new: ParameterVector
    switch control {
    case .gradient:
      // Before the model moves.
      new = try client.gradient().gradient
    case .path: new = own
    }
    let training = try client.train(GradientCorrection(offset: common - own))
    let moved = try client.displacement()
    if control == .path {
      try new.add(common, times: -1)
      try new.add(moved, times: Float(-1 / (Double(training.steps) * descent.rate)))
    }
    client.state[Scaffold.own] = new
    return ClientUpdate(
      vectors: [moved, try new - own], examples: training.examples, steps: training.steps,
      loss: training.loss)
  }

  public func emptySum(_ server: ServerState) throws -> RoundSum {
    let zeros = try ParameterVector(zerosLike: server.model)
    return RoundSum(vectors: [zeros, zeros], numbers: [], clients: 0, examples: 0)
  }

  public func aggregate(_ sum: RoundSum, _ server: inout ServerState) throws {
    try server.model.add(sum.vectors[0], times: Float(learningRate))
    var common = try server.vector(Scaffold.common)
    try common.add(sum.vectors[1], times: Float(Double(sum.clients) / Double(server.devices)))
    server.vectors[Scaffold.common] = common
  }
}
