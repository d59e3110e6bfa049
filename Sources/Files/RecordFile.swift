import Foundations
import Glibc
import Synchronization

/// A file that several processes read and extend, one at a time: what is written is on the disk before it is used.
///
/// It stays open, so that another file that is put in its place is noticed.
public final class RecordFile: Sendable {
  /// What errors call it.
  public let path: String
  private let folder: Descriptor
  private let name: FileName
  private let descriptor: Descriptor
  /// Threads of this process wait here for each other, processes at the file's lock.
  private let turn = Mutex(())

  /// Opens the file, through the door of the thread. Where there is none, one is made that begins with what `beginning`
  /// gives for its identity; it appears with all of that.
  ///
  /// - Parameter shown: what errors call the file; nil for the path.
  /// - Throws: `io` where the script may not write there, or the file cannot be opened or made.
  public init(
    _ path: String, shownAs shown: String? = nil,
    beginning: (_ identity: UInt64) throws(DomainError) -> [UInt8]
  ) throws(DomainError) {
    let target = try Door.current.target(path)
    let shown = shown ?? path
    var number = Self.open(target)
    if number < 0, errno == ENOENT {
      try Self.make(target, shown, beginning)
      Door.current.noteWritten(path)
      number = Self.open(target)
    }
    guard number >= 0 else { throw Folder.failure(shown, errno) }
    self.path = shown
    folder = target.folder
    name = target.name
    descriptor = Descriptor(number)
  }

  private static func open(_ target: Door.Target) -> Int32 {
    openat(target.folder.number, target.name, O_RDWR | O_NOFOLLOW | O_CLOEXEC)
  }

  /// Another process that makes the same file at the same time may come first: then its file stays.
  private static func make(
    _ target: Door.Target, _ shown: String,
    _ beginning: (UInt64) throws(DomainError) -> [UInt8]
  ) throws(DomainError) {
    let (temporary, number) = TemporaryName.locked(beside: target.name) {
      openat(target.folder.number, $0, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    }
    guard number >= 0 else { throw Folder.failure(shown, errno) }
    let file = Descriptor(number)
    defer { unlinkat(target.folder.number, temporary, 0) }
    guard let status = file.status else { throw Folder.failure(shown, errno) }
    let bytes = try beginning(UInt64(status.st_ino))
    try bytes.withUnsafeBufferPointer { (content) throws(DomainError) in
      try AtomicFile.writeAll(number, UnsafeRawBufferPointer(content), shown)
    }
    guard fsync(number) == 0,
      linkat(target.folder.number, temporary, target.folder.number, target.name, 0) == 0
        || errno == EEXIST
    else { throw Folder.failure(shown, errno) }
    Folder.synchronize(target.folder)
  }

  /// What tells this file from a copy of it: its number in its file system.
  public var identity: UInt64 { descriptor.status.map { UInt64($0.st_ino) } ?? 0 }

  /// Runs `body` while no other thread and no other process is in here.
  ///
  /// - Throws: `io` where the file system knows no locks, or the file is no longer at its path; `interrupt` while it
  ///   waits; what `body` throws.
  public func exclusively<Result>(_ body: () throws -> Result) throws -> Result {
    try turn.withLock { _ in
      try lock()
      defer { flock(descriptor.number, LOCK_UN) }
      try requireInPlace()
      return try body()
    }
  }

  private func lock() throws(DomainError) {
    var wait: UInt32 = 500
    while flock(descriptor.number, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK || errno == EINTR else {
        throw DomainError(
          .io, "cannot lock \(path): \(String(cString: strerror(errno)))",
          hint: "give a file on a disk that knows locks")
      }
      try Cancellation.check()
      usleep(wait)
      wait = min(wait * 2, 50_000)
    }
  }

  private func requireInPlace() throws(DomainError) {
    var status = stat()
    guard fstatat(folder.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0,
      let own = descriptor.status, own.st_ino == status.st_ino, own.st_dev == status.st_dev
    else {
      throw DomainError(.io, "\(path) was removed or replaced while it was in use")
    }
  }

  /// Bytes in the file.
  public func size() throws(DomainError) -> Int {
    guard let status = descriptor.status else { throw Door.cannotRead(path, errno) }
    return Int(status.st_size)
  }

  /// What stands from `offset` on.
  ///
  /// - Throws: `limit` past `limit` bytes, `io` where reading fails.
  public func contents(from offset: Int, atMost limit: Int) throws(DomainError) -> [UInt8] {
    let count = try size() - offset
    guard count > 0 else { return [] }
    guard count <= limit else {
      throw DomainError(.limit, "\(path) holds more than \(limit >> 20) MiB")
    }
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let got = bytes.withUnsafeMutableBytes {
        pread(
          descriptor.number, $0.baseAddress.map { $0 + done }, count - done, off_t(offset + done))
      }
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else { throw Door.cannotRead(path, errno) }
      if got == 0 { break }
      done += got
    }
    return Array(bytes.prefix(done))
  }

  /// Writes bytes at `offset`, cuts the file behind them where `cuts`, and waits until they are on the disk.
  ///
  /// - Throws: `io` where that fails; the file is then as long as before as far as the system allows.
  public func write(_ bytes: [UInt8], at offset: Int, cuts: Bool = false) throws(DomainError) {
    let before = try size()
    var done = 0
    while done < bytes.count {
      let put = bytes.withUnsafeBytes {
        pwrite(
          descriptor.number, $0.baseAddress.map { $0 + done }, bytes.count - done,
          off_t(offset + done))
      }
      if put < 0, errno == EINTR { continue }
      guard put > 0 else {
        let problem = put == 0 ? ENOSPC : errno
        _ = ftruncate(descriptor.number, off_t(before))
        throw Folder.failure(path, problem)
      }
      done += put
    }
    if cuts, ftruncate(descriptor.number, off_t(offset + bytes.count)) != 0 {
      throw Folder.failure(path, errno)
    }
    guard fsync(descriptor.number) == 0 else { throw Folder.failure(path, errno) }
  }
}
