// The rank files of the `tiktoken` package: a token a line, its bytes in Base64 and its number, which is also the rank
// at which it is made. How texts are cut is not in the file.

import Foundations

/// Byte-pair encoding by ranks alone.
enum TiktokenFile {
  /// The expressions that go with published files, by name. They are those of tiktoken 0.14 without the marks that
  /// forbid going back, which change nothing in them.
  static let patterns: [(name: String, expression: String)] = [
    ("gpt2", GPT2Splitter.pattern), ("r50k", GPT2Splitter.pattern), ("p50k", GPT2Splitter.pattern),
    (
      "cl100k",
      #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+$|\s*[\r\n]|\s+(?!\S)|\s"#
    ),
    (
      "o200k",
      #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    ),
  ]

  private static let special: [String: [(String, Int32)]] = [
    "gpt2": [("<|endoftext|>", 50_256)], "r50k": [("<|endoftext|>", 50_256)],
    "p50k": [("<|endoftext|>", 50_256)],
    "cl100k": [
      ("<|endoftext|>", 100_257), ("<|fim_prefix|>", 100_258), ("<|fim_middle|>", 100_259),
      ("<|fim_suffix|>", 100_260), ("<|endofprompt|>", 100_276),
    ],
    "o200k": [("<|endoftext|>", 199_999), ("<|endofprompt|>", 200_018)],
  ]

  /// - Parameter pattern: the name of a published expression, which brings its special tokens, or an expression.
  /// - Throws: `data` where the file is damaged or lacks one of the 256 bytes, or the expression is not supported.
  static func tokenizer(
    _ bytes: [UInt8], pattern: String, source: String
  ) throws(DomainError) -> SubwordTokenizer {
    let table = try TokenTable(try tokens(bytes, source), source: source)
    var settings = BytePairSettings()
    settings.ignoresMerges = true
    let model = try BytePairModel(
      table: table, merges: try merges(table), sharesRanks: true, settings: settings, kept: nil,
      isByteLevel: true, source: source)
    let expression = patterns.first { $0.name == pattern }?.expression ?? pattern
    let splitter = try Pattern(expression, dialect: .rust, place: source)
    var parts = SubwordTokenizer.Parts(
      model: .bytePair(model),
      preTokenizer: .sequence([
        .pattern(splitter, .isolated, inverted: false),
        .byteLevel(addsPrefixSpace: false, usesPattern: false, trimsOffsets: true),
      ]),
      decoder: .byteLevel(addsPrefixSpace: true, trimsOffsets: true, usesPattern: true))
    for (text, id) in special[pattern] ?? []
    where table.token(Int(id)) == nil && table.id(of: text) == nil {
      parts.addedTokens.append(AddedToken(id: id, content: text))
      if text == "<|endoftext|>" { parts.specialTokens.end = id }
    }
    return try SubwordTokenizer(parts, source: source)
  }

  private static func tokens(
    _ bytes: [UInt8], _ source: String
  ) throws(DomainError) -> [(token: String, id: Int)] {
    var tokens: [(token: String, id: Int)] = []
    var singles = 0
    for (i, line) in DelimitedReader.lines(bytes).enumerated() where !line.isEmpty {
      try Cancellation.check(turn: i)
      let parts = line.split(separator: 0x20)
      guard parts.count == 2, let token = Base64.bytes(Array(parts[0])), !token.isEmpty,
        let id = Int(String(decoding: parts[1], as: UTF8.self))
      else {
        throw DomainError(
          .data,
          "\(source), line \(i + 1): a line must be a token in Base64, a space and its number")
      }
      if token.count == 1 { singles += 1 }
      tokens.append((ByteAlphabet.text(token), id))
    }
    guard singles == 256 else {
      throw DomainError(
        .data, "\(source): all 256 bytes must be tokens, but \(singles) of them are")
    }
    return tokens
  }

  /// All pairs of tokens that make a token.
  private static func merges(
    _ table: TokenTable
  ) throws(DomainError) -> [BytePairModel.ScoredMerge] {
    var merges: [BytePairModel.ScoredMerge] = []
    for id in 0..<table.idEnd {
      try Cancellation.check(turn: id)
      guard let token = table.token(id) else { continue }
      let starts = token.indices.filter { token[$0] & 0xC0 != 0x80 }
      for (place, cut) in starts.enumerated().dropFirst() {
        let left = table.id(UnsafeBufferPointer(rebasing: token[..<cut]))
        guard left >= 0 else { continue }
        let right = table.id(UnsafeBufferPointer(rebasing: token[cut...]))
        guard right >= 0 else { continue }
        merges.append(
          BytePairModel.ScoredMerge(
            left: left, right: right, merged: Int32(id), score: -Float(id), leftCount: place,
            rightCount: starts.count - place))
      }
    }
    return merges
  }
}
