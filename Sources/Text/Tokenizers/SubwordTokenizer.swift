// A tokenizer as tokenizer.json describes it: added tokens, normaliser, pre-tokenizer, model, post-processor, decoder.
// It gives the tokens that the `tokenizers` package gives for the same description.

import Foundations
import JSONValues

/// Byte-pair encoding or WordPiece with everything around it. Texts may be encoded on several threads at once.
public final class SubwordTokenizer: Tokenizer {
  enum Model: Sendable {
    case bytePair(BytePairModel)
    case wordPiece(WordPieceModel)
    case unigram(UnigramModel)
    case wordLevel(WordLevelModel)

    var table: TokenTable {
      switch self {
      case .bytePair(let model): model.table
      case .wordPiece(let model): model.table
      case .unigram(let model): model.table
      case .wordLevel(let model): model.table
      }
    }

    @inline(__always)
    func encode(_ word: UnsafeBufferPointer<UInt8>, _ buffers: EncodingBuffers) {
      switch self {
      case .bytePair(let model): model.encode(word, buffers)
      case .wordPiece(let model): model.encode(word, buffers)
      case .unigram(let model): model.encode(word, buffers)
      case .wordLevel(let model): model.encode(word, buffers)
      }
    }
  }

  /// The combinations that need no list of pieces, because a word's tokens follow from its bytes alone.
  private enum Shortcut {
    case gpt2(BytePairModel, addsPrefixSpace: Bool)
    case pattern(BytePairModel, Pattern)
    case bert(BertNormalization, WordPieceModel)
  }

  let model: Model
  public let normalizer: Normalizer?
  public let preTokenizer: PreTokenizer?
  public let postProcessor: PostProcessor?
  public let decoder: TokenDecoder?
  /// The model of a bare SentencePiece tokenizer.
  let sentencePiece: SentencePieceSource?
  /// In the order of their numbers.
  public let addedTokens: [AddedToken]
  /// What the file that this came from wants done with long and short texts; encoding heeds only its own options.
  public let truncation: Truncation?
  public let padding: Padding?
  public let specialTokens: SpecialTokens
  public let vocabularySize: Int

  private let addedByID: [Int32: AddedToken]
  /// Added tokens as texts name them: normalised where they are looked for so.
  private let addedTexts: [Int32: String]
  let rawFinder: AddedTokenFinder
  let normalizedFinder: AddedTokenFinder
  private let shortcut: Shortcut?
  private let pool = EncodingBufferPool()

  /// The longest text, in bytes.
  static let longestText = Int(Int32.max)

  struct Parts {
    var model: Model
    var normalizer: Normalizer?
    var preTokenizer: PreTokenizer?
    var postProcessor: PostProcessor?
    var decoder: TokenDecoder?
    var addedTokens: [AddedToken] = []
    var sentencePiece: SentencePieceSource?
    var truncation: Truncation?
    var padding: Padding?
    var specialTokens = SpecialTokens()
  }

