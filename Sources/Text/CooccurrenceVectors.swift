// Word vectors from counts: positive pointwise mutual information of words that stand near each other, and a truncated
// singular value decomposition of it (Levy, Goldberg, Dagan 2015, "Improving distributional similarity with lessons
// learned from word embeddings"): U·Σ^½.
//
//   PPMI(a, b) = max(0, ln(n(a, b)·N/(n(a)·n(b))))
//
// n(a, b) counts pairs at most `window` words apart, each by one over their distance. The matrix is symmetric, so that
// singular values are sizes of eigenvalues; they are found by subspace iteration (Halko, Martinsson, Tropp 2011).

import Foundation
import Foundations

public enum CooccurrenceVectors {
  /// Vectors of all words of `texts` that are kept, the most frequent first; the same texts give the same vectors.
  /// Learnt without privacy.
  ///
  /// - Parameters:
  ///   - width: numbers of a vector, at most the number of words.
  ///   - window: how far words look.
  ///   - minimumCount: rarer words are left out, as if they were not in the texts.
  /// - Throws: `value` where fewer words than numbers are kept, or a size is below 1; `interrupt`.
  public static func train(
    _ texts: [String], width: Int, window: Int = 5, minimumCount: Int = 1, limit: Int? = nil
  ) throws -> WordVectors {
    guard width > 0, window > 0 else {
      throw DomainError(
        .value, "width and window must be above 0, got \(width) and \(window)")
    }
    let vocabulary = try Vocabulary(
      counting: texts, minimumFrequency: minimumCount, limit: limit)
    let count = vocabulary.wordCount
    guard count >= width else {
      throw DomainError(
        .value,
        "\(count) words are too few for vectors of \(width) numbers",
        hint: "give more texts, or a smaller `width`")
    }
    let matrix = try information(texts, vocabulary, window)
    // Some more directions than are kept: the last ones come slowly.
    let size = min(count, width + 8)
    var basis = try iterate(matrix, count, size)
    let (values, turns) = try projected(matrix, &basis, count, size)
    let order = values.indices.sorted { abs(values[$0]) > abs(values[$1]) }.prefix(width)
    return try WordVectors(
      (0..<count).map { word in
        (
          word: vocabulary.words[word + 2],
          vector: order.map { direction in
            var sum = 0.0
            for k in 0..<size { sum += basis[word * size + k] * turns[k * size + direction] }
            return Float(sum * abs(values[direction]).squareRoot())
          }
        )
      })
  }

  /// Rows of a symmetric matrix: columns and values.
  private typealias Rows = [[(column: Int, value: Double)]]

  private static func information(_ texts: [String], _ vocabulary: Vocabulary, _ window: Int) throws
    -> Rows
  {
    let count = vocabulary.wordCount
    var pairs = [[Int: Double]](repeating: [:], count: count)
    for (number, text) in texts.enumerated() {
      try Cancellation.check(turn: number)
      let words = WordSplitter.words.tokens(text).map { Int(vocabulary.number(of: $0)) - 2 }
        .filter { $0 >= 0 }
      for (place, word) in words.enumerated() {
        try Cancellation.check(turn: place)
        for other in place
          + 1..<max(place + 1, min(words.count, place + 1 + min(window, words.count)))
        {
          let weight = 1 / Double(other - place)
          pairs[word][words[other], default: 0] += weight
          pairs[words[other]][word, default: 0] += weight
        }
      }
    }
    // Sums in the order of columns, so that their last bits do not depend on a dictionary's order.
    let rows: Rows = pairs.map { row in
      row.sorted { $0.key < $1.key }.map { (column: $0.key, value: $0.value) }
    }
    let sums = rows.map { row in row.reduce(0) { $0 + $1.value } }
    let all = sums.reduce(0, +)
    return rows.enumerated().map { word, row in
      row.compactMap { column, value in
        let information = log(value * all / (sums[word] * sums[column]))
        return information > 0 ? (column, information) : nil
      }
    }
  }

  /// matrix · block, both [count, size].
  private static func product(_ matrix: Rows, _ block: [Double], _ size: Int) throws -> [Double] {
    var result = [Double](repeating: 0, count: block.count)
    for (word, row) in matrix.enumerated() {
      try Cancellation.check(turn: word)
      for (column, value) in row {
        for k in 0..<size { result[word * size + k] += value * block[column * size + k] }
      }
    }
    return result
  }

