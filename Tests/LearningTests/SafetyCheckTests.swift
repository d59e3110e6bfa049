import Foundations
import Tensors
import Testing

@testable import Learning

/// The look at the first private step: right noise passes however small the parameters are, wrong noise does not.
@Suite struct SafetyCheckTests {
  private func step(_ model: Layer, rate: Double = 1, noise: UInt64 = 1) throws -> TrainingStep {
    try TrainingStep(
      model: model, loss: .crossEntropy(), optimizer: SGD(rate: rate),
      method: .private(
        PrivateOptions(
          bound: 1, noiseMultiplier: 1, expectedBatch: 4,
          noise: .seeded(RandomKey(seed: noise)))), key: RandomKey(seed: 1))
  }

  /// One number in each of many runs: a look at one draw of noise would refuse 8 in 10,000.
  @Test func rightNoiseInOneNumberIsNotRefused() throws {
    var random = RandomStream(seed: 1)
    let empty = try Batch(inputs: Tensor.zeros([0, 1]), labels: Tensor.zeros([0], .i64))
    for run in 0..<10_000 {
      let model = try Linear(1, 1, bias: false, random: &random)
      _ = try step(model, noise: UInt64(run)).run(empty)
    }
  }

  /// Where a step is too small to change anything, nothing is released either.
  @Test func aRateThatMovesNothingIsNotRefused() throws {
    var random = RandomStream(seed: 1)
    let empty = try Batch(inputs: Tensor.zeros([0, 8]), labels: Tensor.zeros([0], .i64))
    _ = try step(try Linear(8, 8, random: &random), rate: 1e-30).run(empty)
  }

  @Test func noiseOfAnotherSizeThanPromisedIsRefused() throws {
    var random = RandomStream(seed: 1)
    for size in [1, 3, 200] {
      let layout = ParameterLayout([try Parameter("p", .normal(Shape([size]), &random))])
      func check(_ deviation: Float, promised: Float) throws {
        var gradients = StepGradients(sources: [StepGradients.Source()], scale: 0.25)
        gradients.deviations = deviation == 0 ? [] : [deviation]
        gradients.stream = NoiseKey.seeded(RandomKey(seed: 3)).stream(0)
        _ = try SafetyCheck(layout, gradients, promised: [promised])
      }
      try check(2, promised: 2)
      for wrong: Float in [0, 1e-3, 1, 1.7, 2.4, 20, .nan] {
        let error = #expect(throws: DomainError.self) { try check(wrong, promised: 2) }
        #expect(error?.kind == .privacy)
      }
    }
  }

  @Test func noiseThatDoesNotReachAParameterIsRefused() throws {
    var random = RandomStream(seed: 1)
    let layout = ParameterLayout([try Parameter("p", .normal([40], &random))])
    var gradients = StepGradients(sources: [StepGradients.Source()], scale: 0.25)
    gradients.deviations = [2]
    gradients.stream = NoiseKey.seeded(RandomKey(seed: 3)).stream(0)
    let check = try SafetyCheck(layout, gradients, promised: [2])
    let error = #expect(throws: DomainError.self) { try check.verify(rate: 0.1) }
    #expect(error?.kind == .privacy)
  }

  // MARK: Shares of layers

  private func bounds(_ weights: [[Float]], _ scale: LayerScale = .weightNorm) throws -> [Double] {
    let layers = try weights.map { values in
      try FunctionLayer(
        kind: "layer", children: [],
        parameters: [("w", try Parameter("w", Tensor(values, shape: Shape([values.count]))))]
      ) { $0 }
    }
    let model = try FunctionLayer(
      children: layers.enumerated().map { ("\($0)", $1) }
    ) { $0 }
    return try step(model).layerBounds(scale, bound: 2)
  }

  /// A model that starts at zero has no norms: its layers share by their sizes.
  @Test func layersOfZerosHaveAShare() throws {
    func near(_ found: [Double], _ squares: [Double]) -> Bool {
      let total = squares.reduce(0, +)
      return zip(found, squares).allSatisfy { abs($0 - 2 * ($1 / total).squareRoot()) < 1e-9 }
    }
    #expect(near(try bounds([[0, 0, 0], [0]]), [3, 1]))
    // The others' numbers are 2 in the mean square.
    #expect(near(try bounds([[1, 1], [2, 2, 2, 0], [0, 0, 0]]), [2, 12, 7]))
    #expect(near(try bounds([[3, 4], [12]]), [25, 144]))
    for scale in LayerScale.allCases {
      let found = try bounds([[0, 0], [0]], scale)
      #expect(found.allSatisfy { $0 > 0 && $0.isFinite })
    }
  }

  // MARK: The padding row

  /// It stays as it is, whatever it is and whatever happens to the other rows.
  @Test func thePaddingRowNeverChanges() throws {
    let optimizers: [() throws -> Optimizer] = [
      { try SGD(rate: 0.1) }, { try SGD(rate: 0.1, momentum: 0.9, weightDecay: 0.1) },
      { try Adam(rate: 0.1, weightDecay: 0.1) }, { try Adam.decoupled(rate: 0.1) },
    ]
    let noise = NoiseKey.seeded(RandomKey(seed: 5))
    let methods: [TrainingMethod] = [
      .plain,
      .private(
        try PrivateOptions(bound: 1, noiseMultiplier: 1, expectedBatch: 3, noise: noise)),
      .private(
        try PrivateOptions(
          bound: 1, noiseMultiplier: 1, expectedBatch: 3, noise: noise, layers: .runningMedian)),
      .microBatch(
        try MicroBatchOptions(
          microBatches: 2, bound: 1, noiseMultiplier: 1, expectedBatch: 3, noise: noise,
          assignment: RandomKey(seed: 6))),
    ]
    // A row at either end and in the middle, in tables of one block and of several.
    for (rows, width, padding) in [(5, 3, 0), (5, 3, 2), (5, 3, 4), (700, 32, 300), (1, 2, 0)] {
      for (number, make) in optimizers.enumerated() {
        for (kind, method) in methods.enumerated() {
          var random = RandomStream(seed: 2)
          let table = try Embedding(rows, width, paddingIndex: padding, random: &random)
          // As a table that was loaded may have it.
          table.weight.data.floats[padding * width] = 0.5
          let model = try Sequential([
            table, Pooling(.mean), Linear(width, 2, random: &random),
          ])
          let before = try table.weight.data.array(Float.self)
          let step = try TrainingStep(
            model: model, loss: .crossEntropy(), optimizer: make(), method: method,
            key: RandomKey(seed: 4))
          let batch = try Batch(
            inputs: Tensor(ints: [Int](repeating: rows > 1 && padding == 0 ? 1 : 0, count: 6))
              .reshaped([3, 2]),
            labels: Tensor(ints: [0, 1, 1]))
          for _ in 0..<3 { _ = try step.run(batch) }
          let after = try table.weight.data.array(Float.self)
          for row in 0..<rows {
            let range = row * width..<(row + 1) * width
            let same = before[range] == after[range]
            let label = "optimizer \(number), method \(kind), row \(row) of \(rows)"
            if row == padding {
              #expect(same, "\(label)")
            } else if kind > 0 {
              #expect(!same, "\(label)")
            }
          }
        }
      }
    }
  }
}
