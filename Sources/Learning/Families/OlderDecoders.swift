import Foundations

/// Decoders from GPT-Neo to Phi: layer normalisation, and each its own way with positions and residual sums.
enum OlderDecoders {
  static let all = [neoX, phi, gptJ, gptNeo, opt, bloom]

  private static let neoX = Family(
    name: "gpt_neox", architecture: "GPTNeoX",
    describe: { config, dropout in
      let bias = try config.flag("attention_bias", true)
      var description = try base(config, dropout, activation: ("hidden_act", "gelu"))
      description.attentionBiases = (bias, bias)
      description.placement =
        try config.flag("use_parallel_residual", true) ? .parallel(norms: 2) : .before
      try turn(&description, config, fraction: 0.25)
      return description
    },
    names: { _, head in
      var names = WeightNames(
        prefix: "gpt_neox.", tokens: "embed_in.weight", block: "layers.{}.",
        output: "attention.dense", contract: "mlp.dense_4h_to_h")
      names.packed = "attention.query_key_value"
      names.packing = .byHead
      names.attentionNorm = "input_layernorm"
      names.feedForwardNorm = "post_attention_layernorm"
      names.expand = "mlp.dense_h_to_4h"
      names.norm = "final_layer_norm"
      names.head = "embed_out"
      names.buffers = ["rotary_emb.inv_freq", "attention.bias", "attention.masked_bias"]
      return head?.task == .tokens
        ? names.with(head) : names.with(head, classifier: "score")
    },
    heads: [
      ModelConfiguration.causalHead, ModelConfiguration.lastTokenClassifier,
      ModelConfiguration.tokenClassifier, ModelConfiguration.spanHead,
    ])

  private static let phi = Family(
    name: "phi", architecture: "Phi",
    describe: { config, dropout in
      try config.refuse("qk_layernorm", unless: .bool(false))
      var description = try base(config, dropout, activation: ("hidden_act", "gelu_new"))
      description.placement = .parallel(norms: 1)
      try turn(&description, config, fraction: 0.5)
      return description
    },
    names: { _, head in
      var names = WeightNames(
        prefix: "model.", tokens: "embed_tokens.weight", block: "layers.{}.",
        output: "self_attn.dense", contract: "mlp.fc2")
      names.query = "self_attn.q_proj"
      names.key = "self_attn.k_proj"
      names.value = "self_attn.v_proj"
      names.attentionNorm = "input_layernorm"
      names.expand = "mlp.fc1"
      names.norm = "final_layernorm"
      return names.with(head, classifier: "score")
    },
    heads: [
      biased, ModelConfiguration.lastTokenClassifier, ModelConfiguration.tokenClassifier,
    ])

  private static let gptJ = Family(
    name: "gptj", architecture: "GPTJ",
    describe: { config, dropout in
      var description = try legacy(config, dropout, inner: "n_inner")
      description.attentionBiases = (false, false)
      description.placement = .parallel(norms: 1)
      let width = description.patterns[0].headWidth
      let rotary = Rotary(
        theta: 10_000, width: try config.optionalSize("rotary_dim") ?? width, isInterleaved: true)
      description.rotaries = Array(repeating: rotary, count: description.blocks)
      return description
    },
    names: { _, head in
      var names = WeightNames(
        prefix: "transformer.", tokens: "wte.weight", block: "h.{}.", output: "attn.out_proj",
        contract: "mlp.fc_out")
      names.query = "attn.q_proj"
      names.key = "attn.k_proj"
      names.value = "attn.v_proj"
      names.attentionNorm = "ln_1"
      names.expand = "mlp.fc_in"
      names.norm = "ln_f"
      names.buffers = ["attn.bias", "attn.masked_bias", "attn.embed_positions"]
      return names.with(head, classifier: "score")
    },
    heads: [biased, ModelConfiguration.lastTokenClassifier, ModelConfiguration.spanHead])

