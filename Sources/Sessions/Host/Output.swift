import Foundation

/// Standard output, in pieces of some kilobytes, or line by line on a terminal. When nobody reads any more (a closed
/// pipe) it becomes silent and asks what runs to stop. An interrupt or a limit ends a long text, and the wait for
/// whoever does not read.
final class Output: @unchecked Sendable {
  // Guarded by `lock`.
  private let lock = NSLock()
  private var buffer: [UInt8] = []
  private(set) var isClosed = false
  /// Why nothing more can be written, where that is not just that nobody reads: a full disk, an error of the device.
  private(set) var problem: String?
  private let writer: StoppableWriter
  private let flushesLines: Bool
  private let onClosed: @Sendable () -> Void
  private static let capacity = 1 << 14

  init(
    descriptor: Int32, flushesLines: Bool,
    isInterrupted: @escaping @Sendable () -> Bool = { false },
    onClosed: @escaping @Sendable () -> Void
  ) {
    writer = StoppableWriter(descriptor: descriptor, isStopped: isInterrupted)
    self.flushesLines = flushesLines
    self.onClosed = onClosed
  }

  func write(_ text: String) {
    lock.lock()
    defer { lock.unlock() }
    guard !isClosed else { return }
    buffer.append(contentsOf: text.utf8)
    if flushesLines || buffer.count >= Output.capacity { drain() }
  }

  /// Writes what is there.
  /// - Parameter isOver: what wrote it has been stopped, and does not wait for whoever does not read.
  /// - Returns: false where something was left out because of an interrupt or a limit.
  @discardableResult
  func flush(isOver: Bool = false) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    return drain(isOver: isOver)
  }

  /// Writes what is there, unless that is just what is being done: for the end of a process that is out of memory.
  func rescue() {
    guard lock.try() else { return }
    drain(isOver: true)
    lock.unlock()
  }

  @discardableResult
  private func drain(isOver: Bool = false) -> Bool {
    guard !buffer.isEmpty, !isClosed else { return true }
    let ending = writer.write(buffer, isOver: isOver)
    buffer.removeAll(keepingCapacity: true)
    if case .failed(let error) = ending {
      if error != EPIPE { problem = String(cString: strerror(error)) }
      isClosed = true
      onClosed()
    }
    return ending != .stopped
  }
}
