// tokenizer.json, version 1.0, as the `tokenizers` package reads and writes it. What is not supported is an error that
// names it.

import Foundations
import JSONValues

extension SubwordTokenizer {
  /// Reads the text of a tokenizer.json.
  ///
  /// - Parameter source: what errors call it.
  /// - Throws: `parse` where it is no JSON, `data` where it contradicts itself or asks for something that is not
  ///   supported.
  public convenience init(
    json bytes: [UInt8], source: String = "tokenizer.json"
  ) throws(DomainError) {
    try self.init(
      TokenizerFile.parts(try JSON.parse(bytes, source: source), source: source), source: source)
  }

  /// The tokenizer.json of this tokenizer.
  public func json() throws(DomainError) -> String {
    try TokenizerFile.json(self).text(indent: 2)
  }
}

enum TokenizerFile {
  static func parts(_ value: JSON, source: String) throws(DomainError) -> SubwordTokenizer.Parts {
    var fields = try JSONFields(value, place: source)
    let version = try fields.requiredString("version")
    guard version == "1.0" else { throw fields.unsupported("the version `\(version)`") }
    let normalizer = try fields.value("normalizer").map { (value) throws(DomainError) in
      try Normalizer(value, place: "\(source): normalizer")
    }
    let preTokenizer = try fields.value("pre_tokenizer").map { (value) throws(DomainError) in
      try PreTokenizer(value, place: "\(source): pre_tokenizer")
    }
    guard let model = try fields.fields("model") else {
      throw fields.wrong("model", "an object", nil)
    }
    var parts = SubwordTokenizer.Parts(
      model: try self.model(model, preTokenizer), normalizer: normalizer,
      preTokenizer: preTokenizer)
    parts.postProcessor = try fields.value("post_processor").map { (value) throws(DomainError) in
      try PostProcessor(value, place: "\(source): post_processor")
    }
    parts.decoder = try fields.value("decoder").map { (value) throws(DomainError) in
      try TokenDecoder(value, place: "\(source): decoder")
    }
    for (i, token) in (try fields.array("added_tokens") ?? []).enumerated() {
      parts.addedTokens.append(try added(token, place: "\(source): added_tokens[\(i)]"))
    }
    parts.truncation = try truncation(&fields)
    parts.padding = try padding(&fields)
    try fields.finish()
    return parts
  }

  private static func added(_ value: JSON, place: String) throws(DomainError) -> AddedToken {
    var fields = try JSONFields(value, place: place)
    guard let id = try fields.natural("id") else { throw fields.wrong("id", "an integer", nil) }
    let isSpecial = try fields.bool("special", default: false)
    let token = AddedToken(
      id: Int32(id), content: try fields.requiredString("content"), isSpecial: isSpecial,
      isSingleWord: try fields.bool("single_word", default: false),
      stripsLeft: try fields.bool("lstrip", default: false),
      stripsRight: try fields.bool("rstrip", default: false),
      isNormalized: try fields.bool("normalized", default: !isSpecial))
    try fields.finish()
    return token
  }

  // MARK: Models

  private static func model(
    _ given: JSONFields, _ preTokenizer: PreTokenizer?
  ) throws(DomainError) -> SubwordTokenizer.Model {
    var fields = given
    let isByteLevel = try isByteLevel(preTokenizer, place: fields.place)
    let type = try fields.string("type") ?? guessedType(&fields)
    guard type == "BPE" || !isByteLevel else {
      throw fields.unsupported("\(type) behind a byte-level pre-tokenizer")
    }
    if type == "Unigram" { return .unigram(try unigram(&fields)) }
    let table: TokenTable
    let source = fields.place
    switch type {
    case "BPE", "WordPiece", "WordLevel":
      guard let vocabulary = fields.value("vocab") else {
        throw fields.wrong("vocab", "an object", nil)
      }
      table = try self.table(vocabulary, source: "\(source): vocab")
    default: throw fields.unsupported("the model `\(type)`")
    }
    if type == "WordPiece" {
      var settings = WordPieceSettings()
      settings.unknownToken = try fields.requiredString("unk_token")
      settings.continuingPrefix = try fields.string("continuing_subword_prefix") ?? "##"
      settings.longestWord = try fields.natural("max_input_chars_per_word") ?? 100
      try fields.finish()
      return .wordPiece(
        try WordPieceModel(table: table, settings: settings, source: source))
    }
    if type == "WordLevel" {
      let unknown = try fields.requiredString("unk_token")
      try fields.finish()
      return .wordLevel(
        try WordLevelModel(table: table, unknownToken: unknown, source: source))
    }
    var settings = BytePairSettings()
    settings.unknownToken = try fields.string("unk_token")
    settings.continuingPrefix = try fields.string("continuing_subword_prefix") ?? ""
    settings.endSuffix = try fields.string("end_of_word_suffix") ?? ""
    settings.fusesUnknown = try fields.bool("fuse_unk", default: false)
    settings.ignoresMerges = try fields.bool("ignore_merges", default: false)
    if let dropout = fields.value("dropout"), dropout.number != 0 {
      throw fields.unsupported("`dropout`, which makes encoding random,")
    }
    settings.fallsBackToBytes = try fields.bool("byte_fallback", default: false)
    if isByteLevel, !(settings.continuingPrefix.isEmpty && settings.endSuffix.isEmpty) {
      throw fields.unsupported("a prefix or suffix of words in a byte-level model")
    }
    guard let merges = try fields.array("merges") else {
      throw fields.wrong("merges", "a list", nil)
    }
    try fields.finish()
    return .bytePair(
      try BytePairModel(
        table: table, merges: try self.merges(merges, source: source), settings: settings,
        isByteLevel: isByteLevel, source: source))
  }

