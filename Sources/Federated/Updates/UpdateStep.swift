import Foundations
import Learning

/// What is done to a client's update on the client, before it is sent: clip, compress, noise, an attack. Steps run in
/// the order in which they are listed, on any thread, for several clients at once.
public protocol UpdateStep: Sendable {
  /// Everything that decides what it does, in words.
  var fingerprint: String { get }
  func apply(_ update: inout ClientUpdate, _ sender: inout Sender) throws

  /// The step as a simulation runs it, where that depends on the devices. Called once, before the first round.
  /// - Parameter key: of the simulation.
  func bound(to devices: DeviceSet, key: RandomKey) throws -> any UpdateStep
}

extension UpdateStep {
  public func bound(to devices: DeviceSet, key: RandomKey) throws -> any UpdateStep { self }
}

/// Who sends an update.
public struct Sender {
  /// The device's place in the order of keys.
  public let device: Int
  public let key: DeviceKey
  /// The round, counted from 0.
  public let round: Int
  /// Names the random numbers of this client in this round; derive one for each purpose.
  public let random: RandomKey
  /// What the device keeps for its next round, by name; steps and strategies use different names.
  public var state: [String: ParameterVector]
}

/// What is done to the sum of a round on the server, before the strategy gets it.
public protocol SumStep: Sendable {
  var fingerprint: String { get }
  func apply(_ sum: inout RoundSum, _ server: inout ServerState, random: RandomKey) throws
}

/// How the updates of a round become one, where that is not their weighted sum: robust and secure aggregation. All
/// updates of the round are held for it.
public protocol Combiner: Sendable {
  var fingerprint: String { get }
  /// Whether single updates are looked at: robust rules need that, and secure sums rule it out.
  var seesUpdates: Bool { get }
  /// - Parameters:
  ///   - updates: of the clients that came through, in the order of their keys.
  ///   - weights: theirs, as `Weighting` gives them.
  ///   - server: may keep what the combiner remembers.
  /// - Returns: what takes the place of the weighted sum.
  func combine(
    _ updates: [ClientUpdate], weights: [Double], devices: [Int], server: inout ServerState,
    random: RandomKey
  ) throws -> RoundSum
}

extension Combiner {
  public var seesUpdates: Bool { true }
}
