import Foundations
import Glibc
import Synchronization

/// Looks after a run's limits from a thread of its own, and raises the run's flag where one is reached: so whatever
/// runs has to look at one flag only, and does so even where it knows nothing of scripts. What does not listen is ended
/// with the process.
final class Watchdog: Sendable {
  private static let interval: UInt32 = 10_000
  /// How long after a limit something may go on without listening.
  private static let patience = 5.0

  private let flag: InterruptFlag
  private let limits: Limits
  private let start = Watchdog.now
  private let memory: MemoryBounds?
  /// Ends the process: gets why.
  private let lastResort: (@Sendable (Fault) -> Void)?
  private let isOver = Atomic<Bool>(false)
  /// When what was stopped must have ended, as the bits of a time; 0 where nothing was stopped.
  private let graceEnd = Atomic<UInt64>(0)
  private let stopReason = Atomic<UInt8>(0)

  /// Seconds since some time before.
  static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// Starts watching; nil where there is nothing to be watched.
  static func start(
    _ limits: Limits, _ flag: InterruptFlag, lastResort: (@Sendable (Fault) -> Void)?
  ) -> Watchdog? {
    guard limits.seconds != nil || limits.bindsProcess else { return nil }
    let watchdog = Watchdog(limits, flag, lastResort)
    watchdog.startThread()
    return watchdog
  }

  private init(
    _ limits: Limits, _ flag: InterruptFlag, _ lastResort: (@Sendable (Fault) -> Void)?
  ) {
    self.limits = limits
    self.flag = flag
    self.lastResort = lastResort
    memory = limits.bindsProcess ? MemoryBounds(limits.memoryBytes) : nil
  }

  /// Stops watching.
  func end() { isOver.store(true, ordering: .relaxed) }

  /// What runs has been stopped, and its `finally` blocks may run until `end`.
  func grace(until end: Double, _ reason: StopReason?) {
    stopReason.store((reason ?? .interrupt).rawValue, ordering: .relaxed)
    graceEnd.store(end.bitPattern, ordering: .releasing)
  }

  /// Whether the process still takes more memory than it may.
  var isMemoryShort: Bool {
    guard let memory, let usage = SystemMemory.usage() else { return false }
    return memory.isPassed(by: usage)
  }

  private func startThread() {
    // Where none can be made the interpreter's own counts of its objects still bound the run.
    _ = BackgroundThread.start(stackBytes: 256 << 10) { self.watch() }
  }

  private func watch() {
    var isTimeUp = false
    var unansweredSince: Double?
    var turn = 0
    while true {
      usleep(Watchdog.interval)
      if isOver.load(ordering: .relaxed) { return }
      turn += 1
      let now = Watchdog.now
      if let seconds = limits.seconds, !isTimeUp, now >= start + seconds {
        isTimeUp = true
        flag.raise(.time)
      }
      let grace = Double(bitPattern: graceEnd.load(ordering: .acquiring))
      if grace > 0, now > grace,
        let reason = StopReason(rawValue: stopReason.load(ordering: .relaxed))
      {
        flag.raise(reason)
      }
      if let memory, let usage = SystemMemory.usage() {
        if grace == 0, memory.isPassed(by: usage) || turn % 10 == 0 && SystemMemory.isScarce(usage)
        {
          flag.raise(.memory)
        }
        if memory.isFarPassed(by: usage) { end(for: .memory) }
      }
      guard let reason = flag.reason else {
        unansweredSince = nil
        continue
      }
      let since = unansweredSince ?? now
      unansweredSince = since
      // Who interrupts can do so again, and may rather wait for what does not listen yet.
      if reason != .interrupt, now > since + Watchdog.patience { end(for: reason) }
    }
  }

  private func end(for reason: StopReason) { lastResort?(VM.fault(for: reason, limits)) }
}

/// How much the process may take. The soft bounds are those that raise the flag; beyond the hard one nothing is waited
/// for.
struct MemoryBounds {
  private let resident: Int
  private let hardResident: Int
  private let addresses: Int
  private let data: Int

  init(_ limit: Int) {
    let usable = SystemMemory.usable
    let own = SystemMemory.usage()?.resident ?? 0
    // What the allocator needs beside what it is asked for is no script's fault.
    let (allowed, overflow) = limit.addingReportingOverflow(limit / 10 + own + (8 << 20))
    resident = overflow ? usable : min(allowed, usable)
    hardResident = resident == usable ? usable + usable / 20 : resident + limit / 10 + (24 << 20)
    addresses = SystemMemory.allowed(RLIMIT_AS).map { $0 - max(24 << 20, $0 / 16) } ?? .max
    data = SystemMemory.allowed(RLIMIT_DATA).map { $0 - max(24 << 20, $0 / 16) } ?? .max
  }

  func isPassed(by usage: SystemMemory.Usage) -> Bool {
    usage.resident > resident || usage.addresses > addresses || usage.data > data
  }

  func isFarPassed(by usage: SystemMemory.Usage) -> Bool { usage.resident > hardResident }
}
