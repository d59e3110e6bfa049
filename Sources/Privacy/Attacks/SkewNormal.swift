import Foundation
import Foundations

/// The skew-normal distribution (Azzalini 1985) with the density 2/ω φ(z) Φ(αz), z = (x - ξ)/ω: what Carlini et al.
/// (2019) take perplexities of random texts to follow.
struct SkewNormal: Equatable {
  /// ξ, ω and α.
  var location: Double
  var scale: Double
  var shape: Double

  init(location: Double, scale: Double, shape: Double) {
    self.location = location
    self.scale = scale
    self.shape = shape
  }

  /// The distribution under which `values` are likeliest, found from the one with their mean, variance and skewness by
  /// the simplex method (Nelder and Mead 1965). Nil for fewer than 8 values, or where they do not differ.
  ///
  /// - Throws: `interrupt` where it is stopped.
  init?(fitting values: [Double]) throws(DomainError) {
    guard values.count >= 8, values.allSatisfy(\.isFinite) else { return nil }
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    guard variance > 0, variance.isFinite, variance > mean * mean * 1e-24 else { return nil }
    let deviation = variance.squareRoot()
    let standard = values.map { ($0 - mean) / deviation }
    // No skew-normal distribution is more skewed than 0.9953.
    let skewness = standard.reduce(0) { $0 + $1 * $1 * $1 } / count
    let root = pow(min(abs(skewness), 0.95), 2.0 / 3)
    let part = (Double.pi / 2 * root / (root + pow((4 - Double.pi) / 2, 2.0 / 3))).squareRoot()
    let slant = skewness < 0 ? -part : part
    let first = 1 / (1 - 2 * slant * slant / Double.pi).squareRoot()
    let start = [
      -first * slant * (2 / Double.pi).squareRoot(), log(first),
      slant / (1 - slant * slant).squareRoot(),
    ]
    let best = try Simplex.minimum(from: start) { point in
      let (location, scale, shape) = (point[0], exp(point[1]), SkewNormal.bounded(point[2]))
      return standard.reduce(count * point[1]) { sum, x in
        let z = (x - location) / scale
        return sum + z * z / 2 - SpecialFunctions.logNormalCDF(shape * z)
      } / count
    }
    self.init(
      location: mean + deviation * best[0], scale: deviation * exp(best[1]),
      shape: SkewNormal.bounded(best[2]))
  }

  /// Where the likelihood grows with the shape without end, as it does for some samples (Azzalini and Capitanio 1999),
  /// nothing would be left of the tail below the location.
  private static func bounded(_ shape: Double) -> Double { max(-50, min(50, shape)) }

  /// ln P[X ≤ x], good however small that is.
  func logCumulative(_ x: Double) -> Double {
    let z = (x - location) / scale
    guard !z.isNaN, abs(z) < 1e100 else { return z.isNaN ? z : z < 0 ? -.infinity : 0 }
    if SkewNormal.slope(z, shape) >= 0 { return SkewNormal.logLowerTail(z, shape) }
    // Beyond the mode: 1 less the upper tail, which is the lower one of the mirrored distribution.
    return log1p(-min(1, exp(SkewNormal.logLowerTail(-z, -shape))))
  }

  /// ln 2φ(t)Φ(αt).
  private static func logDensity(_ t: Double, _ shape: Double) -> Double {
    log(2) - t * t / 2 - 0.5 * log(2 * Double.pi) + SpecialFunctions.logNormalCDF(shape * t)
  }

  /// The derivative of `logDensity`.
  private static func slope(_ t: Double, _ shape: Double) -> Double {
    let x = shape * t
    return -t + shape
      * exp(-x * x / 2 - 0.5 * log(2 * Double.pi) - SpecialFunctions.logNormalCDF(x))
  }

  /// ln of the integral of the density up to z, which is not beyond the mode. The density is log-concave: it falls
  /// without end from there, and where it has fallen by e⁻⁴⁵ nothing of weight is left.
  private static func logLowerTail(_ z: Double, _ shape: Double) -> Double {
    let top = logDensity(z, shape)
    var reach = 1.0
    while logDensity(z - reach, shape) - top > -45 { reach *= 2 }
    var inside = 0.0
    for _ in 0..<30 {
      let middle = (inside + reach) / 2
      if logDensity(z - middle, shape) - top > -45 { inside = middle } else { reach = middle }
    }
    // Gauss–Legendre with 5 points on each of 64 parts.
    let nodes = [
      -0.9061798459386640, -0.5384693101056831, 0, 0.5384693101056831, 0.9061798459386640,
    ]
    let weights = [
      0.2369268850561891, 0.4786286704993665, 0.5688888888888889, 0.4786286704993665,
      0.2369268850561891,
    ]
    let half = reach / 128
    var sum = 0.0
    for part in 0..<64 {
      for (node, weight) in zip(nodes, weights) {
        let u = half * (Double(2 * part + 1) + node)
        sum += half * weight * exp(logDensity(z - u, shape) - top)
      }
    }
    return top + log(sum)
  }
}

/// The simplex method of Nelder and Mead (1965), for smooth functions of few numbers.
private enum Simplex {
  /// Where `function` is least, near `start`, to about 1e-8 of its value.
  static func minimum(from start: [Double], _ function: ([Double]) -> Double) throws(DomainError)
    -> [Double]
  {
    var points = [(at: start, value: function(start))]
    for i in start.indices {
      var point = start
      point[i] += 0.2
      points.append((point, function(point)))
    }
    for _ in 0..<600 {
      try Cancellation.check()
      points.sort { $0.value < $1.value }
      let worst = points[points.count - 1]
      let size = points.map { point in zip(point.at, points[0].at).map { abs($0 - $1) }.max() ?? 0 }
      if worst.value - points[0].value < 1e-11, size.max() ?? 0 < 1e-6 { break }
      let rest = points.dropLast()
      let center = start.indices.map { i in
        rest.reduce(0) { $0 + $1.at[i] } / Double(rest.count)
      }
      func moved(_ factor: Double) -> (at: [Double], value: Double) {
        let point = zip(center, worst.at).map { $0 + factor * ($1 - $0) }
        return (point, function(point))
      }
      let mirrored = moved(-1)
      if mirrored.value < points[0].value {
        let further = moved(-2)
        points[points.count - 1] = further.value < mirrored.value ? further : mirrored
      } else if mirrored.value < points[points.count - 2].value {
        points[points.count - 1] = mirrored
      } else {
        let nearer = mirrored.value < worst.value ? moved(-0.5) : moved(0.5)
        if nearer.value < min(worst.value, mirrored.value) {
          points[points.count - 1] = nearer
        } else {
          let best = points[0].at
          for i in points.indices.dropFirst() {
            let point = zip(best, points[i].at).map { ($0 + $1) / 2 }
            points[i] = (point, function(point))
          }
        }
      }
    }
    return points.min { $0.value < $1.value }?.at ?? start
  }
}
