// Blanchard, El Mhamdi, Guerraoui, Stainer, "Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent",
// NeurIPS 2017 (arXiv 1703.02757), section 4; multi-Krum: section 5.

import Foundations
import Learning

/// The update that lies closest to its n - f - 2 nearest others, where at most f of n clients lie; or the mean of the
/// `multi` best of them. All clients count alike. Of updates that are equally good the first in the order of keys is
/// taken.
public struct Krum: Combiner {
  /// f.
  public let byzantine: Int
  /// m.
  public let multi: Int

  /// - Throws: `value` where f is negative or m is not at least 1.
  public init(byzantine: Int, multi: Int = 1) throws {
    guard byzantine >= 0, byzantine <= 1 << 20, multi >= 1 else {
      throw DomainError(
        .value,
        "Krum stands against at least 0 clients and takes the mean of at least 1 update, got \(byzantine) and \(multi)"
      )
    }
    self.byzantine = byzantine
    self.multi = multi
  }

  public var fingerprint: String {
    multi == 1 ? "krum(\(byzantine))" : "krum(\(byzantine), multi: \(multi))"
  }

  /// n ≥ 2f + 3 (the paper's proposition 1), and no more updates are averaged than honest clients are left.
  public var leastClients: Int { max(2 * byzantine + 3, multi + byzantine) }

  /// For each update the sum of its n - f - 2 smallest squared distances to others; infinite for one that is not
  /// finite.
  func scores(_ updates: [ClientUpdate]) throws -> [Double] {
    let count = updates.count
    var distances = [Double](repeating: 0, count: count * count)
    try Cancellation.abandonable {
      distances.withUnsafeMutableBufferPointer { buffer in
        nonisolated(unsafe) let buffer = buffer
        Parallel.each(count) { row in
          for column in 0..<row {
            var distance = 0.0
            for (a, b) in zip(updates[row].vectors, updates[column].vectors) {
              distance += a.squaredDistance(to: b)
            }
            if distance.isNaN { distance = .infinity }
            buffer[row * count + column] = distance
            buffer[column * count + row] = distance
          }
        }
      }
    }
    return (0..<count).map { row in
      let others = (0..<count).filter { $0 != row }.map { distances[row * count + $0] }.sorted()
      return others.prefix(count - byzantine - 2).reduce(0, +)
    }
  }

  public func combine(
    _ updates: [ClientUpdate], weights: [Double], devices: [Int], server: inout ServerState,
    random: RandomKey
  ) throws -> RoundSum {
    guard updates.count >= leastClients else {
      throw DomainError(
        .value,
        "\(updates.count) updates are too few for Krum against \(byzantine) clients with the mean of \(multi): it needs \(leastClients)",
        hint: "ask for more clients a round")
    }
    try RobustInput.check(updates, least: leastClients)
    let scores = try scores(updates)
    let best = scores.indices.sorted { (scores[$0], $0) < (scores[$1], $1) }.prefix(multi).sorted()
    return try RobustInput.mean(
      best.map { updates[$0] }, [Double](repeating: 1 / Double(best.count), count: best.count),
      of: updates)
  }
}
