import Foundation

/// A loss rounded to the nearest points of the grid h·ℤ, around a ring of as many places as `masses` has: what lies
/// beyond the grid, and infinite losses, are left out and the rest scaled to 1 (Gopi, Lee, Wutschitz 2021, section 4).
struct RoundedLoss: Sendable {
  private(set) var masses: [Double]
  /// By how much all points have to be shifted for the mean to stay what it is.
  private(set) var shift = 0.0

  init(_ loss: StepLoss, interval: Double, size: Int) {
    masses = [Double](repeating: 0, count: size)
    let reach = interval * (Double(size / 2) - 0.5)
    var mean = 0.0
    switch loss {
    case .gaussian, .atoms:
      mean = Self.add(loss, from: -reach, to: reach, interval, &masses)
    case .replaced(let removing, let adding):
      mean = Self.add(removing, from: 0, to: reach, interval, &masses)
      mean += Self.add(adding, from: -reach, to: 0, interval, &masses)
      masses[0] = 0
      masses[0] = max(0, 1 - removing.infinite - masses.reduce(0, +))
    }
    let whole = masses.reduce(0, +)
    var rounded = 0.0
    for i in masses.indices {
      masses[i] /= whole
      rounded += masses[i] * Double(i < size / 2 ? i : i - size) * interval
    }
    shift = mean / whole - rounded
  }

  /// Adds the probabilities of the losses between two bounds.
  ///
  /// - Returns: their part of the mean.
  private static func add(
    _ loss: StepLoss, from: Double, to: Double, _ h: Double, _ masses: inout [Double]
  ) -> Double {
    let size = masses.count
    switch loss {
    case .gaussian(let gaussian, let range):
      let first = gaussian.place(ofLoss: from)
      let last = gaussian.place(ofLoss: to)
      let low = max(min(first, last), range.lowerBound)
      let high = min(max(first, last), range.upperBound)
      guard low < high else { return 0 }
      let losses = [gaussian.loss(low), gaussian.loss(high)].sorted()
      let bottom = max(1 - size / 2, Int((losses[0] / h).rounded()))
      let top = min(size / 2 - 1, Int((losses[1] / h).rounded()))
      var before = gaussian.removes ? low : high
      for place in stride(from: bottom, through: top, by: 1) {
        var after = place == top ? .nan : gaussian.place(ofLoss: (Double(place) + 0.5) * h)
        if after.isNaN { after = gaussian.removes ? high : low }
        after = min(high, max(low, after))
        masses[place & (size - 1)] += gaussian.probability(
          from: min(before, after), to: max(before, after))
        before = after
      }
      return gaussian.mean(from: low, to: high)
    case .atoms(let atoms):
      var mean = 0.0
      for (loss, log) in zip(atoms.losses, atoms.logs) where loss >= from && loss <= to {
        let place = min(size / 2 - 1, max(1 - size / 2, Int((loss / h).rounded())))
        masses[place & (size - 1)] += exp(log)
        mean += loss * exp(log)
      }
      return mean
    case .replaced: return 0
    }
  }
}

extension SampledGaussianLoss {
  /// The probability of an interval of x, from the tail that is nearer.
  fileprivate func probability(from low: Double, to high: Double) -> Double {
    max(0, low > 0 ? tail(above: low) - tail(above: high) : tail(below: high) - tail(below: low))
  }

  /// The part of the mean loss that an interval of x has.
  fileprivate func mean(from low: Double, to high: Double) -> Double {
    let sigma = noiseMultiplier
    let wanted = ((high - low) / (0.05 * min(sigma, sigma * sigma))).rounded(.up)
    let pieces = Int(max(1, min(wanted, 200_000)))
    let width = (high - low) / Double(pieces)
    var sum = 0.0
    for piece in 0..<pieces {
      let middle = low + (Double(piece) + 0.5) * width
      for (node, weight) in Self.fivePoints {
        let x = middle + node * width / 2
        sum += loss(x) * density(x) * weight * width / 2
      }
    }
    return sum
  }
}
