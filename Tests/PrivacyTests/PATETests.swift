import Foundation
import Foundations
import Testing

@testable import Privacy

@Suite struct PATETests {
  private func options(_ change: (inout PATEOptions) -> Void) -> PATEOptions {
    var options = PATEOptions()
    change(&options)
    return options
  }

  /// O10: GNMax of σ 40 costs α/σ² at order 20.
  @Test func costOfAQuery() throws {
    let whatever = PATE.divergences(logOther: log(0.4), sigma: 40, [20])
    #expect(abs(whatever[0] - 0.0125) < 1e-15)
    // An order that the bound by votes does not reach, and no doubt at all.
    #expect(PATE.divergences(logOther: -0.001, sigma: 1, [2])[0] == 2)
    #expect(PATE.divergences(logOther: -.infinity, sigma: 1, [2]) == [0])
  }

  /// The same formula in other words: log((1-q)·A^(α-1) + q·B^(α-1)) / (α-1), theorem 6 of Papernot et al. 2018.
  @Test func boundByVotes() throws {
    for (q, sigma, order) in [(1e-6, 40.0, 8.0), (1e-12, 40, 20), (1e-9, 20, 5), (1e-30, 100, 32)] {
      let second = sigma * (-log(q)).squareRoot()
      let first = second + 1
      let (costFirst, costSecond) = (first / (sigma * sigma), second / (sigma * sigma))
      let a = (1 - q) / (1 - pow(q * exp(costSecond), (second - 1) / second))
      let b = exp(costFirst) / pow(q, 1 / (first - 1))
      let bound = log((1 - q) * pow(a, order - 1) + q * pow(b, order - 1)) / (order - 1)
      let found = PATE.divergences(logOther: log(q), sigma: sigma, [order])[0]
      #expect(abs(found - min(bound, order / (sigma * sigma))) < 1e-9 + 1e-6 * abs(bound))
      #expect(found < order / (sigma * sigma))
    }
    // More doubt costs more.
    let costs = [-100.0, -50, -20, -5, -1].map {
      PATE.divergences(logOther: $0, sigma: 40, [16])[0]
    }
    #expect(zip(costs, costs.dropFirst()).allSatisfy { $0 <= $1 })
  }

  /// With two classes the divergence between the answers of neighbouring votes is that of two coins, and known.
  @Test func noLessThanTheTruth() {
    func first(_ a: Double, _ b: Double, _ sigma: Double) -> Double {
      0.5 * erfc((b - a) / (2 * sigma))
    }
    var near = 0.0
    for (a, b) in [(30.0, 20.0), (60, 10), (100, 40), (21, 20), (200, 50)] {
      for sigma in [4.0, 10, 25] {
        for order in [2.0, 4, 8, 16] {
          let bound = PATE.divergences(
            logOther: PATE.logOther([a, b], sigma), sigma: sigma, [order])[0]
          for move in [-1.0, 1] {
            // Both tails by themselves: the smaller of the two chances may be 1e-100.
            func part(_ a: Double, _ b: Double) -> Double {
              let (chance, other) = (first(a, b, sigma), first(a + move, b - move, sigma))
              return exp(order * log(chance) + (1 - order) * log(other))
            }
            func rest(_ a: Double, _ b: Double) -> Double {
              let (chance, other) = (first(b, a, sigma), first(b - move, a + move, sigma))
              return exp(order * log(chance) + (1 - order) * log(other))
            }
            let sum = part(a, b) + rest(a, b)
            let truth = log(sum) / (order - 1)
            #expect(bound >= truth - 1e-12, "\(a) \(b) \(sigma) \(order)")
            near = max(near, truth / bound)
          }
        }
      }
    }
    #expect(near > 0.05)
  }

  @Test func chancesOfOtherWinners() {
    // Two classes: P[N(0, 2σ²) > 30] exactly.
    let q = PATE.logOther([40, 10], 15)
    #expect(abs(exp(q) - 0.5 * erfc(30 / 30)) < 1e-12)
    #expect(abs(exp(PATE.logOther([5, 5, 5], 2)) - 2.0 / 3) < 1e-12)
    #expect(PATE.logOther([1e6, 0], 1) < -1e11)
    #expect(abs(exp(PATE.logUnsure(210, 200, 10)) - 0.158655254) < 1e-8)
  }

