// Files that are there whole or not at all, whenever the process is killed or the disk is full.

import Glibc
import Tensor

/// A file that is written under a temporary name beside its place and renamed once all of it is on disk: a reader sees the old
/// file, or none, or the whole new one.
public final class AtomicFile {
  private let path: String
  private let temporary: String
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  private static let bufferSize = 1 << 18

  /// Writes the file at `path` with what `body` gives to it.
  ///
  /// - Throws: `io` where the file cannot be written (the message says why: no permission, no space), and what `body` throws.
  ///   The old file, if there was one, is untouched then, and nothing is left beside it.
  public static func write(_ path: String, _ body: (AtomicFile) throws -> Void) throws {
    let file = try AtomicFile(path)
    try body(file)
    try file.commit()
  }

  /// As above with the whole content.
  public static func write(_ path: String, _ content: some Sequence<UInt8>) throws {
    try write(path) { try $0.append(content) }
  }

  private init(_ path: String) throws(DomainError) {
    self.path = path
    temporary = "\(path).\(getpid())-\(String(SecureRandom.seed(), radix: 36)).part"
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure(errno) }
    buffer.reserveCapacity(AtomicFile.bufferSize)
  }

  deinit {
    // Only after a failure is it still open.
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(temporary)
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
    try writeAll(content)
  }

  private func flush() throws(DomainError) {
    try buffer.withUnsafeBufferPointer { (bytes) throws(DomainError) in
      try writeAll(UnsafeRawBufferPointer(bytes))
    }
    buffer.removeAll(keepingCapacity: true)
  }

  private func writeAll(_ content: UnsafeRawBufferPointer) throws(DomainError) {
    var done = 0
    while done < content.count, let base = content.baseAddress {
      let written = Glibc.write(descriptor, base + done, min(content.count - done, 1 << 30))
      if written < 0 {
        if errno == EINTR { continue }
        throw failure(errno)
      }
      done += written
    }
  }

  private func commit() throws(DomainError) {
    try flush()
    guard fsync(descriptor) == 0 else { throw failure(errno) }
    let status = close(descriptor)
    descriptor = -1
    guard status == 0, rename(temporary, path) == 0 else {
      let code = errno
      unlink(temporary)
      throw failure(code)
    }
    AtomicFile.synchronizeFolder(of: path)
  }

  private func failure(_ code: Int32) -> DomainError {
    DomainError(.io, "cannot write \(path): \(String(cString: strerror(code)))")
  }

  /// Makes the names in the folder of `path` durable; where a file system cannot, the file is still whole.
  static func synchronizeFolder(of path: String) {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}
