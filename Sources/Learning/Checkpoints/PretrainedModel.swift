// Models in folders as the transformers library keeps them: `config.json` and safetensors weights. Families: GPT-2,
// BERT, DistilBERT.

import Files
import Foundations
import JSONValues
import Tensors

/// A model from a Hugging Face folder, and what the folder says about its tokens.
public struct PretrainedModel {
  public enum Form {
    case gpt2(GPT2)
    case bert(BERT)
    case network(Network)
  }

  public let network: Form
  public let tokens: SpecialTokens
  /// Tensors of heads that a `BERT` has not (masked language model, classifier), which were left out.
  public let skipped: [String]
  /// The head that the configuration names and the weights lack, so that the model has none.
  public var missingHead: String?
  /// How each tensor is stored, by the name under which it is written: what is read as 16 bits is saved as 16 bits.
  public let types: [String: SafeTensorType]

  public var layer: Layer {
    switch network {
    case .gpt2(let model): model
    case .bert(let model): model
    case .network(let model): model
    }
  }

  /// The tokens with a meaning of their own, as the configuration names them.
  public struct SpecialTokens: Sendable, Equatable {
    public var start: Int?
    public var stops: [Int]
    public var padding: Int?

    public init(start: Int? = nil, stops: [Int] = [], padding: Int? = nil) {
      self.start = start
      self.stops = stops
      self.padding = padding
    }
  }

  /// Reads the model in `folder`.
  ///
  /// - Parameter dropout: of the layers and of the attention's weights, for training; where nothing is said the
  ///   configuration's.
  /// - Throws: `io` where a file is missing, `parse` and `data` where one is not sound, `value` for a setting that is
  ///   not supported, by its name (none that changes a result is ignored), `key` for tensors that are missing or
  ///   unknown, `shape` and `type` for those that do not fit.
  public static func load(_ folder: String, dropout: Double? = nil) throws -> PretrainedModel {
    let config = try ModelConfiguration(folder + "/config.json")
    let weights = try WeightFolder(folder)
    // Every number is replaced at once.
    var random = RandomStream(seed: 0)
    var missingHead: String?
    if let network = try described(config, weights, dropout: dropout, &missingHead) {
      let (model, map) = network
      let (skipped, types) = try map.load(weights)
      return PretrainedModel(
        network: .network(model), tokens: try config.specialTokens(folder), skipped: skipped,
        missingHead: missingHead, types: types)
    }
    let family = try config.classFamily()
    let network: Form
    let map: CheckpointMap
    switch family {
    case .gpt2:
      let settings = try config.gpt2(dropout: dropout)
      try require(settings.size, in: weights)
      let model = try GPT2(settings, random: &random)
      network = .gpt2(model)
      map = .gpt2(model)
    case .bert:
      let hasPooler = ["", "bert."].contains { weights.contains($0 + "pooler.dense.weight") }
      let settings = try config.bert(dropout: dropout, hasPooler: hasPooler)
      try require(settings.size, in: weights)
      let model = try BERT(settings, random: &random)
      network = .bert(model)
      map = .bert(model)
    case .distilBERT:
      let settings = try config.distilBERT(dropout: dropout)
      try require(settings.size, in: weights)
      let model = try BERT(settings, random: &random)
      network = .bert(model)
      map = .distilBERT(model)
    }
    let (skipped, types) = try map.load(weights)
    return PretrainedModel(
      network: network, tokens: try config.specialTokens(folder), skipped: skipped,
      missingHead: missingHead, types: types)
  }

  /// The network that a family's description gives, all numbers 0, and the list by which it is read. Nil for what has a
  /// class of its own: GPT-2, and BERT and DistilBERT without a head.
  private static func described(
    _ config: ModelConfiguration, _ weights: WeightFolder, dropout: Double?,
    _ missingHead: inout String?
  ) throws -> (Network, CheckpointMap)? {
    let name = try config.modelType()
    guard let family = Family.named(name) else { return nil }
    let description = try family.describe(config, dropout)
    var head = try family.head(config, description)
    // A body may lie in a folder whose configuration still speaks of a head.
    if let wanted = head, !family.names(description, wanted).holdHead(weights) {
      missingHead = wanted.task.rawValue
      head = nil
    }
    if head == nil, ["bert", "distilbert"].contains(name) { return nil }
    try require(description.size, in: weights)
    let network = try Network.make(description, head: head, configuration: config.object)
    return (network, family.names(description, head).map(network))
  }

  /// Whether the weights can be those of a model of about this size: before memory is taken for one that a small file
  /// only speaks of. Where they lack a tensor, that is found later and named.
  private static func require(_ size: ModelSize, in weights: WeightFolder) throws {
    let held = weights.entries.reduce(0) { $0 + $1.count }
    guard size.matrixNumbers / 2 <= held + (1 << 19) else {
      throw DomainError(
        .shape,
        "config.json of \(weights.folder) speaks of a model of at least \(size.matrixNumbers) numbers, its weights hold \(held)"
      )
    }
  }

  /// Writes `config.json` and `model.safetensors` (and for a GPT-2 `generation_config.json`) as transformers reads
  /// them; other files of the folder stay.
  ///
  /// A folder that is not there yet appears whole or not at all. In one that is, each file is replaced whole, the
  /// weights first.
  /// - Parameter types: how tensors are stored, as `load` gives it; the others, and those whose numbers have outgrown
  ///   their type, with 32 bits.
  /// - Throws: `type` where the model is of no such family, `value` where the family cannot say it, `io` where it
  ///   cannot be written.
  public static func save(
    _ model: Layer, to folder: String, tokens: SpecialTokens = SpecialTokens(),
    types: [String: SafeTensorType] = [:]
  ) throws {
    let map: CheckpointMap
    var config: JSON.Object
    switch model {
    case let model as GPT2:
      map = .gpt2(model)
      config = ModelConfiguration.object(model.settings, tokens)
    case let model as BERT where model.settings.types == 0:
      map = .distilBERT(model)
      config = try ModelConfiguration.distilBERT(model.settings, tokens)
    case let model as BERT:
      map = .bert(model)
      config = try ModelConfiguration.object(model.settings, tokens)
    case let model as Network:
      let description = model.body.description
      guard let family = Family.named(description.family) else {
        throw DomainError(.type, "no family is called \(description.family)")
      }
      map = family.names(description, model.head?.description).map(model)
      config = model.configuration
      config["dtype"] = nil
      config["torch_dtype"] = nil
    default:
      throw DomainError(
        .type,
        "only GPT-2, BERT and DistilBERT models can be saved as such a folder, not \(model.kind)")
    }
    let tensors = try map.tensors()
    // transformers takes this type where it is not told another; older versions know only this name of the setting.
    let stored = Set(tensors.map { types[$0.name] ?? .f32 })
    if stored == [.f16] { config["torch_dtype"] = "float16" }
    if stored == [.bf16] { config["torch_dtype"] = "bfloat16" }
    try Folder.fill(folder) { [config] folder in
      try SafeTensors.write(
        tensors, types: types, metadata: [("format", "pt")], to: folder + "/model.safetensors")
      if model is GPT2 || model is CausalNetwork {
        var generation = JSON.Object()
        ModelConfiguration.add(tokens, to: &generation)
        try JSONFile.write(.object(generation), to: folder + "/generation_config.json")
      }
      try JSONFile.write(.object(config), to: folder + "/config.json")
    }
  }
}
