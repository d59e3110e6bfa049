import Foundation
import Foundations

/// Continuous noise by floats and a seed, for studies of mechanisms. It hides nobody: its lowest bits tell values apart
/// (Mironov 2012), and whoever knows the seed can take it off again.
public enum SimulatedNoise: String, Sendable, CaseIterable {
  case laplace, gaussian

  /// `values` with noise, each on its own.
  /// - Parameter scale: b of a density ∝ exp(-|x|/b), or the standard deviation.
  /// - Throws: `interrupt`.
  public func added(to values: [Double], scale: Double, key: RandomKey) throws -> [Double] {
    var random = key.stream
    return try values.enumerated().map { index, value in
      try Cancellation.check(turn: index)
      switch self {
      case .gaussian: return value + scale * random.normal()
      case .laplace:
        // In (0, 1], where the logarithm is finite.
        let size = -scale * log(1 - random.uniform())
        return value + (random.nextUInt32() & 1 == 0 ? size : -size)
      }
    }
  }
}