  private static let gptNeo = Family(
    name: "gpt_neo", architecture: "GPTNeo",
    describe: { config, dropout in
      let width = try config.size("hidden_size", 2048)
      let blocks = try config.size("num_layers", or: "num_hidden_layers", 24)
      let heads = try config.size("num_heads", or: "num_attention_heads", 16)
      var description = NetworkDescription(
        family: "gpt_neo", vocabulary: try config.size("vocab_size", 50_257),
        context: try config.size("max_position_embeddings", 2048), width: width, blocks: blocks,
        pattern: AttentionPattern(
          heads: heads, headWidth: try Attention.headWidth(width, heads), isCausal: true, scale: 1,
          dropout: try dropout ?? config.number("attention_dropout", 0)),
        feedForward: .init(
          inner: try config.optionalSize("intermediate_size") ?? 4 * width,
          activation: try config.activation("activation_function", "gelu_new"), isGated: false,
          hasBias: true))
      description.normEpsilon = try config.number("layer_norm_epsilon", 1e-5)
      description.attentionBiases = (false, true)
      description.positions = .learned(rows: description.context, offset: 0)
      description.dropout = try dropout ?? config.number("resid_dropout", 0)
      let kinds =
        config.object["attention_layers"]?.array?.map { $0.string ?? "" }
        ?? (0..<blocks).map { $0 % 2 == 0 ? "global" : "local" }
      guard kinds.count == blocks, kinds.allSatisfy(["global", "local"].contains) else {
        throw DomainError(
          .value, "\(config.path): `attention_layers` must name global or local for each block")
      }
      let window = try config.size("window_size", 256) - 1
      for (i, kind) in kinds.enumerated() where kind == "local" {
        description.patterns[i].window = window
      }
      return description
    },
    names: { _, head in
      var names = WeightNames(
        prefix: "transformer.", tokens: "wte.weight", block: "h.{}.",
        output: "attn.attention.out_proj", contract: "mlp.c_proj")
      names.positions = "wpe.weight"
      names.query = "attn.attention.q_proj"
      names.key = "attn.attention.k_proj"
      names.value = "attn.attention.v_proj"
      names.attentionNorm = "ln_1"
      names.feedForwardNorm = "ln_2"
      names.expand = "mlp.c_fc"
      names.norm = "ln_f"
      names.buffers = ["attn.attention.bias", "attn.attention.masked_bias"]
      return head?.task == .tokens ? names.with(head) : names.with(head, classifier: "score")
    },
    heads: [
      ModelConfiguration.tiedHead, ModelConfiguration.lastTokenClassifier,
      ModelConfiguration.tokenClassifier, ModelConfiguration.spanHead,
    ])

  private static let opt = Family(
    name: "opt", architecture: "OPT",
    describe: { config, dropout in
      let width = try config.size("hidden_size", 768)
      if let narrow = try config.optionalSize("word_embed_proj_dim"), narrow != width {
        throw DomainError(
          .value,
          "\(config.path): `word_embed_proj_dim` \(narrow) differs from `hidden_size` \(width), which is not supported"
        )
      }
      try config.refuse("_remove_final_layer_norm", unless: .bool(false))
      try config.refuse("layer_norm_elementwise_affine", unless: .bool(true))
      let heads = try config.size("num_attention_heads", 12)
      let bias = try config.flag("enable_bias", true)
      let context = try config.size("max_position_embeddings", 2048)
      var description = NetworkDescription(
        family: "opt", vocabulary: try config.size("vocab_size", 50_272), context: context,
        width: width, blocks: try config.blockCount("num_hidden_layers", 12),
        pattern: AttentionPattern(
          heads: heads, headWidth: try Attention.headWidth(width, heads), isCausal: true,
          dropout: try dropout ?? config.number("attention_dropout", 0)),
        feedForward: .init(
          inner: try config.size("ffn_dim", 3072),
          activation: try config.activation("activation_function", "relu"), isGated: false,
          hasBias: bias))
      description.attentionBiases = (bias, bias)
      description.positions = .learned(rows: context + 2, offset: 2)
      description.dropout = try dropout ?? config.number("dropout", 0.1)
      if try !config.flag("do_layer_norm_before", true) {
        description.placement = .after
        description.hasFinalNorm = false
      }
      return description
    },
    names: { _, head in
      var names = WeightNames(
        prefix: "model.", tokens: "decoder.embed_tokens.weight", block: "decoder.layers.{}.",
        output: "self_attn.out_proj", contract: "fc2")
      names.positions = "decoder.embed_positions.weight"
      names.query = "self_attn.q_proj"
      names.key = "self_attn.k_proj"
      names.value = "self_attn.v_proj"
      names.attentionNorm = "self_attn_layer_norm"
      names.feedForwardNorm = "final_layer_norm"
      names.expand = "fc1"
      names.norm = "decoder.final_layer_norm"
      return names.with(head, classifier: "score")
    },
    heads: [
      ModelConfiguration.tiedHead, ModelConfiguration.lastTokenClassifier,
      ModelConfiguration.spanHead,
    ])

