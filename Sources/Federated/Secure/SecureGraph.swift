import Foundation
import Foundations

/// Between which clients there are masks and shares: all of them (SecAgg), or a random graph in which each has the same
/// number of neighbours (SecAgg+).
struct SecureGraph: Sendable {
  /// The neighbours of each client, by its place among `clients`, as places.
  let neighbours: [[Int]]

  static func complete(_ count: Int) -> SecureGraph {
    SecureGraph(neighbours: (0..<count).map { client in (0..<count).filter { $0 != client } })
  }

  /// A Harary graph on clients in random order: each is next to `degree / 2` on either side of a ring (Bell et al.
  /// 2020, section 3.2).
  /// - Parameter degree: even; complete where it is not below `count - 1`.
  static func ring(_ count: Int, degree: Int, _ random: SecureRandom) -> SecureGraph {
    guard degree < count - 1 else { return complete(count) }
    var order = Array(0..<count)
    for place in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(place, EvenDraw.below(place + 1) { random.next() })
    }
    var neighbours = [[Int]](repeating: [], count: count)
    for (place, client) in order.enumerated() {
      for step in 1...max(1, degree / 2) {
        neighbours[client].append(order[(place + step) % count])
        neighbours[client].append(order[(place + count - step) % count])
      }
    }
    return SecureGraph(neighbours: neighbours.map { $0.sorted() })
  }
}

/// How many neighbours and shares SecAgg+ needs (Bell et al. 2020, section 3.4): with chance 1 - 2⁻³⁰ the sum comes out
/// where `minimum` of `clients` answer, and with chance 1 - 2⁻⁴⁰ a tenth of the clients who collude with the server
/// learn nothing of the others.
struct SecureDegree: Sendable, Equatable {
  /// Neighbours of each client.
  let degree: Int
  /// Shares that give back a secret.
  let threshold: Int

  private static let correctness = log(0x1p-30)
  private static let security = log(0x1p-40)

  /// The least even degree that keeps both promises; else that of the complete graph.
  init(clients: Int, minimum: Int) {
    let colluding = clients / 10
    for degree in stride(from: 2, to: clients - 1, by: 2) {
      let open = Double(colluding + clients - minimum) / Double(clients)
      // Somebody has nobody but lost and colluding clients on one side.
      let isolated = log(Double(clients)) + Double(degree / 2) * log(open)
      guard open == 0 || isolated <= Self.security else { continue }
      let threshold = Self.threshold(clients, minimum, degree)
      guard threshold >= 2 else { continue }
      let known =
        log(Double(clients))
        + Self.logTail(population: clients - 1, marked: colluding, draws: degree, from: threshold)
      guard known <= Self.security else { continue }
      (self.degree, self.threshold) = (degree, threshold)
      return
    }
    (degree, threshold) = (clients - 1, minimum)
  }

  /// For a given degree.
  /// - Throws: `value` where so few neighbours cannot bear the drop-outs.
  init(clients: Int, minimum: Int, degree: Int) throws {
    let even = degree + degree % 2
    guard even < clients - 1 else {
      (self.degree, self.threshold) = (clients - 1, minimum)
      return
    }
    let threshold = Self.threshold(clients, minimum, even)
    guard threshold >= 2 else {
      throw DomainError(
        .value,
        "with \(even) neighbours a client's secrets would be lost where only \(minimum) of \(clients) clients answer",
        hint: "take more `neighbours`, or let the number follow from the clients")
    }
    (self.degree, self.threshold) = (even, threshold)
  }

  /// The largest threshold that all clients' secrets reach at the promised chance.
  private static func threshold(_ clients: Int, _ minimum: Int, _ degree: Int) -> Int {
    let missing = clients - minimum
    // Fewer than t answer where more than degree - t of the neighbours are missing.
    var threshold = degree
    while threshold > 0 {
      let failed = logTail(
        population: clients - 1, marked: missing, draws: degree, from: degree - threshold + 1)
      if log(Double(clients)) + failed <= correctness { return threshold }
      threshold -= 1
    }
    return 0
  }

  /// log P[X ≥ least] of how many of `marked` are among `draws` out of `population` (hypergeometric).
  static func logTail(population: Int, marked: Int, draws: Int, from least: Int) -> Double {
    func choose(_ n: Int, _ k: Int) -> Double {
      lgamma(Double(n + 1)) - lgamma(Double(k + 1)) - lgamma(Double(n - k + 1))
    }
    let first = max(least, draws - (population - marked), 0)
    let last = min(draws, marked)
    if least <= max(0, draws - (population - marked)) { return 0 }
    guard first <= last else { return -.infinity }
    let logs = (first...last).map {
      choose(marked, $0) + choose(population - marked, draws - $0) - choose(population, draws)
    }
    let largest = logs.max() ?? 0
    return min(0, largest + log(logs.reduce(0) { $0 + exp($1 - largest) }))
  }
}
