import Foundations
import Privacy

/// Counters of which each device raises some: summed securely, with noise that the devices make together, or summed by
/// a trusted server that adds the noise. The unit is a device: the promise is for whether its values are there or not
/// (others in their place where one is replaced); that it takes part is public.
///
/// The noise is two-sided geometric (`GeometricNoiseShares`): epsilon-private where at least as many devices answer as
/// must, each by itself honest; more devices only add to it.
public struct PrivateCounters: Sendable {
  /// Nil: the server sees all counters and adds the noise.
  public let settings: SecureSettings?
  /// How many values of a device count at most.
  public let contributions: Int
  public let neighbours: Neighbours
  public let noise: NoiseSource
  /// Names who is lost, and which values count of a device that has too many.
  public let key: RandomKey

  /// - Throws: `value` where the number of contributions is not from 1 to 2²⁰.
  public init(
    settings: SecureSettings?, contributions: Int, neighbours: Neighbours, noise: NoiseSource,
    key: RandomKey
  ) throws {
    guard contributions >= 1, contributions <= 1 << 20 else {
      throw DomainError(
        .value,
        "a device's values must be bounded by a number from 1 to 1048576, got \(contributions)")
    }
    self.settings = settings
    self.contributions = contributions
    self.neighbours = neighbours
    self.noise = noise
    self.key = key
  }

  public struct Totals: Sendable {
    public var counts: [Int]
    /// Devices in the sum.
    public var devices: Int
    let shares: GeometricNoiseShares
    let present: Int

    /// Half the width of an interval that holds a count without noise with at least chance 1 - `chance`.
    public func halfWidth(chance: Double) -> Double {
      shares.halfWidth(present: present, chance: chance)
    }

    /// The same for a sum of up to so many counts.
    func boundOfSum(_ terms: Int, chance: Double) -> Double {
      shares.boundOfSum(terms, present: present, chance: chance)
    }
  }

  /// The noise of one release.
  /// - Parameter places: how many counters one value raises.
  /// - Throws: `value` for a bad epsilon or too few devices, `limit` where the noise has no room.
  func shares(_ devices: Int, epsilon: Double, places: Int) throws -> GeometricNoiseShares {
    let moved = contributions * places * (neighbours == .replaceOne ? 2 : 1)
    let shares = try GeometricNoiseShares(
      epsilon: epsilon, sensitivity: moved,
      count: try settings.map { try $0.sum(of: devices).threshold } ?? 1)
    let noise = shares.boundOfSum(1, present: max(devices, 1), chance: 1e-12)
    guard Double(devices) * Double(contributions) + noise < 0x1p30 else {
      throw DomainError(
        .limit,
        "\(devices) devices of \(contributions) values with noise up to \(noise) do not fit into a sum of 31 bits",
        hint: "take a larger epsilon, or let a device contribute less")
    }
    return shares
  }

  /// - Parameters:
  ///   - raised: the counters that a device raises, each by 1 for each time that it is listed: at most
  ///     `contributions` · `places` of them.
  ///   - round: tells the sums of one release apart.
  /// - Throws: what `raised` throws; `value` where too few devices answer; `interrupt`.
  func totals(
    _ devices: Int, counters: Int, shares: GeometricNoiseShares, round: Int = 0,
    raised: @Sendable (Int) throws -> [Int]
  ) throws -> Totals {
    let key = key.derived("sum", round)
    guard let settings else {
      var counts = [Int](repeating: 0, count: counters)
      for device in 0..<devices {
        try Cancellation.check(turn: device)
        for place in try raised(device) { counts[place] += 1 }
      }
      let noise = try shares.shares(counters, source(round, -1))
      for place in counts.indices { counts[place] += noise[place] }
      return Totals(counts: counts, devices: devices, shares: shares, present: 1)
    }
    var settings32 = settings
    settings32.bits = 32
    let sum = try settings32.sum(of: devices)
    let outcome = try sum.run(
      length: counters, dropouts: settings.dropouts(devices, key.derived("lost"))
    ) { device in
      var own = try shares.shares(counters, source(round, device))
      for place in try raised(device) { own[place] += 1 }
      return own.map { number in
        let rest = number % Int(sum.modulus)
        return UInt32(rest < 0 ? rest + Int(sum.modulus) : rest)
      }
    }
    let point = try FixedPoint(wholeNumbersModulo: sum.modulus, clients: 1)
    return Totals(
      counts: outcome.sum.map(point.whole), devices: outcome.survivors.count, shares: shares,
      present: outcome.survivors.count)
  }

  private func source(_ round: Int, _ device: Int) -> NoiseSource {
    switch noise {
    case .secure: .secure
    case .seeded(let key): .seeded(key.derived("noise", round, device))
    }
  }

  /// At most `contributions` of a device's values, chosen at random.
  func bounded<Item>(_ values: [Item], device: Int) -> [Item] {
    guard values.count > contributions else { return values }
    var stream = key.derived("contribution", device).stream
    return stream.sample(contributions, of: values.count).sorted().map { values[$0] }
  }
}
