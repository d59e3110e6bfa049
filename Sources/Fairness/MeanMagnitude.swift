import Foundation
import Statistics

/// The mean size of differences that are seen through noise: what is left of a mean of absolute values once the noise
/// is taken out.
///
/// A mean of |difference| over groups is never below what noise alone shows, so neither it nor resamples of it can say
/// that there is no difference. Here the question is turned round: for each true mean size γ, how does the statistic T
/// = mean over units of t behave? The estimate is the γ whose T is expected to be the one seen (0 where T is no more
/// than noise shows), and the interval holds every γ that T does not reject, by the likelihood-ratio ordering of
/// Feldman and Cousins (1998, §III), which covers at the edge γ = 0 too and always holds the estimate. T's quantiles
/// come from its first three moments (Cornish and Fisher 1938).
///
/// How γ is shared out among the units is not known, only that its signs and order are arbitrary: all the same,
/// gamma-distributed with a coefficient of variation of 0.35, 0.7 or 1, or a quarter or a half of the units without any
/// difference; three quarters or seven eighths of them only where that is likelier than all others by a factor of e.
/// The estimate takes the likeliest of these shapes, the interval is the hull over all whose likelihood is within a
/// factor of e of it. With few observations a unit the shape can be guessed only, and more lopsided ones than these
/// would escape.
struct MeanMagnitude {
  /// What units of one kind show at each magnitude of `grid`, whatever their sign: the moments of t.
  struct Moments {
    var mean: [Double]
    var variance: [Double]
    /// The third central moment.
    var skew: [Double]

    /// Those of a t with the given values and probabilities at each magnitude.
    init(_ distributions: [[(value: Double, probability: Double)]]) {
      (mean, variance, skew) = ([], [], [])
      for distribution in distributions {
        let first = distribution.reduce(0) { $0 + $1.probability * $1.value }
        var (second, third) = (0.0, 0.0)
        for (value, probability) in distribution {
          let distance = value - first
          second += probability * distance * distance
          third += probability * distance * distance * distance
        }
        mean.append(first)
        variance.append(second)
        skew.append(third)
      }
    }
  }

  /// Units that were seen alike.
  struct Seen {
    var count: Int
    /// Their t.
    var statistic: Double
    /// Which of the moments.
    var moments: Int
    /// The likelihood of what was seen at each magnitude of `grid`, averaged over both signs.
    var likelihood: [Double]
  }

  /// Rising magnitudes from 0 on at which units are described; beyond the last nothing changes.
  let grid: [Double]
  /// Rising mean sizes from 0 on that are asked about.
  let sizes: [Double]
  let moments: [Moments]
  let seen: [Seen]
  /// The size of several magnitudes: their mean, or the root of their mean square.
  var isRootMeanSquare = false
  /// The largest size that can be; an interval that reaches the last of `sizes` ends there.
  var limit = Double.infinity

  /// How magnitudes of mean 1 may be shared out.
  private struct Shape {
    /// Equally likely magnitudes.
    var magnitudes: [Double]
    /// True for shapes that are considered only where they are clearly likelier than all others.
    var isSparse: Bool
  }

  private static func shapes(rootMeanSquare: Bool) -> [Shape] {
    let parts = 12
    var shapes = [Shape(magnitudes: [1], isSparse: false)]
    for variation in [0.35, 0.7, 1] {
      let degrees = 1 / (variation * variation)
      shapes.append(
        Shape(
          magnitudes: (0..<parts).map {
            gammaQuantile((Double($0) + 0.5) / Double(parts), shape: degrees)
          }, isSparse: false))
    }
    for (none, of) in [(1, 4), (1, 2), (3, 4), (7, 8)] {
      shapes.append(
        Shape(
          magnitudes: (0..<of).map { $0 < none ? 0 : 1 }, isSparse: Double(none) / Double(of) > 0.5)
      )
    }
    return shapes.map { shape in
      let values = shape.magnitudes
      let size =
        rootMeanSquare
        ? Sample.mean(values.map { $0 * $0 }).squareRoot() : Sample.mean(values)
      return Shape(magnitudes: values.map { $0 / size }, isSparse: shape.isSparse)
    }
  }

