import Foundations
import Glibc

/// Many texts behind each other in one buffer of UTF-8: no object a text, cheap to compare, hash and copy.
public struct Texts: Sendable {
  public private(set) var bytes: [UInt8]
  /// Where each text ends; it begins where the one before it ends.
  public private(set) var ends: [Int]

  public init() { (bytes, ends) = ([], []) }

  /// - Precondition: `ends` ascend up to the number of bytes, which are UTF-8 between any two of them.
  public init(bytes: [UInt8], ends: [Int]) { (self.bytes, self.ends) = (bytes, ends) }

  public init(_ texts: some Collection<String>) {
    self.init()
    ends.reserveCapacity(texts.count)
    for text in texts { append(text) }
  }

  public var count: Int { ends.count }

  public mutating func reserve(count: Int, bytes: Int) {
    ends.reserveCapacity(count)
    self.bytes.reserveCapacity(bytes)
  }

  public mutating func append(_ text: String) {
    bytes.append(contentsOf: text.utf8)
    ends.append(bytes.count)
  }

  public mutating func append(_ text: UnsafeBufferPointer<UInt8>) {
    bytes.append(contentsOf: text)
    ends.append(bytes.count)
  }

  public mutating func append(contentsOf other: Texts) {
    let start = bytes.count
    bytes.append(contentsOf: other.bytes)
    ends.reserveCapacity(ends.count + other.count)
    for end in other.ends { ends.append(start + end) }
  }

  @inlinable
  public func range(_ index: Int) -> Range<Int> {
    (index == 0 ? 0 : ends[index - 1])..<ends[index]
  }

  public subscript(index: Int) -> String {
    withBytes(index) { String(decoding: $0, as: UTF8.self) }
  }

  @inlinable
  public func withBytes<R>(_ index: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows
    -> R
  {
    let range = range(index)
    return try bytes.withUnsafeBufferPointer {
      try body(UnsafeBufferPointer(rebasing: $0[range]))
    }
  }

  /// A view for loops, in which texts are read without checks and without counting references.
  public func withView<R>(_ body: (View) throws -> R) rethrows -> R {
    try bytes.withUnsafeBufferPointer { bytes in
      try ends.withUnsafeBufferPointer { ends in try body(View(bytes: bytes, ends: ends)) }
    }
  }

  public struct View {
    let bytes: UnsafeBufferPointer<UInt8>
    let ends: UnsafeBufferPointer<Int>
    public var count: Int { ends.count }

    @inline(__always)
    public subscript(index: Int) -> UnsafeBufferPointer<UInt8> {
      let start = index == 0 ? 0 : ends[index - 1]
      return UnsafeBufferPointer(
        start: bytes.baseAddress.map { $0 + start }, count: ends[index] - start)
    }

    /// The first eight bytes as a number that orders as they do.
    @inline(__always)
    func prefix(_ index: Int) -> UInt64 {
      let text = self[index]
      guard let base = text.baseAddress else { return 0 }
      if text.count >= 8 {
        return UInt64(bigEndian: UnsafeRawPointer(base).loadUnaligned(as: UInt64.self))
      }
      var value: UInt64 = 0
      for place in 0..<text.count { value |= UInt64(text[place]) << UInt64(56 - 8 * place) }
      return value
    }
  }

  /// The order of code points: less than 0 where `left` comes first.
  @inline(__always)
  static func order(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Int
  {
    let common = min(left.count, right.count)
    if common > 0, let a = left.baseAddress, let b = right.baseAddress {
      let order = memcmp(a, b, common)
      if order != 0 { return Int(order) }
    }
    return left.count - right.count
  }

  @inline(__always)
  static func areEqual(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>)
    -> Bool
  {
    guard left.count == right.count else { return false }
    guard let a = left.baseAddress, let b = right.baseAddress else { return true }
    return memcmp(a, b, left.count) == 0
  }

  /// A hash of bytes for tables in memory, the same in every run: eight bytes a step, mixed by multiplication.
  @inline(__always)
  static func hash(_ text: UnsafeBufferPointer<UInt8>) -> UInt64 {
    guard let base = text.baseAddress else { return 0x9E37_79B9_7F4A_7C15 }
    let raw = UnsafeRawPointer(base)
    var hash = UInt64(truncatingIfNeeded: text.count) &* 0x9E37_79B9_7F4A_7C15
    var place = 0
    while place + 8 <= text.count {
      hash = mixed(hash ^ raw.loadUnaligned(fromByteOffset: place, as: UInt64.self))
      place += 8
    }
    var last: UInt64 = 0
    while place < text.count {
      last = last << 8 | UInt64(text[place])
      place += 1
    }
    return mixed(hash ^ last)
  }

  @inline(__always)
  static func mixed(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: 0x9FB2_1C65_1E98_DF25)
    return product.high ^ product.low
  }

  /// The texts at the given places, in that order.
  public func gathered(_ places: [Int]) -> Texts {
    withView { view in
      var total = 0
      for place in places { total += view[place].count }
      var ends: [Int] = []
      ends.reserveCapacity(places.count)
      let bytes = [UInt8](unsafeUninitializedCapacity: total) { buffer, initialized in
        var filled = 0
        for place in places {
          let text = view[place]
          if let from = text.baseAddress, let to = buffer.baseAddress {
            memcpy(to + filled, from, text.count)
          }
          filled += text.count
          ends.append(filled)
        }
        initialized = filled
      }
      return Texts(bytes: bytes, ends: ends)
    }
  }

  func slice(_ range: Range<Int>) -> Texts {
    guard !range.isEmpty else { return Texts() }
    let start = range.lowerBound == 0 ? 0 : ends[range.lowerBound - 1]
    return Texts(
      bytes: Array(bytes[start..<ends[range.upperBound - 1]]), ends: ends[range].map { $0 - start })
  }
}

extension Texts: Equatable {}
