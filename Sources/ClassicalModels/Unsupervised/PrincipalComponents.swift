// Principal components: the directions in which examples vary most (Pearson 1901; Hotelling 1933), as the right
// singular vectors of the centred matrix (Jolliffe 2002, Principal Component Analysis, section 3.5). Signs are
// scikit-learn's: the largest entry of each component is positive.

import Foundation
import Foundations

/// A rotation of features to uncorrelated ones, the most varied first.
public struct PrincipalComponents: FittedModel {
  /// `[components, features]`, row after row; each has length 1.
  public let components: [Double]
  /// The mean of each feature.
  public let means: [Double]
  /// The variance along each component (division by n − 1).
  public let variances: [Double]
  /// The same as shares of the variance of all features together.
  public let shares: [Double]
  public let featureCount: Int
  public let outputCount: Int

  public var outputKind: OutputKind { .values }
  public var summary: String { "pca (\(featureText) → \(outputCount) components)" }

  /// The first `count` components of examples.
  /// - Throws: a `DomainError`: `value` for fewer than two examples or more components than examples or features,
  ///   `limit` where memory does not suffice, `interrupt`.
  public init(_ examples: ExampleMatrix, count: Int) throws {
    let (rows, columns) = (examples.rows, examples.columns)
    guard rows > 1 else {
      throw DomainError(.value, "components need at least two examples, got \(rows)")
    }
    guard count > 0, count <= min(rows, columns) else {
      throw DomainError(
        .value,
        "there are at most \(min(rows, columns)) components of \(rows) examples with \(columns) features, not \(count)"
      )
    }
    let means = featureMeans(examples)
    let fill = { (row: Int, target: UnsafeMutablePointer<Double>) in
      for k in 0..<columns { target[k] = examples.values[row * columns + k] - means[k] }
    }
    var factor: [Double]
    if rows <= columns {
      factor = [Double](repeating: 0, count: rows * columns)
      factor.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        for row in 0..<rows { fill(row, base + row * columns) }
      }
    } else {
      factor = try TriangularFactor.of(rows: rows, width: columns, fill)
    }
    let svd = try OrthogonalRows(factor, count: min(rows, columns), columns: columns)
    let all = svd.singularValues.map { $0 * $0 / Double(rows - 1) }
    let total = all.reduce(0, +)
    guard total.isFinite else {
      throw DomainError(.value, "the numbers are too large: their variance has no end")
    }
    let least = (svd.singularValues.first ?? 0) * Double(max(rows, columns)) * 0x1p-52
    var found: [[Double]] = []
    for index in 0..<count {
      // Without variance any direction will do that is new.
      let direction =
        svd.singularValues[index] > least
        ? svd.direction(index) : PrincipalComponents.direction(orthogonalTo: found, columns)
      let largest = direction.max { abs($0) < abs($1) } ?? 0
      found.append(largest < 0 ? direction.map { -$0 } : direction)
    }
    components = found.flatMap { $0 }
    self.means = means
    variances = Array(all[..<count])
    shares = variances.map { total > 0 ? $0 / total : 0 }
    featureCount = columns
    outputCount = count
  }

  /// A unit vector at right angles to fewer than `width` given ones: the first axis that leaves enough of itself when
  /// their parts are taken off (Gram–Schmidt, twice, for rounding).
  private static func direction(orthogonalTo known: [[Double]], _ width: Int) -> [Double] {
    for axis in 0..<width {
      var vector = [Double](repeating: 0, count: width)
      vector[axis] = 1
      for _ in 0..<2 {
        for other in known {
          let part = zip(vector, other).reduce(0) { $0 + $1.0 * $1.1 }
          for k in 0..<width { vector[k] -= part * other[k] }
        }
      }
      let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
      // Some axis leaves 1 / √width at least.
      if length * Double(width).squareRoot() > 0.5 { return vector.map { $0 / length } }
    }
    return [Double](repeating: 0, count: width)
  }

  /// The examples along the components, `[examples, components]`.
  public func outputs(_ examples: ExampleMatrix) throws -> [Double] {
    let offsets = (0..<outputCount).map { index in
      -(0..<featureCount).reduce(0) { $0 + components[index * featureCount + $1] * means[$1] }
    }
    return try linearOutputs(examples, components, offsets)
  }
}