  /// - Throws: `data` where an added token or a special token of the post-processor does not fit the vocabulary.
  init(_ parts: Parts, source: String) throws(DomainError) {
    model = parts.model
    normalizer = parts.normalizer
    preTokenizer = parts.preTokenizer
    postProcessor = parts.postProcessor
    decoder = parts.decoder
    sentencePiece = parts.sentencePiece
    addedTokens = parts.addedTokens.sorted { $0.id < $1.id }
    truncation = parts.truncation
    padding = parts.padding
    specialTokens = parts.specialTokens
    let table = parts.model.table
    var byID: [Int32: AddedToken] = [:]
    var contents: [[UInt8]: Int32] = [:]
    var texts: [Int32: String] = [:]
    var raw = AddedTokenFinder()
    var normalized = AddedTokenFinder()
    for token in addedTokens {
      let content = Array(token.content.utf8)
      guard !content.isEmpty, (0...Int32(TokenTable.largestID)).contains(token.id) else {
        throw DomainError(
          .data, "\(source): the added token `\(token.content)` has the number \(token.id)")
      }
      let known = table.id(of: token.content)
      guard known ?? token.id == token.id, known != nil || table.token(Int(token.id)) == nil,
        byID.updateValue(token, forKey: token.id) == nil,
        contents.updateValue(token.id, forKey: content) == nil
      else {
        throw DomainError(
          .data,
          "\(source): the added token `\(token.content)` with the number \(token.id) contradicts another token"
        )
      }
      if token.isNormalized {
        var text = content.withUnsafeBufferPointer { NormalizedText($0, offset: 0) }
        normalizer?.apply(to: &text)
        var pattern: [UInt8] = []
        text.encode(into: &pattern)
        normalized.add(token, pattern: pattern)
        texts[token.id] = String(decoding: pattern, as: UTF8.self)
      } else {
        raw.add(token, pattern: content)
        texts[token.id] = token.content
      }
    }
    addedByID = byID
    addedTexts = texts
    rawFinder = raw
    normalizedFinder = normalized
    vocabularySize = max(table.idEnd, Int(addedTokens.last?.id ?? -1) + 1)
    for piece in postProcessor?.pieces ?? [] {
      for (id, token) in zip(piece.ids, piece.tokens) {
        let known = table.id(of: token) ?? contents[Array(token.utf8)]
        guard known == id else {
          throw DomainError(
            .data,
            "\(source): the post-processor's token `\(token)` has the number \(id), but in the vocabulary it \(known.map { "has \($0)" } ?? "is not there")"
          )
        }
      }
    }
    switch (normalizer, preTokenizer, model) {
    case (nil, .byteLevel(let prefix, usesPattern: true, _), .bytePair(let model)):
      shortcut = .gpt2(model, addsPrefixSpace: prefix)
    case (nil, .sequence(let steps), .bytePair(let model)):
      shortcut = Self.pattern(steps).map { .pattern(model, $0) }
    case (.bert(let normalization), .bert, .wordPiece(let model)) where normalized.isEmpty:
      shortcut = .bert(normalization, model)
    default: shortcut = nil
    }
  }

  /// The expression where a pre-tokenizer cuts by one and then spells bytes, and does nothing else.
  private static func pattern(_ steps: [PreTokenizer]) -> Pattern? {
    guard steps.count == 2, case .pattern(let pattern, .isolated, inverted: false) = steps[0],
      steps[1]
        == .byteLevel(addsPrefixSpace: false, usesPattern: false, trimsOffsets: false)
        || steps[1] == .byteLevel(addsPrefixSpace: false, usesPattern: false, trimsOffsets: true)
    else { return nil }
    return pattern
  }

  // MARK: Vocabulary

  public func id(of token: String) -> Int32? {
    model.table.id(of: token)
      ?? addedTokens.first { $0.content.isSpelt(token) }?.id
  }

  public func token(_ id: Int32) -> String? {
    addedTexts[id] ?? model.table.text(Int(id))
  }

  public func isSpecial(_ id: Int32) -> Bool { addedByID[id]?.isSpecial ?? false }

  public var fingerprint: String {
    var hash = FingerprintWriter("tokens")
    for id in 0..<vocabularySize {
      let id = Int32(truncatingIfNeeded: id)
      guard let token = token(id) else { continue }
      hash.add([id])
      hash.add(token)
    }
    return hash.fingerprint.description
  }

  // MARK: Encoding

  public func encode(_ text: String, addSpecialTokens: Bool) throws(DomainError) -> [Int32] {
    let ids = try rawIDs(text)
    guard addSpecialTokens, let postProcessor, postProcessor.addedCount(pair: false) > 0 else {
      return ids
    }
    var result: [Int32] = []
    result.reserveCapacity(ids.count + 4)
    for part in postProcessor.parts(pair: false) {
      switch part {
      case .special(let name, _): result.append(contentsOf: postProcessor.ids(of: name))
      case .first: result.append(contentsOf: ids)
      case .second: break
      }
    }
    return result
  }

  /// The tokens of many texts, on as many threads as `Parallel` allows.
  public func encodeBatch(
    _ texts: [String], addSpecialTokens: Bool = true
  ) throws(DomainError) -> [[Int32]] {
    try parallel(texts.count) { (i) throws(DomainError) in
      try encode(texts[i], addSpecialTokens: addSpecialTokens)
    }
  }

