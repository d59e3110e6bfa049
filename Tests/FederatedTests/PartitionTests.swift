import Foundation
import Foundations
import Learning
import Testing

@testable import Federated

/// What the code of `Scripts/oracles/federated_partition.py` writes.
private struct LabelShiftOracle {
  struct Client {
    var shares: [Double]
    var counts: [Int]
  }
  struct Case {
    var sizes: [Int]
    var clients: [Client] = []
  }
  var cases: [Case] = []

  init() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Oracles/label_shift.csv")
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst() {
      let cells = line.split(separator: ",").map(String.init)
      func numbers(_ place: Int) -> [Int] {
        cells[place].split(separator: " ").compactMap { Int($0) }
      }
      if cells[1] == "0" { cases.append(Case(sizes: numbers(2))) }
      cases[cases.count - 1].clients.append(
        Client(
          shares: cells[3].split(separator: " ").compactMap { Double($0) }, counts: numbers(4)))
    }
  }
}

/// As many examples of each class as `sizes` says, mixed.
private func classes(_ sizes: [Int], seed: UInt64 = 5) -> [Int32] {
  var stream = RandomStream(seed: seed)
  var labels = sizes.enumerated().flatMap { label, size in
    [Int32](repeating: Int32(label), count: size)
  }
  stream.shuffle(&labels)
  return labels
}

/// How many examples each device has.
private func counts(_ assigned: [Int32], _ clients: Int) -> [Int] {
  assigned.reduce(into: [Int](repeating: 0, count: clients)) { $0[Int($1)] += 1 }
}

@Suite struct PartitionTests {
  @Test func labelShiftGivesWhatFedNLPGives() throws {
    let oracle = try LabelShiftOracle()
    #expect(oracle.cases.count == 6)
    for one in oracle.cases {
      var pools = LabelPools(sizes: one.sizes)
      var left = one.sizes.reduce(0, +)
      let each = left / one.clients.count
      for (index, client) in one.clients.enumerated() {
        let before = pools.taken
        var size = min(each, left)
        if left < 2 * size { size = left }
        left -= size
        pools.fill(size, client.shares) { _ in }
        if index == one.clients.count - 1 { pools.takeRest { _ in } }
        #expect(zip(pools.taken, before).map { $0 - $1 } == client.counts)
      }
      #expect(pools.taken == one.sizes)
    }
  }

  @Test(arguments: [0.01, 0.1, 1, 100]) func labelShiftKeepsSizes(_ alpha: Double) throws {
    let labels = classes([410, 290, 200, 97, 6])
    for clients in [1, 7, 30, 1003] {
      let assigned = try DirichletPartition(alpha: alpha).assign(
        labels.count, clients: clients, classes: labels, random: RandomKey(seed: 3))
      let sizes = counts(assigned, clients)
      #expect(sizes.dropLast().allSatisfy { $0 == labels.count / clients })
      #expect(sizes.last == labels.count - (clients - 1) * (labels.count / clients))
    }
  }

