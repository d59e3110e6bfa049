// Private aggregation of teacher ensembles: teachers trained on disjoint parts of the private data vote on the labels
// of public queries, and only the noised winner is released. GNMax and its data-dependent bound: Papernot et al. 2018
// (arXiv 1802.08908), theorems 6 and 7, propositions 8 and 10; Confident-GNMax: its algorithm 1. One example is in the
// part of one teacher, which can move its vote from one class to another: √2 in L2 for the counts, 1 for the largest.

import Foundation
import Foundations

/// How votes become labels.
public struct PATEOptions: Sendable {
  public enum Method: String, Sendable, CaseIterable {
    /// argmax(n_j + N(0, σ²)) for each query.
    case gnmax
    /// The same where max(n_j) + N(0, σ₁²) reaches the threshold; no label elsewhere.
    case confident
  }

  public var method = Method.gnmax
  /// The budget; nil where `sigma` is given instead.
  public var epsilon: Double?
  /// σ, in votes.
  public var sigma: Double?
  public var delta = 1e-5
  /// Confident: how many votes the first class needs.
  public var threshold: Double?
  /// Confident: σ₁, in votes; nil is three times σ.
  public var thresholdSigma: Double?
  /// Confident: queries to answer at most, after which the rest gets no label; nil may answer all.
  public var limit: Int?

  public init() {}
}

/// What an aggregation released, and what it cost.
public struct PATEResult: Sendable {
  /// The label of each query; nil where none was given.
  public var labels: [Int?]
  public var answered: Int { labels.reduce(0) { $0 + ($1 == nil ? 0 : 1) } }
  /// What was spent whatever the votes: of every query asked and as many answers as were allowed.
  public var epsilon: Double
  /// What these votes spent; a function of private data and itself not private: to publish it would cost more.
  public var epsilonDataDependent: Double
  public var delta: Double
  public var sigma: Double
  /// Nil without a threshold.
  public var thresholdSigma: Double?
}

/// One aggregation: its noise is found before a vote is looked at.
public struct PATE {
  public let sigma: Double
  public let thresholdSigma: Double?
  /// What all queries can spend.
  public let event: Event
  private let options: PATEOptions
  private let queries: Int

  /// - Parameter queries: how many there will be.
  /// - Throws: `value` for options that make no promise or do not go together.
  public init(queries: Int, _ options: PATEOptions) throws {
    guard options.delta > 0, options.delta < 1 else {
      throw DomainError(.value, "delta must be above 0 and below 1, got \(options.delta)")
    }
    try Self.check(options)
    let answers = min(queries, options.limit ?? queries)
    func event(_ sigma: Double) -> Event {
      let answering = Mechanism.repeated(
        .gaussian(noiseMultiplier: sigma / 2.0.squareRoot()), times: answers)
      guard options.method == .confident else { return Event(answering) }
      let asking = Mechanism.gaussian(noiseMultiplier: options.thresholdSigma ?? 3 * sigma)
      return Event(.composed([.repeated(asking, times: queries), answering]))
    }
    switch (options.sigma, options.epsilon) {
    case (let given?, nil):
      guard given > 0, given < .infinity else {
        throw DomainError(.value, "sigma must be above 0 and finite, got \(given)")
      }
      sigma = given
    case (nil, let epsilon?):
      guard epsilon < .infinity else {
        throw DomainError(.value, "an infinite epsilon is no budget")
      }
      let found = try NoiseCalibration.noiseMultiplier(epsilon: epsilon, delta: options.delta) {
        (noise) throws(DomainError) in
        try TrainingAccountant.pld.epsilon(of: event(noise), delta: options.delta)
      }
      // No query needs no noise, which is none to draw from.
      sigma = max(found, 1e-3)
    default: throw DomainError(.value, "give either epsilon or sigma")
    }
    thresholdSigma = options.method == .confident ? options.thresholdSigma ?? 3 * sigma : nil
    self.event = event(sigma)
    self.options = options
    self.queries = queries
  }

  private static func check(_ options: PATEOptions) throws(DomainError) {
    let isConfident = options.method == .confident
    for (name, isGiven) in [
      ("threshold", options.threshold != nil),
      ("threshold_sigma", options.thresholdSigma != nil), ("limit", options.limit != nil),
    ] where isGiven && !isConfident {
      throw DomainError(.value, "`\(name)` belongs to \"confident\"")
    }
    guard isConfident else { return }
    guard let threshold = options.threshold, threshold.isFinite else {
      throw DomainError(
        .value, "\"confident\" needs a threshold: how many votes the first class must have",
        hint: "usual is more than half of the teachers")
    }
    if let sigma = options.thresholdSigma, !(sigma > 0 && sigma < .infinity) {
      throw DomainError(.value, "the threshold's sigma must be above 0 and finite, got \(sigma)")
    }
    if let limit = options.limit, limit < 0 {
      throw DomainError(.value, "a limit is at least 0, got \(limit)")
    }
  }

