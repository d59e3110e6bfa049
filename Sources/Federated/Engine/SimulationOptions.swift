import Foundations
import Learning
import Privacy

/// What a simulation does beside its strategy.
public struct SimulationOptions {
  /// Rounds in all.
  public var rounds: Int
  /// Devices a round.
  public var clients: Int
  public var local: LocalTraining
  /// Names all random numbers of the simulation.
  public var key: RandomKey
  public var selection: any Selection = UniformSelection()
  /// How updates are weighed where the strategy leaves it open.
  public var weights = Weighting.samples
  public var setting: any DataSetting = StaticSetting()
  /// On the client, in this order.
  public var updateSteps: [any UpdateStep] = []
  /// On the server, in this order.
  public var sumSteps: [any SumStep] = []
  /// Nil: the weighted sum.
  public var combiner: (any Combiner)?
  /// Nil: none.
  public var privacy: (any ClientPrivacy)?
  /// How data sets differ that `privacy` makes alike.
  public var neighbours = Neighbours.addOrRemoveOne
  /// Examples that the server's model is measured on.
  public var evaluation: (any BatchSource)?
  /// Rounds between two evaluations; the last round is always followed by one.
  public var every = 1
  /// How many clients are computed at once; nil: as many as threads may run.
  public var workers: Int?

  public init(rounds: Int, clients: Int, local: LocalTraining, key: RandomKey) {
    self.rounds = rounds
    self.clients = clients
    self.local = local
    self.key = key
  }
}
