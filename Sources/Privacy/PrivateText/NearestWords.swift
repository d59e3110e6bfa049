// Exact search of the nearest words: matrix products in f32 leave few candidates, f64 decides.
//
//   ‖q - b‖² = ‖q‖² - 2·(q·b - ‖b‖²/2)
//
// The bracket is one product with a further component, 1 against -‖b‖²/2. Its rounding is bounded by (width + 1)·u
// times the sum of the terms' sizes (Higham 2002, section 3.1, whatever the order of summation), so every word whose
// score is within twice the bound of the best one is looked at in f64.

import CKernels
import Foundations
import Tensors

struct NearestWords: Sendable {
  private let space: WordSpace
  /// [width + 1, count], scaled by a power of two so that no vector is longer than 1; the last row is -‖b‖²/2.
  private let table: [Float]
  private let scale: Double

  /// Words that are compared at a time: their scores stay in the cache.
  private static let tile = 1024
  /// Queries of a block, which one thread searches for.
  static let block = 256

  init(_ space: WordSpace) {
    self.space = space
    let (count, width) = (space.count, space.width)
    let exponent = space.largestNorm > 0 ? space.largestNorm.exponent + 1 : 0
    scale = Double(sign: .plus, exponent: -exponent, significand: 1)
    var table = [Float](repeating: 0, count: (width + 1) * count)
    for word in 0..<count {
      var square = 0.0
      for k in 0..<width {
        let value = Double(space.columns[k * count + word]) * scale
        table[k * count + word] = Float(value)
        square += value * value
      }
      table[width * count + word] = Float(-square / 2)
    }
    self.table = table
  }

  /// The nearest words of a query, the nearest first; of equally near ones the first in the vocabulary.
  struct Found {
    var words: [(word: Int, distance: Double)]
  }

  /// - Parameters:
  ///   - queries: [n, width] with n at most `block`, each far shorter than 1e30 vectors.
  ///   - keeping: how many each is to have, at most the number of words.
  func find(_ queries: [Double], keeping: Int) -> [Found] {
    let (count, width) = (space.count, space.width)
    let n = queries.count / width
    var candidates = [Candidates](repeating: Candidates(keeping: keeping), count: n)
    var rows = [Float](repeating: 1, count: n * (width + 1))
    for row in 0..<n {
      var square = 0.0
      for k in 0..<width {
        let value = queries[row * width + k] * scale
        rows[row * (width + 1) + k] = Float(value)
        square += value * value
      }
      // Twice the bound, and as much again for the rounding of what is multiplied.
      candidates[row].margin = Float(
        Double(width + 8) * 4 * 0x1p-24 * (square.squareRoot() + 0.5))
    }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: n * Self.tile) { scores in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: n) { tops in
        guard let scores = scores.baseAddress, let tops = tops.baseAddress else { return }
        for first in stride(from: 0, to: count, by: Self.tile) {
          let size = min(Self.tile, count - first)
          table.withUnsafeBufferPointer { table in
            guard let table = table.baseAddress else { return }
            Matmul.gemm(
              m: n, n: size, k: width + 1, rows, width + 1, table + first, count, scores,
              Self.tile)
          }
          fl_max_rows_f32(n, size, scores, Self.tile, tops)
          for row in 0..<n where tops[row] >= candidates[row].least {
            candidates[row].add(scores + row * Self.tile, first: first, size: size)
          }
        }
      }
    }
    return (0..<n).map { row in decide(candidates[row].words, queries, row, keeping: keeping) }
  }

  /// What is nearest among the candidates, by distances in f64.
  private func decide(_ words: [Int], _ queries: [Double], _ row: Int, keeping: Int) -> Found {
    let (count, width) = (space.count, space.width)
    var found: [(word: Int, distance: Double)] = []
    for word in words {
      var square = 0.0
      for k in 0..<width {
        let difference = queries[row * width + k] - Double(space.columns[k * count + word])
        square += difference * difference
      }
      let distance = square.squareRoot()
      // Candidates come in the order of the vocabulary, so that an earlier one stays before its equal.
      let place = found.firstIndex { distance < $0.distance } ?? found.count
      if place < keeping {
        found.insert((word, distance), at: place)
        if found.count > keeping { found.removeLast() }
      }
    }
    return Found(words: found)
  }

  /// The words that may be among the nearest ones of a query, given the scores seen so far.
  private struct Candidates {
    let keeping: Int
    var margin: Float = 0
    /// The largest scores, the largest first.
    private var best: [Float] = []
    private var kept: [(word: Int, score: Float)] = []

    init(keeping: Int) { self.keeping = keeping }

    /// Below it no score counts any more.
    var least: Float { best.count < keeping ? -.infinity : best[keeping - 1] - margin }
    var words: [Int] { kept.filter { $0.score >= least }.map(\.word) }

    mutating func add(_ scores: UnsafePointer<Float>, first: Int, size: Int) {
      var limit = least
      for i in 0..<size where scores[i] >= limit {
        kept.append((first + i, scores[i]))
        let place = best.firstIndex { scores[i] > $0 } ?? best.count
        guard place < keeping else { continue }
        best.insert(scores[i], at: place)
        if best.count > keeping { best.removeLast() }
        limit = least
      }
      if kept.count > 64 {
        kept.removeAll { $0.score < limit }
      }
    }
  }
}
