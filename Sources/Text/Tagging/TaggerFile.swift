// A trained tagger on disk. The file holds, little-endian: the eight bytes `FLTAGGER`, the version (UInt32), the number
// of tags (UInt8) and each tag (UInt8 length, UTF-8), the number of features (UInt32), and for each feature its key
// (UInt64), the number of its weights that are not zero (UInt8) and those (UInt8 tag, Float32); at the end the SHA-256
// digest of all before.

import Files
import Foundations

extension Tagger {
  private static let magic = Array("FLTAGGER".utf8)
  private static let version: UInt32 = 1

  /// Writes the tagger to a file: to a temporary name first, so that a file of that name is whole or not there.
  ///
  /// - Throws: `io` where the file cannot be written.
  public func save(to path: String) throws(DomainError) {
    try AtomicFile.write(path, try encoded())
  }

  /// All of the tagger, as `save` writes it.
  ///
  /// - Throws: `limit` where a tag is too long.
  public func encoded() throws(DomainError) -> [UInt8] {
    var bytes = Tagger.magic
    func append(_ value: some FixedWidthInteger) {
      withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
    append(Tagger.version)
    append(UInt8(tags.count))
    for tag in tags {
      let text = Array(tag.utf8)
      guard text.count <= 255 else {
        throw DomainError(.limit, "the tag \(tag) is longer than 255 bytes")
      }
      append(UInt8(text.count))
      bytes.append(contentsOf: text)
    }
    append(UInt32(features.count))
    for (row, key) in features.keys.enumerated() {
      append(key)
      let places = tags.indices.filter { weights[row * tags.count + $0] != 0 }
      append(UInt8(places.count))
      for tag in places {
        append(UInt8(tag))
        append(weights[row * tags.count + tag].bitPattern)
      }
    }
    bytes.append(contentsOf: Fingerprint(of: bytes).bytes)
    return bytes
  }

  /// Whether the file at `path` begins as one that `save` wrote.
  public static func isFile(_ path: String) throws(DomainError) -> Bool {
    try InputFile.bytes(path).starts(with: magic)
  }

  /// Reads a tagger that `save` wrote.
  ///
  /// - Throws: `io`, and `data` where the file is cut off, damaged or no tagger.
  public convenience init(file path: String) throws(DomainError) {
    let bytes = try InputFile.bytes(path)
    guard bytes.count > 32, bytes.starts(with: Tagger.magic) else {
      throw DomainError(.data, "\(path) is not the file of a tagger")
    }
    guard Fingerprint(of: bytes.dropLast(32)).bytes.elementsEqual(bytes.suffix(32)) else {
      throw DomainError(.data, "\(path) is damaged: its digest does not fit", hint: "save it again")
    }
    var reader = ByteReader(bytes: bytes[8..<bytes.count - 32], source: path)
    let version = UInt32(truncatingIfNeeded: try reader.number(4))
    guard version == Tagger.version else {
      throw DomainError(
        .data, "\(path) is a tagger of version \(version), expected \(Tagger.version)")
    }
    var tags: [String] = []
    for _ in 0..<(try reader.number(1)) { tags.append(try reader.text(Int(try reader.number(1)))) }
    guard !tags.isEmpty, Set(tags).count == tags.count else {
      throw DomainError(.data, "\(path) has no tags, or one of them twice")
    }
    var features = FeatureTable()
    var weights: [Float] = []
    let count = Int(try reader.number(4))
    for row in 0..<count {
      guard features.insert(try reader.number(8)) == row else {
        throw DomainError(.data, "\(path) has a feature twice")
      }
      weights.append(contentsOf: repeatElement(0, count: tags.count))
      for _ in 0..<(try reader.number(1)) {
        let tag = Int(try reader.number(1))
        let weight = Float(bitPattern: UInt32(truncatingIfNeeded: try reader.number(4)))
        guard tag < tags.count, weight.isFinite else {
          throw DomainError(.data, "\(path) has a weight for no tag, or one that is not finite")
        }
        weights[row * tags.count + tag] = weight
      }
    }
    guard reader.isAtEnd else { throw DomainError(.data, "\(path) has bytes behind its end") }
    self.init(tags: tags, features: features, weights: weights)
  }
}

/// Takes numbers and texts from bytes, front to back.
private struct ByteReader {
  var bytes: ArraySlice<UInt8>
  let source: String

  var isAtEnd: Bool { bytes.isEmpty }

  private mutating func take(_ count: Int) throws(DomainError) -> ArraySlice<UInt8> {
    guard bytes.count >= count else { throw DomainError(.data, "\(source) is cut off") }
    defer { bytes = bytes.dropFirst(count) }
    return bytes.prefix(count)
  }

  /// A little-endian number of up to eight bytes.
  mutating func number(_ size: Int) throws(DomainError) -> UInt64 {
    try take(size).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  mutating func text(_ count: Int) throws(DomainError) -> String {
    guard let text = String(validating: try take(count), as: UTF8.self) else {
      throw DomainError(.data, "\(source) has a tag that is not UTF-8")
    }
    return text
  }
}
