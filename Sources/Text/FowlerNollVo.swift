/// The hash FNV-1a of 64 bits (Fowler, Noll and Vo, RFC 9923): of short words quick, and the same everywhere, so that
/// what is stored by it can be read anywhere.
enum FowlerNollVo {
  @inline(__always)
  static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return hash
  }
}
