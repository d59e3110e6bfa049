import Foundations

/// Llama (Touvron et al. 2023) and its kin: root-mean-square normalisation before each part, rotary positions, shared
/// heads of keys, gated feed-forward parts.
enum LlamaFamilies {
  static let all = [llama, mistral, qwen2, qwen3, smolLM3, phi3, olmo2]

  private static let heads = [
    ModelConfiguration.causalHead, ModelConfiguration.lastTokenClassifier,
    ModelConfiguration.tokenClassifier, ModelConfiguration.spanHead,
  ]

  private static let llama = Family(
    name: "llama", architecture: "Llama",
    describe: { config, dropout in
      let biases = try config.flag("attention_bias", false)
      return try base(config, dropout, (biases, biases), try config.flag("mlp_bias", false))
    }, names: { _, head in names(head) }, heads: heads)

  private static let mistral = Family(
    name: "mistral", architecture: "Mistral",
    describe: { config, dropout in
      var description = try base(config, dropout, (false, false), false)
      let window = try config.optionalSize("sliding_window").map { max(1, $0) - 1 }
      for i in 0..<description.blocks { description.patterns[i].window = window }
      return description
    }, names: { _, head in names(head) }, heads: heads)

  private static let qwen2 = Family(
    name: "qwen2", architecture: "Qwen2",
    describe: { config, dropout in
      var description = try base(config, dropout, (true, false), false)
      try slide(&description, config)
      return description
    }, names: { _, head in names(head) }, heads: heads)

  private static let qwen3 = Family(
    name: "qwen3", architecture: "Qwen3",
    describe: { config, dropout in
      let biases = try config.flag("attention_bias", false)
      var description = try base(
        config, dropout, (biases, biases), false, headWidth: try config.size("head_dim", 128))
      description.queryKeyNorm = .heads
      try slide(&description, config)
      return description
    }, names: { _, head in names(head) }, heads: heads)

  private static let smolLM3 = Family(
    name: "smollm3", architecture: "SmolLM3",
    describe: { config, dropout in
      let biases = try config.flag("attention_bias", false)
      var description = try base(
        config, dropout, (biases, biases), try config.flag("mlp_bias", false),
        theta: 2_000_000)
      if let turned = config.object["no_rope_layers"]?.array {
        guard turned.count == description.blocks else {
          throw config.wrong(
            "no_rope_layers", "a list of \(description.blocks) numbers", .array(turned))
        }
        for (i, value) in turned.enumerated() where value.integer == 0 {
          description.rotaries[i] = nil
        }
      } else {
        let interval = try config.size("no_rope_layer_interval", 4)
        for i in 0..<description.blocks where (i + 1) % interval == 0 {
          description.rotaries[i] = nil
        }
      }
      try slide(&description, config)
      return description
    }, names: { _, head in names(head) },
    heads: [
      ModelConfiguration.tiedHead, ModelConfiguration.lastTokenClassifier,
      ModelConfiguration.tokenClassifier, ModelConfiguration.spanHead,
    ])

  private static let phi3 = Family(
    name: "phi3", architecture: "Phi3",
    describe: { config, dropout in
      var description = try base(config, dropout, (false, false), false)
      if dropout == nil { description.dropout = try config.number("resid_pdrop", 0) }
      description.normEpsilon = try config.number("rms_norm_eps", 1e-5)
      let window = try config.optionalSize("sliding_window").map { max(1, $0) - 1 }
      for i in 0..<description.blocks { description.patterns[i].window = window }
      return description
    },
    names: { _, head in
      var names = names(head)
      names.packed = "self_attn.qkv_proj"
      names.packedExpand = "mlp.gate_up_proj"
      return names
    },
    heads: [
      ModelConfiguration.causalHead, ModelConfiguration.lastTokenClassifier,
      ModelConfiguration.tokenClassifier,
    ])

