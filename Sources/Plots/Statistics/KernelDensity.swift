import Foundation
import Foundations
import Statistics

/// A density estimated with a Gaussian kernel (Rosenblatt 1956; Parzen 1962), as SciPy's `gaussian_kde`:
/// f(x) = 1/(n·h) · Σᵢ φ((x − xᵢ)/h) with h = s · factor, where s is the sample standard deviation. Scott's factor
/// (1992) is n^(−1/5), Silverman's (1986) is (3n/4)^(−1/5).
struct KernelDensity: Sendable {
  private let values: [Double]
  /// The standard deviation of the kernel.
  let bandwidth: Double

  /// - Parameter values: what is not finite is left out.
  /// - Returns: nil where the values do not differ, so that they have no bandwidth.
  init?(_ values: [Double], _ bandwidth: PlotOptions.Bandwidth) {
    self.values = values.filter(\.isFinite).sorted()
    let count = Double(self.values.count)
    switch bandwidth {
    case .scott: self.bandwidth = Sample.standardDeviation(self.values) * pow(count, -0.2)
    case .silverman:
      self.bandwidth = Sample.standardDeviation(self.values) * pow(count * 0.75, -0.2)
    case .width(let width): self.bandwidth = width
    }
    guard self.bandwidth > 0, self.bandwidth.isFinite, !self.values.isEmpty else { return nil }
  }

  /// The outermost values.
  var range: ClosedRange<Double> { (values.first ?? 0)...(values.last ?? 0) }

  /// The densities at these places: n additions each. Places are cut into blocks of 8, each summed in the order of the
  /// values.
  func callAsFunction(_ places: [Double]) throws -> [Double] {
    try Cancellation.abandonable {
      [Double](unsafeUninitializedCapacity: places.count) { buffer, count in
        buffer.initialize(repeating: 0)
        count = places.count
        let target = UnsafeSendable(buffer)
        Parallel.blocks(places.count, size: 8) { block in
          for index in block { target.buffer[index] = density(at: places[index]) }
        }
      }
    }
  }

  private func density(at place: Double) -> Double {
    // Farther values add less than the smallest float: exp(−39²/2) = 0.
    let reach = 39 * bandwidth
    var index = values.partitioningIndex { $0 >= place - reach }
    var sum = 0.0
    while index < values.count, values[index] <= place + reach {
      let distance = (place - values[index]) / bandwidth
      sum += exp(-0.5 * distance * distance)
      index += 1
    }
    return sum / (Double(values.count) * bandwidth * (2 * Double.pi).squareRoot())
  }
}

/// Memory that blocks of a parallel loop fill, each its own part.
private struct UnsafeSendable: @unchecked Sendable {
  let buffer: UnsafeMutableBufferPointer<Double>
  init(_ buffer: UnsafeMutableBufferPointer<Double>) { self.buffer = buffer }
}

extension Array {
  /// The first index of a sorted array from which on `belongs` holds.
  func partitioningIndex(where belongs: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = low + (high - low) / 2
      if belongs(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
