// The penalised negative log-likelihood of a logistic regression, its gradient, and its curvature as a matrix or as a
// product with a vector:
//   f(W, b) = Σᵢ −log p(yᵢ | xᵢ) + λ/2 ‖W‖²,
// with p(1 | x) = 1 / (1 + e^−(wᵀx + b)) for two classes and p(k | x) ∝ e^(wₖᵀx + bₖ) for more (Hastie, Tibshirani,
// Friedman 2009, The Elements of Statistical Learning, section 4.4). It is scikit-learn's objective with C = 1/λ, times
// λ.

import Foundation
import Foundations

/// The objective over parameters `[outputs, features + 1]`, row after row, the intercept last: one output for two
/// classes, one a class for more.
struct LogisticObjective {
  let features: FeatureRows
  let labels: [Int32]
  /// 1 for two classes, else the number of classes.
  let outputs: Int
  let l2: Double
  /// Rows that are summed by themselves; cut by the sizes alone.
  private let block: Int
  private let blocks: Int

  var width: Int { features.columns + 1 }
  var count: Int { outputs * width }

  init(_ features: FeatureRows, _ labels: [Int32], classes: Int, l2: Double) {
    self.features = features
    self.labels = labels
    self.l2 = l2
    outputs = classes == 2 ? 1 : classes
    block = max(512, (features.rows + 31) / 32)
    blocks = (features.rows + block - 1) / block
  }

  /// Sums what `body` adds to its `size` numbers for a block of rows, blocks in order.
  private func summed(
    _ size: Int,
    _ body: (Range<Int>, FeatureRows.Rows, UnsafeMutablePointer<Double>) -> Void
  ) throws -> [Double] {
    try Cancellation.check()
    try MemoryRoom.require(
      blocks * size * 8, for: "a logistic regression of \(count) parameters")
    var parts = [Double](repeating: 0, count: blocks * size)
    try Cancellation.abandonable {
      parts.withUnsafeMutableBufferPointer { parts in
        nonisolated(unsafe) let base = parts.baseAddress
        features.withRows { rows in
          Parallel.blocks(features.rows, size: block) { range in
            guard let base else { return }
            body(range, rows, base + range.lowerBound / block * size)
          }
        }
      }
    }
    for part in stride(from: 1, to: blocks, by: 1) {
      for k in 0..<size { parts[k] += parts[part * size + k] }
    }
    parts.removeLast(parts.count - size)
    return parts
  }

  /// Writes the chance of each output for a row; gives −log of the true class's chance.
  @inline(__always)
  private func chances(
    _ row: Int, _ rows: FeatureRows.Rows, _ parameters: UnsafePointer<Double>,
    _ chance: UnsafeMutablePointer<Double>
  ) -> Double {
    let columns = features.columns
    if outputs == 1 {
      let margin = rows.product(row, parameters) + parameters[columns]
      let e = exp(-abs(margin))
      chance[0] = (margin >= 0 ? 1 : e) / (1 + e)
      // log(1 + e^−m) for class 1, log(1 + e^m) for class 0.
      let signed = labels[row] == 1 ? -margin : margin
      return max(signed, 0) + log1p(e)
    }
    var largest = -Double.infinity
    for k in 0..<outputs {
      chance[k] = rows.product(row, parameters + k * width) + parameters[k * width + columns]
      largest = max(largest, chance[k])
    }
    let own = chance[Int(labels[row])] - largest
    var total = 0.0
    for k in 0..<outputs {
      chance[k] = exp(chance[k] - largest)
      total += chance[k]
    }
    for k in 0..<outputs { chance[k] /= total }
    return log(total) - own
  }

