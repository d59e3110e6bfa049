import Foundations

/// Eigenvalues of symmetric matrices (Jacobi 1846; Golub and Van Loan, "Matrix computations", section 8.5).
enum SymmetricEigen {
  /// Eigenvalues, the largest first, and eigenvectors of a symmetric matrix [size, size], by Jacobi's rotations.
  static func decomposed(_ matrix: [Double], _ size: Int) throws -> (
    values: [Double], vectors: [[Double]]
  ) {
    var matrix = matrix
    var vectors = (0..<(size * size)).map { $0 % (size + 1) == 0 ? 1.0 : 0 }
    try matrix.withUnsafeMutableBufferPointer { a in
      try vectors.withUnsafeMutableBufferPointer { v in try rotate(a, v, size) }
    }
    let order = (0..<size).sorted {
      matrix[$0 * (size + 1)] > matrix[$1 * (size + 1)]
    }
    return (
      order.map { matrix[$0 * (size + 1)] },
      order.map { Array(vectors[($0 * size)..<(($0 + 1) * size)]) }
    )
  }

  /// Makes `a` diagonal, with the same rotations on the rows of `v`.
  private static func rotate(
    _ a: UnsafeMutableBufferPointer<Double>, _ v: UnsafeMutableBufferPointer<Double>, _ size: Int
  ) throws {
    let trace = (0..<size).reduce(0) { $0 + abs(a[$1 * (size + 1)]) }
    // Of a matrix that is not positive semi-definite the diagonal may say nothing.
    let scale = max(trace, a.reduce(0) { $0 + $1 * $1 }.squareRoot())
    for _ in 0..<60 {
      try Cancellation.check()
      var rest = 0.0
      for i in 0..<size { for j in 0..<i { rest += a[i * size + j] * a[i * size + j] } }
      if rest.squareRoot() <= 1e-12 * scale { return }
      for p in 0..<size {
        for q in (p + 1)..<max(p + 1, size) where a[p * size + q] != 0 {
          let theta = (a[q * (size + 1)] - a[p * (size + 1)]) / (2 * a[p * size + q])
          let t = (theta >= 0 ? 1.0 : -1) / (abs(theta) + (theta * theta + 1).squareRoot())
          let c = 1 / (t * t + 1).squareRoot()
          let s = t * c
          for k in 0..<size {
            let (x, y) = (a[k * size + p], a[k * size + q])
            a[k * size + p] = c * x - s * y
            a[k * size + q] = s * x + c * y
          }
          for k in 0..<size {
            let (x, y) = (a[p * size + k], a[q * size + k])
            a[p * size + k] = c * x - s * y
            a[q * size + k] = s * x + c * y
            let (z, w) = (v[p * size + k], v[q * size + k])
            v[p * size + k] = c * z - s * w
            v[q * size + k] = s * z + c * w
          }
        }
      }
    }
  }

  /// The nearest positive semi-definite matrix in the Frobenius norm: negative eigenvalues become 0 (Higham 1988,
  /// "Computing a nearest symmetric positive semidefinite matrix", theorem 2.1). One that has none stays as it is.
  static func semidefinite(_ matrix: [Double], _ size: Int) throws -> [Double] {
    let (values, vectors) = try decomposed(matrix, size)
    guard values.contains(where: { $0 < 0 }) else { return matrix }
    var result = [Double](repeating: 0, count: size * size)
    for (value, vector) in zip(values, vectors) where value > 0 {
      try Cancellation.check()
      for i in 0..<size {
        for j in 0...i { result[i * size + j] += value * vector[i] * vector[j] }
      }
    }
    for i in 0..<size { for j in 0..<i { result[j * size + i] = result[i * size + j] } }
    return result
  }
}