  private static func iterate(_ matrix: Rows, _ count: Int, _ size: Int) throws -> [Double] {
    var random = RandomStream(seed: 1)
    var block = (0..<count * size).map { _ in random.normal() }
    orthonormalize(&block, count, size, &random)
    for _ in 0..<12 {
      block = try product(matrix, block, size)
      orthonormalize(&block, count, size, &random)
    }
    return block
  }

  /// Gram and Schmidt, twice; a column that vanishes gets random numbers instead.
  private static func orthonormalize(
    _ block: inout [Double], _ count: Int, _ size: Int, _ random: inout RandomStream
  ) {
    for k in 0..<size {
      for attempt in 0..<3 {
        var before = 0.0
        for row in 0..<count { before += block[row * size + k] * block[row * size + k] }
        for _ in 0..<2 {
          for j in 0..<k {
            var dot = 0.0
            for row in 0..<count { dot += block[row * size + j] * block[row * size + k] }
            for row in 0..<count { block[row * size + k] -= dot * block[row * size + j] }
          }
        }
        var square = 0.0
        for row in 0..<count { square += block[row * size + k] * block[row * size + k] }
        if square > before * 1e-20, square > 0 || attempt == 2 {
          let scale = square > 0 ? 1 / square.squareRoot() : 0
          for row in 0..<count { block[row * size + k] *= scale }
          break
        }
        for row in 0..<count { block[row * size + k] = random.normal() }
      }
    }
  }

  /// Eigenvalues of Qᵀ·M·Q and its eigenvectors, the columns of [size, size].
  private static func projected(
    _ matrix: Rows, _ basis: inout [Double], _ count: Int, _ size: Int
  ) throws -> ([Double], [Double]) {
    let image = try product(matrix, basis, size)
    var small = [Double](repeating: 0, count: size * size)
    for word in 0..<count {
      for i in 0..<size {
        for j in 0..<size { small[i * size + j] += basis[word * size + i] * image[word * size + j] }
      }
    }
    return try eigen(&small, size)
  }

  /// Jacobi's rotations on a symmetric matrix.
  private static func eigen(_ matrix: inout [Double], _ size: Int) throws -> ([Double], [Double]) {
    var turns = (0..<size * size).map { $0 / size == $0 % size ? 1.0 : 0 }
    for _ in 0..<60 {
      try Cancellation.check()
      var off = 0.0
      var all = 0.0
      for i in 0..<size {
        for j in 0..<size {
          let square = matrix[i * size + j] * matrix[i * size + j]
          all += square
          if i != j { off += square }
        }
      }
      if off <= all * 1e-24 { break }
      for p in 0..<size {
        for q in p + 1..<max(p + 1, size) { rotate(&matrix, &turns, size, p, q) }
      }
    }
    return ((0..<size).map { matrix[$0 * size + $0] }, turns)
  }

  private static func rotate(
    _ matrix: inout [Double], _ turns: inout [Double], _ size: Int, _ p: Int, _ q: Int
  ) {
    let apart = matrix[p * size + q]
    guard apart != 0 else { return }
    let theta = (matrix[q * size + q] - matrix[p * size + p]) / (2 * apart)
    let t = (theta >= 0 ? 1.0 : -1) / (abs(theta) + (theta * theta + 1).squareRoot())
    let c = 1 / (t * t + 1).squareRoot()
    let s = t * c
    for k in 0..<size {
      let (a, b) = (matrix[k * size + p], matrix[k * size + q])
      (matrix[k * size + p], matrix[k * size + q]) = (c * a - s * b, s * a + c * b)
    }
    for k in 0..<size {
      let (a, b) = (matrix[p * size + k], matrix[q * size + k])
      (matrix[p * size + k], matrix[q * size + k]) = (c * a - s * b, s * a + c * b)
      let (x, y) = (turns[k * size + p], turns[k * size + q])
      (turns[k * size + p], turns[k * size + q]) = (c * x - s * y, s * x + c * y)
    }
  }
}
