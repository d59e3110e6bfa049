import Foundations
import Learning
import Testing

@testable import Federated

@Suite struct RobustTests {
  /// METHODS, O8.
  private static let points: [[Float]] = [[0, 0], [0.1, 0], [0, 0.1], [0.1, 0.1], [5, 5]]

  private func updates(_ points: [[Float]] = points) throws -> [ClientUpdate] {
    try points.map { try Fixture.update($0) }
  }

  @Test func publishedValues() throws {
    let scores = try Krum(byzantine: 1).scores(updates())
    for score in scores.prefix(4) { #expect(abs(score - 0.02) < 1e-8) }
    #expect(abs(scores[4] - 97.03) < 1e-5)
    #expect(try Fixture.combine(Krum(byzantine: 1), updates()) == [0, 0])
    #expect(
      Fixture.isClose(
        try Fixture.combine(TrimmedMean(share: 0.2), updates()), [0.06666667, 0.06666667], 1e-7))
    #expect(try Fixture.combine(CoordinateMedian(), updates()) == [0.1, 0.1])
  }

  /// Scripts/oracles/federated_protection.py.
  @Test func agreesWithNumPyAndSciPy() throws {
    let rows = try Fixture.oracle("robust")
    #expect(rows.count >= 30)
    for row in rows {
      let parameter = try #require(Double(row[1]))
      let count = try #require(Int(row[2]))
      let flat = row[3].split(separator: " ").compactMap { Float($0) }
      let expected = row[4].split(separator: " ").compactMap { Double($0) }
      let width = flat.count / count
      let points = (0..<count).map { Array(flat[$0 * width..<($0 + 1) * width]) }
      let combiner: any Combiner =
        switch row[0] {
        case "median": CoordinateMedian()
        case "trimmed": try TrimmedMean(share: parameter)
        case "krum": try Krum(byzantine: Int(parameter))
        case "multi_krum": try Krum(byzantine: Int(parameter), multi: 2)
        default: GeometricMedian()
        }
      let weights = (1...count).map { Double($0) / Double(count * (count + 1) / 2) }
      let found = try Fixture.combine(combiner, updates(points), weights: weights)
      let tolerance = row[0] == "geometric_median" ? 1e-5 : 2e-7
      #expect(Fixture.isClose(found, expected, tolerance), "\(row[0]) \(parameter) of \(count)")
    }
  }

  @Test func networkSortsAnyNumberOfRows() throws {
    var stream = RandomStream(seed: 4)
    for rows in 1...40 {
      let width = 19
      var values = (0..<rows * width).map { _ in Float(stream.normal()) }
      if rows > 2 { values[5] = .infinity }
      let columns = (0..<width).map { column in
        (0..<rows).map { values[$0 * width + column] }.sorted()
      }
      values.withUnsafeMutableBufferPointer {
        guard let start = $0.baseAddress else { return }
        SortingNetwork(rows: rows).sort(start, width: width)
      }
      for column in 0..<width {
        #expect((0..<rows).map { values[$0 * width + column] } == columns[column])
      }
    }
  }

  @Test func severalVectorsAndNumbersGoTogether() throws {
    let updates = try (0..<5).map {
      try Fixture.update([Float($0)], [Float(10 * $0), 1], numbers: [Double($0 * $0)])
    }
    var server = try Fixture.server(1)
    let sum = try CoordinateMedian().combine(
      updates, weights: [], devices: [], server: &server, random: RandomKey(seed: 1))
    #expect(try Fixture.numbers(sum.vectors[1]) == [20, 1])
    #expect(sum.numbers == [4])
    #expect(sum.clients == 5)
    // Distances are of all vectors together.
    let krum = try Krum(byzantine: 1).scores(updates)
    #expect(abs(krum[2] - 2 * 101) < 1e-9)
  }

