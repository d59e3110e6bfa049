import Builtins
import Foundation
import Foundations
import Runtime
import Tables
import Tensors

/// What names the trials of a sweep in the record: all that the result of one depends on, and nothing else.
///
/// That is the code of the body and what it can reach, the content of the values that it captured, the trial's own
/// values, the seed, the build of Fairlead and the processor's arithmetic. What a trial reads while it runs is noted
/// beside its result and looked at when that is found again (`TrialRecord.data`).
struct TrialNames {
  let keys: [Fingerprint]

  /// What the names need of the program around the sweep.
  struct Surroundings {
    /// Where the trials' random streams come from.
    var stream: String
    /// The version and build of Fairlead.
    var version: String
    /// What stands for values whose content cannot be told: the script as far as it has run, and all that went into it.
    var origin: () -> [String]
    /// The environment that the script may see.
    var environment: () -> [String]
  }

  init(_ request: SweepRequest, _ plan: SweepPlan, _ surroundings: Surroundings) throws {
    var content = FingerprintWriter()
    let writer = ContentWriter { content.add(bytes: $0) }
    let natives = request.writeBody(to: writer)
    writer.flush()
    var parts = [
      "trial", surroundings.version, Processor.arithmetic, surroundings.stream,
      content.fingerprint.description,
    ]
    parts += TrialNames.state(behind: natives, surroundings)
    lazy var origin = ["origin"] + surroundings.origin()
    if !writer.isWhole { parts += origin }
    keys = try zip(plan.combinations.indices, plan.occurrences()).map { trial, occurrence in
      try Cancellation.check(turn: trial)
      var own = parts + [CellCoding.encode(.map(plan.axes(trial))), "\(occurrence)"]
      if !request.hasPlainValues(trial) {
        var content = FingerprintWriter()
        let writer = ContentWriter { content.add(bytes: $0) }
        let natives = request.writeValues(of: trial, to: writer)
        writer.flush()
        own.append(content.fingerprint.description)
        own += TrialNames.state(behind: natives, surroundings)
        if !writer.isWhole { own += origin }
      }
      return Fingerprint(own)
    }
  }

  /// What natives that look beyond the script can find there.
  private static func state(behind natives: Set<String>, _ surroundings: Surroundings) -> [String] {
    var parts: [String] = []
    if natives.contains("sys.env") { parts += ["environment"] + surroundings.environment() }
    if natives.contains("sys.threads") { parts += ["threads", "\(Library.threads)"] }
    // The record changes with every trial: what looks at it is run again.
    if natives.contains(where: { $0.hasPrefix("runs.") }) { parts += ["runs", UUID().uuidString] }
    return parts
  }
}
