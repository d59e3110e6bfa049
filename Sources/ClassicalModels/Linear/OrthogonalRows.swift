// The two orthogonal factorisations behind least squares and principal components, neither of which squares the
// condition of its matrix.
//
// 1. A = Q R by Householder reflections, block of rows after block, of which only R is kept (Golub, Van Loan 2013,
//    Matrix Computations, 4th ed., sections 5.2.2 and 5.1.9; for blocks apart Demmel, Grigori, Hoemmen, Langou 2012,
//    arXiv 0808.2664).
// 2. R = U S Vᵀ by rotations of pairs of rows until all rows are orthogonal (Hestenes 1958; for its accuracy Demmel,
//    Veselić 1992): they then are sᵢ vᵢᵀ. Columns that stand behind those that count are rotated along, so that the
//    columns Qᵀ y of [A y] become Uᵀ Qᵀ y without U.

import Foundation
import Foundations

/// R of a factorisation A = Q R, for rows of A that come block by block.
struct TriangularFactor {
  let width: Int
  /// Upper triangular, `[width, width]`, row after row.
  private(set) var rows: [Double]

  init(width: Int) {
    self.width = width
    rows = [Double](repeating: 0, count: width * width)
  }

  /// Takes rows in: R of [R; block]. `block` is `[count, width]`, row after row, and is overwritten.
  mutating func absorb(_ block: inout [Double], count: Int) {
    guard count > 0, width > 0 else { return }
    let width = width
    var product = [Double](repeating: 0, count: width)
    rows.withUnsafeMutableBufferPointer { triangle in
      block.withUnsafeMutableBufferPointer { block in
        product.withUnsafeMutableBufferPointer { product in
          guard let r = triangle.baseAddress, let b = block.baseAddress,
            let t = product.baseAddress
          else { return }
          for column in 0..<width {
            if Parallel.isAbandoned { return }
            TriangularFactor.reflect(column, r + column * width, b, count, width, t)
          }
        }
      }
    }
  }

  /// The reflection that makes the block's column zero, on all columns from it on. `r` is the row of R with the
  /// column's diagonal.
  private static func reflect(
    _ column: Int, _ r: UnsafeMutablePointer<Double>, _ block: UnsafeMutablePointer<Double>,
    _ count: Int, _ width: Int, _ product: UnsafeMutablePointer<Double>
  ) {
    var largest = 0.0
    for i in 0..<count { largest = max(largest, abs(block[i * width + column])) }
    guard largest > 0 else { return }
    largest = max(largest, abs(r[column]))
    var squares = (r[column] / largest) * (r[column] / largest)
    for i in 0..<count {
      let value = block[i * width + column] / largest
      squares += value * value
    }
    let alpha = r[column]
    let beta = alpha > 0 ? -largest * squares.squareRoot() : largest * squares.squareRoot()
    // v = (1, block / (alpha - beta)), H = I - tau v vᵀ.
    let tau = (beta - alpha) / beta
    let scale = 1 / (alpha - beta)
    for i in 0..<count { block[i * width + column] *= scale }
    r[column] = beta
    for k in column + 1..<max(width, column + 1) { product[k] = r[k] }
    for i in 0..<count {
      let row = block + i * width
      let v = row[column]
      guard v != 0 else { continue }
      for k in column + 1..<max(width, column + 1) { product[k] += v * row[k] }
    }
    for k in column + 1..<max(width, column + 1) {
      product[k] *= tau
      r[k] -= product[k]
    }
    for i in 0..<count {
      let row = block + i * width
      let v = row[column]
      guard v != 0 else { continue }
      for k in column + 1..<max(width, column + 1) { row[k] -= v * product[k] }
    }
  }

