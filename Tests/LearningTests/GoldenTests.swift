import Foundations
import Learning
import Tensors
import TestSupport
import Testing

/// Layers, losses and networks have PyTorch's values, gradients and gradients per example.
@Suite struct GoldenTests {
  @Test func layersEqualPyTorch() throws {
    var tested = 0
    let cases = try Golden.cases("learning_layers.json") + Golden.cases("more_layers.json")
    for test in cases where test.text("layer") != nil {
      var random = RandomStream(seed: 1)
      let input = try #require(test.inputs["x"] ?? test.inputs["tokens"])
      let layer: Layer
      switch test.text("layer") {
      case "linear": layer = try Linear(4, 3, bias: test.flag("bias"), random: &random)
      case "embedding":
        layer = try Embedding(
          7, 3, paddingIndex: test.number("padding_index").map { Int($0) }, random: &random)
      case "lstm":
        layer = try LSTM(3, 4, bidirectional: test.flag("bidirectional"), random: &random)
      case "gru":
        layer = try GRU(3, 4, bidirectional: test.flag("bidirectional"), random: &random)
      case "conv1d", "conv2d": layer = try Self.convolution(test, &random)
      case "max_pool2d", "avg_pool2d", "max_pool1d", "avg_pool1d": layer = try Self.pooling(test)
      case "cnn":
        layer = try Sequential([
          Convolution2D(1, 4, kernel: 4, stride: 2, padding: 1, random: &random),
          Activation(.relu), WindowPooling(.max, kernel: 2, stride: 1),
          Convolution2D(4, 5, kernel: 2, stride: 2, random: &random), Activation(.relu),
          WindowPooling(.max, kernel: 2, stride: 1), Activation(.flatten),
          Linear(5, 6, random: &random), Activation(.relu), Linear(6, 3, random: &random),
        ])
      case "layer_norm": layer = try LayerNormalization(6, epsilon: 1e-5)
      case "mean": layer = Pooling(.mean)
      case "max": layer = Pooling(.max)
      case let other:
        Issue.record("unknown layer \(other ?? "?")")
        continue
      }
      try layer.load(test.parameters.map { ($0, $1) })
      try check(test, layer, input)
      tested += 1
    }
    #expect(tested >= 41)
  }

