import Foundation
import Foundations
import Learning
import Tensors
import Testing

@testable import Privacy

@Suite struct PrivateUpdateTests {
  let key = NoiseKey.seeded(RandomKey(seed: 7))

  func parameters(_ shapes: [Shape] = [[40, 30], [30], [1]]) throws -> [Parameter] {
    try shapes.enumerated().map { try Parameter("p\($0)", .zeros($1)) }
  }

  func update(_ parameters: [Parameter], scale: Double, _ random: inout RandomStream) throws
    -> [Parameter: Tensor]
  {
    var result: [Parameter: Tensor] = [:]
    for parameter in parameters {
      result[parameter] = try Tensor(
        (0..<parameter.count).map { _ in Float(scale * random.normal()) }, shape: parameter.shape)
    }
    return result
  }

  func flat(_ values: [Parameter: Tensor], _ parameters: [Parameter]) throws -> [Double] {
    try parameters.flatMap { try values[$0]!.array(Float.self).map(Double.init) }
  }

  func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  @Test func noUpdateIsLongerThanTheBound() throws {
    var random = RandomStream(seed: 1)
    let parameters = try parameters()
    for rule in ClippingRule.allCases {
      for round in 0..<30 {
        let bound = 0.1 + random.uniform()
        let sum = try PrivateUpdate(
          parameters, bound: bound, noiseMultiplier: 0, noise: key, rule: rule, unit: .client)
        let given = try update(parameters, scale: [1, 0.02, 1e-3][round % 3], &random)
        let before = try sum.add(given)
        #expect(isClose(before, norm(try flat(given, parameters)), relative: 1e-12))
        let clipped = norm(try flat(sum.releaseSum().values, parameters))
        #expect(clipped <= bound, "\(rule): \(clipped) of \(bound)")
        if rule != .automatic { #expect(clipped > min(before, bound) * (1 - 1e-5)) }
      }
    }
  }

  @Test func sumsMeansAndFlatVectors() throws {
    let parameters = try parameters([[2], [1]])
    let sum = try PrivateUpdate(
      parameters, bound: 1, noiseMultiplier: 0, noise: key, unit: .client)
    try sum.add([parameters[0]: Tensor([3.0, 0], shape: [2]), parameters[1]: Tensor([4.0])])
    try sum.add(flat: Tensor([Float(0.5), 0, 0]))
    #expect(sum.count == 2)
    let mean = try flat(sum.releaseMean(expected: 4).values, parameters)
    for (value, expected) in zip(mean, [1.1 / 4, 0, 0.8 / 4]) {
      #expect(isClose(value, expected, relative: 5e-6))
    }
    // The next round begins empty.
    #expect(sum.count == 0)
    #expect(try flat(sum.releaseSum().values, parameters) == [0, 0, 0])
  }

  /// Kolmogorov and Smirnov: the largest distance of the distribution functions, times √n, is above 2.2 with a chance
  /// of 1e-4.
  @Test func theNoiseIsNormal() throws {
    let parameters = try parameters([[300, 200], [77]])
    let sum = try PrivateUpdate(
      parameters, bound: 0.5, noiseMultiplier: 3, noise: key, unit: .client)
    var rounds: [[Double]] = []
    for _ in 0..<2 { rounds.append(try flat(sum.releaseSum().values, parameters)) }
    let count = Double(rounds[0].count)
    for noise in rounds {
      let sorted = noise.sorted()
      var distance = 0.0
      for (index, value) in sorted.enumerated() {
        let expected = SpecialFunctions.normalCDF(value / 1.5)
        distance = max(
          distance, abs(expected - Double(index) / count),
          abs(expected - Double(index + 1) / count))
      }
      #expect(distance * count.squareRoot() < 2.2)
      // The mean square of n normal numbers has the standard deviation √(2/n).
      let variance = noise.reduce(0) { $0 + $1 * $1 } / count / 2.25
      #expect(abs(variance - 1) < 5 * (2 / count).squareRoot())
    }
    // Fresh in each round.
    let product = zip(rounds[0], rounds[1]).reduce(0) { $0 + $1.0 * $1.1 } / count / 2.25
    #expect(abs(product) < 5 / count.squareRoot())
    // A mean's noise is divided with it.
    let mean = try flat(sum.releaseMean(expected: 100).values, parameters)
    #expect(isClose(norm(mean) / count.squareRoot(), 0.015, relative: 0.02))
  }

  @Test func sameNumbersOnAnyNumberOfThreads() throws {
    let before = Parallel.threads
    defer { Parallel.threads = before }
    let parameters = try parameters([[300, 200], [5]])
    func released(_ threads: Int) throws -> [[Double]] {
      Parallel.threads = threads
      var random = RandomStream(seed: 2)
      let sum = try PrivateUpdate(
        parameters, bound: 1, noiseMultiplier: 1, noise: key, unit: .client)
      return try (0..<2).map { _ in
        for _ in 0..<3 { try sum.add(update(parameters, scale: 1, &random)) }
        return try flat(sum.releaseSum().values, parameters)
      }
    }
    let alone = try released(1)
    #expect(try released(2) == alone && released(5) == alone)
    #expect(alone[0] != alone[1])
  }

  /// DP-SGD on a linear model whose examples' gradients are its inputs adds up to the same bits, noise included.
  @Test func isWhatPrivateTrainingDoes() throws {
    var random = RandomStream(seed: 3)
    let rows = try (0..<4).map { _ in
      try Tensor((0..<6).map { _ in Float(random.normal()) }, shape: [1, 6])
    }
    let model = try Linear(6, 1, bias: false, random: &random)
    let weight = model.parameters[0]
    try weight.set(.zeros([1, 6]))
    let loss = Loss("sum") { output, _ in try output.reshaped([output.count]) }
    let step = try TrainingStep(
      model: model, loss: loss, optimizer: SGD(rate: 1),
      method: .private(
        PrivateOptions(bound: 1, noiseMultiplier: 2, expectedBatch: 4, noise: key)),
      key: RandomKey(seed: 1))
    step.exampleByExample = true
    _ = try step.run(
      Batch(inputs: Tensor.concatenated(rows, axis: 0), labels: Tensor.zeros([4])))
    let sum = try PrivateUpdate([weight], bound: 1, noiseMultiplier: 2, noise: key, unit: .example)
    for row in rows { try sum.add([weight: row]) }
    let mean = try flat(sum.releaseMean(expected: 4).values, [weight])
    let trained = try weight.data.array(Float.self)
    #expect(trained.map { -Double($0) } == mean)
  }

  @Test func eventsSayWhatItCosts() throws {
    let parameters = try parameters()
    let client = try PrivateUpdate(
      parameters, bound: 2, noiseMultiplier: 3, noise: key, unit: .client)
    #expect(try client.releaseSum().event == Event(.gaussian(noiseMultiplier: 3), unit: .client))
    // Replacing one moves the sum by twice the bound.
    let replaced = try PrivateUpdate(
      parameters, bound: 2, noiseMultiplier: 3, noise: key, unit: .user, neighbours: .replaceOne)
    #expect(
      replaced.event
        == Event(.gaussian(noiseMultiplier: 1.5), neighbours: .replaceOne, unit: .user))
  }

