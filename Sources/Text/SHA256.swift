import CDigest

/// The SHA-256 digest (FIPS 180-4) of bytes that come in pieces.
public struct SHA256 {
  private var hash = fairlead_sha256()

  public init() { fairlead_sha256_start(&hash) }

  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    // Nothing to add, and an empty buffer may have no address.
    guard let base = bytes.baseAddress, bytes.count > 0 else { return }
    fairlead_sha256_add(&hash, base, bytes.count)
  }

  public mutating func update(_ bytes: some Sequence<UInt8>) {
    let handled: Void? = bytes.withContiguousStorageIfAvailable {
      update(UnsafeRawBufferPointer($0))
    }
    if handled == nil { Array(bytes).withUnsafeBytes { update($0) } }
  }

  /// The 32 bytes of the digest of all that was added.
  public func finalize() -> [UInt8] {
    var copy = hash
    return Array(unsafeUninitializedCapacity: 32) { digest, count in
      if let base = digest.baseAddress { fairlead_sha256_finish(&copy, base) }
      count = 32
    }
  }
}
