import Synchronization

/// Why a run has to end before it is over.
public enum StopReason: UInt8 {
  /// The user asks for it.
  case interrupt = 1
  /// It has run longer than it may.
  case time
  /// The process takes more memory than it may.
  case memory
}

/// Set from a signal handler or another thread; the interpreter and long-running natives look at it.
public final class InterruptFlag: Sendable {
  private let raised = Atomic<UInt8>(0)
  public init() {}

  public var isSet: Bool { raised.load(ordering: .relaxed) != 0 }
  /// Whether the run is over, whatever is done: not where memory is short, which a collection may mend.
  public var endsRun: Bool { isSet && reason != .memory }
  /// Asks what runs to stop; gives what it was asked before and has not answered yet. Safe in a signal handler.
  @discardableResult
  public func set() -> StopReason? {
    StopReason(rawValue: raised.exchange(StopReason.interrupt.rawValue, ordering: .relaxed))
  }
  public func clear() { raised.store(0, ordering: .relaxed) }

  var reason: StopReason? { StopReason(rawValue: raised.load(ordering: .relaxed)) }

  /// Asks what runs to stop for a reason; nothing happens where it is asked already.
  func raise(_ reason: StopReason) {
    _ = raised.compareExchange(expected: 0, desired: reason.rawValue, ordering: .relaxed)
  }

  /// Takes the question back, unless it has become another one.
  func lower(_ reason: StopReason) {
    _ = raised.compareExchange(expected: reason.rawValue, desired: 0, ordering: .relaxed)
  }
}
