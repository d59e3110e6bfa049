// Membership inference: can a model's losses tell who was in its training set? The threshold attack of Yeom et al. (2018): an example with a lower
// loss is taken for a member. What it finds is a lower bound of the leak; differential privacy bounds it from above:
//   advantage = max(TPR - FPR) ≤ (e^ε - 1 + 2δ)/(e^ε + 1).

import Foundation
import Tensor

/// How well an attack tells members from others.
public struct AttackResult: Sendable, Equatable, CustomStringConvertible {
  /// Area under the ROC curve: the chance that a random member scores higher than a random other, ties counting half; 0.5 is guessing.
  public var auc: Double
  /// 95% interval of the area (DeLong et al. 1988).
  public var aucInterval: ClosedRange<Double>
  /// The largest TPR - FPR of any threshold.
  public var advantage: Double
  /// The score at or above which the best threshold says member; for losses, the loss at or below which it does.
  public var bestThreshold: Double
  /// The true positive rate at the last threshold whose false positive rate is below 0.1% (Carlini et al. 2022).
  public var tprAtLowFPR: Double
  public var members: Int
  public var others: Int

  public var description: String {
    func digits(_ value: Double) -> String { String(format: "%.3f", value) }
    return
      "Membership attack: AUC \(digits(auc)) (\(digits(aucInterval.lowerBound))–\(digits(aucInterval.upperBound))), advantage \(digits(advantage)), TPR \(digits(tprAtLowFPR)) at 0.1% FPR, \(members) members and \(others) others"
  }
}

public enum MembershipAttack {
  /// The false positive rate of `tprAtLowFPR`.
  public static let lowFPR = 0.001

  /// Takes low losses for membership.
  ///
  /// - Throws: `value` where a list is empty or holds something that is not a number.
  public static func lossThreshold(members: [Double], others: [Double]) throws(DomainError)
    -> AttackResult
  {
    var result = try scores(members: members.map { -$0 }, others: others.map { -$0 })
    result.bestThreshold = -result.bestThreshold
    return result
  }

  /// Takes high scores for membership.
  public static func scores(members: [Double], others: [Double]) throws(DomainError) -> AttackResult
  {
    guard !members.isEmpty, !others.isEmpty else {
      throw DomainError(
        .value,
        "an attack needs members and others, got \(members.count) and \(others.count)")
    }
    guard !members.contains(where: \.isNaN), !others.contains(where: \.isNaN) else {
      throw DomainError(
        .value, "some losses are not a number, so the attack cannot rank them",
        hint: "the model has diverged: train with a smaller learning rate")
    }
    let ranked = (members.map { ($0, true) } + others.map { ($0, false) }).sorted { $0.0 > $1.0 }
    let memberCount = Double(members.count)
    let otherCount = Double(others.count)
    var truePositives = 0.0
    var falsePositives = 0.0
    var area = 0.0
    var advantage = 0.0
    var threshold = Double.infinity
    var tprAtLow = 0.0
    var i = 0
    while i < ranked.count {
      // All examples of one score cross the threshold together.
      let score = ranked[i].0
      let before = (truePositives, falsePositives)
      while i < ranked.count, ranked[i].0 == score {
        if ranked[i].1 { truePositives += 1 } else { falsePositives += 1 }
        i += 1
      }
      area += (falsePositives - before.1) * (truePositives + before.0) / 2
      let tpr = truePositives / memberCount
      let fpr = falsePositives / otherCount
      if tpr - fpr > advantage {
        advantage = tpr - fpr
        threshold = score
      }
      if fpr < lowFPR { tprAtLow = tpr }
    }
    let auc = area / (memberCount * otherCount)
    return AttackResult(
      auc: auc, aucInterval: interval(auc: auc, members: members, others: others),
      advantage: advantage, bestThreshold: threshold, tprAtLowFPR: tprAtLow,
      members: members.count, others: others.count)
  }

  /// The advantage that no attack on an (ε, δ)-private result can exceed.
  public static func advantageBound(epsilon: Double, delta: Double) -> Double {
    if epsilon == .infinity { return 1 }
    return min(1, (tanh(epsilon / 2) + 2 * delta / (exp(epsilon) + 1)))
  }

  /// DeLong's variance by midranks (Sun and Xu 2014), as a 95% interval within 0 and 1.
  private static func interval(auc: Double, members: [Double], others: [Double]) -> ClosedRange<
    Double
  > {
    let all = midranks(members + others)
    let own = midranks(members)
    let their = midranks(others)
    let m = Double(members.count)
    let n = Double(others.count)
    let memberParts = members.indices.map { (all[$0] - own[$0]) / n }
    let otherParts = others.indices.map { 1 - (all[members.count + $0] - their[$0]) / m }
    let variance = sampleVariance(memberParts) / m + sampleVariance(otherParts) / n
    let reach = 1.959963984540054 * variance.squareRoot()
    return max(0, auc - reach)...min(1, max(auc + reach, auc - reach))
  }

  private static func midranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var i = 0
    while i < order.count {
      var j = i
      while j < order.count, values[order[j]] == values[order[i]] { j += 1 }
      for k in i..<j { ranks[order[k]] = Double(i + j + 1) / 2 }
      i = j
    }
    return ranks
  }

  private static func sampleVariance(_ values: [Double]) -> Double {
    guard values.count > 1 else { return 0 }
    let mean = values.reduce(0, +) / Double(values.count)
    return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
  }
}
