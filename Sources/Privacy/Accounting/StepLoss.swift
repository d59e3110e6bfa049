import Foundation

/// Steps of one kind: a mechanism that has a dominating pair of its own, and how its data is sampled.
struct StepPart: Sendable, Hashable {
  enum Sampling: Sendable { case none, poisson, fixedSize }

  /// Gaussian, Laplace, discrete or given by its epsilon.
  var mechanism: Mechanism
  var sampling = Sampling.none
  var rate = 1.0
  var times: Int

  func isLike(_ other: StepPart) -> Bool {
    mechanism == other.mechanism && sampling == other.sampling && rate == other.rate
  }

  /// Whether adding and removing a unit give the same losses.
  var isSymmetric: Bool { sampling != .poisson }
}

/// The privacy loss of one step in one direction.
enum StepLoss: Sendable {
  case gaussian(SampledGaussianLoss, ClosedRange<Double>)
  case atoms(LossAtoms)
  /// A sample of fixed size, one unit replaced: see `replaced(_:_:)`.
  indirect case replaced(removing: StepLoss, adding: StepLoss)

  /// The loss of one of `part`'s steps; what has less than `negligible` probability may count as lost.
  init?(_ part: StepPart, removes: Bool, negligible: Double) {
    if part.sampling == .fixedSize {
      var sampled = part
      sampled.sampling = .poisson
      guard let removing = StepLoss(sampled, removes: true, negligible: negligible),
        let adding = StepLoss(sampled, removes: false, negligible: negligible)
      else { return nil }
      self = .replaced(removing: removing, adding: adding)
      return
    }
    if case .gaussian(let noise) = part.mechanism {
      let loss = SampledGaussianLoss(rate: part.rate, noiseMultiplier: noise, removes: removes)
      self = .gaussian(loss, loss.range(beyond: negligible))
      return
    }
    guard let atoms = Self.atoms(part.mechanism, negligible) else { return nil }
    self = .atoms(
      part.sampling == .none ? atoms : atoms.poissonSampled(rate: part.rate, removes: removes))
  }

  /// The dominating pair of a mechanism on all data; nil where none is known, or none of a size that can be handled.
  static func atoms(_ mechanism: Mechanism, _ negligible: Double) -> LossAtoms? {
    switch mechanism {
    case .laplace(let noise): return .laplace(noiseMultiplier: noise)
    case .discreteLaplace(let epsilon, let sensitivity):
      return .discreteLaplace(epsilon: epsilon, sensitivity: sensitivity)
    case .discreteGaussian(let sigma, let sensitivity):
      guard sigma <= LossAtoms.mostOutcomes else { return nil }
      return .discreteGaussian(sigma: sigma, sensitivity: sensitivity, negligible: negligible)
    case .pure(let epsilon): return .randomisedResponse(epsilon: epsilon)
    case .approximate(let epsilon, let delta):
      return .randomisedResponse(epsilon: epsilon, delta: delta)
    case .none, .nonPrivate, .gaussian, .concentrated, .tree, .fixedSizeSampled, .poissonSampled,
      .repeated, .composed:
      return nil
    }
  }

  /// No loss is larger.
  var largest: Double {
    switch self {
    case .gaussian(let loss, _):
      loss.removes || loss.rate == 1 ? .infinity : -log1p(-loss.rate)
    case .atoms(let atoms): atoms.largest
    case .replaced(let removing, _): removing.largest
    }
  }

  /// The probability of an infinite loss.
  var infinite: Double {
    switch self {
    case .gaussian: 0
    case .atoms(let atoms): atoms.infinite
    case .replaced(let removing, _): removing.infinite
    }
  }

  /// The total variation: δ at ε = 0.
  var variation: Double {
    switch self {
    case .gaussian(let loss, _): loss.rate * erf(1 / (loss.noiseMultiplier * 8.0.squareRoot()))
    case .atoms(let atoms): atoms.variation
    case .replaced(let removing, _): removing.variation
    }
  }

  /// How far a loss may have been moved before it comes onto a grid.
  var resolution: Double {
    switch self {
    case .gaussian: 0
    case .atoms(let atoms): atoms.resolution
    case .replaced(let removing, _): removing.resolution
    }
  }

  func sketch(atLeast least: Double) -> LossSketch {
    switch self {
    case .gaussian(let loss, let range): return LossSketch(loss, within: range, atLeast: least)
    case .atoms(let atoms): return atoms.sketch(atLeast: least)
    case .replaced(let removing, let adding):
      let up = removing.sketch(atLeast: -.infinity)
      let down = adding.sketch(atLeast: least)
      var points = zip(down.losses, down.logWeights).filter { $0.0 < 0 }
      let above = zip(up.losses, up.logWeights).filter { $0.0 > 0 }
      let rest = 1 - (points + above).reduce(0) { $0 + exp($1.1) }
      if rest > 0 { points.append((0, log(rest))) }
      return LossSketch(points + above)
    }
  }

  func onGrid(floor: Double, interval: Double) -> GridMasses {
    switch self {
    case .gaussian(let loss, let range):
      loss.onGrid(within: range, floor: floor, interval: interval)
    case .atoms(let atoms): atoms.onGrid(floor: floor, interval: interval)
    case .replaced(let removing, let adding):
      Self.replaced(removing, adding, floor: floor, interval: interval)
    }
  }

  /// A sample of fixed size, the share γ of all, when one unit is replaced. With H_a(P‖Q) the hockey-stick divergence
  /// of the mechanism's own pair, no divergence is larger than H_a((1-γ)Q + γP ‖ Q) where a = e^ε ≥ 1 (Balle, Barthe,
  /// Gaboardi 2018, arXiv 1807.01647: advanced joint convexity, tight for one step) and, with the roles exchanged,
  /// H_a(P ‖ (1-γ)P + γQ) where a < 1 (Zhu, Dong, Wang 2022, theorem 11). The pair that has just these: losses above 0
  /// are those of the first, losses below 0 those of the second, and what remains has the loss 0.
  private static func replaced(
    _ removing: StepLoss, _ adding: StepLoss, floor: Double, interval: Double
  ) -> GridMasses {
    if floor >= 0 { return removing.onGrid(floor: floor, interval: interval) }
    let up = removing.onGrid(floor: max(floor, -2 * interval), interval: interval)
    let down = adding.onGrid(floor: floor, interval: interval)
    let first = min(down.first, -2)
    let last = max(1, up.first + up.values.count - 1)
    var values = [Double](repeating: 0, count: last - first + 1)
    for (j, mass) in down.values.enumerated() where down.first + j < 0 {
      values[down.first + j - first] = mass
    }
    for (j, mass) in up.values.enumerated() where up.first + j > 0 {
      values[up.first + j - first] = mass
    }
    values[-first] = max(0, 1 - up.infinite - values.reduce(0, +))
    return GridMasses(first: first, values: values, infinite: up.infinite)
  }
}
