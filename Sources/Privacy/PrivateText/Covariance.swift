import Foundation
import Foundations

/// Σ = λ·S + (1 - λ)·I of the Mahalanobis mechanism: S is the covariance of the vectors, scaled to a trace of `width`
/// (Xu, Aggarwal, Feyisetan, Teissier 2020, arXiv 2010.11947).
struct Covariance: Sendable {
  let width: Int
  /// L with L·Lᵀ = Σ, lower triangular [width, width]: L·u has the distribution of Σ^½·u for u uniform on the sphere.
  let factor: [Double]

  /// - Throws: `value` where λ is not at least 0 and below 1, or all vectors are equal; `interrupt`.
  init(_ space: WordSpace, lambda: Double) throws {
    guard lambda >= 0, lambda < 1 else {
      throw DomainError(
        .value,
        "lambda must be at least 0 and below 1, got \(lambda): at 1 there may be directions without noise"
      )
    }
    let (count, width) = (space.count, space.width)
    var columns: [[Double]] = []
    for k in 0..<width {
      let column = space.columns[k * count..<(k + 1) * count].map(Double.init)
      let mean = column.reduce(0, +) / Double(count)
      columns.append(column.map { $0 - mean })
    }
    var sigma = [Double](repeating: 0, count: width * width)
    for i in 0..<width {
      try Cancellation.check()
      for j in 0...i {
        var sum = 0.0
        for word in 0..<count { sum += columns[i][word] * columns[j][word] }
        sigma[i * width + j] = sum / Double(count)
      }
    }
    let trace = (0..<width).reduce(0) { $0 + sigma[$1 * width + $1] }
    guard trace > 0 || lambda == 0 else {
      throw DomainError(.value, "all vectors are equal: they have no covariance to shape noise by")
    }
    for i in 0..<width {
      for j in 0...i {
        let shape = trace > 0 ? sigma[i * width + j] * Double(width) / trace : 0
        sigma[i * width + j] = lambda * shape + (i == j ? 1 - lambda : 0)
      }
    }
    self.width = width
    factor = try Self.choleskyFactor(sigma, width)
  }

  private static func choleskyFactor(_ matrix: [Double], _ width: Int) throws -> [Double] {
    var factor = [Double](repeating: 0, count: width * width)
    for i in 0..<width {
      try Cancellation.check()
      for j in 0...i {
        var sum = matrix[i * width + j]
        for k in 0..<j { sum -= factor[i * width + k] * factor[j * width + k] }
        // The matrix is at least 1 - λ in every direction, so that no root is of less, but for rounding.
        factor[i * width + j] =
          i == j ? max(sum, .leastNormalMagnitude).squareRoot() : sum / factor[j * width + j]
      }
    }
    return factor
  }

  /// L⁻¹·v: its Euclidean length is the Mahalanobis length of v.
  func whitened(_ vector: [Double]) -> [Double] {
    var result = vector
    for i in 0..<width {
      for k in 0..<i { result[i] -= factor[i * width + k] * result[k] }
      result[i] /= factor[i * width + i]
    }
    return result
  }
}
