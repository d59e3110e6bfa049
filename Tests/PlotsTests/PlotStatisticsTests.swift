import Foundation
import Foundations
import Tables
import Testing

@testable import Plots

/// Against SciPy, NumPy and scikit-learn: `Scripts/oracles/plots.py` prints these values.
@Suite struct PlotStatisticsTests {
  static let uniform: [Double] = (0..<200).map { index in
    let state: Int = 48271 * (index + 1) * (index + 1) + 12345 * index
    return Double(state % 2_147_483_647) / 2_147_483_647
  }
  static let skewed = uniform.map { -log(1 - 0.999 * $0) }

  private func expect(_ found: [Double], _ wanted: [Double], _ tolerance: Double = 1e-12) {
    #expect(found.count == wanted.count)
    for (value, reference) in zip(found, wanted) {
      #expect(
        abs(value - reference) <= tolerance * max(abs(reference), 1e-3), "\(value) \(reference)")
    }
  }

  static let densities: [(PlotOptions.Bandwidth, [Double])] = [
    (
      PlotOptions.Bandwidth.scott,
      [0.0143584516834494, 0.972934404213049, 0.3948627408749857, 0.07688395082916968]
    ),
    (
      .silverman,
      [0.020937055042798632, 0.9419891870355142, 0.3989380693865062, 0.07669410099785101]
    ),
    (
      .width(0.25),
      [0.06366816333590833, 0.8279942421772907, 0.42209493384516455, 0.0758906974132713]
    ),
  ]

  @Test(arguments: densities)
  func densitiesAreThoseOfSciPy(bandwidth: PlotOptions.Bandwidth, wanted: [Double]) throws {
    let density = try #require(KernelDensity(Self.skewed, bandwidth))
    expect(try density([-0.5, 0, 0.7, 2]), wanted)
  }

  @Test func densitiesHaveTheAreaOne() throws {
    let density = try #require(KernelDensity(Self.skewed + [.nan, .infinity], .scott))
    let grid = (0..<4000).map { -2 + Double($0) * 0.002 }
    #expect(abs(try density(grid).reduce(0, +) * 0.002 - 1) < 1e-6)
    #expect(KernelDensity([], .scott) == nil)
    #expect(KernelDensity([1], .scott) == nil)
    #expect(KernelDensity([2, 2, 2], .silverman) == nil)
    #expect(KernelDensity([1], .width(0.5)) != nil)
  }

  @Test func binsAreThoseOfNumPy() throws {
    let whole = Self.skewed.map { Double(Int(10 * $0)) }
    let cases: [([Double], Bool, Int, Double, Double, [Int])] = [
      (Self.skewed, false, 11, 2.245571020168407e-05, 2.296216894329669, [91, 32, 20, 15, 11, 9]),
      (Self.skewed + [1000], false, 29, 2.245571020168407e-05, 1000, [200, 0, 0, 0, 0, 0]),
      (whole, true, 10, 0, 22, [107, 25, 17, 13, 10, 11]),
      ([1, 2, 4], false, 3, 1, 4, [1, 1, 1]),
      ([3, 3, 3, 3, 3], false, 1, 2.5, 3.5, [5]),
    ]
    for (values, isWhole, count, low, high, first) in cases {
      let bins = try HistogramBins(values, .automatic, isWhole: isWhole)
      #expect(bins.edges.count == count + 1)
      expect([bins.edges[0], bins.edges[count]], [low, high])
      let counts = try bins.counts(values)
      #expect(counts.bins.prefix(6) == first[...])
      #expect(counts.bins.reduce(0, +) == values.count && counts.outside == 0)
    }
  }

  /// `numpy.histogram([-1.3, 1.2, 1.7], 6)`: 1.2 lies on an edge, and so in the bin above it.
  @Test func aValueOnAnEdgeLiesAboveIt() throws {
    let values = [-1.3, 1.2, 1.7]
    let bins = try HistogramBins(values, .count(6))
    #expect(try bins.counts(values).bins == [1, 0, 0, 0, 0, 2])
    let column = try Series(.float(values)).binned(count: 6)
    #expect(column.cells[1] == column.cells[2] && column.cells[0] != column.cells[1])
    // One rule for both, whatever the values and however many the bins.
    for count in 1...40 {
      let values = (0...count).map { 0.1 * Double($0) - 0.7 }
      let counts = try HistogramBins(values, .count(count)).counts(values).bins
      guard case .category(let codes, _) = try Series(.float(values)).binned(count: count).values
      else {
        Issue.record("no categories")
        continue
      }
      #expect(counts == (0..<count).map { bin in codes.count { $0 == bin } })
    }
  }

  @Test func binsHoldWhatTheirEdgesSay() throws {
    let bins = try HistogramBins([], .edges([0, 1, 2]))
    let counts = try bins.counts([-0.1, 0, 0.9, 1, 2, 2.1])
    #expect(counts.bins == [2, 2] && counts.outside == 2)
    for wrong in [PlotOptions.Bins.edges([]), .edges([1]), .edges([1, 1]), .edges([0, .nan])] {
      #expect(throws: DomainError.self) { try HistogramBins([1], wrong) }
    }
    for wrong in [0, -3, 1_000_000_000] {
      #expect(throws: DomainError.self) { try HistogramBins([1], .count(wrong)) }
    }
  }

  static let extremes: [[Double]] = [
    [0, .leastNonzeroMagnitude], [-1e308, 1e308], [1, 1 + 2e-16], [1e300], [0],
  ]

  @Test(arguments: extremes)
  func binsOfAnyValuesAscend(values: [Double]) throws {
    for choice in [PlotOptions.Bins.automatic, .count(7)] {
      let edges = try HistogramBins(values, choice).edges
      #expect(zip(edges, edges.dropFirst()).allSatisfy { $0 < $1 } && edges.count >= 2)
    }
  }

  private static let labels = uniform.enumerated().map {
    $1 + 0.4 * uniform[(7 * $0) % 200] > 0.75
  }
  private static let scores = uniform.enumerated().map {
    ((0.6 * $1 + 0.4 * uniform[(3 * $0 + 5) % 200]) * 100).rounded() / 100
  }

  @Test func curvesAreThoseOfScikitLearn() throws {
    let curve = try #require(try ErrorTradeoff(isPositive: Self.labels, scores: Self.scores))
    #expect(curve.thresholds.count == 83)
    let places = [5, 40, 80]
    expect(
      places.map { curve.falsePositiveRates[$0] }, [0, 0.1377245508982036, 0.9341317365269461])
    expect(
      places.map { curve.truePositiveRates[$0] }, [0.15151515151515152, 0.9393939393939394, 1])
    #expect(places.map { curve.thresholds[$0] } == [0.83, 0.42, 0.02])
    expect([curve.area], [0.9462892397024134])
  }

  @Test func curvesOfEdges() throws {
    #expect(try ErrorTradeoff(isPositive: [], scores: []) == nil)
    #expect(try ErrorTradeoff(isPositive: [true], scores: [1]) == nil)
    let tied = try ErrorTradeoff(isPositive: [true, false], scores: [1, 1])
    #expect(tied?.area == 0.5 && tied?.equalErrorRate == 0.5)
    let wrong = try ErrorTradeoff(isPositive: [true, false], scores: [0, .infinity])
    #expect(wrong?.area == 0 && wrong?.equalErrorRate == 1)
  }

  @Test func reliabilityIsThatOfScikitLearn() {
    let found = Reliability(
      isPositive: Self.labels, scores: Self.scores, binCount: 10, binning: .width, level: 0.95)
    expect(
      found.bins.map(\.score),
      [
        0.049574468085106405, 0.15103448275862072, 0.25805555555555554, 0.3529032258064516,
        0.44842105263157894, 0.55, 0.6537499999999999, 0.7571428571428571, 0.855,
      ])
    expect(
      found.bins.map(\.share),
      [0, 0, 0.05555555555555555, 0, 0.3684210526315789, 0.23529411764705882, 0.875, 1, 1])
    let even = Reliability(
      isPositive: Self.labels, scores: Self.scores, binCount: 8, binning: .mass, level: 0.95)
    #expect(even.bins.map(\.count) == Array(repeating: 25, count: 8))
  }

  @Test func scoresOnAnEdgeBelongToTheBinBelow() {
    for tenth in 1...10 {
      let found = Reliability(
        isPositive: [true, true], scores: [Double(tenth) / 10, Double(tenth) / 10 - 0.05],
        binCount: 10, binning: .width, level: 0.95)
      #expect(found.bins.count == 1, "\(tenth)")
    }
  }

  @Test func boxesAreThoseOfTukey() throws {
    let box = try #require(BoxSummary(Self.skewed))
    expect(
      [box.lower, box.median, box.upper],
      [0.05988362968255173, 0.2579758004564371, 0.7088771614133544])
    let reach = box.upper + 1.5 * (box.upper - box.lower)
    #expect(box.outliers == Self.skewed.filter { $0 > reach }.sorted())
    #expect(box.whiskers.upperBound == Self.skewed.filter { $0 <= reach }.max())
    #expect(BoxSummary([]) == nil && BoxSummary([.nan]) == nil)
    let infinite = try #require(BoxSummary([1, 2, 3, 4, .infinity]))
    #expect(infinite.median == 3 && infinite.outliers == [.infinity])
    #expect(BoxSummary([-.infinity, .infinity])?.median == 0)
    #expect(BoxSummary([5])?.whiskers == 5...5)
  }
}
