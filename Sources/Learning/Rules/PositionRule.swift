import Tensors

/// Gradients of a position table: example b's is its own output gradient g[b], row by row.
final class PositionRule: RangedGradientRule {
  let parameters: [Parameter]
  let exampleCount: Int
  private let weight: Parameter
  private let g: Tensor
  /// Numbers of an example.
  private let size: Int
  /// Where the rows that were added lie in the weight.
  private let start: Int

  init(weight: Parameter, g: Tensor, firstRow: Int = 0) {
    start = firstRow * weight.shape[1]
    self.weight = weight
    parameters = [weight]
    exampleCount = g.shape[0]
    size = g.shape[1] * g.shape[2]
    self.g = g
  }

  func accumulate(
    weights: UnsafePointer<Float>?, examples: Range<Int>, into sink: GradientSink
  ) throws {
    guard weight.requiresGradient, let index = sink.index(of: weight), !examples.isEmpty else {
      return
    }
    let target = try sink.zeroedTarget(index)
    let first = examples.lowerBound
    withExtendedLifetime(g) {
      ColumnSums.compute(
        g.floats + first * size, rows: examples.count, columns: size,
        weights: weights.map { $0 + first }, accumulate: true, target + start)
    }
  }

  func squaredNorms(of ranges: [Range<Int>]) throws -> [Double]? {
    try ranges.map { range in
      guard !range.isEmpty else { return 0 }
      let sum = try Tensor.uninitialized([size])
      return withExtendedLifetime((g, sum)) {
        ColumnSums.compute(
          g.floats + range.lowerBound * size, rows: range.count, columns: size, weights: nil,
          accumulate: false, sum.floats)
        return UnsafePointer(sum.floats).sumOfSquares(size)
      }
    }
  }

  func addSquaredNorms(to norms: UnsafeMutablePointer<Float>) throws {
    withExtendedLifetime(g) {
      for example in 0..<exampleCount {
        norms[example] += Float(UnsafePointer(g.floats + example * size).sumOfSquares(size))
      }
    }
  }

  func addSquaredNorms(ofParameter index: Int, to norms: UnsafeMutablePointer<Float>) throws {
    try addSquaredNorms(to: norms)
  }

  func perExample(_ index: Int) throws -> Tensor {
    let result = try Tensor.zeros([exampleCount, weight.shape[0], weight.shape[1]])
    withExtendedLifetime(g) {
      for example in 0..<exampleCount {
        (result.floats + example * weight.count + start).update(
          from: g.floats + example * size, count: size)
      }
    }
    return result
  }
}
