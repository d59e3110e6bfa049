import Foundations

/// How a text file writes its characters.
public enum TextEncoding: String, Sendable, CaseIterable {
  case utf8 = "utf-8"
  /// With a byte-order mark, or little-endian without one.
  case utf16 = "utf-16"
  case latin1 = "latin-1"
  case windows1252 = "windows-1252"

  /// The text as UTF-8 without a byte-order mark.
  ///
  /// - Throws: `parse` with the place of the first byte that the encoding does not have.
  func utf8(_ bytes: [UInt8], source: String) throws(DomainError) -> [UInt8] {
    switch self {
    case .utf8:
      if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
        throw DomainError(
          .parse, "\(source) is not UTF-8: it begins as UTF-16 does", hint: "`encoding: \"utf-16\"`"
        )
      }
      return bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    case .latin1, .windows1252:
      try MemoryRoom.require(2 * bytes.count, for: source)
      return try single(bytes, source)
    case .utf16: return try wide(bytes, source)
    }
  }

  private func single(_ bytes: [UInt8], _ source: String) throws(DomainError) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count + bytes.count / 8)
    for (index, byte) in bytes.enumerated() {
      try Cancellation.check(turn: index)
      if byte < 0x80 {
        result.append(byte)
        continue
      }
      var code = UInt32(byte)
      if self == .windows1252, byte < 0xA0 {
        code = TextEncoding.windows[Int(byte) - 0x80]
        guard code != 0 else {
          throw DomainError(
            .parse,
            "\(source), byte \(index): windows-1252 has no character 0x\(String(byte, radix: 16))")
        }
      }
      if let scalar = Unicode.Scalar(code) {
        result.append(contentsOf: UTF8.encode(scalar) ?? .init())
      }
    }
    return result
  }

  /// The characters 0x80 to 0x9F of windows-1252; 0 where it has none.
  private static let windows: [UInt32] = [
    0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039,
    0x0152, 0, 0x017D, 0, 0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122,
    0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178,
  ]

  private func wide(_ bytes: [UInt8], _ source: String) throws(DomainError) -> [UInt8] {
    let isBig = bytes.starts(with: [0xFE, 0xFF])
    let start = isBig || bytes.starts(with: [0xFF, 0xFE]) ? 2 : 0
    guard bytes.count % 2 == 0 else {
      throw DomainError(.parse, "\(source) is not UTF-16: it has an odd number of bytes")
    }
    try MemoryRoom.require(2 * bytes.count, for: source)
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    func unit(_ place: Int) -> UInt32 {
      isBig
        ? UInt32(bytes[place]) << 8 | UInt32(bytes[place + 1])
        : UInt32(bytes[place + 1]) << 8 | UInt32(bytes[place])
    }
    var place = start
    while place < bytes.count {
      try Cancellation.check(turn: place >> 1)
      var code = unit(place)
      place += 2
      if (0xD800..<0xDC00).contains(code), place < bytes.count,
        (0xDC00..<0xE000).contains(unit(place))
      {
        code = 0x10000 + ((code - 0xD800) << 10) + (unit(place) - 0xDC00)
        place += 2
      }
      guard let scalar = Unicode.Scalar(code) else {
        throw DomainError(.parse, "\(source), byte \(place - 2): half of a surrogate pair")
      }
      result.append(contentsOf: UTF8.encode(scalar) ?? .init())
    }
    return result
  }
}
