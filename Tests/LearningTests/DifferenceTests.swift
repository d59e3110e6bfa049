import Foundations
import Tensors
import TestSupport
import Testing

@testable import Learning

/// Gradients of every layer and loss against central differences of their values.
@Suite struct DifferenceTests {
  /// The value that is differentiated: outputs in f64, weighted so that no gradient cancels.
  private func value(_ output: Tensor) throws -> Double {
    var random = RandomStream(seed: 77)
    return try output.doubles().reduce(0) { $0 + $1 * random.uniform(0.5, 1.5) }
  }

  private func seed(_ output: Tensor) throws -> Tensor {
    var random = RandomStream(seed: 77)
    return try Tensor(
      (0..<output.count).map { _ in Float(random.uniform(0.5, 1.5)) }, shape: output.shape)
  }

  /// Checks some elements of each parameter and of each f32 input. `step` is small enough for the curvature and large
  /// enough for f32.
  private func check(
    _ name: String, _ inputs: [Tensor], _ parameters: [Parameter], step: Double = 4e-3,
    sourceLocation: SourceLocation = #_sourceLocation, _ function: ([Tensor]) throws -> Tensor
  ) throws {
    let leaves = try inputs.map {
      $0.dtype == .f32 ? try Tape.variable($0).with(lengths: $0.lengths) : $0
    }
    let wanted = leaves.filter(\.requiresGradient)
    let shape = try seed(function(inputs))
    var checked = 0
    func compare(_ gradient: Tensor, _ what: String, _ move: (Int, Double) throws -> Double) throws
    {
      let expected = try gradient.doubles()
      for index in Set((0..<12).map { $0 * expected.count / 12 }) {
        let numeric = try (move(index, step) - move(index, -step)) / (2 * step)
        #expect(
          abs(expected[index] - numeric) <= 3e-3 * max(1, abs(numeric)),
          "\(name), \(what)[\(index)]: \(expected[index]) by the rule, \(numeric) by differences",
          sourceLocation: sourceLocation)
        checked += 1
      }
    }
    if !wanted.isEmpty {
      let found = try Tape.gradients(of: function(leaves), withRespectTo: wanted, seed: shape)
      var number = 0
      for (place, input) in inputs.enumerated() where input.dtype == .f32 {
        try compare(found[number], "input \(place)") { index, shift in
          var moved = try input.array(Float.self)
          moved[index] += Float(shift)
          var arguments = inputs
          arguments[place] = try Tensor(moved, shape: input.shape).with(lengths: input.lengths)
          return try value(function(arguments))
        }
        number += 1
      }
    }
    if !parameters.isEmpty {
      let found = try Tape.gradients(of: function(inputs), withRespectTo: parameters, seed: shape)
      for (parameter, gradient) in zip(parameters, found) {
        try compare(gradient, parameter.name) { index, shift in
          let before = parameter.data
          var moved = try before.array(Float.self)
          moved[index] += Float(shift)
          try parameter.set(Tensor(moved, shape: before.shape))
          defer { try? parameter.set(before) }
          return try value(function(inputs))
        }
      }
    }
    #expect(checked > 0, "\(name) was not checked", sourceLocation: sourceLocation)
  }

  private func check(_ layer: Layer, _ input: Tensor) throws {
    try check(layer.summary, [input], layer.parameters) { try layer.forward($0[0]) }
  }

  @Test func layersOfVectors() throws {
    var random = RandomStream(seed: 1)
    let x = try Tensor.normal([3, 4, 6], &random)
    let padded = x.with(lengths: Lengths([4, 1, 3]))
    try check(Linear(6, 5, random: &random), x)
    for activation in Activation.Kind.allCases {
      try check(Sequential([Linear(6, 5, random: &random), Activation(activation)]), x)
    }
    for activation in Activation.Kind.allCases { try check(Activation(activation), x) }
    try check(LayerNormalization(6), x)
    for input in [x, padded] {
      try check(LSTM(6, 5, random: &random), input)
      try check(LSTM(6, 5, bidirectional: true, random: &random), input)
      try check(GRU(6, 5, random: &random), input)
      try check(GRU(6, 5, bidirectional: true, random: &random), input)
      try check(Pooling(.mean), input)
      try check(Pooling(.max), input)
    }
    let block = try TransformerBlock(
      TransformerSettings(width: 6, heads: 2, isCausal: true, dropout: 0.3), hasMemory: true,
      random: &random)
    let sequence = try Tensor.normal([2, 4, 6], &random)
    try check("dropped attention", [sequence], block.parameters) { inputs in
      try ForwardContext.training(RandomKey(seed: 3)) {
        try block.forward(inputs[0], memory: sequence)
      }
    }
    let dropout = try Dropout(0.4)
    try check("dropout", [x], []) { inputs in
      try ForwardContext.training(RandomKey(seed: 3)) { try dropout.forward(inputs[0]) }
    }
  }

  @Test func layersOfTokens() throws {
    var random = RandomStream(seed: 2)
    let tokens = try Tensor.integers([3, 5], from: 0, below: 7, &random)
    let embedding = try Embedding(7, 4, paddingIndex: 0, random: &random)
    // Padding is not trained: row 0 is left out of what is compared by never occurring.
    let real = try Tensor.integers([3, 5], from: 1, below: 7, &random)
    try check("embedding", [real], [embedding.weight]) { try embedding.forward($0[0]) }
    let bag = try Sequential([embedding, Pooling(.mean), Linear(4, 2, random: &random)])
    try check("embedding mean", [real], bag.parameters) { try bag.forward($0[0]) }
    _ = try embedding.forward(tokens)
    let characters = try Tensor.integers([2, 3, 6], from: 1, below: 9, &random)
    for activation in [Activation.Kind.relu, .tanh, .gelu] {
      let encoder = try CharacterEncoder(
        characters: 9, width: 4, filters: [(1, 3), (3, 5)], activation: activation, random: &random)
      // Many maxima: a small step, so that none changes its place.
      try check(encoder.summary, [characters], encoder.parameters, step: 4e-4) {
        try encoder.forward($0[0])
      }
    }
  }

  @Test func layersOfImages() throws {
    var random = RandomStream(seed: 3)
    let x = try Tensor.normal([2, 4, 6, 7], &random)
    try check(Convolution2D(4, 5, kernel: 3, random: &random), x)
    try check(
      Convolution2D(
        4, 6, kernel: PlaneSize(height: 3, width: 2), stride: 2, padding: 2, dilation: 2,
        groups: 2, random: &random), x)
    try check(
      Sequential([
        Convolution2D(4, 3, kernel: 3, random: &random), Activation(.tanh),
        WindowPooling(.max, kernel: 2, stride: 1), Activation(.flatten),
      ]), x)
    // A step may cross relu's kink; that one is compared with PyTorch's values.
    for activation in Activation.Kind.allCases where activation != .relu {
      try check(
        Sequential([Convolution2D(4, 3, kernel: 3, random: &random), Activation(activation)]), x)
    }
    try check(WindowPooling(.max, kernel: 2), x)
    try check(WindowPooling(.mean, kernel: 3, stride: 2, padding: 1), x)
    try check(WindowPooling(.mean, kernel: 3, stride: 2, padding: 1, countsPadding: false), x)
    let line = try Tensor.normal([2, 4, 9], &random)
    try check(
      Convolution1D(4, 3, kernel: 3, stride: 2, padding: 1, dilation: 2, random: &random), line)
    try check(WindowPooling(.max, overTime: 3, stride: 2), line)
    // A view with other strides, and an output whose gradient arrives with other strides.
    let convolution = try Convolution1D(9, 3, kernel: 2, random: &random)
    try check("transposed convolution input", [line], convolution.parameters) {
      try convolution.forward($0[0].transposed(1, 2)).transposed(1, 2).tanh()
    }
  }

  @Test func crf() throws {
    var random = RandomStream(seed: 4)
    let crf = try CRF(4, random: &random)
    let emissions = try Tensor.normal([3, 5, 4], &random).with(lengths: Lengths([5, 1, 3]))
    let tags = try Tensor.integers([3, 5], from: 0, below: 4, &random)
    try check("crf", [emissions], crf.parameters) {
      try crf.negativeLogLikelihood($0[0], tags)
    }
  }

  @Test func losses() throws {
    var random = RandomStream(seed: 5)
    let logits = try Tensor.normal([4, 3, 5], &random)
    let labels = try Tensor([Int64]([0, 4, -100, 2, 1, 1, 3, -100, -100, 0, 2, 4]), shape: [4, 3])
    for smoothing in [0, 0.2] {
      let loss = try Loss.crossEntropy(labelSmoothing: smoothing)
      try check("cross-entropy", [logits], []) { try loss($0[0], labels) }
    }
    let other = try Tensor.normal([4, 3, 5], &random)
    let targets = try Tensor.uniform([4, 3, 5], low: 0, high: 1, &random)
    try check("binary cross-entropy", [logits], []) { try Loss.binaryCrossEntropy($0[0], targets) }
    for direction in DivergenceDirection.allCases {
      let loss = try Loss.divergence(temperature: 2, direction: direction)
      try check("divergence \(direction)", [logits, other], []) { try loss($0[0], $0[1]) }
    }
    try check("cosine", [logits, other], []) { try Loss.cosine($0[0], $0[1]) }
  }

  /// The gradient with respect to what lies between layers: embeddings, as attacks and sensitivity measures want it.
  @Test func intermediateValues() throws {
    var random = RandomStream(seed: 6)
    let embedding = try Embedding(9, 4, random: &random)
    let rest = try Sequential([
      LSTM(4, 3, random: &random), Pooling(.mean), Linear(3, 2, random: &random),
    ])
    let tokens = try Tensor.integers([3, 5], from: 0, below: 9, &random)
    let vectors = try embedding.forward(tokens).detached
    try check("embeddings", [vectors], []) { try rest.forward($0[0]) }
    // Rows of one token add up to the table's gradient.
    let leaf = try Tape.variable(vectors)
    let atVectors = try Tape.gradients(of: rest.forward(leaf).sum(), withRespectTo: [leaf])[0]
    let atTable = try Tape.gradients(
      of: rest.forward(embedding.forward(tokens)).sum(), withRespectTo: [embedding.weight])[0]
    var sums = [Float](repeating: 0, count: 9 * 4)
    let rows = try atVectors.array(Float.self)
    for (place, token) in try tokens.array(Int64.self).enumerated() {
      for i in 0..<4 { sums[Int(token) * 4 + i] += rows[place * 4 + i] }
    }
    try expectClose(atTable, Tensor(sums, shape: [9, 4]), "the table's gradient")
  }
}