  /// The smaller alpha, the further the devices are apart.
  @Test func alphaSetsTheDivergence() throws {
    let labels = classes([500, 500, 500, 500])
    func mean(_ alpha: Double) throws -> Double {
      let assigned = try DirichletPartition(alpha: alpha).assign(
        2000, clients: 20, classes: labels, random: RandomKey(seed: 8))
      let devices = try DeviceSet(
        source: points(2000), assignments: assigned, count: 20, classes: labels)
      let all = try devices.divergence(of: devices.places)
      for i in 0..<20 {
        #expect(all[i * 21] < 1e-12)
        for j in 0..<i { #expect(abs(all[i * 20 + j] - all[j * 20 + i]) < 1e-12) }
      }
      return all.reduce(0, +) / 380
    }
    let (near, far) = (try mean(100), try mean(0.05))
    #expect(near < 0.05)
    #expect(far > 0.5)
  }

  @Test func divergenceIsJensenShannons() {
    let a = ClassShares([0, 1, 2], [0.5, 0.3, 0.2])
    let b = ClassShares([0, 1, 2], [0.9, 0.05, 0.05])
    #expect(abs(a.divergence(from: b) * log(2) - 0.10259692909634) < 1e-14)
    #expect(ClassShares([0], [1]).divergence(from: ClassShares([4], [1])) == 1)
    #expect(ClassShares([]).divergence(from: a).isNaN)
  }

  @Test func otherPartitionsKeepEveryExample() throws {
    let labels = classes([300, 300, 400])
    let rules: [any Partitioner] = [
      UniformPartition(), try QuantityPartition(beta: 1), try QuantityPartition(beta: 100),
      try ZipfPartition(exponent: 1.2), try ZipfPartition(exponent: 0),
      try DirichletPartition(alpha: 0.1),
    ]
    for rule in rules {
      for clients in [1, 3, 20] {
        let key = RandomKey(seed: 4)
        let assigned = try rule.assign(1000, clients: clients, classes: labels, random: key)
        #expect(assigned.count == 1000)
        #expect(counts(assigned, clients).allSatisfy { $0 > 0 })
        let again = try rule.assign(1000, clients: clients, classes: labels, random: key)
        #expect(assigned == again)
        if clients > 1 {
          let other = try rule.assign(
            1000, clients: clients, classes: labels, random: RandomKey(seed: 9))
          #expect(assigned != other)
        }
      }
      #expect(throws: DomainError.self) {
        try rule.assign(10, clients: 11, classes: labels, random: RandomKey(seed: 1))
      }
      #expect(throws: DomainError.self) {
        try rule.assign(1000, clients: 0, classes: labels, random: RandomKey(seed: 1))
      }
    }
  }

  @Test func uniformSizesDifferByOne() throws {
    let sizes = counts(
      try UniformPartition().assign(103, clients: 10, classes: nil, random: RandomKey(seed: 1)), 10)
    #expect(Set(sizes) == [10, 11])
  }

  /// 1 + 93 · k^-1 / H(7), H(7) = 2.592857…: 35.87, 17.93, 11.96, 8.97, 7.17, 5.98, 5.12.
  @Test func zipfSharesFallWithRank() throws {
    #expect(try ZipfPartition(exponent: 1).sizes(100, 7) == [37, 19, 13, 10, 8, 7, 6])
    #expect(try ZipfPartition(exponent: 0).sizes(10, 5) == [2, 2, 2, 2, 2])
    #expect(try ZipfPartition(exponent: 2).sizes(5, 5) == [1, 1, 1, 1, 1])
  }

  /// Shares of Dir(β) over M have the variance (1/M)(1 - 1/M) / (Mβ + 1).
  @Test func quantityHasTheVarianceOfDirichlet() {
    var draws = DirichletDraws(RandomKey(seed: 11))
    for beta in [0.05, 0.5, 3] {
      var (sum, squares) = (0.0, 0.0)
      for _ in 0..<20_000 {
        let shares = draws.next([beta, beta, beta, beta])
        #expect(abs(shares.reduce(0, +) - 1) < 1e-9)
        sum += shares[0]
        squares += shares[0] * shares[0]
      }
      let mean = sum / 20_000
      let variance = squares / 20_000 - mean * mean
      #expect(abs(mean - 0.25) < 0.02)
      #expect(abs(variance - 0.1875 / (4 * beta + 1)) < 0.006)
    }
    // Parameters at which plain variates would all be 0.
    let tiny = draws.next([1e-9, 1e-9, 0])
    #expect(tiny.reduce(0, +) == 1)
    #expect(tiny[2] == 0)
  }

  @Test func rulesRefuseWhatHasNoMeaning() {
    for wrong in [0, -1, Double.nan, .infinity] {
      #expect(throws: DomainError.self) { try DirichletPartition(alpha: wrong) }
      #expect(throws: DomainError.self) { try QuantityPartition(beta: wrong) }
    }
    for wrong in [-0.1, Double.nan, .infinity] {
      #expect(throws: DomainError.self) { try ZipfPartition(exponent: wrong) }
    }
    #expect(throws: DomainError.self) {
      try DirichletPartition(alpha: 1).assign(
        5, clients: 2, classes: nil, random: RandomKey(seed: 1))
    }
    // No draw gives all of a hundred devices an example out of a hundred.
    #expect(throws: DomainError.self) {
      try QuantityPartition(beta: 0.1).assign(
        100, clients: 100, classes: nil, random: RandomKey(seed: 1))
    }
  }

  @Test func entityTypesStandForTaggedSentences() {
    #expect(EntityTypes.label(["O", "B-PERSON", "I-PERSON", "O", "B-GPE"]) == "GPE,PERSON")
    #expect(EntityTypes.label(["B-DATE", "I-DATE", "O"]) == "NULL")
    #expect(EntityTypes.label(["PERSON", "B-WORK_OF_ART", "ORG"]) == "ORG,PERSON")
    #expect(EntityTypes.label([String]()) == "NULL")
  }

  /// Points of texts with common words lie closer than others.
  @Test func bagFeaturesKeepDistances() throws {
    let texts: [[Int32]] = [[2, 3, 4], [2, 3, 4, 4], [7, 8, 9], []]
    let points = try BagFeatures.points(4) { texts[$0][...] }
    func distance(_ a: Int, _ b: Int) -> Double {
      (0..<BagFeatures.width).reduce(0) {
        let d = points[a * BagFeatures.width + $1] - points[b * BagFeatures.width + $1]
        return $0 + d * d
      }
    }
    #expect(distance(0, 1) < 0.5)
    #expect(distance(0, 2) > 1)
    #expect(points[(3 * BagFeatures.width)...].allSatisfy { $0 == 0 })
  }

  @Test func manyExamplesTakeSeconds() throws {
    let labels = (0..<1_000_000).map { Int32($0 % 10) }
    let start = ContinuousClock.now
    let assigned = try DirichletPartition(alpha: 0.1).assign(
      1_000_000, clients: 100_000, classes: labels, random: RandomKey(seed: 1))
    let devices = try DeviceSet(
      source: CountedSource(count: 1_000_000), assignments: assigned, count: 100_000,
      classes: labels)
    #expect(devices.sizes.allSatisfy { $0 == 10 })
    print("1,000,000 examples on 100,000 devices:", ContinuousClock.now - start)
    #expect(ContinuousClock.now - start < .seconds(20))
  }
}

/// So many examples, none of which is looked at.
struct CountedSource: BatchSource {
  let count: Int
  func batch(_ indices: [Int]) throws -> Batch {
    throw DomainError(.value, "these examples are only counted")
  }
}
