// Words that many devices have, letter by letter: the trie of W. Zhu, P. Kairouz, B. McMahan, H. Sun, W. Li, "Federated
// Heavy Hitters Discovery with Differential Privacy", AISTATS 2020 (arXiv 1902.08534), with noise on the counts of all
// continuations in place of the paper's sampling: then there is a promise for any number of devices, without a delta.

import Foundation
import Foundations
import Privacy

extension FederatedStatistic {
  public struct HeavyHitter: Sendable, Equatable {
    public var text: String
    public var count: PrivateValue
  }

  /// Texts that come out of a prefix tree over their UTF-8 bytes. On each of `length` levels, which share epsilon, each
  /// device counts for the prefixes of its different texts, `contributions` at most; prefixes stay whose noisy count is
  /// at least `threshold`, and at least what noise alone reaches with chance 1 - `level` in all.
  /// - Parameters:
  ///   - length: bytes of a text; longer ones count by their beginning.
  ///   - most: prefixes that stay on a level.
  /// - Returns: by falling count.
  /// - Throws: `value` for bad numbers, and where too few devices answer; `limit`, `interrupt`.
  public func heavyHitters(
    length: Int, most: Int, threshold: Double, _ texts: @Sendable (Int) throws -> [String]
  ) throws -> (found: [HeavyHitter], devices: Int) {
    guard length >= 1, length <= 64, most >= 1, most <= 1024, threshold >= 0, threshold.isFinite
    else {
      throw DomainError(
        .value,
        "a text has from 1 to 64 bytes, from 1 to 1024 prefixes stay, from a count of 0 on; got \(length), \(most) and \(threshold)"
      )
    }
    let counters = counters
    let shares = try counters.shares(
      devices, epsilon: epsilon / Double(length) * (1 - 0x1p-50), places: 1)
    let words = try (0..<devices).map { device in
      let different = Set(try texts(device).map { Array($0.utf8.prefix(length)) })
      let ordered = different.sorted { $0.lexicographicallyPrecedes($1) }
      return counters.bounded(ordered, device: device)
    }
    var kept: [[UInt8]] = [[]]
    var found: [HeavyHitter] = []
    var present = devices
    for level in 1...length where !kept.isEmpty {
      let places = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
      let totals = try counters.totals(
        devices, counters: kept.count * 257, shares: shares, round: level
      ) { device in
        words[device].compactMap { word in
          guard word.count >= level - 1, let place = places[Array(word.prefix(level - 1))] else {
            return nil
          }
          return place * 257 + (word.count == level - 1 ? 256 : Int(word[level - 1]))
        }
      }
      present = min(present, totals.devices)
      let chance = (1 - self.level) / Double(length * most * 257)
      let least = max(threshold, totals.halfWidth(chance: chance).nextUp)
      let half = totals.halfWidth(chance: 1 - self.level)
      var next: [(prefix: [UInt8], count: Int)] = []
      for (place, count) in totals.counts.enumerated() where Double(count) >= least {
        let (prefix, symbol) = (kept[place / 257], place % 257)
        let longer = symbol == 256 ? prefix : prefix + [UInt8(symbol)]
        guard symbol == 256 || level == length else {
          next.append((longer, count))
          continue
        }
        found.append(
          HeavyHitter(
            text: String(decoding: longer, as: UTF8.self),
            count: PrivateValue(
              value: Double(count), low: Double(count) - half, high: Double(count) + half)
          ))
      }
      next.sort { $0.count > $1.count }
      kept = next.prefix(most).map(\.prefix)
    }
    found.sort {
      $0.count.value != $1.count.value ? $0.count.value > $1.count.value : $0.text < $1.text
    }
    return (found, present)
  }
}
