import Foundations
import JSONValues

/// A family of networks: how its configuration describes one, and what its weights are called.
struct Family: Sendable {
  /// `model_type`.
  let name: String
  /// What `architectures` call its models, without what names the head: "Llama" of "LlamaForCausalLM".
  let architecture: String
  /// From a configuration; `dropout` takes the place of the configuration's where it is given.
  let describe: @Sendable (ModelConfiguration, _ dropout: Double?) throws -> NetworkDescription
  let names: @Sendable (NetworkDescription, HeadDescription?) -> WeightNames
  /// The heads that it has, by what an architecture's name ends with.
  let heads: [HeadName]

  /// A head as architectures name it, and how it is built.
  struct HeadName: Sendable {
    let ending: String
    let describe: @Sendable (ModelConfiguration, NetworkDescription) throws -> HeadDescription
  }

  /// All families that are read as descriptions.
  static let all: [Family] =
    LlamaFamilies.all + GemmaFamilies.all + OlderDecoders.all + RobertaFamilies.all
    + BertFamilies.all + OtherEncoders.all

  /// The family of a configuration; nil where it is none of these.
  static func named(_ name: String) -> Family? { all.first { $0.name == name } }

  /// Kinds of models that are none of these, with the reason.
  static let refused: [String: String] = {
    var reasons: [String: String] = [:]
    for name in [
      "mixtral", "qwen2_moe", "qwen3_moe", "deepseek_v2", "deepseek_v3", "gpt_oss", "olmoe",
      "phimoe", "dbrx", "jamba", "granitemoe", "llama4", "llama4_text", "switch_transformers",
      "nllb-moe", "minimax", "glm4_moe", "ernie4_5_moe",
    ] {
      reasons[name] = "a mixture of experts"
    }
    for name in [
      "mamba", "mamba2", "falcon_mamba", "rwkv", "recurrent_gemma", "bamba", "zamba", "zamba2",
      "xlstm", "falcon_h1",
    ] {
      reasons[name] = "a state-space or recurrent model"
    }
    for name in [
      "vit", "clip", "siglip", "llava", "gemma3", "mllama", "qwen2_vl", "qwen2_5_vl", "paligemma",
      "idefics", "idefics2", "idefics3", "blip", "blip-2", "swin", "deit", "beit", "convnext",
      "dinov2", "resnet", "smolvlm", "pixtral", "mistral3",
    ] {
      reasons[name] = "a model of images"
    }
    return reasons
  }()

  /// The head that the configuration's `architectures` name; nil for a body without one.
  func head(
    _ config: ModelConfiguration, _ description: NetworkDescription
  ) throws -> HeadDescription? {
    guard let name = config.object["architectures"]?.array?.first?.string,
      name.hasPrefix(architecture)
    else { return nil }
    let ending = String(name.dropFirst(architecture.count))
    if let head = heads.first(where: { $0.ending == ending }) {
      return try head.describe(config, description)
    }
    guard ending == "Model" || ending == "TextModel" else {
      throw DomainError(
        .value, "\(config.path): the head of \(name) is not supported",
        hint: "of this family \((["Model"] + heads.map(\.ending)).joined(separator: ", ")) are")
    }
    return nil
  }
}

extension ModelConfiguration {
  /// How many blocks there are, before room is made for what is said of each.
  func blockCount(_ name: String, _ standard: Int) throws -> Int {
    let count = try size(name, standard)
    guard count <= NetworkBody.mostBlocks else {
      throw DomainError(
        .value,
        "\(path): a transformer has 1 to \(NetworkBody.mostBlocks) blocks, `\(name)` is \(count)")
    }
    return count
  }

  /// How many classes there are: `num_labels`, or as many as `id2label` names, or 2.
  func labels() throws -> Int {
    if let count = object["id2label"]?.object?.count, count > 0 { return count }
    return try size("num_labels", 2)
  }

  /// Whether queries, keys and values of `name` are as usual; nil values count as `standard`.
  func optionalFlag(_ name: String, _ standard: Bool) throws -> Bool {
    object[name].map(\.isNull) ?? true ? standard : try flag(name, standard)
  }

  func optionalSize(_ name: String) throws -> Int? {
    object[name].map(\.isNull) ?? true ? nil : try size(name, 0)
  }

  /// A size by the usual name, which wins in transformers where both stand, or by the one that the family gave it.
  func size(_ name: String, or usual: String, _ standard: Int) throws -> Int {
    try size(object[usual] == nil ? name : usual, standard)
  }

  func optionalNumber(_ name: String) throws -> Double? {
    object[name].map(\.isNull) ?? true ? nil : try number(name, 0)
  }

  /// Dropout before a classifier: the family's own setting, or else that of the layers.
  func classifierDropout(_ dropout: Double?, _ description: NetworkDescription) throws -> Double {
    try dropout ?? optionalNumber("classifier_dropout") ?? description.dropout
  }

