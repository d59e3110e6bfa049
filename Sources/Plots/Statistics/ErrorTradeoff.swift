import Foundations

/// How often a classifier is right and wrong at each threshold of its scores: the points of ROC and DET curves, one for
/// each different score, and the area under the ROC curve, in which ties count half (the statistic of Mann and Whitney
/// 1947). As scikit-learn's `roc_curve` and `roc_auc_score`.
struct ErrorTradeoff: Sendable {
  /// From a threshold above all scores to one at the least of them.
  let thresholds: [Double]
  let falsePositiveRates: [Double]
  let truePositiveRates: [Double]
  let area: Double

  /// - Parameters:
  ///   - isPositive: the true class of each example.
  ///   - scores: greater where positive is more likely; never nan.
  /// - Returns: nil where one of the classes has no example.
  init?(isPositive: [Bool], scores: [Double]) throws {
    let positives = isPositive.count { $0 }
    let negatives = isPositive.count - positives
    guard positives > 0, negatives > 0 else { return nil }
    let order = scores.indices.sorted { scores[$0] > scores[$1] }
    var thresholds = [Double.infinity]
    var falses = [0.0]
    var trues = [0.0]
    var (found, wrong) = (0, 0)
    // Twice the area in units of one pair of examples: whole, so without rounding.
    var doubledArea = 0
    var start = 0
    while start < order.count {
      try Cancellation.check(turn: start)
      let (foundBefore, wrongBefore) = (found, wrong)
      let score = scores[order[start]]
      while start < order.count, scores[order[start]] == score {
        if isPositive[order[start]] { found += 1 } else { wrong += 1 }
        start += 1
      }
      doubledArea += (wrong - wrongBefore) * (found + foundBefore)
      thresholds.append(score)
      falses.append(Double(wrong) / Double(negatives))
      trues.append(Double(found) / Double(positives))
    }
    self.thresholds = thresholds
    falsePositiveRates = falses
    truePositiveRates = trues
    area = Double(doubledArea) / 2 / (Double(positives) * Double(negatives))
  }

  /// Where the rates of both errors are equal, between the two thresholds around it.
  var equalErrorRate: Double {
    for index in 1..<falsePositiveRates.count {
      let after = falsePositiveRates[index] - (1 - truePositiveRates[index])
      guard after >= 0 else { continue }
      let before = falsePositiveRates[index - 1] - (1 - truePositiveRates[index - 1])
      let part = after == before ? 0 : -before / (after - before)
      return falsePositiveRates[index - 1]
        + part * (falsePositiveRates[index] - falsePositiveRates[index - 1])
    }
    return 1
  }
}
