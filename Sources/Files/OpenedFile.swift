import Foundations
import Glibc

/// A regular file that is open to be read. Whatever its path stands for later, this is what was allowed.
public final class OpenedFile: Sendable {
  /// The path as it was given, for errors.
  public let path: String
  /// The path without links.
  public let realPath: String
  /// Bytes, when it was opened.
  public var size: Int { version.size }
  let descriptor: Descriptor
  /// What the file was when it was opened.
  public let version: FileVersion
  /// What is told of the content; nil where it does not count.
  private let door: Door?
  /// Bytes between two looks for an interrupt.
  private static let piece = 1 << 24

  init(path: String, realPath: String, descriptor: Descriptor, status: stat, door: Door?) {
    self.path = path
    self.realPath = realPath
    self.descriptor = descriptor
    version = FileVersion(status)
    self.door = door
  }

  /// The system's number of the open file, for as long as this object lives.
  public var number: Int32 { descriptor.number }

  /// The whole content.
  ///
  /// - Throws: `limit` past `limit` bytes, `io` where reading fails or somebody changes the file meanwhile,
  ///   `interrupt`.
  public func contents(atMost limit: Int = Int.max - 1) throws(DomainError) -> [UInt8] {
    guard size <= limit else { throw tooLarge(limit) }
    try MemoryRoom.require(size, for: path)
    var problem: DomainError?
    var bytes = [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, count in
      do throws(DomainError) {
        while count < buffer.count, let base = buffer.baseAddress {
          let got = try read(into: base + count, buffer.count - count)
          if got == 0 { return }
          count += got
        }
      } catch {
        problem = error
      }
    }
    if let problem { throw problem }
    // Longer than it said: it grows, or it is made by the system as it is read.
    while bytes.count > size {
      guard bytes.count <= limit else { throw tooLarge(limit) }
      let before = bytes.count
      let more = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
        do throws(DomainError) {
          if let base = buffer.baseAddress { count = try read(into: base, buffer.count) }
        } catch {
          problem = error
        }
      }
      if let problem { throw problem }
      bytes += more
      if bytes.count == before { break }
    }
    try requireUnchanged()
    try note { () throws(DomainError) in
      var hash = FingerprintWriter()
      bytes.withUnsafeBytes { hash.add(bytes: $0) }
      return hash.fingerprint.description
    }
    return bytes
  }

  private func read(into target: UnsafeMutablePointer<UInt8>, _ count: Int) throws(DomainError)
    -> Int
  {
    while true {
      try Cancellation.check()
      let got = Glibc.read(descriptor.number, target, min(count, OpenedFile.piece))
      if got >= 0 { return got }
      guard errno == EINTR else { throw Door.cannotRead(path, errno) }
    }
  }

  /// Reads some bytes from `offset` on.
  ///
  /// - Returns: how many; 0 at the end only.
  /// - Throws: `io` where reading fails, `interrupt`.
  func read(from offset: Int, into target: UnsafeMutablePointer<UInt8>, atMost count: Int)
    throws(DomainError) -> Int
  {
    while true {
      try Cancellation.check()
      let got = pread(descriptor.number, target, min(count, OpenedFile.piece), off_t(offset))
      if got >= 0 { return got }
      guard errno == EINTR else { throw Door.cannotRead(path, errno) }
    }
  }

  /// Reads a part.
  ///
  /// - Returns: false where the file ends before its end.
  /// - Throws: `io` where reading fails, `interrupt`.
  public func read(from offset: Int, _ count: Int, into target: UnsafeMutableRawPointer)
    throws(DomainError) -> Bool
  {
    var done = 0
    while done < count {
      try Cancellation.check()
      let got = pread(
        descriptor.number, target + done, min(count - done, OpenedFile.piece),
        off_t(offset + done))
      if got < 0 {
        if errno == EINTR { continue }
        throw Door.cannotRead(path, errno)
      }
      if got == 0 { return false }
      done += got
    }
    return true
  }

  /// - Throws: `io` where somebody has changed the content since the file was opened.
  public func requireUnchanged() throws(DomainError) {
    guard let status = descriptor.status else { throw Door.cannotRead(path, errno) }
    guard FileVersion(status).hasContent(of: version) else {
      throw DomainError(
        .io, "\(path) was changed while it was read", hint: "run again when it is finished")
    }
  }

  /// Tells the log of a content that is read in parts: all of it counts, from the open file.
  public func noteContent() throws(DomainError) {
    try note { () throws(DomainError) in try digest() }
  }

  private func note(_ digest: () throws(DomainError) -> String) throws(DomainError) {
    guard let door, let log = door.log else { return }
    let known = log.digest(of: version)
    let content = if let known { known } else { try digest() }
    if known == nil { log.remember(content, of: version) }
    door.note(path, content)
  }

  /// The fingerprint of the content.
  func digest() throws(DomainError) -> String {
    var hash = FingerprintWriter()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { buffer.deallocate() }
    var offset = 0
    while let base = buffer.baseAddress {
      try Cancellation.check()
      let got = pread(descriptor.number, base, buffer.count, off_t(offset))
      if got < 0 {
        if errno == EINTR { continue }
        throw Door.cannotRead(path, errno)
      }
      if got == 0 { break }
      hash.add(bytes: UnsafeRawBufferPointer(start: base, count: got))
      offset += got
    }
    try requireUnchanged()
    return hash.fingerprint.description
  }

  /// The fingerprint of the content, taken from what `log` knows where it can be.
  func digest(_ log: ReadLog) throws(DomainError) -> String {
    if let known = log.digest(of: version) { return known }
    let content = try digest()
    log.remember(content, of: version)
    return content
  }

  private func tooLarge(_ limit: Int) -> DomainError {
    let bound = limit >= 1 << 30 ? "\(limit >> 30) GiB" : "\(limit >> 20) MiB"
    return DomainError(.limit, "\(path) holds more than \(bound)")
  }
}

/// One state of a file, as far as the system tells states apart.
public struct FileVersion: Hashable, Sendable {
  let device: UInt64
  let number: UInt64
  let size: Int
  let modified: [Int]
  let changed: [Int]

  init(_ status: stat) {
    device = UInt64(status.st_dev)
    number = UInt64(status.st_ino)
    size = Int(status.st_size)
    modified = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
    changed = [status.st_ctim.tv_sec, status.st_ctim.tv_nsec]
  }

  /// Whether the content is the same: a new name or other permissions do not change it.
  func hasContent(of other: FileVersion) -> Bool {
    size == other.size && modified == other.modified && number == other.number
  }

  /// Whether a change that is made from now on gives another version: clocks of file systems tick slowly.
  var isSettled: Bool { time(nil) > changed[0] + 2 }
}
