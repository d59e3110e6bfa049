// Reddi, Charles, Zaheer, Garrett, Rush, Konečný, Kumar and McMahan, "Adaptive Federated Optimization", ICLR 2021
// (arXiv 2003.00295), algorithm 2: FedAdagrad, FedYogi, FedAdam.

import Foundations
import Learning

/// An adaptive optimizer on the server, whose gradient is Δ = Σ p_i (w_i - w): m = β₁ m + (1 - β₁) Δ,
/// w += η m / (√v + τ), where v follows Δ² in one of three ways. There is no correction of the first steps' bias, as in
/// the paper; v starts at τ².
public struct FedOpt: Strategy {
  /// How v follows Δ².
  public enum Kind: String, Sendable {
    /// v = β₂ v + (1 - β₂) Δ².
    case adam
    /// v -= (1 - β₂) Δ² sign(v - Δ²).
    case yogi
    /// v += Δ².
    case adagrad
  }

  public let kind: Kind
  public let learningRate: Double
  public let beta1: Double
  /// Not used by Adagrad.
  public let beta2: Double
  /// How small √v may become; the smaller, the more each number of the model moves alike.
  public let tau: Double
  private static let moment = "opt.moment"
  private static let square = "opt.square"

  public init(
    _ kind: Kind, learningRate: Double, beta1: Double = 0.9, beta2: Double = 0.99,
    tau: Double = 1e-3
  ) throws {
    self.kind = kind
    self.learningRate = try StrategyChecks.rate(learningRate)
    self.beta1 = try StrategyChecks.number(beta1, "beta1", atLeast: 0, below: 1)
    self.beta2 = try StrategyChecks.number(beta2, "beta2", atLeast: 0, below: 1)
    self.tau = try StrategyChecks.number(tau, "tau", above: 0)
    guard Float(tau * tau) > 0, Float(tau * tau).isFinite else {
      throw DomainError(.value, "tau must be within 1e-22 and 1e19, got \(tau)")
    }
  }

  public var name: String { kind.rawValue }
  public var fingerprint: String {
    let second = kind == .adagrad ? "" : ", beta2: \(beta2)"
    return "\(name)(\(learningRate), beta1: \(beta1)\(second), tau: \(tau))"
  }

  public func start(_ server: inout ServerState) throws {
    server.vectors[FedOpt.moment] = try ParameterVector(zerosLike: server.model)
    server.vectors[FedOpt.square] = try ParameterVector(
      repeating: Float(tau * tau), like: server.model)
  }

  public func client(_ client: ClientWork) throws -> ClientUpdate {
    try FedAvg().client(client)
  }

  public func aggregate(_ sum: RoundSum, _ server: inout ServerState) throws {
    let change = sum.vectors[0]
    var moment = try server.vector(FedOpt.moment)
    var square = try server.vector(FedOpt.square)
    let (keep1, take1) = (Float(beta1), Float(1 - beta1))
    let (keep2, take2) = (Float(beta2), Float(1 - beta2))
    try moment.merge(change) { keep1 * $0 + take1 * $1 }
    switch kind {
    case .adam: try square.merge(change) { keep2 * $0 + take2 * $1 * $1 }
    case .adagrad: try square.merge(change) { $0 + $1 * $1 }
    case .yogi:
      try square.merge(change) { v, change in
        let new = change * change
        // Where both are alike, nothing moves: the sign of 0 is 0.
        return v > new ? v - take2 * new : v < new ? v + take2 * new : v
      }
    }
    let (rate, least) = (Float(learningRate), Float(tau))
    try server.model.merge(moment, square) { $0 + rate * $1 / ($2.squareRoot() + least) }
    server.vectors[FedOpt.moment] = moment
    server.vectors[FedOpt.square] = square
  }
}
