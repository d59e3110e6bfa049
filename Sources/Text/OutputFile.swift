import Tensor

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Writes files whole.
public enum OutputFile {
  /// Writes `bytes` under a temporary name beside `path`, then renames: whoever reads finds the old file or the new one, and a full
  /// disk or a kill leaves the old one.
  ///
  /// - Parameter permissions: who may use the file; nil for what the process gives new files.
  /// - Throws: `io` where the file cannot be written.
  public static func write(_ bytes: [UInt8], to path: String, permissions: mode_t? = nil)
    throws(DomainError)
  {
    let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0...UInt32.max)).tmp"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw failure(path, errno) }
    var problem: Int32 = 0
    bytes.withUnsafeBytes { bytes in
      var position = 0
      while position < bytes.count {
        let written = writeBytes(
          descriptor, bytes.baseAddress.map { $0 + position }, bytes.count - position)
        if written < 0, errno == EINTR { continue }
        guard written > 0 else {
          problem = errno
          return
        }
        position += written
      }
    }
    if problem == 0, let permissions, fchmod(descriptor, permissions) != 0 { problem = errno }
    if problem == 0, fsync(descriptor) != 0 { problem = errno }
    if close(descriptor) != 0, problem == 0 { problem = errno }
    if problem == 0, rename(temporary, path) != 0 { problem = errno }
    guard problem == 0 else {
      unlink(temporary)
      throw failure(path, problem)
    }
  }

  /// Makes the folder at `path` and those above it, as far as they are missing.
  ///
  /// - Throws: `io` where one cannot be made.
  public static func makeFolder(_ path: String) throws(DomainError) {
    if InputFile.kind(path).isFolder { return }
    if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
      try makeFolder(String(path[..<slash]))
    }
    if !path.isEmpty, mkdir(path, 0o777) != 0, errno != EEXIST { throw failure(path, errno) }
  }

  private static func failure(_ path: String, _ code: Int32) -> DomainError {
    DomainError(.io, "cannot write \(path): \(String(cString: strerror(code)))")
  }
}

/// The system's `write`, which `OutputFile.write` would hide.
private func writeBytes(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
