// What models of language need of a tokenizer, and what it gives them.

import Foundations

/// Turns texts into numbers and back.
public protocol Tokenizer: Sendable {
  /// One past the largest number of a token: the rows that an embedding needs.
  var vocabularySize: Int { get }
  var specialTokens: SpecialTokens { get }
  /// A hash over all tokens with their numbers: equal where two vocabularies are.
  var fingerprint: String { get }

  /// The number of a token; nil where there is none such.
  func id(of token: String) -> Int32?
  /// The token with this number, as the vocabulary writes it; nil where none has it. An added token that is looked for
  /// in normalised text is itself normalised here.
  func token(_ id: Int32) -> String?

  /// The numbers of a text's tokens.
  ///
  /// - Parameter addSpecialTokens: puts around the text what its model expects there (`[CLS]`, `[SEP]`).
  /// - Throws: `limit` for a text of 2 GiB or more.
  func encode(_ text: String, addSpecialTokens: Bool) throws(DomainError) -> [Int32]

  /// A text, or a pair of texts, with all that a model may want to know.
  ///
  /// - Throws: `value` where a text is too short to be truncated as the options say, `limit` for a text of 2 GiB or
  ///   more.
  func encode(_ text: String, pair: String?, options: EncodingOptions) throws(DomainError)
    -> Encoding

  /// The text that tokens stand for; bytes that are no UTF-8 (a character cut in two) become U+FFFD.
  ///
  /// - Throws: `value` for a number that no token has.
  func decode(_ ids: [Int32], skipSpecialTokens: Bool) throws(DomainError) -> String
}

extension Tokenizer {
  public func encode(_ text: String) throws(DomainError) -> [Int32] {
    try encode(text, addSpecialTokens: true)
  }

  public func decode(_ ids: [Int32]) throws(DomainError) -> String {
    try decode(ids, skipSpecialTokens: false)
  }
}

/// The numbers of the tokens that play a part of their own; nil where a vocabulary has none for it.
public struct SpecialTokens: Sendable, Equatable {
  /// Starts a text.
  public var beginning: Int32?
  /// Ends a text: where generation stops.
  public var end: Int32?
  public var unknown: Int32?
  public var padding: Int32?
  /// Between two texts and behind the last (`[SEP]`).
  public var separator: Int32?
  /// Before the first text (`[CLS]`).
  public var classifier: Int32?
  /// In the place of a token to be guessed.
  public var mask: Int32?

  public init() {}
}

/// A text as a model takes it. All lists are equally long.
public struct Encoding: Sendable, Equatable {
  public var ids: [Int32]
  /// Which text a token belongs to, 0 or 1.
  public var typeIDs: [Int32]
  /// 1 for tokens, 0 for padding.
  public var attentionMask: [Int32]
  /// Whether a token was put in by the template or as padding.
  public var isSpecial: [Bool]
  /// The UTF-8 bytes of its text that each token stands for, empty for special ones; nil unless asked for.
  public var offsets: [Range<Int>]?

  public var count: Int { ids.count }
}

/// What to do beside encoding.
public struct EncodingOptions: Sendable, Equatable {
  public var addSpecialTokens: Bool
  public var offsets: Bool
  public var truncation: Truncation?
  public var padding: Padding?

  public init(
    addSpecialTokens: Bool = true, offsets: Bool = false, truncation: Truncation? = nil,
    padding: Padding? = nil
  ) {
    self.addSpecialTokens = addSpecialTokens
    self.offsets = offsets
    self.truncation = truncation
    self.padding = padding
  }
}

/// A side of a text.
public enum TextSide: String, Sendable {
  case left = "Left"
  case right = "Right"
}

/// Which tokens go where a text is too long.
public struct Truncation: Sendable, Equatable {
  public enum Strategy: String, Sendable {
    /// From the longer text of a pair until both fit.
    case longestFirst = "LongestFirst"
    case onlyFirst = "OnlyFirst"
    case onlySecond = "OnlySecond"
  }

  /// Tokens kept at most, special ones included.
  public var length: Int
  public var strategy: Strategy
  /// The side at which tokens go.
  public var side: TextSide
  /// Kept for the file only: how far overflowing parts, which are not given here, would overlap.
  public var stride: Int

  public init(
    length: Int, strategy: Strategy = .longestFirst, side: TextSide = .right, stride: Int = 0
  ) {
    self.length = length
    self.strategy = strategy
    self.side = side
    self.stride = stride
  }
}

/// What fills up a text that is too short.
public struct Padding: Sendable, Equatable {
  /// The length to fill up to; nil: that of the longest text encoded together.
  public var length: Int?
  public var side: TextSide
  /// Fill up to a multiple of this.
  public var multiple: Int?
  public var id: Int32
  public var typeID: Int32
  public var token: String

  public init(
    length: Int? = nil, side: TextSide = .right, multiple: Int? = nil, id: Int32,
    typeID: Int32 = 0, token: String
  ) {
    self.length = length
    self.side = side
    self.multiple = multiple
    self.id = id
    self.typeID = typeID
    self.token = token
  }
}

extension Encoding {
  /// Fills up to `length`; nothing where it is that long already.
  mutating func pad(to length: Int, _ padding: Padding) {
    let missing = length - count
    guard missing > 0 else { return }
    let place = padding.side == .right ? count : 0
    ids.insert(contentsOf: repeatElement(padding.id, count: missing), at: place)
    typeIDs.insert(contentsOf: repeatElement(padding.typeID, count: missing), at: place)
    attentionMask.insert(contentsOf: repeatElement(0, count: missing), at: place)
    isSpecial.insert(contentsOf: repeatElement(true, count: missing), at: place)
    offsets?.insert(contentsOf: repeatElement(0..<0, count: missing), at: place)
  }
}

extension Padding {
  /// The length to which texts are filled up of which the longest has `longest` tokens.
  func target(_ longest: Int) -> Int {
    let wanted = length ?? longest
    guard let multiple, multiple > 0, wanted % multiple > 0 else { return wanted }
    return wanted + multiple - wanted % multiple
  }
}

extension Truncation {
  /// How many tokens of the first and the second text stay.
  ///
  /// - Parameter added: special tokens that come on top.
  func lengths(_ first: Int, _ second: Int?, added: Int) throws(DomainError) -> (Int, Int) {
    guard length >= added else {
      throw DomainError(
        .value, "a text cannot be cut to \(length) tokens of which \(added) are special")
    }
    let room = length - added
    let total = first + (second ?? 0)
    guard total > room else { return (first, second ?? 0) }
    let excess = total - room
    switch strategy {
    case .longestFirst:
      guard let second else { return (room, 0) }
      var shorter = min(first, second)
      var longer = shorter > room ? shorter : max(shorter, room - shorter)
      if shorter + longer > room {
        shorter = room / 2
        longer = shorter + room % 2
      }
      return first <= second ? (shorter, longer) : (longer, shorter)
    case .onlyFirst, .onlySecond:
      let isFirst = strategy == .onlyFirst
      guard let target = isFirst ? first : second, target > excess else {
        throw DomainError(
          .value,
          "the \(isFirst ? "first" : "second") text is too short to lose the \(excess) tokens that are too many"
        )
      }
      return isFirst ? (first - excess, second ?? 0) : (first, (second ?? 0) - excess)
    }
  }
}
