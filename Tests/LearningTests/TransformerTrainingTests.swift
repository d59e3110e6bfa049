import Foundations
import Tensors
import TestSupport
import Testing

@testable import Learning

/// What holds for transformers of any size: tiles, central differences, private steps on the fast way, bits and memory.
@Suite(.serialized) struct TransformerTrainingTests {
  /// softmax(q kᵀ / √width) v with the whole matrix, as tensor operations in f64.
  private func naive(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, heads: Int, isCausal: Bool, lengths: [Int32]?,
    dropped: Tensor? = nil
  ) throws -> Tensor {
    let (examples, time, width) = (q.shape[0], q.shape[1], q.shape[2])
    let keys = k.shape[1]
    func split(_ x: Tensor) throws -> Tensor {
      try x.reshaped([examples, x.shape[1], heads, width / heads]).permuted([0, 2, 1, 3])
    }
    var mask = [Double](repeating: 0, count: examples * time * keys)
    for example in 0..<examples {
      for t in 0..<time {
        for s in 0..<keys where s >= Int(lengths?[example] ?? Int32(keys)) || (isCausal && s > t) {
          mask[(example * time + t) * keys + s] = -1e30
        }
      }
    }
    let scores = try split(q).matmul(split(k).transposed(2, 3)) / Double(width / heads).squareRoot()
    var weights = try (scores + Tensor(mask, shape: [examples, 1, time, keys])).softmax()
    if let dropped { weights = try weights * dropped }
    return try weights.matmul(split(v)).permuted([0, 2, 1, 3]).contiguous()
      .reshaped([examples, time, width])
  }

  @Test(arguments: [
    (200, 20, true), (200, 20, false), (129, 64, true), (64, 7, false), (1, 4, true),
  ])
  func tilesEqualTheWholeMatrix(_ time: Int, _ head: Int, _ isCausal: Bool) throws {
    var random = RandomStream(seed: 5)
    let heads = 2
    let width = heads * head
    for lengths in [nil, [Int32(max(1, time / 3)), Int32(time)]] {
      let packed = try Tensor.normal([2, time, 3 * width], &random)
      let weights = try Tensor.normal([2, time, width], &random)
      let x = try Tape.variable(packed)
      let y = try Attention.selfAttention(
        x.with(lengths: lengths.map(Lengths.init)), heads: heads, isCausal: isCausal)
      let found = try Tape.gradients(of: (y * weights).sum(), withRespectTo: [x])[0]
      let wide = try Tape.variable(packed.cast(to: .f64))
      let parts = try wide.split(every: width, axis: 2)
      let whole = try naive(
        parts[0], parts[1], parts[2], heads: heads, isCausal: isCausal, lengths: lengths)
      let expected = try Tape.gradients(
        of: (whole * weights.cast(to: .f64)).sum(), withRespectTo: [wide])[0]
      try expectClose(y.detached, whole.detached, "output", rtol: 1e-4, atol: 1e-5)
      try expectClose(found, expected, "gradient", rtol: 1e-4, atol: 3e-5)
    }
  }

  /// What dropout multiplies each weight with, [examples, heads, time, time]: read off by values that are the identity
  /// and weights that are all alike. It does not depend on the width of the heads.
  private func dropped(_ examples: Int, heads: Int, _ time: Int, _ probability: Double) throws
    -> Tensor
  {
    let row = (0..<time).flatMap { t in
      [Float](repeating: 0, count: 2 * heads * time)
        + (0..<heads).flatMap { _ in (0..<time).map { $0 == t ? Float(time) : 0 } }
    }
    let packed = try Tensor(
      (0..<examples).flatMap { _ in row }, shape: [examples, time, 3 * heads * time])
    return try Attention.selfAttention(
      packed, heads: heads, isCausal: false, dropout: probability
    ).reshaped([examples, time, heads, time]).permuted([0, 2, 1, 3]).contiguous()
  }

