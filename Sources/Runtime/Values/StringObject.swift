#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

struct StringStorage {
  /// The UTF-8: in `inlineBytes` where it fits, else allocated.
  var bytes: UnsafeMutablePointer<UInt8>
  var byteCount: UInt32
  /// In code points; equal to `byteCount` where all is ASCII.
  var characterCount: UInt32
  /// 0 until asked for.
  var hash: UInt32
  var inlineBytes: (UInt32, UInt32, UInt32, UInt32, UInt32)

  static let inlineCapacity = 20

  // Longer strings have the place of the inline bytes for two pointers, which are aligned: the fields before take 20
  // bytes.

  @inline(__always)
  static func sharedBuffer(_ storage: UnsafeMutablePointer<StringStorage>)
    -> UnsafeMutablePointer<SharedBuffer?>
  {
    (UnsafeMutableRawPointer(storage) + 24).assumingMemoryBound(to: SharedBuffer?.self)
  }

  @inline(__always)
  static func characterPlaces(_ storage: UnsafeMutablePointer<StringStorage>)
    -> UnsafeMutableRawPointer
  {
    UnsafeMutableRawPointer(storage) + 32
  }
}

/// An immutable text: UTF-8, indexed by Unicode code point as in Python.
public final class StringObject: Object {
  private var stored: StringStorage

  /// A string cannot be longer (in bytes): scripts get a `limit` error first.
  public static let maximumByteCount = 1 << 30

