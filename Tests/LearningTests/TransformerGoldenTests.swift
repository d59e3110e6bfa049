import Foundation
import Foundations
import Tensors
import TestSupport
import Testing

@testable import Learning

/// Attention, blocks and small models have the values, gradients and gradients per example of PyTorch and
/// `transformers`.
@Suite struct TransformerGoldenTests {
  private func lengths(_ test: Golden.Case, _ name: String = "lengths") throws -> Lengths? {
    try test.inputs[name].map { Lengths(try $0.array(Int64.self).map { Int32($0) }) }
  }

  private func integer(_ test: Golden.Case, _ option: String) throws -> Int {
    Int(try #require(test.number(option)))
  }

  @Test func attentionEqualsPyTorch() throws {
    var tested = 0
    for test in try Golden.cases("transformer_layers.json") {
      guard let kind = test.text("layer"), kind.hasSuffix("attention") else { continue }
      let heads = try integer(test, "heads")
      let x = try Tape.variable(try #require(test.inputs["x"]))
      let memory = try test.inputs["memory"].map { try Tape.variable($0) }
      let padding = try lengths(test)
      func output() throws -> Tensor {
        if let memory {
          return try Attention.crossAttention(x, memory.with(lengths: padding), heads: heads)
        }
        return try Attention.selfAttention(
          x.with(lengths: padding), heads: heads, isCausal: test.flag("causal"))
      }
      try expectClose(output(), try #require(test.outputs["output"]), test.name)
      let scalar = try (output() * #require(test.cotangents["output"])).sum()
      let found = try Tape.gradients(of: scalar, withRespectTo: [x] + (memory.map { [$0] } ?? []))
      try expectClose(found[0], try #require(test.gradients["x"]), "\(test.name): x")
      if memory != nil {
        try expectClose(found[1], try #require(test.gradients["memory"]), "\(test.name): memory")
      }
      tested += 1
    }
    #expect(tested == 14)
  }

  private func block(_ test: Golden.Case) throws -> TransformerBlock {
    var random = RandomStream(seed: 1)
    let activation = try #require(
      TransformerSettings.Activation(rawValue: test.text("activation") ?? ""))
    let settings = try TransformerSettings(
      width: 6, heads: integer(test, "heads"), inner: 8, isPreNorm: test.flag("pre"),
      isCausal: test.flag("causal"), activation: activation)
    return try TransformerBlock(
      settings, hasMemory: test.inputs["memory"] != nil, random: &random)
  }

  @Test func blocksEqualPyTorch() throws {
    var tested = 0
    for test in try Golden.cases("transformer_layers.json") {
      guard test.text("layer") == "block" || test.text("layer") == "positions" else { continue }
      var random = RandomStream(seed: 1)
      let layer: Layer =
        test.text("layer") == "block"
        ? try block(test) : try PositionEmbedding(6, 4, random: &random)
      try layer.load(test.parameters.map { ($0, $1) })
      let x = try Tape.variable(try #require(test.inputs["x"])).with(lengths: lengths(test))
      let memory = try test.inputs["memory"].map {
        try Tape.variable($0).with(lengths: lengths(test, "memory_lengths"))
      }
      func scalar() throws -> Tensor {
        let output =
          try (layer as? TransformerBlock)?.forward(x, memory: memory) ?? layer.forward(x)
        try expectClose(output, try #require(test.outputs["output"]), test.name)
        return try (output * #require(test.cotangents["output"])).sum()
      }
      let inputs = [x] + (memory.map { [$0] } ?? [])
      for (name, found) in zip(
        ["x", "memory"], try Tape.gradients(of: scalar(), withRespectTo: inputs))
      {
        try expectClose(found, try #require(test.gradients[name]), "\(test.name): \(name)")
      }
      try check(layer, test, scalar)
      tested += 1
    }
    #expect(tested == 6)
  }

  /// Gradients of all parameters, those of each example, and their norms, of parameters with several uses too.
  private func check(_ model: Layer, _ test: Golden.Case, _ scalar: () throws -> Tensor) throws {
    let named = model.namedParameters
    let gradients = try Tape.gradients(of: scalar(), withRespectTo: named.map(\.parameter))
    for ((name, _), gradient) in zip(named, gradients) {
      try expectClose(
        gradient, try #require(test.gradients[name]), "\(test.name): gradient of \(name)",
        rtol: 2e-4, atol: 2e-5)
    }
    let capture = try Tape.capture(scalar())
    #expect(capture.unruled.isEmpty)
    let count = try #require(capture.rules.first).exampleCount
    var expected = [Double](repeating: 0, count: count)
    for (name, parameter) in named {
      var sum: Tensor?
      for rule in capture.rules {
        for (index, one) in rule.parameters.enumerated() where one == parameter {
          let part = try rule.perExample(index)
          sum = try sum.map { try $0 + part } ?? part
        }
      }
      let golden = try #require(test.perExample[name])
      try expectClose(
        try #require(sum), golden, "\(test.name): \(name) per example", rtol: 2e-4, atol: 2e-5)
      let squares = try golden.cast(to: .f64).square().reshaped([count, parameter.count])
        .sum(axes: [1]).array(Double.self)
      for example in 0..<count { expected[example] += squares[example] }
    }
    let step = try TrainingStep(
      model: model, loss: .crossEntropy(), optimizer: SGD(rate: 0), key: RandomKey(seed: 1))
    let norms = try step.squaredNorms(capture.rules, count, for: nil).array(Float.self)
    for example in 0..<count {
      #expect(
        abs(Double(norms[example]) - expected[example]) <= 2e-4 * expected[example],
        "\(test.name): norm of example \(example)")
    }
  }

  private func gpt2(_ test: Golden.Case) throws -> GPT2 {
    var random = RandomStream(seed: 1)
    let model = try GPT2(
      GPT2.Settings(
        vocabulary: integer(test, "vocabulary"), context: integer(test, "context"),
        width: integer(test, "width"), blocks: integer(test, "blocks"),
        heads: integer(test, "heads")), random: &random)
    try model.load(test.parameters.map { ($0, $1) })
    return model
  }

  @Test func modelsEqualTransformers() throws {
    for test in try Golden.cases("transformer_models.json") {
      var random = RandomStream(seed: 1)
      switch test.text("model") {
      case "gpt2":
        let model = try gpt2(test)
        let tokens = try #require(test.inputs["tokens"])
        let labels = try #require(test.inputs["labels"])
        try expectClose(model.forward(tokens), try #require(test.outputs["logits"]), test.name)
        try check(model, test) {
          let losses = try Loss.crossEntropy().value(model, Batch(inputs: tokens, labels: labels))
          try expectClose(losses, try #require(test.outputs["losses"]), test.name)
          return try (losses * #require(test.cotangents["losses"])).sum()
        }
      case "bert":
        let settings = BERT.Settings(
          vocabulary: 19, context: 7, width: 8, blocks: 2, heads: 2, inner: 12,
          types: try integer(test, "types"), hasPooler: test.flag("pooler"))
        let model = try BERT(settings, random: &random)
        try model.load(test.parameters.map { ($0, $1) })
        let tokens = try #require(test.inputs["tokens"]).with(lengths: lengths(test))
        try check(model, test) {
          let hidden = try model.forward(tokens, types: test.inputs["types"])
          try expectClose(hidden, try #require(test.outputs["hidden"]), test.name)
          let total = try (hidden * #require(test.cotangents["hidden"])).sum()
          guard test.flag("pooler") else { return total }
          let pooled = try model.pooled(hidden)
          try expectClose(pooled, try #require(test.outputs["pooled"]), test.name)
          return try total + (pooled * #require(test.cotangents["pooled"])).sum()
        }
      case "encoder_decoder":
        let model = try EncoderDecoder(
          vocabulary: 11, context: 6, encoderBlocks: 1, decoderBlocks: 1,
          TransformerSettings(width: 6, heads: 2, inner: 8), random: &random)
        try model.load(test.parameters.map { ($0, $1) })
        let source = try #require(test.inputs["source"]).with(lengths: lengths(test))
        let target = try #require(test.inputs["target"])
        let logits = try model.forward(source: source, target: target)
        try expectClose(logits, try #require(test.outputs["logits"]), test.name)
        try check(model, test) {
          let logits = try model.forward(source: source, target: target)
          let losses = try Loss.crossEntropy()(logits, try #require(test.inputs["labels"]))
          return try (losses * #require(test.cotangents["losses"])).sum()
        }
      case "training":
        try checkTraining(test)
      case let other: Issue.record("unknown model \(other ?? "?")")
      }
    }
  }

  /// Ten steps of AdamW, the step of the training loop.
  private func checkTraining(_ test: Golden.Case) throws {
    let model = try gpt2(test)
    let step = try TrainingStep(
      model: model, loss: .crossEntropy(),
      optimizer: Adam.decoupled(
        rate: try #require(test.number("rate")), weightDecay: try #require(test.number("decay"))),
      key: RandomKey(seed: 1))
    let tokens = try #require(test.inputs["tokens"])
    let expected = try #require(test.outputs["losses"]).array(Float.self)
    for (number, loss) in expected.enumerated() {
      let batch = try tokens.selected(axis: 0, index: number)
      let result = try step.run(
        Batch(
          inputs: batch.sliced(axis: 1, from: 0, to: 8).contiguous(),
          labels: batch.sliced(axis: 1, from: 1, to: 9).contiguous()))
      #expect(abs(result.loss - Double(loss)) <= 1e-4, "loss of step \(number)")
    }
    try expectClose(
      model.tokens.weight.data, try #require(test.outputs["tokens.weight"]), "table after training",
      rtol: 1e-3, atol: 1e-4)
  }
}