  /// The type of a model in an older file, which does not say it.
  private static func guessedType(_ fields: inout JSONFields) -> String {
    if fields.value("merges") != nil { return "BPE" }
    if fields.value("vocab")?.array != nil { return "Unigram" }
    return fields.value("continuing_subword_prefix") == nil ? "WordLevel" : "WordPiece"
  }

  private static func unigram(_ fields: inout JSONFields) throws(DomainError) -> UnigramModel {
    let source = fields.place
    guard let items = try fields.array("vocab") else { throw fields.wrong("vocab", "a list", nil) }
    var tokens: [(token: String, id: Int)] = []
    var scores: [Double] = []
    for (id, item) in items.enumerated() {
      guard let couple = item.array, couple.count == 2, let token = couple[0].string,
        let score = couple[1].number
      else {
        throw DomainError(
          .data, "\(source): vocab[\(id)] must be a token and its score, as `[\"a\", -3.5]`")
      }
      tokens.append((token, id))
      scores.append(score)
    }
    var settings = UnigramSettings()
    settings.unknown = try fields.natural("unk_id").map { Int32($0) }
    settings.fallsBackToBytes = try fields.bool("byte_fallback", default: false)
    try fields.finish()
    return try UnigramModel(
      table: try TokenTable(tokens, source: "\(source): vocab"), scores: scores,
      settings: settings, source: source)
  }

  /// Whether the pieces reach the model as letters for bytes.
  static func isByteLevel(
    _ preTokenizer: PreTokenizer?, place: String
  ) throws(DomainError) -> Bool {
    let steps = preTokenizer?.steps ?? []
    guard let first = steps.firstIndex(where: \.isByteLevel) else { return false }
    guard first == steps.count - 1 else {
      throw DomainError(
        .data, "\(place): a pre-tokenizer behind the byte-level one is not supported")
    }
    return true
  }

  /// `{"token": number, …}`.
  static func table(_ value: JSON, source: String) throws(DomainError) -> TokenTable {
    guard let object = value.object else {
      throw DomainError(.data, "\(source) must be an object, but is \(value.kindName)")
    }
    var tokens: [(token: String, id: Int)] = []
    tokens.reserveCapacity(object.count)
    for member in object.members {
      guard let id = member.value.integer else {
        throw DomainError(
          .data,
          "\(source): the number of `\(member.name)` must be an integer, but is \(member.value.kindName)"
        )
      }
      tokens.append((member.name, id))
    }
    return try TokenTable(tokens, source: source)
  }

  /// Merges as pairs `["a", "b"]` or, in older files, as `"a b"`.
  private static func merges(
    _ items: [JSON], source: String
  ) throws(DomainError) -> [(String, String)] {
    var merges: [(String, String)] = []
    merges.reserveCapacity(items.count)
    for (i, item) in items.enumerated() {
      switch item {
      case .array(let pair):
        if pair.count == 2, case .string(let left) = pair[0], case .string(let right) = pair[1] {
          merges.append((left, right))
          continue
        }
      case .string(let text):
        if let pair = pair(text) {
          merges.append(pair)
          continue
        }
      default: break
      }
      throw DomainError(
        .data, "\(source): merge \(i + 1) must be two tokens, as `[\"a\", \"b\"]` or `\"a b\"`")
    }
    return merges
  }

