import Foundation

/// The mark that a process keeps while it runs a script: a locked file in the record's folder. However the process
/// ends, the system lifts the lock, so that others see which runs still go on, on whichever machine that shares the
/// folder.
final class RunOwner: Sendable {
  /// The file's name in the folder of marks.
  let name: String
  private let path: String
  private let descriptor: Int32

  /// - Returns: nil where the folder cannot be written, or its file system knows no locks.
  init?(in folder: String) {
    mkdir(folder, 0o755)
    // A cleaning process may take the file between its making and its locking; then another is made.
    for _ in 0..<10 {
      let name = "\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
      let path = folder + "/" + name
      let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else { return nil }
      var own = stat()
      var found = stat()
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
        if fstat(descriptor, &own) == 0, stat(path, &found) == 0, own.st_ino == found.st_ino {
          self.name = name
          self.path = path
          self.descriptor = descriptor
          return
        }
        close(descriptor)
      } else {
        let reason = errno
        close(descriptor)
        unlink(path)
        if reason != EWOULDBLOCK { return nil }
      }
    }
    return nil
  }

  deinit {
    unlink(path)
    close(descriptor)
  }

  /// Whether the process behind a mark still runs; nil where that cannot be told.
  static func isAlive(_ name: String, in folder: String) -> Bool? {
    guard name.utf8.allSatisfy({ isalnum(Int32($0)) != 0 || $0 == UInt8(ascii: "-") }) else {
      return false
    }
    let descriptor = open(folder + "/" + name, O_RDWR | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return errno == ENOENT ? false : nil }
    defer { close(descriptor) }
    if flock(descriptor, LOCK_SH | LOCK_NB) == 0 { return false }
    return errno == EWOULDBLOCK ? true : nil
  }

  /// Removes the marks of processes that were killed.
  static func removeDead(in folder: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      let path = folder + "/" + name
      let descriptor = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
      close(descriptor)
    }
  }
}
