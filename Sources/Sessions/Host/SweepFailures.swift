import Syntax

/// The trials of the run's sweeps that failed, and whether the script looked at them.
struct SweepFailures {
  private struct Entry {
    var trials: Int
    var failed: Int
    /// What the first one ended in.
    var first: String
    var place: Diagnostic.Label
    var wasSeen = false
  }

  private var entries: [Int: Entry] = [:]

  mutating func add(
    sweep: Int, trials: Int, failed: Int, first: String, place: Diagnostic.Label
  ) {
    entries[sweep] = Entry(trials: trials, failed: failed, first: first, place: place)
  }

  mutating func see(_ sweep: Int) { entries[sweep]?.wasSeen = true }

  /// What is wrong where all trials of a sweep failed, or some did and the script never looked; nil where nothing is.
  var problem: Diagnostic? {
    let bad = entries.sorted { $0.key < $1.key }.map(\.value).filter {
      $0.failed == $0.trials || !$0.wasSeen
    }
    guard let worst = bad.first(where: { $0.failed == $0.trials }) ?? bad.first else { return nil }
    let rest = bad.count > 1 ? " (and \(bad.count - 1) more of its sweeps had failures)" : ""
    let text = SweepFailures.text(failed: worst.failed, of: worst.trials)
    return Diagnostic(
      .value, "\(text): \(worst.first)\(rest)", labels: [worst.place],
      hint: worst.failed == worst.trials
        ? "with no result at all the run counts as failed; run it again when the cause is mended"
        : "the run counts as failed because the script looks at no failure: read `failures` or the column `error` of the sweep's table, and say there what becomes of them"
    )
  }

  static func text(failed: Int, of trials: Int) -> String {
    failed == trials
      ? (trials == 1
        ? "the only trial of this sweep failed" : "all \(trials) trials of this sweep failed")
      : "\(failed) of \(trials) trials of this sweep failed"
  }
}
