import Foundation
import Spelling
import Tables
import Tensor

/// How unevenly texts about some groups (professions) speak of men and women (Gupta et al. 2022; BOLD, Dhamala et al. 2021): each text is
/// classified, each group has a ratio, and the disparity says how far the ratios are from 1.
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
  /// The mean over groups of |log ratio|: 0 is balance. Groups whose ratio is undefined are left out.
  public let meanAbsoluteLogRatio: Estimate
  /// The mean over groups of |ratio − 1|.
  public let ratioDistance: Estimate
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
  ///   - smoothing: added to both counts, so that a group without women has a finite ratio. Papers differ or are silent; with 0 the
  ///     disparity can be infinite.
  ///   - bootstrap: resamples texts within groups; nil makes the intervals nan.
  /// - Throws: `shape` where the counts differ, `value` for no texts or a negative smoothing.
  public init(
    texts: [String], groups: [String], polarity: GenderPolarity = .standard,
    smoothing: Double = 0.5, bootstrap: Bootstrap? = nil
  ) throws(DomainError) {
    try self.init(
      classes: texts.map { polarity.classify($0) }, groups: groups, smoothing: smoothing,
      bootstrap: bootstrap)
  }

  /// Measures texts that are classified already.
  public init(
    classes: [Gender], groups names: [String], smoothing: Double = 0.5, bootstrap: Bootstrap? = nil
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
    let members = Dictionary(grouping: classes.indices) { Spelling(names[$0]) }
      .sorted { $0.key < $1.key }.map { (name: $0.key.text, classes: $0.value.map { classes[$0] }) }
    let counts = members.map { Counts($0.classes) }
    groups = zip(members, counts).map { member, counts in
      Group(
        name: member.name, male: counts.male, female: counts.female, neutral: counts.neutral,
        ratio: counts.ratio(smoothing))
    }
    self.smoothing = smoothing
    neutralShare = Double(classes.count { $0 == .neutral }) / Double(classes.count)
    func estimate(_ distance: (Double) -> Double) -> Estimate {
      func mean(_ counts: [Counts]) -> Double {
        Statistics.mean(counts.map { distance($0.ratio(smoothing)) }.filter { !$0.isNaN })
      }
      guard let bootstrap else {
        return Estimate(value: mean(counts), low: .nan, high: .nan, level: .nan)
      }
      return bootstrap.estimate(strata: members.map(\.classes.count)) { drawn in
        mean(zip(members, drawn).map { member, indices in Counts(indices, of: member.classes) })
      }
    }
    meanAbsoluteLogRatio = estimate { log($0).magnitude }
    ratioDistance = estimate { ($0 - 1).magnitude }
  }

  private struct Counts {
    var male = 0
    var female = 0
    var neutral = 0

    init(_ classes: [Gender]) {
      for one in classes { add(one) }
    }

    init(_ indices: [Int], of classes: [Gender]) {
      for i in indices { add(classes[i]) }
    }

    private mutating func add(_ gender: Gender) {
      switch gender {
      case .male: male += 1
      case .female: female += 1
      case .neutral: neutral += 1
      }
    }

    func ratio(_ smoothing: Double) -> Double {
      (Double(male) + smoothing) / (Double(female) + smoothing)
    }
  }
}
