import Foundations
import Glibc
import Synchronization

/// What writers do with the folders that their files lie in, through the door of the thread.
public enum Folder {
  /// Makes the folder at `path` and those above it, as far as they are missing.
  ///
  /// - Throws: `io` where one cannot be made, or a file is in its place.
  public static func make(_ path: String) throws(DomainError) {
    _ = try Door.current.folder(path, making: true)
  }

  /// Calls `body` with a folder to fill: `path` itself where it exists, and otherwise a temporary one beside it that
  /// gets the name afterwards, so that a new folder appears whole or not at all. Folders above it are made where they
  /// are missing.
  public static func fill(_ path: String, _ body: (String) throws -> Void) throws {
    var target = path
    while target.count > 1, target.hasSuffix("/") { target.removeLast() }
    if try Door.current.folder(target, making: false) != nil { return try body(target) }
    let end = target.lastIndex(of: "/")
    let above = end.map { $0 == target.startIndex ? "/" : String(target[..<$0]) } ?? "."
    let name = FileName(end.map { target[target.index(after: $0)...] } ?? target[...])
    guard !name.isHere, !name.isParent,
      let (folder, place) = try Door.current.folder(above, making: true)
    else { throw failure(path, ENOENT) }
    tidy(folder)
    let (temporary, number) = TemporaryName.locked(beside: name) { temporary in
      mkdirat(folder.number, temporary, 0o777) == 0
        ? openat(folder.number, temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1
    }
    guard number >= 0 else { throw failure(path, errno) }
    defer { close(number) }
    do {
      try body((place == "/" ? "" : place) + "/" + temporary.text)
      guard renameat(folder.number, temporary, folder.number, name) == 0 else {
        throw failure(path, errno)
      }
    } catch {
      remove(temporary, in: folder)
      throw error
    }
    Door.current.noteWritten(target)
    synchronize(folder)
  }

  /// Removes what killed processes left unfinished in the folder `path`.
  public static func removeAbandoned(in path: String) {
    guard let (folder, _) = try? Door.current.folder(path, making: false) else { return }
    removeAbandoned(in: folder)
  }

  private static func removeAbandoned(in folder: Descriptor) {
    for name in (try? names(in: folder, "")) ?? []
    where TemporaryName.isAbandoned(name, in: folder) {
      remove(name, in: folder)
    }
  }

  /// The folders that this process has written to.
  private static let tidied = Mutex<Set<[UInt64]>>([])

  /// As if this process had written nothing yet.
  static func forgetTidied() { tidied.withLock { $0 = [] } }

  /// Removes what killed processes left unfinished in a folder, the first time that this process writes there.
  static func tidy(_ folder: Descriptor) {
    guard let status = folder.status else { return }
    let number = [UInt64(status.st_dev), UInt64(status.st_ino)]
    if tidied.withLock({ $0.insert(number).inserted }) { removeAbandoned(in: folder) }
  }

  /// Removes a file, or a folder with all that lies in it; follows no links.
  private static func remove(_ name: FileName, in folder: Descriptor) {
    if unlinkat(folder.number, name, 0) == 0 { return }
    let number = openat(folder.number, name, pathOnly | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard number >= 0 else { return }
    let inner = Descriptor(number)
    for name in (try? names(in: inner, "")) ?? [] { remove(name, in: inner) }
    unlinkat(folder.number, name, AT_REMOVEDIR)
  }

  /// Bytes that may still be written where `path` lies; nil where the system does not say.
  public static func freeBytes(_ path: String) -> Int? {
    var status = statvfs()
    guard let end = Walk(path).end, fstatvfs(end.descriptor.number, &status) == 0 else {
      return nil
    }
    let (bytes, overflow) = Int(clamping: status.f_bavail).multipliedReportingOverflow(
      by: Int(clamping: status.f_frsize))
    return overflow ? Int.max : bytes
  }

  /// Makes the names in a folder durable; where a file system cannot, the files are still whole.
  static func synchronize(_ folder: Descriptor) {
    let descriptor = openat(folder.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  static func failure(_ path: String, _ code: Int32) -> DomainError {
    let wayOut: String? =
      switch code {
      case ENOSPC, EDQUOT: "make room"
      case EFBIG: "raise the limit on the size of files (`ulimit -f`)"
      default: nil
      }
    return DomainError(
      .io, "cannot write \(path): \(String(cString: strerror(code)))",
      hint: wayOut.map { "\($0) and run again: what was there before is untouched" })
  }

  /// The names of what a folder holds. `path` is what an error names.
  static func names(in folder: Descriptor, _ path: String) throws(DomainError) -> [FileName] {
    let number = openat(folder.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard number >= 0, let directory = fdopendir(number) else {
      let code = errno
      if number >= 0 { close(number) }
      throw Door.cannotRead(path, code)
    }
    defer { closedir(directory) }
    var names: [FileName] = []
    while let entry = readdir(directory) {
      try Cancellation.check(turn: names.count)
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) {
          FileName(UnsafeBufferPointer(start: $0, count: strlen($0) + 1))
        }
      }
      if !name.isHere, !name.isParent { names.append(name) }
    }
    return names
  }
}
