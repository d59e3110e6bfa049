import Foundation
import Foundations
import Tensors
import TestSupport
import Testing

@testable import Learning

/// Private steps against PyTorch and Opacus, the worked examples of the methods, and the one-at-a-time definition.
@Suite struct PrivateStepTests {
  static let key = RandomKey(seed: 11)
  static let noise = NoiseKey.seeded(RandomKey(seed: 12))

  @Test func clippedSumsEqualPyTorchAndOpacus() throws {
    var tested: Set<String> = []
    for test in try Golden.cases("dp_step.json") {
      let model = try Networks.make(test)
      let bound = try #require(test.number("bound"))
      let expected = try #require(test.number("expected_batch"))
      let batch = try Batch(
        inputs: try #require(test.inputs["tokens"]), labels: try #require(test.inputs["labels"]))
      let rule = try #require(test.text("rule"))
      tested.insert(rule)
      func make(_ method: TrainingMethod) throws -> TrainingStep {
        try TrainingStep(
          model: model, loss: .crossEntropy(),
          optimizer: Adam(rate: try #require(test.number("lr"))),
          method: method, key: PrivateStepTests.key)
      }
      let step: TrainingStep
      if rule == "micro" {
        let options = try MicroBatchOptions(
          microBatches: 3, bound: bound, noiseMultiplier: 0, expectedBatch: expected,
          noise: PrivateStepTests.noise, assignment: PrivateStepTests.key, grouping: .tensor)
        step = try make(.microBatch(options))
        let groups = try #require(test.inputs["micro_batch"]).array(Int64.self).map { Int($0) }
        _ = try step.microBatchStep(batch, options, assignment: groups)
      } else {
        let options = try PrivateOptions(
          bound: bound, noiseMultiplier: 0, expectedBatch: expected, noise: PrivateStepTests.noise,
          rule: rule == "automatic" ? .automatic : .flat,
          layers: rule == "layer" ? .weightNorm : nil, grouping: .tensor)
        step = try make(.private(options))
        _ = try step.run(batch)
        #expect(!step.isExampleByExample)
      }
      for (name, parameter) in model.namedParameters {
        let sinks = rule == "layer" ? step.layerSinks : [step.sink]
        let sink = try #require(sinks.first { $0.index(of: parameter) != nil })
        try expectClose(
          sink.gradient(try #require(sink.index(of: parameter))),
          try #require(test.gradients[name]), "\(test.name): \(name)", rtol: 2e-4, atol: 1e-6)
        if let after = test.outputs["adam.\(name)"] {
          // Adam divides by the gradient's own size, so tiny gradients keep few digits.
          try expectClose(
            parameter.data, after, "\(test.name): \(name) after Adam", rtol: 1e-3, atol: 2e-3)
        }
      }
    }
    #expect(tested == ["flat", "automatic", "layer", "micro"])
  }

  /// O4 of the methods: per-example gradients (3,4), (0,1), (-6,8), (1,0), C = 1.
  @Test func workedExamplesOfClipping() throws {
    let gradients: [Float] = [3, 4, 0, 1, -6, 8, 1, 0]
    let inputs = try Tensor(gradients, shape: [4, 2])
    let labels = try Tensor([Float](repeating: 0, count: 4))
    // A linear model's output summed: its gradient per example is the input.
    let loss = Loss("sum") { output, _ in try output.reshaped([output.count]) }
    func sum(_ method: TrainingMethod, _ groups: [Int]? = nil) throws -> [Float] {
      var random = RandomStream(seed: 1)
      let model = try Linear(2, 1, bias: false, random: &random)
      let step = try TrainingStep(
        model: model, loss: loss, optimizer: SGD(rate: 1), method: method, key: PrivateStepTests.key
      )
      let batch = try Batch(inputs: inputs, labels: labels)
      if let groups, case .microBatch(let options) = method {
        _ = try step.microBatchStep(batch, options, assignment: groups)
      } else {
        _ = try step.run(batch)
      }
      return try step.sink.gradient(0).array(Float.self)
    }
    func near(_ a: [Float], _ b: [Float]) -> Bool {
      zip(a, b).allSatisfy { abs($0 - $1) < 4e-6 }
    }
    let flat = try sum(
      .private(
        PrivateOptions(
          bound: 1, noiseMultiplier: 0, expectedBatch: 4, noise: PrivateStepTests.noise)))
    #expect(near(flat.map { $0 / 4 }, [0.25, 0.65]))
    let micro = try sum(
      .microBatch(
        MicroBatchOptions(
          microBatches: 2, bound: 1, noiseMultiplier: 0, expectedBatch: 4,
          noise: PrivateStepTests.noise, assignment: PrivateStepTests.key)), [0, 0, 1, 1])
    #expect(near(micro.map { $0 / 2 }, [-0.00775159, 0.85274561]))
  }

  /// O4: a = [[1,2],[0,1],[3,-1]], g = [[1,0,2],[-1,1,0],[.5,2,1]].
  @Test func workedExamplesOfGhostNorms() throws {
    let a = try Tensor([Float]([1, 2, 0, 1, 3, -1]), shape: [1, 3, 2])
    let g = try Tensor([Float]([1, 0, 2, -1, 1, 0, 0.5, 2, 1]), shape: [1, 3, 3])
    var random = RandomStream(seed: 1)
    let linear = try Linear(2, 3, random: &random)
    let rule = try #require(
      Tape.capture((linear.forward(a) * g).sum()).rules.first)
    var weight: Float = 0
    var bias: Float = 0
    try rule.addSquaredNorms(ofParameter: 0, to: &weight)
    try rule.addSquaredNorms(ofParameter: 1, to: &bias)
    #expect(weight == 77.5 && bias == 18.25)
    let embedding = try Embedding(8, 3, random: &random)
    let tokens = try Tensor([Int64]([5, 7, 5]), shape: [1, 3])
    let table = try #require(Tape.capture((embedding.forward(tokens) * g).sum()).rules.first)
    var norm: Float = 0
    try table.addSquaredNorms(to: &norm)
    #expect(norm == 17.25)
  }

  /// A model that uses one linear layer twice, shares a table between two layers, and has dropout and a layer norm.
  private func tiedModel(_ random: inout RandomStream) throws -> Layer {
    let table = try Embedding(9, 6, random: &random)
    let twice = try Linear(6, 6, random: &random)
    let norm = try LayerNormalization(6)
    let lstm = try LSTM(6, 3, bidirectional: true, random: &random)
    return try FunctionLayer(
      children: [("table", table), ("twice", twice), ("norm", norm), ("lstm", lstm)],
      keepsExamplesApart: true
    ) { tokens in
      let x = try norm.forward(twice.forward(table.forward(tokens)).tanh())
      let y = try twice.forward(lstm.forward(x))
      let second = try table.forward(tokens).mean(axes: [1])
      return try Pooling(.mean).forward(y) + second
    }
  }

  private func naiveSum(_ model: Layer, _ batch: Batch, _ loss: Loss, bound: Double) throws
    -> [Tensor]
  {
    let parameters = model.parameters
    var sums = try parameters.map { try Tensor.zeros($0.shape) }
    for example in 0..<batch.count {
      let one = try batch.slice(example..<(example + 1))
      let gradients = try Tape.gradients(
        of: loss(model.forward(one.inputs), one.labels).sum(), withRespectTo: parameters)
      var squared = 0.0
      for gradient in gradients { squared += try gradient.cast(to: .f64).square().sum().item() }
      let weight = min(1, bound / squared.squareRoot())
      for index in sums.indices { sums[index] = try sums[index] + gradients[index] * weight }
    }
    return sums
  }

  @Test func sharedParametersAreExact() throws {
    var random = RandomStream(seed: 3)
    let model = try tiedModel(&random)
    let batch = try Batch(
      inputs: Tensor.integers([10, 5], from: 0, below: 9, &random),
      labels: Tensor.integers([10], from: 0, below: 6, &random))
    let loss = try Loss.crossEntropy()
    for bound in [0.3, 3.0] {
      let naive = try naiveSum(model, batch, loss, bound: bound)
      let step = try TrainingStep(
        model: model, loss: loss, optimizer: SGD(rate: 0),
        method: .private(
          PrivateOptions(
            bound: bound, noiseMultiplier: 0, expectedBatch: 10, noise: PrivateStepTests.noise)),
        key: PrivateStepTests.key, physicalLimit: 4)
      _ = try step.run(batch)
      #expect(!step.isExampleByExample)
      for index in naive.indices {
        try expectClose(
          step.sink.gradient(index), naive[index], "parameter \(index)", rtol: 1e-4, atol: 1e-5)
      }
    }
  }

  @Test func sumsNeverExceedTheBound() throws {
    var random = RandomStream(seed: 8)
    for trial in 0..<20 {
      let model = try tiedModel(&random)
      for parameter in model.parameters {
        try parameter.set(parameter.data * Double([0.01, 1, 30][trial % 3]))
      }
      let batch = try Batch(
        inputs: Tensor.integers([1, 4], from: 0, below: 9, &random),
        labels: Tensor.integers([1], from: 0, below: 6, &random))
      for rule in ClippingRule.allCases {
        for layers in [nil, LayerScale.weightNorm, .dimension] {
          let step = try TrainingStep(
            model: model, loss: .crossEntropy(), optimizer: SGD(rate: 0),
            method: .private(
              PrivateOptions(
                bound: 0.5, noiseMultiplier: 0, expectedBatch: 1, noise: PrivateStepTests.noise,
                rule: rule, layers: layers)), key: PrivateStepTests.key)
          _ = try step.run(batch)
          var squared = 0.0
          for sink in layers == nil ? [step.sink] : step.layerSinks {
            for index in sink.parameters.indices {
              squared += try sink.gradient(index).cast(to: .f64).square().sum().item()
            }
          }
          #expect(squared.squareRoot() <= 0.5)
        }
      }
    }
  }

  /// Raw parameters and losses of one number for the batch go the slow way, with the same result and one notice.
  @Test func modelsWithoutRulesTrainExactly() throws {
    var random = RandomStream(seed: 4)
    let scale = try Parameter("scale", .normal([4], &random))
    let linear = try Linear(4, 3, random: &random)
    let raw = try FunctionLayer(children: [("linear", linear)], parameters: [("scale", scale)]) {
      try linear.forward($0 * scale.value)
    }
    // The first axis of what the layer sees is not that of the examples.
    let turned = try FunctionLayer(children: [("linear", linear)]) {
      try linear.forward($0.reshaped([-1, 2, 4]).transposed(0, 1).contiguous()).transposed(0, 1)
        .contiguous().reshaped([-1, 3])
    }
    // Every example sees the mean of its batch.
    let mixed = try FunctionLayer(children: [("linear", linear)]) {
      try linear.forward($0 - $0.mean(axes: [0], keepAxes: true) * 0.5)
    }
    let batch = try Batch(
      inputs: Tensor.normal([6, 4], &random),
      labels: Tensor.integers([6], from: 0, below: 3, &random))
    let perExample = try Loss.crossEntropy()
    let whole = Loss("mean") { try Losses.crossEntropy($0, $1) }
    let models: [(Layer, Loss)] = [
      (raw, perExample), (linear, whole), (turned, perExample), (mixed, perExample),
    ]
    for (number, (model, loss)) in models.enumerated() {
      let turnedBatch =
        number == 2
        ? try Batch(inputs: Tensor.normal([2, 8], &random), labels: Tensor.zeros([2], .i64)) : batch
      let shaped =
        number == 2
        ? Loss("first") { output, _ in try output.square().reshaped([-1, 6]).sum(axes: [1]) } : loss
      var notices: [String] = []
      let step = try TrainingStep(
        model: model, loss: shaped, optimizer: SGD(rate: 0),
        method: .private(
          PrivateOptions(
            bound: 0.4, noiseMultiplier: 0, expectedBatch: 6, noise: PrivateStepTests.noise)),
        key: PrivateStepTests.key)
      step.onNotice = { notices.append($0) }
      let naive = try naiveSum(model, turnedBatch, shaped, bound: 0.4)
      _ = try step.run(turnedBatch)
      _ = try step.run(turnedBatch)
      #expect(notices.count == 1, "model \(number)")
      for index in naive.indices {
        try expectClose(
          step.sink.gradient(index), naive[index], "model \(number), parameter \(index)")
      }
    }
  }

  /// How long the longest example of a batch is says something of that example: a model that sees it is given each by
  /// itself.
  @Test func noExampleSeesThePaddingOfOthers() throws {
    let source = try TokenSource(
      [[3, 1, 4, 1, 5], [2, 6], [5, 3, 5], [8]], labels: [0, 1, 2, 0])
    func model(_ kind: Int) throws -> Layer {
      var random = RandomStream(seed: 6)
      let table = try Embedding(9, 4, random: &random)
      let out = try Linear(4, 3, random: &random)
      let window = try Convolution1D(4, 4, kernel: 3, padding: 1, random: &random)
      let forwards: [(Tensor) throws -> Tensor] = [
        { try out.forward(Pooling(.mean).forward(table.forward($0))) },
        { try out.forward(table.forward($0).mean(axes: [1])) },
        { try out.forward(window.forward(table.forward($0).transposed(1, 2)).maximum(axes: [2])) },
      ]
      return try FunctionLayer(
        children: [("table", table), ("out", out)] + (kind == 2 ? [("window", window)] : []),
        keepsExamplesApart: kind != 1, forwards[kind])
    }
    let batch = try source.batch([0, 1, 2, 3])
    #expect(try batch.isPadded && batch.slice(1..<4).inputs.shape == [3, 3])
    for kind in 0..<3 {
      let model = try model(kind)
      for micro in [false, true] {
        let method: TrainingMethod =
          micro
          ? .microBatch(
            try MicroBatchOptions(
              microBatches: 4, bound: 0.2, noiseMultiplier: 0, expectedBatch: 4,
              noise: PrivateStepTests.noise, assignment: PrivateStepTests.key))
          : .private(
            try PrivateOptions(
              bound: 0.2, noiseMultiplier: 0, expectedBatch: 4, noise: PrivateStepTests.noise))
        let step = try TrainingStep(
          model: model, loss: .crossEntropy(), optimizer: SGD(rate: 0), method: method,
          key: PrivateStepTests.key)
        if case .microBatch(let options) = method {
          _ = try step.microBatchStep(batch, options, assignment: [0, 1, 2, 3])
        } else {
          _ = try step.run(batch)
        }
        #expect(step.isExampleByExample == (kind > 0))
        // The same example by example, as the source gives them.
        let alone = try TrainingStep(
          model: model, loss: .crossEntropy(), optimizer: SGD(rate: 0), method: method,
          key: PrivateStepTests.key)
        var sums = try model.parameters.map { try Tensor.zeros($0.shape) }
        for example in 0..<4 {
          let one = try source.batch([example])
          if case .microBatch(let options) = method {
            _ = try alone.microBatchStep(one, options, assignment: [0])
          } else {
            _ = try alone.run(one)
          }
          for index in sums.indices { sums[index] = try sums[index] + alone.sink.gradient(index) }
        }
        for index in sums.indices {
          try expectClose(
            step.sink.gradient(index), sums[index], "model \(kind), parameter \(index)", rtol: 1e-4,
            atol: 1e-6)
        }
      }
    }
  }

  /// Layers that take the last axis together would take the examples where there is no other.
  @Test func layersOverTheAxisOfTheExamplesAreFound() throws {
    var random = RandomStream(seed: 7)
    let inputs = try Tensor.normal([6, 4], &random)
    for last in [Activation(.softmax), Activation(.logSoftmax)] {
      let model = try Sequential([Linear(4, 5, random: &random), Pooling(.mean), last])
      let step = try TrainingStep(
        model: model, loss: Loss("output", keepsExamplesApart: true) { output, _ in output },
        optimizer: SGD(rate: 0),
        method: .private(
          PrivateOptions(
            bound: 1, noiseMultiplier: 0, expectedBatch: 6, noise: PrivateStepTests.noise)),
        key: PrivateStepTests.key)
      // A softmax of one number is constant.
      let error = #expect(throws: DomainError.self) {
        _ = try step.run(Batch(inputs: inputs, labels: Tensor.zeros([6])))
      }
      #expect(error?.kind == .privacy && step.isExampleByExample)
      step.exampleByExample = false
      let refused = #expect(throws: DomainError.self) {
        _ = try step.run(Batch(inputs: inputs, labels: Tensor.zeros([6])))
      }
      #expect(refused?.message.contains("takes the numbers of all examples together") == true)
    }
  }

  /// A loss that compares examples learns nothing from one: refused, unless it is asked for or whole micro-batches are
  /// within the bound.
  @Test func whatLearnsNothingFromOneExampleIsRefused() throws {
    var random = RandomStream(seed: 8)
    let model = try Linear(4, 3, random: &random)
    let batch = try Batch(inputs: Tensor.normal([6, 4], &random), labels: Tensor.zeros([6]))
    let contrastive = Loss("contrastive") { output, _ in
      try -(output.matmul(output.transposed(0, 1))).logSoftmax().diagonal()
    }
    func step(_ method: TrainingMethod) throws -> TrainingStep {
      try TrainingStep(
        model: model, loss: contrastive, optimizer: SGD(rate: 0), method: method,
        key: PrivateStepTests.key)
    }
    let options = try PrivateOptions(
      bound: 1, noiseMultiplier: 0, expectedBatch: 6, noise: PrivateStepTests.noise)
    let error = #expect(throws: DomainError.self) { _ = try step(.private(options)).run(batch) }
    #expect(error?.kind == .privacy)
    let wanted = try step(.private(options))
    wanted.exampleByExample = true
    _ = try wanted.run(batch)
    var notices: [String] = []
    let micro = try step(
      .microBatch(
        MicroBatchOptions(
          microBatches: 2, bound: 1, noiseMultiplier: 0, expectedBatch: 6,
          noise: PrivateStepTests.noise, assignment: PrivateStepTests.key)))
    micro.onNotice = { notices.append($0) }
    _ = try micro.run(batch)
    #expect(notices.count == 1 && notices[0].contains("micro-batch by micro-batch"))
  }

  /// With micro-batches, what mixes their examples is within twice the bound; no micro-batch sees another.
  @Test func oneExampleMovesItsMicroBatchOnly() throws {
    var random = RandomStream(seed: 9)
    let model = try Linear(4, 3, bias: false, random: &random)
    let sign = Loss("sign") { output, labels in
      try output.sum(axes: [1]) * (1 - 2 * labels.maximum().item())
    }
    let inputs = try Tensor.normal([9, 4], &random)
    func sum(_ count: Int) throws -> Tensor {
      let options = try MicroBatchOptions(
        microBatches: 4, bound: 0.5, noiseMultiplier: 0, expectedBatch: 8,
        noise: PrivateStepTests.noise, assignment: PrivateStepTests.key)
      let step = try TrainingStep(
        model: model, loss: sign, optimizer: SGD(rate: 0), method: .microBatch(options),
        key: PrivateStepTests.key)
      let batch = try Batch(
        inputs: inputs.sliced(axis: 0, from: 0, to: count),
        labels: Tensor(ints: (0..<count).map { $0 / 8 }))
      _ = try step.microBatchStep(
        batch, options, assignment: (0..<count).map { $0 % 4 })
      return try step.sink.gradient(0)
    }
    let moved = try (sum(9) - sum(8)).square().sum().item().squareRoot()
    #expect(moved > 0.6 && moved <= 1 + 1e-5)
  }

  @Test func noiseHasThePromisedSize() throws {
    var random = RandomStream(seed: 9)
    let model = try Linear(64, 64, random: &random)
    let before = try model.weight.data.array(Float.self)
    let step = try TrainingStep(
      model: model, loss: .crossEntropy(), optimizer: SGD(rate: 1),
      method: .private(
        PrivateOptions(
          bound: 0.5, noiseMultiplier: 3, expectedBatch: 10, noise: PrivateStepTests.noise)),
      key: PrivateStepTests.key)
    // An empty batch: the step is nothing but noise of deviation 3 · 0.5 / 10.
    let empty = try Batch(inputs: Tensor.zeros([0, 64]), labels: Tensor.zeros([0], .i64))
    let result = try step.run(empty)
    #expect(result.examples == 0 && result.loss.isNaN)
    let after = try model.weight.data.array(Float.self)
    var squares = 0.0
    for (a, b) in zip(after, before) { squares += Double(a - b) * Double(a - b) }
    let deviation = (squares / Double(after.count)).squareRoot()
    #expect(abs(deviation - 0.15) < 0.01)
    _ = try step.run(empty)
    #expect(try model.weight.data.array(Float.self) != after)
  }

  @Test func microBatchesOfOneGroupAndManyAgreeWithTheMean() throws {
    var random = RandomStream(seed: 10)
    let model = try tiedModel(&random)
    let batch = try Batch(
      inputs: Tensor.integers([12, 5], from: 0, below: 9, &random),
      labels: Tensor.integers([12], from: 0, below: 6, &random))
    let loss = try Loss.crossEntropy()
    let plain = try Tape.gradients(
      of: loss(model.forward(batch.inputs), batch.labels).mean(), withRespectTo: model.parameters)
    for groups in [1, 3, 12] {
      for limit in [4, 100] {
        let step = try TrainingStep(
          model: model, loss: loss, optimizer: SGD(rate: 0),
          method: .microBatch(
            MicroBatchOptions(
              microBatches: groups, bound: 1e6, noiseMultiplier: 0, expectedBatch: 12,
              noise: PrivateStepTests.noise, assignment: PrivateStepTests.key)),
          key: PrivateStepTests.key, physicalLimit: limit)
        let result = try step.run(batch)
        #expect(result.clipped == 0)
        for index in plain.indices {
          try expectClose(
            step.sink.gradient(index) / Double(groups), plain[index],
            "\(groups) micro-batches, parameter \(index)", rtol: 1e-4, atol: 1e-6)
        }
      }
    }
  }

  /// METHODS O4: clip(mean{(10, 0)}) = (1, 0); after adding (-30, 0) it is (-1, 0).
  @Test func oneExampleMovesAMicroBatchByTwiceTheBound() throws {
    func release(_ values: [Float]) throws -> [Float] {
      var random = RandomStream(seed: 1)
      let options = try MicroBatchOptions(
        microBatches: 1, bound: 1, noiseMultiplier: 0, expectedBatch: 1,
        noise: PrivateStepTests.noise, assignment: PrivateStepTests.key)
      let step = try TrainingStep(
        model: try Linear(2, 1, bias: false, random: &random),
        loss: Loss("sum") { output, _ in try output.reshaped([output.count]) },
        optimizer: SGD(rate: 0), method: .microBatch(options), key: PrivateStepTests.key)
      _ = try step.run(
        Batch(
          inputs: Tensor(values, shape: Shape([values.count / 2, 2])),
          labels: Tensor.zeros(Shape([values.count / 2]))))
      return try step.sink.gradient(0).array(Float.self)
    }
    let (without, with) = (try release([10, 0]), try release([10, 0, -30, 0]))
    #expect(abs(without[0] - 1) < 4e-6 && without[1] == 0)
    #expect(abs(with[0] + 1) < 4e-6 && with[1] == 0)
  }

  @Test func optionsAreChecked() throws {
    for bound in [0, -1, Double.nan, .infinity] {
      #expect(throws: DomainError.self) {
        try PrivateOptions(
          bound: bound, noiseMultiplier: 1, expectedBatch: 1, noise: PrivateStepTests.noise)
      }
    }
    #expect(throws: DomainError.self) {
      try PrivateOptions(
        bound: 1, noiseMultiplier: .nan, expectedBatch: 1, noise: PrivateStepTests.noise)
    }
  }
}