  private static let olmo2 = Family(
    name: "olmo2", architecture: "Olmo2",
    describe: { config, dropout in
      let biases = try config.flag("attention_bias", false)
      var description = try base(config, dropout, (biases, biases), false)
      description.normEpsilon = try config.number("rms_norm_eps", 1e-5)
      description.placement = .behind
      description.queryKeyNorm = .whole
      return description
    },
    names: { _, head in
      var names = names(head)
      names.attentionPostNorm = "post_attention_layernorm"
      names.feedForwardPostNorm = "post_feedforward_layernorm"
      return names
    }, heads: [ModelConfiguration.causalHead, ModelConfiguration.lastTokenClassifier])

  /// What all of them share.
  static func base(
    _ config: ModelConfiguration, _ dropout: Double?, _ biases: (inputs: Bool, output: Bool),
    _ feedForwardBias: Bool, headWidth: Int? = nil, theta: Double = 10_000
  ) throws -> NetworkDescription {
    try config.refuseQuantization()
    try config.refusePruning()
    let width = try config.size("hidden_size", 4096)
    let heads = try config.size("num_attention_heads", 32)
    let ownWidth = try headWidth ?? config.optionalSize("head_dim")
    let headWidth = try ownWidth ?? Attention.headWidth(width, heads)
    var description = NetworkDescription(
      family: try config.familyName(), vocabulary: try config.size("vocab_size", 32_000),
      context: try config.size("max_position_embeddings", 2048), width: width,
      blocks: try config.blockCount("num_hidden_layers", 32),
      pattern: AttentionPattern(
        heads: heads, keyHeads: try config.optionalSize("num_key_value_heads") ?? heads,
        headWidth: headWidth, isCausal: true,
        dropout: try dropout ?? config.number("attention_dropout", 0)),
      feedForward: .init(
        inner: try config.size("intermediate_size", 11_008),
        activation: try config.activation("hidden_act", "silu"), isGated: true,
        hasBias: feedForwardBias))
    description.normalization = .rms(unitOffset: false)
    description.normEpsilon = try config.number("rms_norm_eps", 1e-6)
    description.attentionBiases = biases
    description.dropout = dropout ?? 0
    let rotary = try config.rotary(headWidth: headWidth, theta: theta)
    description.rotaries = Array(repeating: rotary, count: description.blocks)
    return description
  }

  /// Windows of Qwen's models: from a block on, or by kinds of blocks.
  private static func slide(
    _ description: inout NetworkDescription, _ config: ModelConfiguration
  ) throws {
    guard try config.flag("use_sliding_window", false),
      let window = try config.optionalSize("sliding_window")
    else { return }
    let first = try config.size("max_window_layers", 28, atLeast: 0)
    let sliding = try config.slidingBlocks(description.blocks) { $0 >= first }
    for (i, slides) in sliding.enumerated() where slides {
      description.patterns[i].window = max(1, window) - 1
    }
  }

  static func names(_ head: HeadDescription?) -> WeightNames {
    var names = WeightNames(
      prefix: head?.task == .spans ? "transformer." : "model.", tokens: "embed_tokens.weight",
      block: "layers.{}.", output: "self_attn.o_proj", contract: "mlp.down_proj")
    names.query = "self_attn.q_proj"
    names.key = "self_attn.k_proj"
    names.value = "self_attn.v_proj"
    names.queryNorm = "self_attn.q_norm"
    names.keyNorm = "self_attn.k_norm"
    names.attentionNorm = "input_layernorm"
    names.feedForwardNorm = "post_attention_layernorm"
    names.gate = "mlp.gate_proj"
    names.expand = "mlp.up_proj"
    names.norm = "norm"
    names.buffers = ["rotary_emb.inv_freq"]
    return names.with(head, classifier: "score")
  }
}

extension ModelConfiguration {
  /// `model_type` as it stands.
  func familyName() throws -> String {
    guard let value = object["model_type"] else { return "model" }
    return try text(value, "model_type")
  }
}
