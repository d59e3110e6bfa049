// Privacy loss distributions: what an observer's log-likelihood ratio looks like, composed by convolution; tighter than Rényi orders.
//
// The loss of one step is put on the grid h·ℤ by connecting the dots (Doroshenko et al. 2022, arXiv 2207.04380): the probabilities p (of the data) and
// q (of its neighbour) of each grid interval go to its two ends such that both stay what they are. The result dominates the true
// distribution, so that an epsilon computed from it holds. Steps are composed by Fourier transform (Koskela et al. 2020) on a window [-L, L)
// outside of which Rényi divergences leave a probability of at most a ten-thousandth of delta, which is added. Both directions, an
// example added or removed, are composed and the larger epsilon counts.

import Foundation
import Tensor

public struct PLDAccountant: Sendable {
  /// The grid's width.
  public static let interval = 1e-4
  /// The most grid points of a composition (512 MiB).
  static let largestGrid = 1 << 24

  private struct Part: Sendable {
    var rate: Double
    var noise: Double
    var times: Int
  }
  private var parts: [Part] = []
  private var rdp = RDPAccountant()
  private var isUnbounded = false

  public init() {}

  /// Adds what `event` spends: Gaussian noise, on the whole data or on Poisson samples.
  ///
  /// - Throws: `value` for bad numbers, `privacy` for an event that this accountant does not know.
  public mutating func spend(_ event: Event) throws(DomainError) {
    try event.validate()
    try add(event, times: 1)
    try rdp.spend(event)
  }

  private mutating func add(_ event: Event, times: Int) throws(DomainError) {
    guard times > 0 else { return }
    switch event {
    case .none: break
    case .nonPrivate: isUnbounded = true
    case .gaussian(let noise): addPart(rate: 1, noise: noise, times: times)
    case .poissonSampled(let rate, .gaussian(let noise)):
      addPart(rate: rate, noise: noise, times: times)
    case .repeated(let inner, let count):
      let (product, overflow) = times.multipliedReportingOverflow(by: count)
      guard !overflow else {
        throw DomainError(.value, "\(times) times \(count) steps are too many")
      }
      try add(inner, times: product)
    case .composed(let events): for event in events { try add(event, times: times) }
    default: throw DomainError(.privacy, "the PLD accountant has no distribution for \(event)")
    }
  }

  private mutating func addPart(rate: Double, noise: Double, times: Int) {
    if rate == 0 || noise == .infinity { return }
    if noise == 0 {
      isUnbounded = true
      return
    }
    if let same = parts.firstIndex(where: { $0.rate == rate && $0.noise == noise }) {
      parts[same].times += times
    } else {
      parts.append(Part(rate: rate, noise: noise, times: times))
    }
  }

  /// The least epsilon that holds at `delta`; infinite where none does.
  ///
  /// - Throws: `value` where delta is not within 0 and 1, `limit` where the grid would not fit into memory.
  public func epsilon(delta: Double) throws(DomainError) -> PrivacyCost {
    try RDPAccountant.check(delta: delta)
    var cost = PrivacyCost(epsilon: 0, delta: delta, order: nil)
    if isUnbounded || delta == 0 && !parts.isEmpty { cost.epsilon = .infinity }
    if parts.isEmpty || cost.epsilon == .infinity { return cost }
    let slack = delta * 1e-4
    let bound = try rdp.epsilon(delta: slack, conversion: .classic).epsilon
    guard bound < 1e6 else {
      cost.epsilon = .infinity
      return cost
    }
    let window = bound + 3
    var size = 1 << 12
    while Double(size) * Self.interval < 2 * window { size *= 2 }
    guard size <= Self.largestGrid else {
      throw DomainError(
        .limit, "an epsilon of about \(Int(bound)) is too large for the PLD accountant's grid",
        hint: "use the RDP accountant")
    }
    for removes in [true, false] {
      let loss = composed(removes: removes, size: size)
      cost.epsilon = max(cost.epsilon, loss.epsilon(delta: delta - slack))
    }
    cost.epsilon = RDPAccountant.roundedUp(cost.epsilon)
    return cost
  }

  private func composed(removes: Bool, size: Int) -> LossDistribution {
    let transform = FourierTransform(count: size)
    var logMagnitude = [Double](repeating: 0, count: size)
    var angle = [Double](repeating: 0, count: size)
    var logFinite = 0.0
    for part in parts {
      var (real, infinite) = SampledGaussianLoss(
        rate: part.rate, noiseMultiplier: part.noise, removes: removes
      ).masses(size: size, interval: Self.interval)
      var imaginary = [Double](repeating: 0, count: size)
      transform.forward(&real, &imaginary)
      let times = Double(part.times)
      for i in 0..<size {
        logMagnitude[i] += times * 0.5 * log(real[i] * real[i] + imaginary[i] * imaginary[i])
        angle[i] += times * atan2(imaginary[i], real[i])
      }
      logFinite += times * log1p(-infinite)
    }
    var real = [Double](repeating: 0, count: size)
    var imaginary = real
    for i in 0..<size {
      let magnitude = exp(logMagnitude[i])
      real[i] = magnitude * cos(angle[i])
      imaginary[i] = magnitude * sin(angle[i])
    }
    transform.inverse(&real, &imaginary)
    return LossDistribution(
      masses: real, interval: Self.interval, infinite: -expm1(logFinite))
  }
}

