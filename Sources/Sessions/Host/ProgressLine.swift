import Builtins
import CSystem
import Foundation
import Foundations
import Tables

/// The line on standard error that shows what is going on: redrawn in place on a terminal, a line now and then
/// elsewhere.
///
/// One sweep and several training runs (one a worker) may report at the same time; the line shows the sweep and the run
/// that reported last.
public final class ProgressLine: @unchecked Sendable {
  // All state is guarded by `lock`.
  private let lock = NSLock()
  private let isTerminal: Bool
  private let coloured: Bool
  private let columns: () -> Int
  private let write: @Sendable (String) -> Void
  private let now: () -> Double
  /// Seconds between two redraws on a terminal, and between two lines elsewhere.
  private let pause: Double
  private var lastShown: Double
  private var isDrawn = false
  private var sweep: (done: Int, total: Int, started: Double)?
  private var stage: Stage?

  /// A run of reports.
  private struct Stage {
    let total: Int
    let firstDone: Int
    let started: Double
    var lastDone: Int
  }

  public convenience init(coloured: Bool) {
    let isTerminal = isatty(STDERR_FILENO) != 0
    self.init(
      isTerminal: isTerminal, coloured: coloured && isTerminal,
      columns: { Int(fairlead_terminal_columns(STDERR_FILENO)) },
      now: { ProcessInfo.processInfo.systemUptime }
    ) { text in
      FileHandle.standardError.writeQuietly(text)
    }
  }

  init(
    isTerminal: Bool, coloured: Bool, columns: @escaping () -> Int, now: @escaping () -> Double,
    write: @escaping @Sendable (String) -> Void
  ) {
    self.isTerminal = isTerminal
    self.coloured = coloured
    self.columns = columns
    self.now = now
    self.write = write
    pause = isTerminal ? 0.1 : 15
    lastShown = now() - (isTerminal ? 1 : 10)
  }

  /// Shows a report if it is time for one. Cheap otherwise.
  public func report(_ report: ProgressReport) {
    lock.lock()
    defer { lock.unlock() }
    let time = now()
    guard time - lastShown >= pause else { return }
    show(line(report, time), at: time)
  }

  /// Whether a report now would be shown: callers that have to compute figures for one may ask first.
  public var isDue: Bool {
    lock.lock()
    defer { lock.unlock() }
    return now() - lastShown >= pause
  }

  /// A sweep has `done` of `total` trials; nil when it is over.
  public func sweep(done: Int, total: Int) {
    lock.lock()
    defer { lock.unlock() }
    let time = now()
    sweep = (done, total, sweep?.started ?? time)
    stage = nil
    if isTerminal { show(sweepText(time) ?? "", at: time) }
  }

  public func endSweep() {
    lock.lock()
    defer { lock.unlock() }
    sweep = nil
    erase()
  }

  /// A whole line that stays, above the line that is redrawn.
  public func note(_ text: String) {
    lock.lock()
    defer { lock.unlock() }
    erase()
    write(text + "\n")
  }

  /// Takes the line away, before something else is written to the terminal.
  public func clear() {
    lock.lock()
    defer { lock.unlock() }
    erase()
  }

  private func show(_ line: String, at time: Double) {
    lastShown = time
    guard isTerminal else {
      write(line + "\n")
      return
    }
    let width = columns()
    isDrawn = true
    write("\r" + ProgressLine.cut(line, to: width > 1 ? width - 1 : 79) + "\u{1B}[K")
  }

  private func erase() {
    guard isDrawn else { return }
    isDrawn = false
    write("\r\u{1B}[K")
  }

  private func sweepText(_ time: Double) -> String? {
    guard let sweep else { return nil }
    return "trial \(min(sweep.done + 1, sweep.total))/\(sweep.total)"
  }

