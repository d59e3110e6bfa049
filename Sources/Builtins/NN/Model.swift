import Foundations
import Learning
import Runtime
import Syntax
import TableFiles
import Tables
import Tensors
import Text

/// A model in a script: a layer, alone or composed of others. Training changes it in place, so it belongs to the trial
/// that made it.
struct Model {
  let layer: Layer
  /// What turns texts into its tokens, where it is a model of texts that came with one.
  var tokenizer: SubwordTokenizer?
  /// Which tokens end a text, where the model's folder says so.
  var specialTokens: PretrainedModel.SpecialTokens?
  /// How the tensors of the folder that it came from are stored.
  var weightTypes: [String: SafeTensorType] = [:]
  /// How the model makes vectors of sentences, where its folder says so.
  var sentenceEncoder: SentenceEncoder?
}

extension Model: NativeValue {
  static let nativeType = NativeType<Model>(
    "model",
    "A layer or a network of layers: call it with a tensor, train it with `nn.train` or `dp.train`."
  ) { type in
    type.representation = { model, _ in
      "\(model.layer.summary) with \(NumberText.grouped(model.layer.parameterCount)) parameters"
    }
    type.byteCount = { $0.layer.parameterCount * 4 }
    type.shared = { $0.layer }
    type.isHandle = true
    type.equals = { $0.layer === $1.layer }
    type.binary = ModelArithmetic.binary
    type.hasContent()
    // A frozen part may come from outside: training leaves it as it is.
    type.isOwned = { model in
      model.layer.parameters.allSatisfy { $0.isOwn || !$0.requiresGradient }
    }
    type.call = Native(
      "call", "The model's output for an input.",
      Param<Model>("model"),
      Param<Tensor>("input", "What goes in; axis 0 counts examples."),
      Param<Tensor?>(
        "second",
        "What some models read beside it: an encoder-decoder's target, a BERT's segments; nil for none.",
        default: nil),
      returns: "tensor"
    ) { model, input, second in try ModelBuiltins.output(model, input, second) }.abandonable()
    type.member = { model, name, vm in
      if let child = model.layer.children.first(where: { $0.name.isSpelt(name) }) {
        return Model(layer: child.layer).encode(vm)
      }
      if let own = model.layer.ownParameters.first(where: { $0.name.isSpelt(name) }) {
        return own.parameter.value.encode(vm)
      }
      return nil
    }
    type.dynamicMemberNames = { model in
      model.layer.children.map(\.name) + model.layer.ownParameters.map(\.name)
    }
    type.index = ModelBuiltins.child
    type.length = { $0.layer.children.count }
    type.field("tokenizer", "What turns texts into its tokens; nil where it has none.") {
      $0.tokenizer
    }
    type.field("kind", "What sort of layer it is.") { $0.layer.kind }
    type.field(
      "head",
      "What the head of a model from a folder is for, such as \"sequence_classification\"; nil without one."
    ) { model in (model.layer as? Network)?.head?.description.task.rawValue }
    type.field(
      "config",
      "The configuration of the folder that the model came from, as a map; nil where it was built here."
    ) { model throws -> Cell? in
      try (model.layer as? Network).map {
        try JSONCell.parse(Array($0.configurationText().utf8), source: "config.json").cell
      }
    }
    type.field("parameter_count", "How many numbers are trained.") { $0.layer.parameterCount }
    type.field(
      "parameters", "The parameters by name, as tensors cut off from their gradients (detached)."
    ) { model in
      Record(model.layer.namedParameters.map { ($0.name, $0.parameter.data) })
    }
    type.methods(ModelBuiltins.methods + ModelBuiltins.states)
  }
}

extension Model {
  /// A model, or one that was fitted at once (`ml`) in its place.
  static func decode(_ value: Value, _ vm: VM) throws -> Model? {
    guard case .object(let reference) = value else { return nil }
    if let own = reference.takeUnretainedValue() as? Boxed<Model> { return own.value }
    return try FittedModels.layer(value, vm).map { Model(layer: $0) }
  }

  static func mayAccept(_ type: StaticType, _ vm: VM) -> Bool {
    switch type {
    case .any: true
    case .object(let name, _): name == nativeType.name || FittedModels.mayAccept(type, vm)
    default: false
    }
  }
}

