// Membership inference: can a model's outputs tell who was in its training set? Here is how well scores do, whatever
// attack they come from, and the simplest of them, the threshold attack of Yeom et al. (2018, arXiv 1709.01604): an
// example with a lower loss is taken for a member. What is found is a lower bound of the leak; differential privacy
// bounds it from above:
//   advantage = max(TPR - FPR) ≤ (e^ε - 1 + 2δ)/(e^ε + 1).

import Foundation
import Foundations
import Tables

/// How well an attack tells members from others.
public struct AttackResult: Sendable, Equatable, CustomStringConvertible {
  /// Area under the ROC curve: the chance that a random member scores higher than a random other, ties counting half;
  /// 0.5 is guessing.
  public var auc: Double
  /// 95% interval of the area; nil where the examples say nothing of it: fewer than two members or others, or all
  /// scores equal.
  public var aucInterval: ClosedRange<Double>?
  /// TPR - FPR of the best threshold, held out: it is chosen on one half of the examples and judged on the other, both
  /// ways round. 0 on average where there is nothing to find; nil for fewer than two members or others.
  public var advantage: Double?
  /// 95% interval of the largest TPR - FPR of any threshold. Valid for all thresholds at once, and so wider than one
  /// for a single one.
  public var advantageInterval: ClosedRange<Double>
  /// The score at or above which the best threshold says member; for losses, the loss at or below which it does.
  public var bestThreshold: Double
  /// The true positive rate at the last threshold whose false positive rate is below 0.1% (Carlini et al. 2022); nil
  /// for a thousand others or fewer, among which there is no such rate but 0.
  public var tprAtLowFPR: Double?
  public var members: Int
  public var others: Int
  /// All thresholds from the highest score down, beginning with one that nothing reaches. Threshold as `bestThreshold`.
  public var curve: [ThresholdRates]
  /// What it is where examples with one key are looked at alone; empty where nobody asked.
  public var groups: [GroupedAttack] = []
  /// What the keys are called; nil where nobody asked.
  public var groupName: String?

  /// The greatest true positive rate of a threshold whose false positive rate is at most `rate`.
  public func truePositiveRate(atMost rate: Double) -> Double {
    curve.last { $0.falsePositiveRate <= rate }?.truePositiveRate ?? 0
  }

  public var description: String {
    func digits(_ value: Double) -> String { String(format: "%.3f", value) }
    func range(_ interval: ClosedRange<Double>) -> String {
      "\(digits(interval.lowerBound))–\(digits(interval.upperBound))"
    }
    let certainty = aucInterval.map(range) ?? "no interval"
    let low = tprAtLowFPR.map { ", TPR \(digits($0)) at 0.1% FPR" } ?? ""
    return
      "Membership attack: AUC \(digits(auc)) (\(certainty)), advantage \(advantage.map(digits) ?? "unknown") (at most \(digits(advantageInterval.upperBound)))\(low), \(members) members and \(others) others"
  }
}

/// The rates of one threshold.
public struct ThresholdRates: Sendable, Equatable {
  public var threshold: Double
  public var falsePositiveRate: Double
  public var truePositiveRate: Double
}

