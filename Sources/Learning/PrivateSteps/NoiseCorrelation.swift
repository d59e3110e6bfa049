import CKernels
import Foundation
import Foundations
import Tensors

/// Noise that later steps take back in part, so that the sum of all gradients up to a step, which is what the
/// parameters are made of, has far less noise than that of independent steps.
///
/// A pass over the examples has `stepsPerPass` steps, and each example is in one of them. Step t of a pass adds z_t,
/// fresh noise, and w·z_k of earlier steps k of the pass. Each pass begins anew. Since every example's gradients may
/// depend on what was released before, this needs theorems on adaptive streams: theorem 1 of Kairouz et al. 2021 (arXiv
/// 2103.00039) for the tree, theorem 2.1 of Denisov et al. 2022 (arXiv 2202.08312) for lower-triangular matrices.
public struct NoiseCorrelation: Sendable, Equatable {
  public enum Factorization: String, Sendable, CaseIterable {
    /// A binary tree: the sum up to step t is that of popcount(t) nodes, each with noise σ·C of its own (Kairouz et al.
    /// 2021, algorithm 1). One example is in ⌈log₂(n + 1)⌉ nodes at most.
    case tree
    /// The square root of the matrix of prefix sums, lower-triangular Toeplitz (Fichtenberger, Henzinger, Upadhyay
    /// 2022, arXiv 2202.11205): the gradients G get the noise C⁻¹Z, with noise Z of σ·C times C's largest column norm.
    case toeplitz
  }

  public let factorization: Factorization
  public let stepsPerPass: Int
  /// The first column of C⁻¹; empty for a tree.
  private let inverse: [Double]
  /// The standard deviation of z_t in units of σ·C.
  public let scale: Double

  /// Steps of a pass at most where each of them draws the noise of all before it again.
  static let longestToeplitz = 10_000

  /// - Throws: `value` where there is no step, or there are too many for the factorization.
  public init(_ factorization: Factorization, stepsPerPass: Int) throws {
    try Check.size(stepsPerPass, "the steps of a pass")
    self.factorization = factorization
    self.stepsPerPass = stepsPerPass
    switch factorization {
    case .tree:
      inverse = []
      scale = 1
    case .toeplitz:
      guard stepsPerPass <= Self.longestToeplitz else {
        throw DomainError(
          .value,
          "a pass of \(stepsPerPass) steps is too long for \"toeplitz\": \(Self.longestToeplitz) at most",
          hint: "take larger batches, or \"tree\"")
      }
      inverse = Self.inverseCoefficients(stepsPerPass)
      scale = Self.columnNorm(stepsPerPass)
    }
  }

  /// c_k of the square root: 1, 1/2, 3/8 …
  public static func coefficients(_ count: Int) -> [Double] {
    var result = [1.0]
    for k in 1..<max(1, count) {
      result.append(result[k - 1] * Double(2 * k - 1) / Double(2 * k))
    }
    return Array(result.prefix(max(0, count)))
  }

  /// Of C⁻¹: 1, -1/2, -1/8, -1/16 …
  public static func inverseCoefficients(_ count: Int) -> [Double] {
    var result = [1.0]
    for k in 1..<max(1, count) {
      result.append(result[k - 1] * Double(2 * k - 3) / Double(2 * k))
    }
    return Array(result.prefix(max(0, count)))
  }

  /// √Σc_k²: how far one example's gradient of norm 1 can move C·G in `steps` steps.
  static func columnNorm(_ steps: Int) -> Double {
    coefficients(steps).reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  /// How far one example of gradient norm 1 moves what `steps` steps of a pass release, in units of the noise's own
  /// deviation with σ = 1: √(number of nodes) for a tree, 1 at most for the matrix. 0 for no step.
  public func sensitivity(steps: Int) -> Double {
    guard steps > 0 else { return 0 }
    switch factorization {
    case .tree: return Double(Int.bitWidth - steps.leadingZeroBitCount).squareRoot()
    case .toeplitz: return Self.columnNorm(min(steps, stepsPerPass)) / scale
    }
  }

  /// By how much one example of gradient norm 1 moves each of a pass's fresh z at most, in units of their deviation
  /// with σ = 1; those that it does not move are left out.
  public var shifts: [Double] {
    switch factorization {
    case .tree:
      [Double](repeating: 1, count: Int.bitWidth - stepsPerPass.leadingZeroBitCount)
    case .toeplitz: Self.coefficients(stepsPerPass).map { $0 / scale }
    }
  }

  /// What step `position` of a pass (from 0) takes up of earlier ones: how many steps back, and with which weight.
  public func earlier(_ position: Int) -> [(back: Int, weight: Double)] {
    switch factorization {
    case .tree:
      // Node t covers the lowest bit of t steps up to t, counted from 1. The prefix of t is its node and those of
      // t - lowbit(t); what the prefix of t - 1 had beyond those is taken back.
      let t = position + 1
      let kept = t & (t - 1)
      var result: [(back: Int, weight: Double)] = []
      var node = t - 1
      while node > kept {
        result.append((t - node, -1))
        node &= node - 1
      }
      return result
    case .toeplitz: return (1..<max(1, position + 1)).map { ($0, inverse[$0]) }
    }
  }

  /// Var(a step's noise) relative to that of its fresh part.
  func variance(_ position: Int) -> Double {
    earlier(position).reduce(1) { $0 + $1.weight * $1.weight }
  }
}

extension TrainingStep {
  /// Adds to the sum of gradients in `sink` what this step takes up of earlier steps' noise: each is drawn again from
  /// its key, so that none needs to be kept.
  func addEarlierNoise(
    _ correlation: NoiseCorrelation, deviations: [Float], noise: NoiseKey, into sink: GradientSink
  ) throws {
    guard !deviations.isEmpty else { return }
    let position = stepCount % correlation.stepsPerPass
    let terms = correlation.earlier(position)
    guard !terms.isEmpty else { return }
    try sink.densify()
    for (index, parameter) in layout.parameters.enumerated() {
      guard let member = sink.index(of: parameter) else { continue }
      let (target, _) = try sink.target(member)
      try Cancellation.check()
      // Blocks begin where groups of the noise do.
      Parallel.blocks(parameter.count, size: 1 << 13) { block in
        for term in terms {
          var stream = noise.stream(stepCount - term.back)
          fl_add_normal_f32(
            block.count, Float(term.weight) * deviations[index], &stream,
            UInt64(layout.offsets[index] + block.lowerBound), target + block.lowerBound)
        }
      }
    }
  }
}
