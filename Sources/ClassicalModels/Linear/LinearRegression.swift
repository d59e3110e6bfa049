// Linear least squares, with or without a ridge:
//   minimise ‖y − X w − b‖² + λ ‖w‖²   over w and b; b is free (scikit-learn's Ridge with alpha = λ).
// Features and targets are centred, so that b falls out; [X y] = Q R by Householder reflections, R = U S Vᵀ by
// rotations (see OrthogonalRows), and w = Σ vᵢ uᵢᵀ y / (sᵢ + λ / sᵢ). Without a ridge, directions with sᵢ ≤ s₁ max(n,
// p) 2⁻⁵² count as none: where features depend on each other, w is the shortest of the solutions (Golub, Van Loan 2013,
// section 5.5).

import Foundation
import Foundations

/// A linear function fitted by least squares.
public struct LinearRegression: FittedModel {
  /// `[targets, features]`, row after row.
  public let coefficients: [Double]
  /// One a target.
  public let intercepts: [Double]
  public let featureCount: Int
  public let outputCount: Int
  /// How many independent directions the centred features have.
  public let rank: Int
  public let l2: Double

  public var outputKind: OutputKind { .values }
  public var summary: String {
    "linear regression (\(featureText)\(outputCount == 1 ? "" : ", \(outputCount) targets"))"
  }

  /// Fits a linear function.
  /// - Parameters:
  ///   - labels: values; classes are refused.
  ///   - l2: λ, at least 0 and finite.
  /// - Throws: a `DomainError`: `shape` where counts differ, `value` for none, `type` for classes, `limit` where memory
  ///   does not suffice, `interrupt`.
  public init(_ examples: ExampleMatrix, _ labels: TrainingLabels, l2: Double = 0) throws {
    guard case .values(let targets, let width) = labels else {
      throw DomainError(
        .type, "a linear regression meets numbers, but the labels are classes",
        hint: "classes are for `ml.logistic_regression`; as numbers they are `labels.to(\"f32\")`")
    }
    try labels.check(examples)
    precondition(l2 >= 0 && l2.isFinite, "a ridge is a finite number of at least 0")
    let (rows, columns) = (examples.rows, examples.columns)
    let means = featureMeans(examples)
    let targetMeans = try featureMeans(ExampleMatrix(targets, rows: rows, columns: width))
    let total = columns + width
    let fill = { (row: Int, target: UnsafeMutablePointer<Double>) in
      for k in 0..<columns { target[k] = examples.values[row * columns + k] - means[k] }
      for k in 0..<width { target[columns + k] = targets[row * width + k] - targetMeans[k] }
    }
    // Of R only the rows above the targets' own columns say something of the features.
    let count = min(rows, columns)
    var factor: [Double]
    if rows <= columns {
      factor = [Double](repeating: 0, count: rows * total)
      factor.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        for row in 0..<rows { fill(row, base + row * total) }
      }
    } else {
      factor = Array(
        try TriangularFactor.of(rows: rows, width: total, fill)[..<(count * total)])
    }
    let svd = try OrthogonalRows(factor, count: count, columns: columns, extra: width)
    let least = (svd.singularValues.first ?? 0) * Double(max(rows, columns)) * 0x1p-52
    var found = [Double](repeating: 0, count: width * columns)
    var rank = 0
    for (index, s) in svd.singularValues.enumerated() where s > least {
      rank += 1
      let direction = svd.direction(index)
      for target in 0..<width {
        let step = svd.further(index, target) / (s + l2 / s)
        for k in 0..<columns { found[target * columns + k] += step * direction[k] }
      }
    }
    coefficients = found
    intercepts = (0..<width).map { target in
      targetMeans[target]
        - (0..<columns).reduce(0) { $0 + found[target * columns + $1] * means[$1] }
    }
    featureCount = columns
    outputCount = width
    self.rank = rank
    self.l2 = l2
  }

  public func outputs(_ examples: ExampleMatrix) throws -> [Double] {
    try linearOutputs(examples, coefficients, intercepts)
  }
}

/// X Wᵀ + b, `[examples, outputs]`, for W `[outputs, features]`.
func linearOutputs(
  _ examples: ExampleMatrix, _ coefficients: [Double], _ intercepts: [Double]
) throws -> [Double] {
  let (columns, outputs) = (examples.columns, intercepts.count)
  var result = [Double](repeating: 0, count: examples.rows * outputs)
  try Cancellation.abandonable {
    result.withUnsafeMutableBufferPointer { result in
      nonisolated(unsafe) let target = result.baseAddress
      examples.values.withUnsafeBufferPointer { values in
        coefficients.withUnsafeBufferPointer { weights in
          guard let x = values.baseAddress, let w = weights.baseAddress else { return }
          Parallel.blocks(examples.rows, size: 1024) { range in
            guard let target else { return }
            for row in range {
              for output in 0..<outputs {
                var sum = intercepts[output]
                let (a, b) = (x + row * columns, w + output * columns)
                for k in 0..<columns { sum += a[k] * b[k] }
                target[row * outputs + output] = sum
              }
            }
          }
        }
      }
    }
  }
  return result
}