  /// Asks all queries, with noise from the operating system.
  ///
  /// - Parameter votes: of each query the number of teachers for each class; as many queries as were planned.
  /// - Throws: `value` where a vote is not a whole number from 0 on or classes are missing.
  public func aggregate(_ votes: [[Double]]) throws -> PATEResult {
    guard votes.count == queries else {
      throw DomainError(
        .value, "there are votes on \(votes.count) queries, planned were \(queries)")
    }
    try check(votes)
    let epsilon = try TrainingAccountant.pld.epsilon(of: event, delta: options.delta)
    var labels: [Int?] = []
    var spent = RDPAccountant()
    var answered = 0
    for (index, counts) in votes.enumerated() {
      try Cancellation.check(turn: index)
      guard answered < options.limit ?? .max else {
        labels.append(nil)
        continue
      }
      if let thresholdSigma, let threshold = options.threshold {
        let largest = counts.max() ?? 0
        spent.add(
          Self.divergences(
            logOther: Self.logUnsure(largest, threshold, thresholdSigma),
            sigma: thresholdSigma * 2.0.squareRoot(), spent.orders))
        let seen = try GaussianMechanism.release(
          [largest], noiseMultiplier: thresholdSigma, sensitivity: 1)
        guard seen[0] >= threshold else {
          labels.append(nil)
          continue
        }
      }
      spent.add(
        Self.divergences(
          logOther: Self.logOther(counts, sigma), sigma: sigma, spent.orders))
      let noised = try GaussianMechanism.release(
        counts, noiseMultiplier: sigma / 2.0.squareRoot(), sensitivity: 2.0.squareRoot())
      labels.append(noised.indices.max { noised[$0] < noised[$1] })
      answered += 1
    }
    return PATEResult(
      labels: labels, epsilon: epsilon,
      epsilonDataDependent: min(epsilon, try spent.epsilon(delta: options.delta).epsilon),
      delta: options.delta, sigma: sigma, thresholdSigma: thresholdSigma)
  }

  private func check(_ votes: [[Double]]) throws {
    let classes = votes.first?.count ?? 0
    guard votes.isEmpty || classes > 1 else {
      throw DomainError(.value, "votes are on two classes or more, got \(classes)")
    }
    for (query, counts) in votes.enumerated() {
      guard counts.count == classes else {
        throw DomainError(
          .shape, "query \(query) has votes on \(counts.count) classes, the first on \(classes)")
      }
      for votes in counts {
        guard votes >= 0, votes < 1e15, votes == votes.rounded() else {
          throw DomainError(
            .value, "votes are whole numbers from 0 on, got \(votes) in query \(query)")
        }
      }
    }
  }

  // MARK: The data-dependent bound

  /// log q, q an upper bound of the chance that another class than the first wins (proposition 7 and its remark: at
  /// most 1 - 1/classes).
  static func logOther(_ counts: [Double], _ sigma: Double) -> Double {
    guard let winner = counts.indices.max(by: { counts[$0] < counts[$1] }) else { return 0 }
    let logs = counts.indices.filter { $0 != winner }.map {
      SpecialFunctions.logErfc((counts[winner] - counts[$0]) / (2 * sigma)) - log(2)
    }
    let sum = logs.reduce(-Double.infinity, SpecialFunctions.logAdd)
    return min(sum, log1p(-1 / Double(counts.count)))
  }

  /// log of the smaller of the chances of passing the threshold and of not.
  static func logUnsure(_ largest: Double, _ threshold: Double, _ sigma: Double) -> Double {
    min(
      SpecialFunctions.logNormalCDF((largest - threshold) / sigma),
      SpecialFunctions.logNormalCDF((threshold - largest) / sigma))
  }

  /// RDP at each order of a mechanism that costs α/σ² whatever the data, and whose most likely outcome fails with a
  /// chance of q at most (theorem 6 with the orders of proposition 10); the smaller of the two bounds.
  static func divergences(logOther logQ: Double, sigma: Double, _ orders: [Double]) -> [Double] {
    let variance = sigma * sigma
    let whatever = orders.map { $0 / variance }
    guard logQ < 0 else { return whatever }
    // Certain to more digits than there are: nothing is spent.
    if logQ == -.infinity { return orders.map { _ in 0 } }
    let second = sigma * (-logQ).squareRoot()
    let first = second + 1
    guard second > 1 else { return whatever }
    let (costFirst, costSecond) = (first / variance, second / variance)
    // q within the range where the bound rises with it, and A positive.
    let largest =
      (second - 1) * costSecond - second * (log1p(1 / (first - 1)) + log1p(1 / (second - 1)))
    guard logQ <= largest, -logQ > costSecond else { return whatever }
    let logRest = log1p(-exp(logQ))
    return zip(orders, whatever).map { order, bound in
      guard first > order else { return bound }
      let a = (order - 1) * (logRest - log1p(-exp((logQ + costSecond) * (1 - 1 / second))))
      let b = (order - 1) * (costFirst - logQ / (first - 1))
      let sum = SpecialFunctions.logAdd(logRest + a, logQ + b)
      return min(bound, max(0, sum / (order - 1)))
    }
  }
}
