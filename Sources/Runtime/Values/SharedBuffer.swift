#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Bytes that several strings begin with, and room for more behind the longest of them: so a text that is built up by
/// `+` is not copied at every step. All strings that share one belong to the same heap, hence to one thread.
struct SharedBuffer {
  private struct Header {
    var references: Int
    var used: Int
    var capacity: Int
  }
  private let header: UnsafeMutablePointer<Header>

  /// A buffer with one reference; nil where there is no memory.
  init?(capacity: Int) {
    guard let memory = malloc(MemoryLayout<Header>.size + capacity) else { return nil }
    header = memory.bindMemory(to: Header.self, capacity: 1)
    header.initialize(to: Header(references: 1, used: 0, capacity: capacity))
  }

  var bytes: UnsafeMutablePointer<UInt8> {
    UnsafeMutableRawPointer(header + 1).assumingMemoryBound(to: UInt8.self)
  }
  var capacity: Int { header.pointee.capacity }
  /// How long the longest string is.
  var used: Int {
    get { header.pointee.used }
    nonmutating set { header.pointee.used = newValue }
  }

  func retain() { header.pointee.references += 1 }

  func release() {
    header.pointee.references -= 1
    if header.pointee.references == 0 { free(header) }
  }
}

extension StringObject {
  /// The beginning of a buffer, which the string holds a reference of from now on.
  convenience init(sharing buffer: SharedBuffer, byteCount: Int, characterCount: Int) {
    self.init(sharedBytes: buffer.bytes, byteCount: byteCount, characterCount: characterCount)
    sharedBuffer.pointee = buffer
  }
}

extension VM {
  /// Shorter texts are copied as quickly.
  private static let shortest = 64
  /// Room that is left for more, at most.
  private static let mostRoom = 64 << 20

  /// `a + b` where `a` may be a text that grows step by step: then it shares its bytes with the result. Nil where it is
  /// not worth it.
  func grown(_ a: Unmanaged<Object>, _ b: Unmanaged<Object>) throws(Fault) -> Value? {
    let left = a.stringStorage
    let right = b.stringStorage
    let first = Int(left.pointee.byteCount)
    let second = Int(right.pointee.byteCount)
    // What this `+` did not make itself is seldom the beginning of more.
    guard first >= VM.shortest, second > 0, a.owner == heap.id,
      a.header.pointee.flags & StringFlags.isSum != 0
    else { return nil }
    let total = first + second
    let characters = Int(left.pointee.characterCount) + Int(right.pointee.characterCount)
    let result: StringObject
    var size = 80 + second
    if let buffer = StringStorage.sharedBuffer(left).pointee, buffer.used == first,
      buffer.capacity - first >= second
    {
      try copy(right.pointee.bytes, second, to: buffer.bytes + first)
      buffer.used = total
      buffer.retain()
      result = StringObject(sharing: buffer, byteCount: total, characterCount: characters)
    } else {
      let capacity = total + min(total, VM.mostRoom)
      if capacity > 1 << 20 { try reserve(capacity) }
      guard let buffer = SharedBuffer(capacity: capacity) else { return nil }
      result = StringObject(sharing: buffer, byteCount: total, characterCount: characters)
      try copy(left.pointee.bytes, first, to: buffer.bytes)
      try copy(right.pointee.bytes, second, to: buffer.bytes + first)
      buffer.used = total
      size = 80 + capacity
    }
    result.reference.header.pointee.flags |= StringFlags.isSum
    let value = Value.object(heap.adopt(result, size))
    if isInNative { keep(value) }
    return value
  }
}

/// Bits in a string's header.
enum StringFlags {
  /// Made by `+`.
  static let isSum: UInt16 = 0x100
}
