// Dominating pairs (Zhu, Dong, Wang 2022, arXiv 2106.08567) with finitely many outcomes: of each outcome its privacy
// loss and its probability with the data. A pair dominates a mechanism where its hockey-stick divergence is nowhere
// smaller; composing dominating pairs dominates the composition (theorem 10 there), and so does sampling (theorem 11).

import Foundation

/// The privacy loss log P/Q of a pair of distributions over finitely many outcomes.
struct LossAtoms: Sendable {
  /// Rising.
  private(set) var losses: [Double]
  /// log P of each outcome; all of P together with `infinite` is 1.
  private(set) var logs: [Double]
  /// What P gives to outcomes that Q never gives.
  private(set) var infinite: Double
  /// What Q gives to outcomes that P never gives.
  private(set) var absent: Double
  /// How far apart neighbouring losses are where they stand for all losses between them; 0 where they are exact.
  private(set) var resolution = 0.0

  /// Whatever is (ε, δ)-differentially private is dominated by a randomised response that tells all with probability δ
  /// (Kairouz, Oh, Viswanath 2015, arXiv 1311.0776); δ = 0 is whatever is ε-private.
  static func randomisedResponse(epsilon: Double, delta: Double = 0) -> LossAtoms {
    if epsilon == 0 {
      return LossAtoms(losses: [0], logs: [log1p(-delta)], infinite: delta, absent: delta)
    }
    let truth = -log1p(exp(-epsilon))
    return LossAtoms(
      losses: [-epsilon, epsilon], logs: [truth - epsilon, truth].map { $0 + log1p(-delta) },
      infinite: delta, absent: delta)
  }

  /// Laplace noise of scale `b` relative to the sensitivity, dots connected on a ladder of losses: the pair of discrete
  /// Laplace noise of the same ε = 1/b and as many whole steps as the ladder has. At the ladder's losses its divergence
  /// is the Laplace mechanism's, 1 - e^((ℓ-ε)/2), between them above it.
  static func laplace(noiseMultiplier b: Double) -> LossAtoms {
    let epsilon = 1 / b
    let count = max(1 << 10, min(1 << 16, Int((2000 * min(epsilon, 1e6)).rounded(.up))))
    var atoms = discreteLaplace(epsilon: epsilon, sensitivity: count)
    atoms.resolution = 2 * epsilon / Double(count)
    return atoms
  }

  /// Noise with P[k] ∝ e^(-ε·|k|/Δ), moved by Δ whole numbers: smaller moves cost less, since the noise is log-concave
  /// (the likelihood ratio is monotone, so that the best test is a threshold). For large Δ runs of neighbouring
  /// outcomes have their dots connected.
  static func discreteLaplace(epsilon: Double, sensitivity: Int) -> LossAtoms {
    let step = epsilon / Double(sensitivity)
    // Outcomes 1 … Δ-1 in runs of equal length; those up to 0 and those from Δ on have the losses ±ε.
    let length = (sensitivity - 1) / (1 << 16) + 1
    var losses = [epsilon]
    var logs = [-log1p(exp(-step))]
    var first = 1
    while first < sensitivity {
      let count = min(length, sensitivity - first)
      let run = -step * Double(first) + log(-expm1(-step * Double(count))) - log1p(exp(-step))
      // Of a run of m outcomes the upper end gets this share: the sums are geometric.
      let share = expm1(-step * Double(count + 1)) / expm1(-2 * step * Double(count))
      // The run's upper end is its own first outcome; the lower is the first of the next.
      let top = epsilon - 2 * step * Double(first)
      if losses[losses.count - 1] > top {
        losses.append(top)
        logs.append(run + log(min(1, share)))
      } else {
        logs[logs.count - 1] = SpecialFunctions.logAdd(
          logs[logs.count - 1], run + log(min(1, share)))
      }
      first += count
      losses.append(first < sensitivity ? epsilon - 2 * step * Double(first) : -epsilon)
      logs.append(share < 1 ? run + log1p(-share) : -.infinity)
    }
    let least = -epsilon - log1p(exp(-step))
    if losses[losses.count - 1] > -epsilon {
      losses.append(-epsilon)
      logs.append(least)
    } else {
      logs[logs.count - 1] = SpecialFunctions.logAdd(logs[logs.count - 1], least)
    }
    var atoms = LossAtoms(
      losses: losses.reversed(), logs: logs.reversed(), infinite: 0, absent: 0)
    if length > 1 { atoms.resolution = 2 * step * Double(length) }
    return atoms
  }

