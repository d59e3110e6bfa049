import Foundation
import Foundations
import Text

/// A vocabulary as points, for mechanisms on words: exact Euclidean distances (never squared ones), in f64 from the
/// vectors' 32-bit numbers. Read next: `WordMechanism`, which has one; `NearestWords`, which searches in it.
struct WordSpace: Sendable {
  let count: Int
  let width: Int
  /// [width, count]: a loop over the words of one component needs no sum across.
  let columns: [Float]
  /// The largest length of a vector.
  let largestNorm: Double

  /// - Parameter values: [count, width].
  /// - Throws: `value` where there are fewer than two words, or a number is not finite.
  init(_ values: [Float], width: Int) throws {
    let count = width > 0 ? values.count / width : 0
    guard count >= 2 else {
      throw DomainError(
        .value, "words are hidden among others: two at least are needed, got \(count)")
    }
    var columns = [Float](repeating: 0, count: values.count)
    var largest = 0.0
    for word in 0..<count {
      try Cancellation.check(turn: word)
      var square = 0.0
      for k in 0..<width {
        let value = values[word * width + k]
        guard value.isFinite else {
          throw DomainError(.value, "a word's vector must be finite, got \(value)")
        }
        columns[k * count + word] = value
        square += Double(value) * Double(value)
      }
      largest = max(largest, square.squareRoot())
    }
    self.count = count
    self.width = width
    self.columns = columns
    largestNorm = largest
  }

  /// The numbers of a word.
  func vector(_ word: Int) -> [Double] { (0..<width).map { Double(columns[$0 * count + word]) } }

  /// Distances from a word to those of `range`. That from a to b has the same bits as that from b to a.
  func distances(
    from word: Int, to range: Range<Int>, into result: UnsafeMutablePointer<Double>
  ) {
    result.update(repeating: 0, count: range.count)
    columns.withUnsafeBufferPointer { columns in
      guard let base = columns.baseAddress else { return }
      for k in 0..<width {
        let column = base + k * count
        let here = Double(column[word])
        let others = column + range.lowerBound
        for i in 0..<range.count {
          let difference = Double(others[i]) - here
          result[i] += difference * difference
        }
      }
    }
    for i in 0..<range.count { result[i] = result[i].squareRoot() }
  }

  func distances(from word: Int) -> [Double] {
    [Double](unsafeUninitializedCapacity: count) { result, filled in
      if let base = result.baseAddress { distances(from: word, to: 0..<count, into: base) }
      filled = count
    }
  }

  func distance(_ first: Int, _ second: Int) -> Double {
    var square = 0.0
    for k in 0..<width {
      let difference = Double(columns[k * count + second]) - Double(columns[k * count + first])
      square += difference * difference
    }
    return square.squareRoot()
  }

  /// Two words and how far they are apart.
  struct Pair: Sendable {
    var distance: Double
    var first: Int
    var second: Int
  }

  /// The closest and the farthest two of all words, exactly: count²·width/2 multiplications, some seconds for 20,000
  /// words of 50 numbers. Of several pairs the first counts.
  ///
  /// - Throws: `interrupt`.
  func extremes() throws -> (closest: Pair, farthest: Pair) {
    let rows = 16
    let blocks = (count - 1 + rows - 1) / rows
    let none = (
      Pair(distance: .infinity, first: 0, second: 1), Pair(distance: -1, first: 0, second: 1)
    )
    let found = try Cancellation.abandonable {
      [(Pair, Pair)](unsafeUninitializedCapacity: blocks) { result, filled in
        for block in 0..<blocks { result.initializeElement(at: block, to: none) }
        nonisolated(unsafe) let result = result
        Parallel.blocks(count - 1, size: rows) { block in
          result[block.lowerBound / rows] = extremes(from: block)
        }
        filled = blocks
      }
    }
    return found.dropFirst().reduce(into: found[0]) { best, next in
      if next.0.distance < best.0.distance { best.0 = next.0 }
      if next.1.distance > best.1.distance { best.1 = next.1 }
    }
  }

  /// The extremes among all pairs whose first word is in `block`.
  private func extremes(from block: Range<Int>) -> (Pair, Pair) {
    var closest = Pair(distance: .infinity, first: 0, second: 1)
    var farthest = Pair(distance: -1, first: 0, second: 1)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: count) { scratch in
      guard let base = scratch.baseAddress else { return }
      for word in block {
        distances(from: word, to: word + 1..<count, into: base)
        for i in 0..<count - word - 1 {
          if base[i] < closest.distance {
            closest = Pair(distance: base[i], first: word, second: word + 1 + i)
          }
          if base[i] > farthest.distance {
            farthest = Pair(distance: base[i], first: word, second: word + 1 + i)
          }
        }
      }
    }
    return (closest, farthest)
  }

  /// At least as large as any distance, and at most twice the largest: found without looking at pairs.
  func roughDiameter() throws -> Double {
    let centre = (0..<width).map { k in
      columns[k * count..<(k + 1) * count].reduce(0) { $0 + Double($1) } / Double(count)
    }
    var radius = 0.0
    for word in 0..<count {
      try Cancellation.check(turn: word)
      var square = 0.0
      for k in 0..<width {
        let difference = Double(columns[k * count + word]) - centre[k]
        square += difference * difference
      }
      radius = max(radius, square.squareRoot())
    }
    return 2 * radius * (1 + 1e-12)
  }

  /// Puts up a little what was computed as the largest distance, by more than its rounding.
  static func roundedUp(_ distance: Double) -> Double { distance * (1 + 1e-12) }
}