  /// - Parameters:
  ///   - level: of the interval; nan ends where it is nil.
  ///   - points: at how many points T's distribution is looked at.
  func estimate(level: Double?, points: Int) -> Estimate {
    let shapes = MeanMagnitude.shapes(rootMeanSquare: isRootMeanSquare)
    let places = shapes.map { shape in
      sizes.map { size in shape.magnitudes.map { place($0 * size) } }
    }
    let likelihoods = places.map(logLikelihood)
    let usual = zip(shapes, likelihoods).filter { !$0.0.isSparse }.map(\.1).max() ?? 0
    let candidates = shapes.indices.filter { !shapes[$0].isSparse || likelihoods[$0] > usual + 1 }
    let best = candidates.map { likelihoods[$0] }.max() ?? 0
    var value = Double.nan
    var (low, high) = (Double.infinity, -Double.infinity)
    let normal =
      level == nil
      ? [] : (0..<points).map { NormalIntegral.quantile((Double($0) + 0.5) / Double(points)) }
    for shape in candidates where likelihoods[shape] > best - 1 {
      let curve = Curve(self, places[shape])
      let estimate = size(curve)
      // Of equally likely shapes the plainest.
      if value.isNaN, likelihoods[shape] >= best - 1e-6 { value = estimate }
      guard let level else { continue }
      let ends = interval(curve, estimate, 1 - level, normal)
      low = min(low, ends.lowerBound)
      high = max(high, ends.upperBound)
    }
    guard let level else { return Estimate(value: value, low: .nan, high: .nan, level: .nan) }
    return Estimate(value: value, low: min(low, value), high: max(high, value), level: level)
  }

  // MARK: One shape

  /// T's mean, deviation and skewness at each of `sizes`.
  private struct Curve {
    var mean: [Double] = []
    var deviation: [Double] = []
    var skewness: [Double] = []
    let observed: Double

    init(_ problem: MeanMagnitude, _ places: [[Place]]) {
      var counts = [Int](repeating: 0, count: problem.moments.count)
      for one in problem.seen { counts[one.moments] += one.count }
      let total = Double(counts.reduce(0, +))
      // Added up over the units first, then averaged over their magnitudes.
      func sum(_ part: KeyPath<Moments, [Double]>) -> [Double] {
        var result = [Double](repeating: 0, count: problem.grid.count)
        for (kind, moments) in problem.moments.enumerated() where counts[kind] > 0 {
          for (i, value) in moments[keyPath: part].enumerated() {
            result[i] += Double(counts[kind]) * value
          }
        }
        return result
      }
      let (first, second, third) = (sum(\.mean), sum(\.variance), sum(\.skew))
      for nodes in places {
        func average(_ values: [Double]) -> Double {
          nodes.reduce(0) { $0 + $1.read(values) } / Double(nodes.count)
        }
        mean.append(average(first) / total)
        let variance = average(second)
        deviation.append(variance.squareRoot() / total)
        skewness.append(variance > 1e-18 ? average(third) / pow(variance, 1.5) : 0)
      }
      observed = problem.seen.reduce(0) { $0 + Double($1.count) * $1.statistic } / total
    }

    /// Minus twice the log of the likelihood ratio of T = t at a size against the size that suits t best, as if T were
    /// normal.
    func distance(_ t: Double, _ index: Int) -> Double {
      let z = standardized(t, index)
      guard t < mean[0] else { return z * z }
      let edge = standardized(t, 0)
      return z * z - edge * edge
    }

    private func standardized(_ t: Double, _ index: Int) -> Double {
      let distance = t - mean[index]
      // Without any noise what is not expected is impossible.
      return deviation[index] > 1e-12
        ? distance / deviation[index] : abs(distance) < 1e-9 ? 0 : distance * 1e12
    }
  }

