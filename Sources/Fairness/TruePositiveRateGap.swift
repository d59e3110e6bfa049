import Foundation
import Foundations
import Statistics
import Tensors

/// How much better a classifier recognises the men of a profession than its women, or the other way round (Bias in
/// Bios, De-Arteaga et al. 2019): the true positive rate of women minus that of men, for each class, and the root of
/// the mean of its squares.
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
  /// √(mean of gap²) over the classes that have both genders, without what chance adds to it: see `MeanMagnitude`.
  public let rootMeanSquare: Estimate
  /// The mean of |gap| over the same classes, likewise.
  public let meanAbsolute: Estimate
  /// √(mean of gap²) as counted, as papers give it: chance alone keeps it above 0.
  public let countedRootMeanSquare: Double
  /// The mean of |gap| as counted.
  public let countedMeanAbsolute: Double

  /// - Parameters:
  ///   - labels, predictions: the true and the predicted class of each text.
  ///   - isFemale: whom it is about; nil leaves the text out.
  ///   - level: of the intervals; nil makes none.
  ///   - points: at how many points a distribution is looked at for the intervals.
  /// - Throws: `shape` where the counts differ, `value` where no class has both genders.
  public init(
    labels: [String], predictions: [String], isFemale: [Bool?], level: Double? = nil,
    points: Int = 2_000
  ) throws(DomainError) {
    guard labels.count == predictions.count, labels.count == isFemale.count else {
      throw DomainError(
        .shape,
        "\(labels.count) labels, \(predictions.count) predictions and \(isFemale.count) genders")
    }
    // A view of the rates by class and gender: of the texts of a class, the share that is recognised.
    let known = labels.indices.filter { isFemale[$0] != nil }
    var found: [Spelling: (women: (count: Int, rate: Double), men: (count: Int, rate: Double))] =
      [:]
    let recognised = GroupMetric("tpr", of: { _ in true }) { i in
      predictions[known[i]].isSpelt(labels[known[i]])
    }
    do {
      let rates =
        known.isEmpty
        ? []
        : try GroupedRates(
          by: [
            ("class", known.map { labels[$0] }),
            ("gender", known.map { isFemale[$0] == true ? "woman" : "man" }),
          ], [recognised], bootstrap: Bootstrap()
        ).groups
      for group in rates {
        let seen = (group.examples.count, group.estimates[0].value)
        let key = Spelling(group.values[0])
        if group.values[1] == "woman" {
          found[key, default: ((0, .nan), (0, .nan))].women = seen
        } else {
          found[key, default: ((0, .nan), (0, .nan))].men = seen
        }
      }
    } catch {
      throw error as? DomainError ?? DomainError(.value, "\(error)")
    }
    rows = found.sorted { $0.key < $1.key }.map {
      Row(
        label: $0.key.text, women: $0.value.women.count, men: $0.value.men.count,
        femaleRate: $0.value.women.rate, maleRate: $0.value.men.rate)
    }
    let measured = rows.filter { $0.women > 0 && $0.men > 0 }
    guard !measured.isEmpty else {
      throw DomainError(
        .value, "no class has texts about men and about women, so there is no gap to measure")
    }
    countedRootMeanSquare = Sample.mean(measured.map { $0.gap * $0.gap }).squareRoot()
    countedMeanAbsolute = Sample.mean(measured.map(\.gap.magnitude))
    func estimate(_ power: Double) -> Estimate {
      TruePositiveRateGap.magnitude(measured, power: power).estimate(level: level, points: points)
    }
    rootMeanSquare = estimate(2)
    meanAbsolute = estimate(1)
  }

  /// The classes' gaps as differences seen through noise: each nearly normal, with the variance of a difference of two
  /// proportions that lie as far apart as asked about the middle of the two seen, to which half a success and half a
  /// failure are added each.
  private static func magnitude(_ rows: [Row], power: Double) -> MeanMagnitude {
    let grid = MeanMagnitude.points([(0, 0.01)], last: 1)
    let nodes = (0...40).map { -6 + 0.3 * Double($0) }
    let weights = nodes.map { exp(-$0 * $0 / 2) }
    let total = weights.reduce(0, +)
    var moments: [MeanMagnitude.Moments] = []
    var seen: [MeanMagnitude.Seen] = []
    for row in rows {
      func smoothed(_ rate: Double, _ count: Int) -> Double {
        (rate * Double(count) + 0.5) / Double(count + 1)
      }
      let middle = (smoothed(row.femaleRate, row.women) + smoothed(row.maleRate, row.men)) / 2
      func variance(_ rate: Double, _ count: Int) -> Double {
        let least = 0.5 / Double(count + 1)
        let rate = min(max(rate, least), 1 - least)
        return rate * (1 - rate) / Double(count)
      }
      func deviation(_ magnitude: Double) -> Double {
        let (low, high) = (middle - magnitude / 2, middle + magnitude / 2)
        let women = variance(low, row.women) + variance(high, row.women)
        let men = variance(low, row.men) + variance(high, row.men)
        return ((women + men) / 2).squareRoot()
      }
      func density(_ magnitude: Double) -> Double {
        let (near, far) = (row.gap - magnitude, row.gap + magnitude)
        let deviation = deviation(magnitude)
        let scale = -1 / (2 * deviation * deviation)
        return (exp(scale * near * near) + exp(scale * far * far)) / (2 * deviation)
      }
      seen.append(
        .init(
          count: 1, statistic: pow(row.gap.magnitude, power), moments: moments.count,
          likelihood: grid.map(density)))
      moments.append(
        .init(
          grid.map { magnitude in
            let deviation = deviation(magnitude)
            return zip(nodes, weights).map {
              (pow((magnitude + deviation * $0).magnitude, power), $1 / total)
            }
          }))
    }
    return MeanMagnitude(
      grid: grid, sizes: grid, moments: moments, seen: seen, isRootMeanSquare: power == 2, limit: 1)
  }
}
