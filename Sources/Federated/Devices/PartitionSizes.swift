import Foundation
import Foundations

/// Examples in random order, cut into parts of given sizes.
enum PartitionSizes {
  /// - Throws: `value` where some device would have to stay empty.
  static func requireEnough(_ examples: Int, _ clients: Int) throws {
    guard clients >= 1, clients <= Int(Int32.max) else {
      throw DomainError(
        .value, "examples go onto 1 to \(Int32.max) devices, got \(clients)")
    }
    guard clients <= examples else {
      throw DomainError(
        .value,
        "\(NumberText.counted(examples, "example", "examples")) cannot fill \(clients) devices",
        hint: "ask for at most as many devices as there are examples")
    }
  }

  /// Puts the first `ends[0]` of a random order onto device 0, those up to `ends[1]` onto device 1, and so on.
  static func assign(_ examples: Int, ends: [Int], random: RandomKey) throws -> [Int32] {
    var stream = random.derived("order").stream
    let order = stream.permutation(examples)
    var result = [Int32](repeating: 0, count: examples)
    var start = 0
    for (device, end) in ends.enumerated() {
      try Cancellation.check(turn: device)
      for place in start..<end { result[order[place]] = Int32(truncatingIfNeeded: device) }
      start = end
    }
    return result
  }
}

/// Devices of different sizes, all of the same kind of examples: the shares of the devices are drawn from a symmetric
/// Dirichlet distribution, anew until each device has an example.
///
/// As `data/advanced_partition/niid_quantity.py` of FedNLP (Lin et al., Findings of NAACL 2022, arXiv 2104.08815), for
/// one set of examples.
public struct QuantityPartition: Partitioner {
  public let beta: Double
  /// Draws before it gives up.
  static let attempts = 1000

  /// - Parameter beta: the smaller, the more sizes differ.
  public init(beta: Double) throws {
    guard beta > 0, beta.isFinite else {
      throw DomainError(.value, "`beta` must be > 0 and finite, got \(beta)")
    }
    self.beta = beta
  }

  public var fingerprint: String { "quantity(beta: \(beta))" }

  public func assign(
    _ examples: Int, clients: Int, classes: [Int32]?, random: RandomKey
  ) throws -> [Int32] {
    try PartitionSizes.requireEnough(examples, clients)
    var draws = DirichletDraws(random.derived("shares"))
    for _ in 0..<Self.attempts {
      try Cancellation.check()
      let shares = draws.next([Double](repeating: beta, count: clients))
      if let ends = Self.ends(shares, examples) {
        return try PartitionSizes.assign(examples, ends: ends, random: random)
      }
    }
    throw DomainError(
      .value,
      "\(Self.attempts) draws with beta \(beta) left some of \(clients) devices without any of \(examples) examples each time",
      hint:
        "give a larger `beta`, fewer devices, or `fed.zipf(exponent: …)`, which gives each device an example"
    )
  }

  /// Where the parts end; nil where one would be empty.
  private static func ends(_ shares: [Double], _ examples: Int) -> [Int]? {
    var ends: [Int] = []
    ends.reserveCapacity(shares.count)
    var sum = 0.0
    for (index, share) in shares.enumerated() {
      sum += share
      // Never beyond the end, whatever the sum was rounded to.
      let end =
        index == shares.count - 1 ? examples : min(examples, Int(sum * Double(examples)))
      guard end > (ends.last ?? 0) else { return nil }
      ends.append(end)
    }
    return ends
  }
}

/// A few heavy devices and many light ones, all of the same kind of examples: each device has one example, and device k
/// (from 0) a share of the others in proportion to (k + 1)^-exponent, rounded by largest remainders.
public struct ZipfPartition: Partitioner {
  public let exponent: Double

  /// - Parameter exponent: 0 gives all devices the same, the larger, the more the first ones have.
  public init(exponent: Double) throws {
    guard exponent >= 0, exponent.isFinite else {
      throw DomainError(.value, "`exponent` must be >= 0 and finite, got \(exponent)")
    }
    self.exponent = exponent
  }

  public var fingerprint: String { "zipf(exponent: \(exponent))" }

  public func assign(
    _ examples: Int, clients: Int, classes: [Int32]?, random: RandomKey
  ) throws -> [Int32] {
    try PartitionSizes.requireEnough(examples, clients)
    var end = 0
    let ends = sizes(examples, clients).map { size in
      end += size
      return end
    }
    return try PartitionSizes.assign(examples, ends: ends, random: random)
  }

  func sizes(_ examples: Int, _ clients: Int) -> [Int] {
    let weights = (1...clients).map { pow(Double($0), -exponent) }
    let total = weights.reduce(0, +)
    let rest = examples - clients
    var sizes = [Int](repeating: 1, count: clients)
    var given = 0
    var remainders = [(remainder: Double, device: Int)]()
    remainders.reserveCapacity(clients)
    for device in 0..<clients {
      let exact = Double(rest) * weights[device] / total
      let whole = min(rest - given, Int(exact))
      sizes[device] += whole
      given += whole
      remainders.append((exact - Double(whole), device))
    }
    remainders.sort { ($1.remainder, $0.device) < ($0.remainder, $1.device) }
    for place in 0..<(rest - given) { sizes[remainders[place % clients].device] += 1 }
    return sizes
  }
}
