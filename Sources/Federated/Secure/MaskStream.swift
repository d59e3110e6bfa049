import CKernels
import Crypto
import Foundations

/// The mask that a secret of 32 bytes stands for: the key stream of AES-128 in counter mode (NIST SP 800-38A), keyed
/// by HKDF-SHA256 (RFC 5869) of the secret with the round's name as salt. A secret is used for one round only.
struct MaskStream: Sendable {
  private let stream: fl_stream
  /// Words made at a time.
  private static let block = 4096

  /// - Parameter purpose: tells the masks of one round apart.
  init(_ secret: [UInt8], round: [UInt8], purpose: String) {
    let key = HKDF<SHA256>.deriveKey(
      inputKeyMaterial: SymmetricKey(data: secret), salt: round, info: Array(purpose.utf8),
      outputByteCount: 16)
    let words = key.withUnsafeBytes {
      ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }
    stream = fl_stream(
      key: UInt64(littleEndian: words.0), key_high: UInt64(littleEndian: words.1), stream: 0,
      generator: UInt32(FL_GENERATOR_AES))
  }

  /// Adds the mask to words modulo 2³², or takes it away.
  /// - Throws: `interrupt`.
  func apply(to words: inout [UInt32], subtracting: Bool) throws {
    try withUnsafeTemporaryAllocation(of: UInt32.self, capacity: Self.block) { mask in
      guard let from = mask.baseAddress else { return }
      try words.withUnsafeMutableBufferPointer { words in
        for start in stride(from: 0, to: words.count, by: Self.block) {
          if start & 0xFFFFF == 0 { try Cancellation.check() }
          let count = min(Self.block, words.count - start)
          withUnsafePointer(to: stream) { fl_random_u32(count, $0, UInt64(start), from) }
          let to = UnsafeMutableBufferPointer(rebasing: words[start..<start + count])
          if subtracting {
            for i in 0..<count { to[i] &-= from[i] }
          } else {
            for i in 0..<count { to[i] &+= from[i] }
          }
        }
      }
    }
  }
}
