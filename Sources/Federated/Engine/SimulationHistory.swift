/// What a simulation did, round by round.
public struct SimulationHistory: Sendable {
  public struct Round: Sendable, Equatable {
    /// Counted from 1.
    public var number: Int
    /// Of the examples that the server's model is measured on, after the round; nil where it was not measured.
    public var loss: Double?
    public var accuracy: Double?
    /// The mean over the round's examples before each client's first step; nan without clients.
    public var trainLoss: Double
    /// Devices that came through, by their place in the order of keys.
    public var cohort: [Int32]
    public var bytesUp: Int
    public var bytesDown: Int
    /// Spent so far; nil without privacy.
    public var epsilon: Double?
    public var seconds: Double
  }

  public internal(set) var rounds: [Round] = []
  /// True where it was stopped before its last round.
  public internal(set) var isStopped = false
  /// The noise multiplier; nil without privacy.
  public internal(set) var sigma: Double?
  /// What a reader should know, in sentences.
  public internal(set) var notes: [String] = []

  public init() {}

  /// Spent in all; nil without privacy.
  public var epsilon: Double? { rounds.last?.epsilon ?? (sigma == nil ? nil : 0) }

  /// The first round after which the accuracy was at least this; nil where none was.
  public func rounds(to accuracy: Double) -> Int? {
    rounds.first { ($0.accuracy ?? -1) >= accuracy }?.number
  }
}
