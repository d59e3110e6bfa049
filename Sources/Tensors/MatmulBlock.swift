import CKernels
import COneDNN

/// One single-threaded matrix product, by whichever routine was measured to be the fastest for its sizes. The choice
/// depends on sizes, strides and factors only, never on threads.
enum MatmulBlock {
  static func run(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ alpha: Float,
    _ a: UnsafePointer<Float>, _ lda: Int, _ b: UnsafePointer<Float>, _ ldb: Int, _ beta: Float,
    _ c: UnsafeMutablePointer<Float>, _ ldc: Int
  ) {
    if !transposeA, transposeB, beta == 0, isFlat(m, n, k) {
      exchanged(m, n, k, alpha, a, lda, b, ldb, c, ldc)
    } else if transposeA, !transposeB, hasWideColumns(m, n, k, lda),
      turned(m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
    {
      return
    } else if transposeA, !transposeB, m * k > partRows * partDepth, m * n * k >= 1 << 22 {
      inParts(m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
    } else {
      direct(transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
    }
  }

  // MARK: As it is

  private static func direct(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ alpha: Float,
    _ a: UnsafePointer<Float>, _ lda: Int, _ b: UnsafePointer<Float>, _ ldb: Int, _ beta: Float,
    _ c: UnsafeMutablePointer<Float>, _ ldc: Int
  ) {
    if !prefersKernel(transposeA, transposeB, m, n, k), fl_onednn_available(),
      fl_onednn_sgemm(
        transposeA, transposeB, Int64(m), Int64(n), Int64(k), alpha, a, Int64(lda), b, Int64(ldb),
        beta, c, Int64(ldc))
    {
      return
    }
    fl_gemm_f32(
      transposeA ? 1 : 0, transposeB ? 1 : 0, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
  }

  /// Whether our own kernel is the faster one: it packs little, so small products and those with a transposed right
  /// operand gain; oneDNN wins where a side is thin or there is much to do.
  private static func prefersKernel(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int
  ) -> Bool {
    let work = m * n * k
    if min(m, n) < 8 { return work <= 1 << 15 && n > 1 }
    return work <= (transposeB && !transposeA ? 1 << 22 : 400_000)
  }

  // MARK: Few rows times a large transposed matrix

  /// A linear layer on few rows: packing its weight would cost as much as the product.
  private static func isFlat(_ m: Int, _ n: Int, _ k: Int) -> Bool {
    (16...96).contains(m) && n * k >= 1 << 19 && n >= 4 * m
  }

  /// Rows of B that are multiplied at a time: 32 strips of the kernel.
  private static let exchangedRows = 448

  /// C = A·Bᵀ as (B·Aᵀ)ᵀ: the rows of B are read once, in place, and only A is packed.
  private static func exchanged(
    _ m: Int, _ n: Int, _ k: Int, _ alpha: Float, _ a: UnsafePointer<Float>, _ lda: Int,
    _ b: UnsafePointer<Float>, _ ldb: Int, _ c: UnsafeMutablePointer<Float>, _ ldc: Int
  ) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: exchangedRows * m) { scratch in
      // The capacity is positive.
      guard let part = scratch.baseAddress else { return }
      for first in stride(from: 0, to: n, by: exchangedRows) {
        let count = min(exchangedRows, n - first)
        fl_gemm_f32(0, 1, count, m, k, alpha, b + first * ldb, ldb, a, lda, 0, part, m)
        fl_transpose_f32(count, m, part, m, c + first, ldc)
      }
    }
  }

  // MARK: The gradient of a weight

  /// The part of A that is multiplied at a time: 256 KiB of it, which oneDNN packs within the second-level cache (a
  /// tenth faster than the whole, measured).
  private static let partRows = 128
  private static let partDepth = 512

  /// C = alpha·Aᵀ·B + beta·C, some rows and some of the sum at a time.
  private static func inParts(
    _ m: Int, _ n: Int, _ k: Int, _ alpha: Float, _ a: UnsafePointer<Float>, _ lda: Int,
    _ b: UnsafePointer<Float>, _ ldb: Int, _ beta: Float, _ c: UnsafeMutablePointer<Float>,
    _ ldc: Int
  ) {
    for depth in stride(from: 0, to: k, by: partDepth) {
      for row in stride(from: 0, to: m, by: partRows) {
        direct(
          true, false, min(partRows, m - row), n, min(partDepth, k - depth), alpha,
          a + depth * lda + row, lda, b + depth * ldb, ldb, depth == 0 ? beta : 1, c + row * ldc,
          ldc)
      }
    }
  }

  // MARK: A transposed matrix with long rows times another

  /// The gradient of an output over a vocabulary: the columns of A lie so far apart that oneDNN, which packs them one
  /// by one, misses the caches for every number.
  private static func hasWideColumns(_ m: Int, _ n: Int, _ k: Int, _ lda: Int) -> Bool {
    lda >= 4096 && m >= 256 && n >= 128 && (64...1 << 13).contains(k)
  }

  /// Columns of A that are turned into rows at a time.
  private static let turnedColumns = 256

  /// C = alpha·Aᵀ·B + beta·C with Aᵀ made block by block. False, with nothing done, where there is no memory for a
  /// block.
  private static func turned(
    _ m: Int, _ n: Int, _ k: Int, _ alpha: Float, _ a: UnsafePointer<Float>, _ lda: Int,
    _ b: UnsafePointer<Float>, _ ldb: Int, _ beta: Float, _ c: UnsafeMutablePointer<Float>,
    _ ldc: Int
  ) -> Bool {
    guard let storage = try? Storage(byteCount: turnedColumns * k * 4) else { return false }
    let rows = storage.pointer.assumingMemoryBound(to: Float.self)
    for first in stride(from: 0, to: m, by: turnedColumns) {
      let count = min(turnedColumns, m - first)
      fl_transpose_f32(k, count, a + first, lda, rows, k)
      direct(false, false, count, n, k, alpha, rows, k, b, ldb, beta, c + first * ldc, ldc)
    }
    withExtendedLifetime(storage) {}
    return true
  }
}
