import Foundation
import Foundations
import Learning
import Tensors
import Testing

@testable import Federated

@Suite struct AttackTests {
  private func devices(_ count: Int, examples: Int = 400) throws -> (DeviceSet, TensorSource) {
    let source = try points(examples)
    let classes = (0..<examples).map { Int32($0 % 2) }
    return (
      try DeviceSet(
        source: source, assignments: (0..<examples).map { Int32($0 / 2 % count) }, count: count,
        classes: classes), source
    )
  }

  private func bound(_ attack: Attack, share: Double = 0.25, factor: Double? = nil) throws
    -> any UpdateStep
  {
    try attack.step(share: share, factor: factor).bound(
      to: devices(20).0, key: RandomKey(seed: 6))
  }

  private func attacks(_ step: any UpdateStep, _ values: [Float], _ device: Int) throws -> [Float] {
    var update = try Fixture.update(values)
    var sender = Fixture.sender(device)
    try step.apply(&update, &sender)
    return try Fixture.numbers(update.vectors[0])
  }

  @Test func aFixedShareOfDevicesAttacks() throws {
    let step = try bound(.signFlip)
    let flipped = try (0..<20).filter { try attacks(step, [1, -2], $0) == [-1, 2] }
    #expect(flipped.count == 5)
    #expect(try (0..<20).filter { try attacks(step, [1, -2], $0) == [1, -2] }.count == 15)
    let scaled = try bound(.scale, factor: 3)
    #expect(try (0..<20).filter { try attacks(scaled, [1, -2], $0) == [3, -6] } == flipped)
    let other = try Attack.signFlip.step(share: 0.25).bound(
      to: devices(20).0, key: RandomKey(seed: 7))
    #expect(try (0..<20).filter { try attacks(other, [1], $0) == [-1] } != flipped)
    // At least one, and an attack that nobody gave devices to does not pass for one.
    let few = try Attack.signFlip.step(share: 0.001).bound(
      to: devices(20).0, key: RandomKey(seed: 1))
    #expect(try (0..<20).filter { try attacks(few, [1], $0) == [-1] }.count == 1)
    #expect(throws: DomainError.self) { try attacks(Attack.scale.step(share: 0.5), [1], 0) }
  }

