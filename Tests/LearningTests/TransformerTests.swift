import Learning
import Tensor
import Testing

/// Attention and the models made of it have the values and gradients of PyTorch and of the `transformers` package.
@Suite struct TransformerTests {
  private static func named(_ name: String) throws -> Golden.Case {
    try #require(try Golden.cases("transformers.json").first { $0.name == name })
  }

  @Test(arguments: [
    "attention", "causal attention", "padded attention", "long causal attention",
  ])
  func selfAttentionEqualsPyTorch(_ name: String) throws {
    let test = try TransformerTests.named(name)
    let heads = Int(try #require(test.number("heads")))
    let x = try Tape.variable(try #require(test.inputs["x"])).with(lengths: test.lengths)
    var y = try Attention.selfAttention(x, heads: heads, isCausal: test.flag("causal"))
    let expected = try #require(test.outputs["output"])
    if let lengths = try test.lengths {
      // Only real positions count.
      var mask = [Float]()
      for length in lengths.values {
        for t in 0..<expected.shape[1] { mask.append(t < Int(length) ? 1 : 0) }
      }
      y = try y * Tensor(mask, shape: [lengths.values.count, expected.shape[1], 1])
    }
    try expectClose(y, expected, name)
    let loss = try (y * #require(test.cotangents["output"])).sum()
    let gradient = try Tape.gradients(of: loss, withRespectTo: [x])[0]
    try expectClose(gradient, try #require(test.gradients["x"]), "\(name): gradient")
  }

  @Test func crossAttentionEqualsPyTorch() throws {
    let test = try TransformerTests.named("cross attention")
    let q = try Tape.variable(try #require(test.inputs["x"]))
    let memory = try Tape.variable(try #require(test.inputs["memory"]))
    let y = try Attention.crossAttention(q, memory, heads: 2)
    try expectClose(y, try #require(test.outputs["output"]), "output")
    let loss = try (y * #require(test.cotangents["output"])).sum()
    let found = try Tape.gradients(of: loss, withRespectTo: [q, memory])
    try expectClose(found[0], try #require(test.gradients["x"]), "gradient of the queries")
    try expectClose(found[1], try #require(test.gradients["memory"]), "gradient of the memory")
  }

  private static func gpt2(_ test: Golden.Case) throws -> GPT2 {
    var random = RandomStream(seed: 1)
    let model = try GPT2(
      .init(vocabulary: 19, context: 12, width: 8, blocks: 2, heads: 2), random: &random)
    try model.load(test.parameters.map { ($0, $1) })
    return model
  }

  @Test func gpt2EqualsTransformers() throws {
    let test = try TransformerTests.named("gpt2")
    let model = try TransformerTests.gpt2(test)
    let tokens = try #require(test.inputs["tokens"])
    let labels = try #require(test.inputs["labels"])
    try expectClose(model.forward(tokens), try #require(test.outputs["logits"]), "logits")
    let losses = try Tape.withRecording {
      try Loss.crossEntropy()(model.forward(tokens), labels)
    }
    try expectClose(losses, try #require(test.outputs["losses"]), "losses")
    let named = model.namedParameters
    #expect(named.count == test.gradients.count)
    let gradients = try Tape.gradients(of: losses.sum(), withRespectTo: named.map(\.parameter))
    for ((name, _), gradient) in zip(named, gradients) {
      try expectClose(gradient, try #require(test.gradients[name]), "gradient of \(name)")
    }
  }

  @Test func gradientsOfOneExampleEqualTransformers() throws {
    let test = try TransformerTests.named("gpt2")
    let model = try TransformerTests.gpt2(test)
    let losses = try Tape.withRecording {
      try Loss.crossEntropy()(
        model.forward(#require(test.inputs["tokens"])), #require(test.inputs["labels"]))
    }
    let rules = try Tape.capture(losses, seed: .ones(losses.shape)).rules
    for (name, parameter) in model.namedParameters {
      let expected = try #require(test.perExample[name])
      var sum: Tensor?
      for rule in rules {
        guard let index = rule.parameters.firstIndex(of: parameter) else { continue }
        let part = try rule.perExample(index)
        sum = try sum.map { try $0 + part } ?? part
      }
      try expectClose(try #require(sum), expected, "gradients of single examples of \(name)")
    }
  }

  @Test func tenStepsHaveTheLossesOfPyTorch() throws {
    let test = try TransformerTests.named("gpt2")
    let expected = try #require(test.options["losses"] as? [Double])
    let model = try TransformerTests.gpt2(test)
    let step = try TrainingStep(
      model: model, loss: .crossEntropy(), optimizer: Adam.decoupled(rate: 1e-2),
      key: RandomKey(seed: 1))
    let batch = try Batch(
      inputs: #require(test.inputs["tokens"]), labels: #require(test.inputs["labels"]))
    for (number, loss) in expected.enumerated() {
      let found = try step.run(batch).loss
      #expect(abs(found - loss) < 1e-4, "step \(number): \(found), PyTorch \(loss)")
    }
  }

  @Test(arguments: ["bert", "distilbert"])
  func bertEqualsTransformers(_ name: String) throws {
    let test = try TransformerTests.named(name)
    var random = RandomStream(seed: 1)
    let isFull = name == "bert"
    let model = try BERT(
      .init(
        vocabulary: 17, context: 9, width: 8, blocks: 2, heads: 2, inner: 20,
        types: isFull ? 2 : 0, hasPooler: isFull), random: &random)
    try model.load(test.parameters.map { ($0, $1) })
    let lengths = try #require(try test.lengths)
    let tokens = try #require(test.inputs["tokens"]).with(lengths: lengths)
    let hidden = try model.forward(tokens, types: test.inputs["types"])
    let expected = try #require(test.outputs["hidden"])
    var mask = [Float]()
    for length in lengths.values { for t in 0..<6 { mask.append(t < Int(length) ? 1 : 0) } }
    try expectClose(hidden * Tensor(mask, shape: [2, 6, 1]), expected, "hidden states")
    if isFull {
      try expectClose(model.pooled(hidden), try #require(test.outputs["pooled"]), "pooled")
    }
  }

  /// Clipped sums with ghost norms, the table used twice, equal those of one example at a time.
  @Test(arguments: [0.05, 0.6, 100])
  func privateStepsClipEachExampleByItself(_ bound: Double) throws {
    let test = try TransformerTests.named("gpt2")
    let tokens = try #require(test.inputs["tokens"])
    let labels = try #require(test.inputs["labels"])
    let options = try PrivateOptions(
      bound: bound, noiseMultiplier: 0, expectedBatch: 2, noise: .seeded(RandomKey(seed: 1)))
    func trained(_ batches: [Batch]) throws -> GPT2 {
      let model = try TransformerTests.gpt2(test)
      let step = try TrainingStep(
        model: model, loss: .crossEntropy(), optimizer: SGD(rate: 1), method: .private(options),
        key: RandomKey(seed: 1))
      for batch in batches { _ = try step.run(batch) }
      return model
    }
    let start = try TransformerTests.gpt2(test)
    let together = try trained([Batch(inputs: tokens, labels: labels)])
    var changes: [String: Tensor] = [:]
    for example in 0..<2 {
      let alone = try trained([
        Batch(
          inputs: tokens.sliced(axis: 0, from: example, to: example + 1).contiguous(),
          labels: labels.sliced(axis: 0, from: example, to: example + 1).contiguous())
      ])
      for ((name, a), (_, b)) in zip(alone.state, start.state) {
        changes[name] = try changes[name].map { try $0 + (a - b) } ?? (a - b)
      }
    }
    // The norm of one example's change is the clipped norm over all parameters.
    for ((name, a), (_, b)) in zip(together.state, start.state) {
      try expectClose(
        a - b, try #require(changes[name]), "\(name) at bound \(bound)", rtol: 1e-3, atol: 2e-5)
    }
  }

  @Test func microBatchesOfATiedModelEqualSeparateSums() throws {
    let test = try TransformerTests.named("gpt2")
    let batch = try Batch(
      inputs: #require(test.inputs["tokens"]), labels: #require(test.inputs["labels"]))
    let start = try TransformerTests.gpt2(test)
    func change(_ method: TrainingMethod) throws -> [Tensor] {
      let model = try TransformerTests.gpt2(test)
      let step = try TrainingStep(
        model: model, loss: .crossEntropy(), optimizer: SGD(rate: 1), method: method,
        key: RandomKey(seed: 1))
      _ = try step.run(batch)
      return try zip(model.state, start.state).map { try $0.value - $1.value }
    }
    // Without clipping a step by micro-batches is the ordinary one.
    let plain = try change(.plain)
    let micro = try change(
      .microBatch(
        try MicroBatchOptions(
          microBatches: 2, bound: 1e6, noiseMultiplier: 0, expectedBatch: 2,
          noise: .seeded(RandomKey(seed: 1)), assignment: RandomKey(seed: 4),
          mean: .expectedSize)))
    for (a, b) in zip(micro, plain) { try expectClose(a, b, "change", rtol: 1e-3, atol: 1e-5) }
  }

  @Test func cachedPositionsEqualWholeSequences() throws {
    let test = try TransformerTests.named("gpt2")
    let model = try TransformerTests.gpt2(test)
    // Two texts of different lengths, the second token by token.
    let texts = [[3, 7, 1, 0, 18, 7, 7, 2, 4], [5, 5, 4]]
    let cache = try model.makeCache(batch: 2, capacity: nil)
    var scores = try model.nextScores([Array(texts[0][..<6]), Array(texts[1][..<1])], cache)
    scores = try model.nextScores([Array(texts[0][6..<7]), Array(texts[1][1..<2])], cache)
    scores = try model.nextScores([Array(texts[0][7..<9]), Array(texts[1][2..<3])], cache)
    for (row, text) in texts.enumerated() {
      let whole = try model.forward(Tensor(ints: text).reshaped([1, text.count]))
      let last = try whole.selected(axis: 1, index: text.count - 1).reshaped([19])
      try expectClose(scores.selected(axis: 0, index: row), last, "text \(row)")
    }
    #expect(throws: DomainError.self) { try model.nextScores([[1, 2, 3, 4], [1]], cache) }
  }

  @Test func threadsDoNotChangeABit() throws {
    var random = RandomStream(seed: 3)
    let model = try GPT2(
      .init(vocabulary: 50, context: 140, width: 32, blocks: 2, heads: 4), random: &random)
    let batch = try Batch(
      inputs: Tensor.integers([3, 140], from: 0, below: 50, &random),
      labels: Tensor.integers([3, 140], from: 0, below: 50, &random))
    func gradients() throws -> [[Float]] {
      let loss = try Tape.withRecording {
        try Loss.crossEntropy()(model.forward(batch.inputs), batch.labels).mean()
      }
      return try Tape.gradients(of: loss, withRespectTo: model.parameters).map {
        try $0.array(Float.self)
      }
    }
    let together = try gradients()
    let alone = try Parallel.serially { try gradients() }
    #expect(together == alone)
  }

  @Test func encoderAndDecoderLearnToCopy() throws {
    var random = RandomStream(seed: 5)
    let model = try EncoderDecoder(
      vocabulary: 11, context: 8, encoderBlocks: 1, decoderBlocks: 1,
      TransformerSettings(width: 32, heads: 4), random: &random)
    let adam = try Adam(rate: 3e-3)
    var last = 0.0
    for _ in 0..<300 {
      let source = try Tensor.integers([16, 6], from: 1, below: 11, &random)
      // The target is the source shifted by one, 0 first.
      let target = try Tensor.concatenated(
        [.zeros([16, 1], .i64), source.sliced(axis: 1, from: 0, to: 5)], axis: 1)
      let loss = try Tape.withRecording {
        try Losses.crossEntropy(model.forward(source: source, target: target), source)
      }
      last = try loss.item()
      let parameters = model.parameters
      let gradients = try Tape.gradients(of: loss, withRespectTo: parameters)
      try adam.step(zip(parameters, gradients).map { ($0, $1) })
    }
    // Without the memory the best is log 10 = 2.3.
    #expect(last < 0.5, "loss \(last)")
  }
}
