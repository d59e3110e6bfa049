import Foundations
import Synchronization
import Testing

@testable import Learning
@testable import Tensors

/// A forward pass and a step of training can be stopped anywhere, and leave the model as it was between two steps.
@Suite struct TrainingCancellationTests {
  /// Every layer whose forward pass takes long asks within it, whatever the number of threads.
  @Test(arguments: [
    "linear", "lstm", "one long lstm", "gru", "convolution", "pooling", "attention", "embedding",
    "normalization", "dropout", "crf loss", "crf decode", "crf marginals", "gpt2",
  ])
  func theForwardPassStops(_ name: String) throws {
    var random = RandomStream(seed: 1)
    let x = try Tensor.ones([64, 256, 16])
    let field = try CRF(16, random: &random)
    let pass: () throws -> Void
    switch name {
    case "linear":
      let layer = try Linear(16, 256, random: &random)
      pass = { _ = try layer.forward(x) }
    case "lstm", "one long lstm":
      let layer = try LSTM(16, 16, random: &random)
      let x = name == "lstm" ? x : try Tensor.ones([1, 4000, 16])
      pass = { _ = try layer.forward(x) }
    case "gru":
      let layer = try GRU(16, 16, random: &random)
      pass = { _ = try layer.forward(x) }
    case "convolution":
      let layer = try Convolution2D(4, 4, kernel: 3, random: &random)
      let x = try Tensor.ones([4, 4, 128, 128])
      pass = { _ = try layer.forward(x) }
    case "pooling":
      let x = try Tensor.ones([64, 1000, 64])
      pass = { _ = try Pooling(.max).forward(x) }
    case "attention":
      let layer = try SelfAttention(16, heads: 4, isCausal: false, random: &random)
      pass = { _ = try layer.forward(x) }
    case "embedding":
      let layer = try Embedding(50, 64, random: &random)
      let tokens = try Tensor.zeros([64, 256], .i64)
      pass = { _ = try layer.forward(tokens) }
    case "normalization":
      let layer = try LayerNormalization(16)
      pass = { _ = try layer.forward(x) }
    case "dropout":
      let layer = try Dropout(0.5)
      pass = {
        _ = try ForwardContext.training(RandomKey(seed: 1)) { try layer.forward(x) }
      }
    case "crf loss":
      let tags = try Tensor.zeros([64, 256], .i64)
      pass = { _ = try field.negativeLogLikelihood(x, tags) }
    case "crf decode": pass = { _ = try field.decode(x) }
    case "crf marginals": pass = { _ = try field.marginals(x) }
    default:
      let model = try GPT2(
        .init(vocabulary: 40, context: 64, width: 16, blocks: 2, heads: 2), random: &random)
      let tokens = try Tensor.zeros([8, 64], .i64)
      pass = { _ = try model.forward(tokens) }
    }
    for isSerial in [true, false] {
      let run = { try Cancellation.when({ true }) { try Cancellation.abandonable(pass) } }
      #expect(throws: DomainError(.interrupt, "interrupted")) {
        if isSerial { try Parallel.serially(run) } else { try run() }
      }
    }
    // It was not the input.
    try pass()
  }

  /// Wherever a run is stopped, the model is that of the steps which its history tells of.
  @Test(arguments: ["plain", "bound", "private", "micro-batches"])
  func theModelIsAtAStepsEnd(_ kind: String) throws {
    let method: TrainingMethod
    switch kind {
    case "private":
      method = .private(
        try PrivateOptions(
          bound: 1, noiseMultiplier: 1, expectedBatch: 64, noise: .seeded(RandomKey(seed: 3))))
    case "micro-batches":
      method = .microBatch(
        try MicroBatchOptions(
          microBatches: 4, bound: 1, noiseMultiplier: 1, expectedBatch: 64,
          noise: .seeded(RandomKey(seed: 3)), assignment: RandomKey(seed: 4)))
    default: method = .plain
    }
    /// The run's steps and the model's numbers; stopped when it has asked often enough.
    func train(steps: Int, stopAfter: Int) throws -> (steps: Int, numbers: [[Float]], asked: Int) {
      var random = RandomStream(seed: 1)
      let model = try Sequential([
        Embedding(40, 64, random: &random), Pooling(.mean), Linear(64, 300, random: &random),
        Activation(.tanh), Linear(300, 3, random: &random),
      ])
      let tokens = try Tensor.integers([128, 40], from: 0, below: 40, &random)
      let labels = try Tensor.integers([128], from: 0, below: 3, &random)
      let source = try TensorSource(inputs: tokens, labels: labels)
      guard steps > 0 else {
        return (0, try model.parameters.map { try $0.data.array(Float.self) }, 0)
      }
      let plan = try SamplingPlan(
        examples: 128, batch: 64, steps: steps, sampling: method.isPrivate ? .poisson : .shuffled)
      let trainer = try Trainer(
        model: model, loss: .crossEntropy(), optimizer: Adam(rate: 0.01), method: method,
        options: TrainingOptions(
          plan: plan, key: RandomKey(seed: 7), gradientBound: kind == "bound" ? 100 : nil))
      let asked = Mutex<Int>.Box(0)
      let isAsked: @Sendable () -> Bool = {
        asked.mutex.withLock {
          $0 += 1
          return $0 > stopAfter
        }
      }
      var callbacks = TrainingCallbacks()
      callbacks.shouldStop = { asked.mutex.withLock { $0 > stopAfter } }
      let history = try Cancellation.when(isAsked) { try trainer.run(source, callbacks) }
      return (
        history.steps, try model.parameters.map { try $0.data.array(Float.self) },
        asked.mutex.withLock { $0 }
      )
    }
    let whole = try train(steps: 4, stopAfter: .max)
    #expect(whole.steps == 4 && whole.asked > 40)
    let ends = try (0...4).map { try train(steps: $0, stopAfter: .max).numbers }
    var counts: Set<Int> = []
    for count in stride(from: 0, to: whole.asked, by: max(1, whole.asked / 25)) {
      let stopped = try train(steps: 4, stopAfter: count)
      #expect(stopped.numbers == ends[stopped.steps], "after \(count) questions")
      counts.insert(stopped.steps)
    }
    #expect(counts.isSuperset(of: 0...3), "\(counts)")
  }
}
