import Crypto
import Foundation

/// What names something by its content: a SHA-256.
public struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
  public let bytes: Data

  /// A fingerprint that was stored.
  public init(bytes: Data) { self.bytes = bytes }

  /// That of bytes as they are.
  public init(of content: some Sequence<UInt8>) {
    bytes = Data(SHA256.hash(data: Array(content)))
  }

  /// The fingerprint of a list of parts. Each is hashed with its length, so that no two lists give the same input.
  public init(_ parts: [Data]) {
    var writer = FingerprintWriter()
    for part in parts { writer.add(part: part) }
    self = writer.fingerprint
  }

  public init(_ parts: [String]) { self.init(parts.map { Data($0.utf8) }) }

  /// The 64 hexadecimal digits.
  public var description: String { bytes.hexadecimal }

  /// The first 64 bits, as the key of a random stream.
  public var word: UInt64 { bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }
}

/// Takes down what a fingerprint is of, piece by piece.
public struct FingerprintWriter {
  private var hash = SHA256()

  public init() {}

  /// - Parameter purpose: what is hashed, so that equal bytes of different things differ.
  public init(_ purpose: String) { add(purpose) }

  /// Bytes as they are: where they end is told by what surrounds them.
  public mutating func add(bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

  /// Bytes with their length, so that moving a boundary changes the result.
  public mutating func add(part: some Collection<UInt8>) {
    add(part.count)
    hash.update(data: Array(part))
  }

  /// The bytes of a text with their length.
  public mutating func add(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      add(bytes.count)
      hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
    }
  }

  /// Numbers with their count.
  public mutating func add(_ numbers: [Int32]) {
    add(numbers.count)
    for number in numbers {
      withUnsafeBytes(of: number.littleEndian) { hash.update(bufferPointer: $0) }
    }
  }

  public mutating func add(_ number: Int) {
    withUnsafeBytes(of: Int64(number).littleEndian) { hash.update(bufferPointer: $0) }
  }

  /// That of all that was added so far.
  public var fingerprint: Fingerprint { Fingerprint(bytes: Data(hash.finalize())) }
}

extension Sequence<UInt8> {
  /// Two digits a byte. `String(format:)` would load locales, a tenth of the program's start.
  public var hexadecimal: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
