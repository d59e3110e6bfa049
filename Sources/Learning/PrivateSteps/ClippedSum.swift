import CKernels
import Foundations
import Tensors

/// A sum of clipped vectors that noise hides, as a step of DP-SGD makes it of gradients (Abadi et al. 2016, arXiv
/// 1607.00133, algorithm 1), of vectors that come from elsewhere: the updates of clients (McMahan et al. 2018, arXiv
/// 1710.06963, algorithm 1).
public final class ClippedSum {
  private let layout: ParameterLayout
  private let rule: ClippingRule
  private let bound: Double
  private let noise: NoiseKey
  private let sum: GradientSink
  private let vector: GradientSink
  /// How many vectors were added since the last release.
  public private(set) var count = 0
  private var releases = 0

  /// - Parameters:
  ///   - parameters: the places of a vector, in the order of a flat one.
  ///   - bound: the largest L2 norm that a vector keeps.
  /// - Throws: `value` where there is no parameter or one comes twice, or the bound is not above 0 and finite.
  public init(_ parameters: [Parameter], rule: ClippingRule, bound: Double, noise: NoiseKey) throws
  {
    guard !parameters.isEmpty, Set(parameters).count == parameters.count else {
      throw DomainError(.value, "a clipped sum needs parameters, each of them once")
    }
    guard bound > 0, bound < .infinity else {
      throw DomainError(.value, "a clipping bound must be above 0 and finite, got \(bound)")
    }
    layout = ParameterLayout(parameters)
    self.rule = rule
    self.bound = bound
    self.noise = noise
    sum = try GradientSink(parameters)
    vector = try GradientSink(parameters)
  }

  /// Adds one vector, clipped as a whole. What the parameters hold fixed (the row of padding) does not count.
  ///
  /// - Parameter update: for each parameter a tensor of its shape.
  /// - Returns: the L2 norm before clipping. Not private.
  /// - Throws: `value` where a parameter is missing or a number is not finite, `shape` where a tensor does not fit;
  ///   nothing is added then.
  @discardableResult
  public func add(_ update: [Parameter: Tensor]) throws -> Double {
    guard update.count == layout.parameters.count else {
      throw DomainError(
        .value,
        "an update has one tensor for each of \(layout.parameters.count) parameters, got \(update.count)"
      )
    }
    let parts = try layout.parameters.map { parameter in
      guard let part = update[parameter] else {
        throw DomainError(.value, "the update has nothing for `\(parameter.name)`")
      }
      guard part.shape == parameter.shape else {
        throw DomainError(
          .shape,
          "the update of `\(parameter.name)` has shape \(part.shape), the parameter has \(parameter.shape)"
        )
      }
      return try part.detached.cast(to: .f32).contiguous()
    }
    return try add(parts.map { UnsafePointer($0.floats) }, keeping: parts)
  }

  /// The same for a vector of all parameters' numbers, one after the other: shape [number of all].
  @discardableResult
  public func add(flat update: Tensor) throws -> Double {
    let total = layout.parameters.reduce(0) { $0 + $1.count }
    guard update.shape == [total] else {
      throw DomainError(
        .shape, "a flat update of these parameters has shape [\(total)], got \(update.shape)")
    }
    let flat = try update.detached.cast(to: .f32).contiguous()
    var start = 0
    let parts = layout.parameters.map { parameter in
      defer { start += parameter.count }
      return UnsafePointer(flat.floats) + start
    }
    return try add(parts, keeping: [flat])
  }

  private func add(_ parts: [UnsafePointer<Float>], keeping owners: [Tensor]) throws -> Double {
    vector.begin()
    for (index, parameter) in layout.parameters.enumerated() {
      let (target, _) = try vector.target(index)
      target.update(from: parts[index], count: parameter.count)
      for fixed in parameter.fixedElements { target[fixed] = 0 }
    }
    guard
      let norm = try withExtendedLifetime(
        owners, { try sum.add(vector, clippedBy: rule, to: bound) })
    else {
      throw DomainError(
        .value, "an update is not finite, or too long for 32-bit numbers",
        hint: "lower the learning rate")
    }
    count += 1
    return norm
  }

  /// (sum + noise of standard deviation `noiseMultiplier` · bound) / `divisor`, which is to be a number that does not
  /// depend on the data: 1, or the expected number of vectors. Then begins anew, with other noise of the same key.
  ///
  /// The same numbers on any number of threads. Noise is that of training, in 32-bit floats.
  public func release(noiseMultiplier: Double, divisor: Double = 1) throws -> [Parameter: Tensor] {
    try Check.finite(noiseMultiplier, "the noise multiplier", atLeast: 0)
    guard divisor > 0, divisor < .infinity else {
      throw DomainError(.value, "a sum is divided by a number above 0, got \(divisor)")
    }
    let deviation = Float(noiseMultiplier * bound)
    let released = try StepGradients(
      sources: layout.parameters.indices.map {
        StepGradients.Source(values: sum.values($0).map { UnsafePointer($0) })
      },
      scale: Float(1 / divisor),
      deviations: deviation > 0 ? layout.parameters.map { _ in deviation } : [],
      stream: noise.stream(releases)
    ).tensors(layout)
    releases += 1
    count = 0
    sum.begin()
    return Dictionary(uniqueKeysWithValues: zip(layout.parameters, released))
  }
}

extension GradientSink {
  /// Adds what `other` holds for this sink's parameters, clipped together.
  ///
  /// - Returns: the norm before clipping; nil where it is not finite, and then nothing is added.
  func add(_ other: GradientSink, clippedBy rule: ClippingRule, to bound: Double) throws -> Double?
  {
    let parts = parameters.enumerated().compactMap { target, parameter in
      other.index(of: parameter).flatMap { other.values($0) }.map {
        (target: target, count: parameter.count, values: UnsafePointer($0))
      }
    }
    let squared = parts.reduce(0) { $0 + $1.values.exactSumOfSquares($1.count) }
    guard squared.isFinite else { return nil }
    let norm = squared.squareRoot()
    let weight = rule.weight(norm: norm, bound: bound)
    for part in parts {
      let (pointer, accumulate) = try target(part.target)
      Parallel.blocks(part.count, size: 1 << 13) { block in
        fl_axpby_f32(
          block.count, weight, part.values + block.lowerBound, accumulate ? 1 : 0,
          pointer + block.lowerBound)
      }
    }
    return norm
  }
}

extension StepGradients {
  /// (gradient + noise)·scale of every parameter; 0 where a parameter is fixed.
  func tensors(_ layout: ParameterLayout) throws -> [Tensor] {
    let results = try layout.parameters.map { try Tensor.zeros($0.shape) }
    let targets = results.map(\.floats)
    Parallel.each(layout.blocks.count) { index in
      let block = layout.blocks[index]
      var gradient = self.block(block, layout)
      fl_gradient_f32(block.count, &gradient, targets[block.parameter] + block.start)
    }
    return withExtendedLifetime(results) { results }
  }
}
