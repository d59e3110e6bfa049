import Foundations

/// How far the output of a mechanism leaves open which word went in (Feyisetan, Balle, Drake, Diethe 2020, section
/// 5.1): measured, not promised.
public struct PlausibleDeniability: Sendable {
  /// N_w: the share of trials in which the word came out unchanged.
  public let unchanged: Double
  /// S_w: how many different words came out.
  public let distinct: Int

  /// Trials at a time.
  private static let batch = 1 << 18

  /// Exchanges each word `trials` times.
  ///
  /// - Throws: `value` where trials is not above 0, `index` where a number is no word, `interrupt`.
  public static func measure(
    _ words: [Int32], _ mechanism: WordMechanism, trials: Int, _ source: NoiseSource
  ) throws -> [PlausibleDeniability] {
    guard trials > 0, trials <= 1 << 24 else {
      throw DomainError(.value, "trials must be within 1 and \(1 << 24), got \(trials)")
    }
    let together = max(1, batch / trials)
    var result: [PlausibleDeniability] = []
    for first in stride(from: 0, to: words.count, by: together) {
      try Cancellation.check()
      let part = words[first..<min(first + together, words.count)]
      let outputs = try mechanism.exchange(
        part.flatMap { [Int32](repeating: $0, count: trials) }, source.derived(first))
      for (row, word) in part.enumerated() {
        let own = outputs[row * trials..<(row + 1) * trials]
        result.append(
          PlausibleDeniability(
            unchanged: Double(own.count { $0 == word }) / Double(trials),
            distinct: Set(own).count))
      }
    }
    return result
  }
}
