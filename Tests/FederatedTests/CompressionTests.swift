import Foundation
import Foundations
import Learning
import Tensors
import Testing

@testable import Federated

@Suite struct CompressionTests {
  private func apply(_ step: any UpdateStep, _ values: [Float], _ sender: inout Sender) throws -> (
    sent: [Float], bytes: Int
  ) {
    var update = try Fixture.update(values)
    try step.apply(&update, &sender)
    return (try Fixture.numbers(update.vectors[0]), update.byteCount)
  }

  /// METHODS, O8.
  @Test func publishedValues() throws {
    var sender = Fixture.sender()
    let (sent, bytes) = try apply(UpdateCompression.topK(0.5), [0.9, -0.2, 0.5, -0.7], &sender)
    #expect(sent == [0.9, 0, 0, -0.7])
    #expect(try Fixture.numbers(#require(sender.state["error feedback"])) == [0, -0.2, 0.5, 0])
    // Two values of 32 bits and two places of 2.
    #expect(bytes == 9)
    // What was left out comes with the next update.
    let next = try apply(UpdateCompression.topK(0.5), [0, -0.2, 0.5, 0.1], &sender)
    #expect(next.sent == [0, -0.4, 1, 0])
    #expect(try Fixture.numbers(#require(sender.state["error feedback"])) == [0, 0, 0, 0.1])
  }

  /// s = 4 on (0.3, -0.4): levels 2.4 and 3.2, so 2 or 3 and 3 or 4 parts of the norm 0.5, 0.4 and 0.2 of the times
  /// the upper one.
  @Test func quantizationIsRightOnAverage() throws {
    let step = try UpdateCompression.qsgd(levels: 4)
    let trials = 4000
    var counts: [[Float]: Int] = [:]
    var sums = [0.0, 0.0]
    for round in 0..<trials {
      var sender = Fixture.sender(round: round)
      let (sent, bytes) = try apply(step, [0.3, -0.4], &sender)
      counts[sent, default: 0] += 1
      for index in 0..<2 { sums[index] += Double(sent[index]) }
      // The norm, and two numbers of ⌈log₂ 9⌉ bits.
      #expect(bytes == 5)
      #expect(sender.state.isEmpty)
    }
    // The norm is a float just above 0.5.
    for sent in counts.keys {
      #expect([0.25, 0.375].contains { abs(Double(sent[0]) - $0) < 1e-6 })
      #expect([-0.375, -0.5].contains { abs(Double(sent[1]) - $0) < 1e-6 })
    }
    #expect(counts.count == 4)
    // Five standard deviations of a mean: 0.125·√(0.24/4000) and 0.125·√(0.16/4000).
    #expect(abs(sums[0] / Double(trials) - 0.3) < 5 * 0.125 * (0.24 / Double(trials)).squareRoot())
    #expect(abs(sums[1] / Double(trials) + 0.4) < 5 * 0.125 * (0.16 / Double(trials)).squareRoot())
  }

  @Test func randomPlacesAreRightOnAverage() throws {
    let step = try UpdateCompression.randomK(0.25, feedback: false)
    var sums = [Double](repeating: 0, count: 4)
    for round in 0..<4000 {
      var sender = Fixture.sender(round: round)
      let (sent, bytes) = try apply(step, [1, -2, 3, 4], &sender)
      #expect(sent.count { $0 != 0 } == 1)
      #expect(bytes == 12)
      for index in 0..<4 { sums[index] += Double(sent[index]) / 4000 }
    }
    for (sum, value) in zip(sums, [1.0, -2, 3, 4]) {
      // Variance of value·4·Bernoulli(1/4) is 3·value².
      #expect(abs(sum - value) < 5 * abs(value) * (3.0 / 4000).squareRoot())
    }
  }

