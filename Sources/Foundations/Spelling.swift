#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A string as a key, equal to another only where both have the same code points, and ordered by them.
///
/// Swift's own strings are equal where they are canonically equivalent: "é" as one code point and as "e" with an accent
/// behind it, "Å" and the sign for the unit ångström. What scripts and data hold (words, columns, classes, keys, names
/// of files) is told apart as it is spelt, as Python, JSON and the file system do, so it is never a key as it is.
public struct Spelling: Hashable, Comparable, Sendable, ExpressibleByStringLiteral {
  public let text: String

  @inlinable
  public init(_ text: String) { self.text = text }
  public init(stringLiteral text: String) { self.text = text }

  @inlinable
  public static func == (left: Spelling, right: Spelling) -> Bool { left.text.isSpelt(right.text) }

  public static func < (left: Spelling, right: Spelling) -> Bool {
    // The byte order of UTF-8 is that of the code points.
    left.text.withBytes { left in
      right.text.withBytes { right in
        let common = min(left.count, right.count)
        if common > 0, let a = left.baseAddress, let b = right.baseAddress {
          let order = memcmp(a, b, common)
          if order != 0 { return order < 0 }
        }
        return left.count < right.count
      }
    }
  }

  public func hash(into hasher: inout Hasher) {
    text.withBytes { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    // No text's bytes hold it, so that a key of two texts is not that of two others.
    hasher.combine(0xFF as UInt8)
  }
}

extension Spelling: CustomStringConvertible {
  public var description: String { text }
}

extension String {
  /// Whether both have the same code points.
  public func isSpelt(_ other: String) -> Bool {
    guard utf8.count == other.utf8.count else { return false }
    return withBytes { left in
      other.withBytes { right in
        guard let a = left.baseAddress, let b = right.baseAddress else { return left.isEmpty }
        return memcmp(a, b, left.count) == 0
      }
    }
  }

  /// The bytes of its UTF-8, without a copy where they lie behind each other.
  @inlinable
  public func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    if let result = utf8.withContiguousStorageIfAvailable(body) { return result }
    var copy = self
    return copy.withUTF8(body)
  }
}

extension Sequence where Element == String {
  /// Each spelling once, in the order of code points.
  public func distinctSpellings() -> [String] { Set(spelt: self).sorted().map(\.text) }

  /// Whether one of them is spelt so.
  public func containsSpelling(_ text: String) -> Bool { contains { $0.isSpelt(text) } }
}

extension Collection where Element == String {
  /// Where the first that is spelt so stands.
  public func firstIndex(spelt text: String) -> Index? { firstIndex { $0.isSpelt(text) } }
}

extension Set where Element == Spelling {
  public init(spelt texts: some Sequence<String>) { self.init(texts.map { Spelling($0) }) }

  public func contains(_ text: String) -> Bool { contains(Spelling(text)) }

  /// Whether it was not there before.
  @discardableResult
  public mutating func add(_ text: String) -> Bool { insert(Spelling(text)).inserted }
}

extension Dictionary where Key == Spelling {
  /// The value of a text that is spelt so.
  public subscript(text: String) -> Value? {
    get { self[Spelling(text)] }
    set { self[Spelling(text)] = newValue }
  }

  public subscript(text: String, default value: @autoclosure () -> Value) -> Value {
    get { self[Spelling(text), default: value()] }
    _modify { yield &self[Spelling(text), default: value()] }
  }
}