  @Test func clearVotesAreAnsweredRight() throws {
    let votes = (0..<50).map { query in (0..<4).map { $0 == query % 4 ? 240.0 : 3 } }
    let pate = try PATE(queries: 50, options { $0.sigma = 20 })
    let result = try pate.aggregate(votes)
    #expect(result.labels == (0..<50).map { $0 % 4 } && result.answered == 50)
    let exact = try TrainingAccountant.pld.epsilon(
      of: Event(.repeated(.gaussian(noiseMultiplier: 20 / 2.0.squareRoot()), times: 50)),
      delta: 1e-5)
    #expect(isClose(result.epsilon, exact, relative: 1e-12))
    #expect(result.epsilonDataDependent < result.epsilon / 2)
  }

  @Test func budgets() throws {
    for method in PATEOptions.Method.allCases {
      let pate = try PATE(
        queries: 100,
        options {
          $0.method = method
          $0.epsilon = 3
          if method == .confident { $0.threshold = 200 }
        })
      let epsilon = try TrainingAccountant.pld.epsilon(of: pate.event, delta: 1e-5)
      #expect(epsilon <= 3 && epsilon > 2.999)
      #expect(pate.thresholdSigma == (method == .confident ? pate.sigma * 3 : nil))
    }
  }

  @Test func onlyTheConfident() throws {
    let votes: [[Double]] = (0..<40).map { $0 % 2 == 0 ? [240, 10] : [130, 120] }
    let pate = try PATE(
      queries: 40,
      options {
        $0.method = .confident
        $0.sigma = 2
        $0.threshold = 190
        $0.thresholdSigma = 5
      })
    let result = try pate.aggregate(votes)
    #expect(result.labels == (0..<40).map { $0 % 2 == 0 ? 0 : nil } && result.answered == 20)
    let few = try PATE(
      queries: 40,
      options {
        $0.method = .confident
        $0.sigma = 2
        $0.threshold = 190
        $0.thresholdSigma = 5
        $0.limit = 3
      })
    let limited = try few.aggregate(votes)
    #expect(limited.labels.prefix(6) == [0, nil, 0, nil, 0, nil] && limited.answered == 3)
    #expect(limited.epsilon < result.epsilon)
  }

  @Test func nothingAsked() throws {
    let result = try PATE(queries: 0, options { $0.epsilon = 1 }).aggregate([])
    #expect(result.labels.isEmpty && result.epsilon == 0 && result.answered == 0)
  }

  @Test func badOptionsAndVotes() throws {
    let changes: [(inout PATEOptions) -> Void] = [
      { _ in }, { $0.epsilon = .infinity }, { $0.sigma = 0 }, { $0.sigma = .nan },
      {
        $0.epsilon = 1; $0.sigma = 1
      },
      {
        $0.sigma = 1; $0.delta = 1
      },
      {
        $0.sigma = 1; $0.threshold = 5
      },
      {
        $0.sigma = 1; $0.method = .confident
      },
      {
        $0.sigma = 1; $0.method = .confident; $0.threshold = .nan
      },
      {
        $0.sigma = 1; $0.method = .confident; $0.threshold = 1; $0.thresholdSigma = 0
      },
      {
        $0.sigma = 1; $0.method = .confident; $0.threshold = 1; $0.limit = -1
      },
    ]
    for (index, change) in changes.enumerated() {
      #expect(failure { _ = try PATE(queries: 3, options(change)) }?.kind == .value, "\(index)")
    }
    let pate = try PATE(queries: 1, options { $0.sigma = 1 })
    for votes: [[Double]] in [[[1]], [[1.5, 2]], [[-1, 2]], [[.nan, 1]], [[1e300, 1]], [[]]] {
      #expect(failure { _ = try pate.aggregate(votes) }?.kind == .value)
    }
    #expect(failure { _ = try pate.aggregate([[1, 2], [2, 1]]) }?.kind == .value)
    let two = try PATE(queries: 2, options { $0.sigma = 1 })
    #expect(failure { _ = try two.aggregate([[1, 2], [1]]) }?.kind == .shape)
  }
}