  @Test func signsOfTheMeanSize() throws {
    var sender = Fixture.sender()
    let (sent, bytes) = try apply(UpdateCompression.sign(), [1, -3, 0, 0.5], &sender)
    #expect(sent == [1.125, -1.125, 1.125, 1.125])
    #expect(bytes == 5)
    #expect(
      try Fixture.numbers(#require(sender.state["error feedback"])) == [
        -0.125, -1.875, -1.125, -0.625,
      ])
  }

  /// By sorting, for random numbers with many equal ones.
  @Test func largestAreTheLargest() throws {
    var stream = RandomStream(seed: 8)
    for count in [1, 2, 7, 100, 1001] {
      for share in [0.001, 0.3, 0.5, 1] {
        let values = (0..<count).map { _ in Float(stream.integer(below: 9) - 4) * 0.37 }
        var sender = Fixture.sender()
        let (sent, _) = try apply(UpdateCompression.topK(share), values, &sender)
        let kept = try SentShare(share).count(of: count)
        let order = values.indices.sorted {
          (values[$1].magnitude, $0) < (values[$0].magnitude, $1)
        }
        var expected = [Float](repeating: 0, count: count)
        for index in order.prefix(kept) { expected[index] = values[index] }
        #expect(sent == expected)
      }
    }
    #expect(try SentShare(0.07).count(of: 100) == 7)
    #expect(try SentShare(0.01).count(of: 30) == 1)
  }

  @Test func bytesOfSeveralVectorsAndNumbers() throws {
    var update = try Fixture.update(
      [Float](repeating: 1, count: 1000), [Float](repeating: 2, count: 64), numbers: [1, 2])
    var sender = Fixture.sender()
    try UpdateCompression.topK(0.1).apply(&update, &sender)
    // 100·(32 + 10) bits, 7·(32 + 6) bits, two numbers of 4 bytes.
    #expect(update.byteCount == 525 + 34 + 8)
    #expect(Set(sender.state.keys) == ["error feedback", "error feedback 1"])
    // Never more than all numbers as they are.
    var whole = try Fixture.update([1, 2, 3, 4])
    sender = Fixture.sender()
    try UpdateCompression.topK(1).apply(&whole, &sender)
    #expect(whole.byteCount == 16)
  }

  @Test func badNumbersAreErrors() throws {
    for share in [0, -0.1, 1.1, Double.nan, .infinity] {
      #expect(throws: DomainError.self) { try UpdateCompression.topK(share) }
      #expect(throws: DomainError.self) { try UpdateCompression.randomK(share) }
    }
    for levels in [0, -1, 40_000, Int.max] {
      #expect(throws: DomainError.self) { try UpdateCompression.qsgd(levels: levels) }
    }
    for bad in [Float.nan, .infinity] {
      var sender = Fixture.sender()
      #expect(throws: DomainError.self) {
        try apply(UpdateCompression.qsgd(levels: 4), [bad, 1], &sender)
      }
    }
    var sender = Fixture.sender()
    let zeros = try apply(UpdateCompression.qsgd(levels: 4), [0, 0], &sender)
    #expect(zeros.sent == [0, 0])
  }

  /// The example of Karimireddy et al. 2019 (counterexample 3, with the largest number in the place of signs): the
  /// gradients' large parts cancel and hide the small one, which only feedback brings through.
  @Test func feedbackConvergesWhereWithoutItDoesNot() throws {
    // f(x) = (x₂ - 1)²/2, with a noise of ±10 in x₁ that averages to 0.
    func end(feedback: Bool) throws -> Double {
      let step = try UpdateCompression.topK(0.5, feedback: feedback)
      var state: [String: ParameterVector] = [:]
      var x = [0.0, 0.0]
      for round in 0..<400 {
        let update = [Float(round % 2 == 0 ? 10 : -10) * 0.05, Float(0.05 * (1 - x[1]))]
        var sender = Fixture.sender(round: round, state: state)
        let (sent, _) = try apply(step, update, &sender)
        state = sender.state
        for index in 0..<2 { x[index] += Double(sent[index]) }
      }
      return abs(x[1] - 1)
    }
    #expect(try end(feedback: false) == 1)
    #expect(try end(feedback: true) < 0.7)
  }

  @Test func compressedRoundsLearn() throws {
    let source = try points(400)
    let devices = try DeviceSet(
      source: source, assignments: (0..<400).map { Int32($0 % 20) }, count: 20)
    for step in [
      try UpdateCompression.topK(0.34), try UpdateCompression.qsgd(levels: 4),
      UpdateCompression.sign(), try UpdateCompression.randomK(0.5),
    ] {
      var options = SimulationOptions(
        rounds: 30, clients: 10,
        local: try LocalTraining(
          epochs: 1, batch: 10, optimizer: SGD(rate: 0.5), loss: .crossEntropy()),
        key: RandomKey(seed: 3))
      options.updateSteps = [step]
      options.evaluation = source
      let simulation = try Simulation(logistic(), devices, strategy: FedAvg(), options: options)
      try simulation.run()
      let last = try #require(simulation.history.rounds.last)
      #expect((last.accuracy ?? 0) > 0.95, "\(step.fingerprint)")
      #expect(last.bytesUp < 10 * 4 * 6)
    }
  }
}
