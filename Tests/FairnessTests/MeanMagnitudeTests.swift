import Foundation
import Foundations
import Statistics
import Tensors
import Testing
import Text

@testable import Fairness

/// How groups' log ratios are shared out around a mean size.
enum Spread: String, CaseIterable {
  case equal, normal, half

  /// Sizes of mean 1 of `count` groups.
  func sizes(_ count: Int) -> [Double] {
    switch self {
    case .equal: return Array(repeating: 1, count: count)
    case .half: return (0..<count).map { $0 % 2 == 0 ? 0 : 2 }
    case .normal:
      let sizes = (0..<count).map {
        NormalIntegral.quantile(0.5 + (Double($0) + 0.5) / Double(2 * count))
      }
      let mean = Sample.mean(sizes)
      return sizes.map { $0 / mean }
    }
  }
}

/// Whether intervals hold what they are meant to hold, on data whose truth is known.
/// Tests/language/models/disparity_coverage.fl does the same at more sizes.
@Suite struct MeanMagnitudeTests {
  private func draw(
    _ random: inout RandomStream, groups: Int, texts: Int, gendered: Double, gap: Double,
    spread: Spread
  ) -> (classes: [Gender], names: [String]) {
    var classes: [Gender] = []
    var names: [String] = []
    for (group, size) in spread.sizes(groups).enumerated() {
      let logRatio = gap * size * (random.uniform() < 0.5 ? -1 : 1)
      let male = 1 / (1 + exp(-logRatio))
      for _ in 0..<texts {
        let isGendered = random.uniform() < gendered
        let isMale = random.uniform() < male
        classes.append(isGendered ? (isMale ? .male : .female) : .neutral)
        names.append("group \(group)")
      }
    }
    return (classes, names)
  }

  @Test(arguments: Spread.allCases)
  func disparityCoversUnequalGroups(_ spread: Spread) throws {
    var random = RandomStream(seed: 4)
    var held = 0
    for _ in 0..<60 {
      let drawn = draw(&random, groups: 24, texts: 60, gendered: 0.5, gap: 0.8, spread: spread)
      let found = try GenderDisparity(
        classes: drawn.classes, groups: drawn.names, level: 0.9, points: 200
      ).meanAbsoluteLogRatio
      if found.low <= 0.8, 0.8 <= found.high { held += 1 }
    }
    #expect(held >= 49, "\(held) of 60 at 90%")
  }

  /// An interval of the counted mean would never hold 0; this one does, and few groups are enough.
  @Test(arguments: [1, 2, 5])
  func fewGroupsWithoutDifference(_ groups: Int) throws {
    var random = RandomStream(seed: UInt64(groups))
    var held = 0
    for _ in 0..<100 {
      let drawn = draw(
        &random, groups: groups, texts: 30, gendered: 1, gap: 0, spread: .equal)
      let found = try GenderDisparity(
        classes: drawn.classes, groups: drawn.names, level: 0.95, points: 200)
      #expect(found.countedLogRatio > 0 || found.meanAbsoluteLogRatio.value == 0)
      if found.meanAbsoluteLogRatio.low == 0 { held += 1 }
    }
    #expect((88...100).contains(held), "\(held)")
  }

  @Test func whatChanceAdds() throws {
    // Each of two gendered texts: 2:0, 1:1, 1:1 or 0:2, so |log ratio| is log 5 half of the time.
    let found = try GenderDisparity(
      classes: [.male, .female, .male, .male], groups: ["a", "a", "b", "b"])
    #expect(abs(found.balancedLogRatio - log(5) / 2) < 1e-12)
    #expect(abs(found.balancedRatioDistance - (4 + 0.8) / 4) < 1e-12)
    #expect(abs(found.countedLogRatio - log(5) / 2) < 1e-12)
    // Just what balance shows on average.
    #expect(found.meanAbsoluteLogRatio.value == 0)
  }

  @Test func whatHasNoUpperEnd() throws {
    let found = try GenderDisparity(
      classes: Array(repeating: .male, count: 30), groups: (0..<30).map { "g\($0 % 3)" },
      level: 0.95)
    #expect(found.meanAbsoluteLogRatio.value == .infinity)
    #expect(found.meanAbsoluteLogRatio.high == .infinity)
    #expect((1...6).contains(found.meanAbsoluteLogRatio.low), "\(found.meanAbsoluteLogRatio)")
    let neutral = try GenderDisparity(
      classes: [.neutral, .neutral], groups: ["a", "b"], level: 0.95)
    #expect(neutral.meanAbsoluteLogRatio.low == 0)
    #expect(neutral.meanAbsoluteLogRatio.high == .infinity)
  }

  @Test func manyTexts() throws {
    // 100,000 texts a group: log odds of 0.4 seen to a hundredth.
    let counts = [59_869, 40_131, 59_869, 40_131]
    let classes = counts.flatMap { male in
      Array(repeating: Gender.male, count: male)
        + Array(repeating: Gender.female, count: 100_000 - male)
    }
    let groups = counts.indices.flatMap { Array(repeating: "g\($0)", count: 100_000) }
    let found = try GenderDisparity(classes: classes, groups: groups, level: 0.95)
    let gap = found.meanAbsoluteLogRatio
    #expect(abs(gap.value - 0.4) < 0.002 && gap.high - gap.low < 0.05, "\(gap)")
  }

  /// Gaps of true positive rates: none, and one of 0.2 in every class.
  @Test(arguments: [0, 0.2])
  func ratesCover(_ gap: Double) throws {
    var random = RandomStream(seed: UInt64(1 + 10 * gap))
    var (root, absolute) = (0, 0)
    let trials = 60
    for _ in 0..<trials {
      var labels: [String] = []
      var predictions: [String] = []
      var female: [Bool?] = []
      for group in 0..<20 {
        let sign = random.uniform() < 0.5 ? 1.0 : -1.0
        for i in 0..<60 {
          let isFemale = i % 2 == 0
          let rate = 0.7 + sign * (isFemale ? gap / 2 : -gap / 2)
          labels.append("c\(group)")
          predictions.append(random.uniform() < rate ? "c\(group)" : "other")
          female.append(isFemale)
        }
      }
      let found = try TruePositiveRateGap(
        labels: labels, predictions: predictions, isFemale: female, level: 0.95, points: 200)
      let (one, other) = (found.rootMeanSquare, found.meanAbsolute)
      #expect(one.low <= one.value && one.value <= one.high)
      if one.low <= gap, gap <= one.high { root += 1 }
      if other.low <= gap, gap <= other.high { absolute += 1 }
    }
    #expect((53...60).contains(root), "\(root)")
    #expect((53...60).contains(absolute), "\(absolute)")
  }
}
