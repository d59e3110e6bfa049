import Foundation

/// Standard output, in pieces of some kilobytes, or line by line on a terminal. When nobody reads any more (a closed
/// pipe) it becomes silent and asks what runs to stop.
final class Output: @unchecked Sendable {
  // Guarded by `lock`.
  private let lock = NSLock()
  private var buffer: [UInt8] = []
  private(set) var isClosed = false
  private let descriptor: Int32
  private let flushesLines: Bool
  private let onClosed: @Sendable () -> Void
  private static let capacity = 1 << 14

  init(descriptor: Int32, flushesLines: Bool, onClosed: @escaping @Sendable () -> Void) {
    self.descriptor = descriptor
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

  func flush() {
    lock.lock()
    defer { lock.unlock() }
    drain()
  }

  private func drain() {
    var start = 0
    while start < buffer.count, !isClosed {
      let count = buffer[start...].withUnsafeBytes {
        Foundation.write(descriptor, $0.baseAddress, $0.count)
      }
      if count >= 0 {
        start += count
      } else if errno == EAGAIN {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&request, 1, 1000)
      } else if errno != EINTR {
        isClosed = true
        onClosed()
      }
    }
    buffer.removeAll(keepingCapacity: true)
  }
}
