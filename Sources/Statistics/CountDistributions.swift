import Foundation
import Foundations

/// How many of `n` independent trials succeed.
public struct BinomialDistribution: Distribution {
  public static let name = "binomial"
  public let n: Double
  public let p: Double

  /// - Throws: `value` where there are less than 0 or more than 2⁵² trials, or `p` is no probability.
  public init(n: Int, p: Double) throws(DomainError) {
    guard n >= 0, n <= 1 << 52 else {
      throw DomainError(.value, "`n` of binomial is a number of trials from 0 to 2⁵², got \(n)")
    }
    guard p >= 0, p <= 1 else {
      throw DomainError(
        .value, "`p` of binomial lies within 0 and 1, got \(NumberText.shortest(p))")
    }
    (self.n, self.p) = (Double(n), p)
  }

  public var parameters: [(name: String, value: Double)] { [("n", n), ("p", p)] }
  public var isDiscrete: Bool { true }
  public var support: ClosedRange<Double> { 0...n }
  public var mean: Double { n * p }
  public var variance: Double { n * p * (1 - p) }

  public func density(_ x: Double) -> Double {
    if x.isNaN { return x }
    guard x >= 0, x <= n, x == x.rounded() else { return 0 }
    return Saddlepoint.binomial(x, n - x, p, 1 - p)
  }

  public func cumulative(_ x: Double) -> Double {
    if x.isNaN { return x }
    let k = x.rounded(.down)
    if k < 0 || k >= n { return k < 0 ? 0 : 1 }
    return IncompleteBeta(p, k + 1, n - k).upper
  }
  public func survival(_ x: Double) -> Double {
    if x.isNaN { return x }
    let k = x.rounded(.down)
    if k < 0 || k >= n { return k < 0 ? 1 : 0 }
    return IncompleteBeta(p, k + 1, n - k).lower
  }

  public func draw(_ random: inout RandomStream) -> Double { Self.draw(n, p, &random) }

  /// By halving: the middle one of n sorted uniform numbers is a beta number, and tells how many of the others lie
  /// below p but for half of them (Ahrens and Dieter 1974; Devroye 1986, §X.4.3).
  static func draw(_ n: Double, _ p: Double, _ random: inout RandomStream) -> Double {
    var (n, p, successes) = (n, p, 0.0)
    while n > 16, p > 0, p < 1 {
      let a = 1 + (n / 2).rounded(.down)
      let middle = BetaDistribution.draw(a, n + 1 - a, &random)
      if middle <= p {
        successes += a
        n -= a
        p = (p - middle) / (1 - middle)
      } else {
        n = a - 1
        p /= middle
      }
    }
    if p <= 0 || p >= 1 { return p >= 1 ? successes + n : successes }
    while n > 0 {
      n -= 1
      if random.uniform() < p { successes += 1 }
    }
    return successes
  }
}

/// How many events come in a time in which `mean` are expected.
public struct PoissonDistribution: Distribution {
  public static let name = "poisson"
  public let mean: Double

  /// - Throws: `value` where the mean is not within 0 and 2⁵².
  public init(mean: Double) throws(DomainError) {
    guard mean >= 0, mean <= 0x1p52 else {
      throw DomainError(
        .value, "`mean` of poisson lies within 0 and 2⁵², got \(NumberText.shortest(mean))")
    }
    self.mean = mean
  }

  public var parameters: [(name: String, value: Double)] { [("mean", mean)] }
  public var isDiscrete: Bool { true }
  public var support: ClosedRange<Double> { 0...Double.infinity }
  public var variance: Double { mean }

  public func density(_ x: Double) -> Double {
    if x.isNaN { return x }
    guard x >= 0, x == x.rounded() else { return 0 }
    return Saddlepoint.poisson(x, mean)
  }

  public func cumulative(_ x: Double) -> Double {
    if x.isNaN { return x }
    let k = x.rounded(.down)
    return k < 0 ? 0 : k == .infinity ? 1 : IncompleteGamma(k + 1, mean).upper
  }
  public func survival(_ x: Double) -> Double {
    if x.isNaN { return x }
    let k = x.rounded(.down)
    return k < 0 ? 1 : k == .infinity ? 0 : IncompleteGamma(k + 1, mean).lower
  }

  /// By halving: the time of the m-th event is a gamma number, and tells how many come before or after it (Ahrens and
  /// Dieter 1974).
  public func draw(_ random: inout RandomStream) -> Double {
    var (mean, events) = (mean, 0.0)
    while mean > 16 {
      let m = (mean * 7 / 8).rounded(.down)
      let time = exp(GammaDistribution.logStandard(m, &random))
      if time > mean { return events + BinomialDistribution.draw(m - 1, mean / time, &random) }
      events += m
      mean -= time
    }
    var product = 1 - random.uniform()
    let limit = exp(-mean)
    while product > limit {
      events += 1
      product *= 1 - random.uniform()
    }
    return events
  }
}
