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
  /// Nil: every device is always there, and none is lost.
  public var availability: (any Availability)?
  /// Nil: examples come with their labels.
  public var labelling: (any Labelling)?
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
  /// Whether a client that fails, or whose update is not finite, is left out of its round; else it ends the simulation.
  public var skipsFailures = false
  /// How many clients are computed at once; nil: as many as threads may run.
  public var workers: Int?
  /// Whether loss or strategy call functions of the script: then clients are computed one by one, on the thread that
  /// runs the simulation.
  public var callsScript = false

  public init(rounds: Int, clients: Int, local: LocalTraining, key: RandomKey) {
    self.rounds = rounds
    self.clients = clients
    self.local = local
    self.key = key
  }

  /// - Throws: `value` where a number is none that rounds can be run with.
  func check() throws {
    for (name, value) in [("rounds", rounds), ("clients", clients), ("every", every)]
    where value < 1 {
      throw DomainError(.value, "a simulation needs `\(name)` of 1 at least, got \(value)")
    }
    if let workers, workers < 1 {
      throw DomainError(.value, "a simulation needs 1 worker at least, got \(workers)")
    }
    if let evaluation, evaluation.count == 0 {
      throw DomainError(.value, "there are no examples to evaluate on")
    }
  }
}
