import Glibc

/// Threads beside the program's own.
public enum BackgroundThread {
  private final class Job {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
  }

  /// Runs `body` on a new thread that nobody waits for. Signals (Ctrl-C) are not for it.
  /// - Parameter stackBytes: nil for what the system gives.
  /// - Returns: false where the system has no thread left; then `body` does not run.
  public static func start(stackBytes: Int? = nil, _ body: @escaping @Sendable () -> Void) -> Bool {
    // A new thread takes over which signals its maker blocks.
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    guard let thread = create(stackBytes, body) else { return false }
    pthread_detach(thread)
    return true
  }

  /// Runs `body` on a new thread, which takes signals as this one does, and waits for its end.
  /// - Parameter stackBytes: nil for what the system gives.
  /// - Returns: false where the system has no thread left; then `body` does not run.
  public static func run(stackBytes: Int? = nil, _ body: @escaping () -> Void) -> Bool {
    guard let thread = create(stackBytes, body) else { return false }
    pthread_join(thread, nil)
    return true
  }

  private static func create(_ stackBytes: Int?, _ body: @escaping () -> Void) -> pthread_t? {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    if let stackBytes { pthread_attr_setstacksize(&attributes, stackBytes) }
    let job = Unmanaged.passRetained(Job(body))
    var thread = pthread_t()
    let code = pthread_create(
      &thread, &attributes,
      { argument in
        if let argument { Unmanaged<Job>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
      }, job.toOpaque())
    if code == 0 { return thread }
    job.release()
    return nil
  }
}
