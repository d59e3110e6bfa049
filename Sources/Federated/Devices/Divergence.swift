import Foundation
import Foundations

/// How the classes of devices differ.
extension DeviceSet {
  /// The most devices that are compared with each other: their matrix takes the square of it, 800 MB.
  static let mostCompared = 10_000

  /// The Jensen–Shannon divergence (Lin 1991) between the class distributions of each two of `places`, in bits: 0 for
  /// equal ones, 1 for such without a common class. NaN where a device is empty.
  /// - Returns: [n, n], row after row.
  /// - Throws: `value` where examples have no classes, `limit` for too many devices, `interrupt`.
  public func divergence(of places: [Int]) throws -> [Double] {
    guard let classes else {
      throw DomainError(
        .value, "these examples have no classes, by which devices could differ",
        hint: "labels that are one whole number for each example are classes")
    }
    guard places.count <= Self.mostCompared else {
      throw DomainError(
        .limit, "at most \(Self.mostCompared) devices are compared, found \(places.count)")
    }
    var shares: [ClassShares] = []
    for (turn, place) in places.enumerated() {
      try Cancellation.check(turn: turn)
      shares.append(ClassShares(examples(place).map { classes[Int($0)] }))
    }
    let count = places.count
    var result = [Double](repeating: 0, count: count * count)
    result.withUnsafeMutableBufferPointer { result in
      nonisolated(unsafe) let target = result.baseAddress
      Parallel.blocks(count, size: 8) { rows in
        for i in rows {
          for j in 0..<count { target?[i * count + j] = shares[i].divergence(from: shares[j]) }
        }
      }
    }
    try Cancellation.check()
    return result
  }
}

/// How the examples of a device spread over classes.
struct ClassShares: Sendable {
  /// Classes that occur, in ascending order.
  private let classes: [Int32]
  private let shares: [Double]
  /// In nats.
  private let entropy: Double

  init(_ labels: [Int32]) {
    var counts: [Int32: Int] = [:]
    for label in labels { counts[label, default: 0] += 1 }
    let classes = counts.keys.sorted()
    self.init(classes, classes.map { Double(counts[$0] ?? 0) / Double(labels.count) })
  }

  init(_ classes: [Int32], _ shares: [Double]) {
    self.classes = classes
    self.shares = shares
    entropy = shares.reduce(0) { $0 + Self.term($1) }
  }

  private static func term(_ share: Double) -> Double { share > 0 ? -share * log(share) : 0 }

  /// The Jensen–Shannon divergence in bits: the entropy of the mixture less the mean entropy.
  func divergence(from other: ClassShares) -> Double {
    guard !classes.isEmpty, !other.classes.isEmpty else { return .nan }
    var (i, j) = (0, 0)
    var mixed = 0.0
    while i < classes.count || j < other.classes.count {
      let mine = i < classes.count ? classes[i] : .max
      let theirs = j < other.classes.count ? other.classes[j] : .max
      var share = 0.0
      if mine <= theirs {
        share += shares[i] / 2
        i += 1
      }
      if theirs <= mine {
        share += other.shares[j] / 2
        j += 1
      }
      mixed += Self.term(share)
    }
    // What is left of rounding where both are alike.
    return min(1, max(0, (mixed - (entropy + other.entropy) / 2) / log(2)))
  }
}
