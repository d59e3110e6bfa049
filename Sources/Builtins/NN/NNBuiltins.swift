import Foundations
import Learning
import Runtime
import Syntax
import Tensors
import Text

/// The module `nn`: layers, models composed of them, and training.
enum NNBuiltins {
  static let module = Module(
    "nn", "Layers, models composed of them, and training.",
    natives: layers + pooling + activations + composition + ConvolutionBuiltins.natives
      + TransformerBuiltins.natives + SequenceBuiltins.natives + TaskModelBuiltins.natives
      + TaskUseBuiltins.natives + LossBuiltins.natives.abandonable()
      + TrainBuiltins.natives + [ModelFiles.load])

  private static let layers = [
    Native(
      "embedding", "A table with a vector for each token; gives [examples, time, width].",
      Param<TableSize>("vocabulary", "A vocabulary, or the number of tokens."),
      Param<Int>("width", "The length of a token's vector.", .positive),
      Param<Int?>(
        "padding",
        "The token whose vector stays zero and that ends sequences (0 for a vocabulary).",
        default: nil, text: "nil", named: true),
      returns: "model {weight}", seeAlso: ["nn.mean", "nn.lstm"],
      search: ["lookup", "word vectors"],
      examples: [("nn.embedding(1000, 16)", "embedding(1000 × 16) with 16,000 parameters")],
      context: { (vm: VM, table: TableSize, width: Int, padding: Int?) in
        var random = vm.randomStream("embedding")
        return Model(
          layer: try Embedding(
            table.rows, width, paddingIndex: padding ?? table.padding, random: &random))
      }),
    Native(
      "linear", "An affine map x · Wᵀ + b over the last axis.",
      Param<Int>("inputs", "The size of the last axis of the input.", .positive),
      Param<Int>("outputs", "The size of the last axis of the output.", .positive),
      Param<Bool>("bias", "Whether b is added.", default: true, named: true),
      returns: "model {weight, bias}", search: ["dense", "fully connected"],
      examples: [("nn.linear(4, 2)", "linear(4 → 2) with 10 parameters")],
      context: { (vm: VM, inputs: Int, outputs: Int, bias: Bool) in
        var random = vm.randomStream("linear")
        return Model(layer: try Linear(inputs, outputs, bias: bias, random: &random))
      }),
    Native(
      "lstm",
      "A long short-term memory over [examples, time, inputs]. It gives its hidden states [examples, time, hidden], or twice as wide where it reads in both directions.",
      Param<Int>("inputs", "The size of the last axis of the input.", .positive),
      Param<Int>("hidden", "The size of the state.", .positive),
      Param<Bool>(
        "bidirectional", "Whether a second one reads backwards.", default: false, named: true),
      returns: "model", seeAlso: ["nn.embedding", "nn.mean"], search: ["recurrent", "bilstm"],
      examples: [("nn.lstm(8, 4)", "lstm(8 → 4) with 224 parameters")],
      context: { (vm: VM, inputs: Int, hidden: Int, bidirectional: Bool) in
        var random = vm.randomStream("lstm")
        return Model(
          layer: try LSTM(inputs, hidden, bidirectional: bidirectional, random: &random))
      }
    ).knowing(recurrent),
    Native(
      "layer_norm", "Normalises the last axis to mean 0 and variance 1, then scales and shifts it.",
      Param<Int>("width", "The size of the last axis.", .positive),
      Param<Double>(
        "epsilon", "Added to the variance.", default: 1e-5, .positive, .finite, named: true),
      returns: "model {weight, bias}", search: ["normalization"],
      examples: [("nn.layer_norm(8)", "layer_norm(8) with 16 parameters")]
    ) { width, epsilon in Model(layer: try LayerNormalization(width, epsilon: epsilon)) },
    Native(
      "dropout",
      "While training, sets each number to zero with the given probability and scales the rest up.",
      Param<Double>("probability", "The chance of zero.", .within(0, 0.999_999)),
      returns: "model", examples: [("nn.dropout(0.5)", "dropout(0.5) with 0 parameters")]
    ) { probability in Model(layer: try Dropout(probability)) },
  ]

