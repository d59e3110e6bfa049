// The compiled rules of SentencePiece's normalisers (`nmt_nfkc` and so on): a double-array trie from texts to what they
// become, as the Darts-clone library lays it out (S. Yata), behind its length in bytes, and the replacements, each with
// a zero byte behind it.

import Foundations

/// What texts become by compiled rules.
public final class PrecompiledNormalization: Sendable, Equatable {
  /// As a file holds it.
  let bytes: [UInt8]
  private let units: [UInt32]
  private let texts: [UInt8]
  /// What each ASCII character becomes by itself; nil: itself.
  private let ascii: [[UInt32]?]

  public static func == (left: PrecompiledNormalization, right: PrecompiledNormalization) -> Bool {
    left.bytes == right.bytes
  }

  /// - Throws: `data` where the bytes are not of this form.
  init(_ bytes: [UInt8], place: String) throws(DomainError) {
    self.bytes = bytes
    func number(_ at: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) }
    }
    let size = bytes.count >= 4 ? Int(number(0)) : 0
    guard size >= 4, size % 4 == 0, size <= bytes.count - 4 else {
      throw DomainError(.data, "\(place): the compiled rules of normalisation are damaged")
    }
    let units = (0..<size / 4).map { number(4 + 4 * $0) }
    let texts = Array(bytes[(4 + size)...])
    guard texts.withUnsafeBufferPointer({ UTF8Check.firstInvalid($0) }) == nil else {
      throw DomainError(.data, "\(place): the compiled rules of normalisation hold no UTF-8")
    }
    self.units = units
    self.texts = texts
    ascii = (0..<128).map { byte in
      Self.find([UInt8(byte)][...], units, texts, longest: false)
        .map { Self.scalars(texts, $0.text) }
    }
  }

  private static func scalars(_ texts: [UInt8], _ range: Range<Int>) -> [UInt32] {
    String(decoding: texts[range], as: UTF8.self).unicodeScalars.map(\.value)
  }

  /// The replacement of what `key` starts with: of the shortest such text, or of the longest.
  private static func find(
    _ key: ArraySlice<UInt8>, _ units: [UInt32], _ texts: [UInt8], longest: Bool
  ) -> (text: Range<Int>, length: Int)? {
    func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & (1 << 9)) >> 6) }
    var place = offset(units[0])
    var found: (Range<Int>, Int)?
    for (i, byte) in key.enumerated() {
      if byte == 0 { break }
      place ^= Int(byte)
      guard units.indices.contains(place) else { break }
      let unit = units[place]
      guard unit & (1 << 31 | 0xFF) == UInt32(byte) else { break }
      place ^= offset(unit)
      guard units.indices.contains(place) else { break }
      if unit >> 8 & 1 == 1 {
        let start = Int(units[place] & 0x7FFF_FFFF)
        guard start <= texts.count else { break }
        let end = texts[start...].firstIndex(of: 0) ?? texts.count
        found = (start..<end, i + 1)
        if !longest { break }
      }
    }
    return found
  }

  /// The replacement of the longest rule that applies where `key` starts, and the bytes that it takes.
  func longest(_ key: ArraySlice<UInt8>) -> (text: ArraySlice<UInt8>, length: Int)? {
    Self.find(key, units, texts, longest: true).map { (texts[$0.text], $0.length) }
  }

  /// As the `tokenizers` package applies the rules: to what a reader takes for one character where it is short, and
  /// else to each code point; and there the rule for the shortest beginning replaces the whole.
  func apply(to text: inout NormalizedText) {
    var result = NormalizedText()
    var i = 0
    var key: [UInt8] = []
    let ends = Self.characterEnds(text)
    while i < text.count {
      let scalar = text.scalars[i]
      let isAlone = scalar < 0x80 && (i + 1 == text.count || text.scalars[i + 1] < 0x80)
      if isAlone {
        if let replacement = ascii[Int(scalar)] {
          for one in replacement { result.append(one, text.starts[i], text.ends[i]) }
        } else {
          result.append(scalar, text.starts[i], text.ends[i])
        }
        i += 1
        continue
      }
      let end = ends.isEmpty ? i + 1 : Int(ends[i])
      key.removeAll(keepingCapacity: true)
      for k in i..<end where key.count < 6 { UTF8Decoder.append(text.scalars[k], to: &key) }
      if end - i > 1, key.count < 6, replace(text, i..<end, key, &result) {
        i = end
        continue
      }
      for k in i..<end {
        key.removeAll(keepingCapacity: true)
        UTF8Decoder.append(text.scalars[k], to: &key)
        if !replace(text, k..<k + 1, key, &result) {
          result.append(text.scalars[k], text.starts[k], text.ends[k])
        }
      }
      i = end
    }
    text = result
  }

  private func replace(
    _ text: NormalizedText, _ range: Range<Int>, _ key: [UInt8], _ result: inout NormalizedText
  ) -> Bool {
    guard let found = Self.find(key[...], units, texts, longest: false) else { return false }
    let scalars = Self.scalars(texts, found.text)
    for (k, scalar) in scalars.enumerated() {
      let first = min(range.lowerBound + k, range.upperBound - 1)
      // As in the package, what is left over stands for nothing.
      result.append(scalar, text.starts[first], text.ends[first])
    }
    return true
  }

  /// By the code point with which a character (an extended grapheme cluster) starts, where it ends; empty for ASCII.
  private static func characterEnds(_ text: NormalizedText) -> [Int32] {
    guard text.scalars.contains(where: { $0 >= 0x80 }) else { return [] }
    var view = String.UnicodeScalarView()
    for value in text.scalars { view.append(Unicode.Scalar(value) ?? "\u{FFFD}") }
    var ends = [Int32](repeating: 0, count: text.count)
    var start = 0
    for character in String(view) {
      let end = start + character.unicodeScalars.count
      ends[start] = Int32(truncatingIfNeeded: end)
      start = end
    }
    return ends
  }
}

/// Bytes in letters, four for three (RFC 4648).
enum Base64 {
  private static let letters = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  private static let values: [Int16] = {
    var values = [Int16](repeating: -1, count: 256)
    for (value, letter) in letters.enumerated() { values[Int(letter)] = Int16(value) }
    return values
  }()

  static func text(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let part = bytes[start..<min(start + 3, bytes.count)]
      var bits = part.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      bits <<= UInt32(8 * (3 - part.count))
      for k in 0..<4 {
        text.append(
          k <= part.count ? letters[Int(bits >> UInt32(18 - 6 * k) & 63)] : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Nil where the text is not of this form.
  static func bytes(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 4 * 3)
    var bits: UInt32 = 0
    var count = 0
    var fill = 0
    for letter in text {
      if letter == UInt8(ascii: "=") {
        fill += 1
        guard fill <= 2 else { return nil }
        bits <<= 6
      } else {
        guard fill == 0, values[Int(letter)] >= 0 else { return nil }
        bits = bits << 6 | UInt32(values[Int(letter)])
      }
      count += 1
      if count == 4 {
        bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
        if fill < 2 { bytes.append(UInt8(truncatingIfNeeded: bits >> 8)) }
        if fill < 1 { bytes.append(UInt8(truncatingIfNeeded: bits)) }
        bits = 0
        count = 0
      }
    }
    return bytes
  }
}