  /// The same with all that `options` ask for; padding without a length fills up to the longest.
  public func encodeBatch(
    _ texts: [String], pairs: [String]? = nil, options: EncodingOptions
  ) throws(DomainError) -> [Encoding] {
    if let pairs, pairs.count != texts.count {
      throw DomainError(.value, "\(texts.count) texts, but \(pairs.count) texts to pair them with")
    }
    var unpadded = options
    unpadded.padding = nil
    var encodings = try parallel(texts.count) { (i) throws(DomainError) in
      try encode(texts[i], pair: pairs?[i], options: unpadded)
    }
    if let padding = options.padding {
      let length = padding.target(encodings.map(\.count).max() ?? 0)
      for i in encodings.indices { encodings[i].pad(to: length, padding) }
    }
    return encodings
  }

  /// Texts that one thread takes at a time.
  private static let blockSize = 16

  private func parallel<Result: Sendable>(
    _ count: Int, _ body: (Int) throws(DomainError) -> Result
  ) throws(DomainError) -> [Result] {
    var results = [Swift.Result<Result, DomainError>?](repeating: nil, count: count)
    results.withUnsafeMutableBufferPointer { results in
      nonisolated(unsafe) let results = results
      Parallel.blocks(count, size: Self.blockSize) { block in
        for i in block {
          do throws(DomainError) {
            results[i] = .success(try body(i))
          } catch {
            results[i] = .failure(error)
          }
        }
      }
    }
    var values: [Result] = []
    values.reserveCapacity(count)
    for case let result? in results { values.append(try result.get()) }
    return values
  }

  public func encode(
    _ text: String, pair: String?, options: EncodingOptions
  ) throws(DomainError) -> Encoding {
    var first = try rawTokens(text, tracks: options.offsets)
    var second = try pair.map { (text) throws(DomainError) in
      try rawTokens(text, tracks: options.offsets)
    }
    var parts =
      postProcessor?.parts(pair: pair != nil)
      ?? (pair == nil ? [.first(type: 0)] : [.first(type: 0), .second(type: 1)])
    if !options.addSpecialTokens {
      parts.removeAll { if case .special = $0 { true } else { false } }
    }
    if let truncation = options.truncation {
      let added =
        options.addSpecialTokens ? postProcessor?.addedCount(pair: pair != nil) ?? 0 : 0
      let lengths = try truncation.lengths(first.ids.count, second?.ids.count, added: added)
      first.cut(to: lengths.0, truncation.side)
      second?.cut(to: lengths.1, truncation.side)
    }
    if options.offsets, let trimming = postProcessor?.trimming, trimming.trims {
      trim(&first, of: text, trimming.addsPrefixSpace)
      if let pair, var tokens = second {
        trim(&tokens, of: pair, trimming.addsPrefixSpace)
        second = tokens
      }
    }
    var result = Encoding(
      ids: [], typeIDs: [], attentionMask: [], isSpecial: [], offsets: options.offsets ? [] : nil)
    func add(_ tokens: RawTokens, _ type: Int32, isSpecial: Bool) {
      let count = tokens.ids.count
      result.ids.append(contentsOf: tokens.ids)
      result.typeIDs.append(contentsOf: repeatElement(type, count: count))
      result.attentionMask.append(contentsOf: repeatElement(1, count: count))
      result.isSpecial.append(contentsOf: repeatElement(isSpecial, count: count))
      result.offsets?.append(contentsOf: tokens.spans)
    }
    for part in parts {
      switch part {
      case .special(let name, let type):
        let ids = postProcessor?.ids(of: name) ?? []
        let spans = [Range<Int>](repeating: 0..<0, count: ids.count)
        add(RawTokens(ids: ids, spans: spans), type, isSpecial: true)
      case .first(let type): add(first, type, isSpecial: false)
      case .second(let type): if let second { add(second, type, isSpecial: false) }
      }
    }
    if let padding = options.padding { result.pad(to: padding.target(result.count), padding) }
    return result
  }

  /// Tokens before anything is put around them; `spans` is empty where nobody asked.
  struct RawTokens {
    var ids: [Int32] = []
    var spans: [Range<Int>] = []

    mutating func cut(to length: Int, _ side: TextSide) {
      let excess = ids.count - length
      guard excess > 0 else { return }
      if side == .right { ids.removeLast(excess) } else { ids.removeFirst(excess) }
      guard !spans.isEmpty else { return }
      if side == .right { spans.removeLast(excess) } else { spans.removeFirst(excess) }
    }
  }

