import Glibc
import Tensor

/// What writers do with the folders that their files lie in.
public enum Folder {
  /// Makes the folder at `path` and those above it, as far as they are missing.
  ///
  /// - Throws: `io` where one cannot be made, or a file is in its place.
  public static func make(_ path: String) throws(DomainError) {
    var status = stat()
    if stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFDIR else {
        throw DomainError(.io, "\(path) is a file, not a folder")
      }
      return
    }
    if let slash = path.dropLast().lastIndex(of: "/"), slash != path.startIndex {
      try make(String(path[..<slash]))
    }
    guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
      throw DomainError(.io, "cannot make the folder \(path): \(String(cString: strerror(errno)))")
    }
  }

  /// Calls `body` with a folder to fill: `path` itself where it exists, and otherwise a temporary one beside it that gets the name
  /// afterwards, so that a new folder appears whole or not at all. Folders above it are made where they are missing.
  public static func fill(_ path: String, _ body: (String) throws -> Void) throws {
    var target = path
    while target.count > 1, target.hasSuffix("/") { target.removeLast() }
    if access(target, F_OK) == 0 { return try body(target) }
    if let end = target.lastIndex(of: "/"), end > target.startIndex {
      try make(String(target[..<end]))
    }
    let temporary = TemporaryName.beside(target)
    guard mkdir(temporary, 0o777) == 0 else { throw failure(path, errno) }
    do {
      try body(temporary)
      guard rename(temporary, target) == 0 else { throw failure(path, errno) }
    } catch {
      remove(temporary)
      throw error
    }
    synchronize(containing: target)
  }

  /// Removes what killed processes left unfinished in `folder`.
  public static func removeAbandoned(in folder: String) {
    for name in names(in: folder) {
      guard let process = TemporaryName.process(of: name), process > 0, kill(process, 0) != 0,
        errno == ESRCH
      else { continue }
      remove(folder + "/" + name)
    }
  }

  /// Removes a file, or a folder with all that lies in it; follows no links.
  private static func remove(_ path: String) {
    if unlink(path) == 0 { return }
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return }
    for name in names(in: path) { remove(path + "/" + name) }
    rmdir(path)
  }

  /// Bytes that may still be written where `path` lies; nil where the system does not say.
  public static func freeBytes(_ path: String) -> Int? {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    let (bytes, overflow) = Int(clamping: status.f_bavail).multipliedReportingOverflow(
      by: Int(clamping: status.f_frsize))
    return overflow ? Int.max : bytes
  }

  /// Makes the names in the folder of `path` durable; where a file system cannot, the files are still whole.
  static func synchronize(containing path: String) {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  static func failure(_ path: String, _ code: Int32) -> DomainError {
    let isFull = code == ENOSPC || code == EDQUOT || code == EFBIG
    return DomainError(
      .io, "cannot write \(path): \(String(cString: strerror(code)))",
      hint: isFull ? "make room and run again: what was there before is untouched" : nil)
  }

  /// The names of what a folder holds, sorted; none where it cannot be read.
  public static func names(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
