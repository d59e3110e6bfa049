import Foundation
import Synchronization

/// The wait for another process that holds the run store: of some seconds, told on standard error, and ended by
/// whatever ends the run.
public final class StoreWait: Sendable {
  private struct State {
    var began = 0.0
    var isTold = false
    var isHurried = false
  }

  /// Whether what ends the run ends the wait.
  let isStopped: @Sendable () -> Bool
  private let note: @Sendable (String) -> Void
  private let state = Mutex(State())

  /// Seconds until a wait is given up, and where the run is over already.
  private static let patience = (usual: 15.0, hurried: 0.5)
  /// Seconds until a wait is told.
  private static let silence = 1.5

  public init(
    isStopped: @escaping @Sendable () -> Bool = { false },
    note: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.isStopped = isStopped
    self.note = note
  }

  /// The run has been ended: little is left to wait for.
  func hurry() { state.withLock { $0.isHurried = true } }

  /// The run is over; another one may begin.
  func reset() { state.withLock { $0 = State() } }

  /// The busy handler of SQLite: waits a little; false where the wait is over.
  /// - Parameter tries: how often this was asked in the present wait.
  func goesOn(tries: Int, for path: String) -> Bool {
    let now = ProcessInfo.processInfo.systemUptime
    let (waited, isHurried, tells) = state.withLock { state in
      if tries == 0 { state.began = now }
      let waited = now - state.began
      let tells = waited > StoreWait.silence && !state.isTold
      if tells { state.isTold = true }
      return (waited, state.isHurried, tells)
    }
    if tells { note("waiting for \(path), which another process holds (Ctrl-C ends the wait)") }
    let patience = StoreWait.patience
    if isStopped() || waited > (isHurried ? patience.hurried : patience.usual) { return false }
    usleep(tries < 10 ? 1_000 : 20_000)
    return true
  }
}
