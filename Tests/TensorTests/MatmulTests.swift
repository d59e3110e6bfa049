import Foundations
import TestSupport
import Testing

@testable import Tensors

/// C = alpha op(A) op(B) + beta C in f64, one element after the other.
private func naive(
  _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ alpha: Float,
  _ a: [Float], _ lda: Int, _ b: [Float], _ ldb: Int, _ beta: Float, _ c: [Float], _ ldc: Int
) -> [Float] {
  var result = c
  for i in 0..<m {
    for j in 0..<n {
      var sum = 0.0
      for p in 0..<k {
        sum +=
          Double(transposeA ? a[p * lda + i] : a[i * lda + p])
          * Double(transposeB ? b[j * ldb + p] : b[p * ldb + j])
      }
      let old = beta == 0 ? 0 : Double(beta) * Double(c[i * ldc + j])
      result[i * ldc + j] = Float(Double(alpha) * sum + old)
    }
  }
  return result
}

private let sizes = [
  (1, 1, 1), (3, 5, 7), (1, 64, 33), (64, 1, 33), (16, 16, 16), (17, 33, 65), (64, 64, 64),
  (200, 3, 50), (100, 130, 300), (5, 4, 0), (257, 129, 130),
]

@Test(arguments: sizes) func productsAgreeWithTheDefinition(_ size: (Int, Int, Int)) {
  let (m, n, k) = size
  var random = RandomStream(seed: 3)
  for transposeA in [false, true] {
    for transposeB in [false, true] {
      for (alpha, beta) in [(Float(1), Float(0)), (1, 1), (-0.5, 0.25)] {
        let lda = (transposeA ? m : k) + 3
        let ldb = (transposeB ? k : n) + 1
        let ldc = n + 2
        let a = (0..<((transposeA ? k : m) * lda + 1)).map { _ in Float(random.normal()) }
        let b = (0..<((transposeB ? n : k) * ldb + 1)).map { _ in Float(random.normal()) }
        // Without beta what is in C must not matter, not even NaN.
        let c = (0..<(m * ldc)).map { _ in beta == 0 ? Float.nan : Float(random.normal()) }
        let expected = naive(transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
        var result = c
        Matmul.gemm(
          transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, alpha: alpha, a, lda,
          b, ldb, beta: beta, &result, ldc)
        for (x, y) in zip(result, expected) {
          #expect(x.isNaN && y.isNaN || abs(x - y) <= 1e-4 * max(1, abs(y)))
        }
      }
    }
  }
}

/// Sizes for which other routines are chosen: few rows times a large transposed matrix, and a transposed matrix whose
/// rows are long, with blocks that are not full.
@Test(
  arguments: [
    (false, true, 33, 700, 770, Float(1), Float(0)), (false, true, 64, 1357, 400, -2, 0),
    (false, true, 91, 900, 601, 0.5, 0),
    (false, true, 33, 700, 770, 1, 1), (true, false, 4100, 130, 67, 1, 0),
    (true, false, 4173, 129, 70, -0.5, 0.25),
  ])
func largeFlatAndTurnedProducts(
  _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ alpha: Float,
  _ beta: Float
) {
  var random = RandomStream(seed: 4)
  let (lda, ldb, ldc) = ((transposeA ? m : k) + 3, (transposeB ? k : n) + 1, n + 2)
  let a = (0..<((transposeA ? k : m) * lda)).map { _ in Float(random.normal()) }
  let b = (0..<((transposeB ? n : k) * ldb)).map { _ in Float(random.normal()) }
  let c = (0..<(m * ldc)).map { _ in beta == 0 ? Float.nan : Float(random.normal()) }
  let expected = naive(transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
  let threads = Parallel.threads
  defer { Parallel.threads = threads }
  var results: [[Float]] = []
  for count in [1, 2] {
    Parallel.threads = count
    var result = c
    Matmul.gemm(
      transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, alpha: alpha, a, lda, b,
      ldb, beta: beta, &result, ldc)
    results.append(result)
  }
  #expect(results[0].map(\.bitPattern) == results[1].map(\.bitPattern))
  var worst: Float = 0
  for (x, y) in zip(results[0], expected) where !(x.isNaN && y.isNaN) {
    worst = x.isFinite ? max(worst, abs(x - y) / max(1, abs(y))) : .infinity
  }
  #expect(worst <= 2e-4)
}

@Test func batchesWithSharedOperands() {
  let a = (0..<24).map(Float.init)
  let b = (0..<12).map { Float($0) - 5 }
  var c = [Float](repeating: 9, count: 2 * 3 * 3)
  Matmul.batched(
    2, m: 3, n: 3, k: 4, a, 4, strideA: 12, b, 3, strideB: 0, &c, 3, strideC: 9)
  let first = naive(
    false, false, 3, 3, 4, 1, a, 4, b, 3, 0, [Float](repeating: 0, count: 9), 3)
  let second = naive(
    false, false, 3, 3, 4, 1, Array(a[12...]), 4, b, 3, 0, [Float](repeating: 0, count: 9), 3)
  #expect(c == first + second)
}

@Test func cutsCoverTheResultOnce() {
  for (m, n, k) in [(1, 1, 1), (5000, 3, 999), (3, 5000, 999), (1000, 1000, 1000), (130, 97, 4096)]
  {
    let cut = Matmul.Cut(m: m, n: n, k: k)
    var covered = 0
    for block in 0..<cut.blockCount {
      #expect(cut.rows(block).count > 0 && cut.columns(block).count > 0)
      covered += cut.rows(block).count * cut.columns(block).count
    }
    #expect(covered == m * n)
  }
}
