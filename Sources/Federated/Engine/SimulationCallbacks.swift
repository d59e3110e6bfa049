import Learning

/// What happens during a simulation besides its rounds.
public struct SimulationCallbacks {
  /// Before each round looks at what devices hold.
  public var onRoundStart: () throws -> Void = {}
  /// After each round.
  public var onRound: (SimulationProgress) throws -> Void = { _ in }
  /// Asked on any thread; true ends the simulation in good order.
  public var shouldStop: @Sendable () -> Bool = { false }
  /// A sentence for the person who waits.
  public var onNotice: (String) -> Void = { _ in }
  /// Where checkpoints go, and how many rounds are between two. With privacy there is one after each round: a round
  /// that is computed again with other noise would be a second release.
  public var checkpoint: (every: Int, save: (TrainingState) throws -> Void)?

  public init() {}
}

/// How far a simulation has come.
public struct SimulationProgress: Sendable {
  /// The round that is over.
  public var round: SimulationHistory.Round
  /// Rounds in all.
  public var rounds: Int
  /// Clients that came through.
  public var clients: Int
}