  /// The largest standard deviation of discrete Gaussian noise whose outcomes are listed.
  static let mostOutcomes = Double(1 << 15)

  /// Noise with P[k] ∝ e^(-k²/(2σ²)), moved by Δ whole numbers; smaller moves cost less, since it is log-concave. What
  /// has less than `negligible` probability counts as lost.
  static func discreteGaussian(sigma: Double, sensitivity: Int, negligible: Double) -> LossAtoms {
    let reach = Int((sigma * (2 * log(4 / negligible)).squareRoot() + 1).rounded(.up))
    let twice = 2 * sigma * sigma
    var whole = 1.0
    for k in stride(from: reach, through: 1, by: -1) {
      whole += 2 * exp(-Double(k) * Double(k) / twice)
    }
    let move = Double(sensitivity)
    var losses: [Double] = []
    var logs: [Double] = []
    losses.reserveCapacity(2 * reach + 1)
    logs.reserveCapacity(2 * reach + 1)
    for k in stride(from: reach, through: -reach, by: -1) {
      let place = Double(k)
      losses.append((move - 2 * place) * (move / twice))
      logs.append(-place * place / twice - log(whole))
    }
    // With little noise the neighbour has most of its outcomes beyond those listed.
    let shared = zip(losses, logs).reduce(0) { $0 + exp($1.1 - $1.0) }
    return LossAtoms(
      losses: losses, logs: logs, infinite: negligible, absent: max(negligible, 1 - shared))
  }

  // MARK: Samples

  /// The pair on a Poisson sample (Zhu, Dong, Wang 2022, theorem 11): ((1-q)·Q + q·P, Q) where the data has the unit,
  /// (P, (1-q)·P + q·Q) where its neighbour has it.
  func poissonSampled(rate q: Double, removes: Bool) -> LossAtoms {
    var sampled = self
    sampled.losses = []
    sampled.logs = []
    if removes {
      if absent > 0 { sampled.append(log1p(-q), log1p(-q) + log(absent)) }
      for (loss, log) in zip(losses, logs) {
        let ratio = Self.mixed(loss, q)
        sampled.append(ratio, ratio + log - loss)
      }
      sampled.infinite = q * infinite
      sampled.absent = 0
    } else {
      for (loss, log) in zip(losses, logs) { sampled.append(-Self.mixed(-loss, q), log) }
      if infinite > 0 { sampled.append(-log1p(-q), log(infinite)) }
      sampled.infinite = 0
      sampled.absent = q * absent
    }
    return sampled
  }

  private mutating func append(_ loss: Double, _ log: Double) {
    if let last = losses.last, loss <= last {
      logs[logs.count - 1] = SpecialFunctions.logAdd(logs[logs.count - 1], log)
    } else {
      losses.append(loss)
      logs.append(log)
    }
  }

  /// log(1 - q + q·e^ℓ).
  private static func mixed(_ loss: Double, _ q: Double) -> Double {
    loss < 700 ? log1p(q * expm1(loss)) : log(q) + loss
  }

  // MARK: What is asked of it

  /// No loss is larger.
  var largest: Double { infinite > 0 ? .infinity : losses[losses.count - 1] }

  /// The total variation between the two: δ at ε = 0.
  var variation: Double {
    var sum = infinite
    for (loss, log) in zip(losses, logs) where loss > 0 { sum -= exp(log) * expm1(-loss) }
    return min(1, sum)
  }