/// What a script can do with a model besides calling and training it.
enum ModelBuiltins {
  static let methods = [
    Native(
      "freeze", "Keeps the parameters from being trained; `unfreeze` undoes it.",
      Param<Model>("model", "The model or a part of it.", mutates: true),
      Param<[String]?>(
        "except",
        "What is trained all the same: names of parameters or of parts, or patterns such as \"*.bias\"; nil is nothing.",
        default: nil, named: true), returns: "the model",
      search: ["bitfit", "fine-tuning", "last layer", "requires_grad"]
    ) { (model: Model, except: [String]?) throws -> Model in
      try requireOwn(model)
      try model.layer.freeze(except: except ?? [])
      return model
    },
    Native(
      "unfreeze", "Lets the parameters be trained again.",
      Param<Model>("model", "The model or a part of it.", mutates: true), returns: "the model"
    ) { model in
      try requireOwn(model)
      model.layer.setTrainable(true)
      return model
    },
    Native(
      "load",
      "Sets the parameters to those of a map as `model.parameters` gives, or of a file that `save` wrote.",
      Param<Model>("model", "The model.", mutates: true),
      Param<SavedParameters>(
        "parameters", "A tensor for each parameter's name, or the path of a `.safetensors` file."),
      returns: "the model", seeAlso: ["model.save"]
    ) { model, parameters in
      try requireOwn(model)
      try model.layer.load(parameters.state)
      return model
    },
    ModelFiles.save,
  ]

  /// What a transformer computes on its way.
  static let states = [
    Native(
      "hidden",
      "The last hidden states [examples, time, width] for tokens [examples, time]. Nothing has made scores of them yet.",
      Param<Model>("model", "A transformer."),
      Param<Tensor>("tokens", "[examples, time]."), returns: "tensor", seeAlso: ["model.vectors"]
    ) { (model: Model, tokens: Tensor) throws -> Tensor in
      switch model.layer {
      case let language as any LanguageModel: try language.hiddenStates(tokens)
      case let network as Network: try network.hiddenStates(tokens)
      case let encoder as BERT: try encoder.forward(tokens)
      default: throw notTransformer(model)
      }
    }.abandonable(),
    Native(
      "vectors",
      "The embeddings of tokens [examples, time] before positions are added: [examples, time, width]. `from_vectors` goes on from them, so that `gradient(m.vectors(x), v => …m.from_vectors(v)…)` is the gradient with respect to the embeddings.",
      Param<Model>("model", "A transformer."),
      Param<Tensor>("tokens", "[examples, time]."), returns: "tensor",
      seeAlso: ["model.from_vectors"],
      search: ["embeddings", "sensitivity", "adversarial"]
    ) { (model: Model, tokens: Tensor) throws -> Tensor in
      switch model.layer {
      case let language as GPT2: try language.tokens.forward(tokens)
      case let network as Network: try network.vectors(tokens)
      case let encoder as BERT: try encoder.tokens.forward(tokens)
      default: throw notTransformer(model)
      }
    }.abandonable(),
    Native(
      "from_vectors", "The model's output for vectors in the tokens' place.",
      Param<Model>("model", "A transformer."),
      Param<Tensor>("vectors", "[examples, time, width]."), returns: "tensor",
      seeAlso: ["model.vectors"]
    ) { (model: Model, vectors: Tensor) throws -> Tensor in
      switch model.layer {
      case let language as GPT2: try language.scores(language.hiddenStates(ofVectors: vectors))
      case let network as Network: try network.outputs(ofVectors: vectors)
      case let encoder as BERT: try encoder.forward(ofVectors: vectors, types: nil)
      default: throw notTransformer(model)
      }
    }.abandonable(),
  ]

  /// - Throws: a `value` fault where a trial would change a part, be it frozen, that was made outside the sweep.
  private static func requireOwn(_ model: Model) throws {
    guard !model.layer.parameters.allSatisfy(\.isOwn) else { return }
    throw Fault(
      .value, "a trial may not change the part of a model that was made outside the sweep",
      hint: "make the model inside the sweep's body"
    ).atArgument(0)
  }

  private static func notTransformer(_ model: Model) -> Fault {
    Fault(.type, "this is for transformers, not for \(model.layer.kind)").atArgument(0)
  }

  /// The model called with one tensor or, where it reads two, with both.
  static func output(_ model: Model, _ input: Tensor, _ second: Tensor?) throws -> Tensor {
    guard let second else { return try model.layer.forward(input) }
    switch model.layer {
    case let pair as EncoderDecoder: return try pair.forward(source: input, target: second)
    case let encoder as BERT: return try encoder.forward(input, types: second)
    default:
      throw Fault(.type, "\(model.layer.kind) reads one tensor, not two").atArgument(2)
    }
  }

  /// `model[0]`: a child of a sequential model by its place.
  static func child(_ model: Model, _ subscripts: [SubscriptValue], _ vm: VM) throws -> Value {
    let children = model.layer.children
    guard subscripts.count == 1, case .index(let value) = subscripts[0],
      let place = Int.decode(value, vm)
    else { throw Fault(.type, "a model is indexed by one int: `model[0]`") }
    let index = place < 0 ? place + children.count : place
    guard children.indices.contains(index) else {
      throw Fault(.index, "index \(place) is out of range for a model of \(children.count) layers")
    }
    return Model(layer: children[index].layer).encode(vm)
  }
}
