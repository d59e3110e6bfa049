/// Who is there in a round, how fast a device is, and who is lost on the way: what a real fleet does to a simulation.
/// Every answer depends on the device and the round alone, so that it is the same in any order of asking.
public protocol Availability: Sendable {
  /// Everything that decides what it does, in words.
  var fingerprint: String { get }
  /// Whether the device can be drawn in a round; rounds count from 0.
  func isThere(_ device: Int, round: Int) -> Bool
  /// Simulated seconds that the device takes for a round's work.
  func seconds(_ device: Int, round: Int, examples: Int, steps: Int) -> Double
  /// Whether the device is lost after it was drawn, so that the server never gets its update.
  func drops(_ device: Int, round: Int) -> Bool
  /// Seconds after which the server waits no longer: who takes longer is lost, too. Nil: it waits for all.
  var deadline: Double? { get }
}
