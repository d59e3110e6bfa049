import CKernels
import Foundations
import Tensors

/// The key of the noise. Noise that protects people comes from the operating system's random bits; a seeded key
/// repeats, and its run protects nobody.
public struct NoiseKey: Sendable {
  private let high: UInt64
  private let low: UInt64
  public let isSecure: Bool

  public static func secure() -> NoiseKey {
    NoiseKey(high: SecureRandom.seed(), low: SecureRandom.seed(), isSecure: true)
  }

  public static func seeded(_ key: RandomKey) -> NoiseKey {
    NoiseKey(high: key.high, low: key.low, isSecure: false)
  }

  /// Which key it is, where it is no secret: two runs with the same text add the same noise.
  var fingerprint: String {
    isSecure ? "secure" : "seeded " + String(high, radix: 16) + ":" + String(low, radix: 16)
  }

  /// The stream of one step: AES-128 in counter mode, one number per parameter element.
  func stream(_ step: Int) -> fl_stream {
    fl_stream(
      key: low, key_high: high, stream: UInt64(step), generator: UInt32(FL_GENERATOR_AES))
  }
}
