import Foundations
import Tensors

/// Which tensors of a checkpoint are which parameters of a model; reading and writing go by the same list.
struct CheckpointMap {
  /// Where a parameter's numbers are.
  enum Source {
    case plain(String)
    /// A weight that is stored [inputs, outputs] (transformers' Conv1D).
    case transposed(String)
    /// Several tensors, one below the other.
    case stacked([String])
    /// Rows of a tensor that holds several parameters one below the other or head by head: which of its `of` rows, in
    /// order. A transposed one has columns in their place.
    case rows(String, of: Int, [Range<Int>], isTransposed: Bool)
    /// An output layer that shares the token embedding's numbers, where it is stored at all.
    case copy(String)

    var names: [String] {
      switch self {
      case .plain(let name), .transposed(let name), .copy(let name),
        .rows(let name, _, _, _):
        [name]
      case .stacked(let names): names
      }
    }
  }

  struct Entry {
    let parameter: Parameter
    let source: Source
  }

  private let entries: [Entry]
  /// What names begin with where the model is part of one with a head; such models are written with it where
  /// `writesPrefix`.
  private let prefix: String
  private let writesPrefix: Bool
  /// Tensors that say nothing: masks, position numbers.
  private let isBuffer: (String) -> Bool
  /// What the names of tensors of heads that the model has not begin with.
  private let heads: [String]
  /// What the names of tensors that never have the prefix begin with.
  private let unprefixed: [String]

  init(
    entries: [Entry], prefix: String, writesPrefix: Bool, isBuffer: @escaping (String) -> Bool,
    heads: [String], unprefixed: [String] = ["lm_head.weight"]
  ) {
    self.entries = entries
    self.prefix = prefix
    self.writesPrefix = writesPrefix
    self.isBuffer = isBuffer
    self.heads = heads
    self.unprefixed = unprefixed
  }

  // MARK: The families

  static func gpt2(_ model: GPT2) -> CheckpointMap {
    var entries = [
      Entry(parameter: model.tokens.weight, source: .plain("wte.weight")),
      Entry(parameter: model.positions.weight, source: .plain("wpe.weight")),
    ]
    for (i, block) in model.transformer.blocks.enumerated() {
      let path = "h.\(i)."
      entries += norm(block.attentionNorm, path + "ln_1")
      entries += convolution(block.attention.input, path + "attn.c_attn")
      entries += convolution(block.attention.output, path + "attn.c_proj")
      entries += norm(block.feedForwardNorm, path + "ln_2")
      entries += convolution(block.feedForward.expand, path + "mlp.c_fc")
      entries += convolution(block.feedForward.contract, path + "mlp.c_proj")
    }
    entries += norm(model.norm, "ln_f")
    let head =
      model.output.map { Entry(parameter: $0.weight, source: .plain("lm_head.weight")) }
      ?? Entry(parameter: model.tokens.weight, source: .copy("lm_head.weight"))
    return CheckpointMap(
      entries: entries + [head], prefix: "transformer.", writesPrefix: true,
      isBuffer: {
        $0.hasPrefix("h.") && ($0.hasSuffix(".attn.bias") || $0.hasSuffix(".attn.masked_bias"))
      }, heads: [])
  }

  static func bert(_ model: BERT) -> CheckpointMap {
    var entries = [
      Entry(parameter: model.tokens.weight, source: .plain("embeddings.word_embeddings.weight")),
      Entry(
        parameter: model.positions.weight, source: .plain("embeddings.position_embeddings.weight")),
    ]
    if let types = model.types {
      entries.append(
        Entry(parameter: types.weight, source: .plain("embeddings.token_type_embeddings.weight")))
    }
    entries += norm(model.norm, "embeddings.LayerNorm")
    for (i, block) in model.transformer.blocks.enumerated() {
      let path = "encoder.layer.\(i)."
      entries += stacked(
        block.attention.input, ["query", "key", "value"].map { path + "attention.self." + $0 })
      entries += linear(block.attention.output, path + "attention.output.dense")
      entries += norm(block.attentionNorm, path + "attention.output.LayerNorm")
      entries += linear(block.feedForward.expand, path + "intermediate.dense")
      entries += linear(block.feedForward.contract, path + "output.dense")
      entries += norm(block.feedForwardNorm, path + "output.LayerNorm")
    }
    if let pooler = model.pooler { entries += linear(pooler, "pooler.dense") }
    return CheckpointMap(
      entries: entries, prefix: "bert.", writesPrefix: false, isBuffer: isPositions,
      heads: ["cls.", "classifier.", "qa_outputs."])
  }

