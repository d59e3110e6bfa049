import Foundation

/// Standard output, in pieces of some kilobytes, or line by line on a terminal. When nobody reads any more (a closed
/// pipe) it becomes silent and asks what runs to stop. On a terminal, Ctrl-C ends a long text between two pieces.
final class Output: @unchecked Sendable {
  // Guarded by `lock`.
  private let lock = NSLock()
  private var buffer: [UInt8] = []
  private(set) var isClosed = false
  /// Why nothing more can be written, where that is not just that nobody reads: a full disk, an error of the device.
  private(set) var problem: String?
  private let descriptor: Int32
  private let flushesLines: Bool
  private let onClosed: @Sendable () -> Void
  private let isInterrupted: @Sendable () -> Bool
  private static let capacity = 1 << 14

  init(
    descriptor: Int32, flushesLines: Bool,
    isInterrupted: @escaping @Sendable () -> Bool = { false },
    onClosed: @escaping @Sendable () -> Void
  ) {
    self.descriptor = descriptor
    self.flushesLines = flushesLines
    self.isInterrupted = isInterrupted
    self.onClosed = onClosed
  }

  func write(_ text: String) {
    lock.lock()
    defer { lock.unlock() }
    guard !isClosed else { return }
    buffer.append(contentsOf: text.utf8)
    if flushesLines || buffer.count >= Output.capacity { drain() }
  }

  func flush() {
    lock.lock()
    defer { lock.unlock() }
    drain()
  }

  /// Writes what is there, unless that is just what is being done: for the end of a process that is out of memory.
  func rescue() {
    guard lock.try() else { return }
    drain()
    lock.unlock()
  }

  private func drain() {
    var start = 0
    while start < buffer.count, !isClosed {
      if flushesLines, start > 0, isInterrupted() { break }
      let end = flushesLines ? min(buffer.count, start + Output.capacity) : buffer.count
      let count = buffer[start..<end].withUnsafeBytes {
        Foundation.write(descriptor, $0.baseAddress, $0.count)
      }
      if count >= 0 {
        start += count
      } else if errno == EAGAIN {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&request, 1, 1000)
      } else if errno != EINTR {
        if errno != EPIPE { problem = String(cString: strerror(errno)) }
        isClosed = true
        onClosed()
      }
    }
    buffer.removeAll(keepingCapacity: true)
  }
}
