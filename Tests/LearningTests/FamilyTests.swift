import Foundation
import Foundations
import Tensors
import TestSupport
import Testing

@testable import Learning

/// Every family and head against transformers (Scripts/oracles/families.py).
struct FamilyTests {
  private struct Goldens: Decodable {
    let tokens: [[Int]]
    let lengths: [Int32]
    let models: [Golden]
  }

  private struct Golden: Decodable {
    let name: String
    let head: String
    /// As transformers wrote it.
    let config: String
    let tensors: [String: [Int]]
    let shape: [Int]
    let outputs: [Double]
    let greedy: [Int32]?
    let losses: [Double]?
  }

  private static let data: Data = {
    (try? Data(contentsOf: URL(filePath: CheckpointFiles.golden("../families.json")))) ?? Data()
  }()
  private static let goldens = try? JSONDecoder().decode(Goldens.self, from: data)

  /// The numbers of a tensor, as the script makes them.
  private static func fill(_ name: String, _ shape: [Int]) throws -> Tensor {
    var hash: UInt32 = 2_166_136_261
    for byte in name.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    let isScale = shape.count == 1 && name.hasSuffix("weight")
    let count = shape.reduce(1, *)
    return try Tensor(
      (0..<count).map { i in
        var x = UInt32(truncatingIfNeeded: i) &* 2_654_435_761 &+ hash
        x ^= x >> 15
        x = x &* 2_246_822_519
        x ^= x >> 13
        let unit = Float(Double(x) / 4_294_967_296 - 0.5)
        return isScale ? 1 + 0.2 * unit : 0.4 * unit
      }, shape: Shape(checking: shape))
  }

  /// A folder with a model's configuration and weights.
  private static func write(_ golden: Golden, to folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try CheckpointFiles.write(golden.config, to: folder + "/config.json")
    try SafeTensors.write(
      try golden.tensors.sorted { $0.key < $1.key }.map { ($0.key, try fill($0.key, $0.value)) },
      metadata: [("format", "pt")], to: folder + "/model.safetensors")
  }

  private static func inputs(_ goldens: Goldens, _ head: String) throws -> Tensor {
    let (rows, time) = (goldens.tokens.count, goldens.tokens[0].count)
    let lengths = Lengths(goldens.lengths)
    guard head == "ForMultipleChoice" else {
      return try Tensor(goldens.tokens.flatMap { $0 }.map { Int64($0) }, shape: [rows, time])
        .with(lengths: lengths)
    }
    let numbers: [Int64] = goldens.tokens.flatMap { row in
      (row + [5] + row.dropFirst()).map { Int64($0) }
    }
    return try Tensor(numbers, shape: [rows, 2, time]).with(lengths: lengths)
  }

  /// Which of the outputs stand for real positions.
  private static func isReal(_ place: Int, _ golden: Golden, _ goldens: Goldens) -> Bool {
    guard golden.shape.count == 3 else { return true }
    let row = place / golden.shape[2]
    return row % golden.shape[1] < Int(goldens.lengths[row / golden.shape[1]])
  }

