import Foundation

/// Writes to a file descriptor without being held up for good by whoever does not read: before each part it waits until
/// there is room, and asks meanwhile whether to stop.
public struct StoppableWriter: Sendable {
  public enum Ending: Equatable, Sendable {
    case written
    /// It was asked to stop, and the rest had not gone out soon after.
    case stopped
    /// With the number of the error.
    case failed(Int32)
  }

  private let descriptor: Int32
  private let isStopped: @Sendable () -> Bool
  /// Bytes that are written at once. What is said to have room takes so many without waiting, and no file makes wait.
  private let part: Int
  /// Seconds that the rest has once this is to stop: on a terminal, which a person watches, none.
  private let grace: Double

  public init(descriptor: Int32, isStopped: @escaping @Sendable () -> Bool) {
    self.descriptor = descriptor
    self.isStopped = isStopped
    var status = stat()
    let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    part = isFile ? .max : Int(PIPE_BUF)
    grace = isatty(descriptor) != 0 ? 0 : 0.5
  }

  /// - Parameter isOver: whether what wrote this has been stopped already.
  public func write(_ bytes: [UInt8], isOver: Bool = false) -> Ending {
    bytes.withUnsafeBytes { bytes in
      var rest = bytes[...]
      var end: Double?
      while !rest.isEmpty {
        let hasRoom = waitsForRoom(milliseconds: 50)
        let now = ProcessInfo.processInfo.systemUptime
        if end == nil, isOver || isStopped() { end = now + grace }
        // The first part always goes out where it can: what is said in answer to the stop.
        if let end, now >= end, !hasRoom || rest.count < bytes.count { return .stopped }
        guard hasRoom else { continue }
        let count = Foundation.write(
          descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, min(part, rest.count))
        if count >= 0 {
          rest = rest.dropFirst(count)
        } else if errno != EINTR, errno != EAGAIN {
          return .failed(errno)
        }
      }
      return .written
    }
  }

  /// Whether a part can be written without waiting, or the write fails at once.
  private func waitsForRoom(milliseconds: Int32) -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return poll(&request, 1, milliseconds) > 0
  }
}
