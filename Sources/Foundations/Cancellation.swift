/// Lets whoever waits stop work that takes long, such as reading a large file: the work asks now and then.
public final class Cancellation: Sendable {
  /// What work on this thread asks; nil where nobody can stop it.
  @TaskLocal private static var current: Cancellation?

  private let isRequested: @Sendable () -> Bool

  private init(_ isRequested: @escaping @Sendable () -> Bool) { self.isRequested = isRequested }

  /// Runs `body`, which stops where `check` is called once `isRequested` says so.
  public static func when<Result>(
    _ isRequested: @escaping @Sendable () -> Bool, _ body: () throws -> Result
  ) rethrows -> Result {
    try $current.withValue(Cancellation(isRequested), operation: body)
  }

  /// Whether work of this thread should stop, for other threads that do a part of it.
  public static func request() -> (@Sendable () -> Bool)? { current?.isRequested }

  /// - Throws: `interrupt` where the work should stop.
  public static func check() throws(DomainError) {
    if let current, current.isRequested() { throw DomainError(.interrupt, "interrupted") }
  }

  /// `check`, for every 4096th turn of a loop.
  @inline(__always)
  public static func check(turn: Int) throws(DomainError) {
    if turn & 0xFFF == 0xFFF { try check() }
  }
}
