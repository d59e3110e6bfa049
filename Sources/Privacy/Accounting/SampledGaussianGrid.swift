import Foundation

/// The loss of a Gaussian step on a grid, by quadrature in each cell (dots connected as in Doroshenko et al. 2022).
extension SampledGaussianLoss {
  /// On the grid h·ℤ, dots connected; losses below `floor` count as the grid point above it, what lies beyond the
  /// range as infinite.
  func onGrid(within range: ClosedRange<Double>, floor: Double, interval h: Double) -> GridMasses {
    // x runs in the direction of rising losses.
    let sign = removes ? 1.0 : -1.0
    let lowest = removes ? range.lowerBound : range.upperBound
    let highest = removes ? range.upperBound : range.lowerBound
    let cut = place(ofLoss: floor)
    let start = cut.isFinite && sign * (cut - lowest) > 0 ? cut : lowest
    let first = Int((loss(start) / h).rounded(.down))
    let last = max(first + 1, Int((loss(highest) / h).rounded(.up)))
    var values = [Double](repeating: 0, count: last - first + 1)
    let more = 1 + GridMasses.margin(first, last)
    var from = start
    for i in first..<last {
      var to = i + 1 == last ? highest : place(ofLoss: Double(i + 1) * h)
      // Clamped to what is left.
      if sign * (to - highest) > 0 || to.isNaN { to = highest }
      if sign * (to - from) <= 0 { continue }
      let (mass, raised) = cell(min(from, to), max(from, to), Double(i) * h, h)
      let upper = min(mass, raised * more)
      values[i - first] += mass - upper
      values[i - first + 1] += upper
      from = to
    }
    // All losses below count as the lowest cell's upper end: raising a loss is safe.
    values[1] += removes ? tail(below: start) : tail(above: start)
    let above = removes ? tail(above: highest) : tail(below: highest)
    // The quadrature's sum is 1 but for its error.
    let factor = (1 - above) / values.reduce(0, +)
    for i in values.indices { values[i] *= factor }
    return GridMasses(first: first, values: values, infinite: above)
  }

  /// The probability of an interval of x, and its part that goes to the upper of the two grid points.
  private func cell(
    _ low: Double, _ high: Double, _ bottom: Double, _ h: Double
  ) -> (mass: Double, raised: Double) {
    let sigma = noiseMultiplier
    let pieces = max(1, ((high - low) / (0.08 * sigma)).rounded(.up))
    let width = (high - low) / pieces
    let rule: [(Double, Double)] =
      width < 5e-4 * sigma
      ? Self.twoPoints : width < 0.01 * sigma ? Self.threePoints : Self.fivePoints
    let scale = 1 / -expm1(-h)
    var mass = 0.0
    var raised = 0.0
    for piece in 0..<Int(pieces) {
      let middle = low + (Double(piece) + 0.5) * width
      for (node, weight) in rule {
        let x = middle + node * width / 2
        let density = density(x) * weight * width / 2
        mass += density
        raised += density * min(1, max(0, -expm1(bottom - loss(x)) * scale))
      }
    }
    return (mass, raised)
  }

  // Gauss and Legendre's rules on [-1, 1].
  private static let twoPoints = [(-0.5773502691896257, 1.0), (0.5773502691896257, 1)]
  private static let threePoints = [
    (-0.7745966692414834, 5.0 / 9), (0, 8.0 / 9), (0.7745966692414834, 5.0 / 9),
  ]
  static let fivePoints = [
    (-0.906179845938664, 0.23692688505618908), (-0.5384693101056831, 0.47862867049936647),
    (0, 0.5688888888888889), (0.5384693101056831, 0.47862867049936647),
    (0.906179845938664, 0.23692688505618908),
  ]
}
