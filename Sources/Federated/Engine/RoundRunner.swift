import Foundations
import Learning

/// Who computes the clients of a round: threads of this process, or something else that keeps the order of sums.
protocol RoundRunner: AnyObject {
  /// - Throws: what a client failed of, with its key and round, where that is to stop the simulation; an interrupt.
  func run(_ work: RoundWork) throws -> RoundOutcome
}

/// The clients of a round and what is to become of their updates.
struct RoundWork {
  struct Client {
    /// The device's place in the order of keys, and its key.
    var device: Int
    var key: DeviceKey
    var examples: ArraySlice<Int32>
    /// What the device kept of its last round.
    var state: [String: ParameterVector]
    /// Names its random numbers in this round.
    var random: RandomKey
    /// What it was sent, where that is not the server's state of now; nil elsewhere.
    var server: ServerState?
    /// What its weight is multiplied with.
    var factor = 1.0
  }

  var server: ServerState
  /// In the order of keys.
  var clients: [Client]
  var strategy: any Strategy
  var steps: [any UpdateStep]
  var weighting: Weighting
  /// Whether the updates themselves are wanted, and their sum.
  var holdsUpdates: Bool
  var sums: Bool
  var skipsFailures: Bool
  /// Asked on all threads.
  var shouldStop: @Sendable () -> Bool

  /// The examples of all clients together, by which weights are scaled.
  var examples: Int { clients.reduce(0) { $0 + $1.examples.count } }
}

/// What came of a round's clients.
struct RoundOutcome {
  /// One client that came through.
  struct Client {
    var device: Int
    var examples: Int
    var steps: Int
    var loss: Double
    var bytes: Int
    var state: [String: ParameterVector]
    /// What its weight was multiplied with.
    var factor: Double
  }

  /// Those that came through, in the order of keys.
  var clients: [Client]
  /// Those that failed and were left out, and of what.
  var failures: [(key: DeviceKey, message: String)]
  /// Their weighted sum, where that is wanted and someone came through.
  var sum: RoundSum?
  /// Their updates, where those are held.
  var updates: [ClientUpdate]
}
