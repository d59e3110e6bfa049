import Foundations
import Text

/// Pairs of sentences that differ in the group they speak of, of which one says a stereotype (CrowS-Pairs, Nangia et
/// al. 2020): how often a model of language prefers that one.
public struct CrowSPairs: Sendable {
  public struct Pair: Sendable, Equatable {
    /// The sentence that says the stereotype, or says it more.
    public var more: String
    public var less: String
    public var kind: String
  }

  public let pairs: [Pair]

  public init(_ pairs: [Pair]) { self.pairs = pairs }

  /// Reads rows with the columns `sent_more`, `sent_less`, `bias_type` (the published CSV; also TSV, JSONL, `.gz`).
  public init(path: String) throws(DomainError) {
    let records = try Records.read(path)
    let (more, less) = (try records.column("sent_more"), try records.column("sent_less"))
    let kinds = try records.column("bias_type")
    pairs = more.indices.map { Pair(more: more[$0], less: less[$0], kind: kinds[$0]) }
  }

  /// The places of the tokens that two sentences share, in each: the longest common run, and then the same left and
  /// right of it (Ratcliff and Obershelp's matching, as the published code uses it through Python's difflib).
  public static func shared(_ a: [Int32], _ b: [Int32]) -> (a: [Int], b: [Int]) {
    var places: (a: [Int], b: [Int]) = ([], [])
    match(a[...], b[...], &places)
    return places
  }

  private static func match(
    _ a: ArraySlice<Int32>, _ b: ArraySlice<Int32>, _ places: inout (a: [Int], b: [Int])
  ) {
    var best = (a: a.startIndex, b: b.startIndex, count: 0)
    // lengths[j]: how long the common run is that ends at the present place of a and place j of b.
    var lengths = Array(repeating: 0, count: b.count + 1)
    for i in a.indices {
      var diagonal = 0
      for (offset, j) in b.indices.enumerated() {
        let length = a[i] == b[j] ? diagonal + 1 : 0
        diagonal = lengths[offset + 1]
        lengths[offset + 1] = length
        if length > best.count { best = (i - length + 1, j - length + 1, length) }
      }
    }
    guard best.count > 0 else { return }
    match(a[..<best.a], b[..<best.b], &places)
    for k in 0..<best.count {
      places.a.append(best.a + k)
      places.b.append(best.b + k)
    }
    match(a[(best.a + best.count)...], b[(best.b + best.count)...], &places)
  }
}
