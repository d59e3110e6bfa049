// Bytes that come piece by piece: what is read in constant memory, from files and from standard input, packed or not.

import Foundations
import Glibc

/// Gives bytes one piece after the other.
public protocol ByteSource: AnyObject {
  /// What errors call it: a path.
  var name: String { get }
  /// Fills a part of the buffer, from its start.
  ///
  /// - Returns: how many bytes that are; 0 at the end only.
  /// - Throws: `io` where reading fails, `data` where packed bytes are damaged, `interrupt`.
  func read(into buffer: UnsafeMutableBufferPointer<UInt8>) throws(DomainError) -> Int
}

/// Bytes that lie in memory.
final class MemorySource: ByteSource {
  let name: String
  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8], name: String) {
    self.bytes = bytes
    self.name = name
  }

  func read(into buffer: UnsafeMutableBufferPointer<UInt8>) throws(DomainError) -> Int {
    try Cancellation.check()
    let count = min(buffer.count, bytes.count - place)
    _ = buffer.update(fromContentsOf: bytes[place..<place + count])
    place += count
    return count
  }
}

/// The bytes of an open file.
final class OpenedFileSource: ByteSource {
  private let file: OpenedFile
  private var place = 0
  var name: String { file.path }

  init(_ file: OpenedFile) { self.file = file }

  func read(into buffer: UnsafeMutableBufferPointer<UInt8>) throws(DomainError) -> Int {
    guard let base = buffer.baseAddress else { return 0 }
    let count = try file.read(from: place, into: base, atMost: buffer.count)
    place += count
    return count
  }
}

/// What is piped into the process.
public final class StandardInput: ByteSource {
  public let name = "standard input"
  /// Milliseconds between two looks for an interrupt.
  private static let patience: Int32 = 100

  public init() {}

  public func read(into buffer: UnsafeMutableBufferPointer<UInt8>) throws(DomainError) -> Int {
    guard let base = buffer.baseAddress else { return 0 }
    while true {
      try Cancellation.check()
      var waiting = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
      let ready = poll(&waiting, 1, StandardInput.patience)
      if ready == 0 || ready < 0 && errno == EINTR { continue }
      let got = Glibc.read(STDIN_FILENO, base, buffer.count)
      if got >= 0 { return got }
      guard errno == EINTR || errno == EAGAIN else { throw Door.cannotRead(name, errno) }
    }
  }
}

/// Another source whose first bytes have been looked at.
final class PeekedSource: ByteSource {
  private let source: any ByteSource
  private(set) var first: [UInt8]
  private var given = 0
  var name: String { source.name }

  /// - Parameter count: how many bytes are looked at, where there are so many.
  init(_ source: any ByteSource, _ count: Int) throws(DomainError) {
    self.source = source
    var problem: DomainError?
    first = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(DomainError) {
        while filled < count {
          let got = try source.read(into: UnsafeMutableBufferPointer(rebasing: buffer[filled...]))
          if got == 0 { break }
          filled += got
        }
      } catch {
        problem = error
      }
    }
    if let problem { throw problem }
  }

  func read(into buffer: UnsafeMutableBufferPointer<UInt8>) throws(DomainError) -> Int {
    guard given < first.count else { return try source.read(into: buffer) }
    let count = min(buffer.count, first.count - given)
    _ = buffer.update(fromContentsOf: first[given..<given + count])
    given += count
    return count
  }
}

/// How the bytes of a file are packed.
public enum Packing: String, Sendable, CaseIterable {
  case gzip, zstd

  /// How the names of such files end.
  public var ending: String { self == .gzip ? ".gz" : ".zst" }

  /// What a name says.
  public init?(path: String) {
    let lower = path.lowercased()
    guard let found = Packing.allCases.first(where: { lower.hasSuffix($0.ending) }) else {
      return nil
    }
    self = found
  }

  /// What the first bytes say.
  init?(first bytes: some Collection<UInt8>) {
    if bytes.starts(with: [0x1F, 0x8B]) {
      self = .gzip
    } else if bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) {
      self = .zstd
    } else {
      return nil
    }
  }

  /// A name without the ending that says so.
  public static func unpackedName(_ path: String) -> String {
    Packing(path: path).map { String(path.dropLast($0.ending.count)) } ?? path
  }
}

extension ByteSource {
  /// The same, unpacked where its first bytes say that it is packed.
  ///
  /// - Throws: `data` where the name says that it is packed and the bytes do not.
  func unpacked() throws(DomainError) -> any ByteSource {
    let peeked = try PeekedSource(self, 4)
    switch Packing(first: peeked.first) {
    case .gzip: return try GzipSource(peeked)
    case .zstd: return try ZstandardSource(peeked)
    case nil:
      guard !peeked.first.isEmpty, let promised = Packing(path: name) else { return peeked }
      throw DomainError(
        .data, "\(name) is not packed by \(promised.rawValue), although its name says so",
        hint: "take `\(promised.ending)` off its name, or pack it: `\(promised.rawValue) FILE`")
    }
  }

  /// All bytes that are left.
  ///
  /// - Throws: `limit` past `limit` bytes, or where the memory does not suffice; as `read`.
  func contents(atMost limit: Int) throws(DomainError) -> [UInt8] {
    let piece = 1 << 18
    var result: [UInt8] = []
    let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: piece)
    defer { buffer.deallocate() }
    while true {
      let count = try read(into: buffer)
      if count == 0 { return result }
      if result.count + count > result.capacity {
        // It is copied to a place twice as large.
        try MemoryRoom.require(2 * result.count, for: name)
      }
      result.append(contentsOf: buffer[..<count])
      if result.count > limit {
        throw DomainError(.limit, "\(name) holds more than \(limit >> 30) GiB")
      }
    }
  }
}
