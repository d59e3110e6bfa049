// The files of a Hugging Face folder that say how texts become tokens: tokenizer.json, or vocab.json with merges.txt
// (GPT-2), or vocab.txt (BERT), or a SentencePiece model; tokenizer_config.json and special_tokens_map.json say which
// tokens play a part of their own.

import Files
import Foundations
import JSONValues

public enum TokenizerFolder {
  /// Reads the tokenizer in the folder `path`, or in the tokenizer.json that `path` itself is.
  ///
  /// - Throws: `io` where nothing is there, `parse` or `data` where a file is damaged, contradicts itself or asks for
  ///   something that is not supported; each names the file.
  ///
  /// - Parameter pattern: how texts are cut, for a rank file of `tiktoken`: a name or a regular expression.
  public static func load(
    _ path: String, pattern: String? = nil
  ) throws(DomainError) -> SubwordTokenizer {
    let (exists, isFolder) = InputFile.kind(path)
    guard exists else { throw DomainError(.io, "cannot read \(path): there is nothing") }
    if !isFolder {
      if let pattern {
        return try TiktokenFile.tokenizer(
          try InputFile.bytes(path), pattern: pattern, source: path)
      }
      guard !path.hasSuffix(".tiktoken") else {
        throw DomainError(
          .value, "\(path) does not say how texts are cut",
          hint: "give the pattern, as \"cl100k\", \"o200k\" or a regular expression")
      }
      let bytes = try InputFile.bytes(path)
      if path.hasSuffix(".json") || bytes.first == UInt8(ascii: "{") {
        return try whole(path, roles: JSON.Object())
      }
      return try SentencePieceTokenizer.bare(bytes, source: path)
    }
    if pattern != nil {
      throw DomainError(.value, "\(path) is a folder; a pattern goes with a rank file of tiktoken")
    }
    func has(_ name: String) -> Bool { InputFile.kind("\(path)/\(name)").exists }
    let config = try object("\(path)/tokenizer_config.json")
    var roles = try object("\(path)/special_tokens_map.json")
    for member in config { roles[member.name] = member.value }
    if has("tokenizer.json") { return try whole("\(path)/tokenizer.json", roles: roles) }
    if has("vocab.json"), has("merges.txt") {
      return try gpt2(path, config: config, roles: roles)
    }
    if has("vocab.txt") { return try bert(path, config: config, roles: roles) }
    for name in sentencePieceNames where has(name) {
      if let name = config["tokenizer_class"]?.string {
        throw DomainError(
          .data,
          "\(path)/tokenizer_config.json: the tokenizer `\(name)` is not supported from a SentencePiece model",
          hint: "save it with its tokenizer.json, or read the model file alone for its own numbers")
      }
      let file = "\(path)/\(name)"
      return try SentencePieceTokenizer.bare(try InputFile.bytes(file), source: file)
    }
    throw DomainError(
      .io,
      "\(path) holds no tokenizer: neither tokenizer.json, nor vocab.json with merges.txt, nor vocab.txt, nor a SentencePiece model"
    )
  }

  private static let sentencePieceNames = [
    "spiece.model", "sentencepiece.bpe.model", "tokenizer.model", "sentencepiece.model",
  ]

  /// The object in a JSON file; empty where there is no such file.
  private static func object(_ path: String) throws(DomainError) -> JSON.Object {
    guard InputFile.kind(path).exists else { return JSON.Object() }
    guard let object = try JSON.read(path).object else {
      throw DomainError(.data, "\(path) must hold a JSON object")
    }
    return object
  }

  private static func whole(
    _ path: String, roles: JSON.Object
  ) throws(DomainError) -> SubwordTokenizer {
    var parts = try TokenizerFile.parts(try JSON.read(path), source: path)
    try Roles(roles).fill(&parts)
    return try SubwordTokenizer(parts, source: path)
  }

  // MARK: GPT-2

