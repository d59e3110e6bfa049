import CThreads
import Glibc

/// Random bits from the operating system, for noise that protects people and for seeds. Cannot be seeded.
public final class SecureRandom: RandomNumberGenerator {
  private var buffer: [UInt64]
  private var taken: Int

  public init() {
    buffer = Array(repeating: 0, count: 512)
    taken = 512
  }

  public func next() -> UInt64 {
    if taken == buffer.count {
      buffer.withUnsafeMutableBytes { SecureRandom.fill($0) }
      taken = 0
    }
    taken += 1
    let word = buffer[taken - 1]
    buffer[taken - 1] = 0
    return word
  }

  /// In [0, 1), 53 bits.
  public func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Fills memory with random bytes of the operating system.
  public static func fill(_ bytes: UnsafeMutableRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    guard fl_random_bytes(base, Int64(bytes.count)) else {
      // Without random bits no promise of privacy can be kept.
      fatalError("the operating system gives no random bytes (errno \(errno))")
    }
  }

  public static func seed() -> UInt64 {
    var word: UInt64 = 0
    withUnsafeMutableBytes(of: &word) { fill($0) }
    return word
  }
}
