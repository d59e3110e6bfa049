/// Where a run's checkpoints go.
public struct Checkpointing {
  public var every: TrainingInterval
  public var save: (TrainingState) throws -> Void

  public init(every: TrainingInterval, save: @escaping (TrainingState) throws -> Void) throws {
    try every.check("a checkpoint")
    self.every = every
    self.save = save
  }

  /// Replaces the file at `path` each time.
  public init(every: TrainingInterval, path: String) throws {
    try self.init(every: every) { try $0.write(to: path) }
  }
}