  private static func gpt2(
    _ folder: String, config: JSON.Object, roles: JSON.Object
  ) throws(DomainError) -> SubwordTokenizer {
    let place = "\(folder)/tokenizer_config.json"
    let name = try tokenizerClass(
      config, ["GPT2Tokenizer", "RobertaTokenizer", "PreTrainedTokenizerFast"], place)
    var fields = try JSONFields(.object(config), place: place)
    let addsPrefixSpace = try fields.bool("add_prefix_space", default: false)
    guard try !fields.bool("add_bos_token", default: false) else {
      throw fields.unsupported("`add_bos_token`")
    }
    let vocabulary = "\(folder)/vocab.json"
    let table = try TokenizerFile.table(try JSON.read(vocabulary), source: vocabulary)
    let merges = try self.merges("\(folder)/merges.txt")
    var parts = try ByteLevelBPE.parts(
      table: table, merges: merges, addsPrefixSpace: addsPrefixSpace, source: folder)
    parts.addedTokens = try addedTokens(folder, config, table)
    let chosen = Roles(roles)
    try chosen.addSpecialTokens(
      to: &parts,
      fallback: name == "RobertaTokenizer"
        ? ["<s>", "</s>", "<unk>", "<pad>", "<mask>"] : [ByteLevelBPE.endOfText])
    if name == "RobertaTokenizer" {
      func piece(_ role: String, _ fallback: String) throws(DomainError)
        -> PostProcessor.SpecialPiece
      {
        let token = chosen.tokens[role] ?? fallback
        guard let id = parts.id(of: token) else {
          throw DomainError(.data, "\(folder): the token `\(token)` is not in the vocabulary")
        }
        return PostProcessor.SpecialPiece(name: token, ids: [id], tokens: [token])
      }
      parts.postProcessor = .roberta(
        separator: try piece("sep_token", "</s>"), classifier: try piece("cls_token", "<s>"),
        trimsOffsets: true, addsPrefixSpace: addsPrefixSpace)
    }
    try chosen.fill(&parts)
    return try SubwordTokenizer(parts, source: folder)
  }

  /// Pairs of merges.txt: a line each, two tokens with a space between; lines that start with `#version` say nothing.
  static func merges(_ path: String) throws(DomainError) -> [(String, String)] {
    var merges: [(String, String)] = []
    for (i, line) in DelimitedReader.lines(try InputFile.textBytes(path)).enumerated() {
      let text = String(decoding: line, as: UTF8.self)
      if text.hasPrefix("#version") { continue }
      guard let pair = TokenizerFile.pair(text) else {
        throw DomainError(
          .data, "\(path), line \(i + 1): a merge must be two tokens with one space between them")
      }
      merges.append(pair)
    }
    return merges
  }

  // MARK: BERT

  private static func bert(
    _ folder: String, config: JSON.Object, roles: JSON.Object
  ) throws(DomainError) -> SubwordTokenizer {
    let place = "\(folder)/tokenizer_config.json"
    _ = try tokenizerClass(
      config,
      ["BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer", "PreTrainedTokenizerFast"],
      place)
    var fields = try JSONFields(.object(config), place: place)
    guard try fields.bool("do_basic_tokenize", default: true) else {
      throw fields.unsupported("`do_basic_tokenize` false")
    }
    if let kept = try fields.array("never_split"), !kept.isEmpty {
      throw fields.unsupported("`never_split`")
    }
    let normalization = BertNormalization(
      cleansText: true,
      separatesChinese: try fields.bool("tokenize_chinese_chars", default: true),
      stripsAccents: try fields.bool("strip_accents"),
      lowercases: try fields.bool("do_lower_case", default: true))
    let path = "\(folder)/vocab.txt"
    var tokens: [(token: String, id: Int)] = []
    for (i, line) in DelimitedReader.lines(try InputFile.textBytes(path)).enumerated()
    where !line.isEmpty {
      tokens.append((String(decoding: line, as: UTF8.self), i))
    }
    let table = try TokenTable(tokens, source: path)
    let chosen = Roles(roles)
    var settings = WordPieceSettings()
    settings.unknownToken = chosen.tokens["unk_token"] ?? "[UNK]"
    var parts = try WordPiece.parts(
      table: table, settings: settings, normalization: normalization,
      classifier: chosen.tokens["cls_token"] ?? "[CLS]",
      separator: chosen.tokens["sep_token"] ?? "[SEP]", source: path)
    parts.addedTokens = try addedTokens(folder, config, table)
    try chosen.addSpecialTokens(to: &parts, fallback: WordPiece.usualSpecialTokens)
    try chosen.fill(&parts)
    return try SubwordTokenizer(parts, source: folder)
  }

