import Foundation
import Spelling
import Tables
import Tensor

/// How much better a classifier recognises the men of a profession than its women, or the other way round (Bias in Bios, De-Arteaga et al.
/// 2019): the true positive rate of women minus that of men, for each class, and the root of the mean of its squares.
public struct TruePositiveRateGap: Sendable {
  /// One class.
  public struct Row: Sendable, Equatable {
    public let label: String
    public let women: Int
    public let men: Int
    public let femaleRate: Double
    public let maleRate: Double
    /// femaleRate − maleRate; nan where the class lacks a gender.
    public var gap: Double { femaleRate - maleRate }
  }

  /// By label.
  public let rows: [Row]
  /// √(mean of gap²) over the classes that have both genders; nan without such a class.
  public let rootMeanSquare: Estimate
  /// The mean of |gap| over the same classes.
  public let meanAbsolute: Estimate

  /// - Parameters:
  ///   - labels, predictions: the true and the predicted class of each text.
  ///   - isFemale: whom it is about; nil leaves the text out.
  ///   - bootstrap: resamples texts within each class and gender; nil makes the intervals nan.
  /// - Throws: `shape` where the counts differ, `value` where no class has both genders.
  public init(
    labels: [String], predictions: [String], isFemale: [Bool?], bootstrap: Bootstrap? = nil
  ) throws(DomainError) {
    guard labels.count == predictions.count, labels.count == isFemale.count else {
      throw DomainError(
        .shape,
        "\(labels.count) labels, \(predictions.count) predictions and \(isFemale.count) genders")
    }
    // For each label, women then men: whether each was recognised.
    var right: [Spelling: ([Bool], [Bool])] = [:]
    for i in labels.indices {
      guard let female = isFemale[i] else { continue }
      let hit = predictions[i].isSpelt(labels[i])
      if female {
        right[labels[i], default: ([], [])].0.append(hit)
      } else {
        right[labels[i], default: ([], [])].1.append(hit)
      }
    }
    func rate(_ hits: [Bool]) -> Double { Double(hits.count { $0 }) / Double(hits.count) }
    rows = right.sorted { $0.key < $1.key }.map {
      Row(
        label: $0.key.text, women: $0.value.0.count, men: $0.value.1.count,
        femaleRate: rate($0.value.0), maleRate: rate($0.value.1))
    }
    let strata = right.sorted { $0.key < $1.key }.map(\.value)
      .filter { !$0.0.isEmpty && !$0.1.isEmpty }
    guard !strata.isEmpty else {
      throw DomainError(
        .value, "no class has texts about men and about women, so there is no gap to measure")
    }
    func estimate(_ combine: ([Double]) -> Double) -> Estimate {
      let cells = strata.flatMap { [$0.0, $0.1] }
      func statistic(_ drawn: [[Int]]) -> Double {
        combine(
          stride(from: 0, to: cells.count, by: 2).map { i in
            func rate(_ cell: Int) -> Double {
              Double(drawn[cell].count { cells[cell][$0] }) / Double(drawn[cell].count)
            }
            return rate(i) - rate(i + 1)
          })
      }
      guard let bootstrap else {
        let whole = cells.map { Array($0.indices) }
        return Estimate(value: statistic(whole), low: .nan, high: .nan, level: .nan)
      }
      return bootstrap.estimate(strata: cells.map(\.count), statistic)
    }
    rootMeanSquare = estimate { Statistics.mean($0.map { $0 * $0 }).squareRoot() }
    meanAbsolute = estimate { Statistics.mean($0.map(\.magnitude)) }
  }
}
