import Synchronization

/// Where every so-manieth code point of a text starts, so that indexing a text that is not ASCII takes the same time
/// anywhere in it. Made when it is first asked for; several threads may ask at once (trials read their parent's
/// strings).
struct CharacterPlaces {
  static let step = 32
  /// Shorter texts (in bytes) are gone through.
  static let worthwhile = 256

  private let offsets: UnsafeMutablePointer<UInt32>

  subscript(index: Int) -> Int { Int(offsets[index]) }

  func deallocate() { offsets.deallocate() }

  private static func slot(_ storage: UnsafeMutablePointer<StringStorage>)
    -> UnsafeMutablePointer<Atomic<UInt>>
  {
    StringStorage.characterPlaces(storage).assumingMemoryBound(to: Atomic<UInt>.self)
  }

  /// Those of a string that is not inline; nil where nobody has asked for them.
  static func existing(of storage: UnsafeMutablePointer<StringStorage>) -> CharacterPlaces? {
    UnsafeMutablePointer(bitPattern: slot(storage).pointee.load(ordering: .acquiring))
      .map(CharacterPlaces.init)
  }

  static func of(_ storage: UnsafeMutablePointer<StringStorage>) -> CharacterPlaces {
    if let existing = existing(of: storage) { return existing }
    let count = Int(storage.pointee.characterCount)
    let bytes = storage.pointee.bytes
    let offsets = UnsafeMutablePointer<UInt32>.allocate(capacity: (count + step - 1) / step)
    var offset = 0
    for index in 0..<count {
      if index % step == 0 { offsets[index / step] = UInt32(truncatingIfNeeded: offset) }
      offset += StringObject.sequenceLength(bytes[offset])
    }
    let exchange = slot(storage).pointee.compareExchange(
      expected: 0, desired: UInt(bitPattern: offsets), ordering: .acquiringAndReleasing)
    if exchange.exchanged { return CharacterPlaces(offsets: offsets) }
    // Another thread was faster.
    offsets.deallocate()
    return existing(of: storage).unsafelyUnwrapped
  }
}
