import Tensors

/// One f32 matrix product, M×K times K×N, as the tensors of the language do it.
final class MatrixProduct: Workload {
  private let rows: Int
  private let columns: Int
  private let inner: Int
  /// The right operand is stored N×K, as the weight of a linear layer is.
  private let transposed: Bool
  /// The left operand is stored K×M, as output gradients are where a weight's gradient is summed.
  private let leftTransposed: Bool
  private let left: Tensor
  private let right: Tensor
  private let result: Tensor

  /// `shape` is M×N×K as `64x512x128`, with a `t` behind it for a transposed right operand, an `l` for a transposed
  /// left one.
  init(shape: String) throws {
    transposed = shape.hasSuffix("t")
    leftTransposed = shape.hasSuffix("l")
    let sizes = shape.prefix(shape.count - (transposed || leftTransposed ? 1 : 0)).split(
      separator: "x"
    ).map {
      Int($0)
    }
    guard sizes.count == 3, let rows = sizes[0], let columns = sizes[1], let inner = sizes[2],
      [rows, columns, inner].allSatisfy({ (1...1 << 20).contains($0) }),
      max(rows, inner, columns) * min(rows, inner, columns) <= 1 << 34
    else {
      throw Unsupported(message: "a product is asked for as 64x512x128, 64x512x128t or 64x512x128l")
    }
    (self.rows, self.columns, self.inner) = (rows, columns, inner)
    left = try MatrixProduct.filled(rows * inner, step: 0.37)
    right = try MatrixProduct.filled(inner * columns, step: 0.53)
    result = try MatrixProduct.filled(rows * columns, step: 0)
    multiply()
  }

  var facts: [(name: String, value: Double)] {
    [("flops", 2 * Double(rows) * Double(columns) * Double(inner))]
  }

  var check: Double { Double(result.floats[0]) }

  func run(_ count: Int) -> [Double] {
    let start = monotonicSeconds()
    for _ in 0..<count { multiply() }
    return [monotonicSeconds() - start]
  }

  private func multiply() {
    Matmul.gemm(
      transposeA: leftTransposed, transposeB: transposed, m: rows, n: columns, k: inner,
      left.floats, leftTransposed ? rows : inner, right.floats,
      transposed ? inner : columns, result.floats, columns)
  }

  /// Numbers between -1 and 1, in memory such as all tensors have.
  private static func filled(_ count: Int, step: Double) throws -> Tensor {
    let tensor = try Tensor.uninitialized([count])
    var position = 0.0
    for i in 0..<count {
      tensor.floats[i] = Float(position * 2 - 1)
      position += step
      if position >= 1 { position -= 1 }
    }
    return tensor
  }
}
