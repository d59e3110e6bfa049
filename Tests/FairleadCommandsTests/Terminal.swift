import Foundation
import Testing

/// A terminal of which the test is the screen and the keyboard.
final class Terminal {
  private let descriptor: Int32
  /// The other end, for a process.
  let end: FileHandle
  private var text = ""

  init() throws {
    descriptor = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    // TIOCSPTLCK and TIOCGPTN, which Swift does not import.
    var unlocked: Int32 = 0
    var number: Int32 = 0
    try #require(
      descriptor >= 0 && ioctl(descriptor, 0x4004_5431, &unlocked) == 0
        && ioctl(descriptor, 0x8004_5430, &number) == 0)
    end = try #require(FileHandle(forUpdatingAtPath: "/dev/pts/\(number)"))
  }

  deinit { close(descriptor) }

  /// Gives the window another size; the process has to be told with SIGWINCH.
  func resize(columns: UInt16, rows: UInt16 = 24) {
    var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    // TIOCSWINSZ.
    _ = ioctl(descriptor, 0x5414, &size)
  }

  func type(_ text: String) { _ = write(descriptor, text, text.utf8.count) }

  /// Reads until `wanted` has come, and forgets all up to it.
  func waits(for wanted: String) -> Bool {
    let deadline = Date() + 30
    while Date() < deadline {
      if let place = text.range(of: wanted) {
        text = String(text[place.upperBound...])
        return true
      }
      take(waiting: 200)
    }
    Issue.record("waited for `\(wanted)`, the terminal shows `\(text.suffix(400))`")
    return false
  }

  /// All that `process` writes until it ends.
  func read(until process: Process) -> String {
    while process.isRunning { take(waiting: 2) }
    take(waiting: 100)
    return text
  }

  /// Takes what comes within some milliseconds, and all that has come by then.
  private func take(waiting milliseconds: Int32) {
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    var wait = milliseconds
    while true {
      var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&request, 1, wait) > 0, request.revents & Int16(POLLIN) != 0 else { return }
      let count = Foundation.read(descriptor, &piece, piece.count)
      guard count > 0 else { return }
      text += String(decoding: piece[..<count], as: UTF8.self)
      wait = 0
    }
  }
}
