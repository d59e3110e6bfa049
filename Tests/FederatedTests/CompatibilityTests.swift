import Foundations
import Learning
import Testing

@testable import Federated

@Suite struct CompatibilityTests {
  /// Something under which the server sees no single update.
  private struct Hidden: Combiner {
    var fingerprint: String { "secure" }
    var seesUpdates: Bool { false }
    func combine(
      _ updates: [ClientUpdate], weights: [Double], devices: [Int], server: inout ServerState,
      random: RandomKey
    ) throws -> RoundSum {
      try NormBound(1).combine(
        updates, weights: weights, devices: devices, server: &server, random: random)
    }
  }

  private struct BySize: Selection {
    var fingerprint: String { "samples" }
    func cohort(
      _ wanted: Int, of eligible: [Int], size: (Int) -> Int, stream: inout RandomStream
    ) -> [Int] { eligible }
  }

  private struct Weighing: Strategy {
    let weighting: Weighting?
    var name = "weighing"
    var fingerprint: String { name }
    func client(_ client: ClientWork) throws -> ClientUpdate { try FedAvg().client(client) }
    func aggregate(_ sum: RoundSum, _ server: inout ServerState) throws {}
  }

  private func problem(
    _ strategy: any Strategy = FedAvg(), _ change: (inout SimulationOptions) throws -> Void
  ) throws -> DomainError? {
    var options = SimulationOptions(
      rounds: 2, clients: 10,
      local: try LocalTraining(optimizer: SGD(rate: 0.1), loss: .crossEntropy()),
      key: RandomKey(seed: 1))
    try change(&options)
    return Fixture.failure { try Compatibility.check(options, strategy: strategy) }
  }

  @Test func whatGoesTogetherGoes() throws {
    #expect(try problem { $0.combiner = CoordinateMedian() } == nil)
    #expect(
      try problem {
        $0.privacy = try CentralPrivacy(epsilon: 1)
        $0.updateSteps = [try UpdateCompression.topK(0.1), try Attack.signFlip.step(share: 0.1)]
      } == nil)
    #expect(
      try problem {
        $0.privacy = try LocalPrivacy(epsilon: 1, clip: 1)
        $0.combiner = CoordinateMedian()
        $0.updateSteps = [try Attack.alie.step(share: 0.1)]
      } == nil)
    #expect(
      try problem {
        $0.combiner = Hidden()
        $0.updateSteps = [try Attack.labelFlip.step(share: 0.1)]
        $0.privacy = try LocalPrivacy(epsilon: 1, clip: 1)
      } == nil)
    #expect(
      try problem(Weighing(weighting: .equal)) { $0.privacy = try CentralPrivacy(epsilon: 1) }
        == nil)
  }

  private typealias Case = (String, any Strategy, (inout SimulationOptions) throws -> Void)

  private func check(_ cases: [Case]) throws {
    for (text, strategy, change) in cases {
      let found = try problem(strategy, change)
      let whole = (found?.message ?? "none") + " " + (found?.hint ?? "")
      #expect(whole.contains(text), "\(text): \(whole)")
    }
  }

  @Test func contradictionsSayWhy() throws {
    let compress = try UpdateCompression.topK(0.1)
    let colluders = try Attack.innerProduct.step(share: 0.1)
    try check([
      (
        "see what honest clients send", FedAvg(),
        {
          $0.combiner = Hidden()
          $0.updateSteps = [colluders]
        }
      ),
      (
        "masks", FedAvg(),
        {
          $0.combiner = Hidden()
          $0.updateSteps = [compress]
        }
      ),
      ("plain sum", Weighing(weighting: .sum), { $0.combiner = CoordinateMedian() }),
      ("needs 13 clients", FedAvg(), { $0.combiner = try Krum(byzantine: 5) }),
      (
        "nothing is left", FedAvg(),
        {
          $0.clients = 2
          $0.combiner = try TrimmedMean(share: 0.4)
        }
      ),
    ])
  }

  @Test func whatPrivacyRulesOutSaysWhy() throws {
    let central = try CentralPrivacy(epsilon: 1)
    let local = try LocalPrivacy(epsilon: 1, clip: 1)
    let compress = try UpdateCompression.topK(0.1)
    let colluders = try Attack.innerProduct.step(share: 0.1)
    try check([
      (
        "fed.distributed", FedAvg(),
        {
          $0.combiner = Hidden()
          $0.privacy = central
        }
      ),
      (
        "not known to be as little", FedAvg(),
        {
          $0.combiner = CoordinateMedian()
          $0.privacy = central
        }
      ),
      (
        "several updates", FedAvg(),
        {
          $0.updateSteps = [colluders]
          $0.privacy = central
        }
      ),
      (
        "same chance", FedAvg(),
        {
          $0.selection = BySize()
          $0.privacy = central
        }
      ),
      (
        "how many examples", FedAvg(),
        {
          $0.selection = BySize()
          $0.privacy = local
        }
      ),
      (
        "nothing of its compression", FedAvg(),
        {
          $0.updateSteps = [compress]
          $0.privacy = local
        }
      ),
      ("counts all clients alike", Weighing(weighting: .samples), { $0.privacy = central }),
      ("counts all clients alike", Weighing(weighting: .sum), { $0.privacy = local }),
      (
        "neither bounds nor noises", Weighing(weighting: nil, name: "nova"),
        { $0.privacy = central }
      ),
      (
        "neither bounds nor noises", Weighing(weighting: nil, name: "q_avg"), { $0.privacy = local }
      ),
      ("how fast a device is", Weighing(weighting: nil, name: "buff"), { $0.privacy = central }),
    ])
  }

  /// The shares of noise are for one update of each client, drawn without looking at its data.
  @Test func whatDistributedNoiseRulesOutSaysWhy() throws {
    let privacy = try DistributedPrivacy(
      .epsilon(1), delta: 1e-5, clip: 1, settings: SecureSettings())
    let colluders = try Attack.innerProduct.step(share: 0.1)
    try check([
      (
        "several updates", FedAvg(),
        {
          $0.updateSteps = [colluders]
          $0.privacy = privacy
        }
      ),
      (
        "how many examples", FedAvg(),
        {
          $0.selection = BySize()
          $0.privacy = privacy
        }
      ),
      (
        "neither bounds nor noises", Weighing(weighting: nil, name: "nova"),
        { $0.privacy = privacy }
      ),
      ("two vectors", Weighing(weighting: nil, name: "scaffold"), { $0.privacy = privacy }),
      ("as they come", Weighing(weighting: nil, name: "buff"), { $0.privacy = privacy }),
    ])
  }

  /// A simulation asks before its first round.
  @Test func simulationAsks() throws {
    let devices = try DeviceSet(source: points(4), assignments: [0, 0, 1, 1], count: 2)
    var options = SimulationOptions(
      rounds: 2, clients: 2,
      local: try LocalTraining(optimizer: SGD(rate: 0.1), loss: .crossEntropy()),
      key: RandomKey(seed: 1))
    options.combiner = try Krum(byzantine: 5)
    #expect(throws: DomainError.self) {
      try Simulation(logistic(), devices, strategy: FedAvg(), options: options)
    }
  }
}