  /// Takes spaces at a token's ends out of its span; the space that was added before a text's first word is not there
  /// to be taken.
  private func trim(_ tokens: inout RawTokens, of text: String, _ addsPrefixSpace: Bool) {
    let utf8 = text.utf8
    for (i, id) in tokens.ids.enumerated() {
      let span = tokens.spans[i]
      let spares = addsPrefixSpace && (i == 0 || span.lowerBound == 0)
      if addedByID[id] == nil {
        guard let token = model.table.text(Int(id)) else { continue }
        tokens.spans[i] = trimmed(span, token.unicodeScalars, spares)
      } else {
        // An added token may have taken white space of the text with it.
        let start = utf8.index(utf8.startIndex, offsetBy: span.lowerBound)
        let content = text.unicodeScalars[
          start..<utf8.index(utf8.startIndex, offsetBy: span.upperBound)]
        let spaces = { UnicodeTable.flags(($0 as Unicode.Scalar).value).contains(.whitespace) }
        let size = { (scalar: Unicode.Scalar) in UTF8.width(scalar) }
        let leading = spares ? 0 : content.prefix(while: spaces).reduce(0) { $0 + size($1) }
        let trailing = content.reversed().prefix(while: spaces).reduce(0) { $0 + size($1) }
        let lower = min(span.lowerBound + leading, span.upperBound)
        tokens.spans[i] = lower..<max(span.upperBound - trailing, lower)
      }
    }
  }

  /// The span of a token of the model without the spaces at its ends; `spares` keeps those before it.
  private func trimmed(
    _ span: Range<Int>, _ token: String.UnicodeScalarView, _ spares: Bool
  ) -> Range<Int> {
    let space = ByteAlphabet.letters[0x20]
    func isSpace(_ scalar: Unicode.Scalar) -> Bool {
      scalar == space || UnicodeTable.flags(scalar.value).contains(.whitespace)
    }
    let leading = token.prefix(while: isSpace).count
    let trailing = token.reversed().prefix(while: isSpace).count
    // A token that is nothing but the added space stands for no character of the text.
    if spares, leading > 0, trailing == token.count { return span.lowerBound..<span.lowerBound }
    let lower = spares ? span.lowerBound : min(span.lowerBound + leading, span.upperBound)
    return lower..<max(span.upperBound - trailing, lower)
  }

  private func checkLength(_ count: Int) throws(DomainError) {
    guard count <= Self.longestText else {
      throw DomainError(
        .limit, "a text of \(count) bytes is longer than a tokenizer takes (\(Self.longestText))",
        hint: "cut it into documents or lines")
    }
  }

  /// The tokens of UTF-8 bytes, nothing put around them.
  ///
  /// - Throws: `value` where the bytes are no UTF-8, `limit` for 2 GiB or more.
  public func encode(utf8 bytes: [UInt8]) throws(DomainError) -> [Int32] {
    try checkLength(bytes.count)
    return try bytes.withUnsafeBufferPointer { (bytes) throws(DomainError) in
      if let place = UTF8Check.firstInvalid(bytes) {
        throw DomainError(
          .value, "byte \(place) of the text, 0x\(String(bytes[place], radix: 16)), is not UTF-8")
      }
      return ids(bytes)
    }
  }

  private func rawIDs(_ text: String) throws(DomainError) -> [Int32] {
    var text = text
    try checkLength(text.utf8.count)
    return text.withUTF8 { ids($0) }
  }

  private func rawTokens(_ text: String, tracks: Bool) throws(DomainError) -> RawTokens {
    guard tracks else { return RawTokens(ids: try rawIDs(text)) }
    var text = text
    try checkLength(text.utf8.count)
    return text.withUTF8 { bytes in
      let buffers = pool.take()
      defer { pool.giveBack(buffers) }
      buffers.ids.removeAll()
      var spans: [Range<Int>] = []
      forEachSection(bytes, rawFinder) { range, id in
        if let id {
          buffers.ids.append(id)
          spans.append(range)
        } else {
          appendGeneral(bytes, range, buffers, &spans, tracks: true)
        }
      }
      return RawTokens(ids: buffers.ids.array, spans: spans)
    }
  }