  /// A square's geometric median is where its diagonals meet, however far one corner is pulled along its own.
  @Test func geometricMedianOfAQuadrangle() throws {
    let corners: [[Float]] = [[0, 0], [2, 0], [0, 2], [1000, 1000]]
    let found = try Fixture.combine(GeometricMedian(), updates(corners))
    #expect(Fixture.isClose(found, [1, 1], 1e-5))
  }

  @Test func notFiniteUpdatesAreLeftOut() throws {
    var points = Self.points
    points[4] = [.nan, -.infinity]
    for combiner: any Combiner in [
      CoordinateMedian(), try TrimmedMean(share: 0.2), try Krum(byzantine: 1), GeometricMedian(),
      try NormBound(1),
    ] {
      let found = try Fixture.combine(combiner, updates(points))
      #expect(found.allSatisfy { $0 >= 0 && $0 <= 0.1 }, "\(combiner.fingerprint)")
    }
    let bad: [[Float]] = [[.nan, 0], [.infinity, 0], [.infinity, 1], [0, 0], [1, 1]]
    for combiner: any Combiner in [CoordinateMedian(), try TrimmedMean(share: 0.2)] {
      let error = Fixture.failure { _ = try Fixture.combine(combiner, updates(bad)) }
      #expect(error?.message.contains("3 of 5 updates are not finite") == true)
    }
    // In Krum those that lie together far away would be each other's nearest.
    #expect(
      Fixture.failure {
        _ = try Fixture.combine(Krum(byzantine: 1), updates(Array(bad.prefix(4))))
      }?
      .message.contains("too few") == true)
  }

  @Test func boundsOfNorms() throws {
    let updates = try [Fixture.update([3, 0], [4]), Fixture.update([0.3, 0], [0.4])]
    var server = try Fixture.server(2)
    let sum = try NormBound(1).combine(
      updates, weights: [0.5, 0.5], devices: [0, 1], server: &server, random: RandomKey(seed: 1))
    #expect(Fixture.isClose(try Fixture.numbers(sum.vectors[0]), [0.45, 0], 1e-6))
    #expect(Fixture.isClose(try Fixture.numbers(sum.vectors[1]), [0.6], 1e-6))
    #expect(throws: DomainError.self) { try NormBound(0) }
    #expect(throws: DomainError.self) { try NormBound(.nan) }
  }

  @Test func preconditions() throws {
    for share in [0, 0.5, -1, Double.nan, .infinity] {
      #expect(throws: DomainError.self) { try TrimmedMean(share: share) }
    }
    #expect(throws: DomainError.self) { try Krum(byzantine: -1) }
    #expect(throws: DomainError.self) { try Krum(byzantine: .max) }
    #expect(throws: DomainError.self) { try Krum(byzantine: 1, multi: 0) }
    #expect(try TrimmedMean(share: 0.1).cut(of: 30) == 3)
    #expect(try TrimmedMean(share: 0.29).cut(of: 100) == 29)
    #expect(try TrimmedMean(share: 0.1).cut(of: 5) == 1)
    let four = try updates(Array(Self.points.prefix(4)))
    #expect(throws: DomainError.self) { try Fixture.combine(Krum(byzantine: 1), four) }
    #expect(throws: DomainError.self) {
      try Fixture.combine(TrimmedMean(share: 0.4), Array(four.prefix(2)))
    }
    let different = try [Fixture.update([1, 2]), Fixture.update([1])]
    #expect(throws: DomainError.self) { try Fixture.combine(CoordinateMedian(), different) }
  }

  @Test func sameBitsOnAnyNumberOfThreads() throws {
    var stream = RandomStream(seed: 9)
    let updates = try (0..<7).map { _ in
      try Fixture.update((0..<70_001).map { _ in Float(stream.normal()) })
    }
    for combiner: any Combiner in [
      CoordinateMedian(), try TrimmedMean(share: 0.2), try Krum(byzantine: 1, multi: 2),
      GeometricMedian(), try NormBound(10),
    ] {
      let several = try Fixture.combine(combiner, updates)
      let alone = try Parallel.serially { try Fixture.combine(combiner, updates) }
      #expect(several == alone)
    }
  }
}