  /// The size at which T is expected to be what it is; infinite, or the limit, where none shows as much.
  private func size(_ curve: Curve) -> Double {
    guard curve.observed > curve.mean[0] else { return 0 }
    guard let above = curve.mean.firstIndex(where: { $0 >= curve.observed }) else { return limit }
    let (from, to) = (curve.mean[above - 1], curve.mean[above])
    let part = to > from ? (curve.observed - from) / (to - from) : 1
    return sizes[above - 1] + part * (sizes[above] - sizes[above - 1])
  }

  /// All sizes at which a T as unlikely as the one seen, or more, has a chance of at least `error`.
  private func interval(
    _ curve: Curve, _ estimate: Double, _ error: Double, _ normal: [Double]
  ) -> ClosedRange<Double> {
    func chance(_ index: Int) -> Double {
      let threshold = curve.distance(curve.observed, index) - 1e-9
      var count = 0
      for z in normal {
        let corrected = z + (z * z - 1) * curve.skewness[index] / 6
        let t = curve.mean[index] + curve.deviation[index] * corrected
        if curve.distance(t, index) >= threshold { count += 1 }
      }
      return Double(count) / Double(normal.count)
    }
    // Outwards from the estimate, so that few sizes are tried.
    let start = sizes.lastIndex { $0 <= estimate } ?? 0
    func end(_ inside: Int, _ outside: Int, _ inner: Double, _ outer: Double) -> Double {
      let part = inner > outer ? min(1, max(0, (inner - error) / (inner - outer))) : 0
      return sizes[inside] + part * (sizes[outside] - sizes[inside])
    }
    var low = 0.0
    var inner = 1.0
    for index in stride(from: start, through: 0, by: -1) {
      let found = chance(index)
      if found < error {
        low = end(min(index + 1, start), index, inner, found)
        break
      }
      inner = found
    }
    var high = limit
    inner = 1
    for index in min(start + 1, sizes.count - 1)..<sizes.count {
      let found = chance(index)
      if found < error {
        high = end(index - 1, index, inner, found)
        break
      }
      inner = found
    }
    return min(low, high)...max(low, high)
  }

  // MARK: Shapes

  /// Where a magnitude lies on the grid.
  private struct Place {
    let index: Int
    let part: Double

    func read(_ values: [Double]) -> Double {
      part == 0 ? values[index] : values[index] + part * (values[index + 1] - values[index])
    }
  }

  private func place(_ magnitude: Double) -> Place {
    guard magnitude < grid[grid.count - 1] else { return Place(index: grid.count - 1, part: 0) }
    var (low, high) = (0, grid.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if grid[middle] <= magnitude { low = middle } else { high = middle }
    }
    return Place(index: low, part: (magnitude - grid[low]) / (grid[high] - grid[low]))
  }

  /// The largest log-likelihood of a shape over all sizes.
  private func logLikelihood(_ places: [[Place]]) -> Double {
    places.map { nodes in
      seen.reduce(0.0) { total, one in
        let mean = nodes.reduce(0) { $0 + $1.read(one.likelihood) } / Double(nodes.count)
        return total + Double(one.count) * log(max(mean, 1e-300))
      }
    }.max() ?? 0
  }

  /// The quantile of a gamma distribution of scale 1, by bisection on the series of its distribution function.
  private static func gammaQuantile(_ probability: Double, shape: Double) -> Double {
    func below(_ x: Double) -> Double {
      var term = 1 / shape
      var sum = term
      for n in 1..<500 {
        term *= x / (shape + Double(n))
        sum += term
        if term < 1e-16 * sum { break }
      }
      return sum * exp(shape * log(x) - x - lgamma(shape))
    }
    var (low, high) = (0.0, 10 * shape + 20)
    for _ in 0..<80 {
      let middle = (low + high) / 2
      if below(middle) < probability { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// Points from 0 to `last` in steps that grow as given: each (from where on, step).
  static func points(_ steps: [(from: Double, step: Double)], last: Double) -> [Double] {
    var result: [Double] = []
    for (index, step) in steps.enumerated() {
      let end = index + 1 < steps.count ? steps[index + 1].from : last
      let count = Int(((end - step.from) / step.step).rounded())
      for i in 0..<count { result.append(step.from + Double(i) * step.step) }
    }
    return result + [last]
  }
}
