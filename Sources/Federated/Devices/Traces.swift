import Foundation
import Foundations

/// Devices that come and go, of different speed, drawn from a seed.
///
/// Each device has a number u in [0, 1) that it draws anew before a round with chance 1 - `persistence`, and keeps
/// otherwise: a Markov chain whose neighbouring rounds have the correlation `persistence`. It is there where u lies
/// below its availability, which may swing over a day: a · (1 + swing · cos 2π(round / period - phase)), at most 1.
/// What
/// it is in a round is found without the rounds before, by going back to the last draw.
public struct Traces: Availability {
  public struct Options: Sendable {
    /// The mean share of rounds in which a device is there: one for all, or one for each device by its place.
    public var availability: [Double] = [0.8]
    /// The correlation of a device's presence from round to round.
    public var persistence = 0.0
    /// Rounds of a day; nil: all rounds are alike.
    public var period: Int?
    /// How far availability swings over a day, from 0 to 1.
    public var swing = 0.5
    /// The share of a day over which the devices' peaks lie.
    public var spread = 0.25
    /// Seconds an example: the median of all devices, or one for each by its place.
    public var speed: [Double] = [0.01]
    /// The standard deviation of the logarithm of the devices' speed, and of a device's from round to round.
    public var variation = 0.5
    public var jitter = 0.1
    /// The chance of a device to be lost after its work.
    public var drop = 0.1
    public var deadline: Double?

    public init() {}
  }

  public let options: Options
  private let key: RandomKey
  /// One for each purpose.
  private let keys:
    (
      phase: RandomKey, keeps: RandomKey, presence: RandomKey, speed: RandomKey,
      jitter: RandomKey, drop: RandomKey
    )

  /// - Throws: `value` for shares outside of [0, 1], or times that are not positive.
  public init(_ options: Options, devices: Int, key: RandomKey) throws {
    func require(_ name: String, _ values: [Double], _ wanted: String, _ isFine: (Double) -> Bool)
      throws
    {
      guard values.count == 1 || values.count == devices else {
        throw DomainError(
          .value, "`\(name)` has \(values.count) values for \(devices) devices")
      }
      if let wrong = values.first(where: { !isFine($0) }) {
        throw DomainError(.value, "`\(name)` must be \(wanted), got \(wrong)")
      }
    }
    func isShare(_ value: Double) -> Bool { value >= 0 && value <= 1 }
    try require("availability", options.availability, "from 0 to 1", isShare)
    try require("persistence", [options.persistence], "at least 0 and below 1") {
      $0 >= 0 && $0 < 1
    }
    try require("swing", [options.swing], "from 0 to 1", isShare)
    try require("spread", [options.spread], "from 0 to 1", isShare)
    try require("drop", [options.drop], "from 0 to 1", isShare)
    try require("speed", options.speed, "> 0 and finite") { $0 > 0 && $0.isFinite }
    try require("variation", [options.variation], "from 0 to 10") { $0 >= 0 && $0 <= 10 }
    try require("jitter", [options.jitter], "from 0 to 10") { $0 >= 0 && $0 <= 10 }
    try require("deadline", [options.deadline ?? 1], "> 0") { $0 > 0 }
    if let period = options.period, period < 2 {
      throw DomainError(.value, "`period` must be at least 2 rounds, got \(period)")
    }
    self.options = options
    self.key = key
    keys = (
      key.derived("phase"), key.derived("keeps"), key.derived("presence"), key.derived("speed"),
      key.derived("jitter"), key.derived("drop")
    )
  }

  public var deadline: Double? { options.deadline }

  public var fingerprint: String {
    var hash = FingerprintWriter("traces")
    for values in [options.availability, options.speed] {
      hash.add(values.count)
      for value in values { hash.add(Int(bitPattern: UInt(value.bitPattern))) }
    }
    let numbers = [
      options.persistence, options.swing, options.spread, options.variation, options.jitter,
      options.drop, options.deadline ?? .infinity, Double(options.period ?? 0),
    ]
    return
      "traces(\(numbers.map { "\($0)" }.joined(separator: ", ")), \(hash.fingerprint.description.prefix(16)), \(key.high), \(key.low))"
  }

  private static func value(_ values: [Double], _ device: Int) -> Double {
    values.count == 1 ? values[0] : values[device]
  }

  private func uniform(_ key: RandomKey, _ numbers: Int...) -> Double {
    var stream = numbers.reduce(key) { $0.derived($1) }.stream
    return stream.uniform()
  }

  private func normal(_ key: RandomKey, _ numbers: Int...) -> Double {
    var stream = numbers.reduce(key) { $0.derived($1) }.stream
    return stream.normal()
  }

  /// The chance of the device to be there in a round.
  func chance(_ device: Int, round: Int) -> Double {
    let mean = Self.value(options.availability, device)
    guard let period = options.period else { return mean }
    let phase = uniform(keys.phase, device) * options.spread
    let day = Double(round % period) / Double(period)
    return min(1, mean * (1 + options.swing * cos(2 * .pi * (day - phase))))
  }

  public func isThere(_ device: Int, round: Int) -> Bool {
    var last = round
    if options.persistence > 0 {
      while last > 0, uniform(keys.keeps, device, last) < options.persistence { last -= 1 }
    }
    return uniform(keys.presence, device, last) < chance(device, round: round)
  }

  public func seconds(_ device: Int, round: Int, examples: Int, steps: Int) -> Double {
    // A speed of each device's own is no median of others.
    let own = options.speed.count == 1 ? options.variation * normal(keys.speed, device) : 0
    let now = options.jitter * normal(keys.jitter, device, round)
    return Self.value(options.speed, device) * exp(own + now) * Double(examples)
  }

  public func drops(_ device: Int, round: Int) -> Bool {
    uniform(keys.drop, device, round) < options.drop
  }
}
