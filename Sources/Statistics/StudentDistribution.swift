import Foundation
import Foundations

/// Student's t distribution.
public struct StudentDistribution: Distribution {
  public static let name = "student"
  public let degrees: Double

  public init(degrees: Double) throws(DomainError) {
    try Self.requirePositive("df", degrees)
    self.degrees = degrees
  }

  public var parameters: [(name: String, value: Double)] { [("df", degrees)] }
  public var isDiscrete: Bool { false }
  public var support: ClosedRange<Double> { -Double.infinity...Double.infinity }
  public var mean: Double { degrees > 1 ? 0 : .nan }
  public var variance: Double {
    degrees > 2 ? degrees / (degrees - 2) : degrees > 1 ? .infinity : .nan
  }

  public func density(_ x: Double) -> Double {
    if x.isNaN { return x }
    if x.isInfinite { return 0 }
    let n = degrees
    let t =
      -Saddlepoint.deviance(n / 2, (n + 1) / 2) + Saddlepoint.stirlingError((n + 1) / 2)
      - Saddlepoint.stirlingError(n / 2)
    let ratio = x * x / n
    if ratio > 1 / Double.ulpOfOne {
      let logRatio = log(abs(x)) - log(n) / 2
      return exp(t - n * logRatio) / (2 * Double.pi).squareRoot() * (n.squareRoot() / abs(x))
    }
    let half = ratio > 0.2 ? log(1 + ratio) / 2 : log1p(ratio) / 2
    let u =
      ratio > 0.2
      ? n * half : -Saddlepoint.deviance(n / 2, (n + x * x) / 2) + x * x / 2
    return exp(t - u - half) / (2 * Double.pi).squareRoot()
  }

  public func cumulative(_ x: Double) -> Double { tail(-x) }
  public func survival(_ x: Double) -> Double { tail(x) }

  /// P(T > x).
  private func tail(_ x: Double) -> Double {
    if x.isNaN { return x }
    let t = abs(x)
    // n / (n + t²) and t² / (n + t²), with no square that overflows.
    let (ratio, inverse) = (t / degrees * t, degrees / t / t)
    let share = ratio < 1 ? 1 / (1 + ratio) : inverse / (1 + inverse)
    let rest = ratio < 1 ? ratio / (1 + ratio) : 1 / (1 + inverse)
    let integral = IncompleteBeta(share, degrees / 2, 0.5, complement: rest)
    return x >= 0 ? 0.5 * integral.lower : 0.5 + 0.5 * integral.upper
  }

  public func draw(_ random: inout RandomStream) -> Double {
    let halfChiSquare = exp(GammaDistribution.logStandard(degrees / 2, &random))
    return random.normal() * (degrees / (2 * halfChiSquare)).squareRoot()
  }
}
