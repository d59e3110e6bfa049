import Files
import Foundations
import JSONValues
import Tensors

/// The `config.json` of a Hugging Face folder. Settings that change what the model computes are understood or refused;
/// where one is left out, the default of transformers holds.
struct ModelConfiguration {
  enum ClassFamily: String {
    case gpt2, bert
    case distilBERT = "distilbert"
  }

  let path: String
  let object: JSON.Object

  init(_ path: String) throws {
    self.path = path
    guard let object = try JSONFile.read(path).object else {
      throw DomainError(.data, "\(path) is not a JSON object")
    }
    self.object = object
  }

  /// The name of the family.
  func modelType() throws -> String {
    guard let value = object["model_type"] else { return try classFamily().rawValue }
    return try text(value, "model_type")
  }

  /// By `model_type`, or by the first of `architectures` where that is missing.
  func classFamily() throws -> ClassFamily {
    let architecture = object["architectures"]?.array?.first?.string
    let name: String
    if let value = object["model_type"] {
      name = try text(value, "model_type")
    } else if let architecture {
      name =
        architecture.hasPrefix("GPT2")
        ? "gpt2"
        : architecture.hasPrefix("Bert")
          ? "bert" : architecture.hasPrefix("DistilBert") ? "distilbert" : architecture
    } else {
      throw DomainError(.key, "\(path) has neither `model_type` nor `architectures`")
    }
    guard let family = ClassFamily(rawValue: name) else {
      if let reason = Family.refused[name] {
        throw DomainError(
          .value, "\(path): models of type \"\(name)\" are not supported: \(reason)")
      }
      throw DomainError(
        .value, "\(path): models of type \"\(name)\" are not supported",
        hint: "these are: "
          + (["gpt2"] + Family.all.map(\.name)).sorted().joined(separator: ", "))
    }
    return family
  }

  // MARK: The families

  func gpt2(dropout: Double?) throws -> GPT2.Settings {
    try refuse("scale_attn_weights", unless: .bool(true))
    try refuse("scale_attn_by_inverse_layer_idx", unless: .bool(false))
    try refuse("add_cross_attention", unless: .bool(false))
    try refusePruning()
    try refuseQuantization()
    let rates = try ["resid_pdrop", "embd_pdrop"].map { try number($0, 0.1) }
    if dropout == nil, rates[0] != rates[1] {
      throw DomainError(
        .value, "\(path): resid_pdrop and embd_pdrop differ (\(rates[0]), \(rates[1]))",
        hint: "say which dropout to use")
    }
    return GPT2.Settings(
      vocabulary: try size("vocab_size", 50257), context: try size("n_positions", 1024),
      width: try size("n_embd", 768), blocks: try size("n_layer", 12, atLeast: 0),
      heads: try size("n_head", 12),
      inner: object["n_inner"].map(\.isNull) ?? true ? nil : try size("n_inner", 0),
      activation: try activation("activation_function", "gelu_new"),
      dropout: dropout ?? rates[0], attentionDropout: try dropout ?? number("attn_pdrop", 0.1),
      normEpsilon: try number("layer_norm_epsilon", 1e-5),
      isTied: try flag("tie_word_embeddings", true))
  }

  func bert(dropout: Double?, hasPooler: Bool) throws -> BERT.Settings {
    try refuse("position_embedding_type", unless: .string("absolute"))
    try refuse("is_decoder", unless: .bool(false))
    try refuse("add_cross_attention", unless: .bool(false))
    try refusePruning()
    try refuseQuantization()
    let types = try size("type_vocab_size", 2)
    return BERT.Settings(
      vocabulary: try size("vocab_size", 30522),
      context: try size("max_position_embeddings", 512), width: try size("hidden_size", 768),
      blocks: try size("num_hidden_layers", 12, atLeast: 0),
      heads: try size("num_attention_heads", 12),
      inner: try size("intermediate_size", 3072), types: types, hasPooler: hasPooler,
      activation: try activation("hidden_act", "gelu"),
      dropout: try dropout ?? number("hidden_dropout_prob", 0.1),
      attentionDropout: try dropout ?? number("attention_probs_dropout_prob", 0.1),
      normEpsilon: try number("layer_norm_eps", 1e-12))
  }

