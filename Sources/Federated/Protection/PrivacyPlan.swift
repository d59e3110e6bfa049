import Foundations
import Privacy

/// Privacy of devices in a simulation: how clients are drawn, bounded and noised, and what that costs.
public protocol ClientPrivacy: Sendable {
  /// Everything that decides what it does, in words.
  var fingerprint: String { get }

  /// The same with noise and draws of the simulation's seed, which repeat and protect nobody who knows it. What is made
  /// at first takes the operating system's random bits.
  func seeded() -> any ClientPrivacy

  /// What a simulation does for it. Called once before the first round; finds the noise where a budget is given.
  /// - Parameters:
  ///   - devices: how many are registered.
  ///   - clients: how many a round asks for.
  ///   - parameters: how many numbers a client sends.
  func plan(devices: Int, clients: Int, rounds: Int, parameters: Int, neighbours: Neighbours) throws
    -> PrivacyPlan
}

extension ClientPrivacy {
  public func seeded() -> any ClientPrivacy { self }
}

/// What a simulation with privacy does.
public struct PrivacyPlan: Sendable {
  /// Takes the place of the simulation's selection and weights; nil leaves them.
  public var selection: (any Selection)?
  public var weighting: Weighting?
  /// Run after all other steps on the update, and before all others on the sum.
  public var updateSteps: [any UpdateStep] = []
  public var sumSteps: [any SumStep] = []
  public var combiner: (any Combiner)?
  /// The noise multiplier.
  public var sigma: Double
  /// What so many rounds cost: what a ledger is charged with before any data are touched.
  public var event: @Sendable (_ rounds: Int) throws -> Event
  /// The same as an epsilon, rounded up.
  public var epsilon: @Sendable (_ rounds: Int) throws -> Double

  public init(
    sigma: Double, event: @escaping @Sendable (Int) throws -> Event,
    epsilon: @escaping @Sendable (Int) throws -> Double
  ) {
    self.sigma = sigma
    self.event = event
    self.epsilon = epsilon
  }
}
