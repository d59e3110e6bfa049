// Files as bytes: read whole or piece by piece, unpacked where they are packed, checked to be UTF-8.
import Foundations

/// Reads files, `.gz` and `.zst` unpacked.
public enum InputFile {
  /// The most bytes that one file may hold once unpacked: a packed file of a few kilobytes can otherwise fill the
  /// memory.
  public static let largestSize = 4 << 30

  /// The bytes of the file at `path`; what gzip or zstd has packed (known by its first bytes) is unpacked.
  ///
  /// - Throws: `io` where the file cannot be read, `data` where what is packed is cut off or damaged, or a `.gz` or
  ///   `.zst` file is not packed so, `limit` past `largestSize`.
  public static func bytes(_ path: String) throws(DomainError) -> [UInt8] {
    let raw = try Door.current.open(path).contents(atMost: largestSize)
    if Packing(first: raw) == nil, raw.isEmpty || Packing(path: path) == nil { return raw }
    return try MemorySource(raw, name: path).unpacked().contents(atMost: largestSize)
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

  /// The file at `path` piece by piece, unpacked. All of it counts as read.
  public static func source(_ path: String) throws(DomainError) -> any ByteSource {
    let file = try Door.current.open(path)
    try file.noteContent()
    return try OpenedFileSource(file).unpacked()
  }

  /// What is piped into the process, piece by piece, unpacked.
  public static func standardInput() throws(DomainError) -> any ByteSource {
    try StandardInput().unpacked()
  }

  /// All that is piped into the process, unpacked.
  public static func standardInputBytes() throws(DomainError) -> [UInt8] {
    try standardInput().contents(atMost: largestSize)
  }

  /// Bytes that gzip has packed, unpacked.
  public static func unpackedGzip(_ packed: [UInt8], source: String) throws(DomainError) -> [UInt8]
  {
    try GzipSource(MemorySource(packed, name: source)).contents(atMost: largestSize)
  }

  /// Whether something exists at `path`, and whether it is a folder.
  public static func kind(_ path: String) -> (exists: Bool, isFolder: Bool) {
    Door.current.kind(path)
  }

  /// - Throws: `parse` with the line of the first byte that is not UTF-8.
  public static func requireUTF8(_ bytes: [UInt8], source: String) throws(DomainError) {
    guard let offset = bytes.withUnsafeBufferPointer({ UTF8Check.firstInvalid($0) }) else { return }
    let line = 1 + bytes[..<offset].count { $0 == UInt8(ascii: "\n") }
    throw DomainError(
      .parse,
      "\(source), line \(line): the byte 0x\(String(bytes[offset], radix: 16)) is not UTF-8",
      hint: "save the file as UTF-8")
  }
}
