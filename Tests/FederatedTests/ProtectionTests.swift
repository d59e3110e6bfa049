import Foundation
import Foundations
import Learning
import Privacy
import Tensors
import Testing

@testable import Federated

@Suite struct ProtectionTests {
  private func plan(
    _ privacy: any ClientPrivacy, devices: Int = 100, clients: Int = 10, rounds: Int = 20,
    neighbours: Neighbours = .addOrRemoveOne
  ) throws -> PrivacyPlan {
    try privacy.plan(
      devices: devices, clients: clients, rounds: rounds, parameters: 10, neighbours: neighbours)
  }

  /// What a plan makes of a round's updates of one vector.
  private func released(
    _ plan: PrivacyPlan, _ updates: [ClientUpdate], _ server: inout ServerState, round: Int = 0
  ) throws -> [Float] {
    let random = RandomKey(seed: 11).derived("round", round)
    var sum = RoundSum(
      vectors: [try ParameterVector(zerosLike: server.model)], numbers: [], clients: 0, examples: 0)
    if !updates.isEmpty {
      sum = try #require(plan.combiner).combine(
        updates, weights: [], devices: Array(updates.indices), server: &server, random: random)
    }
    for step in plan.sumSteps { try step.apply(&sum, &server, random: random) }
    return try Fixture.numbers(sum.vectors[0])
  }

  // MARK: Cost

  /// dp-accounting's pessimistic epsilons are not below ours by more than their own discretization.
  @Test func epsilonOfPoissonCohorts() throws {
    let rows = try Fixture.oracle("central")
    #expect(rows.count == 4)
    for row in rows {
      let numbers = row.compactMap { Double($0) }
      let privacy = try CentralPrivacy(noiseMultiplier: numbers[3], delta: numbers[4])
      let plan = try plan(
        privacy, devices: Int(numbers[1]), clients: Int(numbers[0]), rounds: Int(numbers[2]))
      let epsilon = try plan.epsilon(Int(numbers[2]))
      #expect(abs(epsilon - numbers[5]) < 2e-3 * numbers[5], "\(row): \(epsilon)")
      #expect(plan.sigma == numbers[3])
    }
  }

  @Test func noiseOfABudgetKeepsIt() throws {
    let plan = try plan(CentralPrivacy(epsilon: 2))
    let epsilon = try plan.epsilon(20)
    #expect(epsilon <= 2)
    #expect(epsilon > 1.999)
    #expect(try plan.epsilon(1) < epsilon)
    #expect(try plan.epsilon(0) == 0)
    let event = try plan.event(20)
    #expect(event.unit == .client)
    #expect(
      event
        == .sampledGaussian(rate: 0.1, noiseMultiplier: plan.sigma, steps: 20, unit: .client))
    #expect(try self.plan(CentralPrivacy(epsilon: .infinity)).event(1).mechanism == .nonPrivate)
  }

  /// A client that is replaced moves the sum by 2S, and sampling gains nothing.
  @Test func replacedClients() throws {
    let plan = try plan(CentralPrivacy(noiseMultiplier: 3), neighbours: .replaceOne)
    let event = try plan.event(20)
    #expect(event.neighbours == .replaceOne)
    #expect(event.mechanism == .repeated(.gaussian(noiseMultiplier: 1.5), times: 20))
    #expect(throws: Never.self) { try event.validate() }
  }

  @Test func localNoiseIsOfTwiceTheBound() throws {
    let plan = try plan(LocalPrivacy(epsilon: 1, delta: 1e-5, clip: 0.5), rounds: 10)
    let once = try plan.epsilon(1)
    #expect(once <= 1.0001)
    #expect(once > 0.99)
    // Ten rounds are one with noise smaller by √10.
    let expected = try GaussianMechanism.noiseMultiplier(
      epsilon: plan.epsilon(10), delta: 1e-5)
    #expect(abs(expected * 10.0.squareRoot() / plan.sigma - 1) < 0.01)
    let capped = try self.plan(
      LocalPrivacy(epsilon: 1, delta: 1e-5, clip: 0.5, maxParticipations: 3), rounds: 10)
    #expect(try capped.epsilon(10) == plan.epsilon(3))
    #expect(try capped.epsilon(2) == plan.epsilon(2))
    #expect(plan.weighting == .equal)
    var (sum, server) = (
      RoundSum(vectors: [], numbers: [], clients: 3, examples: 17), try Fixture.server(1)
    )
    for step in plan.sumSteps { try step.apply(&sum, &server, random: RandomKey(seed: 1)) }
    #expect(sum.examples == 0 && sum.clients == 3)
  }

  @Test func badNumbersAreErrors() throws {
    for epsilon in [0, -1, Double.nan] {
      #expect(throws: DomainError.self) { try CentralPrivacy(epsilon: epsilon) }
      #expect(throws: DomainError.self) { try LocalPrivacy(epsilon: epsilon, clip: 1) }
    }
    for noise in [-1, 1e-9, Double.nan, .infinity] {
      #expect(throws: DomainError.self) { try CentralPrivacy(noiseMultiplier: noise) }
    }
    for delta in [0, 1, Double.nan] {
      #expect(throws: DomainError.self) { try CentralPrivacy(epsilon: 1, delta: delta) }
    }
    for clip in [0, -1, Double.nan, .infinity] {
      #expect(throws: DomainError.self) { try CentralPrivacy(epsilon: 1, clip: clip) }
      #expect(throws: DomainError.self) { try LocalPrivacy(epsilon: 1, clip: clip) }
    }
    #expect(throws: DomainError.self) { try CentralPrivacy() }
    #expect(throws: DomainError.self) { try CentralPrivacy(epsilon: 1, noiseMultiplier: 1) }
    #expect(throws: DomainError.self) { try LocalPrivacy(epsilon: .infinity, clip: 1) }
    #expect(throws: DomainError.self) {
      try LocalPrivacy(epsilon: 1, clip: 1, maxParticipations: 0)
    }
    let privacy = try CentralPrivacy(noiseMultiplier: 1)
    #expect(throws: DomainError.self) { try plan(privacy, devices: 5, clients: 6) }
    #expect(throws: DomainError.self) { try plan(privacy, devices: 1 << 20, clients: 1 << 15) }
  }

  // MARK: What is released

  /// Without noise: clipped to 1 together, and divided by the expected ten whoever came.
  @Test func clippedMean() throws {
    let plan = try plan(CentralPrivacy(noiseMultiplier: 0).seeded())
    var server = try Fixture.server(2)
    let found = try released(
      plan,
      [
        Fixture.update([3, 4], examples: 100), Fixture.update([0.1, 0.2]),
        Fixture.update([.nan, 1]), Fixture.update([.infinity, 0]),
      ], &server)
    #expect(Fixture.isClose(found, [0.07, 0.1], 1e-6))
    // Two vectors share one bound.
    let both = try #require(plan.combiner).combine(
      [Fixture.update([3, 0], [0, 4])], weights: [1], devices: [0], server: &server,
      random: RandomKey(seed: 1))
    #expect(Fixture.isClose(try Fixture.numbers(both.vectors[0]), [0.06, 0], 1e-6))
    #expect(Fixture.isClose(try Fixture.numbers(both.vectors[1]), [0, 0.08], 1e-6))
    #expect(both.clients == 10)
    #expect(both.examples == 0)
  }

  /// No clipped update is longer than the bound, in exact arithmetic.
  @Test func boundIsKept() throws {
    let plan = try plan(CentralPrivacy(noiseMultiplier: 0), clients: 1)
    var stream = RandomStream(seed: 2)
    for _ in 0..<20 {
      var server = try Fixture.server(1000)
      let update = try Fixture.update((0..<1000).map { _ in Float(stream.normal() * 7) })
      let found = try released(plan, [update], &server)
      let norm = found.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      #expect(norm <= 1)
      #expect(norm > 1 - 2e-6)
    }
  }

  /// The noise of a sum has the standard deviation z·S, by chi-squared limits that one release in ten thousand breaks,
  /// whatever it comes from; half or twice the noise would break them always.
  @Test(arguments: [true, false]) func deviationOfTheNoise(isSecure: Bool) throws {
    let count = 20_000
    var privacy: any ClientPrivacy = try CentralPrivacy(noiseMultiplier: 1.5, clip: 2)
    if !isSecure { privacy = privacy.seeded() }
    let plan = try plan(privacy)
    for updates in [[], [try Fixture.update([Float](repeating: 0, count: count))]] {
      var server = try Fixture.server(count)
      let found = try released(plan, updates, &server).map { Double($0) * 10 }
      let mean = found.reduce(0, +) / Double(count)
      let deviation = (found.reduce(0) { $0 + $1 * $1 } / Double(count)).squareRoot()
      #expect(abs(mean) < 4 * 3 / Double(count).squareRoot())
      #expect(abs(deviation / 3 - 1) < 4 / (2 * Double(count)).squareRoot())
      // Noise of different numbers is not the same, but for some that meet on its grid.
      #expect(Set(found).count > count - 200)
    }
  }

  /// The best test of whether one client was there succeeds as often as δ(ε) of the Gaussian mechanism says (Balle and
  /// Wang 2018, theorem 8), and no more: noise a tenth smaller or larger would be found out.
  @Test func nothingMoreCanBeTold() throws {
    let (noise, epsilon, trials) = (1.5, 0.5, 30_000)
    let plan = try plan(CentralPrivacy(noiseMultiplier: noise, clip: 2))
    let update = [try Fixture.update([50])]
    let threshold = epsilon * noise * noise + 0.5
    func share(_ updates: [ClientUpdate]) throws -> Double {
      var beyond = 0
      for _ in 0..<trials {
        var server = try Fixture.server(1)
        // Divided by ten expected clients and a bound of 2.
        if try Double(released(plan, updates, &server)[0]) * 5 > threshold { beyond += 1 }
      }
      return Double(beyond) / Double(trials)
    }
    let (with, without) = (try share(update), try share([]))
    func below(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }
    let (a, b) = (1 / (2 * noise) - epsilon * noise, -1 / (2 * noise) - epsilon * noise)
    let delta = below(a) - exp(epsilon) * below(b)
    let error =
      (with * (1 - with) / Double(trials)).squareRoot()
      + exp(epsilon) * (without * (1 - without) / Double(trials)).squareRoot()
    #expect(abs(with - exp(epsilon) * without - delta) < 4 * error)
  }

  @Test func localNoise() throws {
    let count = 20_000
    for isSecure in [true, false] {
      var privacy: any ClientPrivacy = try LocalPrivacy(epsilon: 1, delta: 1e-5, clip: 0.5)
      if !isSecure { privacy = privacy.seeded() }
      let plan = try plan(privacy)
      var values = [Float](repeating: 0, count: count)
      values[0] = 1000
      var update = try Fixture.update(values)
      update.bytes = 3
      var sender = Fixture.sender()
      for step in plan.updateSteps { try step.apply(&update, &sender) }
      let found = try Fixture.numbers(update.vectors[0]).map(Double.init)
      let deviation = (found.dropFirst().reduce(0) { $0 + $1 * $1 } / Double(count - 1))
        .squareRoot()
      #expect(abs(deviation / plan.sigma - 1) < 4 / (2 * Double(count)).squareRoot())
      #expect(abs(found[0] - 0.5) < 5 * plan.sigma)
      #expect(update.byteCount == 4 * count)
    }
  }

  @Test func deviceSendsNoMoreThanItMay() throws {
    let plan = try plan(LocalPrivacy(epsilon: 1, clip: 1, maxParticipations: 2).seeded())
    var state: [String: ParameterVector] = [:]
    var sent: [[Float]] = []
    for round in 0..<4 {
      var update = try Fixture.update([1, 2])
      var sender = Fixture.sender(round: round, state: state)
      for step in plan.updateSteps { try step.apply(&update, &sender) }
      state = sender.state
      sent.append(try Fixture.numbers(update.vectors[0]))
    }
    #expect(sent[0] != sent[1])
    #expect(sent[1] != [0, 0])
    #expect(sent[2] == [0, 0])
    #expect(sent[3] == [0, 0])
  }

  @Test func seededNoiseRepeatsAndSecureNoiseDoesNot() throws {
    let privacy = try CentralPrivacy(noiseMultiplier: 1)
    func run(_ privacy: any ClientPrivacy, round: Int = 0) throws -> [Float] {
      var server = try Fixture.server(4)
      return try released(
        try plan(privacy), [Fixture.update([1, 0, 0, 0])], &server, round: round)
    }
    #expect(try run(privacy) != run(privacy))
    #expect(try run(privacy.seeded()) == run(privacy.seeded()))
    #expect(try run(privacy.seeded()) != run(privacy.seeded(), round: 1))
  }

  @Test func numbersBesideVectorsAreRefused() throws {
    var server = try Fixture.server(1)
    let update = try Fixture.update([1], numbers: [3])
    let central = try plan(CentralPrivacy(noiseMultiplier: 1))
    let error = Fixture.failure { _ = try released(central, [update], &server) }
    #expect(error?.kind == .privacy)
    let local = try plan(LocalPrivacy(epsilon: 1, clip: 1))
    var (sent, sender) = (update, Fixture.sender())
    #expect(throws: DomainError.self) { try local.updateSteps[0].apply(&sent, &sender) }
  }

  // MARK: Who comes

  @Test func cohortsArePoisson() throws {
    let plan = try plan(CentralPrivacy(noiseMultiplier: 1).seeded())
    let selection = try #require(plan.selection)
    var sizes: [Double] = []
    var times = [Int](repeating: 0, count: 100)
    for round in 0..<2000 {
      var stream = RandomKey(seed: 5).derived("round", round).stream
      let cohort = try selection.cohort(
        10, of: Array(0..<100), size: { _ in 1 }, stream: &stream)
      sizes.append(Double(cohort.count))
      for device in cohort { times[device] += 1 }
      #expect(cohort == cohort.sorted())
    }
    let mean = sizes.reduce(0, +) / 2000
    let variance = sizes.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 2000
    #expect(abs(mean - 10) < 0.35)
    #expect(abs(variance - 9) < 1.5)
    #expect(times.allSatisfy { abs(Double($0) - 200) < 70 })
    // Secret draws differ between runs, and between rounds of one.
    let secret = try PoissonSelection(rate: 0.5, isSecret: true)
    let other = try PoissonSelection(rate: 0.5, isSecret: true)
    func draw(_ selection: PoissonSelection, _ round: Int) -> [Int] {
      var stream = RandomKey(seed: 5).derived("round", round).stream
      return selection.cohort(10, of: Array(0..<100), size: { _ in 1 }, stream: &stream)
    }
    #expect(draw(secret, 0) == draw(secret, 0))
    #expect(draw(secret, 0) != draw(secret, 1))
    #expect(draw(secret, 0) != draw(other, 0))
  }

  // MARK: Adaptive clipping

  /// Andrew et al. 2021: z_Δ = (z⁻² - (2σ_b)⁻²)^(-1/2), which with the count is z again.
  @Test func noiseIsSharedOutRight() throws {
    for (total, expected) in [(1.0, 100.0), (5.0, 10.0), (0.3, 1000.0)] {
      let sum = try ClippingBound.usual.sumNoise(total: total, expected: expected)
      let count = max(0.05 * expected, 2 * total)
      let together = (pow(sum, -2) + pow(2 * count, -2)).squareRoot()
      #expect(abs(1 / together - total) < 1e-9 * total)
      #expect(1 / together >= total)
      #expect(sum < 1.04 * total)
    }
    #expect(try ClippingBound.fixed(1).sumNoise(total: 2, expected: 10) == 2)
  }

  @Test func boundFollowsTheMedian() throws {
    let plan = try plan(
      CentralPrivacy(noiseMultiplier: 0.5, clip: nil).seeded(), devices: 1000, clients: 200,
      rounds: 100)
    var server = try Fixture.server(1)
    // Norms from 0.01 to 2: their median is 1.
    let updates = try (1...200).map { try Fixture.update([Float($0) / 100]) }
    for round in 0..<100 { _ = try released(plan, updates, &server, round: round) }
    let bound = try #require(server.numbers[ClippedRelease.boundName])
    #expect(abs(bound - 1) < 0.25, "\(bound)")
    // Nobody's round moves it by noise alone.
    _ = try released(plan, [], &server, round: 100)
    let after = try #require(server.numbers[ClippedRelease.boundName])
    #expect(after != bound)
    #expect(abs(after / bound - 1) < 0.1)
  }

  // MARK: Whole simulations

  @Test func privateRounds() throws {
    let source = try points(400)
    let devices = try DeviceSet(
      source: source, assignments: (0..<400).map { Int32($0 / 4) }, count: 100)
    func run(_ privacy: (any ClientPrivacy)?) throws -> Simulation {
      var options = SimulationOptions(
        rounds: 15, clients: 30,
        local: try LocalTraining(
          epochs: 2, batch: 4, optimizer: SGD(rate: 0.5), loss: .crossEntropy()),
        key: RandomKey(seed: 3))
      options.privacy = privacy
      options.evaluation = source
      let simulation = try Simulation(logistic(), devices, strategy: FedAvg(), options: options)
      try simulation.run()
      return simulation
    }
    let open = try run(nil)
    let central = try run(CentralPrivacy(epsilon: 8).seeded())
    let local = try run(LocalPrivacy(epsilon: 8, clip: 1).seeded())
    let accuracy = { (simulation: Simulation) in simulation.history.rounds.last?.accuracy ?? 0 }
    #expect(accuracy(open) > 0.95)
    #expect(accuracy(central) > 0.9)
    #expect(accuracy(local) > 0.6)
    let epsilons = central.history.rounds.map { $0.epsilon ?? .nan }
    #expect(epsilons.last.map { $0 <= 8 && $0 > 7.99 } == true)
    #expect(zip(epsilons, epsilons.dropFirst()).allSatisfy { $0 < $1 })
    #expect(Set(central.history.rounds.map(\.cohort.count)).count > 1)
    #expect(
      try run(CentralPrivacy(epsilon: 8).seeded()).server.model.norm == central.server.model.norm)
  }
}
