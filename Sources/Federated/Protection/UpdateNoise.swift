import Foundations
import Privacy

/// Where the noise of a simulation comes from.
enum UpdateNoise: Sendable {
  /// The operating system's random bits: an exact discrete Gaussian on a grid (Canonne, Kamath, Steinke 2020).
  case secure
  /// The simulation's seed: it repeats, and protects nobody who knows the seed.
  case seeded

  var fingerprint: String { self == .secure ? "secure" : "seeded" }

  /// `values` with Gaussian noise of standard deviation `multiplier` · `sensitivity`.
  /// - Parameter key: names the noise where it is seeded.
  /// - Throws: what `GaussianMechanism.release` does.
  func added(to values: [Double], multiplier: Double, sensitivity: Double, key: RandomKey) throws
    -> [Double]
  {
    guard multiplier > 0, !values.isEmpty else { return values }
    guard self == .seeded else {
      return try GaussianMechanism.release(
        values, noiseMultiplier: multiplier, sensitivity: sensitivity)
    }
    let deviation = multiplier * sensitivity
    return [Double](unsafeUninitializedCapacity: values.count) { result, count in
      nonisolated(unsafe) let result = result
      Parallel.blocks(values.count, size: 1 << 12) { block in
        // Each block has numbers of its own, whoever computes it.
        var stream = key.derived(block.lowerBound).stream
        for index in block { result[index] = values[index] + deviation * stream.normal() }
      }
      count = values.count
    }
  }
}