  /// Sinusoidal position embeddings are a table in the weights too, so that they need no care.
  func distilBERT(dropout: Double?) throws -> BERT.Settings {
    try refusePruning()
    try refuseQuantization()
    return BERT.Settings(
      vocabulary: try size("vocab_size", 30522),
      context: try size("max_position_embeddings", 512), width: try size("dim", 768),
      blocks: try size("n_layers", 6), heads: try size("n_heads", 12),
      inner: try size("hidden_dim", 3072), types: 0, hasPooler: false,
      activation: try activation("activation", "gelu"),
      dropout: try dropout ?? number("dropout", 0.1),
      attentionDropout: try dropout ?? number("attention_dropout", 0.1),
      normEpsilon: Self.distilBERTEpsilon)
  }

  /// Written into transformers' DistilBERT; not a setting.
  private static let distilBERTEpsilon = 1e-12

  /// From `generation_config.json` where it is there and says something, else from `config.json`.
  func specialTokens(_ folder: String) throws -> PretrainedModel.SpecialTokens {
    let path = folder + "/generation_config.json"
    let generation = Door.current.kind(path).exists ? try JSONFile.read(path).object : nil
    func tokens(_ name: String) throws -> [Int] {
      let value = generation?[name] ?? object[name] ?? .null
      if value.isNull { return [] }
      let items = value.array ?? [value]
      return try items.map { item in
        guard let token = item.integer, token >= 0, token <= Int(Int32.max) else {
          throw DomainError(
            .value, "\(folder): `\(name)` is not a token: \((try? item.text()) ?? "")")
        }
        return token
      }
    }
    return PretrainedModel.SpecialTokens(
      start: try tokens("bos_token_id").first, stops: try tokens("eos_token_id"),
      padding: try tokens("pad_token_id").first)
  }

  // MARK: Writing

  static func object(
    _ settings: GPT2.Settings, _ tokens: PretrainedModel.SpecialTokens
  ) -> JSON.Object {
    var object: JSON.Object = [
      "architectures": .array([.string("GPT2LMHeadModel")]),
      "model_type": .string("gpt2"),
      "vocab_size": .integer(settings.vocabulary),
      "n_positions": .integer(settings.context),
      "n_embd": .integer(settings.width),
      "n_layer": .integer(settings.blocks),
      "n_head": .integer(settings.heads),
      "n_inner": settings.inner.map { .integer($0) } ?? .null,
      "activation_function": .string(name(settings.activation)),
      "resid_pdrop": .number(settings.dropout),
      "embd_pdrop": .number(settings.dropout),
      "attn_pdrop": .number(settings.attentionDropout),
      "layer_norm_epsilon": .number(settings.normEpsilon),
      "tie_word_embeddings": .bool(settings.isTied),
    ]
    add(tokens, to: &object)
    return object
  }

  static func object(
    _ settings: BERT.Settings, _ tokens: PretrainedModel.SpecialTokens
  ) throws -> JSON.Object {
    [
      "architectures": .array([.string("BertModel")]),
      "model_type": .string("bert"),
      "vocab_size": .integer(settings.vocabulary),
      "max_position_embeddings": .integer(settings.context),
      "hidden_size": .integer(settings.width),
      "num_hidden_layers": .integer(settings.blocks),
      "num_attention_heads": .integer(settings.heads),
      "intermediate_size": .integer(settings.inner ?? 4 * settings.width),
      "type_vocab_size": .integer(settings.types),
      "hidden_act": .string(name(settings.activation)),
      "hidden_dropout_prob": .number(settings.dropout),
      "attention_probs_dropout_prob": .number(settings.attentionDropout),
      "layer_norm_eps": .number(settings.normEpsilon),
      "position_embedding_type": .string("absolute"),
      "pad_token_id": try padding(tokens, settings.vocabulary),
    ]
  }

  static func distilBERT(
    _ settings: BERT.Settings, _ tokens: PretrainedModel.SpecialTokens
  ) throws -> JSON.Object {
    guard !settings.hasPooler, settings.normEpsilon == distilBERTEpsilon else {
      throw DomainError(
        .value,
        "a model without segments is saved as DistilBERT, which has no pooler and an epsilon of \(distilBERTEpsilon) in its normalisations"
      )
    }
    return [
      "architectures": .array([.string("DistilBertModel")]),
      "model_type": .string("distilbert"),
      "vocab_size": .integer(settings.vocabulary),
      "max_position_embeddings": .integer(settings.context),
      "dim": .integer(settings.width),
      "n_layers": .integer(settings.blocks),
      "n_heads": .integer(settings.heads),
      "hidden_dim": .integer(settings.inner ?? 4 * settings.width),
      "activation": .string(name(settings.activation)),
      "dropout": .number(settings.dropout),
      "attention_dropout": .number(settings.attentionDropout),
      "sinusoidal_pos_embds": .bool(false),
      "pad_token_id": try padding(tokens, settings.vocabulary),
    ]
  }

