import Foundations
import Learning

/// A federated algorithm: what happens on a client, and what the server does with the sum of what clients send.
///
/// A strategy is a value that never changes: what the server remembers between rounds lies in `ServerState`, what a
/// device remembers in its own state, so that any strategy can be stopped and resumed. Clip, noise, compression and the
/// like are no strategies but steps on updates (`UpdateStep`, `SumStep`) that go with any of them.
public protocol Strategy: Sendable {
  /// The name in scripts: `avg`, `prox` …
  var name: String { get }
  /// Everything that decides what it does, in words.
  var fingerprint: String { get }
  /// How the clients' updates are weighed where the algorithm fixes it; nil leaves it to the simulation.
  var weighting: Weighting? { get }
  /// The server's vectors (`ServerState.vectors`) that are sent to clients beside the model.
  var sends: [String] { get }
  /// Whether it calls functions of a script: then all clients run on the caller's thread, one after the other.
  var callsScript: Bool { get }
  /// Whether it looks at each update of a round (`RoundSum.updates`), where nothing stands between them and the server.
  var wantsUpdates: Bool { get }
  /// How clients work where rounds do not wait for the slowest of them; nil: they wait.
  var asynchrony: Asynchrony? { get }

  /// Called once before the first round.
  func start(_ server: inout ServerState) throws

  /// What a client does: on any thread, for several clients at once. `client.model` holds the server's model.
  func client(_ client: ClientWork) throws -> ClientUpdate

  /// The sum of a round in which nobody came through, to which noise is added all the same where devices are private.
  func emptySum(_ server: ServerState) throws -> RoundSum

  /// Moves the server's model by what the clients of a round sent. Where nobody came through it is called with privacy
  /// only: the sum is then noise.
  func aggregate(_ sum: RoundSum, _ server: inout ServerState) throws

  /// The model that a device keeps for itself, in what it keeps between its rounds; nil where it uses the server's.
  func personal(_ state: [String: ParameterVector]) -> ParameterVector?
}

extension Strategy {
  public var weighting: Weighting? { nil }
  public var sends: [String] { [] }
  public var callsScript: Bool { false }
  public var wantsUpdates: Bool { false }
  public var asynchrony: Asynchrony? { nil }
  public func start(_ server: inout ServerState) throws {}

  public func emptySum(_ server: ServerState) throws -> RoundSum {
    RoundSum(
      vectors: [try ParameterVector(zerosLike: server.model)], numbers: [], clients: 0, examples: 0)
  }
  public func personal(_ state: [String: ParameterVector]) -> ParameterVector? { nil }
}

/// How the updates of a round are weighed.
public enum Weighting: String, Sendable {
  /// n_i / Σ n_j over the clients of the round.
  case samples
  /// 1 / their number.
  case equal
  /// Not at all: the strategy gets the plain sum.
  case sum
}

/// What the server keeps between rounds.
public struct ServerState: Sendable {
  /// The model's trained parameters.
  public var model: ParameterVector
  /// What a strategy remembers, of the model's shape or any other, by name.
  public var vectors: [String: ParameterVector] = [:]
  public var numbers: [String: Double] = [:]
  /// Rounds that are over.
  public var round = 0
  /// How many devices are registered.
  public let devices: Int
  /// How many rounds are planned.
  public let rounds: Int

  /// What a strategy has put into `vectors` at the start.
  /// - Throws: a value error where it is missing: a strategy was never started on this state.
  func vector(_ name: String) throws -> ParameterVector {
    guard let vector = vectors[name] else {
      throw DomainError(.value, "the server has no `\(name)`: its strategy was not started")
    }
    return vector
  }
}

/// What a client sends.
public struct ClientUpdate: Sendable {
  /// The first is by how much the client moved the model (new - old) unless the strategy says otherwise; all are summed
  /// with the client's weight.
  public var vectors: [ParameterVector]
  /// Numbers that are summed with the same weight.
  public var numbers: [Double] = []
  /// How many examples the client trained on.
  public var examples: Int
  /// Optimizer steps that it made.
  public var steps: Int
  /// The mean loss of its examples before its first step; nan where it is not known.
  public var loss: Double
  /// What it takes to send it; nil: four bytes a number.
  public var bytes: Int?

  public init(
    vectors: [ParameterVector], numbers: [Double] = [], examples: Int, steps: Int, loss: Double
  ) {
    self.vectors = vectors
    self.numbers = numbers
    self.examples = examples
    self.steps = steps
    self.loss = loss
  }

  public var byteCount: Int {
    bytes ?? vectors.reduce(0) { $0 + 4 * $1.count } + 4 * numbers.count
  }
}

/// What the server gets of a round: the weighted sums over its clients, made in the order of their keys.
public struct RoundSum: Sendable {
  /// Σ p_i v_i with the weights p_i of `Weighting`.
  public var vectors: [ParameterVector]
  public var numbers: [Double]
  /// How many clients came through.
  public var clients: Int
  /// How many examples they trained on.
  public var examples: Int
  /// The updates that the sums were made of, where the strategy wants them and neither a combiner nor a step on the sum
  /// stands between them and the server: what privacy, secure and robust sums hide stays hidden.
  public var updates: [ClientUpdate]?

  public init(vectors: [ParameterVector], numbers: [Double], clients: Int, examples: Int) {
    self.vectors = vectors
    self.numbers = numbers
    self.clients = clients
    self.examples = examples
  }
}