  @Test func labelsAreTurnedAround() throws {
    let step = try #require(try bound(.labelFlip, share: 0.5) as? any DataAttack)
    let batch = try Batch(
      inputs: .zeros([4, 2]), labels: Tensor(ints: [0, 1, 1, -100]))
    let flipped = try (0..<20).filter {
      try step.relabel(batch, device: $0).labels.array(Int64.self) == [1, 0, 0, -100]
    }
    #expect(flipped.count == 10)
    let kept = try (0..<20).filter {
      try step.relabel(batch, device: $0).labels.array(Int64.self) == [0, 1, 1, -100]
    }
    #expect(kept.count == 10)
    let plain = try DeviceSet(source: points(4), assignments: [0, 0, 1, 1], count: 2)
    #expect(throws: DomainError.self) {
      try Attack.labelFlip.step(share: 0.5).bound(to: plain, key: RandomKey(seed: 1))
    }
    let real = try Batch(inputs: .zeros([1, 2]), labels: .zeros([1]))
    #expect(throws: DomainError.self) { try step.relabel(real, device: flipped[0]) }
  }

  @Test func colludersSendOneUpdateOfTheHonestOnes() throws {
    let honest: [[Float]] = [[1, 0], [3, 4], [5, 8]]
    for (attack, factor, expected) in [
      (Attack.innerProduct, 0.5, [-1.5, -2.0]),
      // Standard deviations √(8/3) and √(32/3).
      (Attack.alie, 2, [3 - 2 * (8.0 / 3).squareRoot(), 4 - 2 * (32.0 / 3).squareRoot()]),
    ] {
      let step = try #require(try bound(attack, factor: factor) as? any RoundAttack)
      let sign = try bound(.signFlip)
      let bad = try (0..<20).filter { try attacks(sign, [1], $0) == [-1] }
      let good = (0..<20).filter { !bad.contains($0) }
      var updates = try honest.map { try Fixture.update($0) }
      updates.insert(try Fixture.update([100, 100]), at: 1)
      updates.append(try Fixture.update([.nan, 100]))
      try step.corrupt(&updates, devices: [good[0], bad[0], good[1], good[2], bad[1]])
      for index in [1, 4] {
        #expect(Fixture.isClose(try Fixture.numbers(updates[index].vectors[0]), expected, 1e-6))
      }
      #expect(try Fixture.numbers(updates[2].vectors[0]) == [3, 4])
      // Alone they have nothing to hide among.
      var alone = [try Fixture.update([100, 100])]
      try step.corrupt(&alone, devices: [bad[0]])
      #expect(try Fixture.numbers(alone[0].vectors[0]) == [100, 100])
    }
  }

  /// Baruch et al. 2019, section 4: 50 clients of which 24 attack: s = 2, Φ(z) = 24/26, z = 1.43.
  @Test func littleIsEnough() {
    #expect(abs(CollusionAttack.z(clients: 50, attackers: 24) - 1.4261) < 1e-3)
    #expect(CollusionAttack.z(clients: 10, attackers: 6) == 0)
    #expect(CollusionAttack.z(clients: 1, attackers: 1) == 0)
  }

  @Test func badNumbersAreErrors() {
    for share in [0, 1, -0.2, Double.nan] {
      for attack in Attack.allCases {
        #expect(throws: DomainError.self) { try attack.step(share: share) }
      }
    }
    #expect(throws: DomainError.self) { try Attack.signFlip.step(share: 0.1, factor: -1) }
    #expect(throws: DomainError.self) { try Attack.scale.step(share: 0.1, factor: .infinity) }
    #expect(throws: DomainError.self) { try Attack.scale.step(share: 0.1, factor: 1e300) }
    #expect(throws: DomainError.self) { try Attack.alie.step(share: 0.1, factor: .nan) }
    #expect(throws: DomainError.self) { try Attack.labelFlip.step(share: 0.1, factor: 1) }
  }

  /// The mean follows attackers, robust rules do not.
  @Test func robustRulesStandAgainstAttacks() throws {
    let (devices, source) = try devices(20)
    func accuracy(_ attack: (any UpdateStep)?, _ combiner: (any Combiner)?) throws -> Double {
      var options = SimulationOptions(
        rounds: 12, clients: 20,
        local: try LocalTraining(
          epochs: 2, batch: 5, optimizer: SGD(rate: 0.5), loss: .crossEntropy()),
        key: RandomKey(seed: 3))
      options.updateSteps = attack.map { [$0] } ?? []
      options.combiner = combiner
      options.evaluation = source
      let simulation = try Simulation(logistic(), devices, strategy: FedAvg(), options: options)
      try simulation.run()
      return try #require(simulation.history.rounds.last?.accuracy)
    }
    let attack = try Attack.signFlip.step(share: 0.3, factor: 10)
    #expect(try accuracy(nil, nil) > 0.95)
    #expect(try accuracy(attack, nil) < 0.6)
    for combiner: any Combiner in [
      CoordinateMedian(), try TrimmedMean(share: 0.3), try Krum(byzantine: 6),
      try Krum(byzantine: 6, multi: 5), GeometricMedian(),
    ] {
      #expect(try accuracy(attack, combiner) > 0.9, "\(combiner.fingerprint)")
    }
    let labels = try Attack.labelFlip.step(share: 0.4)
    #expect(try accuracy(labels, CoordinateMedian()) > 0.9)
    // A majority of flipped labels turns the model around.
    #expect(try accuracy(Attack.labelFlip.step(share: 0.9), nil) < 0.2)
    #expect(try accuracy(Attack.innerProduct.step(share: 0.3, factor: 20), nil) < 0.6)
  }
}
