/// Who is there in a round, how fast they are, and who is lost. All of it follows from the device and the round alone.
public protocol Availability: Sendable {
  /// Everything that decides what it does, in words.
  var fingerprint: String { get }
  /// Whether the device can be asked; the round is counted from 0.
  func isThere(_ device: Int, round: Int) -> Bool
  /// How long the device takes, in simulated seconds.
  /// - Parameters:
  ///   - examples: how many examples it goes through, each pass counted.
  ///   - steps: how many optimizer steps it makes.
  func seconds(_ device: Int, round: Int, examples: Int, steps: Int) -> Double
  /// Whether the device is lost after it has trained, before its update arrives.
  func drops(_ device: Int, round: Int) -> Bool
  /// After how many simulated seconds a round ends without those who are still at work; nil: it waits for all.
  var deadline: Double? { get }
}
