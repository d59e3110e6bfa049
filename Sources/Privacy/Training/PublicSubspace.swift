import Foundation
import Foundations
import Tensors

/// Where public gradients lie: for each row of a parameter (one class of a linear classifier) the subspace of its top
/// singular vectors (Golatkar et al. 2022, arXiv 2203.11481, section 4). What noise puts outside of it is taken off.
struct PublicSubspace {
  /// Orthonormal vectors of each row, one after the other; nil where a parameter has no rows.
  private let bases: [[Float]]?
  private let width: Int

  /// - Parameters:
  ///   - gradients: of public examples, [examples, rows, width]; other shapes have no rows to project, and are left.
  ///   - rank: vectors of a row at most; nil takes all directions that there are.
  init(_ gradients: Tensor, rank: Int?) throws {
    guard gradients.rank == 3, gradients.shape[0] > 0 else {
      bases = nil
      width = 0
      return
    }
    let (examples, rows, width) = (gradients.shape[0], gradients.shape[1], gradients.shape[2])
    self.width = width
    let values = try gradients.contiguous()
    var bases = [[Float]](repeating: [], count: rows)
    for row in 0..<rows {
      try Cancellation.check()
      let vectors = (0..<examples).map { example in
        let start = values.floats + (example * rows + row) * width
        return (0..<width).map { Double(start[$0]) }
      }
      bases[row] = try Self.basis(vectors, rank: rank).flatMap { $0.map(Float.init) }
    }
    withExtendedLifetime(values) {}
    self.bases = bases
  }

  /// The part of `gradient` [rows, width] within the subspaces.
  func project(_ gradient: Tensor) throws -> Tensor {
    guard let bases else { return gradient }
    let source = try gradient.contiguous()
    let result = try Tensor.zeros(gradient.shape)
    for (row, basis) in bases.enumerated() {
      let from = source.floats + row * width
      let to = result.floats + row * width
      for start in stride(from: 0, to: basis.count, by: width) {
        let product = (0..<width).reduce(Float(0)) { $0 + basis[start + $1] * from[$1] }
        for i in 0..<width { to[i] += product * basis[start + i] }
      }
    }
    withExtendedLifetime(source) {}
    return result
  }

  /// Directions whose singular value is below this part of the largest are rounding.
  private static let tolerance = 1e-5

  /// Orthonormal vectors that span what `vectors` span, those of the largest singular values first, `rank` at most.
  static func basis(_ vectors: [[Double]], rank: Int?) throws -> [[Double]] {
    guard let width = vectors.first?.count, width > 0 else { return [] }
    // Of the smaller of the two products; their eigenvalues are the squared singular values.
    let isWide = vectors.count <= width
    let size = min(vectors.count, width)
    var product = [Double](repeating: 0, count: size * size)
    for i in 0..<size {
      try Cancellation.check()
      for j in 0...i {
        var sum = 0.0
        if isWide {
          for k in 0..<width { sum += vectors[i][k] * vectors[j][k] }
        } else {
          for vector in vectors { sum += vector[i] * vector[j] }
        }
        product[i * size + j] = sum
        product[j * size + i] = sum
      }
    }
    let (values, eigenvectors) = try SymmetricEigen.decomposed(product, size)
    guard let largest = values.first, largest > 0 else { return [] }
    var result: [[Double]] = []
    for (value, vector) in zip(values, eigenvectors).prefix(rank ?? size) {
      guard value > largest * tolerance * tolerance else { break }
      var direction = vector
      if isWide {
        direction = [Double](repeating: 0, count: width)
        for (weight, row) in zip(vector, vectors) {
          for i in 0..<width { direction[i] += weight * row[i] }
        }
      }
      // Once more against those before: small singular values lose digits.
      for earlier in result {
        let overlap = zip(direction, earlier).reduce(0) { $0 + $1.0 * $1.1 }
        for i in 0..<width { direction[i] -= overlap * earlier[i] }
      }
      let norm = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
      guard norm > 0 else { continue }
      result.append(direction.map { $0 / norm })
    }
    return result
  }
}
