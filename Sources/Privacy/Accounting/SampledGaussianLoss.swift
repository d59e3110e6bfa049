import Foundation

/// The privacy loss of one Gaussian step on a Poisson sample (Koskela, Jälkö, Honkela 2020, arXiv 1906.03049): log of
/// how much more likely an outcome x is with the data than with its neighbour.
///
/// Without the example x ~ N(0, σ²), with it x ~ (1-q)·N(0, σ²) + q·N(1, σ²); the ratio of the two densities grows with
/// x.
struct SampledGaussianLoss: Sendable {
  let rate: Double
  let noiseMultiplier: Double
  /// Whether the data has the example that its neighbour lacks.
  let removes: Bool

  /// The loss at x, accurate near 0 too.
  func loss(_ x: Double) -> Double { removes ? logRatio(x) : -logRatio(x) }

  private func logRatio(_ x: Double) -> Double {
    let exponent = (2 * x - 1) / (2 * noiseMultiplier * noiseMultiplier)
    if rate == 1 { return exponent }
    return exponent < 700 ? log1p(rate * expm1(exponent)) : log(rate) + exponent
  }

  /// The x at which the loss is `loss`; infinite outside of its range.
  func place(ofLoss loss: Double) -> Double {
    let ratio = removes ? loss : -loss
    let variance = noiseMultiplier * noiseMultiplier
    if rate == 1 { return variance * ratio + 0.5 }
    if ratio > 700 { return variance * (ratio - log(rate)) + 0.5 }
    // e^ratio - (1 - q), exact near 1 - q.
    let rest = expm1(ratio) + rate
    return rest <= 0 ? -.infinity : variance * log(rest / rate) + 0.5
  }

  /// The density of x under the data.
  func density(_ x: Double) -> Double {
    let scale = 1 / (noiseMultiplier * (2 * Double.pi).squareRoot())
    let a = x / noiseMultiplier
    let without = exp(-a * a / 2)
    if !removes { return without * scale }
    let b = (x - 1) / noiseMultiplier
    return ((1 - rate) * without + rate * exp(-b * b / 2)) * scale
  }

  /// The probability under the data that x lies below `place`, or above it.
  func tail(below place: Double) -> Double {
    let without = SpecialFunctions.normalCDF(place / noiseMultiplier)
    if !removes { return without }
    return (1 - rate) * without + rate * SpecialFunctions.normalCDF((place - 1) / noiseMultiplier)
  }

  func tail(above place: Double) -> Double {
    let without = SpecialFunctions.normalCDF(-place / noiseMultiplier)
    if !removes { return without }
    return (1 - rate) * without + rate * SpecialFunctions.normalCDF((1 - place) / noiseMultiplier)
  }

  /// The least and the largest x that matter: outside lies less than `probability` at each end.
  func range(beyond probability: Double) -> ClosedRange<Double> {
    let reach = (2 * log(1 / probability)).squareRoot() * noiseMultiplier
    return -reach...(1 + reach)
  }
}

/// A loss distribution as a few thousand weighted points: good for choosing how to compute, not for bounds.
struct LossSketch: Sendable {
  private(set) var losses: [Double] = []
  private(set) var logWeights: [Double] = []

  /// Points in the order of rising losses.
  init(_ points: [(loss: Double, logWeight: Double)]) {
    for point in points where point.logWeight > -.infinity {
      losses.append(point.loss)
      logWeights.append(point.logWeight)
    }
  }

  init(_ loss: SampledGaussianLoss, within range: ClosedRange<Double>, atLeast least: Double) {
    let sigma = loss.noiseMultiplier
    let step = sigma / 20
    // Where the two bells are far apart there is nothing between them.
    let reach = -range.lowerBound
    let pieces =
      2 * reach < 1 ? [range.lowerBound...reach, (1 - reach)...range.upperBound] : [range]
    var points: [(loss: Double, weight: Double)] = []
    for piece in pieces {
      let count = max(2, Int(((piece.upperBound - piece.lowerBound) / step).rounded(.up)))
      let width = (piece.upperBound - piece.lowerBound) / Double(count)
      for i in 0..<count {
        let x = piece.lowerBound + (Double(i) + 0.5) * width
        points.append((max(least, loss.loss(x)), loss.density(x) * width))
      }
    }
    if !loss.removes { points.reverse() }
    self.init(points.map { ($0.loss, log($0.weight)) })
  }

  /// log E[e^(tL)], with mean and variance of the loss under the weights that e^(tL) tilts.
  func cumulants(_ t: Double) -> (log: Double, mean: Double, variance: Double) {
    var largest = -Double.infinity
    for i in losses.indices { largest = max(largest, logWeights[i] + t * losses[i]) }
    var sum = 0.0
    var first = 0.0
    let origin = losses[losses.count / 2]
    for i in losses.indices {
      let weight = exp(logWeights[i] + t * losses[i] - largest)
      sum += weight
      first += weight * (losses[i] - origin)
    }
    let mean = first / sum
    var second = 0.0
    for i in losses.indices {
      let distance = losses[i] - origin - mean
      second += exp(logWeights[i] + t * losses[i] - largest) * distance * distance
    }
    return (largest + log(sum), origin + mean, second / sum)
  }

  /// The mean size of the tilted loss.
  func meanMagnitude(_ t: Double) -> Double {
    let log = cumulants(t).log
    var sum = 0.0
    for i in losses.indices { sum += exp(logWeights[i] + t * losses[i] - log) * abs(losses[i]) }
    return sum
  }

  /// A loss below which so little lies that, all of it raised to there, the tilted distribution changes by at most
  /// `share`.
  func floor(_ t: Double, share: Double) -> Double {
    let limit = log(share) + cumulants(t).log
    var below = -Double.infinity
    var result = losses[0]
    for i in losses.indices {
      below = SpecialFunctions.logAdd(below, logWeights[i])
      guard below + t * losses[i] <= limit else { break }
      result = losses[i]
    }
    return result
  }
}
