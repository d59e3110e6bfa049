import Foundations

/// Attacks by the names that scripts give them.
public enum Attack: String, Sendable, CaseIterable {
  case signFlip = "sign_flip"
  case scale
  case labelFlip = "label_flip"
  case innerProduct = "inner_product"
  case alie

  /// - Parameters:
  ///   - share: of devices that attack.
  ///   - factor: how strongly; nil: the attack's own.
  /// - Throws: `value` for a share or factor that has no meaning.
  public func step(share: Double, factor: Double? = nil) throws -> any UpdateStep {
    switch self {
    case .signFlip:
      let factor = factor ?? 1
      guard factor > 0 else {
        throw DomainError(.value, "the factor of a sign flip is above 0, got \(factor)")
      }
      return try ScaleAttack(rawValue, factor: -factor, share: share)
    case .scale: return try ScaleAttack(rawValue, factor: factor ?? 10, share: share)
    case .labelFlip:
      guard factor == nil else {
        throw DomainError(.value, "a flip of labels has no factor")
      }
      return try LabelFlip(share: share)
    case .innerProduct:
      return try CollusionAttack(.innerProduct(factor: factor ?? 0.5), share: share)
    case .alie: return try CollusionAttack(.littleIsEnough(z: factor), share: share)
    }
  }
}

/// How updates are made small to send.
public enum UpdateCompression {
  /// The largest numbers of each vector.
  public static func topK(_ share: Double, feedback: Bool = true) throws -> any UpdateStep {
    Compression(compressor: TopK(share: try SentShare(share)), hasFeedback: feedback)
  }

  /// Numbers at random places; without feedback scaled so that they are right on average.
  public static func randomK(_ share: Double, feedback: Bool = true) throws -> any UpdateStep {
    Compression(
      compressor: RandomK(share: try SentShare(share), isScaled: !feedback), hasFeedback: feedback)
  }

  /// Levels of the norm, right on average.
  public static func qsgd(levels: Int) throws -> any UpdateStep {
    Compression(compressor: try QSGD(levels: levels), hasFeedback: false)
  }

  /// One bit a number.
  public static func sign(feedback: Bool = true) -> any UpdateStep {
    Compression(compressor: SignCompressor(), hasFeedback: feedback)
  }
}