/// Masses on the grid; place i is the loss i·h, places from half the size on are the negative losses.
private struct LossDistribution {
  let masses: [Double]
  let interval: Double
  let infinite: Double

  /// The least ε ≥ 0 with δ(ε) = P[∞] + Σ_{ℓ > ε} p(ℓ)·(1 - e^(ε-ℓ)) ≤ delta.
  func epsilon(delta: Double) -> Double {
    guard infinite <= delta else { return .infinity }
    // Σ p and Σ p·e^-ℓ over the losses above the present one.
    var upper = infinite
    var scaled = 0.0
    for i in stride(from: masses.count / 2 - 1, through: 1, by: -1) {
      let loss = Double(i) * interval
      let mass = max(0, masses[i])
      upper += mass
      scaled += mass * exp(-loss)
      // δ at the next grid point below.
      if upper - exp(loss - interval) * scaled > delta {
        return max(0, log((upper - delta) / scaled))
      }
    }
    return 0
  }
}

/// The privacy loss of one Gaussian step on a Poisson sample.
private struct SampledGaussianLoss {
  let rate: Double
  let noiseMultiplier: Double
  /// Whether the data has the example that its neighbour lacks.
  let removes: Bool

  /// Masses at the places of `LossDistribution`, and the mass at infinity.
  func masses(size: Int, interval h: Double) -> ([Double], infinite: Double) {
    var masses = [Double](repeating: 0, count: size)
    let half = size / 2
    // The sample of noise x with or without the example at 1; ratio of densities increasing in x. Beyond 10 standard deviations lies less than 1e-23.
    let low = -10 * noiseMultiplier
    let high = 1 + 10 * noiseMultiplier
    let ends = removes ? (logRatio(low), logRatio(high)) : (-logRatio(high), -logRatio(low))
    let first = max(-half, Int((ends.0 / h).rounded(.down)))
    let last = min(half - 1, Int((ends.1 / h).rounded(.up)))
    guard first < last else {
      masses[0] = 1
      return (masses, 0)
    }
    func put(_ place: Int, _ mass: Double) { masses[place & (size - 1)] += mass }
    // All losses below the window count as its lowest: raising a loss is safe.
    var from = boundary(Double(first) * h)
    put(first, probabilities(below: from).data)
    for i in first..<last {
      let to = boundary(Double(i + 1) * h)
      let (p, q) = probabilities(from, to)
      // a + b = p and a·e^(-ih) + b·e^(-(i+1)h) = q.
      let b = (p - q * exp(Double(i) * h)) / -expm1(-h)
      let upper = min(max(0, b), p)
      put(i, p - upper)
      put(i + 1, upper)
      from = to
    }
    // What lies above the window: the part that the neighbour explains stays at the top, the rest is infinite.
    let (p, q) = probabilities(above: from)
    let top = min(p, q * exp(Double(last) * h))
    put(last, top)
    return (masses, p - top)
  }

  /// log of density with the example over density without, at x.
  private func logRatio(_ x: Double) -> Double {
    let exponent = (2 * x - 1) / (2 * noiseMultiplier * noiseMultiplier)
    return rate == 1 ? exponent : SpecialFunctions.logAdd(log1p(-rate), log(rate) + exponent)
  }

  /// The x at which the loss is `loss`; infinite outside of its range.
  private func boundary(_ loss: Double) -> Double {
    let ratio = removes ? loss : -loss
    let variance = noiseMultiplier * noiseMultiplier
    if rate == 1 { return variance * ratio + 0.5 }
    // e^ratio - (1 - q), exact near 1 - q.
    let rest = expm1(ratio) + rate
    return rest <= 0 ? -.infinity : variance * log(rest / rate) + 0.5
  }

  private func probabilities(_ from: Double, _ to: Double) -> (data: Double, neighbour: Double) {
    let (low, high) = removes ? (from, to) : (to, from)
    let without = normal(low, high, 0)
    let with = (1 - rate) * without + rate * normal(low, high, 1)
    return removes ? (with, without) : (without, with)
  }

  private func probabilities(below x: Double) -> (data: Double, neighbour: Double) {
    removes ? probabilities(-.infinity, x) : probabilities(.infinity, x)
  }

  private func probabilities(above x: Double) -> (data: Double, neighbour: Double) {
    removes ? probabilities(x, .infinity) : probabilities(x, -.infinity)
  }

  /// P[low < N(mean, σ²) ≤ high], accurate in both tails.
  private func normal(_ low: Double, _ high: Double, _ mean: Double) -> Double {
    guard low < high else { return 0 }
    let scale = noiseMultiplier * 2.0.squareRoot()
    let a = (low - mean) / scale
    let b = (high - mean) / scale
    return a > 0 ? 0.5 * (erfc(a) - erfc(b)) : 0.5 * (erfc(-b) - erfc(-a))
  }
}
