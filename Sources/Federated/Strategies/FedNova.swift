// Wang, Liu, Liang, Joshi and Poor, "Tackling the Objective Inconsistency Problem in Heterogeneous Federated
// Optimization", NeurIPS 2020 (arXiv 2007.07481), section 4, and the authors' code (JYWa/FedNova).

import Learning

/// Normalised averaging: a client that made more steps does not pull harder. Each sends d_i = (w_i - w) / ‖a_i‖₁, where
/// a_i says how much each of its τ_i gradients counts in its displacement, and the server moves by
/// w += η τ_eff Σ p_i d_i. Where all make equally many steps, it is FedAvg.
///
/// ‖a_i‖₁ is τ_i for plain steps; Σ_k (1 - ρ^k)/(1 - ρ) for k = 1 … τ_i with momentum ρ; Σ_k (1 - η_l μ)^(k-1) with a
/// pull μ towards the server's model. τ_eff is Σ p_i ‖a_i‖₁, with a pull Σ p_i τ_i (as in the authors' code).
public struct FedNova: Strategy {
  /// η.
  public let learningRate: Double
  /// μ of a proximal term, 0 for none.
  public let mu: Double

  public init(serverLearningRate: Double = 1, mu: Double = 0) throws {
    learningRate = try StrategyChecks.rate(serverLearningRate)
    self.mu = try StrategyChecks.number(mu, "mu", atLeast: 0)
  }

  public var name: String { "nova" }
  public var fingerprint: String { "nova(\(learningRate), mu: \(mu))" }

  /// ‖a‖₁ of so many steps: what a unit of gradient in each of them adds up to, in units of the learning rate.
  static func weight(steps: Int, rate: Double, momentum: Double, mu: Double) -> Double {
    var (velocity, sum) = (0.0, 0.0)
    for _ in 0..<steps {
      velocity = momentum * velocity + 1
      sum = (1 - rate * mu) * sum + velocity
    }
    return sum
  }

  public func client(_ client: ClientWork) throws -> ClientUpdate {
    let descent = try PlainDescent(client.local, for: "fed.nova", allowsMomentum: true)
    let pull = GradientCorrection(pull: Float(mu), towards: client.server.model)
    let training = try client.train(mu > 0 ? pull : nil)
    let weight = FedNova.weight(
      steps: training.steps, rate: descent.rate, momentum: descent.momentum, mu: mu)
    var direction = try client.displacement()
    try direction.scale(by: Float(1 / weight))
    return ClientUpdate(
      vectors: [direction], numbers: [mu > 0 ? Double(training.steps) : weight],
      examples: training.examples, steps: training.steps, loss: training.loss)
  }

  public func emptySum(_ server: ServerState) throws -> RoundSum {
    RoundSum(
      vectors: [try ParameterVector(zerosLike: server.model)], numbers: [0], clients: 0, examples: 0
    )
  }

  public func aggregate(_ sum: RoundSum, _ server: inout ServerState) throws {
    try server.model.add(sum.vectors[0], times: Float(learningRate * sum.numbers[0]))
  }
}