  static func add(_ tokens: PretrainedModel.SpecialTokens, to object: inout JSON.Object) {
    object["bos_token_id"] = tokens.start.map { .integer($0) } ?? .null
    object["eos_token_id"] =
      tokens.stops.count > 1
      ? .array(tokens.stops.map { .integer($0) })
      : tokens.stops.first.map { .integer($0) } ?? .null
    object["pad_token_id"] = tokens.padding.map { .integer($0) } ?? .null
  }

  /// transformers puts an index of padding into the embedding, so that it must be in the vocabulary.
  private static func padding(
    _ tokens: PretrainedModel.SpecialTokens, _ vocabulary: Int
  ) throws -> JSON {
    guard let padding = tokens.padding else { return .integer(0) }
    guard padding < vocabulary else {
      throw DomainError(
        .value, "the padding token \(padding) is not in a vocabulary of \(vocabulary)")
    }
    return .integer(padding)
  }

  // MARK: Settings

  /// Names of transformers' activations that are ours; several are the same function.
  private static let activations: [(name: String, activation: TransformerSettings.Activation)] = [
    ("gelu_new", .geluTanh), ("gelu_pytorch_tanh", .geluTanh), ("gelu_fast", .geluTanh),
    ("gelu", .geluErf), ("gelu_python", .geluErf), ("relu", .relu), ("silu", .silu),
    ("swish", .silu),
  ]

  private static func name(_ activation: TransformerSettings.Activation) -> String {
    // Every activation is in the list.
    activations.first { $0.activation == activation }?.name ?? activation.rawValue
  }

  func activation(_ name: String, _ standard: String) throws
    -> TransformerSettings.Activation
  {
    let value = try object[name].map { try text($0, name) } ?? standard
    guard let found = Self.activations.first(where: { $0.name == value }) else {
      throw DomainError(
        .value, "\(path): `\(name)` \"\(value)\" is not supported",
        hint: "one of " + Self.activations.map(\.name).joined(separator: ", "))
    }
    return found.activation
  }

  func text(_ value: JSON, _ name: String) throws -> String {
    guard let text = value.string else { throw wrong(name, "a string", value) }
    return text
  }

  func size(_ name: String, _ standard: Int, atLeast low: Int = 1) throws -> Int {
    guard let value = object[name] else { return standard }
    guard let size = value.integer, size >= low, size <= Int(Int32.max) else {
      throw wrong(name, "an integer from \(low) to \(Int32.max)", value)
    }
    return size
  }

  func number(_ name: String, _ standard: Double) throws -> Double {
    guard let value = object[name] else { return standard }
    guard let number = value.number, number >= 0 else {
      throw wrong(name, "a number from 0", value)
    }
    return number
  }

  func flag(_ name: String, _ standard: Bool) throws -> Bool {
    guard let value = object[name] else { return standard }
    guard let flag = value.bool else { throw wrong(name, "true or false", value) }
    return flag
  }

  func wrong(_ name: String, _ expected: String, _ value: JSON) -> DomainError {
    let text = (try? value.text()) ?? ""
    return DomainError(.value, "\(path): `\(name)` must be \(expected), got \(text.prefix(60))")
  }

  /// A setting that changes the result and that only its usual value is supported of.
  func refuse(_ name: String, unless expected: JSON) throws {
    guard let value = object[name], value != expected, !value.isNull else { return }
    let text = (try? value.text()) ?? ""
    throw DomainError(
      .value,
      "\(path): `\(name)` \(text.prefix(60)) is not supported, only \((try? expected.text()) ?? "")"
    )
  }

  func refusePruning() throws {
    if let heads = object["pruned_heads"]?.object, !heads.isEmpty {
      throw DomainError(.value, "\(path): `pruned_heads` are not supported")
    }
  }

  func refuseQuantization() throws {
    if let value = object["quantization_config"], !value.isNull {
      throw DomainError(
        .value, "\(path): `quantization_config`: quantised weights are not supported")
    }
  }
}
