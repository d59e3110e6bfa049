// What many training runs, with and without one example, prove about their privacy (Jagielski, Ullman, Oprea 2020,
// arXiv 2006.07709; Nasr et al. 2021). An attacker says of each run whether the example was in it. With (ε, δ)-privacy
//   1 - FNR ≤ e^ε FPR + δ   and   1 - FPR ≤ e^ε FNR + δ,
// and both rates are below their Clopper–Pearson bounds with the chance that is asked for.

import Foundation
import Foundations
import Statistics

/// The privacy that an attacker's mistakes refute.
public struct ClassicalBound: Sendable, Equatable {
  /// Upper bounds of the rates, each with half of the significance.
  public let falsePositiveRate: Double
  public let falseNegativeRate: Double

  /// - Parameters:
  ///   - falsePositives: of how many of the runs `without` the example it was said to be in.
  ///   - falseNegatives: of how many of the runs `with` it that it was not.
  /// - Throws: `value` where counts do not fit, or the significance is no chance.
  public init(
    falsePositives: Int, without: Int, falseNegatives: Int, with: Int, significance: Double
  ) throws(DomainError) {
    falsePositiveRate = try ClopperPearson.upper(
      falsePositives, of: without, significance: significance / 2)
    falseNegativeRate = try ClopperPearson.upper(
      falseNegatives, of: with, significance: significance / 2)
  }

  /// The largest ε such that (ε, δ)-privacy is refuted; 0 where none is.
  public func epsilon(delta: Double) -> Double {
    func bound(_ miss: Double, _ alarm: Double) -> Double {
      let found = 1 - delta - miss
      return found > 0 && alarm > 0 ? log(found / alarm) : 0
    }
    return max(
      0, bound(falseNegativeRate, falsePositiveRate), bound(falsePositiveRate, falseNegativeRate))
  }

  /// The largest μ such that μ-Gaussian privacy is refuted (Nasr et al. 2023, arXiv 2302.07956, §4): there
  /// Φ⁻¹(1 - FPR) - Φ⁻¹(FNR) ≤ μ. 0 where none is.
  public var gaussian: Double {
    max(
      0, -NormalIntegral.quantile(falsePositiveRate) - NormalIntegral.quantile(falseNegativeRate))
  }
}
