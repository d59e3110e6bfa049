import Syntax

/// What ends a run: an interrupt or a limit that was reached.
struct Stop {
  let fault: Fault
  /// When the time of `finally` blocks is over.
  let end: Double

  /// Seconds that `finally` blocks have after an interrupt or at a limit, all together.
  static let grace = 1.0
}

/// Interrupts and the limits of a run. What has to stop throws a fault that `catch` does not see. `finally` blocks run
/// for a second at most, whatever they call; after that only contexts are left.
extension VM {
  /// How many backward jumps and calls lie between two looks.
  static let pollInterval = 5_000

  /// Looks at interrupts and limits; gives the turns until the next look.
  @inline(never)
  func poll() throws(Fault) -> Int {
    machine.pointee.fuel = VM.pollInterval
    try lookAround()
    if limits.steps != nil {
      stepsLeft -= VM.pollInterval
      if stepsLeft <= 0 {
        // A finally block that runs now gets some more, once.
        stepsLeft = 100 * VM.pollInterval
        if let stop { throw stop.fault.final() }
        throw Fault(.limit, "this ran more than \(limits.steps ?? 0) steps").uncatchable()
      }
    }
    return VM.pollInterval
  }

  /// Looks at interrupts and limits after what may have taken long, a native or an operation on tensors: a script need
  /// not come to a loop to be stopped.
  @inline(__always)
  func lookAround() throws(Fault) {
    if interrupt.isSet || stop != nil { try obey() }
  }

  /// The flag is up, or `finally` blocks run.
  @inline(never)
  private func obey() throws(Fault) {
    let reason = interrupt.reason
    if let stop {
      // The flag of a sweep stays up for the other trials. Otherwise it is the second time that this is asked to stop.
      if reason == nil || isTrial, Watchdog.now < stop.end { return }
      throw stop.fault.final()
    }
    guard let reason else { return }
    if reason == .memory, !isInNative {
      // It may be what nothing reaches any more: that is collected at the next place where it can be.
      isMemoryShort = true
      heap.counters.pointee.threshold = -1
      interrupt.lower(.memory)
      return
    }
    throw VM.fault(for: reason, limits)
  }

  /// Notes that a fault which nothing catches ends the run.
  func stopped(by fault: Fault) {
    let reason = interrupt.reason
    // A trial's flag is the whole sweep's.
    if !isTrial { interrupt.clear() }
    guard stop == nil else { return }
    if let reason, reason != .interrupt { fault.became(VM.fault(for: reason, limits)) }
    let stop = Stop(fault: fault, end: Watchdog.now + Stop.grace)
    self.stop = stop
    if !isTrial { interpreter.watchdog?.grace(until: stop.end, reason) }
    if reason == .memory { heap.counters.pointee.threshold = -1 }
  }

  static func fault(for reason: StopReason, _ limits: Limits) -> Fault {
    switch reason {
    case .interrupt: .interrupted()
    case .time:
      Fault(.limit, "this ran longer than \(Formatting.float(limits.seconds ?? 0)) seconds")
        .uncatchable()
    case .memory:
      Fault(
        .limit,
        "this uses more memory than the limit of \(megabytes(min(limits.memoryBytes, SystemMemory.usable)))"
      ).uncatchable()
    }
  }
}