  @Test func outputsTextsAndLossesAreThoseOfTransformers() throws {
    let goldens = try #require(Self.goldens)
    #expect(goldens.models.count >= 90)
    let root = NSTemporaryDirectory() + "families-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: root) }
    for golden in goldens.models {
      let label = "\(golden.name)-\(golden.head)"
      let folder = root + "/" + label
      try Self.write(golden, to: folder)
      do {
        let loaded = try PretrainedModel.load(folder, dropout: 0)
        let model = loaded.layer
        let input = try Self.inputs(goldens, golden.head)
        let y = try ForwardContext.evaluation { try model.forward(input) }
        #expect(Array(y.shape) == golden.shape, "\(label)")
        let found = try y.detached.contiguous().array(Float.self)
        var worst = 0.0
        for (place, wanted) in golden.outputs.enumerated()
        where found.indices.contains(place) && Self.isReal(place, golden, goldens) {
          worst = max(worst, abs(Double(found[place]) - wanted))
        }
        #expect(worst < 1e-4, "\(label): outputs differ by \(worst)")
        if let greedy = golden.greedy {
          let language = try #require(model as? any LanguageModel)
          let options = GenerationOptions(
            maximumNewTokens: 8, minimumNewTokens: 8, stopTokens: [2])
          let text = try Generation.run(
            language.decoder(), prompts: [goldens.tokens[0].prefix(4).map(Int32.init)],
            options: options, key: RandomKey(seed: 0))
          #expect(text[0].tokens == greedy, "\(label)")
        }
        try PretrainedModel.save(
          model, to: root + "/again/" + label, tokens: loaded.tokens, types: loaded.types)
        let again = try PretrainedModel.load(root + "/again/" + label, dropout: 0)
        let z = try ForwardContext.evaluation { try again.layer.forward(input) }
        #expect(try z.detached.array(Float.self) == found, "\(label): saved and loaded")
        if let losses = golden.losses {
          try Self.train(model, input, golden, goldens, losses, label)
        }
      } catch {
        Issue.record("\(label): \(error)")
      }
    }
    if let folder = ProcessInfo.processInfo.environment["FAIRLEAD_KEEP_FAMILIES"] {
      try FileManager.default.copyItem(atPath: root + "/again", toPath: folder)
    }
  }

  /// Ten steps of gradient descent on the mean of (output - 0.3)² at real positions.
  private static func train(
    _ model: Layer, _ input: Tensor, _ golden: Golden, _ goldens: Goldens, _ wanted: [Double],
    _ label: String
  ) throws {
    let weights = (0..<golden.shape.reduce(1, *)).map { isReal($0, golden, goldens) ? Float(1) : 0 }
    let total = Double(weights.reduce(0, +))
    let mask = try Tensor(weights, shape: Shape(checking: golden.shape))
    for (step, loss) in wanted.enumerated() {
      let layout = ParameterLayout(model.parameters)
      let sink = try GradientSink(layout.parameters)
      sink.begin()
      let difference = try model.forward(input).with(lengths: nil) - 0.3
      let value = try (difference * difference * mask).sum() / total
      try Tape.backward(value, into: sink)
      let found = Double(try value.detached.array(Float.self)[0])
      #expect(abs(found - loss) < 1e-4 * max(1, loss), "\(label), step \(step): \(found), \(loss)")
      for (index, parameter) in layout.parameters.enumerated() {
        let gradient = try sink.gradient(index)
        try parameter.set(parameter.data - gradient * 0.05)
      }
    }
  }

  /// A private step's sum of clipped gradients is that of single examples, for every family: classes, and tokens where
  /// the table scores.
  @Test func clippedSumsAreThoseOfSingleExamples() throws {
    let goldens = try #require(Self.goldens)
    let heads = ["ForSequenceClassification", "ForCausalLM", "ForMaskedLM"]
    for golden in goldens.models where heads.contains(golden.head) {
      let label = "\(golden.name)-\(golden.head)"
      try CheckpointFiles.inFolder { folder in
        try Self.write(golden, to: folder)
        let model = try PretrainedModel.load(folder, dropout: 0).layer
        let input = try Self.inputs(goldens, golden.head)
        let labels =
          golden.shape.count == 3
          ? try Tensor(goldens.tokens.flatMap { $0 }.map { Int64($0) }, shape: input.shape)
          : try Tensor([0, 2, 1] as [Int64], shape: [3])
        let batch = try Batch(inputs: input, labels: labels)
        let loss = try Loss.crossEntropy()
        let parameters = model.parameters
        var sums = try parameters.map { try Tensor.zeros($0.shape) }
        for example in 0..<batch.count {
          let one = try batch.slice(example..<(example + 1))
          let gradients = try Tape.gradients(
            of: loss(model.forward(one.inputs), one.labels).sum(), withRespectTo: parameters)
          var squared = 0.0
          for gradient in gradients { squared += try gradient.cast(to: .f64).square().sum().item() }
          let weight = min(1, 0.5 / squared.squareRoot())
          for index in sums.indices { sums[index] = try sums[index] + gradients[index] * weight }
        }
        let step = try TrainingStep(
          model: model, loss: loss, optimizer: SGD(rate: 0),
          method: .private(
            PrivateOptions(
              bound: 0.5, noiseMultiplier: 0, expectedBatch: 3,
              noise: NoiseKey.seeded(RandomKey(seed: 1)))),
          key: RandomKey(seed: 2))
        _ = try step.run(batch)
        #expect(!step.isExampleByExample, "\(label)")
        for index in sums.indices {
          try expectClose(
            step.sink.gradient(index), sums[index], "\(label), parameter \(index)", rtol: 1e-3,
            atol: 1e-5)
        }
      }
    }
  }