  static func distilBERT(_ model: BERT) -> CheckpointMap {
    var entries = [
      Entry(parameter: model.tokens.weight, source: .plain("embeddings.word_embeddings.weight")),
      Entry(
        parameter: model.positions.weight, source: .plain("embeddings.position_embeddings.weight")),
    ]
    entries += norm(model.norm, "embeddings.LayerNorm")
    for (i, block) in model.transformer.blocks.enumerated() {
      let path = "transformer.layer.\(i)."
      entries += stacked(
        block.attention.input, ["q_lin", "k_lin", "v_lin"].map { path + "attention." + $0 })
      entries += linear(block.attention.output, path + "attention.out_lin")
      entries += norm(block.attentionNorm, path + "sa_layer_norm")
      entries += linear(block.feedForward.expand, path + "ffn.lin1")
      entries += linear(block.feedForward.contract, path + "ffn.lin2")
      entries += norm(block.feedForwardNorm, path + "output_layer_norm")
    }
    return CheckpointMap(
      entries: entries, prefix: "distilbert.", writesPrefix: false, isBuffer: isPositions,
      heads: ["vocab_", "pre_classifier.", "classifier.", "qa_outputs."])
  }

  private static func isPositions(_ name: String) -> Bool {
    name == "embeddings.position_ids" || name == "embeddings.token_type_ids"
  }

  static func norm(_ layer: LayerNormalization, _ path: String) -> [Entry] {
    [
      Entry(parameter: layer.weight, source: .plain(path + ".weight")),
      Entry(parameter: layer.bias, source: .plain(path + ".bias")),
    ]
  }

  static func linear(_ layer: Linear, _ path: String) -> [Entry] {
    stacked(layer, [path])
  }

  static func stacked(_ layer: Linear, _ paths: [String]) -> [Entry] {
    [
      Entry(parameter: layer.weight, source: .stacked(paths.map { $0 + ".weight" }))
    ]
      + (layer.bias.map { [Entry(parameter: $0, source: .stacked(paths.map { $0 + ".bias" }))] }
        ?? [])
  }

  static func convolution(_ layer: Linear, _ path: String) -> [Entry] {
    [Entry(parameter: layer.weight, source: .transposed(path + ".weight"))]
      + (layer.bias.map { [Entry(parameter: $0, source: .plain(path + ".bias"))] } ?? [])
  }

  // MARK: Reading

  /// Sets all parameters from `weights`.
  ///
  /// - Returns: the tensors of heads that were left out, and the types of the others by the names under which they are
  ///   written.
  func load(_ weights: WeightFolder) throws -> (skipped: [String], types: [String: SafeTensorType])
  {
    var stored: [Spelling: String] = [:]
    var types: [String: SafeTensorType] = [:]
    for entry in weights.entries {
      let name = Self.modern(
        entry.name.hasPrefix(prefix) ? String(entry.name.dropFirst(prefix.count)) : entry.name)
      if let other = stored.updateValue(entry.name, forKey: Spelling(name)) {
        throw DomainError(
          .key, "\(weights.folder) has `\(other)` and `\(entry.name)`, which are the same parameter"
        )
      }
      types[path(name)] = entry.type
    }
    var known: Set<Spelling> = []
    var missing: [String] = []
    for entry in entries {
      for name in entry.source.names {
        known.add(name)
        if case .copy = entry.source { continue }
        if stored[name] == nil { missing.append(name) }
      }
    }
    guard missing.isEmpty else {
      throw DomainError(
        .key, "\(weights.folder) lacks \(Self.list(missing)), which its config.json asks for")
    }
    var skipped: [String] = []
    var unknown: [String] = []
    for (name, original) in stored where !known.contains(name) && !isBuffer(name.text) {
      if heads.contains(where: name.text.hasPrefix) {
        skipped.append(original)
      } else {
        unknown.append(original)
      }
    }
    guard unknown.isEmpty else {
      throw DomainError(
        .key,
        "\(weights.folder) has \(Self.list(unknown.sorted())), which its config.json does not ask for"
      )
    }
    var values: [(Parameter, Tensor)] = []
    for entry in entries {
      guard let value = try value(of: entry, weights, stored) else { continue }
      values.append((entry.parameter, value))
    }
    for (parameter, value) in values { try parameter.set(value) }
    try checkCopies(weights, stored)
    return (skipped.sorted(), types)
  }

  /// Names of old checkpoints in today's form: normalisations were `gamma` and `beta`.
  private static func modern(_ name: String) -> String {
    for (old, new) in [(".gamma", ".weight"), (".beta", ".bias")] where name.hasSuffix(old) {
      return String(name.dropLast(old.count)) + new
    }
    return name
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(3).map { "`\($0)`" }.joined(separator: ", ")
    return names.count > 3 ? shown + " and \(names.count - 3) more tensors" : shown
  }

