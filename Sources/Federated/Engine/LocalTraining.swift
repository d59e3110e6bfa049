import Foundations
import Learning

/// How clients train: some passes over their own examples.
public struct LocalTraining {
  public var epochs: Int
  /// Examples a step; the last one of a pass may be smaller.
  public var batch: Int
  /// Its settings; each client starts with one of its own, without state.
  public var optimizer: Optimizer
  public var loss: Loss

  public init(epochs: Int = 1, batch: Int = 10, optimizer: Optimizer, loss: Loss) throws {
    guard epochs >= 1, batch >= 1 else {
      throw DomainError(
        .value,
        "local training needs at least 1 epoch and 1 example a batch, got \(epochs) and \(batch)")
    }
    self.epochs = epochs
    self.batch = batch
    self.optimizer = optimizer
    self.loss = loss
  }

  /// What a client's training did.
  public struct Result: Sendable {
    public var examples: Int
    public var steps: Int
    /// The mean loss of the examples before the first step; nan where it was not asked for.
    public var loss: Double
  }
}
