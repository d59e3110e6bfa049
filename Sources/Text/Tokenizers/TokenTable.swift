import Foundations

/// Tokens by number and numbers by token, both ways over one piece of memory: tokens are bytes here, so that two that
/// are canonically equivalent stay two.
final class TokenTable: @unchecked Sendable {
  /// The largest number that a token may have: what stands in a file must not decide how much memory is taken.
  static let largestID = 1 << 24

  private let bytes: UnsafeMutableBufferPointer<UInt8>
  /// Where token `i` starts and ends; both 0 and `isThere` false where no token has the number.
  private let bounds: UnsafeMutableBufferPointer<(start: Int32, end: Int32)>
  private let slots: UnsafeMutableBufferPointer<Int32>
  private let mask: Int
  /// Tokens there are.
  let count: Int
  /// The longest token, in bytes.
  let longest: Int
  /// One past the largest number.
  var idEnd: Int { bounds.count }

  /// - Parameter tokens: each with its number, in any order; numbers may have holes.
  /// - Throws: `data` where a token or a number appears twice or a number is out of range.
  init(_ tokens: [(token: String, id: Int)], source: String) throws(DomainError) {
    var end = 0
    var size = 0
    for (token, id) in tokens {
      guard (0...Self.largestID).contains(id) else {
        throw DomainError(
          .data,
          "\(source): the token `\(token)` has the number \(id), which is not within 0 and \(Self.largestID)"
        )
      }
      end = max(end, id + 1)
      size += token.utf8.count
    }
    guard size <= Int(Int32.max) else {
      throw DomainError(.limit, "\(source): the tokens take more than \(Int32.max) bytes")
    }
    var capacity = 16
    while capacity < tokens.count * 2 { capacity *= 2 }
    bytes = .allocate(capacity: max(size, 1))
    bounds = .allocate(capacity: end)
    bounds.initialize(repeating: (-1, -1))
    slots = .allocate(capacity: capacity)
    slots.initialize(repeating: -1)
    mask = capacity - 1
    count = tokens.count
    var position = 0
    var longest = 0
    for (token, id) in tokens {
      guard bounds[id].start < 0 else {
        throw DomainError(
          .data,
          "\(source): the number \(id) belongs to two tokens, `\(Self.text(bytes, bounds[id]))` and `\(token)`"
        )
      }
      let start = position
      for byte in token.utf8 {
        bytes[position] = byte
        position += 1
      }
      bounds[id] = (Int32(start), Int32(position))
      longest = max(longest, position - start)
      let key = UnsafeBufferPointer(rebasing: bytes[start..<position])
      var slot = Self.hash(key) & mask
      while slots[slot] >= 0 {
        let other = bounds[Int(slots[slot])]
        guard
          !UnsafeBufferPointer(rebasing: bytes[Int(other.start)..<Int(other.end)])
            .elementsEqual(key)
        else {
          throw DomainError(
            .data,
            "\(source): the token `\(token)` has two numbers, \(slots[slot]) and \(id)")
        }
        slot = (slot + 1) & mask
      }
      slots[slot] = Int32(id)
    }
    self.longest = longest
  }

  deinit {
    bytes.deallocate()
    bounds.deallocate()
    slots.deallocate()
  }

  /// The number of the token that these bytes are; -1 where they are none.
  func id(_ key: UnsafeBufferPointer<UInt8>) -> Int32 {
    if key.count > longest { return -1 }
    var slot = Self.hash(key) & mask
    while slots[slot] >= 0 {
      let id = slots[slot]
      let bound = bounds[Int(id)]
      if Int(bound.end - bound.start) == key.count,
        UnsafeBufferPointer(rebasing: bytes[Int(bound.start)..<Int(bound.end)]).elementsEqual(key)
      {
        return id
      }
      slot = (slot + 1) & mask
    }
    return -1
  }

  func id(of token: String) -> Int32? {
    var token = token
    let id = token.withUTF8 { self.id($0) }
    return id < 0 ? nil : id
  }

  /// The bytes of token `id`; nil where no token has the number.
  func token(_ id: Int) -> UnsafeBufferPointer<UInt8>? {
    guard bounds.indices.contains(id), bounds[id].start >= 0 else { return nil }
    return UnsafeBufferPointer(
      rebasing: bytes[Int(bounds[id].start)..<Int(bounds[id].end)])
  }

  func text(_ id: Int) -> String? {
    token(id).map { String(decoding: $0, as: UTF8.self) }
  }

  private static func text(
    _ bytes: UnsafeMutableBufferPointer<UInt8>, _ bound: (start: Int32, end: Int32)
  ) -> String {
    String(
      decoding: UnsafeBufferPointer(rebasing: bytes[Int(bound.start)..<Int(bound.end)]),
      as: UTF8.self)
  }

  /// Mixes eight bytes at a time.
  private static func hash(_ key: UnsafeBufferPointer<UInt8>) -> Int {
    var hash = UInt64(truncatingIfNeeded: key.count) &* 0x9E37_79B9_7F4A_7C15
    let raw = UnsafeRawBufferPointer(key)
    var i = 0
    while i + 8 <= raw.count {
      hash = (hash ^ raw.loadUnaligned(fromByteOffset: i, as: UInt64.self)) &* 0xD6E8_FEB8_6659_FD93
      hash ^= hash >> 32
      i += 8
    }
    var rest: UInt64 = 0
    while i < raw.count {
      rest = rest << 8 | UInt64(raw[i])
      i += 1
    }
    hash = (hash ^ rest) &* 0xD6E8_FEB8_6659_FD93
    hash ^= hash >> 32
    return Int(truncatingIfNeeded: hash & 0x7FFF_FFFF_FFFF_FFFF)
  }
}
