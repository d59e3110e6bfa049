import Files
import Foundation
import Foundations
import Tables

/// Recorded runs as tables and maps.
enum RunListing {
  static func table(_ runs: [RunSummary]) throws -> Table {
    let names = ["run", "script", "started", "status", "trials", "seed", "parameters"]
    guard !runs.isEmpty else { return try Table(columns: names.map { Table.Column($0, []) }) }
    return Table(
      rows: runs.map { run in
        let all = max(run.trialsPlanned, run.trialsDone + run.trialsFailed)
        let failed = run.trialsFailed > 0 ? " (\(run.trialsFailed) failed)" : ""
        let trials = all == 0 ? "" : "\(run.trialsDone)/\(all)\(failed)"
        let cells: [Cell] = [
          .int(run.number), .string(run.script), .string(date(run.started)),
          .string(run.status.rawValue), .string(trials), .int(run.seed),
          .string(parameters(run.parameters)),
        ]
        return Array(zip(names, cells)).map { (name: $0.0, cell: $0.1) }
      })
  }

  static func entries(_ run: RunDetail) -> [Cell.Entry] {
    func entry(_ name: String, _ value: Cell) -> Cell.Entry {
      Cell.Entry(key: .string(name), value: value)
    }
    let data = run.data.map { entry($0.path, .string($0.fingerprint)) }
    let artefacts = run.artefacts.map { entry($0.name, .string($0.hash)) }
    return [
      entry("run", .int(run.summary.number)), entry("script", .string(run.summary.script)),
      entry("status", .string(run.summary.status.rawValue)),
      entry("message", run.message.map(Cell.string) ?? .null),
      entry("started", .float(run.summary.started.timeIntervalSince1970)),
      entry("updated", .float(run.summary.updated.timeIntervalSince1970)),
      entry("seed", .int(run.summary.seed)), entry("parameters", .map(run.summary.parameters)),
      entry("version", .string(run.version)), entry("fingerprint", .string(run.fingerprint)),
      entry("data", .map(data)), entry("artefacts", .map(artefacts)),
      entry("trials", .int(run.summary.trialsDone)),
      entry("failed", .int(run.summary.trialsFailed)),
      entry("events", .list(run.events.map { .map($0.entries) })),
      entry("output", run.output.map(Cell.string) ?? .null),
      entry("text", .string(run.text)),
    ]
  }

  static func date(_ date: Date) -> String {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.dateFormat = "yyyy-MM-dd HH:mm:ss"
    return formatter.string(from: date)
  }

  static func parameters(_ entries: [Cell.Entry]) -> String {
    entries.map { "\($0.key.text)=\($0.value.text)" }.joined(separator: " ")
  }

  /// The page that `fairlead runs show N` prints.
  static func page(_ run: RunDetail, width: Int?, coloured: Bool) throws -> String {
    func bold(_ text: String) -> String { coloured ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
    let summary = run.summary
    var lines = [bold("run \(summary.number)  \(summary.script)")]
    func fact(_ name: String, _ value: String) {
      if !value.isEmpty { lines.append(DisplayWidth.padded(name, to: 12) + value) }
    }
    fact("status", summary.status.rawValue + (run.message.map { ": " + $0 } ?? ""))
    fact("started", date(summary.started))
    fact("updated", date(summary.updated))
    fact("seed", "\(summary.seed)")
    fact("parameters", parameters(summary.parameters))
    fact("version", run.version)
    fact("fingerprint", run.fingerprint)
    // Not what was looked for and not there.
    for (path, content) in run.data where ReadLog.isOfFile(content) {
      fact("data", "\(path) \(content.prefix(16))")
    }
    for artefact in run.artefacts {
      fact("artefact", "\(artefact.name) \(artefact.hash.prefix(16)) \(artefact.bytes) bytes")
    }
    for sweep in Set(run.trials.map(\.sweep)).sorted() {
      let trials = run.trials.filter { $0.sweep == sweep }
      let plan = SweepPlan(names: trials[0].axes.map(\.key.text), combinations: [])
      lines += [
        "", try SweepDriver.table(plan, trials).text(TextStyle(width: width, coloured: coloured)),
      ]
    }
    lines += privateTrainings(run.events, TextStyle(width: width, coloured: coloured))
    if let output = run.output, !output.isEmpty {
      let shown = output.hasSuffix("\n") ? String(output.dropLast()) : output
      lines += ["", bold("printed")]
      lines += shown.split(separator: "\n", omittingEmptySubsequences: false).map {
        DisplayWidth.printable(String($0))
      }
    }
    lines += ["", bold("script"), run.text]
    return lines.joined(separator: "\n")
  }
}
