import Glibc
import Tensor

/// Files that are there as a whole or not at all: written under a temporary name, flushed to the disk, renamed.
enum AtomicFile {
  /// Writes `parts`, one behind the other.
  ///
  /// - Throws: `io` where the disk is full or the file cannot be written; nothing is left behind then.
  static func write(_ parts: [UnsafeRawBufferPointer], to path: String) throws(DomainError) {
    let temporary = path + ".tmp-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure(path, errno) }
    do throws(DomainError) {
      for part in parts { try writeAll(descriptor, part, path) }
      guard fsync(descriptor) == 0 else { throw failure(path, errno) }
    } catch {
      close(descriptor)
      unlink(temporary)
      throw error
    }
    guard close(descriptor) == 0, rename(temporary, path) == 0 else {
      let code = errno
      unlink(temporary)
      throw failure(path, code)
    }
  }

  static func write(_ text: String, to path: String) throws(DomainError) {
    let bytes = Array(text.utf8)
    var failure: DomainError?
    bytes.withUnsafeBytes {
      do throws(DomainError) { try write([$0], to: path) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// Writes every byte, however many calls that takes.
  static func writeAll(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, _ path: String)
    throws(DomainError)
  {
    var done = 0
    while done < bytes.count, let base = bytes.baseAddress {
      let count = Glibc.write(descriptor, base + done, min(bytes.count - done, 1 << 30))
      if count < 0 {
        if errno == EINTR { continue }
        throw failure(path, errno)
      }
      done += count
    }
  }

  static func failure(_ path: String, _ code: Int32) -> DomainError {
    let reason = String(cString: strerror(code))
    guard code == ENOSPC || code == EDQUOT || code == EFBIG else {
      return DomainError(.io, "cannot write \(path): \(reason)")
    }
    return DomainError(
      .io, "cannot write \(path): \(reason)",
      hint: "make room and run again: what is complete stays and is not computed twice")
  }

  /// Makes a folder and those above it.
  static func makeFolder(_ path: String) throws(DomainError) {
    var status = stat()
    if stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFDIR else {
        throw DomainError(.io, "\(path) is a file, not a folder")
      }
      return
    }
    if let slash = path.dropLast().lastIndex(of: "/"), slash != path.startIndex {
      try makeFolder(String(path[..<slash]))
    }
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
      throw DomainError(.io, "cannot make the folder \(path): \(String(cString: strerror(errno)))")
    }
  }

  /// Removes temporary files of processes that are gone, as a kill leaves them.
  static func removeAbandoned(in folder: String) {
    guard let directory = opendir(folder) else { return }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard let mark = name.firstRange(of: ".tmp-"),
        let process = pid_t(name[mark.upperBound...].prefix { $0 != "-" }), process > 0,
        kill(process, 0) != 0, errno == ESRCH
      else { continue }
      unlink(folder + "/" + name)
    }
  }

  /// Bytes that may still be written where `path` lies; nil where the system does not say.
  static func freeBytes(_ path: String) -> Int? {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    let (bytes, overflow) = Int(clamping: status.f_bavail).multipliedReportingOverflow(
      by: Int(clamping: status.f_frsize))
    return overflow ? Int.max : bytes
  }
}
