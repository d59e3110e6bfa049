import CKernels
import Foundations
import Tensors

extension fl_stream {
  /// The stream of a key: AES in counter mode, 128 bits of key, stream number `index`.
  init(_ key: RandomKey, index: UInt64 = 0) {
    self.init(
      key: key.low, key_high: key.high, stream: index, generator: UInt32(FL_GENERATOR_AES))
  }
}

extension RandomKey {
  public var fingerprint: String { String(high, radix: 16) + ":" + String(low, radix: 16) }
}
