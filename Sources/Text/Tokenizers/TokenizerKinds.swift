// The two kinds of tokenizers by their parts, for vocabularies that come from somewhere else than a folder.

import Foundations

/// Byte-pair encoding over bytes, as GPT-2 has it: every text has tokens, and they give it back exactly.
public enum ByteLevelBPE {
  /// The token that GPT-2 puts between texts.
  public static let endOfText = "<|endoftext|>"

  /// A tokenizer of this vocabulary.
  ///
  /// - Parameters:
  ///   - vocabulary: tokens in letters for bytes, each with its number.
  ///   - merges: pairs in the order in which they were learnt.
  ///   - specialTokens: tokens of the vocabulary that are matched as a whole before anything else; those that are not
  ///     in it are left out.
  /// - Throws: `data` where a token or number comes twice or a merge does not fit the vocabulary.
  public static func tokenizer(
    vocabulary: [(token: String, id: Int)], merges: [(String, String)],
    specialTokens: [String] = [endOfText], addsPrefixSpace: Bool = false
  ) throws(DomainError) -> SubwordTokenizer {
    let source = "the vocabulary"
    let table = try TokenTable(vocabulary, source: source)
    var parts = try parts(
      table: table, merges: merges, addsPrefixSpace: addsPrefixSpace, source: source)
    for token in specialTokens {
      if let id = table.id(of: token) {
        parts.addedTokens.append(AddedToken(id: id, content: token))
      }
    }
    parts.specialTokens.beginning = table.id(of: endOfText)
    parts.specialTokens.end = parts.specialTokens.beginning
    return try SubwordTokenizer(parts, source: source)
  }

  static func parts(
    table: TokenTable, merges: [(String, String)], addsPrefixSpace: Bool, source: String
  ) throws(DomainError) -> SubwordTokenizer.Parts {
    let model = try BytePairModel(
      table: table, merges: merges, settings: BytePairSettings(), isByteLevel: true, source: source)
    return SubwordTokenizer.Parts(
      model: .bytePair(model),
      preTokenizer: .byteLevel(
        addsPrefixSpace: addsPrefixSpace, usesPattern: true, trimsOffsets: true),
      postProcessor: .byteLevel(addsPrefixSpace: true, trimsOffsets: false, usesPattern: true),
      decoder: .byteLevel(addsPrefixSpace: true, trimsOffsets: true, usesPattern: true))
  }
}

/// WordPiece behind BERT's normalisation.
public enum WordPiece {
  static let usualSpecialTokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

  /// A tokenizer of this vocabulary with `[CLS] A [SEP] B [SEP]` around its texts.
  ///
  /// - Parameter vocabulary: tokens with their numbers; `[UNK]`, `[CLS]` and `[SEP]` must be among them.
  /// - Throws: `data` where one of these is missing or a token or number comes twice.
  public static func tokenizer(
    vocabulary: [(token: String, id: Int)], normalization: BertNormalization = BertNormalization()
  ) throws(DomainError) -> SubwordTokenizer {
    let source = "the vocabulary"
    let table = try TokenTable(vocabulary, source: source)
    var parts = try parts(
      table: table, settings: WordPieceSettings(), normalization: normalization,
      classifier: "[CLS]", separator: "[SEP]", source: source)
    for token in usualSpecialTokens {
      if let id = table.id(of: token) {
        parts.addedTokens.append(AddedToken(id: id, content: token))
      }
    }
    parts.specialTokens.padding = table.id(of: "[PAD]")
    parts.specialTokens.unknown = table.id(of: "[UNK]")
    parts.specialTokens.classifier = table.id(of: "[CLS]")
    parts.specialTokens.separator = table.id(of: "[SEP]")
    parts.specialTokens.mask = table.id(of: "[MASK]")
    return try SubwordTokenizer(parts, source: source)
  }

  static func parts(
    table: TokenTable, settings: WordPieceSettings, normalization: BertNormalization,
    classifier: String, separator: String, source: String
  ) throws(DomainError) -> SubwordTokenizer.Parts {
    func piece(_ token: String) throws(DomainError) -> PostProcessor.SpecialPiece {
      guard let id = table.id(of: token) else {
        throw DomainError(.data, "\(source): the token `\(token)` is not in the vocabulary")
      }
      return PostProcessor.SpecialPiece(name: token, ids: [id], tokens: [token])
    }
    let (first, last) = (try piece(classifier), try piece(separator))
    let start: [PostProcessor.Part] = [
      .special(classifier, type: 0), .first(type: 0), .special(separator, type: 0),
    ]
    return SubwordTokenizer.Parts(
      model: .wordPiece(try WordPieceModel(table: table, settings: settings, source: source)),
      normalizer: .bert(normalization), preTokenizer: .bert,
      postProcessor: .template(
        single: start, pair: start + [.second(type: 1), .special(separator, type: 1)],
        tokens: first == last ? [first] : [first, last]),
      decoder: .wordPiece(prefix: settings.continuingPrefix, cleansUp: true))
  }
}
