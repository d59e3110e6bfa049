// Parallel composition (McSherry 2009, "Privacy integrated queries", theorem 4): a unit that joins or leaves is in one
// of several disjoint parts of the data, so what is done to the others does not touch it. What a ledger has spent is
// the largest of what the parts have, each with what was done to all data.

/// All that can have happened to one unit's data.
enum DisjointParts {
  /// One list of events for each way of being in the parts; the epsilon that counts is the largest of theirs.
  ///
  /// With many splits there would be too many ways: then each split counts for every event as often as it happened in
  /// any of its parts, which bounds them all.
  static func ways(_ entries: [LedgerEntry]) -> [[Event]] {
    ways(entries.map { ($0.part[...], $0.event) }).map(listed)
  }

  /// Whether no unit can be in both of two parts: they are different parts of one split.
  static func areDisjoint(_ a: [Int], _ b: [Int]) -> Bool {
    for place in stride(from: 0, to: min(a.count, b.count) - 1, by: 2) {
      guard a[place] == b[place] else { return false }
      if a[place + 1] != b[place + 1] { return true }
    }
    return false
  }

  private typealias Counts = [Event: Int]

  /// Ways that are gone through one by one.
  private static let most = 64

  private static func ways(_ entries: [(part: ArraySlice<Int>, event: Event)]) -> [Counts] {
    var own: Counts = [:]
    var splits: [Int: [Int: [(ArraySlice<Int>, Event)]]] = [:]
    for (part, event) in entries {
      if let split = part.first, let number = part.dropFirst().first {
        splits[split, default: [:]][number, default: []].append((part.dropFirst(2), event))
      } else {
        own[event, default: 0] += 1
      }
    }
    var result = [own]
    for split in splits.keys.sorted() {
      let parts = splits[split] ?? [:]
      let inner = undominated(parts.keys.sorted().flatMap { ways(parts[$0] ?? []) })
      if result.count * inner.count <= most {
        result = undominated(result.flatMap { a in inner.map { merged(a, $0) } })
      } else {
        let bound = inner.reduce(into: Counts()) { $0.merge($1, uniquingKeysWith: max) }
        result = result.map { merged($0, bound) }
      }
    }
    return result
  }

  private static func merged(_ a: Counts, _ b: Counts) -> Counts {
    a.merging(b, uniquingKeysWith: +)
  }

  /// Without those in which nothing happened that did not happen in another, too.
  private static func undominated(_ ways: [Counts]) -> [Counts] {
    var kept: [Counts] = []
    for way in ways {
      func isWithin(_ other: Counts) -> Bool {
        way.allSatisfy { $0.value <= other[$0.key, default: 0] }
      }
      if kept.contains(where: isWithin) { continue }
      kept.removeAll { old in old.allSatisfy { $0.value <= way[$0.key, default: 0] } }
      kept.append(way)
    }
    return kept
  }

  private static func listed(_ counts: Counts) -> [Event] {
    counts.map { event, count in
      count == 1
        ? event
        : Event(
          .repeated(event.mechanism, times: count), neighbours: event.neighbours, unit: event.unit)
    }
  }
}
