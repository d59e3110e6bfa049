// Rényi divergences of mechanisms other than the Poisson-sampled Gaussian (SampledGaussianRDP). Sources: Mironov 2017
// (arXiv 1702.07476, table II and proposition 3) for randomised response and Laplace, Bun and Steinke 2016 (arXiv
// 1605.02065) for ρ-zCDP, Canonne, Kamath, Steinke 2020 (arXiv 2004.00010, proposition 5) for discrete Gaussian noise,
// Wang, Balle, Kasiviswanathan 2019 (arXiv 1808.00087, theorem 9) for samples of fixed size.

import Foundation

enum RenyiCurve {
  /// The divergence of an unsampled, simplified mechanism at an order above 1; nil where none is known.
  static func divergence(of mechanism: Mechanism) -> ((Double) -> Double)? {
    switch mechanism {
    case .gaussian(let noise):
      return { SampledGaussianRDP.divergence(rate: 1, noiseMultiplier: noise, order: $0) }
    case .laplace(let noise): return { laplace(noise, $0) }
    case .discreteGaussian(let sigma, let sensitivity):
      let multiplier = sigma / Double(sensitivity)
      return { $0 / 2 / multiplier / multiplier }
    case .discreteLaplace(let epsilon, let sensitivity):
      // Of many whole numbers the bound of all that is ε-private will do.
      guard sensitivity <= mostSteps else { return { response(epsilon, $0) } }
      let atoms = LossAtoms.discreteLaplace(epsilon: epsilon, sensitivity: sensitivity)
      return { atoms.divergence(order: $0) }
    case .pure(let epsilon), .approximate(let epsilon, _): return { response(epsilon, $0) }
    case .concentrated(let rho): return { rho * $0 }
    case .none, .nonPrivate, .tree, .poissonSampled, .fixedSizeSampled, .repeated, .composed:
      return nil
    }
  }

  /// Ladders of losses are no longer than this: each order takes a sum over all of it.
  private static let mostSteps = 64

  /// The largest divergence at any order; infinite where there is none.
  private static func largest(_ mechanism: Mechanism) -> Double {
    switch mechanism {
    case .laplace(let noise): 1 / noise
    case .pure(let epsilon), .discreteLaplace(let epsilon, _): epsilon
    default: .infinity
    }
  }

  /// The curve of a mechanism on a sample; nil where none is known.
  static func sampled(_ mechanism: Mechanism, _ orders: [Double]) -> [Double]? {
    switch mechanism {
    case .poissonSampled(let rate, .gaussian(let noise)):
      return orders.map {
        SampledGaussianRDP.divergence(rate: rate, noiseMultiplier: noise, order: $0)
      }
    case .poissonSampled(let rate, let inner):
      // Divergences of all orders are no larger than those of a dominating pair, such as Laplace noise on a ladder
      // (LossAtoms).
      let atoms: LossAtoms
      switch inner.simplified {
      case .laplace(let noise):
        atoms = .discreteLaplace(epsilon: 1 / noise, sensitivity: mostSteps)
      case .discreteLaplace(let epsilon, let sensitivity) where sensitivity <= mostSteps:
        atoms = .discreteLaplace(epsilon: epsilon, sensitivity: sensitivity)
      case .discreteLaplace(let epsilon, _), .pure(let epsilon):
        atoms = .randomisedResponse(epsilon: epsilon)
      default: return nil
      }
      let removing = atoms.poissonSampled(rate: rate, removes: true)
      let adding = atoms.poissonSampled(rate: rate, removes: false)
      return orders.map { max(removing.divergence(order: $0), adding.divergence(order: $0)) }
    case .fixedSizeSampled(let rate, let inner):
      if case .approximate = inner.simplified { return nil }
      if case .tree = inner { return nil }
      guard let divergence = divergence(of: inner.simplified) else { return nil }
      return fixedSize(rate, divergence, largest(inner.simplified), orders)
    default: return nil
    }
  }

