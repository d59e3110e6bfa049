import CKernels
import Foundations

/// Matrix products of plain f32 memory, row-major. The work is cut into blocks whose borders depend on the sizes only
/// and each block is one single-threaded product, so the same bits come out for any number of threads.
public enum Matmul {
  /// C[m, n] = alpha · op(A) · op(B) + beta · C, where op is the transpose for a true flag; leading dimensions (row
  /// strides) in elements. With beta = 0, C is not read.
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
      MatmulBlock.run(transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
      return
    }
    Parallel.each(cut.blockCount) { index in
      let rows = cut.rows(index)
      let columns = cut.columns(index)
      MatmulBlock.run(
        transposeA, transposeB, rows.count, columns.count, k, alpha,
        a + (transposeA ? rows.lowerBound : rows.lowerBound * lda), lda,
        b + (transposeB ? columns.lowerBound * ldb : columns.lowerBound), ldb, beta,
        c + rows.lowerBound * ldc + columns.lowerBound, ldc)
    }
  }

  /// `count` products whose matrices lie `strideA`, `strideB`, `strideC` elements apart (0 for A or B: the same for
  /// all).
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
        MatmulBlock.run(
          transposeA, transposeB, m, n, k, alpha, a + i * strideA, lda, b + i * strideB, ldb, beta,
          c + i * strideC, ldc)
      }
    }
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
    /// Multiplications that are worth a block of their own: some 60 µs.
    static let blockWork = 1 << 22
    /// Multiplications that a block keeps once there are two, and once there are four: every block packs its operands
    /// anew, so that 1024×1024×1024 in sixteen blocks takes a tenth longer than in two (measured). Only products of
    /// seconds are cut finer than four times.
    private static let largeBlockWork = (second: 1 << 29, later: 1 << 30)
    private static let mostBlocks = 1024

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
      // Halve the longer side while there is enough to do for each half. A half is a multiple of the kernels' tile.
      while pieces < Cut.mostBlocks, max(rows, columns) >= 128,
        work / (pieces * 2)
          >= (pieces < 2
            ? Cut.blockWork : pieces < 4 ? Cut.largeBlockWork.second : Cut.largeBlockWork.later)
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
