import Foundations

/// Events taken apart into steps that have dominating pairs of their own, equal ones counted together.
struct StepParts: Sendable {
  private(set) var parts: [StepPart] = []
  /// Whether something was done without any protection.
  private(set) var isUnbounded = false

  /// - Throws: `privacy` for what has no dominating pair, `value` where there are too many steps.
  mutating func add(_ mechanism: Mechanism, times: Int = 1) throws(DomainError) {
    guard times > 0 else { return }
    switch mechanism {
    case .poissonSampled(let rate, let inner):
      try addSampled(inner, .poisson, rate, times, of: mechanism)
    case .fixedSizeSampled(let rate, let inner):
      try addSampled(inner, .fixedSize, rate, times, of: mechanism)
    case .repeated(let inner, let count):
      let (product, overflow) = times.multipliedReportingOverflow(by: count)
      guard !overflow else {
        throw DomainError(.value, "\(times) times \(count) steps are too many")
      }
      try add(inner, times: product)
    case .composed(let parts): for part in parts { try add(part, times: times) }
    default: try append(mechanism.simplified, StepPart(mechanism: mechanism, times: times))
    }
  }

  private mutating func addSampled(
    _ inner: Mechanism, _ sampling: StepPart.Sampling, _ rate: Double, _ times: Int,
    of whole: Mechanism
  ) throws(DomainError) {
    if rate == 0 { return }
    if rate == 1 { return try add(inner, times: times) }
    switch inner {
    case .poissonSampled, .fixedSizeSampled, .repeated, .composed, .tree:
      throw Self.unknown(whole)
    default:
      try append(
        inner.simplified,
        StepPart(mechanism: inner, sampling: sampling, rate: rate, times: times))
    }
  }

  private mutating func append(_ mechanism: Mechanism, _ step: StepPart) throws(DomainError) {
    switch mechanism {
    case .none: return
    case .nonPrivate:
      isUnbounded = true
      return
    case .concentrated: throw Self.unknown(mechanism)
    default: break
    }
    var step = step
    step.mechanism = mechanism
    if let same = parts.firstIndex(where: { $0.isLike(step) }) {
      let (sum, overflow) = parts[same].times.addingReportingOverflow(step.times)
      guard !overflow else {
        throw DomainError(
          .value, "\(parts[same].times) and \(step.times) steps are too many together")
      }
      parts[same].times = sum
    } else {
      parts.append(step)
    }
  }

  private static func unknown(_ mechanism: Mechanism) -> DomainError {
    DomainError(.privacy, "the PLD accountant has no distribution for \(mechanism)")
  }

  /// The same, all Gaussian noise on the whole data as one: the losses are normal, with variances that add up.
  var gathered: [StepPart] {
    var precision = 0.0
    var rest: [StepPart] = []
    for part in parts {
      if case .gaussian(let noise) = part.mechanism, part.sampling == .none {
        // However little, something was spent.
        precision += max(Double(part.times) / noise / noise, .leastNormalMagnitude)
      } else {
        rest.append(part)
      }
    }
    guard precision > 0 else { return rest }
    return rest + [
      StepPart(mechanism: .gaussian(noiseMultiplier: 1 / precision.squareRoot()), times: 1)
    ]
  }
}

extension Mechanism {
  /// The same cost by a simpler name: `none` where it costs nothing, `nonPrivate` where it protects nothing, a Gaussian
  /// for a tree.
  var simplified: Mechanism {
    switch self {
    case .gaussian(let noise), .laplace(let noise):
      return noise == 0 ? .nonPrivate : noise == .infinity ? .none : self
    case .discreteGaussian(let sigma, let sensitivity):
      if sensitivity == 0 || sigma == .infinity { return .none }
      return sigma == 0 ? .nonPrivate : self
    case .discreteLaplace(let epsilon, let sensitivity):
      if sensitivity == 0 || epsilon == 0 { return .none }
      return epsilon == .infinity ? .nonPrivate : self
    case .pure(let epsilon):
      return epsilon == 0 ? .none : epsilon == .infinity ? .nonPrivate : self
    case .approximate(let epsilon, let delta):
      if delta == 0 { return Mechanism.pure(epsilon: epsilon).simplified }
      return delta == 1 || epsilon == .infinity ? .nonPrivate : self
    case .concentrated(let rho):
      return rho == 0 ? .none : rho == .infinity ? .nonPrivate : self
    case .tree(let noise, let steps, let passes):
      // The nodes that one unit is in are one Gaussian vector: what comes later may depend on what came before.
      let nodes = Double(Self.depth(ofTree: steps)) * Double(passes)
      if nodes == 0 { return .none }
      return Mechanism.gaussian(noiseMultiplier: noise / nodes.squareRoot()).simplified
    case .none, .nonPrivate, .fixedSizeSampled, .poissonSampled, .repeated, .composed: return self
    }
  }

  /// In how many nodes a leaf is: ⌈log₂(steps + 1)⌉ (Kairouz et al. 2021, arXiv 2103.00039).
  static func depth(ofTree steps: Int) -> Int {
    max(0, Int.bitWidth - steps.leadingZeroBitCount)
  }
}
