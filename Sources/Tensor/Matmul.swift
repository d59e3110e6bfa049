import CKernels
import COneDNN

/// Matrix products of plain f32 memory, row-major. The work is cut into blocks whose borders depend on the sizes only and each block is one
/// single-threaded product, so the same bits come out for any number of threads.
public enum Matmul {
  /// C[m, n] = alpha · op(A) · op(B) + beta · C, where op is the transpose for a true flag; leading dimensions (row strides) in
  /// elements. With beta = 0, C is not read.
  public static func gemm(
    transposeA: Bool = false, transposeB: Bool = false, m: Int, n: Int, k: Int, alpha: Float = 1,
    _ a: UnsafePointer<Float>, _ lda: Int, _ b: UnsafePointer<Float>, _ ldb: Int, beta: Float = 0,
    _ c: UnsafeMutablePointer<Float>, _ ldc: Int
  ) {
    guard m > 0, n > 0 else { return }
    guard k > 0 else {
      scale(m, n, beta, c, ldc)
      return
    }
    let cut = Cut(m: m, n: n, k: k)
    if cut.blockCount == 1 {
      block(transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
      return
    }
    Parallel.each(cut.blockCount) { index in
      let rows = cut.rows(index)
      let columns = cut.columns(index)
      block(
        transposeA, transposeB, rows.count, columns.count, k, alpha,
        a + (transposeA ? rows.lowerBound : rows.lowerBound * lda), lda,
        b + (transposeB ? columns.lowerBound * ldb : columns.lowerBound), ldb, beta,
        c + rows.lowerBound * ldc + columns.lowerBound, ldc)
    }
  }

  /// `count` products whose matrices lie `strideA`, `strideB`, `strideC` elements apart (0 for A or B: the same for all).
  public static func batched(
    _ count: Int, transposeA: Bool = false, transposeB: Bool = false, m: Int, n: Int, k: Int,
    alpha: Float = 1, _ a: UnsafePointer<Float>, _ lda: Int, strideA: Int,
    _ b: UnsafePointer<Float>, _ ldb: Int, strideB: Int, beta: Float = 0,
    _ c: UnsafeMutablePointer<Float>, _ ldc: Int, strideC: Int
  ) {
    let work = m * n * k
    if work >= Cut.blockWork * 2 {
      for i in 0..<count {
        gemm(
          transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, alpha: alpha,
          a + i * strideA, lda, b + i * strideB, ldb, beta: beta, c + i * strideC, ldc)
      }
      return
    }
    Parallel.blocks(count, size: max(1, Cut.blockWork / 4 / max(work, 1))) { range in
      for i in range {
        if m == 0 || n == 0 { continue }
        if k == 0 {
          scale(m, n, beta, c + i * strideC, ldc)
          continue
        }
        block(
          transposeA, transposeB, m, n, k, alpha, a + i * strideA, lda, b + i * strideB, ldb, beta,
          c + i * strideC, ldc)
      }
    }
  }

  /// Whether our own kernel is the faster one (measured): it packs nothing, so small products and those with a transposed right
  /// operand gain; oneDNN wins where a side is thin or there is much to do.
  private static func prefersKernel(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int
  ) -> Bool {
    let work = m * n * k
    if min(m, n) < 8 { return work <= 1 << 15 && n > 1 }
    return work <= (transposeB && !transposeA ? 1 << 22 : 400_000)
  }

  /// One single-threaded product; which routine makes it depends on the sizes only.
  private static func block(
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

  private static func scale(
    _ m: Int, _ n: Int, _ beta: Float, _ c: UnsafeMutablePointer<Float>, _ ldc: Int
  ) {
    for row in 0..<m {
      if beta == 0 {
        (c + row * ldc).update(repeating: 0, count: n)
      } else {
        fl_scale_f32(n, beta, c + row * ldc, c + row * ldc)
      }
    }
  }

  /// How a product's result is cut into blocks.
  struct Cut {
    /// Multiplications that are worth a block of their own: some 30 µs.
    static let blockWork = 1 << 22

    let m: Int
    let n: Int
    let rowBlock: Int
    let columnBlock: Int
    private let columnBlocks: Int
    let blockCount: Int

    init(m: Int, n: Int, k: Int) {
      self.m = m
      self.n = n
      let work = max(1, m * n * k)
      var rows = m
      var columns = n
      var pieces = 1
      // Halve the longer side while there is enough to do for each half; large products get large blocks, for which packing
      // the operands costs least. A half is a multiple of the kernels' tile.
      while pieces < 64, max(rows, columns) >= (pieces < 4 ? 128 : 256),
        work / (pieces * 2) >= (pieces < 4 ? Cut.blockWork : pieces < 16 ? 1 << 23 : 1 << 26)
      {
        if rows >= columns {
          rows = ((rows + 1) / 2 + 15) / 16 * 16
        } else {
          columns = ((columns + 1) / 2 + 15) / 16 * 16
        }
        pieces *= 2
      }
      rowBlock = rows
      columnBlock = columns
      columnBlocks = (n + columns - 1) / columns
      blockCount = (m + rows - 1) / rows * columnBlocks
    }

    func rows(_ index: Int) -> Range<Int> {
      let start = index / columnBlocks * rowBlock
      return start..<min(start + rowBlock, m)
    }

    func columns(_ index: Int) -> Range<Int> {
      let start = index % columnBlocks * columnBlock
      return start..<min(start + columnBlock, n)
    }
  }
}