  /// The Rényi divergence of P from Q at `order`, both without the outcomes of infinite loss, rounded up.
  ///
  /// Σ P·(e^((α-1)ℓ) - 1) without cancellation: as the sums of P and of Q are equal, (α-1)·Σ P·(e^(-ℓ) - 1) = 0 may be
  /// added, and then all terms are positive.
  func divergence(order alpha: Double) -> Double {
    if alpha == .infinity { return losses[losses.count - 1] }
    let power = alpha - 1
    let top = losses[losses.count - 1]
    let rest = log1p(-infinite)
    var sum = 0.0
    if power * max(top, -losses[0]) < 600 {
      for (loss, log) in zip(losses, logs) {
        let weight = exp(log - rest)
        sum += weight * Self.curvature(power * loss)
        // P·(e^(-ℓ) - 1 + ℓ), where P itself may be nothing.
        sum +=
          power
          * (loss > -1
            ? weight * Self.curvature(-loss) : exp(log - rest - loss) + weight * (loss - 1))
      }
      return min(top, log1p(sum) / power * (1 + 1e-12))
    }
    var largest = -Double.infinity
    for (loss, log) in zip(losses, logs) { largest = max(largest, log - rest + power * loss) }
    for (loss, log) in zip(losses, logs) { sum += exp(log - rest + power * loss - largest) }
    return max(0, min(top, (largest + log(sum)) / power * (1 + 1e-12) + 1e-12))
  }

  /// eˣ - 1 - x.
  static func curvature(_ x: Double) -> Double {
    guard abs(x) < 0.1 else { return expm1(x) - x }
    let series = 1 + x / 3 * (1 + x / 4 * (1 + x / 5 * (1 + x / 6 * (1 + x / 7 * (1 + x / 8)))))
    return x * x / 2 * series
  }

  /// On the grid, dots connected; everything below `floor` counts as the grid point above it.
  func onGrid(floor: Double, interval h: Double) -> GridMasses {
    let start = max(floor, losses[0])
    let first = Int((start / h).rounded(.down))
    let last = max(first + 1, Int((losses[losses.count - 1] / h).rounded(.down)) + 1)
    var values = [Double](repeating: 0, count: last - first + 1)
    let more = 1 + GridMasses.margin(first, last)
    let scale = 1 / -expm1(-h)
    for (loss, log) in zip(losses, logs) {
      let mass = exp(log)
      if loss < start {
        values[1] += mass
        continue
      }
      let place = min(last - 1, max(first, Int((loss / h).rounded(.down))))
      let share = min(1, max(0, -expm1(Double(place) * h - loss) * scale))
      let upper = min(mass, mass * share * more)
      values[place - first] += mass - upper
      values[place - first + 1] += upper
    }
    let factor = (1 - infinite) / values.reduce(0, +)
    for i in values.indices { values[i] *= factor }
    return GridMasses(first: first, values: values, infinite: infinite)
  }

  /// About as many points as a sketch needs: between the ends neighbours are put together, at their mean.
  func sketch(atLeast least: Double) -> LossSketch {
    let span = losses[losses.count - 1] - losses[0]
    let length = max(1, losses.count / Int(max(32, min(2048, span * 20))))
    var points: [(loss: Double, logWeight: Double)] = []
    var start = 0
    while start < losses.count {
      let isEnd = start == 0 || start == losses.count - 1
      let end = isEnd ? start + 1 : min(losses.count - 1, start + length)
      let weight = logs[start..<end].reduce(-Double.infinity, SpecialFunctions.logAdd)
      if weight > -.infinity {
        let mean = (start..<end).reduce(0) { $0 + exp(logs[$1] - weight) * losses[$1] }
        points.append((max(least, mean), weight))
      }
      start = end
    }
    return LossSketch(points)
  }
}
