import Foundation
import Foundations

/// Finds the least noise that keeps a promise: between bounds, since what is spent falls as noise grows (as
/// dp-accounting's `calibrate_dp_mechanism` does; Google 2021).
public enum NoiseCalibration {
  /// Relative precision of a calibrated multiplier.
  public static let precision = 1e-5

  /// No noise above this is looked at: an accountant that is content with none below will not be with it.
  static let most = 1e18

  /// The least initial multiplier of a schedule whose steps have the given sensitivity (see `NoiseSchedule.event`).
  public static func initialNoise(
    epsilon: Double, delta: Double, rate: Double, decay: Double, epochs: Int, stepsPerEpoch: Int,
    sensitivity: Double = 1
  ) throws(DomainError) -> Double {
    // One schedule checks the numbers; scaling it cannot fail.
    let unit = try NoiseSchedule(
      initial: 1, decay: decay, epochs: epochs, stepsPerEpoch: stepsPerEpoch)
    return try noiseMultiplier(epsilon: epsilon, delta: delta) { noise in
      var schedule = unit
      schedule.initial = noise
      return schedule.event(rate: rate, sensitivity: sensitivity)
    }
  }

  /// The least noise with which `event(noise)` stays within (epsilon, delta) by the Rényi accountant, for events that
  /// cost less with more noise.
  public static func noiseMultiplier(
    epsilon: Double, delta: Double, event: (Double) -> Event
  ) throws(DomainError) -> Double {
    try noiseMultiplier(epsilon: epsilon, delta: delta) { (noise) throws(DomainError) in
      var accountant = RDPAccountant()
      try accountant.spend(event(noise))
      return try accountant.epsilon(delta: delta).epsilon
    }
  }

  /// The same for any accountant: `spent(noise)` is the epsilon at `delta`.
  ///
  /// - Returns: 0 where epsilon is infinite. Otherwise at most `precision` above the least, and never below it.
  /// - Throws: `value` for a budget that is no budget or cannot be reached.
  public static func noiseMultiplier(
    epsilon: Double, delta: Double, spent: (Double) throws(DomainError) -> Double
  ) throws(DomainError) -> Double {
    guard epsilon > 0 else {
      throw DomainError(
        .value, "epsilon must be above 0, got \(epsilon)",
        hint: "usual values are between 0.5 and 10; `inf` trains without privacy")
    }
    guard delta > 0, delta < 1 else {
      throw DomainError(
        .value, "delta must be above 0 and below 1, got \(delta)",
        hint: "choose it well below 1 / number of examples, such as 1e-5")
    }
    guard epsilon < .infinity else { return 0 }
    func cost(_ noise: Double) throws(DomainError) -> Double {
      // One look at a loss distribution may take most of a second.
      try Cancellation.check()
      return try spent(noise)
    }
    if try cost(0) <= epsilon { return 0 }
    var little = (noise: 0.5, cost: Double.infinity)
    var enough = (noise: 1.0, cost: try cost(1))
    while enough.cost > epsilon {
      little = enough
      enough = (enough.noise * 2, try cost(enough.noise * 2))
      guard enough.noise < most else {
        throw DomainError(
          .value,
          "the accountant shows for no amount of noise that epsilon is at most \(epsilon) with delta \(delta)",
          hint:
            "take a larger epsilon or delta; `dp.noise_multiplier` with `accountant: \"pld\"` finds the noise of small ones"
        )
      }
    }
    while little.cost == .infinity, little.noise > 1e-9 {
      little.cost = try cost(little.noise)
      guard little.cost <= epsilon else { break }
      enough = little
      little = (enough.noise / 2, .infinity)
    }
    var turn = 0
    while enough.noise / little.noise > 1 + precision {
      // The logarithm of epsilon falls nearly in a straight line with that of the noise: just above and just below
      // where the line meets the budget, and every third time in the middle, in case it does not.
      var noise = (enough.noise * little.noise).squareRoot()
      if turn % 3 < 2, little.cost.isFinite, enough.cost > 0 {
        let share = log(little.cost / epsilon) / log(little.cost / enough.cost)
        let met = little.noise * pow(enough.noise / little.noise, share)
        let aimed = turn % 3 == 0 ? met * (1 + precision / 3) : met / (1 + precision / 3)
        if aimed > little.noise, aimed < enough.noise { noise = aimed }
      }
      turn += 1
      let found = (noise, try cost(noise))
      if found.1 <= epsilon { enough = found } else { little = found }
    }
    return enough.noise
  }
}
