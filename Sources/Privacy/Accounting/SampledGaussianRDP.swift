// The Rényi divergence of the Poisson-sampled Gaussian mechanism: Mironov, Talwar, Zhang, "Rényi differential privacy
// of the sampled Gaussian mechanism" (arXiv 1908.10530, section 3.3).
//
//   RDP(α) = log A(α) / (α - 1),   A(α) = E[((1-q) + q·exp((2z-1)/(2σ²)))^α], z ~ N(0, σ²)
//
// For whole α a finite sum of positive terms; for others two series split at z₀ = σ²·log(1/q - 1) + ½. As in
// dp-accounting the terms of the series enter with their absolute value: beyond i > α + 1 they alternate in sign, so
// that the result is an upper bound, at most about one percent too high. What this returns is never below the
// divergence.

import Foundation

enum SampledGaussianRDP {
  /// RDP of one step at order `alpha` > 1.
  ///
  /// Where the series of an order between whole ones does not converge, that of the next whole order bounds it, as
  /// divergences grow with the order (van Erven and Harremoës 2014, "Rényi divergence and Kullback-Leibler divergence",
  /// theorem 3).
  /// - Returns: infinity where there is no noise, or too little for floats.
  static func divergence(rate q: Double, noiseMultiplier sigma: Double, order alpha: Double)
    -> Double
  {
    if q == 0 { return 0 }
    if sigma == 0 || alpha == .infinity { return .infinity }
    if sigma == .infinity { return 0 }
    if q == 1 { return alpha / (2 * sigma * sigma) }
    if alpha != alpha.rounded() {
      let logA = logAFractional(q, sigma, alpha)
      if logA < .infinity { return max(0, logA / (alpha - 1)) }
    }
    let whole = alpha.rounded(.up)
    return max(0, logAWhole(q, sigma, Int(whole)) / (whole - 1))
  }

  /// log A for whole orders: A - 1 = Σ C(α,k)·(1-q)^(α-k)·q^k·(e^((k²-k)/(2σ²)) - 1) over k ≥ 2, without the 1 in which
  /// little would be lost.
  static func logAWhole(_ q: Double, _ sigma: Double, _ alpha: Int) -> Double {
    let logQ = log(q)
    let logRest = log1p(-q)
    let twiceVariance = 2 * sigma * sigma
    let n = Double(alpha)
    let logFactorial = SpecialFunctions.logGamma(n + 1)
    var terms: [Double] = []
    terms.reserveCapacity(alpha)
    var largest = -Double.infinity
    for i in stride(from: 2, through: alpha, by: 1) {
      let k = Double(i)
      let coefficient =
        logFactorial - SpecialFunctions.logGamma(k + 1) - SpecialFunctions.logGamma(n - k + 1)
      let exponent = (k * k - k) / twiceVariance
      let growth = exponent > 40 ? exponent : log(expm1(exponent))
      let term = coefficient + k * logQ + (n - k) * logRest + growth
      terms.append(term)
      largest = max(largest, term)
    }
    guard largest < .infinity else { return .infinity }
    guard largest > -.infinity else { return 0 }
    let sum = SpecialFunctions.logAdd(0, largest + log(terms.reduce(0) { $0 + exp($1 - largest) }))
    // Something was spent, however little.
    return max(sum, .leastNormalMagnitude)
  }

  /// log A for all other orders.
  static func logAFractional(_ q: Double, _ sigma: Double, _ alpha: Double) -> Double {
    let logQ = log(q)
    let logRest = log1p(-q)
    let variance = sigma * sigma
    let split = variance * (logRest - logQ) + 0.5
    let scale = 2.0.squareRoot() * sigma
    let logAlpha = SpecialFunctions.logGamma(alpha + 1)
    var total = -Double.infinity
    var lastLow = -Double.infinity
    var lastHigh = -Double.infinity
    for step in 0..<mostTerms {
      let i = Double(step)
      let j = alpha - i
      let coefficient =
        logAlpha - SpecialFunctions.logGamma(i + 1) - SpecialFunctions.logGamma(j + 1)
      let low =
        coefficient + i * logQ + j * logRest + (i * i - i) / (2 * variance) - log(2)
        + SpecialFunctions.logErfc((i - split) / scale)
      let high =
        coefficient + j * logQ + i * logRest + (j * j - j) / (2 * variance) - log(2)
        + SpecialFunctions.logErfc((split - j) / scale)
      total = SpecialFunctions.logAdd(total, SpecialFunctions.logAdd(low, high))
      if low.isNaN || high.isNaN || total == .infinity { return .infinity }
      if low < lastLow, high < lastHigh, max(low, high) < total - 30 { return total + rounding }
      lastLow = low
      lastHigh = high
    }
    return .infinity
  }

  private static let mostTerms = 1_000
  /// What the terms left out (e^-30 of the sum) and the arithmetic may hide: a divergence is never rounded down, nor to
  /// 0.
  private static let rounding = 1e-12
}