  private func ids(_ bytes: UnsafeBufferPointer<UInt8>) -> [Int32] {
    let buffers = pool.take()
    defer { pool.giveBack(buffers) }
    buffers.ids.removeAll()
    forEachSection(bytes, rawFinder) { range, id in
      if let id { return buffers.ids.append(id) }
      switch shortcut {
      case .pattern(let model, let pattern):
        let section = UnsafeBufferPointer(rebasing: bytes[range])
        forEachSection(section, normalizedFinder) { inner, id in
          if let id { return buffers.ids.append(id) }
          appendWords(UnsafeBufferPointer(rebasing: section[inner]), pattern, model, buffers)
        }
      case .gpt2(let model, let addsPrefixSpace):
        forEachSection(
          UnsafeBufferPointer(rebasing: bytes[range]), normalizedFinder
        ) { inner, id in
          if let id { return buffers.ids.append(id) }
          let start = range.lowerBound
          appendGPT2(
            UnsafeBufferPointer(
              rebasing: bytes[start + inner.lowerBound..<start + inner.upperBound]),
            addsPrefixSpace, model, buffers)
        }
      case .bert(let normalization, let model):
        appendBert(UnsafeBufferPointer(rebasing: bytes[range]), normalization, model, buffers)
      case nil:
        var spans: [Range<Int>] = []
        appendGeneral(bytes, range, buffers, &spans, tracks: false)
      }
    }
    return buffers.ids.array
  }

  /// Calls `body` for each stretch of text, and for each added token with its number.
  @inline(__always)
  func forEachSection(
    _ bytes: UnsafeBufferPointer<UInt8>, _ finder: AddedTokenFinder,
    _ body: (Range<Int>, Int32?) -> Void
  ) {
    var position = 0
    if !finder.isEmpty {
      finder.forEachMatch(bytes) { match in
        if position < match.range.lowerBound { body(position..<match.range.lowerBound, nil) }
        body(match.range, match.id)
        position = match.range.upperBound
      }
    }
    if position < bytes.count { body(position..<bytes.count, nil) }
  }

  // MARK: Decoding

  public func decode(_ ids: [Int32], skipSpecialTokens: Bool) throws(DomainError) -> String {
    String(decoding: try decodeBytes(ids, skipSpecialTokens: skipSpecialTokens), as: UTF8.self)
  }

  /// The bytes that tokens stand for: for texts that come token by token, where a character may be cut in two.
  ///
  /// - Throws: `value` for a number that no token has.
  public func decodeBytes(
    _ ids: [Int32], skipSpecialTokens: Bool = false
  ) throws(DomainError) -> [UInt8] {
    if let sentencePiece {
      return try sentencePiece.decode(ids, skipsUnknown: skipSpecialTokens)
    }
    if let decoder, !decoder.isDirect {
      return Array(decoder.apply(to: try tokens(ids, skipSpecialTokens)).joined())
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(ids.count * 5)
    var isFirst = true
    for (index, id) in ids.enumerated() {
      try Cancellation.check(turn: index)
      if skipSpecialTokens, isSpecial(id) { continue }
      if var content = addedTexts[id] {
        content.withUTF8 { append($0, isFirst: isFirst, to: &bytes) }
      } else if let token = model.table.token(Int(id)) {
        append(token, isFirst: isFirst, to: &bytes)
      } else {
        throw DomainError(
          .value, "no token has the number \(id); the vocabulary ends at \(vocabularySize - 1)")
      }
      isFirst = false
    }
    return bytes
  }

  /// The tokens of a list of numbers as bytes.
  private func tokens(
    _ ids: [Int32], _ skipSpecialTokens: Bool
  ) throws(DomainError) -> [[UInt8]] {
    var tokens: [[UInt8]] = []
    for (index, id) in ids.enumerated() {
      try Cancellation.check(turn: index)
      if skipSpecialTokens, isSpecial(id) { continue }
      guard
        let token = addedTexts[id].map({ Array($0.utf8) })
          ?? model.table.token(Int(id)).map({ Array($0) })
      else {
        throw DomainError(
          .value, "no token has the number \(id); the vocabulary ends at \(vocabularySize - 1)")
      }
      tokens.append(token)
    }
    return tokens
  }

  private func append(_ token: UnsafeBufferPointer<UInt8>, isFirst: Bool, to bytes: inout [UInt8]) {
    if let decoder { return decoder.append(token, isFirst: isFirst, to: &bytes) }
    if !isFirst { bytes.append(0x20) }
    bytes.append(contentsOf: token)
  }
}