  // MARK: Configuration

  /// The class that the folder names, `Fast` aside; an error where it is none of `known`.
  private static func tokenizerClass(
    _ config: JSON.Object, _ known: [String], _ place: String
  ) throws(DomainError) -> String? {
    guard let name = config["tokenizer_class"]?.string else { return nil }
    let plain =
      name.hasSuffix("Fast") && name != "PreTrainedTokenizerFast"
      ? String(name.dropLast(4)) : name
    guard known.contains(plain) else {
      throw DomainError(
        .data, "\(place): the tokenizer `\(name)` is not supported from these files",
        hint: "save it with its tokenizer.json")
    }
    return plain
  }

  /// Tokens from added_tokens.json (`{"token": number}`) and from `added_tokens_decoder` of the configuration.
  private static func addedTokens(
    _ folder: String, _ config: JSON.Object, _ table: TokenTable
  ) throws(DomainError) -> [AddedToken] {
    var tokens: [AddedToken] = []
    func add(_ token: AddedToken) {
      if !tokens.contains(where: { $0.id == token.id }) { tokens.append(token) }
    }
    if let decoder = config["added_tokens_decoder"]?.object {
      for member in decoder {
        let place = "\(folder)/tokenizer_config.json: added token \(member.name)"
        guard let id = Int32(member.name), id >= 0 else {
          throw DomainError(.data, "\(place): its name must be its number")
        }
        var fields = try JSONFields(member.value, place: place)
        add(
          AddedToken(
            id: id, content: try fields.requiredString("content"),
            isSpecial: try fields.bool("special", default: false),
            isSingleWord: try fields.bool("single_word", default: false),
            stripsLeft: try fields.bool("lstrip", default: false),
            stripsRight: try fields.bool("rstrip", default: false),
            isNormalized: try fields.bool("normalized", default: false)))
        try fields.finish()
      }
    }
    let path = "\(folder)/added_tokens.json"
    for member in try object(path) {
      guard let id = member.value.integer, (0...TokenTable.largestID).contains(id) else {
        throw DomainError(.data, "\(path): the number of `\(member.name)` is out of range")
      }
      add(
        AddedToken(id: Int32(id), content: member.name, isSpecial: false, isNormalized: true))
    }
    return tokens
  }

  // MARK: Writing

  /// Writes tokenizer.json, tokenizer_config.json and the older files (vocab.json and merges.txt, or vocab.txt) into
  /// `folder`.
  ///
  /// - Throws: `io` where the folder cannot be written.
  public static func save(_ tokenizer: SubwordTokenizer, to folder: String) throws(DomainError) {
    try Folder.make(folder)
    if let sentencePiece = tokenizer.sentencePiece {
      try AtomicFile.write("\(folder)/spiece.model", sentencePiece.bytes)
      return
    }
    try write(try tokenizer.json(), "\(folder)/tokenizer.json")
    switch tokenizer.model {
    case .bytePair(let model):
      try write(try TokenizerFile.vocabulary(model.table).text(), "\(folder)/vocab.json")
      let lines = TokenizerFile.mergedTexts(model).map { "\($0.left) \($0.right)\n" }
      try write("#version: 0.2\n" + lines.joined(), "\(folder)/merges.txt")
    case .wordPiece(let model):
      let lines = (0..<model.table.idEnd).map { (model.table.text($0) ?? "") + "\n" }
      try write(lines.joined(), "\(folder)/vocab.txt")
    case .unigram, .wordLevel: break
    }
    try write(try config(tokenizer).text(indent: 2), "\(folder)/tokenizer_config.json")
  }