  private func value(
    of entry: Entry, _ weights: WeightFolder, _ stored: [Spelling: String]
  ) throws -> Tensor? {
    let shape = entry.parameter.shape
    switch entry.source {
    case .plain(let name): return try read(name, shape, weights, stored)
    case .transposed(let name):
      return try read(name, [shape[1], shape[0]], weights, stored).transposed(0, 1).contiguous()
    case .stacked(let names):
      var part = shape
      part[0] = shape[0] / names.count
      let parts = try names.map { try read($0, part, weights, stored) }
      return parts.count == 1 ? parts[0] : try Tensor.concatenated(parts, axis: 0)
    case .rows(let name, let count, let ranges, let isTransposed):
      let inputs = shape.rank > 1 ? [shape[1]] : []
      let whole = isTransposed && shape.rank > 1 ? inputs + [count] : [count] + inputs
      var tensor = try read(name, Shape(checking: whole), weights, stored)
      if isTransposed, shape.rank > 1 { tensor = try tensor.transposed(0, 1).contiguous() }
      return try Tensor.concatenated(
        ranges.map { try tensor.sliced(axis: 0, from: $0.lowerBound, to: $0.upperBound) }, axis: 0)
    case .copy: return nil
    }
  }

  private func read(
    _ name: String, _ shape: Shape, _ weights: WeightFolder, _ stored: [Spelling: String]
  ) throws -> Tensor {
    // All names were found before.
    let original = stored[name] ?? name
    let tensor = try weights.tensor(original)
    guard tensor.shape == shape else {
      throw DomainError(
        .shape,
        "tensor `\(original)` of \(weights.folder) has shape \(tensor.shape), its config.json asks for \(shape)"
      )
    }
    guard tensor.dtype.isFloating else {
      throw DomainError(
        .type, "tensor `\(original)` of \(weights.folder) holds \(tensor.dtype.name), not fractions"
      )
    }
    return try tensor.cast(to: .f32)
  }

  /// A stored copy of tied numbers must be one: otherwise the configuration is not that of the weights.
  private func checkCopies(_ weights: WeightFolder, _ stored: [Spelling: String]) throws {
    for entry in entries {
      guard case .copy(let name) = entry.source, stored[name] != nil else { continue }
      let copy = try read(name, entry.parameter.shape, weights, stored)
      let same = try copy.withUnsafeBuffer(Float.self) { copy in
        try entry.parameter.data.withUnsafeBuffer(Float.self) { own in
          zip(copy, own).allSatisfy { $0.bitPattern == $1.bitPattern }
        }
      }
      guard same else {
        throw DomainError(
          .data,
          "`\(name)` of \(weights.folder) is not the token embedding, though config.json ties them",
          hint: "set `tie_word_embeddings` to false in config.json")
      }
    }
  }

  // MARK: Writing

  func tensors() throws -> [(name: String, value: Tensor)] {
    var result: [(name: String, value: Tensor)] = []
    var packed: [Spelling: Int] = [:]
    var transposed: Set<Spelling> = []
    for entry in entries {
      let value = entry.parameter.data
      switch entry.source {
      case .plain(let name): result.append((path(name), value))
      case .transposed(let name): result.append((path(name), try value.transposed(0, 1)))
      case .stacked(let names):
        let size = value.shape[0] / names.count
        for (i, name) in names.enumerated() {
          result.append(
            (path(name), try value.sliced(axis: 0, from: i * size, to: (i + 1) * size)))
        }
      case .rows(let name, let count, let ranges, let isTransposed):
        let inputs = value.shape.rank > 1 ? [value.shape[1]] : []
        let key = Spelling(name)
        if packed[key] == nil {
          packed[key] = result.count
          result.append((path(name), try .zeros(Shape(checking: [count] + inputs))))
        }
        let width = inputs.first ?? 1
        if let place = packed[key] {
          var from = value.floats
          for range in ranges {
            (result[place].value.floats + range.lowerBound * width)
              .update(from: from, count: range.count * width)
            from += range.count * width
          }
          withExtendedLifetime(value) {}
        }
        if isTransposed, value.shape.rank > 1 { transposed.insert(key) }
      case .copy: continue
      }
    }
    for (name, place) in packed where transposed.contains(name) {
      result[place].value = try result[place].value.transposed(0, 1).contiguous()
    }
    return result
  }

  private func path(_ name: String) -> String {
    writesPrefix && !unprefixed.contains(where: name.hasPrefix) ? prefix + name : name
  }
}
