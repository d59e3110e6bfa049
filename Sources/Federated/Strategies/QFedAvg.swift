// Li, Sanjabi, Beirami and Smith, "Fair Resource Allocation in Federated Learning", ICLR 2020 (arXiv 1905.10497),
// algorithm 2, and the authors' code (litian96/fair_flearn).

import Foundation
import Foundations
import Learning

/// Fair averaging: clients with a higher loss F_i count more, the more so the larger q is. With Δw_i = L (w - w_i) each
/// sends F_i^q Δw_i and h_i = q F_i^(q-1) ‖Δw_i‖² + L F_i^q, and the server moves by w -= Σ F_i^q Δw_i / Σ h_i. With
/// q = 0 it is FedAvg of clients that count alike.
public struct QFedAvg: Strategy {
  public let q: Double
  /// L; nil: 1 / the clients' learning rate.
  public let lipschitz: Double?
  /// Added to losses, so that one of 0 has powers (the authors' number).
  private static let least = 1e-10

  public init(q: Double, lipschitz: Double? = nil) throws {
    self.q = try StrategyChecks.number(q, "q", atLeast: 0)
    self.lipschitz = try lipschitz.map {
      try StrategyChecks.number($0, "lipschitz", above: 0)
    }
  }

  public var name: String { "q_avg" }
  public var fingerprint: String {
    "q_avg(\(q)" + (lipschitz.map { ", lipschitz: \($0)" } ?? "") + ")"
  }
  public var weighting: Weighting? { .sum }

  public func client(_ client: ClientWork) throws -> ClientUpdate {
    let rate = client.local.optimizer.rate
    guard lipschitz != nil || rate > 0 else {
      throw DomainError(
        .value, "fed.q_avg divides by the clients' learning rate, and that is \(rate)",
        hint: "give `lipschitz:`")
    }
    let lipschitz = lipschitz ?? 1 / rate
    // Of the server's model on all of the device's examples.
    let loss = try client.loss()
    guard loss >= 0 else {
      throw DomainError(
        .value, "fed.q_avg takes powers of losses, and one is \(loss)",
        hint: "it needs a loss that is never negative")
    }
    let training = try client.train()
    let moved = try client.displacement()
    let part = QFedAvg.part(
      loss: loss, squaredDistance: moved.norm * moved.norm, q: q, lipschitz: lipschitz)
    guard part.scale.isFinite, part.weight.isFinite else {
      throw DomainError(
        .value, "the loss \(loss) to the power of q = \(q) is too large",
        hint: "take a smaller q")
    }
    var direction = moved
    try direction.scale(by: Float(part.scale))
    return ClientUpdate(
      vectors: [direction], numbers: [part.weight], examples: training.examples,
      steps: training.steps, loss: loss)
  }

  /// What a client's displacement w_i - w is multiplied with, F^q L, and its h.
  static func part(loss: Double, squaredDistance: Double, q: Double, lipschitz: Double) -> (
    scale: Double, weight: Double
  ) {
    let loss = loss + least
    let power = pow(loss, q)
    let scale = power * lipschitz
    return (
      scale, q * pow(loss, q - 1) * lipschitz * lipschitz * squaredDistance + lipschitz * power
    )
  }

  public func emptySum(_ server: ServerState) throws -> RoundSum {
    RoundSum(
      vectors: [try ParameterVector(zerosLike: server.model)], numbers: [0], clients: 0, examples: 0
    )
  }

  public func aggregate(_ sum: RoundSum, _ server: inout ServerState) throws {
    guard sum.clients > 0 else { return }
    guard sum.numbers[0] > 0 else {
      throw DomainError(
        .value, "the losses of all clients to the power of q = \(q) are 0",
        hint: "take a smaller q")
    }
    try server.model.add(sum.vectors[0], times: Float(1 / sum.numbers[0]))
  }
}
