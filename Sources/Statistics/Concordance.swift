import Foundation
import Foundations

/// How many pairs of pairs are in the same order in two lists: Kendall's τ-b and its p-value (Kendall 1938, 1970),
/// counted by sorting as Knight (1966) does.
struct Concordance {
  private let n: Int
  private let total: Double
  /// Pairs of pairs in opposite orders.
  private let discordant: Double
  private let excess: Double
  private let firstTies: [Int]
  private let secondTies: [Int]
  private let firstTied: Double
  private let secondTied: Double

  /// - Precondition: the lists have one length, and no value is nan.
  init(_ a: [Double], _ b: [Double]) throws(DomainError) {
    n = a.count
    let count = Double(n)
    total = count * (count - 1) / 2
    let order = a.indices.sorted { a[$0] != a[$1] ? a[$0] < a[$1] : b[$0] < b[$1] }
    firstTies = Ranks(a).groups
    secondTies = Ranks(b).groups
    func pairs(_ groups: [Int]) -> Double {
      groups.reduce(0) { $0 + Double($1) * Double($1 - 1) / 2 }
    }
    firstTied = pairs(firstTies)
    secondTied = pairs(secondTies)
    var (bothTied, run) = (0.0, 0.0)
    for (before, place) in zip(order, order.dropFirst()) {
      run = a[before] == a[place] && b[before] == b[place] ? run + 1 : 0
      bothTied += run
    }
    discordant = try Concordance.inversions(order.map { b[$0] })
    excess = total - firstTied - secondTied + bothTied - 2 * discordant
  }

  /// Nan where one list is constant.
  var tau: Double {
    guard firstTied < total, secondTied < total else { return .nan }
    let value = excess / (total - firstTied).squareRoot() / (total - secondTied).squareRoot()
    return min(1, max(-1, value))
  }

  func p(_ alternative: Alternative) -> Double {
    let fewest = min(discordant, total - discordant)
    if firstTied == 0, secondTied == 0, n <= 33 || fewest <= 1 {
      return exact(alternative)
    }
    func sum(_ groups: [Int], _ term: (Double) -> Double) -> Double {
      groups.reduce(0) { $0 + term(Double($1)) }
    }
    let count = Double(n)
    let m = count * (count - 1)
    let (first, second) = (
      sum(firstTies) { $0 * ($0 - 1) * (2 * $0 + 5) },
      sum(secondTies) { $0 * ($0 - 1) * (2 * $0 + 5) }
    )
    let (triple, otherTriple) = (
      sum(firstTies) { $0 * ($0 - 1) * ($0 - 2) }, sum(secondTies) { $0 * ($0 - 1) * ($0 - 2) }
    )
    let variance =
      (m * (2 * count + 5) - first - second) / 18 + 2 * firstTied * secondTied / m
      + triple * otherTriple / (9 * m * (count - 2))
    let z = excess / variance.squareRoot()
    return alternative.p(lower: NormalIntegral.cumulative(z), upper: NormalIntegral.upper(z))
  }

  /// From the number of orders of n values with each number of inversions, as probabilities.
  private func exact(_ alternative: Alternative) -> Double {
    let most = Int(total)
    let few = Int(min(discordant, total - discordant))
    // For long lists only 0 and 1 inversions are asked for: 1 and n − 1 of n! orders have so many.
    if n > 33 {
      let none = exp(-Saddlepoint.logGamma(Double(n) + 1))
      let tail = few == 0 ? none : none * Double(n)
      let at = few == 0 ? none : none * Double(n - 1)
      return chance(tail: tail, at: at, alternative)
    }
    var chances = [Double](repeating: 0, count: most + 1)
    chances[0] = 1
    for size in stride(from: 2, through: n, by: 1) {
      // The value that comes last stands before 0 … size − 1 of the others.
      var next = [Double](repeating: 0, count: most + 1)
      for (inversions, chance) in chances.enumerated() where chance > 0 {
        for more in 0..<size where inversions + more <= most {
          next[inversions + more] += chance / Double(size)
        }
      }
      chances = next
    }
    return chance(tail: chances[0...few].reduce(0, +), at: chances[few], alternative)
  }

  /// - Parameter tail: the probability of at most as few pairs out of (or in) order as there are; `at`: of just so
  ///   many.
  private func chance(tail: Double, at: Double, _ alternative: Alternative) -> Double {
    let isRising = discordant <= total - discordant
    let rest = 1 - tail + at
    return alternative.p(lower: isRising ? rest : tail, upper: isRising ? tail : rest)
  }

  /// How many pairs of values stand in falling order, by merging.
  private static func inversions(_ values: [Double]) throws(DomainError) -> Double {
    var (values, other) = (values, values)
    var (count, width) = (0.0, 1)
    while width < values.count {
      try Cancellation.check()
      for start in stride(from: 0, to: values.count, by: 2 * width) {
        let middle = min(start + width, values.count)
        let end = min(start + 2 * width, values.count)
        var (i, j) = (start, middle)
        for place in start..<end {
          if j == end || (i < middle && values[i] <= values[j]) {
            other[place] = values[i]
            i += 1
          } else {
            count += Double(middle - i)
            other[place] = values[j]
            j += 1
          }
        }
      }
      swap(&values, &other)
      width *= 2
    }
    return count
  }
}