  /// R of a tall matrix whose rows `fill` writes: `fill(row, target)` for rows in rising order within a part. Parts are
  /// cut by the sizes alone and joined in order.
  static func of(
    rows count: Int, width: Int, _ fill: (Int, UnsafeMutablePointer<Double>) -> Void
  ) throws -> [Double] {
    let part = max(4 * width, (count + 31) / 32)
    let parts = max(1, (count + part - 1) / part)
    let (square, overflow) = width.multipliedReportingOverflow(by: width)
    guard !overflow, square < 1 << 40 else {
      throw DomainError(.limit, "a matrix of \(width) × \(width) numbers is more than there can be")
    }
    try MemoryRoom.require(
      (parts + 1) * square * 8, for: "the factorisation of \(count) × \(width) numbers")
    var factors = [TriangularFactor?](repeating: nil, count: parts)
    try Cancellation.abandonable {
      factors.withUnsafeMutableBufferPointer { factors in
        // Each part writes its own place.
        nonisolated(unsafe) let places = factors.baseAddress
        Parallel.each(parts) { index in
          let end = min(count, (index + 1) * part)
          var factor = TriangularFactor(width: width)
          let chunk = 256
          var block = [Double](repeating: 0, count: min(chunk, max(0, end - index * part)) * width)
          for start in stride(from: index * part, to: end, by: chunk) {
            let size = min(chunk, end - start)
            block.withUnsafeMutableBufferPointer { block in
              guard let base = block.baseAddress else { return }
              for i in 0..<size { fill(start + i, base + i * width) }
            }
            factor.absorb(&block, count: size)
          }
          places?[index] = factor
        }
      }
      for index in stride(from: 1, to: parts, by: 1) {
        guard var next = factors[index]?.rows else { continue }
        factors[0]?.absorb(&next, count: width)
        factors[index] = nil
      }
    }
    return factors[0]?.rows ?? []
  }
}

/// Rows rotated until they are orthogonal: the singular values and right singular vectors of the matrix that they were.
struct OrthogonalRows {
  /// How many rows, how many of their numbers count, and how many stand behind those.
  let count: Int
  let columns: Int
  let extra: Int
  /// `[count, columns + extra]`; row i is sᵢ vᵢᵀ, with sᵢ in falling order.
  private(set) var rows: [Double]
  private(set) var singularValues: [Double] = []

  private var width: Int { columns + extra }
  private static let mostSweeps = 60

  /// - Throws: `interrupt` where it is stopped, `value` where the rotations do not come to an end (which finite numbers
  ///   of ordinary size do).
  init(_ rows: [Double], count: Int, columns: Int, extra: Int = 0) throws {
    self.count = count
    self.columns = columns
    self.extra = extra
    // By a power of two, so that no square of a number that matters is out of range, and nothing is rounded.
    let largest = rows.reduce(0) { max($0, abs($1)) }
    let scale =
      largest > 0 && largest.isFinite
      ? Double(sign: .plus, exponent: largest.exponent, significand: 1) : 1
    self.rows = rows.map { $0 / scale }
    try sort()
    var isDone = count < 2
    var sweep = 0
    while !isDone {
      guard sweep < OrthogonalRows.mostSweeps else {
        throw DomainError(
          .value, "the singular values cannot be found: the numbers are too large or too small")
      }
      isDone = try !rotateAll()
      sweep += 1
    }
    for k in self.rows.indices { self.rows[k] *= scale }
    try sort()
  }

  /// Row i as a unit vector vᵢ; zeros where its singular value is 0.
  func direction(_ index: Int) -> [Double] {
    let scale = singularValues[index] > 0 ? 1 / singularValues[index] : 0
    return (0..<columns).map { rows[index * width + $0] * scale }
  }

  /// What became of the further column `k` in row i.
  func further(_ index: Int, _ k: Int) -> Double { rows[index * width + columns + k] }

  /// Longest rows first, and their lengths.
  private mutating func sort() throws {
    let width = width
    let lengths = (0..<count).map { i -> Double in
      var largest = 0.0
      for k in 0..<columns { largest = max(largest, abs(rows[i * width + k])) }
      guard largest > 0 else { return 0 }
      var squares = 0.0
      for k in 0..<columns {
        let value = rows[i * width + k] / largest
        squares += value * value
      }
      return largest * squares.squareRoot()
    }
    guard lengths.allSatisfy(\.isFinite) else {
      throw DomainError(.value, "the numbers are too large: their squares have no sum")
    }
    let order = lengths.indices.sorted { (lengths[$1], $0) < (lengths[$0], $1) }
    rows = order.flatMap { rows[$0 * width..<($0 + 1) * width] }
    singularValues = order.map { lengths[$0] }
  }

