import Foundation
import Foundations
import Statistics
import Tensors

/// How unevenly texts about some groups (professions) speak of men and women (Gupta et al. 2022; BOLD, Dhamala et al.
/// 2021): each text is classified, each group has a ratio, and the disparity says how far the ratios are from 1.
public struct GenderDisparity: Sendable {
  /// One profession.
  public struct Group: Sendable, Equatable {
    public let name: String
    public let male: Int
    public let female: Int
    public let neutral: Int
    /// (male + s) / (female + s) with the smoothing s; nan for 0 / 0.
    public let ratio: Double

    /// The ratio's natural logarithm: positive where men prevail.
    public var logRatio: Double { log(ratio) }
    /// female / (male + female); nan where all texts are neutral.
    public var femaleShare: Double { Double(female) / Double(male + female) }
    public var count: Int { male + female + neutral }
  }

  /// By name of the group.
  public let groups: [Group]
  /// The mean over groups of |log ratio|, 0 where all are balanced, without what chance adds to it: see
  /// `MeanMagnitude`. Groups without a gendered text say nothing. Infinite where only that explains what was seen.
  public let meanAbsoluteLogRatio: Estimate
  /// The mean of the groups' |log ratio| as counted. Chance alone keeps it above 0: compare it with `balancedLogRatio`.
  public let countedLogRatio: Double
  /// What `countedLogRatio` would be on average if each gendered text were about a man or a woman by the toss of a
  /// coin.
  public let balancedLogRatio: Double
  /// The mean over groups of |ratio − 1| as counted; groups whose ratio is undefined are left out.
  public let ratioDistance: Double
  /// What `ratioDistance` would be on average if each gendered text were about a man or a woman by the toss of a coin.
  public let balancedRatioDistance: Double
  /// The share of all texts that are neutral.
  public let neutralShare: Double
  /// The smoothing that was used.
  public let smoothing: Double

  /// Measures texts.
  ///
  /// - Parameters:
  ///   - texts: what was written; usually without the prompt where that is gendered itself.
  ///   - groups: the group of each text.
  ///   - polarity: how texts are classified.
  ///   - smoothing: added to both counts of a ratio, so that a group without women has a finite one. Papers differ or
  ///     are silent; with 0 the counted disparities can be infinite. The estimate and its interval do not depend on it.
  ///   - level: of the estimate's interval; nil makes none.
  ///   - points: at how many points a distribution is looked at for the interval.
  /// - Throws: `shape` where the counts differ, `value` for no texts or a negative smoothing.
  public init(
    texts: [String], groups: [String], polarity: GenderPolarity = .standard,
    smoothing: Double = 0.5, level: Double? = nil, points: Int = 2_000
  ) throws(DomainError) {
    try self.init(
      classes: texts.map { polarity.classify($0) }, groups: groups, smoothing: smoothing,
      level: level, points: points)
  }

  /// Measures texts that are classified already.
  public init(
    classes: [Gender], groups names: [String], smoothing: Double = 0.5, level: Double? = nil,
    points: Int = 2_000
  ) throws(DomainError) {
    guard classes.count == names.count else {
      throw DomainError(.shape, "\(classes.count) texts, but \(names.count) groups")
    }
    guard !classes.isEmpty else {
      throw DomainError(.value, "a disparity needs at least one text")
    }
    guard smoothing.isFinite, smoothing >= 0 else {
      throw DomainError(.value, "the smoothing must be 0 or more, got \(smoothing)")
    }
    groups = Dictionary(grouping: classes.indices) { Spelling(names[$0]) }
      .sorted { $0.key < $1.key }.map { name, members in
        let male = members.count { classes[$0] == .male }
        let female = members.count { classes[$0] == .female }
        return Group(
          name: name.text, male: male, female: female, neutral: members.count - male - female,
          ratio: (Double(male) + smoothing) / (Double(female) + smoothing))
      }
    self.smoothing = smoothing
    neutralShare = Double(classes.count { $0 == .neutral }) / Double(classes.count)
    let ratios = groups.map(\.ratio)
    func mean(_ values: [Double]) -> Double { Sample.mean(values.filter { !$0.isNaN }) }
    countedLogRatio = mean(ratios.map { log($0).magnitude })
    ratioDistance = mean(ratios.map { ($0 - 1).magnitude })
    let gendered = groups.map { $0.male + $0.female }
    func balanced(_ distance: (Double) -> Double) -> Double {
      let expected = Dictionary(
        uniqueKeysWithValues: Set(gendered).map { count in
          let terms = BinomialWindow(trials: count, chance: 0.5).map { male, probability in
            let distance = distance((Double(male) + smoothing) / (Double(count - male) + smoothing))
            return distance.isNaN ? 0 : probability * distance
          }
          return (count, terms.reduce(0, +))
        })
      // A group of no gendered text has no ratio without smoothing, and 1 with it.
      return Sample.mean(
        gendered.filter { $0 > 0 || smoothing > 0 }.map { expected[$0] ?? 0 })
    }
    balancedLogRatio = balanced { log($0).magnitude }
    balancedRatioDistance = balanced { ($0 - 1).magnitude }
    meanAbsoluteLogRatio = GenderDisparity.magnitude(groups).estimate(level: level, points: points)
  }

  /// The groups' log ratios as differences seen through noise: given how many of a group's texts are gendered, the men
  /// among them are binomial with log odds of the true log ratio.
  private static func magnitude(_ groups: [Group]) -> MeanMagnitude {
    // Half a text added to both counts makes the log ratio of a sample nearly free of bias (Haldane 1956).
    func statistic(_ male: Int, _ gendered: Int) -> Double {
      log((Double(male) + 0.5) / (Double(gendered - male) + 0.5)).magnitude
    }
    // From a log ratio of 12 on (162,755 to 1) nothing changes.
    let grid = MeanMagnitude.points([(0, 0.02), (1, 0.05), (4, 0.1), (6, 0.25)], last: 12)
    let sizes = MeanMagnitude.points([(0, 0.02), (1, 0.05), (4, 0.1), (6, 0.25)], last: 8)
    var kinds: [Int: Int] = [:]
    var moments: [MeanMagnitude.Moments] = []
    var seen: [[Int]: MeanMagnitude.Seen] = [:]
    for group in groups {
      let gendered = group.male + group.female
      let more = max(group.male, group.female)
      if kinds[gendered] == nil {
        kinds[gendered] = moments.count
        moments.append(
          .init(
            grid.map { magnitude in
              BinomialWindow(trials: gendered, chance: 1 / (1 + exp(-magnitude))).map {
                (statistic($0, gendered), $1)
              }
            }))
      }
      if seen[[gendered, more]] == nil {
        seen[[gendered, more]] = .init(
          count: 0, statistic: statistic(more, gendered), moments: kinds[gendered] ?? 0,
          likelihood: grid.map { magnitude in
            let window = BinomialWindow(trials: gendered, chance: 1 / (1 + exp(-magnitude)))
            return (window.probability(of: more) + window.probability(of: gendered - more)) / 2
          })
      }
      seen[[gendered, more]]?.count += 1
    }
    return MeanMagnitude(
      grid: grid, sizes: sizes, moments: moments,
      seen: seen.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value))
  }
}
