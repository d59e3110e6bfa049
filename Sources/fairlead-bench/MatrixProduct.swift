import Tensor

/// One f32 matrix product, M×K times K×N, as the tensors of the language do it.
final class MatrixProduct: Workload {
  private let rows: Int
  private let columns: Int
  private let inner: Int
  /// The right operand is stored N×K, as the weight of a linear layer is.
  private let transposed: Bool
  private let left: UnsafeMutableBufferPointer<Float>
  private let right: UnsafeMutableBufferPointer<Float>
  private let result: UnsafeMutableBufferPointer<Float>

  /// `shape` is M×N×K as `64x512x128`, with a `t` behind it for a transposed right operand.
  init(shape: String) throws {
    transposed = shape.hasSuffix("t")
    let sizes = shape.prefix(shape.count - (transposed ? 1 : 0)).split(separator: "x").map {
      Int($0)
    }
    guard sizes.count == 3, let rows = sizes[0], let columns = sizes[1], let inner = sizes[2],
      [rows, columns, inner].allSatisfy({ (1...1 << 20).contains($0) }),
      max(rows, inner, columns) * min(rows, inner, columns) <= 1 << 34
    else { throw Unsupported(message: "a product is asked for as 64x512x128 or 64x512x128t") }
    (self.rows, self.columns, self.inner) = (rows, columns, inner)
    left = MatrixProduct.filled(rows * inner, step: 0.37)
    right = MatrixProduct.filled(inner * columns, step: 0.53)
    result = MatrixProduct.filled(rows * columns, step: 0)
    multiply()
  }

  deinit {
    left.deallocate()
    right.deallocate()
    result.deallocate()
  }

  var facts: [(name: String, value: Double)] {
    [("flops", 2 * Double(rows) * Double(columns) * Double(inner))]
  }

  var check: Double { Double(result[0]) }

  func run(_ count: Int) -> [Double] {
    let start = monotonicSeconds()
    for _ in 0..<count { multiply() }
    return [monotonicSeconds() - start]
  }

  private func multiply() {
    // Buffers of at least one element have a base address.
    guard let left = left.baseAddress, let right = right.baseAddress,
      let result = result.baseAddress
    else { return }
    Matmul.gemm(
      transposeB: transposed, m: rows, n: columns, k: inner, left, inner, right,
      transposed ? inner : columns, result, columns)
  }

  /// Numbers between -1 and 1 on cache lines of their own.
  private static func filled(_ count: Int, step: Double) -> UnsafeMutableBufferPointer<Float> {
    let raw = UnsafeMutableRawBufferPointer.allocate(byteCount: count * 4, alignment: 64)
    let floats = raw.bindMemory(to: Float.self)
    var position = 0.0
    for i in 0..<count {
      floats.initializeElement(at: i, to: Float(position * 2 - 1))
      position += step
      if position >= 1 { position -= 1 }
    }
    return floats
  }
}