/// How well an attack does on the members and others that have one key.
public struct GroupedAttack: Sendable, Equatable {
  public var key: Cell
  public var members: Int
  public var others: Int
  /// Nil where there are no members or no others with this key.
  public var auc: Double?
  /// As that of `AttackResult`, held out.
  public var advantage: Double?
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
    for i in result.curve.indices { result.curve[i].threshold.negate() }
    return result
  }

  /// The scores of the attack that takes a low modified entropy for membership (Song and Mittal 2021); it needs no
  /// other models.
  public static func entropies(_ outputs: ClassifierOutputs) -> [Double] {
    (0..<outputs.count).map { -outputs.modifiedEntropy($0) }
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
    let curve = Curve(members, others)
    return AttackResult(
      auc: curve.area, aucInterval: interval(auc: curve.area, members: members, others: others),
      advantage: heldOut(members, others),
      advantageInterval: bounds(curve.advantage, members.count, others.count),
      bestThreshold: curve.threshold,
      tprAtLowFPR: Double(others.count) * lowFPR > 1 ? curve.tprAtLowFPR : nil,
      members: members.count, others: others.count, curve: curve.points)
  }

  /// The result for members and others of each key alone, in the order in which keys first appear.
  ///
  /// - Parameters:
  ///   - members, others: scores; high ones speak for membership.
  ///   - memberKeys, otherKeys: the key of each.
  /// - Throws: `shape` where scores and keys differ in number, else as `scores`.
  public static func grouped(
    members: [Double], _ memberKeys: [Cell], others: [Double], _ otherKeys: [Cell]
  ) throws(DomainError) -> [GroupedAttack] {
    guard members.count == memberKeys.count, others.count == otherKeys.count else {
      throw DomainError(
        .shape,
        "there are \(members.count) and \(others.count) scores, but \(memberKeys.count) and \(otherKeys.count) keys"
      )
    }
    var order: [Cell] = []
    var parts: [Cell: (members: [Double], others: [Double])] = [:]
    for (key, score) in zip(memberKeys, members) {
      if parts[key] == nil { order.append(key) }
      parts[key, default: ([], [])].members.append(score)
    }
    for (key, score) in zip(otherKeys, others) {
      if parts[key] == nil { order.append(key) }
      parts[key, default: ([], [])].others.append(score)
    }
    var result: [GroupedAttack] = []
    for key in order {
      let part = parts[key] ?? ([], [])
      let found =
        part.members.isEmpty || part.others.isEmpty
        ? nil : try scores(members: part.members, others: part.others)
      result.append(
        GroupedAttack(
          key: key, members: part.members.count, others: part.others.count, auc: found?.auc,
          advantage: found?.advantage))
    }
    return result
  }

  /// What a walk through all thresholds finds.
  private struct Curve {
    var area = 0.0
    var advantage = 0.0
    var threshold = Double.infinity
    var tprAtLowFPR = 0.0
    var points = [
      ThresholdRates(threshold: .infinity, falsePositiveRate: 0, truePositiveRate: 0)
    ]

    init(_ members: [Double], _ others: [Double]) {
      let ranked = (members.map { ($0, true) } + others.map { ($0, false) }).sorted { $0.0 > $1.0 }
      let memberCount = Double(members.count)
      let otherCount = Double(others.count)
      var truePositives = 0.0
      var falsePositives = 0.0
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
        if fpr < lowFPR { tprAtLowFPR = tpr }
        points.append(
          ThresholdRates(threshold: score, falsePositiveRate: fpr, truePositiveRate: tpr))
      }
      area /= memberCount * otherCount
    }
  }

  /// The best threshold's TPR - FPR among examples that it was not chosen by: the largest of many differences is above
  /// what any of them is on average. Every other example of each list is one half.
  private static func heldOut(_ members: [Double], _ others: [Double]) -> Double? {
    guard members.count > 1, others.count > 1 else { return nil }
    func half(_ values: [Double], _ start: Int) -> [Double] {
      stride(from: start, to: values.count, by: 2).map { values[$0] }
    }
    func share(_ values: [Double], _ threshold: Double) -> Double {
      Double(values.count { $0 >= threshold }) / Double(values.count)
    }
    func judge(_ chosen: Int) -> Double {
      let threshold = Curve(half(members, chosen), half(others, chosen)).threshold
      // Without an advantage anywhere nobody is called a member.
      guard threshold < .infinity else { return 0 }
      return share(half(members, 1 - chosen), threshold)
        - share(half(others, 1 - chosen), threshold)
    }
    return (judge(0) + judge(1)) / 2
  }

  /// The largest difference of two distribution functions, as a 95% interval (Dvoretzky, Kiefer, Wolfowitz; Massart's
  /// constant): each is off by more than this at any threshold with a chance of 2.5% at most.
  private static func bounds(_ advantage: Double, _ members: Int, _ others: Int)
    -> ClosedRange<Double>
  {
    func reach(_ count: Int) -> Double { (log(2 / 0.025) / (2 * Double(count))).squareRoot() }
    let total = reach(members) + reach(others)
    return max(0, advantage - total)...min(1, advantage + total)
  }

  /// The advantage that no attack on an (ε, δ)-private result can exceed.
  public static func advantageBound(epsilon: Double, delta: Double) -> Double {
    if epsilon == .infinity { return 1 }
    return min(1, (tanh(epsilon / 2) + 2 * delta / (exp(epsilon) + 1)))
  }

  /// A 95% interval: the hull of two, neither of which covers everywhere. Newcombe's (2006, method 5) has a width also
  /// where members and others are perfectly apart, but takes a variance that belongs to one kind of distributions.
  /// DeLong's on the scale of log odds takes the variance from the scores, of which there must be some.
  private static func interval(auc: Double, members: [Double], others: [Double])
    -> ClosedRange<Double>?
  {
    let first = members[0]
    guard members.count > 1, others.count > 1,
      members.contains(where: { $0 != first }) || others.contains(where: { $0 != first })
    else { return nil }
    let newcombe = newcombeInterval(auc, Double(members.count), Double(others.count))
    let reach = normalReach * deLongVariance(members, others).squareRoot()
    guard reach > 0, auc > 0, auc < 1 else { return newcombe }
    let odds = log(auc / (1 - auc))
    let spread = reach / (auc * (1 - auc))
    let low = 1 / (1 + exp(spread - odds))
    let high = 1 / (1 + exp(-spread - odds))
    return min(low, newcombe.lowerBound)...max(high, newcombe.upperBound)
  }

  /// The standard normal quantile of 97.5%.
  private static let normalReach = 1.959963984540054

  /// All areas from which the found one is no further than its spread there allows.
  private static func newcombeInterval(_ auc: Double, _ m: Double, _ n: Double)
    -> ClosedRange<Double>
  {
    let others = (m + n) / 2 - 1
    func isNear(_ area: Double) -> Bool {
      let variance =
        area * (1 - area) * (1 + others * ((1 - area) / (2 - area) + area / (1 + area))) / (m * n)
      return (auc - area) * (auc - area) <= normalReach * normalReach * variance
    }
    func end(_ limit: Double) -> Double {
      var inside = auc
      var outside = limit
      for _ in 0..<60 {
        let middle = (inside + outside) / 2
        if isNear(middle) { inside = middle } else { outside = middle }
      }
      return outside
    }
    return (auc == 0 ? 0 : end(0))...(auc == 1 ? 1 : end(1))
  }

  /// The area's variance by midranks (DeLong et al. 1988; Sun and Xu 2014).
  private static func deLongVariance(_ members: [Double], _ others: [Double]) -> Double {
    let all = midranks(members + others)
    let own = midranks(members)
    let their = midranks(others)
    let m = Double(members.count)
    let n = Double(others.count)
    let memberParts = members.indices.map { (all[$0] - own[$0]) / n }
    let otherParts = others.indices.map { 1 - (all[members.count + $0] - their[$0]) / m }
    return sampleVariance(memberParts) / m + sampleVariance(otherParts) / n
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