  /// Settings that no model can have, or that are not supported, are refused by what they say.
  @Test func malformedFoldersAreRefused() throws {
    let llama = try #require(Self.goldens?.models.first { $0.name == "llama" })
    let cases: [(settings: [String: Any], part: String)] = [
      (["hidden_act": "mish"], "`hidden_act` \"mish\""),
      (["num_attention_heads": 0], "`num_attention_heads` must be an integer from 1"),
      (["num_key_value_heads": 3], "cannot share 3 heads"),
      (["num_key_value_heads": 2_147_483_647], "cannot share"),
      (["num_hidden_layers": 2_147_483_647], "1 to 1000 blocks"),
      (["num_hidden_layers": 900], "speaks of a model"),
      (["num_hidden_layers": 3], "lacks `layers.2."),
      (["head_dim": 7], "7 numbers"), (["head_dim": 2_147_483_646], "too wide"),
      (["intermediate_size": 25], "has shape [24, 16]"),
      (["intermediate_size": 2_147_483_647], "speaks of a model"),
      (["vocab_size": 30], "has shape [29, 16]"), (["rms_norm_eps": -1], "`rms_norm_eps`"),
      (["rope_parameters": ["rope_type": "yarn", "factor": 2]], "\"yarn\""),
      (["rope_parameters": ["rope_type": "llama3", "factor": 8]], "`low_freq_factor`"),
      (["rope_parameters": ["rope_type": "default", "rope_theta": -1]], "`rope_theta`"),
      (
        ["rope_parameters": ["rope_type": "default", "partial_rotary_factor": 0.01]],
        "not 0 of them"
      ),
      (["architectures": ["LlamaForVision"]], "LlamaForVision"),
      (["quantization_config": ["bits": 4]], "`quantization_config`"),
      (["model_type": "mamba"], "a state-space or recurrent model"),
      (["model_type": "llava"], "a model of images"), (["model_type": "new"], "type \"new\""),
      (["tie_word_embeddings": true], "is not the token embedding"),
    ]
    for (settings, part) in cases {
      try CheckpointFiles.inFolder { folder in
        try Self.write(llama, to: folder)
        var config = try #require(
          JSONSerialization.jsonObject(with: Data(llama.config.utf8)) as? [String: Any])
        for (name, value) in settings { config[name] = value }
        try JSONSerialization.data(withJSONObject: config)
          .write(to: URL(filePath: folder + "/config.json"))
        let found = failure { _ = try PretrainedModel.load(folder) }?.message ?? "no error"
        #expect(found.contains(part), "\(settings): \(found)")
      }
    }
    // A body in a folder that speaks of a head.
    let body = try #require(
      Self.goldens?.models.first { $0.name == "roberta" && $0.head == "Model" })
    try CheckpointFiles.inFolder { folder in
      try Self.write(body, to: folder)
      try CheckpointFiles.write(
        body.config.replacing("RobertaModel", with: "RobertaForSequenceClassification"),
        to: folder + "/config.json")
      let loaded = try PretrainedModel.load(folder)
      #expect(loaded.missingHead == "sequence_classification")
      #expect((loaded.layer as? Network)?.head == nil)
    }
  }
}