  /// The two tokens of `a b`; nil where the text is not of this form.
  static func pair(_ text: String) -> (String, String)? {
    let parts = text.utf8.split(separator: 0x20, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
    return (String(Substring(parts[0])), String(Substring(parts[1])))
  }

  // MARK: Lengths

  private static func side(
    _ fields: inout JSONFields
  ) throws(DomainError) -> TextSide {
    guard let name = try fields.string("direction") else { return .right }
    guard let side = TextSide(rawValue: name) else {
      throw fields.unsupported("the direction `\(name)`")
    }
    return side
  }

  private static func truncation(_ outer: inout JSONFields) throws(DomainError) -> Truncation? {
    guard var fields = try outer.fields("truncation") else { return nil }
    guard let length = try fields.natural("max_length") else {
      throw fields.wrong("max_length", "an integer", nil)
    }
    let name = try fields.string("strategy") ?? "LongestFirst"
    guard let strategy = Truncation.Strategy(rawValue: name) else {
      throw fields.unsupported("the strategy `\(name)`")
    }
    let truncation = Truncation(
      length: length, strategy: strategy, side: try side(&fields),
      stride: try fields.natural("stride") ?? 0)
    try fields.finish()
    return truncation
  }

  private static func padding(_ outer: inout JSONFields) throws(DomainError) -> Padding? {
    guard var fields = try outer.fields("padding") else { return nil }
    var length: Int?
    switch fields.value("strategy") {
    case .string("BatchLongest"): break
    case .object(let object) where object.names == ["Fixed"]:
      guard let fixed = object["Fixed"]?.integer, (0...Int(Int32.max)).contains(fixed) else {
        throw fields.unsupported("this `strategy`")
      }
      length = fixed
    default: throw fields.unsupported("this `strategy`")
    }
    let padding = Padding(
      length: length, side: try side(&fields), multiple: try fields.natural("pad_to_multiple_of"),
      id: Int32(try fields.natural("pad_id") ?? 0),
      typeID: Int32(try fields.natural("pad_type_id") ?? 0),
      token: try fields.string("pad_token") ?? "[PAD]")
    try fields.finish()
    return padding
  }

  // MARK: Writing

  static func json(_ tokenizer: SubwordTokenizer) -> JSON {
    [
      "version": "1.0",
      "truncation": tokenizer.truncation.map { truncation in
        [
          "direction": .string(truncation.side.rawValue), "max_length": .integer(truncation.length),
          "strategy": .string(truncation.strategy.rawValue),
          "stride": .integer(truncation.stride),
        ]
      } ?? .null,
      "padding": tokenizer.padding.map { padding in
        [
          "strategy": padding.length.map { ["Fixed": .integer($0)] } ?? "BatchLongest",
          "direction": .string(padding.side.rawValue),
          "pad_to_multiple_of": padding.multiple.map(JSON.integer) ?? .null,
          "pad_id": .integer(Int(padding.id)), "pad_type_id": .integer(Int(padding.typeID)),
          "pad_token": .string(padding.token),
        ]
      } ?? .null,
      "added_tokens": .array(
        tokenizer.addedTokens.map { token in
          [
            "id": .integer(Int(token.id)), "content": .string(token.content),
            "single_word": .bool(token.isSingleWord), "lstrip": .bool(token.stripsLeft),
            "rstrip": .bool(token.stripsRight), "normalized": .bool(token.isNormalized),
            "special": .bool(token.isSpecial),
          ]
        }),
      "normalizer": tokenizer.normalizer?.json ?? .null,
      "pre_tokenizer": tokenizer.preTokenizer?.json ?? .null,
      "post_processor": tokenizer.postProcessor?.json ?? .null,
      "decoder": tokenizer.decoder?.json ?? .null,
      "model": model(tokenizer.model),
    ]
  }

  private static func model(_ model: SubwordTokenizer.Model) -> JSON {
    func orNull(_ text: String) -> JSON { text.isEmpty ? .null : .string(text) }
    switch model {
    case .bytePair(let model):
      return [
        "type": "BPE", "dropout": .null,
        "unk_token": model.settings.unknownToken.map(JSON.string) ?? .null,
        "continuing_subword_prefix": orNull(model.settings.continuingPrefix),
        "end_of_word_suffix": orNull(model.settings.endSuffix),
        "fuse_unk": .bool(model.settings.fusesUnknown),
        "byte_fallback": .bool(model.settings.fallsBackToBytes),
        "ignore_merges": .bool(model.settings.ignoresMerges),
        "vocab": vocabulary(model.table),
        "merges": .array(
          mergedTexts(model).map { .array([.string($0.left), .string($0.right)]) }),
      ]
    case .wordPiece(let model):
      return [
        "type": "WordPiece", "unk_token": .string(model.settings.unknownToken),
        "continuing_subword_prefix": .string(model.settings.continuingPrefix),
        "max_input_chars_per_word": .integer(model.settings.longestWord),
        "vocab": vocabulary(model.table),
      ]
    case .unigram(let model):
      return [
        "type": "Unigram",
        "unk_id": model.settings.unknown.map { .integer(Int($0)) } ?? .null,
        "byte_fallback": .bool(model.settings.fallsBackToBytes),
        "vocab": .array(
          model.scores.enumerated().map { id, score in
            .array([.string(model.table.text(id) ?? ""), .number(score)])
          }),
      ]
    case .wordLevel(let model):
      return [
        "type": "WordLevel", "unk_token": .string(model.unknownToken),
        "vocab": vocabulary(model.table),
      ]
    }
  }

  static func vocabulary(_ table: TokenTable) -> JSON {
    var object = JSON.Object()
    for id in 0..<table.idEnd {
      if let token = table.text(id) { object[token] = .integer(id) }
    }
    return .object(object)
  }

  static func mergedTexts(_ model: BytePairModel) -> [(left: String, right: String)] {
    model.merges.map { merge in
      (model.table.text(Int(merge.left)) ?? "", model.table.text(Int(merge.right)) ?? "")
    }
  }
}
