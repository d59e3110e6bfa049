// Files as bytes: read whole, unpacked where they are gzip, checked to be UTF-8. Every reader of this target starts
// here.
import CZlib
import Files
import Foundations
import JSONValues

/// Reads files whole, `.gz` files unpacked.
public enum InputFile {
  /// The most bytes that one file may hold once unpacked: a packed file of a few kilobytes can otherwise fill the
  /// memory.
  public static let largestSize = 4 << 30

  /// The bytes of the file at `path`; a gzip stream (known by its first two bytes) is unpacked.
  ///
  /// - Throws: `io` where the file cannot be read, `data` where the gzip stream is cut off or damaged, or a `.gz` file
  ///   holds none, `limit` past `largestSize`.
  public static func bytes(_ path: String) throws(DomainError) -> [UInt8] {
    let raw = try Door.current.open(path).contents(atMost: largestSize)
    if isGzip(raw) { return try Gzip.unpack(raw, source: path) }
    guard raw.isEmpty || !path.lowercased().hasSuffix(".gz") else {
      throw DomainError(
        .data, "\(path) is not packed by gzip, although its name says so",
        hint: "take `.gz` off its name, or pack it: `gzip FILE`")
    }
    return raw
  }

  /// As `bytes`, and checked to be UTF-8; a byte-order mark at the start is left out.
  ///
  /// - Throws: `parse` with the line of the first byte that is not UTF-8.
  public static func textBytes(_ path: String) throws(DomainError) -> [UInt8] {
    var bytes = try bytes(path)
    try requireUTF8(bytes, source: path)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
    return bytes
  }

  /// Whether something exists at `path`, and whether it is a folder.
  public static func kind(_ path: String) -> (exists: Bool, isFolder: Bool) {
    Door.current.kind(path)
  }

  static func isGzip(_ bytes: [UInt8]) -> Bool {
    bytes.count >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B
  }

  static func requireUTF8(_ bytes: [UInt8], source: String) throws(DomainError) {
    guard let offset = bytes.withUnsafeBufferPointer({ UTF8Check.firstInvalid($0) }) else { return }
    let line = 1 + bytes[..<offset].count { $0 == newline }
    throw DomainError(
      .parse,
      "\(source), line \(line): the byte 0x\(String(bytes[offset], radix: 16)) is not UTF-8",
      hint: "save the file as UTF-8")
  }

  static func tooLarge(_ path: String) -> DomainError {
    DomainError(.limit, "\(path) holds more than \(largestSize >> 30) GiB")
  }
}

let newline = UInt8(ascii: "\n")
let carriageReturn = UInt8(ascii: "\r")

/// Unpacks gzip streams with the system's zlib.
enum Gzip {
  static func unpack(_ packed: [UInt8], source: String) throws(DomainError) -> [UInt8] {
    var stream = z_stream()
    guard czlib_open_gzip(&stream) == Z_OK else {
      throw DomainError(.limit, "no memory to unpack \(source)")
    }
    defer { inflateEnd(&stream) }
    var result: [UInt8] = []
    try MemoryRoom.require(packed.count &* 4, for: source)
    result.reserveCapacity(packed.count &* 4)
    let outcome = try packed.withUnsafeBufferPointer { input throws(DomainError) in
      try inflateAll(&stream, input, into: &result, source)
    }
    switch outcome {
    case .whole: return result
    case .tooLarge: throw InputFile.tooLarge(source)
    case .cutOff:
      throw DomainError(
        .data,
        "\(source) is cut off: its gzip stream stops after \(packed.count) bytes without its end",
        hint: "copy or download the file again")
    case .damaged(let why): throw DomainError(.data, "\(source) is not a sound gzip file: \(why)")
    }
  }

  private enum Outcome {
    case whole, cutOff, tooLarge
    case damaged(String)
  }

  private static func inflateAll(
    _ stream: inout z_stream, _ input: UnsafeBufferPointer<UInt8>, into result: inout [UInt8],
    _ source: String
  ) throws(DomainError) -> Outcome {
    let chunk = 1 << 18
    var position = 0
    let output = UnsafeMutablePointer<UInt8>.allocate(capacity: chunk)
    defer { output.deallocate() }
    while true {
      if stream.avail_in == 0, position < input.count, let base = input.baseAddress {
        // zlib counts in 32 bits: hand over at most a gigabyte at a time.
        let size = min(input.count - position, 1 << 30)
        stream.next_in = UnsafeMutablePointer(mutating: base + position)
        stream.avail_in = UInt32(size)
        position += size
      }
      try Cancellation.check()
      if result.count + chunk > result.capacity {
        // It is copied to a place twice as large.
        try MemoryRoom.require(2 * result.count, for: source)
      }
      stream.next_out = output
      stream.avail_out = UInt32(chunk)
      let code = inflate(&stream, Z_NO_FLUSH)
      result.append(
        contentsOf: UnsafeBufferPointer(start: output, count: chunk - Int(stream.avail_out)))
      if result.count > InputFile.largestSize { return .tooLarge }
      switch code {
      case Z_OK: continue
      case Z_STREAM_END:
        // gzip files may be joined end to end, and padded with zeros.
        let rest = input[(position - Int(stream.avail_in))...]
        guard rest.contains(where: { $0 != 0 }) else { return .whole }
        guard rest.starts(with: [0x1F, 0x8B]) else {
          return .damaged("\(rest.count) bytes that are not gzip follow its end")
        }
        guard inflateReset(&stream) == Z_OK else { return .damaged("a second part cannot be read") }
      case Z_BUF_ERROR: return .cutOff
      default:
        return .damaged(stream.msg.map { String(cString: $0) } ?? "code \(code)")
      }
    }
  }
}