  /// Across tiles, examples and heads the weights that the forward pass drops are those that the backward pass drops.
  @Test(arguments: [(150, 6, true), (150, 6, false), (20, 8, false)])
  func droppedWeightsAreDroppedBothWays(_ time: Int, _ head: Int, _ isCausal: Bool) throws {
    let (examples, heads, key) = (2, 3, RandomKey(seed: 12))
    let width = heads * head
    let factors = try ForwardContext.training(key) {
      try dropped(examples, heads: heads, time, 0.25)
    }
    let numbers = try factors.doubles()
    for number in numbers { #expect(abs(number) < 1e-4 || abs(number - 1 / 0.75) < 1e-4) }
    let zeros = Double(numbers.count { $0 < 0.5 }) / Double(numbers.count)
    let deviation = (0.25 * 0.75 / Double(numbers.count)).squareRoot()
    #expect(abs(zeros - 0.25) < 5 * deviation)
    // Every head of every example, and every pass, drops others.
    let square = time * time
    let patterns = Set(
      stride(from: 0, to: numbers.count, by: square).map {
        numbers[$0..<$0 + square].map { $0 < 0.5 }
      })
    #expect(patterns.count == examples * heads)
    let others = try ForwardContext.training(RandomKey(seed: 13)) {
      try dropped(examples, heads: heads, time, 0.25)
    }
    #expect(try others.doubles().map { $0 < 0.5 } != numbers.map { $0 < 0.5 })

    var random = RandomStream(seed: 5)
    let lengths: [Int32] = [Int32(time / 3), Int32(time)]
    let packed = try Tensor.normal([examples, time, 3 * width], &random)
    let weights = try Tensor.normal([examples, time, width], &random)
    let x = try Tape.variable(packed)
    let y = try ForwardContext.training(key) {
      try Attention.selfAttention(
        x.with(lengths: Lengths(lengths)), heads: heads, isCausal: isCausal, dropout: 0.25)
    }
    let found = try Tape.gradients(of: (y * weights).sum(), withRespectTo: [x])[0]
    let wide = try Tape.variable(packed.cast(to: .f64))
    let parts = try wide.split(every: width, axis: 2)
    let whole = try naive(
      parts[0], parts[1], parts[2], heads: heads, isCausal: isCausal, lengths: lengths,
      dropped: factors.cast(to: .f64))
    let expected = try Tape.gradients(
      of: (whole * weights.cast(to: .f64)).sum(), withRespectTo: [wide])[0]
    try expectClose(y.detached, whole.detached, "output", rtol: 1e-4, atol: 1e-5)
    try expectClose(found, expected, "gradient", rtol: 1e-4, atol: 3e-5)
    // Evaluation drops nothing.
    let evaluated = try Attention.selfAttention(
      packed, heads: heads, isCausal: isCausal, dropout: 0.25)
    let plain = try Attention.selfAttention(packed, heads: heads, isCausal: isCausal)
    #expect(try evaluated.array(Float.self) == plain.array(Float.self))
  }

  /// The slope along a random direction, by central differences in f32.
  @Test func slopesAgreeWithCentralDifferences() throws {
    var random = RandomStream(seed: 6)
    let settings = try TransformerSettings(width: 8, heads: 2, inner: 12, isCausal: true)
    let memory = try Tensor.normal([2, 5, 8], &random)
    let decoder = try TransformerBlock(settings, hasMemory: true, random: &random)
    let layers: [(String, Layer, (Tensor) throws -> Tensor)] =
      try [
        SelfAttention(8, heads: 2, isCausal: false, random: &random),
        FeedForward(8, inner: 12, activation: .geluErf, random: &random),
        PositionEmbedding(6, 8, random: &random),
        TransformerStack(2, settings, random: &random),
      ].map { layer in (layer.kind, layer, { try layer.forward($0) }) } + [
        ("memory", decoder, { try decoder.forward($0, memory: memory) })
      ]
    for (name, layer, function) in layers {
      let x = try Tensor.normal([2, 4, 8], &random)
      let weights = try Tensor.normal([2, 4, 8], &random)
      let parameters = layer.parameters
      let directions = try parameters.map { try Tensor.normal($0.shape, &random) }
      let inputDirection = try Tensor.normal(x.shape, &random)
      func value(_ step: Double) throws -> Double {
        let saved = parameters.map(\.data)
        for (parameter, direction) in zip(parameters, directions) {
          try parameter.set(parameter.data + direction * step)
        }
        defer { for (parameter, old) in zip(parameters, saved) { try? parameter.set(old) } }
        let y = try Tape.withoutRecording { try function(x + inputDirection * step) }
        return try (y.cast(to: .f64) * weights.cast(to: .f64)).sum().item()
      }
      let leaf = try Tape.variable(x)
      let loss = try (function(leaf) * weights).sum()
      let gradients = try Tape.gradients(
        of: function(leaf), withRespectTo: parameters, seed: weights)
      let inputGradient = try Tape.gradients(of: loss, withRespectTo: [leaf])[0]
      var slope = try (inputGradient * inputDirection).cast(to: .f64).sum().item()
      for (gradient, direction) in zip(gradients, directions) {
        slope += try (gradient * direction).cast(to: .f64).sum().item()
      }
      let step = 2e-3
      let numeric = try (value(step) - value(-step)) / (2 * step)
      #expect(abs(slope - numeric) <= 5e-3 * max(1, abs(numeric)), "\(name): \(slope), \(numeric)")
    }
  }

  private func model(_ seed: UInt64 = 2) throws -> GPT2 {
    var random = RandomStream(seed: seed)
    return try GPT2(
      GPT2.Settings(vocabulary: 40, context: 48, width: 16, blocks: 2, heads: 2), random: &random)
  }

  private func batch(_ examples: Int, time: Int = 40) throws -> Batch {
    var random = RandomStream(seed: 3)
    return try Batch(
      inputs: Tensor.integers([examples, time], from: 0, below: 40, &random),
      labels: Tensor.integers([examples, time], from: 0, below: 40, &random))
  }

  private let noise = NoiseKey.seeded(RandomKey(seed: 12))

  private func methods(_ examples: Int) throws -> [TrainingMethod] {
    [
      .plain,
      .private(
        try PrivateOptions(
          bound: 0.5, noiseMultiplier: 1, expectedBatch: Double(examples), noise: noise)),
      .microBatch(
        try MicroBatchOptions(
          microBatches: 3, bound: 0.5, noiseMultiplier: 1, expectedBatch: Double(examples),
          noise: noise, assignment: RandomKey(seed: 13))),
    ]
  }

  @Test func clippedSumsOfATiedModelAreExactOnTheFastWay() throws {
    let model = try model()
    let batch = try batch(6)
    let loss = try Loss.crossEntropy()
    var sums = try model.parameters.map { try Tensor.zeros($0.shape) }
    var clipped = 0
    var bound = 0.0
    var gradients: [[Tensor]] = []
    var norms: [Double] = []
    for example in 0..<batch.count {
      let one = try batch.slice(example..<(example + 1))
      let own = try Tape.gradients(
        of: loss.value(model, one).sum(), withRespectTo: model.parameters)
      gradients.append(own)
      var squared = 0.0
      for gradient in own { squared += try gradient.cast(to: .f64).square().sum().item() }
      norms.append(squared.squareRoot())
    }
    bound = norms.sorted()[3]
    for (own, norm) in zip(gradients, norms) {
      if norm > bound { clipped += 1 }
      for index in sums.indices {
        sums[index] = try sums[index] + own[index] * min(1, bound / norm)
      }
    }
    let step = try TrainingStep(
      model: model, loss: loss, optimizer: SGD(rate: 0),
      method: .private(
        PrivateOptions(bound: bound, noiseMultiplier: 0, expectedBatch: 6, noise: noise)),
      key: RandomKey(seed: 1))
    step.onNotice = { Issue.record("\($0)") }
    let result = try step.run(batch)
    #expect(!step.isExampleByExample && clipped > 0 && abs(result.clipped - clipped) <= 1)
    for index in sums.indices {
      try expectClose(
        step.sink.gradient(index), sums[index], "parameter \(index)", rtol: 3e-4, atol: 1e-6)
    }
  }

  @Test func threadsDoNotChangeABitOfTraining() throws {
    let before = Parallel.threads
    defer { Parallel.threads = before }
    for method in try methods(6) {
      var results: [[[Float]]] = []
      for threads in [1, 2, 3] {
        Parallel.threads = threads
        let model = try model()
        let step = try TrainingStep(
          model: model, loss: .crossEntropy(), optimizer: Adam(rate: 1e-2), method: method,
          key: RandomKey(seed: 1))
        for _ in 0..<3 { _ = try step.run(batch(6)) }
        results.append(try model.parameters.map { try $0.data.array(Float.self) })
      }
      #expect(results[0] == results[1] && results[0] == results[2])
    }
  }

  /// The gradient takes the place of the logits only where nobody else sees them.
  @Test func logitsThatSomeoneHoldsStayAsTheyAre() throws {
    let model = try model()
    let batch = try batch(2)
    let logits = try Tape.withRecording { try model.forward(batch.inputs) }
    let before = try logits.array(Float.self)
    let outside = try Loss.crossEntropy()(logits, batch.labels)
    #expect(try logits.array(Float.self) == before)
    let inside = try Loss.crossEntropy().value(model, batch)
    #expect(try outside.array(Float.self) == inside.array(Float.self))
    let first = try Tape.gradients(of: outside.sum(), withRespectTo: model.parameters)
    let second = try Tape.gradients(of: inside.sum(), withRespectTo: model.parameters)
    for (a, b) in zip(first, second) { #expect(try Tensor.identical(a, b)) }
    // A model that hands out what it keeps.
    let kept = try Tape.withRecording { try model.forward(batch.inputs) }
    let keeper = try FunctionLayer(children: [("model", model)]) { _ in kept }
    _ = try Loss.crossEntropy().value(keeper, batch)
    #expect(try kept.array(Float.self) == before)
  }

  /// A step without privacy takes the mean over all positions that count, as PyTorch's `cross_entropy` over a padded
  /// batch does, in one part or in several; not the mean of the texts' means.
  @Test(arguments: [8, 2, 1]) func longTextsWeighMore(physicalLimit: Int) throws {
    var batch = try batch(5)
    let labels = try batch.labels.contiguous()
    for (example, counted) in [40, 1, 0, 7, 20].enumerated() {
      for t in counted..<40 { labels.pointer(Int64.self)[example * 40 + t] = -100 }
    }
    batch.labels = labels
    let reference = try model()
    let mean = try Losses.crossEntropy(reference.forward(batch.inputs), batch.labels)
    let gradients = try Tape.gradients(of: mean, withRespectTo: reference.parameters)
    let trained = try model()
    let step = try TrainingStep(
      model: trained, loss: .crossEntropy(), optimizer: SGD(rate: 0.5), key: RandomKey(seed: 1),
      physicalLimit: physicalLimit)
    let result = try step.run(batch)
    #expect(abs(result.loss - (try mean.item())) < 1e-5)
    for (index, parameter) in trained.parameters.enumerated() {
      try expectClose(
        parameter.data, reference.parameters[index].data - gradients[index] * 0.5,
        "parameter \(index)", rtol: 1e-4, atol: 1e-6)
    }
    let evaluated = try Evaluation(reference, batch: 2).meanLoss(
      TensorSource(inputs: batch.inputs, labels: batch.labels), .crossEntropy())
    #expect(abs(evaluated - (try mean.item())) < 1e-5)
  }

  /// Whether the gradient was weighted before or after makes no difference but rounding.
  @Test func theHintOfTheStepIsOnlyAHint() throws {
    let model = try model()
    let batch = try batch(3)
    let loss = try Loss.crossEntropy()
    func gradients(hint: [Float]?, seed: Double) throws -> [Tensor] {
      try ForwardContext.training(RandomKey(seed: 1), lossWeights: hint) {
        let value = try loss.value(model, batch)
        return try Tape.gradients(
          of: value, withRespectTo: model.parameters, seed: .full(value.shape, seed))
      }
    }
    let expected = try gradients(hint: nil, seed: 0.25)
    for hint: [Float] in [[0.25, 0.25, 0.25], [3, 0.1, 0.25], [0, 1, 0.25]] {
      for (a, b) in zip(try gradients(hint: hint, seed: 0.25), expected) {
        try expectClose(a, b, "hint \(hint)", rtol: 1e-4, atol: 1e-7)
      }
    }
  }

  /// Micro-batches are clipped as if the gradient of each had been taken by itself, layer by layer, the table's too.
  @Test func clippedMicroBatchesOfATiedModelAreExact() throws {
    let model = try model()
    let batch = try batch(6, time: 12)
    let loss = try Loss.crossEntropy()
    let groups = [0, 2, 0, 1, 2, 2]
    let options = try MicroBatchOptions(
      microBatches: 3, bound: 0.2, noiseMultiplier: 0, expectedBatch: 6, noise: noise,
      assignment: RandomKey(seed: 4), scale: .dimension, grouping: .tensor)
    let step = try TrainingStep(
      model: model, loss: loss, optimizer: SGD(rate: 0), method: .microBatch(options),
      key: RandomKey(seed: 1))
    step.onNotice = { Issue.record("\($0)") }
    let bounds = step.layerBounds(.dimension, bound: 0.2)
    var sums = try model.parameters.map { try Tensor.zeros($0.shape) }
    var clipped = 0
    for group in 0..<3 {
      let members = groups.indices.filter { groups[$0] == group }
      let part = try Batch(
        inputs: batch.inputs.indexSelected(axis: 0, Tensor(ints: members)),
        labels: batch.labels.indexSelected(axis: 0, Tensor(ints: members)))
      let gradients = try Tape.gradients(
        // Two examples are expected in each.
        of: loss.value(model, part).sum() / 2, withRespectTo: model.parameters)
      for (index, gradient) in gradients.enumerated() {
        let norm = try gradient.cast(to: .f64).square().sum().item().squareRoot()
        if norm > bounds[index] { clipped += 1 }
        sums[index] = try sums[index] + gradient * min(1, bounds[index] / norm)
      }
    }
    let result = try step.microBatchStep(batch, options, assignment: groups)
    #expect(clipped > 0 && clipped < 3 * sums.count && abs(result.clipped - clipped) <= 1)
    for index in sums.indices {
      try expectClose(
        step.sink.gradient(index), sums[index], "parameter \(index)", rtol: 1e-3, atol: 1e-6)
    }
  }

  @Test func aSteadyStepAsksTheSystemForNothing() throws {
    for method in try methods(6) {
      let step = try TrainingStep(
        model: model(), loss: .crossEntropy(), optimizer: Adam(rate: 1e-3), method: method,
        key: RandomKey(seed: 1))
      let batch = try batch(6)
      // Micro-batches differ in size from step to step: their largest has to have occurred.
      for _ in 0..<20 { _ = try step.run(batch) }
      // Suites beside this one ask, too, but not all the time; a step that asked would do so every time.
      let isSteady = try (0..<20).contains { _ in
        let before = StoragePool.shared.allocationsFromSystem
        _ = try step.run(batch)
        return StoragePool.shared.allocationsFromSystem == before
      }
      #expect(isSteady)
    }
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
