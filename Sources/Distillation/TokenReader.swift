import Glibc
import Tensors
import Text

/// A text as a model reads it.
public struct TokenizedText: Sendable, Equatable {
  public var ids: [Int32]
  /// For each token the byte of the text (UTF-8) that it ends before.
  public var ends: [Int]

  public init(ids: [Int32], ends: [Int]) {
    self.ids = ids
    self.ends = ends
  }
}

/// What distillation has to know about a tokenizer.
public struct TokenReader: Sendable {
  /// A way in which a word of the lexicon may stand in a text.
  public struct WordForm: Sendable {
    /// The string that would have to be one token, from a word in lower case.
    public let apply: @Sendable (String) -> String

    public init(_ apply: @escaping @Sendable (String) -> String) { self.apply = apply }
  }

  /// How many tokens there are.
  public let vocabularyCount: Int
  /// The strings of all tokens in the order of their ids, for comparing vocabularies by content.
  public let tokens: [String]
  /// Names the tokenizer's content, for the keys of caches.
  public let fingerprint: String
  /// Encodes a text without special tokens.
  public let encode: @Sendable (String) throws -> TokenizedText
  /// The token that is exactly this string, if one is.
  public let single: @Sendable (String) -> Int32?
  public let wordForms: [WordForm]

  public init(
    tokens: [String], fingerprint: String, wordForms: [WordForm],
    encode: @escaping @Sendable (String) throws -> TokenizedText,
    single: @escaping @Sendable (String) -> Int32?
  ) {
    vocabularyCount = tokens.count
    self.tokens = tokens
    self.fingerprint = fingerprint
    self.wordForms = wordForms
    self.encode = encode
    self.single = single
  }

  /// One of the library's tokenizers.
  public init(_ tokenizer: any Tokenizer) {
    let count = Int32(clamping: tokenizer.vocabularySize)
    let special = tokenizer.specialTokens
    let marks = Set(
      [
        special.beginning, special.end, special.unknown, special.padding, special.separator,
        special.classifier, special.mask,
      ].compactMap { $0 })
    self.init(
      tokens: (0..<count).map { tokenizer.token($0) ?? "" }, fingerprint: tokenizer.fingerprint,
      wordForms: TokenReader.spacedForms,
      encode: { text in
        let encoding = try tokenizer.encode(
          text, pair: nil, options: EncodingOptions(addSpecialTokens: false, offsets: true))
        // A token without bytes of its own ends where the one before it does.
        var end = 0
        let ends = (encoding.offsets ?? []).map { range in
          end = max(end, range.upperBound)
          return end
        }
        return TokenizedText(ids: encoding.ids, ends: ends)
      },
      single: { text in
        guard let ids = try? tokenizer.encode(text, addSpecialTokens: false), ids.count == 1,
          !marks.contains(ids[0])
        else { return nil }
        return ids[0]
      })
  }

  /// Forms where a space belongs to the word behind it (byte-level BPE). A word without it is a part of other words in
  /// lower case.
  public static let spacedForms = [
    WordForm { " " + $0 }, WordForm { " " + capitalized($0) }, WordForm { " " + $0.uppercased() },
    WordForm(capitalized), WordForm { $0.uppercased() },
  ]

  @Sendable private static func capitalized(_ word: String) -> String {
    word.prefix(1).uppercased() + word.dropFirst()
  }
}

/// The elementary functions under names that do not hide those of others.
enum Scalar {
  static func exp(_ x: Float) -> Float { Glibc.expf(x) }
  static func log(_ x: Float) -> Float { Glibc.logf(x) }
}
