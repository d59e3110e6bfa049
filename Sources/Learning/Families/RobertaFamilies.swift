import Foundations

/// RoBERTa (Liu et al. 2019), XLM-R (Conneau et al. 2020), CamemBERT, and MPNet (Song et al. 2020).
enum RobertaFamilies {
  static let all =
    [("roberta", "Roberta"), ("xlm-roberta", "XLMRoberta"), ("camembert", "Camembert")].map {
      roberta($0.0, $0.1)
    } + [mpNet]

  private static func roberta(_ name: String, _ architecture: String) -> Family {
    Family(
      name: name, architecture: architecture,
      describe: { config, dropout in
        var description = try EncoderParts.base(
          config, dropout, vocabulary: name == "xlm-roberta" ? 30_522 : 50_265)
        try EncoderParts.shiftPositions(&description, config)
        return description
      },
      names: { _, head in
        EncoderParts.robertaHead(EncoderParts.names(prefix: "roberta."), head)
      },
      heads: [EncoderParts.masked(.geluErf), EncoderParts.classifier()] + EncoderParts.pooling)
  }

  private static let mpNet = Family(
    name: "mpnet", architecture: "MPNet",
    describe: { config, dropout in
      var description = try EncoderParts.base(
        config, dropout, vocabulary: 30_527, segments: 0)
      description.segments = 0
      try EncoderParts.shiftPositions(&description, config)
      description.distances = .init(
        buckets: try config.size("relative_attention_num_buckets", 32), farthest: 128)
      return description
    },
    names: { _, head in
      var names = EncoderParts.names(prefix: "mpnet.")
      names.distances = "encoder.relative_attention_bias.weight"
      names.query = "attention.attn.q"
      names.key = "attention.attn.k"
      names.value = "attention.attn.v"
      names.output = "attention.attn.o"
      names.attentionNorm = "attention.LayerNorm"
      return EncoderParts.robertaHead(names, head)
    },
    heads: [EncoderParts.masked(.geluErf), EncoderParts.classifier()] + EncoderParts.pooling)
}
