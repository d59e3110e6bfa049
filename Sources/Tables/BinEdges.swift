import Foundation
import Foundations

/// The rule by which numbers are put into bins, for columns and histograms alike: [a, b), the last bin [a, b]. A number
/// is placed by comparing it with the edges themselves, so that none lies beside the interval it is counted in.
public enum BinEdges {
  /// The edges of bins of equal width, as `numpy.linspace` computes them: `low` and whole steps from it, the last one
  /// `high` itself. Where there is no room for that many between neighbouring floats, they are fewer.
  ///
  /// - Parameters:
  ///   - low: finite, at most `high`; where both are one number, the bins reach half a unit to each side of it (farther
  ///     from 0, where a half would be lost in rounding, a millionth of it).
  ///   - count: at least 1.
  /// - Returns: ascending, at least two.
  public static func equal(from low: Double, to high: Double, count: Int) -> [Double] {
    var (low, high) = (low, high)
    if low == high {
      let half = max(0.5, abs(low) * 1e-6)
      // Beside the greatest float there is none to reach to.
      low = max(low - half, -.greatestFiniteMagnitude)
      high = min(high + half, .greatestFiniteMagnitude)
    }
    let step = (high - low) / Double(count)
    var edges = (0...count).map { index in
      guard step.isFinite else {
        let part = Double(index) / Double(count)
        return low * (1 - part) + high * part
      }
      return low + Double(index) * step
    }
    edges[count] = high
    var distinct: [Double] = []
    for edge in edges where edge <= high && distinct.last.map({ $0 < edge }) ?? true {
      distinct.append(edge)
    }
    return distinct.count > 1 ? distinct : [low, high.nextUp]
  }

  /// Edges of equal bins as people read them: to three decimals, or to a hundredth of the bins' width where that is
  /// finer, so that those that differ still do.
  public static func rounded(_ edges: [Double]) -> [Double] {
    let width = edges[1] - edges[0]
    guard width.isFinite else { return edges }
    let decimals = max(3, 2 - NumberText.decimalExponent(width))
    let scale = pow(10, Double(decimals))
    return edges.map { edge in
      let scaled = edge * scale
      return scale.isFinite && abs(scaled) < 1e15 ? scaled.rounded() / scale : edge
    }
  }

  /// The bin that a number lies in; nil for one outside of all edges, and for nan.
  /// - Parameter edges: ascending, at least two.
  @inline(__always)
  public static func bin(of number: Double, in edges: [Double]) -> Int? {
    guard number >= edges[0], number <= edges[edges.count - 1] else { return nil }
    // The last edge that is not above the number.
    var (low, high) = (0, edges.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if edges[middle] <= number { low = middle } else { high = middle }
    }
    return min(low, edges.count - 2)
  }
}