  /// Randomised response, which dominates all that is ε-private: log(cosh((α - ½)ε) / cosh(ε/2)) / (α - 1), at most ε.
  static func response(_ epsilon: Double, _ alpha: Double) -> Double {
    if alpha == .infinity { return epsilon }
    let power = alpha - 1
    if alpha * epsilon < 600 {
      let growth =
        2 * sinh(alpha * epsilon / 2) * sinh(power * epsilon / 2) / cosh(epsilon / 2)
      return min(epsilon, log1p(growth) / power * (1 + 1e-14))
    }
    let sum = SpecialFunctions.logAdd(alpha * epsilon, -power * epsilon)
    let whole = SpecialFunctions.logAdd(epsilon, 0)
    return min(epsilon, (sum - whole) / power * (1 + 1e-12))
  }

  /// Laplace noise of scale `b` relative to the sensitivity. With A = (α·e^((α-1)/b) + (α-1)·e^(-α/b)) / (2α - 1) the
  /// divergence is log A / (α - 1); the terms of first order of A - 1 cancel and are left out.
  static func laplace(_ b: Double, _ alpha: Double) -> Double {
    let epsilon = 1 / b
    if alpha == .infinity { return epsilon }
    let power = alpha - 1
    if alpha * epsilon < 600 {
      let growth =
        (alpha * LossAtoms.curvature(power * epsilon)
          + power * LossAtoms.curvature(-alpha * epsilon)) / (alpha + power)
      return min(epsilon, log1p(growth) / power * (1 + 1e-14))
    }
    let first = log(alpha / (alpha + power)) + power * epsilon
    let second = log(power / (alpha + power)) - alpha * epsilon
    return min(epsilon, SpecialFunctions.logAdd(first, second) / power * (1 + 1e-12))
  }

  /// A sample of fixed size, the share `rate` of all, of a mechanism with `divergence`, at most `largest`, when one
  /// unit is replaced (theorem 9 there, for whole orders). In between log A = (α - 1)·RDP(α) is convex: a straight line
  /// is above it.
  static func fixedSize(
    _ rate: Double, _ divergence: (Double) -> Double, _ largest: Double, _ orders: [Double]
  ) -> [Double] {
    let logMost = largest < 700 ? log(expm1(largest)) : largest
    // log of what stands at γ^j·C(α, j).
    func factor(_ j: Int) -> Double {
      let order = Double(j)
      let spent = divergence(order)
      let twice = min(log(2), order * logMost)
      if j == 2 {
        let near = log(4) + (spent < 700 ? log(expm1(spent)) : spent)
        return min(near, spent + twice)
      }
      return (order - 1) * spent + twice
    }
    // Above, nothing is said but what holds without sampling.
    let mostOrder = 10_000.0
    let most = Int((orders.filter { $0 <= mostOrder }.max() ?? 2).rounded(.up))
    let factors = most < 2 ? [] : (2...most).map(factor)
    func logA(_ alpha: Int) -> Double {
      guard alpha >= 2 else { return 0 }
      let whole = SpecialFunctions.logGamma(Double(alpha) + 1)
      var terms: [Double] = []
      terms.reserveCapacity(alpha)
      for j in 2...alpha {
        let coefficient =
          whole - SpecialFunctions.logGamma(Double(j) + 1)
          - SpecialFunctions.logGamma(Double(alpha - j) + 1)
        terms.append(Double(j) * log(rate) + coefficient + factors[j - 2])
      }
      let top = terms.max() ?? 0
      guard top < .infinity else { return .infinity }
      let sum = top + log(terms.reduce(0) { $0 + exp($1 - top) })
      return sum < -30 ? exp(sum) : SpecialFunctions.logAdd(0, sum)
    }
    return orders.map { alpha in
      guard alpha <= mostOrder else { return divergence(alpha) }
      let low = Int(alpha.rounded(.down))
      let share = alpha - Double(low)
      let lower = logA(low)
      let sum = share == 0 ? lower : (1 - share) * lower + share * logA(low + 1)
      return min(divergence(alpha), sum / (alpha - 1) * (1 + 1e-12))
    }
  }
}
