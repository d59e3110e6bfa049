import Foundations
import Learning
import Tensors

/// Steps of training on one batch of random tokens or images: forward, mean cross-entropy, backward, Adam on all
/// parameters.
final class Training: Workload {
  private let step: TrainingStep
  private let batch: Batch
  private let parameterCount: Int
  private var loss = Double.nan

  /// `network` is one of the benchmark's cases, a_bilstm to g_padded, `mode` plain, dp or edp.
  init(network: String, mode: String) throws {
    var random = RandomStream(seed: 0)
    let (model, examples) = try Training.network(network, &random)
    batch = try Training.batch(network, examples, &random)
    parameterCount = model.parameterCount
    step = try TrainingStep(
      model: model, loss: .crossEntropy(), optimizer: Adam(rate: 1e-3),
      method: Training.method(mode, examples), key: RandomKey(seed: 1))
    _ = try run(1)
  }

  private static func network(_ name: String, _ random: inout RandomStream) throws -> (Layer, Int) {
    switch name {
    case "a_bilstm", "g_padded":
      return (
        try Sequential([
          Embedding(10_000, 128, random: &random),
          LSTM(128, 128, bidirectional: true, random: &random), Pooling(.mean),
          Linear(256, 150, random: &random),
        ]), name == "g_padded" ? 128 : 64
      )
    case "b_bagmlp":
      return (
        try Sequential([
          Embedding(10_000, 128, random: &random), Pooling(.mean),
          Linear(128, 256, random: &random), Activation(.relu),
          Linear(256, 150, random: &random),
        ]), 256
      )
    case "f_cnn":
      return (
        try Sequential([
          Convolution2D(1, 16, kernel: 8, stride: 2, padding: 3, random: &random),
          Activation(.relu), WindowPooling(.max, kernel: 2, stride: 1),
          Convolution2D(16, 32, kernel: 4, stride: 2, random: &random), Activation(.relu),
          WindowPooling(.max, kernel: 2, stride: 1), Activation(.flatten),
          Linear(512, 32, random: &random), Activation(.relu), Linear(32, 10, random: &random),
        ]), 256
      )
    case "c_transformer":
      let settings = try TransformerSettings(width: 256, heads: 4, inner: 1024)
      return (
        try Sequential([
          Embedding(10_000, 256, random: &random), PositionEmbedding(64, 256, random: &random),
          TransformerStack(4, settings, random: &random), LayerNormalization(256), Pooling(.mean),
          Linear(256, 150, random: &random),
        ]), 32
      )
    case "d_lm":
      return (
        try GPT2(
          .init(vocabulary: 8192, context: 128, width: 256, blocks: 4, heads: 4), random: &random),
        8
      )
    case "e_gpt2small": return (try GPT2(.init(vocabulary: 50_257), random: &random), 1)
    default: throw Unsupported(message: "unknown network: \(name)")
    }
  }

  private static func batch(_ network: String, _ examples: Int, _ random: inout RandomStream)
    throws -> Batch
  {
    if network == "f_cnn" {
      return try Batch(
        inputs: Tensor.uniform([examples, 1, 28, 28], low: 0, high: 1, &random),
        labels: Tensor.integers([examples], from: 0, below: 10, &random))
    }
    if network == "c_transformer" {
      return try Batch(
        inputs: Tensor.integers([examples, 64], from: 0, below: 10_000, &random),
        labels: Tensor.integers([examples], from: 0, below: 150, &random))
    }
    if network == "d_lm" || network == "e_gpt2small" {
      let vocabulary = network == "d_lm" ? 8192 : 50_257
      return try Batch(
        inputs: Tensor.integers([examples, 128], from: 0, below: vocabulary, &random),
        labels: Tensor.integers([examples, 128], from: 0, below: vocabulary, &random))
    }
    if network == "g_padded" {
      // Most texts are short and a few long, as utterances are; the longest come first, as training orders them.
      let lengths = (0..<examples).map { 3 + $0 * 29 % 64 * ($0 * 29 % 64) * ($0 * 29 % 64) / 5954 }
        .sorted(by: >)
      let tokens = lengths.flatMap { length in
        (0..<44).map { $0 < length ? 1 + random.integer(below: 9_999) : 0 }
      }
      return try Batch(
        inputs: Tensor(ints: tokens).reshaped([examples, 44]).with(
          lengths: Lengths(lengths.map(Int32.init))),
        labels: Tensor.integers([examples], from: 0, below: 150, &random))
    }
    return try Batch(
      inputs: Tensor.integers([examples, 20], from: 0, below: 10_000, &random),
      labels: Tensor.integers([examples], from: 0, below: 150, &random))
  }

  private static func method(_ mode: String, _ examples: Int) throws -> TrainingMethod {
    let expected = Double(examples)
    let noise = NoiseKey.seeded(RandomKey(seed: 2))
    switch mode {
    case "plain": return .plain
    case "dp":
      return .private(
        try PrivateOptions(bound: 1, noiseMultiplier: 1, expectedBatch: expected, noise: noise))
    case "edp":
      return .microBatch(
        try MicroBatchOptions(
          microBatches: 8, bound: 1, noiseMultiplier: 1, expectedBatch: expected, noise: noise,
          assignment: RandomKey(seed: 3)))
    default: throw Unsupported(message: "unknown mode: \(mode)")
    }
  }

  var facts: [(name: String, value: Double)] { [("parameters", Double(parameterCount))] }

  var check: Double { loss }

  func run(_ count: Int) throws -> [Double] {
    var seconds: [Double] = []
    seconds.reserveCapacity(count)
    for _ in 0..<count {
      let start = monotonicSeconds()
      loss = try step.run(batch).loss
      seconds.append(monotonicSeconds() - start)
    }
    return seconds
  }
}
