import Foundations

/// The lines of a text, one after the other, in constant memory.
public final class LineSource {
  private let source: any ByteSource
  private let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 16)
  private var place = 0
  private var filled = 0
  private var isAtEnd = false
  private var line = 0
  /// The most bytes of one line.
  private static let longest = 1 << 30

  public init(_ source: any ByteSource) { self.source = source }

  deinit { buffer.deallocate() }

  /// The next line without its end (LF or CRLF); nil behind the last one. A byte-order mark is no part of the first.
  ///
  /// - Throws: `parse` with the line where it is no UTF-8, `limit` for a line of more than a gibibyte; as the source.
  public func next() throws(DomainError) -> String? {
    var bytes: [UInt8] = []
    var found = false
    while !isAtEnd || place < filled {
      if place == filled {
        filled = try source.read(into: buffer)
        place = 0
        if filled == 0 {
          isAtEnd = true
          break
        }
      }
      let rest = buffer[place..<filled]
      if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        bytes.append(contentsOf: buffer[place..<end])
        place = end + 1
        found = true
        break
      }
      bytes.append(contentsOf: rest)
      place = filled
      try MemoryRoom.require(bytes.count, for: source.name)
      guard bytes.count <= LineSource.longest else {
        throw DomainError(.limit, "\(source.name), line \(line + 1) is longer than 1 GiB")
      }
    }
    guard found || !bytes.isEmpty else { return nil }
    line += 1
    if line == 1, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
    if found, bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      let wrong = bytes.withUnsafeBufferPointer { UTF8Check.firstInvalid($0) } ?? 0
      throw DomainError(
        .parse,
        "\(source.name), line \(line): the byte 0x\(String(bytes[wrong], radix: 16)) is not UTF-8",
        hint: "save the file as UTF-8")
    }
    return text
  }
}
