import Foundation
import Foundations

/// How far a model prefers a secret to others like it (Carlini et al. 2019, "The Secret Sharer", arXiv 1802.08232): in
/// bits, log₂|R| - log₂ rank among references R. 0 to 1 is what an untold secret has on average; log₂|R| that of the
/// likeliest of all.
public struct Exposure: Sendable, Equatable {
  /// Bits by rank, at most `maximum`.
  public var value: Double
  /// 1 where no reference is as likely.
  public var rank: Int
  public var references: Int
  /// Bits by the skew-normal distribution that fits the references' perplexities, which goes on beyond their number;
  /// nil where there are fewer than 8 or they are all alike.
  public var extrapolated: Double?

  public var maximum: Double { log2(Double(references)) }

  /// - Parameters:
  ///   - secret: its perplexity, or the logarithm of it; low ones are likely.
  ///   - references: those of others. One that equals the secret's counts as likelier.
  ///   - containsSecret: whether the secret is one of the space of which these are all others; it then counts among
  ///     them.
  /// - Throws: `value` where there are none, or some are nan.
  public init(secret: Double, references: [Double], containsSecret: Bool) throws(DomainError) {
    guard !references.isEmpty else {
      throw DomainError(.value, "an exposure needs references to compare with")
    }
    guard !secret.isNaN, !references.contains(where: \.isNaN) else {
      throw DomainError(
        .value, "some perplexities are not a number, so they have no rank",
        hint: "the model has diverged: train with a smaller learning rate")
    }
    rank = 1 + references.count { $0 <= secret }
    self.references = references.count + (containsSecret ? 1 : 0)
    value = log2(Double(self.references)) - log2(Double(rank))
    extrapolated = try SkewNormal(fitting: references).map {
      // Not below 0 by rounding; -0 is written as 0.
      max(0, -$0.logCumulative(secret) / log(2))
    }
  }
}
