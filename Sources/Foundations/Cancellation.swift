import CThreads
import Synchronization

/// Lets whoever waits stop work that takes long, such as reading a large file: the work asks now and then.
public final class Cancellation: Sendable {
  /// What work on this thread asks; nil where nobody can stop it.
  @TaskLocal private static var current: Cancellation?

  private let isRequested: @Sendable () -> Bool
  private let abandons: @Sendable () -> Bool

  private init(
    _ isRequested: @escaping @Sendable () -> Bool, _ abandons: @escaping @Sendable () -> Bool
  ) {
    self.isRequested = isRequested
    self.abandons = abandons
  }

  /// Runs `body`, which stops where `check` is called once `isRequested` says so.
  /// - Parameter abandons: what `abandonable` asks, where that is another question.
  public static func when<Result>(
    _ isRequested: @escaping @Sendable () -> Bool, abandons: (@Sendable () -> Bool)? = nil,
    _ body: () throws -> Result
  ) rethrows -> Result {
    try $current.withValue(
      Cancellation(isRequested, abandons ?? isRequested), operation: body)
  }

  /// - Throws: `interrupt` where the work should stop.
  public static func check() throws(DomainError) {
    if let current, fl_thread().pointee.finishing == 0, current.isRequested() { throw interrupted }
  }

  /// `check`, for every 4096th turn of a loop.
  @inline(__always)
  public static func check(turn: Int) throws(DomainError) {
    if turn & 0xFFF == 0xFFF { try check() }
  }

  /// Runs `body`, which changes what stays: nothing in it stops half-way.
  public static func finishing<Result>(_ body: () throws -> Result) rethrows -> Result {
    fl_thread().pointee.finishing += 1
    defer { letGo() }
    return try body()
  }

  /// Begins what `finishing` does, for work that comes to the point of no return half-way; `letGo` ends it.
  /// - Throws: `interrupt` where something has been left out already; then nothing has begun.
  public static func holdBack() throws(DomainError) {
    try AbandonableWork.requireWhole()
    fl_thread().pointee.finishing += 1
  }
  /// Ends what `holdBack` began.
  public static func letGo() { fl_thread().pointee.finishing -= 1 }

  /// Runs `body`, of which nothing stays but its result. Once this is to stop, parallel loops in it leave out the
  /// blocks that are left, and what they were to fill is not to be read: no memory is given to what would come after,
  /// and this throws.
  ///
  /// Not for what changes parameters, files or anything else that others can reach.
  /// - Throws: `interrupt` where something was left out, else what `body` throws.
  public static func abandonable<Result>(_ body: () throws -> Result) throws -> Result {
    let thread = fl_thread()
    guard thread.pointee.abandonable == nil, thread.pointee.finishing == 0, let current else {
      let result = try body()
      // Of the work around: what it made here need not be whole.
      try AbandonableWork.requireWhole()
      return result
    }
    var work = AbandonableWork(current.abandons)
    return try withUnsafeMutablePointer(to: &work) { work in
      thread.pointee.abandonable = UnsafeMutableRawPointer(work)
      defer { thread.pointee.abandonable = nil }
      let result: Result
      do { result = try body() } catch {
        // What failed may have read what was not there.
        if work.pointee.isLeft { throw interrupted }
        throw error
      }
      if work.pointee.isLeft { throw interrupted }
      return result
    }
  }

  /// Runs `body`, all of it, inside of work that is abandonable otherwise: a script's function, which may change
  /// anything.
  /// - Throws: `interrupt` where something has been left out already, else what `body` throws.
  public static func whole<Result>(_ body: () throws -> Result) throws -> Result {
    try AbandonableWork.requireWhole()
    let thread = fl_thread()
    let outer = thread.pointee.abandonable
    thread.pointee.abandonable = nil
    defer { thread.pointee.abandonable = outer }
    return try body()
  }

  static var interrupted: DomainError { DomainError(.interrupt, "interrupted") }
}

/// Work in progress that may be left undone. Lives on the stack of `Cancellation.abandonable` longer than all that look
/// at it.
public struct AbandonableWork: ~Copyable {
  private let isRequested: @Sendable () -> Bool
  /// Once something is left out it stays so, whatever becomes of the request.
  private let left = Atomic<Bool>(false)

  init(_ isRequested: @escaping @Sendable () -> Bool) { self.isRequested = isRequested }

  var isLeft: Bool { left.load(ordering: .relaxed) }

  /// Whether to leave out what comes next.
  borrowing func leaves() -> Bool {
    if isLeft { return true }
    guard isRequested() else { return false }
    left.store(true, ordering: .relaxed)
    return true
  }

  /// - Throws: `interrupt` where something of this thread's work has been left out.
  public static func requireWhole() throws(DomainError) {
    guard let work = fl_thread().pointee.abandonable else { return }
    if work.assumingMemoryBound(to: AbandonableWork.self).pointee.isLeft {
      throw Cancellation.interrupted
    }
  }
}

extension Parallel {
  /// Whether the rest of a loop is to be left out, because the work is stopped and nobody is going to see what it
  /// makes; see `Cancellation.abandonable`. Whoever asks leaves nothing that outlasts the call: no cache, no value that
  /// is computed once.
  @inlinable @inline(__always)
  public static var isAbandoned: Bool {
    let thread = fl_thread()
    return thread.pointee.abandonable != nil && thread.pointee.finishing == 0 && workIsLeft()
  }

  /// `isAbandoned`, for every 4096th turn of a loop.
  @inlinable @inline(__always)
  public static func isAbandoned(turn: Int) -> Bool { turn & 0xFFF == 0xFFF && isAbandoned }

  @usableFromInline @inline(never)
  static func workIsLeft() -> Bool {
    guard let work = fl_thread().pointee.abandonable else { return false }
    return work.assumingMemoryBound(to: AbandonableWork.self).pointee.leaves()
  }
}
