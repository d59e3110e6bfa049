import Foundation
import Foundations

/// A matrix as Q R by Householder reflections, for least squares: the condition of the problem is not squared as it is
/// by the normal equations (Golub and Van Loan, Matrix Computations, section 5.3).
struct LeastSquares {
  let coefficients: [Double]
  /// (AᵀA)⁻¹, row by row.
  let inverse: [Double]

  /// The coefficients that bring the columns' sum closest to `target`; nil with the number of the first column that is
  /// a combination of those before it, up to rounding.
  /// - Precondition: there are at least as many rows as columns.
  static func solve(columns: [[Double]], target: [Double]) throws(DomainError) -> (
    LeastSquares?, dependent: Int?
  ) {
    var (columns, target) = (columns, target)
    let count = columns.count
    precondition(target.count >= count, "at least as many rows as columns")
    var upper = [Double](repeating: 0, count: count * count)
    for k in 0..<count {
      try Cancellation.check()
      let whole = norm(columns[k], from: 0)
      let length = norm(columns[k], from: k)
      guard length > 1e-12 * whole, length.isFinite else { return (nil, k) }
      // The reflector's sign avoids cancellation.
      let diagonal = columns[k][k] > 0 ? -length : length
      var reflector = columns[k]
      reflector[k] -= diagonal
      let square = 2 * length * (length + abs(columns[k][k]))
      for j in k + 1..<count { reflect(&columns[j], reflector, k, square) }
      reflect(&target, reflector, k, square)
      upper[k * count + k] = diagonal
      for j in k + 1..<count { upper[k * count + j] = columns[j][k] }
    }
    return (LeastSquares(upper, target, count), nil)
  }

  private static func norm(_ values: [Double], from start: Int) -> Double {
    var (largest, sum) = (0.0, 0.0)
    for i in start..<values.count { largest = max(largest, abs(values[i])) }
    guard largest > 0, largest.isFinite else { return largest }
    for i in start..<values.count { sum += (values[i] / largest) * (values[i] / largest) }
    return largest * sum.squareRoot()
  }

  /// v − 2 u (uᵀv) / (uᵀu) from row k on, where `square` is uᵀu.
  private static func reflect(
    _ values: inout [Double], _ reflector: [Double], _ k: Int, _ square: Double
  ) {
    var product = 0.0
    for i in k..<values.count { product += reflector[i] * values[i] }
    let factor = 2 * product / square
    for i in k..<values.count { values[i] -= factor * reflector[i] }
  }

  private init(_ upper: [Double], _ target: [Double], _ count: Int) {
    /// R x = right, from below.
    func back(_ right: [Double]) -> [Double] {
      var x = right
      for i in (0..<count).reversed() {
        for j in i + 1..<count { x[i] -= upper[i * count + j] * x[j] }
        x[i] /= upper[i * count + i]
      }
      return x
    }
    coefficients = back(Array(target.prefix(count)))
    let roots = (0..<count).map { k in back((0..<count).map { $0 == k ? 1 : 0 }) }
    var inverse = [Double](repeating: 0, count: count * count)
    for i in 0..<count {
      for j in 0..<count {
        inverse[i * count + j] = roots.reduce(0) { $0 + $1[i] * $1[j] }
      }
    }
    self.inverse = inverse
  }
}
