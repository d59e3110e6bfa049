// The sum of many people's updates with noise that hides each of them: what DP-SGD does with gradients (Abadi et al.
// 2016, arXiv 1607.00133, algorithm 1) and DP-FedAvg with the updates of clients (McMahan et al. 2018, arXiv
// 1710.06963, algorithm 1). Clipping and noise are those of Learning's private step; this adds the checks and says what
// a release costs.

import Foundations
import Learning
import Tensors

/// Clips vectors of a model's parameters, sums them and releases the noised sum or mean.
///
/// Add one vector for each unit, then release; a next round begins empty, with fresh noise of the same key.
public final class PrivateUpdate {
  /// What one release costs: Gaussian noise on all that was added. A caller who had drawn the vectors' owners as a
  /// Poisson sample of all wraps it (`Event.poissonSampled(rate:)`).
  public let event: Event
  private let noiseMultiplier: Double
  private let sum: ClippedSum

  /// - Parameters:
  ///   - parameters: the places of an update, in the order of a flat one.
  ///   - bound: C, the largest L2 norm that an update keeps.
  ///   - noiseMultiplier: σ; the noise of a sum has the standard deviation σ·C.
  ///   - noise: its key. A seeded one repeats, and protects nobody who knows the seed.
  ///   - unit: whose data an update is made of.
  ///   - neighbours: where one unit's data are replaced, a sum moves by 2C, and the event tells half the multiplier.
  /// - Throws: `value` where bound or noise cannot be carried by 32-bit floats, or the parameters are none or not
  ///   distinct.
  public init(
    _ parameters: [Parameter], bound: Double, noiseMultiplier: Double, noise: NoiseKey,
    rule: ClippingRule = .flat, unit: PrivacyUnit, neighbours: Neighbours = .addOrRemoveOne
  ) throws {
    guard PrivateTraining.usualSizes.contains(bound) else {
      throw DomainError(.value, "the clipping bound must be from 1e-15 to 1e15, got \(bound)")
    }
    guard
      noiseMultiplier == 0
        || noiseMultiplier >= PrivateTraining.leastNoise
          && PrivateTraining.usualSizes.contains(noiseMultiplier * bound)
    else {
      throw DomainError(
        .value,
        """
        a noise multiplier of \(noiseMultiplier) with a clipping bound of \(bound) is noise that 32-bit floats \
        cannot carry
        """,
        hint: "usual are a multiplier and a bound of about 1; 0 is no noise")
    }
    sum = try ClippedSum(parameters, rule: rule, bound: bound, noise: noise)
    self.noiseMultiplier = noiseMultiplier
    let sensitivity = neighbours == .replaceOne ? 2.0 : 1
    event = Event(
      .gaussian(noiseMultiplier: noiseMultiplier / sensitivity), neighbours: neighbours, unit: unit)
  }

  /// How many updates were added since the last release. Not private.
  public var count: Int { sum.count }

  /// Adds the update of one unit, clipped.
  ///
  /// - Parameter update: for each parameter a tensor of its shape.
  /// - Returns: its L2 norm before clipping. Not private.
  /// - Throws: `value` or `shape` where it does not fit or is not finite; nothing is added then.
  @discardableResult
  public func add(_ update: [Parameter: Tensor]) throws -> Double { try sum.add(update) }

  /// The same for all parameters' numbers one after the other, shape [number of all].
  @discardableResult
  public func add(flat update: Tensor) throws -> Double { try sum.add(flat: update) }

  /// The noised sum of what was added, which may be nothing.
  ///
  /// - Returns: a tensor of each parameter's shape, and what it costs to publish them.
  public func releaseSum() throws -> (values: [Parameter: Tensor], event: Event) {
    (try sum.release(noiseMultiplier: noiseMultiplier), event)
  }

  /// The noised sum divided by the number of updates that are expected. Dividing by how many there were would tell who
  /// came.
  ///
  /// - Throws: `value` where `expected` is not above 0 and finite.
  public func releaseMean(expected: Double) throws -> (values: [Parameter: Tensor], event: Event) {
    (try sum.release(noiseMultiplier: noiseMultiplier, divisor: expected), event)
  }
}