  /// The objective, its gradient, and the chances `[examples, outputs]` that both were computed from.
  func value(at parameters: [Double]) throws -> (
    value: Double, gradient: [Double], chances: [Double]
  ) {
    var chance = [Double](repeating: 0, count: features.rows * outputs)
    var sums = try chance.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let chance = buffer.baseAddress
      return try parameters.withUnsafeBufferPointer { parameters in
        nonisolated(unsafe) let weights = parameters.baseAddress
        return try summed(count + 1) { range, rows, sums in
          guard let chance, let weights else { return }
          for row in range {
            let own = chance + row * outputs
            sums[count] += chances(row, rows, weights, own)
            for k in 0..<outputs {
              let isTrue = outputs == 1 ? labels[row] == 1 : labels[row] == k
              let residual = own[k] - (isTrue ? 1 : 0)
              rows.add(row, times: residual, to: sums + k * width)
              sums[k * width + features.columns] += residual
            }
          }
        }
      }
    }
    var value = sums.removeLast()
    forEachPenalised {
      value += l2 / 2 * parameters[$0] * parameters[$0]
      sums[$0] += l2 * parameters[$0]
    }
    return (value, sums, chance)
  }

  /// Calls `body` with the place of every parameter but the intercepts.
  private func forEachPenalised(_ body: (Int) -> Void) {
    for k in 0..<outputs { for column in 0..<features.columns { body(k * width + column) } }
  }

  /// The weight of xxᵀ in the curvature between two outputs.
  @inline(__always)
  private static func weight(_ p: Double, _ q: Double, same: Bool) -> Double {
    same ? p * (1 - p) : -p * q
  }

  /// The matrix of second derivatives `[count, count]`, its upper triangle alone.
  func curvature(_ chances: [Double]) throws -> [Double] {
    let count = count
    var matrix = try chances.withUnsafeBufferPointer { buffer in
      nonisolated(unsafe) let chance = buffer.baseAddress
      return try summed(count * count) { range, rows, sums in
        guard let chance else { return }
        let outputs = outputs
        for a in 0..<outputs {
          for b in a..<outputs {
            let target = sums + a * width * count + b * width
            let factor = { (row: Int) -> Double in
              let p = chance + row * outputs
              return LogisticObjective.weight(p[a], p[b], same: a == b)
            }
            rows.addOuterProducts(range, factor, to: target, stride: count)
            let corner = target + features.columns * (count + 1)
            for row in range { corner[0] += factor(row) }
          }
        }
      }
    }
    // Between different outputs a block is symmetric, and all of it lies above the diagonal.
    for a in 0..<outputs {
      for b in stride(from: a + 1, to: outputs, by: 1) {
        for i in 0..<width {
          for j in i + 1..<max(width, i + 1) {
            matrix[(a * width + j) * count + b * width + i] =
              matrix[(a * width + i) * count + b * width + j]
          }
        }
      }
    }
    forEachPenalised { matrix[$0 * (count + 1)] += l2 }
    return matrix
  }

  /// The diagonal of the same.
  func curvatureDiagonal(_ chances: [Double]) throws -> [Double] {
    var diagonal = try chances.withUnsafeBufferPointer { buffer in
      nonisolated(unsafe) let chance = buffer.baseAddress
      return try summed(count) { range, rows, sums in
        guard let chance else { return }
        for row in range {
          for k in 0..<outputs {
            let p = chance[row * outputs + k]
            let weight = LogisticObjective.weight(p, p, same: true)
            rows.addSquares(row, times: weight, to: sums + k * width)
            sums[k * width + features.columns] += weight
          }
        }
      }
    }
    forEachPenalised { diagonal[$0] += l2 }
    return diagonal
  }

  /// The product of that matrix with a vector.
  func curvature(_ chances: [Double], times vector: [Double]) throws -> [Double] {
    var result = try chances.withUnsafeBufferPointer { buffer in
      nonisolated(unsafe) let chance = buffer.baseAddress
      return try vector.withUnsafeBufferPointer { vector in
        nonisolated(unsafe) let direction = vector.baseAddress
        return try summed(count) { range, rows, sums in
          guard let chance, let direction else { return }
          withUnsafeTemporaryAllocation(of: Double.self, capacity: outputs) { slopes in
            for row in range {
              let p = chance + row * outputs
              var mean = 0.0
              for k in 0..<outputs {
                slopes[k] =
                  rows.product(row, direction + k * width)
                  + direction[k * width + features.columns]
                mean += p[k] * slopes[k]
              }
              for k in 0..<outputs {
                let factor = p[k] * (slopes[k] - mean)
                rows.add(row, times: factor, to: sums + k * width)
                sums[k * width + features.columns] += factor
              }
            }
          }
        }
      }
    }
    forEachPenalised { result[$0] += l2 * vector[$0] }
    return result
  }
}