  private func line(_ report: ProgressReport, _ time: Double) -> String {
    let fraction = report.total > 0 ? Double(report.done) / Double(report.total) : 0
    var parts: [String] = []
    if let sweep = sweepText(time) { parts.append(sweep) }
    parts.append(
      report.stage + " " + ProgressLine.bar(fraction, coloured: coloured)
        + String(format: " %3.0f%%", 100 * min(1, max(0, fraction))))
    parts += report.figures.map { "\($0.name) \(ProgressLine.figure($0.value))" }
    parts += report.bounds.map { "\($0.name) \(NumberText.roundedUp($0.value, digits: 3))" }
    if let rate = report.rate, rate.value.isFinite, rate.value > 0 {
      parts.append("\(ProgressLine.quantity(rate.value)) \(rate.unit)")
      // The unit of the rate is not the unit of `total`, so the time left follows from the elapsed time below.
    }
    if let left = remaining(report, time) {
      parts.append("\(ProgressLine.clock(left)) left")
    }
    return parts.joined(separator: "  ")
  }

  /// The seconds that a run of reports will still take, by how far it has come since its first one that was seen.
  private func remaining(_ report: ProgressReport, _ time: Double) -> Double? {
    if let stage, stage.total == report.total, stage.lastDone <= report.done, report.done > 1 {
      self.stage?.lastDone = report.done
    } else {
      // Reports of another run, of which this need not be the first: where there is no terminal, few are shown.
      stage = Stage(
        total: report.total, firstDone: report.done, started: time, lastDone: report.done)
    }
    guard let stage, report.done > stage.firstDone, time > stage.started,
      Double(report.done - stage.firstDone) > 0.02 * Double(report.total)
    else { return nil }
    return (time - stage.started) * Double(max(0, report.total - report.done))
      / Double(report.done - stage.firstDone)
  }

  static func bar(_ fraction: Double, coloured: Bool, width: Int = 16) -> String {
    let eighths = Int(
      (min(1, max(0, fraction.isNaN ? 0 : fraction)) * Double(width * 8)).rounded(.down))
    let parts: [Character] = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    var text = String(repeating: "█", count: eighths / 8)
    if eighths / 8 < width { text.append(parts[eighths % 8]) }
    text += String(repeating: " ", count: max(0, width - eighths / 8 - 1))
    return coloured ? "▕\u{1B}[36m\(text)\u{1B}[0m▏" : "▕\(text)▏"
  }

  static func figure(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : (value < 0 ? "-inf" : "inf") }
    let magnitude = abs(value)
    if magnitude != 0, magnitude < 1e-3 || magnitude >= 1e5 { return String(format: "%.2e", value) }
    return String(format: magnitude < 1 ? "%.3f" : (magnitude < 100 ? "%.2f" : "%.0f"), value)
  }

  static func quantity(_ value: Double) -> String {
    switch value {
    case 1e9...: String(format: "%.1fG", value / 1e9)
    case 1e6...: String(format: "%.1fM", value / 1e6)
    case 1e4...: String(format: "%.1fk", value / 1e3)
    case 100...: String(format: "%.0f", value)
    default: String(format: "%.1f", value)
    }
  }

  /// Seconds as `0:04`, `12:30`, `3:05:00`.
  static func clock(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "long" }
    let whole = Int(max(0, seconds).rounded())
    return whole < 3600
      ? String(format: "%d:%02d", whole / 60, whole % 60)
      : String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
  }

  /// Cuts a line to a number of columns, colour sequences not counted.
  private static func cut(_ line: String, to width: Int) -> String {
    var result = ""
    var used = 0
    var isWhole = true
    var inEscape = false
    for character in line {
      if character == "\u{1B}" { inEscape = true }
      if !inEscape {
        let columns = DisplayWidth.of(character)
        if used + columns > width {
          isWhole = false
          break
        }
        used += columns
      }
      result.append(character)
      if inEscape, character == "m" { inEscape = false }
    }
    return !isWhole && line.contains("\u{1B}") ? result + "\u{1B}[0m" : result
  }
}

extension FileHandle {
  /// Writes text, and forgets it where nobody reads any more.
  func writeQuietly(_ text: String) { try? write(contentsOf: Data(text.utf8)) }
}
