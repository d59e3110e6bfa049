import Foundations

/// Every device on its own with the same chance: what the accounting of DP-FedAvg rests on (McMahan et al. 2018, arXiv
/// 1710.06963, section 2). How many come differs from round to round, and may be none.
public struct PoissonSelection: Selection {
  /// The chance of a device.
  public let rate: Double
  /// Who came must stay unknown where privacy is to be gained by it: then the draws are no one's to repeat.
  private let secret: RandomKey?

  /// - Throws: `value` where the rate is not above 0 and at most 1.
  public init(rate: Double, isSecret: Bool = false) throws {
    guard rate > 0, rate <= 1 else {
      throw DomainError(.value, "a device's chance is above 0 and at most 1, got \(rate)")
    }
    self.rate = rate
    secret =
      isSecret
      ? RandomKey(high: SecureRandom.seed(), low: SecureRandom.seed()) : nil
  }

  public var fingerprint: String { "poisson(\(rate))" }

  public func cohort(
    _ wanted: Int, of eligible: [Int], size: (Int) -> Int, stream: inout RandomStream
  ) -> [Int] {
    guard let secret else {
      return stream.poissonSample(eligible.count, probability: rate).map { eligible[$0] }
    }
    // The round's stream only tells rounds apart.
    let round = Int(truncatingIfNeeded: stream.next())
    var draws = secret.derived(round).stream
    return draws.poissonSample(eligible.count, probability: rate).map { eligible[$0] }
  }
}