  /// The parameters of an LSTM or a GRU, which may read backwards, too.
  static let recurrent = CallInsight(result: { _ in
    let names = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]
    return .object("model", parts: Set(names + names.map { $0 + "_reverse" }))
  })

  private static let pooling = [
    Native(
      "mean", "The mean over an axis; over time, padding does not count.",
      Param<Int>("axis", "The axis; 1 is time.", default: 1, .within(1, 7), named: true),
      returns: "model", seeAlso: ["max"], search: ["pooling", "bag of words"],
      examples: [("nn.mean(axis: 1)", "mean(axis: 1) with 0 parameters")]
    ) { axis in Model(layer: Pooling(.mean, axis: axis)) },
    Native(
      "max", "The maximum over an axis; over time, padding does not count.",
      Param<Int>("axis", "The axis; 1 is time.", default: 1, .within(1, 7), named: true),
      returns: "model", seeAlso: ["nn.mean"], search: ["pooling"],
      examples: [("nn.max(axis: 1)", "max(axis: 1) with 0 parameters")]
    ) { axis in Model(layer: Pooling(.max, axis: axis)) },
  ]

  /// One native a kind of activation: `nn.relu()`.
  private static let activations = Activation.Kind.allCases.map { kind in
    Native(
      kind.rawValue, "The layer that applies \(kind.rawValue) to every number.",
      returns: "model", search: ["activation"]
    ) { Model(layer: Activation(kind)) }
  }

  private static let composition = [
    Native(
      "sequential", "Layers one after the other.",
      Param<Rest<Model>>("layers", "The layers, in order."),
      returns: "model", seeAlso: ["nn.module"],
      examples: [
        (
          "nn.sequential(nn.linear(4, 8), nn.relu(), nn.linear(8, 2))",
          "sequential(linear(4 → 8), relu, linear(8 → 2)) with 58 parameters"
        )
      ]
    ) { layers in Model(layer: try Sequential(layers.values.map(\.layer))) }
    // Its layers are called 0, 1, …, which are no names behind a point.
    .knowing(CallInsight(result: { _ in .object("model", parts: []) })),
    Native(
      "module",
      "A layer whose forward pass is a function of the script. What it computes may be anything; in private training it sees one example at a time, as a batch of one, and may keep nothing from call to call. Where a model is copied, as for shadow models or clients, the function is given the copy.",
      Param<[Spelling: Model]>("parts", "The layers that it is made of, by name."),
      Param<Callable>(
        "forward",
        "`(m, x) => …`: from the module and its input to its output. It takes the parts from `m`, not from variables around it."
      ),
      returns: "model", seeAlso: ["nn.sequential"], search: ["custom layer", "forward"],
      examples: [
        (
          "nn.module({gate: nn.linear(4, 4)}, (m, x) => x * sigmoid(m.gate(x)))",
          "module(gate: linear(4 → 4)) with 20 parameters"
        )
      ]
    ) { parts, forward in try scriptModule(parts, forward) },
  ]

  /// A module whose forward pass calls back into the script.
  private static func scriptModule(_ parts: [Spelling: Model], _ forward: Callable) throws -> Model
  {
    let children = parts.sorted { $0.key < $1.key }.map {
      (name: $0.key.text, layer: $0.value.layer)
    }
    let layer = try FunctionLayer(
      children: children, keepsExamplesApart: true, origin: forward
    ) { layer, input in
      try ApartCall.result(of: forward, [Model(layer: layer)], [input])
    }
    return Model(layer: layer)
  }
}

/// The size of an embedding: a vocabulary, which brings its padding token, or a number.
struct TableSize: Bindable {
  var rows: Int
  var padding: Int?

  static let typeName = "vocabulary, tokenizer or int"

  static func decode(_ value: Value, _ vm: VM) throws -> TableSize? {
    if let tokenizer = try SubwordTokenizer.decode(value, vm) {
      return TableSize(
        rows: tokenizer.vocabularySize, padding: tokenizer.specialTokens.padding.map(Int.init))
    }
    if let vocabulary = try Vocabulary.decode(value, vm) {
      return TableSize(rows: vocabulary.count, padding: Int(Vocabulary.padding))
    }
    guard let rows = Int.decode(value, vm) else { return nil }
    guard rows > 0 else { throw Fault(.value, "an embedding needs > 0 tokens, got \(rows)") }
    return TableSize(rows: rows, padding: nil)
  }

  func encode(_ vm: VM) throws -> Value { .int(rows) }
}
