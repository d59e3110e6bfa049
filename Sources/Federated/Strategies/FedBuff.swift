// Nguyen, Malik, Zhan, Yousefpour, Rabbat, Malek and Huba, "Federated Learning with Buffered Asynchronous
// Aggregation", AISTATS 2022 (arXiv 2106.06639), algorithm 1.

import Foundations
import Learning

/// The server waits for nobody: a fixed number of clients train at any time, each with the model that stood when it
/// began, and as soon as `size` updates have come in, the server moves by their mean and goes on. An update that is τ
/// steps late counts 1/√(1 + τ): w += η (1/K) Σ (w_i - w^(t-τ_i)) / √(1 + τ_i). A round is a step of the server. Where
/// nobody is late, it is FedAvg of clients that count alike.
public struct FedBuff: Strategy {
  /// K.
  public let size: Int
  /// η.
  public let learningRate: Double
  public let durations: Asynchrony.Durations

  public init(
    size: Int, serverLearningRate: Double = 1, durations: Asynchrony.Durations = .exponential
  ) throws {
    guard size >= 1 else {
      throw DomainError(.value, "the buffer must hold at least 1 update, got \(size)")
    }
    self.size = size
    learningRate = try StrategyChecks.rate(serverLearningRate)
    self.durations = durations
  }

  public var name: String { "buff" }
  public var fingerprint: String {
    "buff(\(size), \(learningRate), durations: \(durations.rawValue))"
  }
  public var weighting: Weighting? { .equal }
  public var asynchrony: Asynchrony? { Asynchrony(buffer: size, durations: durations) }

  public func client(_ client: ClientWork) throws -> ClientUpdate {
    try FedAvg().client(client)
  }

  public func aggregate(_ sum: RoundSum, _ server: inout ServerState) throws {
    try server.model.add(sum.vectors[0], times: Float(learningRate))
  }
}