  /// One rotation of every pair, in rounds of pairs that have no row in common (a round-robin tournament). Gives
  /// whether any pair was not orthogonal yet.
  private mutating func rotateAll() throws -> Bool {
    let (count, columns, width) = (count, columns, width)
    let teams = count + count % 2
    // Rows that are rounding alone have no directions worth finding.
    let least = (singularValues.first ?? 0) * Double(max(count, columns)) * 0x1p-54
    let size = max(1, 16384 / max(1, width))
    var changed = [Bool](repeating: false, count: (teams / 2 + size - 1) / size)
    try rows.withUnsafeMutableBufferPointer { rows in
      nonisolated(unsafe) let base = rows.baseAddress
      try changed.withUnsafeMutableBufferPointer { changed in
        nonisolated(unsafe) let flags = changed.baseAddress
        for round in 0..<teams - 1 {
          try Cancellation.check()
          Parallel.blocks(teams / 2, size: size) { pairs in
            guard let base, let flags else { return }
            for pair in pairs {
              // The last team stays; the others go around.
              let a = pair == 0 ? teams - 1 : (round + pair) % (teams - 1)
              let b = (round + teams - 1 - pair) % (teams - 1)
              guard max(a, b) < count else { continue }
              let (i, j) = (min(a, b), max(a, b))
              if OrthogonalRows.rotate(base + i * width, base + j * width, columns, width, least) {
                flags[pairs.lowerBound / size] = true
              }
            }
          }
        }
      }
    }
    return changed.contains(true)
  }

  /// Makes two rows orthogonal; gives whether they were not.
  private static func rotate(
    _ a: UnsafeMutablePointer<Double>, _ b: UnsafeMutablePointer<Double>, _ columns: Int,
    _ width: Int, _ least: Double
  ) -> Bool {
    var (aa, bb, ab) = (0.0, 0.0, 0.0)
    for k in 0..<columns {
      aa += a[k] * a[k]
      bb += b[k] * b[k]
      ab += a[k] * b[k]
    }
    guard min(aa, bb) > least * least,
      abs(ab) > 0x1p-52 * Double(columns).squareRoot() * (aa * bb).squareRoot()
    else { return false }
    let zeta = (bb - aa) / (2 * ab)
    let t = (zeta < 0 ? -1.0 : 1.0) / (abs(zeta) + (1 + zeta * zeta).squareRoot())
    let c = 1 / (1 + t * t).squareRoot()
    let s = c * t
    for k in 0..<width {
      let (x, y) = (a[k], b[k])
      a[k] = c * x - s * y
      b[k] = s * x + c * y
    }
    return true
  }
}

/// The mean of each feature, summed in order within blocks of rows.
func featureMeans(_ examples: ExampleMatrix) -> [Double] {
  let (rows, columns) = (examples.rows, examples.columns)
  guard rows > 0 else { return [Double](repeating: 0, count: columns) }
  let size = max(1024, (rows + 31) / 32)
  let parts = (rows + size - 1) / size
  var sums = [Double](repeating: 0, count: parts * columns)
  sums.withUnsafeMutableBufferPointer { sums in
    nonisolated(unsafe) let base = sums.baseAddress
    examples.values.withUnsafeBufferPointer { values in
      guard let x = values.baseAddress else { return }
      Parallel.blocks(rows, size: size) { range in
        guard let base else { return }
        let own = base + range.lowerBound / size * columns
        for row in range { for k in 0..<columns { own[k] += x[row * columns + k] } }
      }
    }
  }
  return (0..<columns).map { k in
    var total = 0.0
    for part in 0..<parts { total += sums[part * columns + k] }
    return total / Double(rows)
  }
}