  private static func write(_ text: String, _ path: String) throws(DomainError) {
    try AtomicFile.write(path, text.utf8)
  }

  /// The class of transformers that makes just this tokenizer of its vocabulary and a few settings; nil where none
  /// does. Since version 5 such a class does so whatever tokenizer.json says, and only the general one reads all of
  /// that file.
  private static func stockClass(_ tokenizer: SubwordTokenizer) -> String? {
    let roles = Set(Roles.parts.compactMap { tokenizer.specialTokens[keyPath: $0.1] })
    let isPlain = tokenizer.addedTokens.allSatisfy {
      $0 == AddedToken(id: $0.id, content: $0.content) && roles.contains($0.id)
    }
    guard isPlain else { return nil }
    let stock: SubwordTokenizer.Parts?
    var name: String
    switch tokenizer.model {
    case .unigram, .wordLevel: return nil
    case .bytePair(let model):
      guard case .byteLevel(let addsPrefixSpace, _, _) = tokenizer.preTokenizer,
        model.settings == BytePairSettings()
      else { return nil }
      name = "GPT2Tokenizer"
      stock = try? ByteLevelBPE.parts(
        table: model.table, merges: [], addsPrefixSpace: addsPrefixSpace, source: "")
      if case .roberta(let separator, let classifier, true, addsPrefixSpace) =
        tokenizer.postProcessor,
        separator.ids == [tokenizer.specialTokens.separator],
        classifier.ids == [tokenizer.specialTokens.classifier]
      {
        name = "RobertaTokenizer"
      } else if tokenizer.postProcessor != nil, tokenizer.postProcessor != stock?.postProcessor {
        return nil
      }
    case .wordPiece(let model):
      guard case .bert(let normalization) = tokenizer.normalizer, normalization.cleansText,
        let classifier = tokenizer.specialTokens.classifier.flatMap({ tokenizer.token($0) }),
        let separator = tokenizer.specialTokens.separator.flatMap({ tokenizer.token($0) }),
        let unknown = tokenizer.specialTokens.unknown.flatMap({ tokenizer.token($0) })
      else { return nil }
      name = "BertTokenizer"
      var settings = WordPieceSettings()
      settings.unknownToken = unknown
      guard model.settings == settings else { return nil }
      stock = try? WordPiece.parts(
        table: model.table, settings: settings, normalization: normalization,
        classifier: classifier, separator: separator, source: "")
      guard tokenizer.postProcessor == stock?.postProcessor else { return nil }
    }
    guard let stock, tokenizer.normalizer == stock.normalizer,
      tokenizer.preTokenizer == stock.preTokenizer, tokenizer.decoder == stock.decoder
    else { return nil }
    return name
  }

  private static func config(_ tokenizer: SubwordTokenizer) -> JSON {
    var config = JSON.Object()
    config["tokenizer_class"] = .string(stockClass(tokenizer) ?? "PreTrainedTokenizerFast")
    switch tokenizer.model {
    case .bytePair:
      // Where nothing is said, the general class hands GPT-2 segments, which it takes for tokens.
      config["model_input_names"] = .array([.string("input_ids"), .string("attention_mask")])
      if case .byteLevel(let addsPrefixSpace, _, _) = tokenizer.preTokenizer {
        config["add_prefix_space"] = .bool(addsPrefixSpace)
      }
    case .unigram, .wordLevel:
      config["model_input_names"] = .array([.string("input_ids"), .string("attention_mask")])
    case .wordPiece:
      config["model_input_names"] = .array([
        .string("input_ids"), .string("token_type_ids"), .string("attention_mask"),
      ])
      if case .bert(let normalization) = tokenizer.normalizer {
        config["do_lower_case"] = .bool(normalization.lowercases)
        config["tokenize_chinese_chars"] = .bool(normalization.separatesChinese)
        config["strip_accents"] = normalization.stripsAccents.map(JSON.bool) ?? .null
      }
    }
    for (name, path) in Roles.parts {
      guard let id = tokenizer.specialTokens[keyPath: path] else { continue }
      let added = tokenizer.addedTokens.first { $0.id == id }?.content
      if let token = added ?? tokenizer.token(id) { config[name] = .string(token) }
    }
    if let length = tokenizer.truncation?.length { config["model_max_length"] = .integer(length) }
    return .object(config)
  }
}

