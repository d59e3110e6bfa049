import Foundations
import Learning
import Tensors

/// What a student is asked to imitate, and how much: a divergence from the teacher's softened predictions,
/// cross-entropy with the data, the direction of hidden states.
///
/// With p the teacher's softmax and q the student's, both at temperature τ, the loss of one position is
/// softWeight · τ² · D(p, q) + hardWeight · (−log softmax(z)[label]) + cosineWeight · (1 − cos(h_S, h_T)).
/// A position whose label is `ignoreIndex` costs nothing. Of a sequence the mean over its other positions is taken.
public struct Objective: Sendable, Equatable {
  /// A measure of how far the student's q is from the teacher's p.
  public enum Divergence: Sendable, Equatable {
    /// KL(p‖q): the student covers everything that the teacher does (Hinton et al. 2015).
    case forwardKL
    /// KL(q‖p): the student stays where the teacher is sure (Gu et al. 2024, MiniLLM).
    case reverseKL
    /// β·KL(p‖m) + (1−β)·KL(q‖m) with m = β·p + (1−β)·q (Agarwal et al. 2024, GKD). The ends 0 and 1 stand for their
    /// limits after division by β and 1−β: forward and reverse KL.
    case jensenShannon(beta: Double)
    /// KL(p‖α·p + (1−α)·q) (Ko et al. 2024, DistiLLM).
    case skewKL(alpha: Double)
    /// KL(q‖α·q + (1−α)·p) (Ko et al. 2024, DistiLLM).
    case skewReverseKL(alpha: Double)
  }

  /// How a teacher is read that is known by its largest logits only.
  public enum Tail: String, Sendable, CaseIterable {
    /// All other tokens are one more class, whose probability is known: the student's is their sum.
    case bucket
    /// Both distributions are conditioned on the teacher's largest: the rest is left to the cross-entropy.
    case renormalize
  }

  public var divergence: Divergence
  /// τ.
  public var temperature: Double
  public var softWeight: Double
  public var hardWeight: Double
  public var cosineWeight: Double
  /// Whether the divergence is multiplied by τ², so that its gradients keep their size when τ changes (Hinton et al.
  /// 2015).
  public var scalesByTemperature: Bool
  public var tail: Tail
  /// The label of positions that cost nothing.
  public var ignoreIndex: Int

  /// - Throws: `value` where a weight is negative, nothing has a weight, τ is not positive, or β or α lies outside of
  ///   its range.
  public init(
    divergence: Divergence = .forwardKL, temperature: Double = 2, softWeight: Double = 1,
    hardWeight: Double = 0, cosineWeight: Double = 0, scalesByTemperature: Bool = true,
    tail: Tail = .bucket, ignoreIndex: Int = -100
  ) throws(DomainError) {
    self.divergence = divergence
    self.temperature = temperature
    self.softWeight = softWeight
    self.hardWeight = hardWeight
    self.cosineWeight = cosineWeight
    self.scalesByTemperature = scalesByTemperature
    self.tail = tail
    self.ignoreIndex = ignoreIndex
    try check()
  }

  /// α·τ²·KL(p‖q) + (1−α)·CE (Hinton et al. 2015).
  public static func hinton(temperature: Double = 2, alpha: Double = 0.5) throws(DomainError)
    -> Objective
  {
    guard alpha >= 0, alpha <= 1 else {
      throw DomainError(.value, "alpha must be within 0 and 1, got \(alpha)")
    }
    return try Objective(temperature: temperature, softWeight: alpha, hardWeight: 1 - alpha)
  }

  /// The triple of DistilBERT (Sanh et al. 2019): 5·τ²·KL(p‖q) + 2·CE + 1·(1 − cos of the last hidden states).
  public static func distilBERT(
    temperature: Double = 2, soft: Double = 5, hard: Double = 2, cosine: Double = 1
  ) throws(DomainError) -> Objective {
    try Objective(
      temperature: temperature, softWeight: soft, hardWeight: hard, cosineWeight: cosine)
  }

  /// KL(q‖p) alone.
  public static func reverseKL(temperature: Double = 1) throws(DomainError) -> Objective {
    try Objective(divergence: .reverseKL, temperature: temperature)
  }

  /// GKD's divergence alone, not multiplied by τ², as that paper has it.
  public static func generalized(beta: Double = 0.5, temperature: Double = 1) throws(DomainError)
    -> Objective
  {
    try Objective(
      divergence: .jensenShannon(beta: beta), temperature: temperature, scalesByTemperature: false)
  }

  /// Cross-entropy alone: training on what a teacher wrote (Kim and Rush 2016), or without any teacher.
  public static func crossEntropy() throws(DomainError) -> Objective {
    try Objective(temperature: 1, softWeight: 0, hardWeight: 1)
  }

  /// Whether a teacher has to be asked at all.
  public var needsTeacher: Bool { softWeight > 0 || cosineWeight > 0 }

  /// What multiplies the divergence in the loss.
  var softFactor: Double {
    softWeight * (scalesByTemperature ? temperature * temperature : 1)
  }

  /// Settings that were changed after `init` are checked again before use.
  func check() throws(DomainError) {
    try Losses.checkTemperature(temperature)
    for (name, weight) in [
      ("soft", softWeight), ("hard", hardWeight), ("cosine", cosineWeight),
    ] {
      guard weight.isFinite, weight >= 0 else {
        throw DomainError(.value, "the \(name) weight must be 0 or more, got \(weight)")
      }
    }
    guard softWeight + hardWeight + cosineWeight > 0 else {
      throw DomainError(.value, "every weight of the objective is 0: there is nothing to learn")
    }
    switch divergence {
    case .forwardKL, .reverseKL: break
    case .jensenShannon(let beta):
      guard beta >= 0, beta <= 1 else {
        throw DomainError(.value, "beta must be within 0 and 1, got \(beta)")
      }
    case .skewKL(let alpha), .skewReverseKL(let alpha):
      guard alpha >= 0, alpha < 1 else {
        throw DomainError(.value, "alpha of a skew divergence must be in [0, 1), got \(alpha)")
      }
    }
  }
}
