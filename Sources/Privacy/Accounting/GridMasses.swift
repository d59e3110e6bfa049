import Foundation

/// The probabilities of one step's losses on the grid h·ℤ, from grid place `first` on, its dots connected (Doroshenko
/// et al. 2022, arXiv 2207.04380).
struct GridMasses: Sendable {
  var first: Int
  var values: [Double]
  var infinite: Double

  /// Nothing may be lost where rounding moves a part of a cell: by this share more than computed goes up.
  static func margin(_ first: Int, _ last: Int) -> Double {
    max(1e-9, 16 * Double.ulpOfOne * Double(max(abs(first), abs(last))))
  }

  /// log Σ mass·e^(t·loss), without what is infinite.
  func logMoment(_ t: Double, _ interval: Double) -> Double {
    var largest = -Double.infinity
    for (j, mass) in values.enumerated() where mass > 0 {
      largest = max(largest, log(mass) + t * Double(first + j) * interval)
    }
    var sum = 0.0
    for (j, mass) in values.enumerated() where mass > 0 {
      sum += mass * exp(t * Double(first + j) * interval - largest)
    }
    return largest + log(sum)
  }

  /// On the ring of `size` grid points, tilted by t and scaled to a sum of 1.
  func tilted(_ t: Double, _ interval: Double, logMoment: Double, size: Int) -> [Double] {
    var masses = [Double](repeating: 0, count: size)
    for (j, mass) in values.enumerated() where mass > 0 {
      let place = first + j
      masses[place & (size - 1)] += mass * exp(t * Double(place) * interval - logMoment)
    }
    return masses
  }
}