  /// With room for `byteCount` bytes, which the caller fills and counts (`finish`).
  init(uninitialized byteCount: Int, characterCount: Int) {
    // `bytes` is set right below, once the address of the object is known.
    stored = StringStorage(
      bytes: UnsafeMutablePointer(bitPattern: 8).unsafelyUnwrapped, byteCount: UInt32(byteCount),
      characterCount: UInt32(characterCount), hash: 0, inlineBytes: (0, 0, 0, 0, 0))
    super.init(.string)
    let storage = self.storage
    if byteCount <= StringStorage.inlineCapacity {
      storage.pointee.bytes = inlineAddress
    } else {
      storage.pointee.bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: byteCount)
    }
  }

  /// Over bytes that somebody else owns.
  init(sharedBytes bytes: UnsafeMutablePointer<UInt8>, byteCount: Int, characterCount: Int) {
    stored = StringStorage(
      bytes: bytes, byteCount: UInt32(byteCount), characterCount: UInt32(characterCount), hash: 0,
      inlineBytes: (0, 0, 0, 0, 0))
    super.init(.string)
  }

  public convenience init(_ text: String) {
    var text = text
    text.makeContiguousUTF8()
    self.init(uninitialized: text.utf8.count, characterCount: 0)
    let storage = self.storage
    text.withUTF8 { source in
      if let address = source.baseAddress {
        storage.pointee.bytes.update(from: address, count: source.count)
      }
    }
    storage.pointee.characterCount = UInt32(
      StringObject.countCharacters(storage.pointee.bytes, Int(storage.pointee.byteCount)))
  }

  /// Of bytes that are valid UTF-8.
  convenience init(bytes: UnsafePointer<UInt8>, count: Int, characterCount: Int? = nil) {
    self.init(
      uninitialized: count,
      characterCount: characterCount ?? StringObject.countCharacters(bytes, count))
    storage.pointee.bytes.update(from: bytes, count: count)
  }

  deinit {
    guard stored.byteCount > UInt32(StringStorage.inlineCapacity) else { return }
    if let places = CharacterPlaces.existing(of: storage) { places.deallocate() }
    if let buffer = sharedBuffer.pointee {
      buffer.release()
    } else {
      stored.bytes.deallocate()
    }
  }

  @inline(__always)
  var storage: UnsafeMutablePointer<StringStorage> { reference.stringStorage }

  private var inlineAddress: UnsafeMutablePointer<UInt8> {
    (reference.toOpaque() + ObjectLayout.fields
      + (MemoryLayout<StringStorage>.offset(of: \StringStorage.inlineBytes) ?? 20))
      .assumingMemoryBound(to: UInt8.self)
  }

  public override var typeName: String { "string" }

  override var byteCount: Int { StringObject.size(storage) }

  /// The bytes that a string takes. Of a buffer that several share, the longest one's.
  @inline(__always)
  static func size(_ storage: UnsafeMutablePointer<StringStorage>) -> Int {
    let count = Int(storage.pointee.byteCount)
    guard count > StringStorage.inlineCapacity else { return 80 }
    if let buffer = StringStorage.sharedBuffer(storage).pointee {
      return 80 + (buffer.used == count ? buffer.capacity : 0)
    }
    return 80 + count + 16
  }

  /// The buffer that the bytes lie in, where that has room for more behind them. Only for what is not inline.
  var sharedBuffer: UnsafeMutablePointer<SharedBuffer?> { StringStorage.sharedBuffer(storage) }

  /// The length in bytes.
  public var byteLength: Int { Int(storage.pointee.byteCount) }
  /// The length in code points.
  public var count: Int { Int(storage.pointee.characterCount) }
  public var isASCII: Bool { storage.pointee.byteCount == storage.pointee.characterCount }

  public var text: String {
    String(decoding: utf8, as: UTF8.self)
  }

  /// The bytes; valid as long as the object lives.
  public var utf8: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: storage.pointee.bytes, count: byteLength)
  }

  static func countCharacters(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
    var characters = 0
    for index in 0..<count where bytes[index] & 0xC0 != 0x80 { characters += 1 }
    return characters
  }

  /// The byte offset of a code point; `index` lies in `0...count`.
  public func byteOffset(of index: Int) -> Int {
    if isASCII { return index }
    let bytes = storage.pointee.bytes
    let end = byteLength
    if count - index < CharacterPlaces.step {
      // From the end.
      var remaining = count - index
      var offset = end
      while remaining > 0 {
        offset -= 1
        if bytes[offset] & 0xC0 != 0x80 { remaining -= 1 }
      }
      return offset
    }
    var remaining = index
    var offset = 0
    if index >= CharacterPlaces.step, end >= CharacterPlaces.worthwhile {
      let places = CharacterPlaces.of(storage)
      offset = places[index / CharacterPlaces.step]
      remaining = index % CharacterPlaces.step
    }
    while remaining > 0 {
      offset += StringObject.sequenceLength(bytes[offset])
      remaining -= 1
    }
    return min(offset, end)
  }

  /// The code point index of a byte offset that lies on a boundary.
  public func characterIndex(ofByte offset: Int) -> Int {
    if isASCII { return offset }
    let bytes = storage.pointee.bytes
    guard byteLength >= CharacterPlaces.worthwhile else {
      return StringObject.countCharacters(bytes, offset)
    }
    let places = CharacterPlaces.of(storage)
    // The last place that is not behind the offset.
    var low = 0
    var high = (count - 1) / CharacterPlaces.step
    while low < high {
      let middle = (low + high + 1) / 2
      if places[middle] <= offset { low = middle } else { high = middle - 1 }
    }
    return low * CharacterPlaces.step
      + StringObject.countCharacters(bytes + places[low], offset - places[low])
  }

  @inline(__always)
  static func sequenceLength(_ first: UInt8) -> Int {
    first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
  }

  /// A hash that is never 0. Only the heap that owns the string keeps it, because other threads may read the string.
  func hash(cachingFor heap: UInt32) -> UInt32 {
    let storage = self.storage
    if storage.pointee.hash != 0 { return storage.pointee.hash }
    let hash = Hashing.bytes(storage.pointee.bytes, Int(storage.pointee.byteCount))
    if reference.owner == heap { storage.pointee.hash = hash }
    return hash
  }

  @inline(__always)
  static func equal(
    _ a: UnsafeMutablePointer<StringStorage>, _ b: UnsafeMutablePointer<StringStorage>
  ) -> Bool {
    a.pointee.byteCount == b.pointee.byteCount
      && memcmp(a.pointee.bytes, b.pointee.bytes, Int(a.pointee.byteCount)) == 0
  }

  /// Negative, zero or positive, in code point order (which is the byte order of UTF-8).
  static func compare(
    _ a: UnsafeMutablePointer<StringStorage>, _ b: UnsafeMutablePointer<StringStorage>
  ) -> Int {
    let common = min(a.pointee.byteCount, b.pointee.byteCount)
    let order = memcmp(a.pointee.bytes, b.pointee.bytes, Int(common))
    if order != 0 { return Int(order) }
    return Int(a.pointee.byteCount) - Int(b.pointee.byteCount)
  }
}

/// Hashes with a seed that each process draws, so that no input can be made to collide. Nothing that a script sees
/// depends on them: maps keep insertion order.
enum Hashing {
  static let seed = UInt64.random(in: 1 ... .max)

  @inline(__always)
  static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }

  static func bytes(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> UInt32 {
    let raw = UnsafeRawPointer(bytes)
    var state = seed ^ UInt64(truncatingIfNeeded: count)
    var offset = 0
    while count - offset >= 8 {
      state = mix(
        state ^ raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self), 0x9E37_79B9_7F4A_7C15)
      offset += 8
    }
    var tail: UInt64 = 0
    var shift: UInt64 = 0
    while offset < count {
      tail |= UInt64(bytes[offset]) << shift
      shift += 8
      offset += 1
    }
    return finish(mix(state ^ tail, 0xE703_7ED1_A0B4_28DB))
  }

  @inline(__always)
  static func int(_ value: Int) -> UInt32 {
    finish(mix(UInt64(bitPattern: Int64(value)) ^ seed, 0x9E37_79B9_7F4A_7C15))
  }

  @inline(__always)
  private static func finish(_ state: UInt64) -> UInt32 {
    let hash = UInt32(truncatingIfNeeded: state ^ (state >> 32))
    return hash == 0 ? 1 : hash
  }
}
