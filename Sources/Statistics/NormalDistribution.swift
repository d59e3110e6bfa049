import Foundation
import Foundations

/// The normal (Gaussian) distribution.
public struct NormalDistribution: Distribution {
  public static let name = "normal"
  public let mean: Double
  public let deviation: Double

  public init(mean: Double, deviation: Double) throws(DomainError) {
    try Self.requireFinite("mean", mean)
    try Self.requirePositive("std", deviation)
    (self.mean, self.deviation) = (mean, deviation)
  }

  public var parameters: [(name: String, value: Double)] {
    [("mean", mean), ("std", deviation)]
  }
  public var isDiscrete: Bool { false }
  public var support: ClosedRange<Double> { -Double.infinity...Double.infinity }
  public var variance: Double { deviation * deviation }

  private func standard(_ x: Double) -> Double { (x - mean) / deviation }

  public func density(_ x: Double) -> Double {
    let z = standard(x)
    return exp(-0.5 * z * z) / (deviation * (2 * Double.pi).squareRoot())
  }
  public func cumulative(_ x: Double) -> Double { NormalIntegral.cumulative(standard(x)) }
  public func survival(_ x: Double) -> Double { NormalIntegral.upper(standard(x)) }
  public func quantile(_ probability: Double) -> Double {
    mean + deviation * NormalIntegral.quantile(probability)
  }
  public func draw(_ random: inout RandomStream) -> Double { mean + deviation * random.normal() }
}