  private static func convolution(_ test: Golden.Case, _ random: inout RandomStream) throws -> Layer
  {
    let inputs = Int(try #require(test.number("inputs")))
    let outputs = Int(try #require(test.number("outputs")))
    let groups = test.number("groups").map { Int($0) } ?? 1
    let bias = test.number("bias") == nil || test.flag("bias")
    if test.text("layer") == "conv1d" {
      func size(_ option: String, _ missing: Int) -> Int { test.sizes(option)?[0] ?? missing }
      return try Convolution1D(
        inputs, outputs, kernel: size("kernel", 1), stride: size("stride", 1),
        padding: size("padding", 0), dilation: size("dilation", 1), groups: groups, bias: bias,
        random: &random)
    }
    return try Convolution2D(
      inputs, outputs, kernel: test.plane("kernel") ?? 1, stride: test.plane("stride") ?? 1,
      padding: test.plane("padding") ?? 0, dilation: test.plane("dilation") ?? 1, groups: groups,
      bias: bias, random: &random)
  }

  private static func pooling(_ test: Golden.Case) throws -> Layer {
    let kind = try #require(test.text("layer"))
    let pooling: Pooling.Kind = kind.hasPrefix("max") ? .max : .mean
    let counts = test.number("count_include_pad") == nil || test.flag("count_include_pad")
    if kind.hasSuffix("1d") {
      return try WindowPooling(
        pooling, overTime: try #require(test.sizes("kernel_size"))[0],
        stride: test.sizes("stride")?[0], padding: test.sizes("padding")?[0] ?? 0,
        dilation: test.sizes("dilation")?[0] ?? 1, countsPadding: counts)
    }
    return try WindowPooling(
      pooling, kernel: try #require(test.plane("kernel_size")), stride: test.plane("stride"),
      padding: test.plane("padding") ?? 0, dilation: test.plane("dilation") ?? 1,
      countsPadding: counts)
  }

  @Test func pairsEqualPyTorch() throws {
    var tested = 0
    for test in try Golden.cases("more_layers.json") where test.text("pair") != nil {
      let p = try Tape.variable(try #require(test.inputs["p"]))
      let q = try Tape.variable(try #require(test.inputs["q"]))
      func loss(_ p: Tensor, _ q: Tensor) throws -> Tensor {
        if test.text("pair") == "cosine" {
          return try Losses.cosineEmbedding(
            p, q, targets: test.inputs["targets"], margin: test.number("margin") ?? 0)
        }
        return try Losses.divergence(
          of: p, from: q, temperature: try #require(test.number("temperature")))
      }
      let seed = try #require(test.cotangents["output"])
      try expectClose(loss(p, q), try #require(test.outputs["output"]), test.name)
      // Together and one at a time: other kernels.
      let both = try Tape.gradients(of: loss(p, q), withRespectTo: [p, q], seed: seed)
      let left = try Tape.gradients(of: loss(p, q.detached), withRespectTo: [p], seed: seed)[0]
      let right = try Tape.gradients(of: loss(p.detached, q), withRespectTo: [q], seed: seed)[0]
      for (name, found) in [("p", both[0]), ("q", both[1]), ("p", left), ("q", right)] {
        try expectClose(
          found, try #require(test.gradients[name]), "\(test.name): \(name)", atol: 2e-5)
      }
      tested += 1
    }
    #expect(tested == 5)
  }

  @Test func schedulesEqualTransformers() throws {
    var tested = 0
    for test in try Golden.cases("more_layers.json") {
      guard let name = test.text("schedule") else { continue }
      let decay: LearningRateSchedule.Decay =
        switch name {
        case "constant": .constant
        case "linear": .linear
        case "cosine": .cosine(cycles: Int(try #require(test.number("cycles"))))
        default: .inverseSquareRoot
        }
      let schedule = try LearningRateSchedule(
        decay, steps: 20, warmup: Int(try #require(test.number("warmup"))))
      let expected = try #require(test.outputs["factors"]).array(Float.self)
      for (step, factor) in expected.enumerated() {
        #expect(abs(schedule.factor(step: step) - Double(factor)) < 1e-6, "\(test.name) \(step)")
      }
      tested += 1
    }
    #expect(tested == 7)
    let floored = try LearningRateSchedule(.linear, steps: 10, floor: 0.1)
    #expect(floored.factor(step: 10) == 0.1 && floored.factor(step: 50) == 0.1)
    #expect(floored.factor(step: 0) == 1)
    #expect(throws: DomainError.self) { try LearningRateSchedule(.linear, steps: 3, warmup: 4) }
    #expect(throws: DomainError.self) { try LearningRateSchedule(.linear, steps: 3, floor: 2) }
    #expect(throws: DomainError.self) { try LearningRateSchedule(.cosine(cycles: 0), steps: 3) }
  }

  private func check(_ test: Golden.Case, _ layer: Layer, _ input: Tensor) throws {
    let leaf =
      (input.dtype == .f32 ? try Tape.variable(input) : input).with(lengths: try test.lengths)
    var outputs: [String: Tensor] = [:]
    if let lstm = layer as? LSTM {
      let states = try lstm.forwardWithStates(leaf)
      outputs = ["output": states.output, "hidden": states.hidden, "cell": states.cell]
      try expectClose(lstm.forward(leaf), states.output, "\(test.name): output without states")
    } else if let gru = layer as? GRU {
      let states = try gru.forwardWithStates(leaf)
      outputs = ["output": states.output, "hidden": states.hidden]
      try expectClose(gru.forward(leaf), states.output, "\(test.name): output without states")
    } else {
      outputs["output"] = try layer.forward(leaf)
    }
    // Where all inputs nearly agree, f32 keeps few digits of what sets them apart.
    let rtol = test.name.contains("nearly") ? 2e-3 : 1e-4
    for (name, expected) in test.outputs {
      try expectClose(
        try #require(outputs[name]), expected, "\(test.name): \(name)", rtol: rtol)
    }
    func scalar() throws -> Tensor {
      var total = try Tensor.scalar(0)
      var outputs: [String: Tensor] = [:]
      if let lstm = layer as? LSTM {
        let states = try lstm.forwardWithStates(leaf)
        outputs = ["output": states.output, "hidden": states.hidden, "cell": states.cell]
      } else if let gru = layer as? GRU {
        let states = try gru.forwardWithStates(leaf)
        outputs = ["output": states.output, "hidden": states.hidden]
      } else {
        outputs["output"] = try layer.forward(leaf)
      }
      for (name, cotangent) in test.cotangents {
        total = try total + (try #require(outputs[name]) * cotangent).sum()
      }
      return total
    }
    if let expected = test.gradients["x"] {
      try expectClose(
        Tape.gradients(of: scalar(), withRespectTo: [leaf])[0], expected,
        "\(test.name): gradient of x")
    }
    let named = layer.namedParameters
    guard !named.isEmpty else { return }
    let gradients = try Tape.gradients(of: scalar(), withRespectTo: named.map(\.parameter))
    for ((name, _), gradient) in zip(named, gradients) {
      try expectClose(
        gradient, try #require(test.gradients[name]), "\(test.name): gradient of \(name)",
        rtol: rtol)
    }
    guard !test.name.contains("nearly"), !test.perExample.isEmpty else { return }
    let rules = try Tape.capture(scalar()).rules
    try checkRules(rules, named, test.perExample, test.name)
  }

  /// Per-example gradients, their norms one parameter at a time and together, and weighted sums.
  private func checkRules(
    _ rules: [any GradientRule], _ named: [(name: String, parameter: Parameter)],
    _ expected: [String: Tensor], _ what: String
  ) throws {
    let names = Dictionary(uniqueKeysWithValues: named.map { ($0.parameter, $0.name) })
    for rule in rules {
      var all = [Float](repeating: 0, count: rule.exampleCount)
      var sum = [Double](repeating: 0, count: rule.exampleCount)
      let weights = (0..<rule.exampleCount).map { Float($0) * 0.5 - 0.7 }
      let sink = try GradientSink(
        rule.parameters, sparse: Set(rule.parameters.filter { $0.shape[0] == 13 }))
      sink.begin()
      try rule.accumulate(weights: weights, into: sink)
      try rule.accumulate(weights: weights, into: sink)
      for (index, parameter) in rule.parameters.enumerated() {
        let name = try #require(names[parameter])
        let rows = try #require(expected[name])
        let found = try rule.perExample(index)
        try expectClose(found, rows, "\(what): gradient of \(name) per example")
        var one = [Float](repeating: 0, count: rule.exampleCount)
        try rule.addSquaredNorms(ofParameter: index, to: &one)
        let squares = try rows.cast(to: .f64).square().reshaped([
          rule.exampleCount, parameter.count,
        ])
        .sum(axes: [1]).array(Double.self)
        for example in 0..<rule.exampleCount {
          sum[example] += squares[example]
          #expect(
            abs(Double(one[example]) - squares[example]) <= 1e-4 * squares[example] + 1e-8,
            "\(what): norm of \(name) of example \(example)")
        }
        let column = try Tensor(
          weights, shape: Shape([rule.exampleCount] + parameter.shape.map { _ in 1 }))
        try expectClose(
          sink.gradient(index), (rows * column).sum(axes: [0]) * 2,
          "\(what): weighted sum of \(name)")
      }
      try rule.addSquaredNorms(to: &all)
      for example in 0..<rule.exampleCount {
        #expect(abs(Double(all[example]) - sum[example]) <= 1e-4 * sum[example] + 1e-8, "\(what)")
      }
    }
  }

  @Test func lossesEqualPyTorch() throws {
    var tested = 0
    for test in try Golden.cases("learning_layers.json") where test.text("loss") != nil {
      guard test.text("network") == nil else { continue }
      let leaf = try Tape.variable(try #require(test.inputs["logits"] ?? test.inputs["x"]))
      let target = try #require(test.inputs["labels"] ?? test.inputs["y"])
      let loss: Tensor
      switch test.text("loss") {
      case "cross_entropy":
        loss = try Losses.crossEntropy(
          leaf, target, ignoreIndex: test.number("ignore_index").map { Int($0) } ?? -100,
          labelSmoothing: test.number("label_smoothing") ?? 0,
          reduction: Reduction(rawValue: test.text("reduction") ?? "mean") ?? .mean)
      case "mean_squared_error": loss = try (leaf - target).square().mean()
      case "binary_cross_entropy": loss = try Loss.binaryCrossEntropy(leaf, target).mean()
      case let other:
        Issue.record("unknown loss \(other ?? "?")")
        continue
      }
      try expectClose(loss, try #require(test.outputs["output"]), test.name)
      let seed: Tensor = try #require(test.cotangents["output"])
      let gradient = try Tape.gradients(of: loss, withRespectTo: [leaf], seed: seed)[0]
      try expectClose(
        gradient, try #require(test.gradients["logits"] ?? test.gradients["x"]), test.name)
      tested += 1
    }
    #expect(tested >= 10)
  }

  @Test func networksEqualPyTorch() throws {
    for test in try Golden.cases("learning_layers.json") where test.text("network") != nil {
      let model = try Networks.make(test)
      let tokens = try #require(test.inputs["tokens"]).with(lengths: try test.lengths)
      let labels = try #require(test.inputs["labels"])
      let logits = try model.forward(tokens)
      try expectClose(logits, try #require(test.outputs["logits"]), test.name)
      let loss = try Loss.crossEntropy()(logits, labels)
      try expectClose(loss, try #require(test.outputs["losses"]), test.name)
      let seed = try #require(test.cotangents["losses"])
      let named = model.namedParameters
      let sink = try GradientSink(
        named.map(\.parameter), sparse: [named[0].parameter])
      sink.begin()
      try Tape.backward(loss, seed: seed, into: sink, keepGraph: true)
      for (index, (name, _)) in named.enumerated() {
        try expectClose(
          sink.gradient(index), try #require(test.gradients[name]), "\(test.name): \(name)")
      }
      let rules = try Tape.capture(loss, seed: seed).rules
      try checkRules(rules, named, test.perExample, test.name)
    }
  }
}