/// Which tokens a configuration gives a part of their own.
private struct Roles {
  /// Tokens by the name of their part, `bos_token` and so on.
  var tokens: [String: String] = [:]
  /// Further special tokens without a part.
  var additional: [String] = []

  nonisolated(unsafe) static let parts: [(String, WritableKeyPath<SpecialTokens, Int32?>)] = [
    ("bos_token", \.beginning), ("eos_token", \.end), ("unk_token", \.unknown),
    ("pad_token", \.padding), ("sep_token", \.separator), ("cls_token", \.classifier),
    ("mask_token", \.mask),
  ]

  /// A token is written as text or as an object with its `content`.
  init(_ object: JSON.Object) {
    for (name, _) in Self.parts {
      if let token = object[name]?.string ?? object[name]?["content"]?.string {
        tokens[name] = token
      }
    }
    for item in object["additional_special_tokens"]?.array ?? [] {
      if let token = item.string ?? item["content"]?.string { additional.append(token) }
    }
  }

  /// What tokens mean by their usual names, where no configuration says so.
  private static let usual: [String: [String]] = [
    "bos_token": ["<|endoftext|>", "<s>"], "eos_token": ["<|endoftext|>", "</s>"],
    "unk_token": ["[UNK]", "<unk>", "<|endoftext|>"], "pad_token": ["[PAD]", "<pad>"],
    "sep_token": ["[SEP]", "</s>"], "cls_token": ["[CLS]", "<s>"],
    "mask_token": ["[MASK]", "<mask>"],
  ]

  /// Sets the numbers of the tokens with a part.
  ///
  /// - Throws: `data` where a configured token is not in the vocabulary, except for the unknown token, which models
  ///   without one name too.
  func fill(_ parts: inout SubwordTokenizer.Parts) throws(DomainError) {
    for (name, path) in Self.parts {
      let candidates = tokens[name].map { [$0] } ?? Self.usual[name] ?? []
      for token in candidates where parts.specialTokens[keyPath: path] == nil {
        parts.specialTokens[keyPath: path] = parts.id(of: token)
      }
      if let token = tokens[name], parts.specialTokens[keyPath: path] == nil, name != "unk_token" {
        throw DomainError(
          .data, "the tokenizer's configuration names `\(token)` as \(name), but it is no token",
          hint: "add it to the vocabulary or take it out of tokenizer_config.json")
      }
    }
  }

  /// Makes the tokens with a part, further special ones, and those of `fallback` that are in the vocabulary special.
  func addSpecialTokens(
    to parts: inout SubwordTokenizer.Parts, fallback: [String]
  ) throws(DomainError) {
    for token in Self.parts.compactMap({ tokens[$0.0] }) + additional + fallback {
      guard !parts.addedTokens.contains(where: { $0.content.isSpelt(token) }),
        let id = parts.model.table.id(of: token)
      else { continue }
      parts.addedTokens.append(AddedToken(id: id, content: token))
    }
  }
}

extension SubwordTokenizer.Parts {
  func id(of token: String) -> Int32? {
    model.table.id(of: token)
      ?? addedTokens.first { $0.content.isSpelt(token) }?.id
  }
}
