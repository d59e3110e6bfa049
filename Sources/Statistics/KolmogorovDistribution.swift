import Foundation
import Foundations

/// The distributions of Kolmogorov's and Smirnov's statistics of n values against a continuous distribution, computed
/// where and how Simard and L'Ecuyer (2011, "Computing the two-sided Kolmogorov–Smirnov distribution") and SciPy do:
/// exactly up to 140 values and in the tails, else by the expansion of Pelz and Good (1976), which is right to about
/// 1e-6 for 141 values and better for more.
enum KolmogorovDistribution {
  /// P(D⁺ ≥ x) of the one-sided statistic (Birnbaum and Tingey 1951), all of whose terms are positive.
  static func oneSided(_ n: Int, _ x: Double) throws(DomainError) -> Double {
    if x <= 0 { return 1 }
    if x >= 1 { return 0 }
    let count = Double(n)
    var sum = 0.0
    let last = min(n, Int((count * (1 - x)).rounded(.down)))
    for j in 0...last {
      try Cancellation.check(turn: j)
      let share = x + Double(j) / count
      guard share <= 1 else { break }
      // C(n, j) shareʲ⁻¹ (1 − share)ⁿ⁻ʲ.
      sum += Saddlepoint.binomial(Double(j), count - Double(j), share, max(0, 1 - share)) / share
    }
    return min(1, x * sum)
  }

  /// P(D ≥ x) of the two-sided statistic.
  static func twoSided(_ n: Int, _ x: Double) throws(DomainError) -> Double {
    if x.isNaN { return x }
    if x >= 1 { return 0 }
    let count = Double(n)
    let scaled = count * x
    if scaled <= 0.5 { return 1 }
    if scaled <= 1 {
      // n! / nⁿ (2nx − 1)ⁿ is what lies below (Ruben and Gambino 1982).
      let logShare =
        Saddlepoint.logGamma(count + 1) + count * (log(2 * scaled - 1) - log(count))
      return 1 - exp(logShare)
    }
    let square = scaled * x
    if scaled >= count - 1 { return 2 * pow(1 - x, count) }
    if x >= 0.5 || square > (n <= 140 ? 4 : 2.2) { return min(1, 2 * (try oneSided(n, x))) }
    if n <= 140 || (n <= 100_000 && count * pow(x, 1.5) <= 1.4) {
      return 1 - (try durbin(n, x))
    }
    return min(1, max(0, 1 - pelzGood(n, x)))
  }

  /// P(D < x) by a power of Durbin's matrix (1968; Marsaglia, Tsang and Wang 2003).
  private static func durbin(_ n: Int, _ x: Double) throws(DomainError) -> Double {
    let scaled = Double(n) * x
    let k = Int(scaled.rounded(.up))
    let h = Double(k) - scaled
    let size = 2 * k - 1
    var matrix = [Double](repeating: 0, count: size * size)
    for row in 0..<size {
      for column in 0...min(size - 1, row + 1) {
        matrix[row * size + column] = 1
      }
    }
    for row in 0..<size {
      matrix[row * size] -= pow(h, Double(row + 1))
      matrix[(size - 1) * size + row] -= pow(h, Double(size - row))
    }
    if 2 * h > 1 { matrix[(size - 1) * size] += pow(2 * h - 1, Double(size)) }
    for row in 0..<size {
      for column in 0...min(size - 1, row + 1) {
        for divisor in stride(from: 1, through: row - column + 1, by: 1) {
          matrix[row * size + column] /= Double(divisor)
        }
      }
    }
    var (power, exponent) = try raised(matrix, size, n)
    var value = power[(k - 1) * size + k - 1]
    power = []
    for i in 1...n {
      value *= Double(i) / Double(n)
      if value < 0x1p-400 {
        value *= 0x1p400
        exponent -= 400
      }
    }
    return scalbn(value, exponent)
  }

  /// A matrix to the n-th power, with the power of two that is taken out of it.
  private static func raised(_ matrix: [Double], _ size: Int, _ n: Int) throws(DomainError) -> (
    [Double], Int
  ) {
    var result = [Double](repeating: 0, count: size * size)
    for i in 0..<size { result[i * size + i] = 1 }
    var (base, resultExponent, baseExponent, rest) = (matrix, 0, 0, n)
    func scaled(_ values: inout [Double], _ exponent: inout Int) {
      guard values[(size / 2) * size + size / 2] > 0x1p400 else { return }
      for i in values.indices { values[i] *= 0x1p-400 }
      exponent += 400
    }
    while rest > 0 {
      try Cancellation.check()
      if rest & 1 == 1 {
        result = product(result, base, size)
        resultExponent += baseExponent
        scaled(&result, &resultExponent)
      }
      rest >>= 1
      guard rest > 0 else { break }
      base = product(base, base, size)
      baseExponent *= 2
      scaled(&base, &baseExponent)
    }
    return (result, resultExponent)
  }

  private static func product(_ a: [Double], _ b: [Double], _ size: Int) -> [Double] {
    var result = [Double](repeating: 0, count: size * size)
    for i in 0..<size {
      for k in 0..<size where a[i * size + k] != 0 {
        let factor = a[i * size + k]
        for j in 0..<size { result[i * size + j] += factor * b[k * size + j] }
      }
    }
    return result
  }

  /// P(D ≤ x) ≈ K₀(z) + K₁(z)/√n + K₂(z)/n + K₃(z)/n³⁄² with z = x√n, each a theta series in exp(−π²/(8z²)).
  private static func pelzGood(_ n: Int, _ x: Double) -> Double {
    let z = Double(n).squareRoot() * x
    let (z2, z4, z6) = (z * z, pow(z, 4), pow(z, 6))
    let pi2 = Double.pi * Double.pi
    let (pi4, pi6) = (pi2 * pi2, pi2 * pi2 * pi2)
    var sums = [0.0, 0, 0, 0]
    var further = (second: 0.0, third: 0.0)
    let terms = Int((16 * z / Double.pi).rounded(.up))
    for k in stride(from: terms, through: 1, by: -1) {
      let odd = Double(2 * k - 1)
      let m2 = odd * odd
      let weight = exp(-pi2 * m2 / (8 * z2))
      sums[0] += weight
      sums[1] += weight * (pi2 / 4 * m2 - z2)
      sums[2] +=
        weight
        * (6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * pi2 / 4 * m2 + pi4 * (1 - 2 * z2) / 16 * m2 * m2)
      let cubic =
        pi6 * (5 - 30 * z2) / 64 * m2 * m2 * m2 + pi4 * (212 * z4 - 60 * z2) / 16 * m2 * m2
      sums[3] +=
        weight * (cubic + pi2 * (135 * z4 - 96 * z6) / 4 * m2 - 30 * z6 - 90 * z4 * z4)
      let k2 = Double(k * k)
      let factor = k2 * exp(-pi2 * k2 / (2 * z2))
      further.second += factor
      further.third += factor * (3 * z2 - pi2 * k2)
    }
    let root = (2 * Double.pi).squareRoot()
    let size = Double(n)
    let first = root * sums[0] / z + root * sums[1] / (6 * z4) / size.squareRoot()
    let second = root * sums[2] / (72 * pow(z, 7)) - pi2 * root / (36 * z * z2) * further.second
    let third = root * sums[3] / (6480 * pow(z, 10)) + pi2 * root / (216 * z6) * further.third
    return first + second / size + third / (size * size.squareRoot())
  }
}