  private static let bloom = Family(
    name: "bloom", architecture: "Bloom",
    describe: { config, dropout in
      try config.refuse("apply_residual_connection_post_layernorm", unless: .bool(false))
      let name = config.object["n_embed"] == nil ? "hidden_size" : "n_embed"
      let width = try config.size(name, 64)
      let heads = try config.size("n_head", or: "num_attention_heads", 8)
      var description = NetworkDescription(
        family: "bloom", vocabulary: try config.size("vocab_size", 250_880),
        // There is no longest one: distances only lower scores.
        context: try config.size("seq_length", 1 << 17), width: width,
        blocks: try config.size("n_layer", or: "num_hidden_layers", 2),
        pattern: AttentionPattern(
          heads: heads, headWidth: try Attention.headWidth(width, heads), isCausal: true,
          hasLinearBiases: true, dropout: try dropout ?? config.number("attention_dropout", 0)),
        feedForward: .init(
          inner: 4 * width, activation: .geluTanh, isGated: false, hasBias: true))
      description.normEpsilon = try config.number("layer_norm_epsilon", 1e-5)
      description.hasEmbeddingNorm = true
      description.dropout = try dropout ?? config.number("hidden_dropout", 0)
      return description
    },
    names: { _, head in
      var names = WeightNames(
        prefix: "transformer.", tokens: "word_embeddings.weight", block: "h.{}.",
        output: "self_attention.dense", contract: "mlp.dense_4h_to_h")
      names.embeddingNorm = "word_embeddings_layernorm"
      names.packed = "self_attention.query_key_value"
      names.packing = .byHead
      names.attentionNorm = "input_layernorm"
      names.feedForwardNorm = "post_attention_layernorm"
      names.expand = "mlp.dense_h_to_4h"
      names.norm = "ln_f"
      return head?.task == .tokens ? names.with(head) : names.with(head, classifier: "score")
    },
    heads: [
      ModelConfiguration.tiedHead, ModelConfiguration.lastTokenClassifier,
      ModelConfiguration.tokenClassifier, ModelConfiguration.spanHead,
    ])

  /// An output layer of its own with a bias.
  private static let biased = Family.HeadName(ending: "ForCausalLM") { config, description in
    try config.refuse("tie_word_embeddings", unless: .bool(false))
    return HeadDescription(.nextToken, outputs: description.vocabulary)
  }

  private static func base(
    _ config: ModelConfiguration, _ dropout: Double?, activation: (name: String, usual: String)
  ) throws -> NetworkDescription {
    try config.refuseQuantization()
    let width = try config.size("hidden_size", 2048)
    let heads = try config.size("num_attention_heads", 32)
    var description = NetworkDescription(
      family: try config.familyName(), vocabulary: try config.size("vocab_size", 50_432),
      context: try config.size("max_position_embeddings", 2048), width: width,
      blocks: try config.blockCount("num_hidden_layers", 24),
      pattern: AttentionPattern(
        heads: heads, keyHeads: try config.optionalSize("num_key_value_heads") ?? heads,
        headWidth: try Attention.headWidth(width, heads), isCausal: true,
        dropout: try dropout ?? config.number("attention_dropout", 0)),
      feedForward: .init(
        inner: try config.size("intermediate_size", 4 * width),
        activation: try config.activation(activation.name, activation.usual), isGated: false,
        hasBias: true))
    description.normEpsilon = try config.number("layer_norm_eps", 1e-5)
    let rate = config.object["hidden_dropout"] == nil ? "resid_pdrop" : "hidden_dropout"
    description.dropout = try dropout ?? config.number(rate, 0)
    return description
  }

  /// Settings as GPT-2 names them.
  private static func legacy(
    _ config: ModelConfiguration, _ dropout: Double?, inner: String
  ) throws -> NetworkDescription {
    try config.refuseQuantization()
    let width = try config.size("n_embd", or: "hidden_size", 4096)
    let heads = try config.size("n_head", or: "num_attention_heads", 16)
    var description = NetworkDescription(
      family: try config.familyName(), vocabulary: try config.size("vocab_size", 50_400),
      context: try config.size("n_positions", or: "max_position_embeddings", 2048), width: width,
      blocks: try config.size("n_layer", or: "num_hidden_layers", 28),
      pattern: AttentionPattern(
        heads: heads, headWidth: try Attention.headWidth(width, heads), isCausal: true,
        dropout: try dropout ?? config.number("attn_pdrop", 0)),
      feedForward: .init(
        inner: try config.optionalSize(inner) ?? 4 * width,
        activation: try config.activation("activation_function", "gelu_new"), isGated: false,
        hasBias: true))
    description.normEpsilon = try config.number("layer_norm_epsilon", 1e-5)
    description.dropout = try dropout ?? config.number("resid_pdrop", 0)
    return description
  }

  private static func turn(
    _ description: inout NetworkDescription, _ config: ModelConfiguration, fraction: Double
  ) throws {
    let rotary = try config.rotary(
      headWidth: description.patterns[0].headWidth, fraction: fraction)
    description.rotaries = Array(repeating: rotary, count: description.blocks)
  }
}
