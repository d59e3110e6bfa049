import Foundation
import Foundations

/// Token sequences as points: their bags of words, each word weighed by how often it occurs and how rare it is
/// (tf-idf), projected onto few random directions, which keeps distances (Achlioptas 2003, "Database-friendly random
/// projections"), and scaled to length 1.
public enum BagFeatures {
  public static let width = 64

  /// - Parameter tokens: of one example by its number.
  /// - Returns: [examples, width], row after row; zeros for an example without tokens.
  public static func points(
    _ count: Int, tokens: (Int) throws -> ArraySlice<Int32>
  ) throws -> [Double] {
    var holding: [Int32: Int] = [:]
    for example in 0..<count {
      try Cancellation.check(turn: example)
      for token in Set(try tokens(example)) { holding[token, default: 0] += 1 }
    }
    var directions: [Int32: [Double]] = [:]
    for (token, number) in holding {
      let rarity = log(Double(1 + count) / Double(1 + number)) + 1
      var bits = RandomKey(seed: 0).derived("bag", Int(token)).high
      directions[token] = (0..<width).map { _ in
        defer { bits >>= 1 }
        return bits & 1 == 0 ? rarity : -rarity
      }
    }
    var result = [Double](repeating: 0, count: count * width)
    for example in 0..<count {
      try Cancellation.check(turn: example)
      let start = example * width
      for token in try tokens(example) {
        guard let direction = directions[token] else { continue }
        for k in 0..<width { result[start + k] += direction[k] }
      }
      let norm = (0..<width).reduce(0) { $0 + result[start + $1] * result[start + $1] }.squareRoot()
      if norm > 0 { for k in 0..<width { result[start + k] /= norm } }
    }
    return result
  }
}