  @Test func badUpdates() throws {
    let parameters = try parameters([[2], [1]])
    func make(_ bound: Double = 1, _ noise: Double = 0, _ own: [Parameter]? = nil) throws
      -> PrivateUpdate
    {
      try PrivateUpdate(
        own ?? parameters, bound: bound, noiseMultiplier: noise, noise: key, unit: .client)
    }
    for bound: Double in [0, -1, .nan, .infinity, 1e300] {
      #expect(failure { _ = try make(bound) }?.kind == .value)
    }
    for noise: Double in [-1, .nan, .infinity, 1e-9, 1e30] {
      #expect(failure { _ = try make(1, noise) }?.kind == .value, "\(noise)")
    }
    #expect(failure { _ = try make(1, 1, []) }?.kind == .value)
    #expect(failure { _ = try make(1, 1, [parameters[0], parameters[0]]) }?.kind == .value)
    let sum = try make()
    let stranger = try Parameter("other", .zeros([1]))
    for bad: [Parameter: Tensor] in [
      [:], [parameters[0]: try .zeros([2])],
      [parameters[0]: try .zeros([2]), stranger: try .zeros([1])],
    ] {
      #expect(failure { try sum.add(bad) }?.kind == .value)
    }
    #expect(
      failure {
        try sum.add([parameters[0]: .zeros([1, 2]), parameters[1]: .zeros([1])])
      }?.kind == .shape)
    #expect(failure { try sum.add(flat: .zeros([4])) }?.kind == .shape)
    #expect(failure { try sum.add(flat: Tensor([Float.nan, 0, 0])) }?.kind == .value)
    for divisor: Double in [0, -1, .nan, .infinity] {
      #expect(failure { _ = try sum.releaseMean(expected: divisor) }?.kind == .value)
    }
    // What was refused was not added.
    #expect(sum.count == 0)
    #expect(try flat(sum.releaseSum().values, parameters) == [0, 0, 0])
  }

  /// The row of padding stays what it is.
  @Test func fixedRowsDoNotCount() throws {
    var random = RandomStream(seed: 4)
    let table = try Embedding(3, 2, paddingIndex: 0, random: &random)
    let weight = table.weight
    let sum = try PrivateUpdate([weight], bound: 1, noiseMultiplier: 1, noise: key, unit: .client)
    let norm = try sum.add([weight: Tensor([Float]([100, 100, 3, 4, 0, 0]), shape: [3, 2])])
    #expect(norm == 5)
    let released = try flat(sum.releaseSum().values, [weight])
    #expect(released[0] == 0 && released[1] == 0 && released[4] != 0)
  }
}