  /// The settings of rotary positions as transformers 5 writes them (`rope_parameters`) and as 4 did (`rope_theta`,
  /// `rope_scaling`).
  ///
  /// - Parameters:
  ///   - kind: "full_attention" or "sliding_attention" where both have settings of their own.
  ///   - theta, fraction: where nothing is said.
  func rotary(
    headWidth: Int, theta standard: Double = 10_000, fraction: Double = 1, kind: String? = nil,
    isInterleaved: Bool = false
  ) throws -> Rotary {
    var settings = object["rope_parameters"]?.object
    if let kind, let own = settings?[kind]?.object { settings = own }
    let scaling = settings ?? object["rope_scaling"]?.object
    let theta = try positive(
      settings?["rope_theta"] ?? object["rotary_emb_base"] ?? object["rope_theta"],
      "rope_theta", standard)
    let part = try positive(
      settings?["partial_rotary_factor"] ?? object["partial_rotary_factor"]
        ?? object["rotary_pct"], "partial_rotary_factor", fraction)
    let width = Int((Double(headWidth) * min(1, part)).rounded(.down))
    let type = scaling?["rope_type"]?.string ?? scaling?["type"]?.string ?? "default"
    func factor(_ name: String) throws -> Double { try positive(scaling?[name], name, nil) }
    let scale: Rotary.Scaling
    switch type {
    case "default", "mrope": scale = .none
    case "linear": scale = .linear(factor: try factor("factor"))
    case "llama3":
      scale = .llama3(
        factor: try factor("factor"), low: try factor("low_freq_factor"),
        high: try factor("high_freq_factor"),
        original: try factor("original_max_position_embeddings"))
    default:
      throw DomainError(
        .value, "\(path): rotary positions of type \"\(type)\" are not supported",
        hint: "default, linear and llama3 are")
    }
    return Rotary(theta: theta, width: width, isInterleaved: isInterleaved, scaling: scale)
  }

  private func positive(_ value: JSON?, _ name: String, _ standard: Double?) throws -> Double {
    guard let value, !value.isNull else {
      if let standard { return standard }
      throw DomainError(.value, "\(path): the scaling of rotary positions lacks `\(name)`")
    }
    guard let number = value.number, number > 0, number.isFinite else {
      throw wrong(name, "a number above 0", value)
    }
    return number
  }

  /// Which blocks look through a window: by `layer_types`, or else as `standard` says.
  func slidingBlocks(_ count: Int, standard: (Int) -> Bool) throws -> [Bool] {
    guard let types = object["layer_types"], !types.isNull else { return (0..<count).map(standard) }
    guard let names = types.array, names.count == count else {
      throw wrong("layer_types", "a list of \(count) kinds of attention", types)
    }
    return try names.map { name in
      switch name.string {
      case "sliding_attention": true
      case "full_attention": false
      default: throw wrong("layer_types", "full_attention or sliding_attention", name)
      }
    }
  }

  /// The head of a model that scores the next token.
  static let causalHead = Family.HeadName(ending: "ForCausalLM") { config, description in
    var head = HeadDescription(.nextToken, outputs: description.vocabulary)
    head.isTied = try config.flag("tie_word_embeddings", false)
    head.hasBias = false
    return head
  }

  /// The same for families that share the table where nothing is said.
  static let tiedHead = Family.HeadName(ending: "ForCausalLM") { config, description in
    var head = HeadDescription(.nextToken, outputs: description.vocabulary)
    head.isTied = try config.flag("tie_word_embeddings", true)
    head.hasBias = false
    return head
  }

  /// A classifier of sequences that reads a decoder's last state.
  static let lastTokenClassifier = Family.HeadName(
    ending: "ForSequenceClassification"
  ) { config, _ in
    var head = HeadDescription(.sequence, outputs: try config.labels())
    head.reading = .last
    head.hasBias = false
    return head
  }

  /// A classifier of tokens.
  static let tokenClassifier = Family.HeadName(
    ending: "ForTokenClassification"
  ) { config, description in
    var head = HeadDescription(.tokens, outputs: try config.labels())
    head.dropout = try config.classifierDropout(nil, description)
    return head
  }

  /// Where an answer begins and ends.
  static let spanHead = Family.HeadName(ending: "ForQuestionAnswering") { _, _ in
    HeadDescription(.spans, outputs: 2)
  }
}

extension WeightNames {
  /// With the names of the layer that a head has for its outputs.
  func with(
    _ head: HeadDescription?, classifier: String = "classifier", spans: String = "qa_outputs"
  )
    -> WeightNames
  {
    var names = self
    switch head?.task {
    case .sequence, .tokens, .choice: names.head = classifier
    case .spans: names.head = spans
    default: break
    }
    return names
  }
}
