// Files that are there whole or not at all, whenever the process is killed or the disk is full.

import Foundations
import Glibc

/// A file that is written under a temporary name beside its place and renamed once all of it is on disk: a reader sees
/// the old file, or none, or the whole new one. Its folder is opened once, through the door of the thread, and all
/// happens in there.
public final class AtomicFile {
  private let path: String
  private let door = Door.current
  private let target: Door.Target
  private let temporary: FileName
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  private static let bufferSize = 1 << 18

  /// Writes the file at `path` with what `body` gives to it.
  ///
  /// - Parameter permissions: who may use the file; nil for what the process gives new files.
  /// - Throws: `io` where the file cannot be written (the message says why: no permission, no space), and what `body`
  ///   throws. The old file, if there was one, is untouched then, and nothing is left beside it.
  public static func write(
    _ path: String, permissions: mode_t? = nil, _ body: (AtomicFile) throws -> Void
  ) throws {
    let file = try AtomicFile(path)
    try body(file)
    try file.commit(permissions)
  }

  /// As above with the whole content.
  public static func write(
    _ path: String, permissions: mode_t? = nil, _ content: some Sequence<UInt8>
  ) throws(DomainError) {
    let file = try AtomicFile(path)
    try file.append(content)
    try file.commit(permissions)
  }

  /// As above with the whole content, in parts that lie in memory.
  public static func write(_ path: String, parts: [UnsafeRawBufferPointer]) throws(DomainError) {
    let file = try AtomicFile(path)
    for part in parts { try file.append(part) }
    try file.commit(nil)
  }

  private init(_ path: String) throws(DomainError) {
    self.path = path
    target = try door.target(path)
    Folder.tidy(target.folder)
    let (name, number) = TemporaryName.locked(beside: target.name) { [folder = target.folder] in
      openat(folder.number, $0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
    }
    guard number >= 0 else { throw Folder.failure(path, errno) }
    temporary = name
    descriptor = number
    buffer.reserveCapacity(AtomicFile.bufferSize)
  }

  deinit {
    // Only after a failure is it still open.
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlinkat(target.folder.number, temporary, 0)
  }

  /// Appends bytes.
  public func append(_ content: some Sequence<UInt8>) throws(DomainError) {
    buffer.append(contentsOf: content)
    if buffer.count >= AtomicFile.bufferSize { try flush() }
  }

  /// Appends memory.
  public func append(_ content: UnsafeRawBufferPointer) throws(DomainError) {
    guard content.count >= AtomicFile.bufferSize else {
      buffer.append(contentsOf: content)
      if buffer.count >= AtomicFile.bufferSize { try flush() }
      return
    }
    try flush()
    try AtomicFile.writeAll(descriptor, content, path)
  }

  private func flush() throws(DomainError) {
    try buffer.withUnsafeBufferPointer { (bytes) throws(DomainError) in
      try AtomicFile.writeAll(descriptor, UnsafeRawBufferPointer(bytes), path)
    }
    buffer.removeAll(keepingCapacity: true)
  }

  /// Writes every byte, however many calls that takes. `path` is what an error names.
  static func writeAll(_ descriptor: Int32, _ content: UnsafeRawBufferPointer, _ path: String)
    throws(DomainError)
  {
    var done = 0
    while done < content.count, let base = content.baseAddress {
      let written = Glibc.write(descriptor, base + done, min(content.count - done, 1 << 30))
      if written < 0 {
        if errno == EINTR { continue }
        throw Folder.failure(path, errno)
      }
      done += written
    }
  }

  private func commit(_ permissions: mode_t?) throws(DomainError) {
    try flush()
    if let permissions, fchmod(descriptor, permissions) != 0 {
      throw Folder.failure(path, errno)
    }
    guard fsync(descriptor) == 0 else { throw Folder.failure(path, errno) }
    let status = close(descriptor)
    descriptor = -1
    let folder = target.folder.number
    guard status == 0, renameat(folder, temporary, folder, target.name) == 0 else {
      let code = errno
      unlinkat(folder, temporary, 0)
      throw Folder.failure(path, code)
    }
    Folder.synchronize(target.folder)
    door.noteWritten(path)
  }
}

/// Names of files and folders that are not finished: they tell whose they are, and their owner holds a lock on them, so
/// that those of a killed process can be removed.
enum TemporaryName {
  private static let mark = ".fairlead-part-"
  /// A name may have 255 bytes.
  private static let longestStart = 200

  private static func beside(_ name: FileName) -> FileName {
    let end = FileName("\(mark)\(getpid())-\(String(SecureRandom.seed(), radix: 36))")
    return name.dropLast().prefix(longestStart) + end
  }

  /// A new name for what `make` makes under it and opens, with the lock; a number below 0 where that fails (`errno`
  /// says why).
  static func locked(beside name: FileName, _ make: (FileName) -> Int32) -> (FileName, Int32) {
    while true {
      let temporary = beside(name)
      let descriptor = make(temporary)
      guard descriptor >= 0 else { return (temporary, descriptor) }
      // Where a file system knows no locks there is only the number in the name.
      let isLocked = flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK
      var status = stat()
      // Somebody may have cleaned up between the making and the locking.
      if isLocked, fstat(descriptor, &status) == 0, status.st_nlink > 0 {
        return (temporary, descriptor)
      }
      close(descriptor)
    }
  }

  /// Whether something of this name was left by a process that is gone.
  static func isAbandoned(_ name: FileName, in folder: Descriptor) -> Bool {
    guard let process = process(of: name.text), process > 0 else { return false }
    // A process of our own number was another one, perhaps in a container before this, unless it holds the lock.
    let isOwn = process == getpid()
    if !isOwn, kill(process, 0) == 0 || errno != ESRCH { return false }
    let descriptor = openat(folder.number, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
    return errno != EWOULDBLOCK && !isOwn
  }

  /// The process that the name belongs to; nil where it is no such name.
  private static func process(of name: String) -> pid_t? {
    guard let place = name.firstRange(of: mark) else { return nil }
    return pid_t(name[place.upperBound...].prefix { $0 != "-" })
  }
}
