// Hsu, Qi and Brown, "Measuring the Effects of Non-Identical Data Distribution for Federated Visual Classification",
// 2019 (arXiv 1909.06335), section 4.3.

import Learning

/// FedAvg with momentum on the server: v = β v + Σ p_i (w_i - w), w += η v.
public struct FedAvgM: Strategy {
  public let learningRate: Double
  /// β.
  public let momentum: Double
  private static let velocity = "avgm.velocity"

  public init(learningRate: Double = 1, momentum: Double = 0.9) throws {
    self.learningRate = try StrategyChecks.rate(learningRate)
    self.momentum = try StrategyChecks.number(momentum, "momentum", atLeast: 0, below: 1)
  }

  public var name: String { "avgm" }
  public var fingerprint: String { "avgm(\(learningRate), momentum: \(momentum))" }

  public func start(_ server: inout ServerState) throws {
    server.vectors[FedAvgM.velocity] = try ParameterVector(zerosLike: server.model)
  }

  public func client(_ client: ClientWork) throws -> ClientUpdate {
    try FedAvg().client(client)
  }

  public func aggregate(_ sum: RoundSum, _ server: inout ServerState) throws {
    var velocity = try server.vector(FedAvgM.velocity)
    try velocity.scale(by: Float(momentum))
    try velocity.add(sum.vectors[0])
    try server.model.add(velocity, times: Float(learningRate))
    server.vectors[FedAvgM.velocity] = velocity
  }
}
