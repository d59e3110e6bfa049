// How tokens become a text again, under the names of tokenizer.json.

import Foundations
import JSONValues

/// How tokens become a text again.
public indirect enum TokenDecoder: Sendable, Equatable {
  /// Letters become the bytes that they stand for. The three settings are kept for the file only.
  case byteLevel(addsPrefixSpace: Bool, trimsOffsets: Bool, usesPattern: Bool)
  /// Tokens with the prefix join the word before them, others are set apart by spaces; `cleansUp` closes up
  /// punctuation.
  case wordPiece(prefix: String, cleansUp: Bool)
  /// The tokens `<0x00>` … become bytes.
  case byteFallback
  /// All tokens become one.
  case fuse
  /// Takes a character off the ends of each token, as often as said.
  case strip(Unicode.Scalar, start: Int, stop: Int)
  /// `replacement` becomes a space, or nothing in the first token; `splits` is kept for the file only.
  case metaspace(
    replacement: Unicode.Scalar, PreTokenizer.MetaspaceScheme, splits: Bool)
  /// The suffix of a word's last token becomes a space.
  case suffix(String)
  /// Connectionist temporal classification (Graves et al. 2006): equal neighbours are one, padding goes.
  case classification(padding: String, delimiter: String, cleansUp: Bool)
  case replace(String, by: String)
  case replacePattern(Pattern, by: String)
  case sequence([TokenDecoder])

  /// Whether a token's bytes follow from the token and whether it is the first.
  var isDirect: Bool {
    switch self {
    case .byteLevel, .wordPiece: true
    default: false
    }
  }

  /// Appends what one token becomes; `isFirst` tells the first one of a text. For those that are direct.
  func append(
    _ token: UnsafeBufferPointer<UInt8>, isFirst: Bool, to bytes: inout [UInt8]
  ) {
    switch self {
    case .byteLevel:
      let start = bytes.count
      if !ByteAlphabet.decode(token, into: &bytes) {
        bytes.removeLast(bytes.count - start)
        bytes.append(contentsOf: token)
      }
    case .wordPiece(let prefix, let cleansUp):
      bytes.append(contentsOf: Self.wordPiece(Array(token), isFirst, prefix, cleansUp))
    default: bytes.append(contentsOf: token)
    }
  }

  private static func wordPiece(
    _ token: [UInt8], _ isFirst: Bool, _ prefix: String, _ cleansUp: Bool
  ) -> [UInt8] {
    var piece = token
    if !isFirst {
      if !prefix.isEmpty, token.starts(with: prefix.utf8) {
        piece.removeFirst(prefix.utf8.count)
      } else {
        piece.insert(0x20, at: 0)
      }
    }
    if cleansUp { cleanUp(&piece) }
    return piece
  }

  /// What a list of tokens becomes; the text is these one behind the other.
  func apply(to tokens: [[UInt8]]) -> [[UInt8]] {
    switch self {
    case .byteLevel:
      var bytes: [UInt8] = []
      for token in tokens {
        token.withUnsafeBufferPointer { append($0, isFirst: false, to: &bytes) }
      }
      return [Array(String(decoding: bytes, as: UTF8.self).utf8)]
    case .wordPiece(let prefix, let cleansUp):
      return tokens.enumerated().map { Self.wordPiece($1, $0 == 0, prefix, cleansUp) }
    case .byteFallback: return Self.fallBack(tokens)
    case .fuse: return [Array(tokens.joined())]
    case .strip(let scalar, let start, let stop):
      return tokens.map { Self.strip($0, Array(String(scalar).utf8), start, stop) }
    case .metaspace(let replacement, let scheme, _):
      let mark = Array(String(replacement).utf8)
      return tokens.enumerated().map { i, token in
        var token = token
        Self.replace(mark, by: i == 0 && scheme != .never ? [] : [0x20], in: &token)
        return token
      }
    case .suffix(let suffix):
      return tokens.enumerated().map { i, token in
        var token = token
        Self.replace(Array(suffix.utf8), by: i + 1 == tokens.count ? [] : [0x20], in: &token)
        return token
      }
    case .classification(let padding, let delimiter, let cleansUp):
      return Self.classified(tokens, padding, delimiter, cleansUp)
    case .replace(let text, let content):
      return tokens.map { token in
        var token = token
        Self.replace(Array(text.utf8), by: Array(content.utf8), in: &token)
        return token
      }
    case .replacePattern(let pattern, let content):
      return tokens.map { Self.replace(pattern, by: Array(content.utf8), in: $0) }
    case .sequence(let steps): return steps.reduce(tokens) { $1.apply(to: $0) }
    }
  }

  private static func fallBack(_ tokens: [[UInt8]]) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var bytes: [UInt8] = []
    func flush() {
      guard !bytes.isEmpty else { return }
      if bytes.withUnsafeBufferPointer({ UTF8Check.firstInvalid($0) }) == nil {
        result.append(bytes)
      } else {
        for _ in bytes { result.append(Array("\u{FFFD}".utf8)) }
      }
      bytes = []
    }
    for token in tokens {
      if let byte = ByteToken.byte(token) {
        bytes.append(byte)
      } else {
        flush()
        result.append(token)
      }
    }
    flush()
    return result
  }

  private static func strip(
    _ token: [UInt8], _ content: [UInt8], _ start: Int, _ stop: Int
  ) -> [UInt8] {
    var range = token[...]
    var count = 0
    while count < start, range.starts(with: content) {
      range = range.dropFirst(content.count)
      count += 1
    }
    count = 0
    while count < stop, range.count >= content.count, range.suffix(content.count) == content[...] {
      range = range.dropLast(content.count)
      count += 1
    }
    return Array(range)
  }

  private static func classified(
    _ tokens: [[UInt8]], _ padding: String, _ delimiter: String, _ cleansUp: Bool
  ) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var last: [UInt8]?
    for token in tokens {
      if token == last { continue }
      last = token
      var piece = token
      replace(Array(padding.utf8), by: [], in: &piece)
      if cleansUp {
        cleanUp(&piece)
        replace(Array(delimiter.utf8), by: [0x20], in: &piece)
      }
      if !piece.isEmpty { result.append(piece) }
    }
    return result
  }

  private static func replace(_ pattern: [UInt8], by content: [UInt8], in text: inout [UInt8]) {
    guard let first = pattern.first, text.contains(first) else { return }
    var result: [UInt8] = []
    var i = 0
    while i < text.count {
      if text[i...].starts(with: pattern) {
        result.append(contentsOf: content)
        i += pattern.count
      } else {
        result.append(text[i])
        i += 1
      }
    }
    text = result
  }

  private static func replace(
    _ pattern: Pattern, by content: [UInt8], in text: [UInt8]
  ) -> [UInt8] {
    // Decoders before may have left a character in parts.
    let text = Array(String(decoding: text, as: UTF8.self).utf8)
    var result: [UInt8] = []
    text.withUnsafeBufferPointer { bytes in
      var position = 0
      while position < bytes.count {
        let (end, isMatch) = pattern.span(bytes, from: position, to: bytes.count)
        if isMatch {
          result.append(contentsOf: content)
        } else {
          result.append(contentsOf: bytes[position..<end])
        }
        position = end
      }
    }
    return result
  }

  /// What is replaced within a token, in this order.
  private static let closings: [(pattern: [UInt8], by: [UInt8])] = [
    (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"),
    (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
  ].map { (Array($0.0.utf8), Array($0.1.utf8)) }

  private static func cleanUp(_ piece: inout [UInt8]) {
    guard piece.contains(0x20) else { return }
    for (pattern, content) in closings { replace(pattern, by: content, in: &piece) }
  }
}

extension TokenDecoder {
  init(_ value: JSON, place: String) throws(DomainError) {
    var fields = try JSONFields(value, place: place)
    let type = try fields.requiredString("type")
    switch type {
    case "ByteLevel":
      self = .byteLevel(
        addsPrefixSpace: try fields.bool("add_prefix_space", default: true),
        trimsOffsets: try fields.bool("trim_offsets", default: true),
        usesPattern: try fields.bool("use_regex", default: true))
    case "WordPiece":
      self = .wordPiece(
        prefix: try fields.string("prefix") ?? "##",
        cleansUp: try fields.bool("cleanup", default: true))
    case "ByteFallback": self = .byteFallback
    case "Fuse": self = .fuse
    case "Strip":
      let content = try fields.requiredString("content")
      guard let scalar = content.unicodeScalars.first, content.unicodeScalars.count == 1 else {
        throw fields.unsupported("a `content` that is not one character")
      }
      self = .strip(
        scalar, start: try fields.natural("start") ?? 0, stop: try fields.natural("stop") ?? 0)
    case "Metaspace":
      let (replacement, scheme) = try PreTokenizer.metaspace(&fields)
      self = .metaspace(
        replacement: replacement, scheme, splits: try fields.bool("split", default: true))
    case "BPEDecoder": self = .suffix(try fields.string("suffix") ?? "</w>")
    case "CTC":
      self = .classification(
        padding: try fields.string("pad_token") ?? "<pad>",
        delimiter: try fields.string("word_delimiter_token") ?? "|",
        cleansUp: try fields.bool("cleanup", default: true))
    case "Replace": self = try Self.replacement(&fields)
    case "Sequence":
      var steps: [TokenDecoder] = []
      for (i, step) in (try fields.array("decoders") ?? []).enumerated() {
        steps.append(try TokenDecoder(step, place: "\(place)[\(i)]"))
      }
      self = .sequence(steps)
    default: throw fields.unsupported("the decoder `\(type)`")
    }
    try fields.finish()
  }

  private static func replacement(_ fields: inout JSONFields) throws(DomainError) -> TokenDecoder {
    guard var pattern = try fields.fields("pattern") else {
      throw fields.wrong("pattern", "an object", nil)
    }
    let text = try pattern.string("String")
    let expression = try pattern.string("Regex")
    try pattern.finish()
    let content = try fields.requiredString("content")
    if let text, !text.isEmpty { return .replace(text, by: content) }
    guard let expression else { throw pattern.wrong("String", "a text", nil) }
    return .replacePattern(
      try Pattern(expression, dialect: .oniguruma, place: fields.place), by: content)
  }

  var json: JSON {
    switch self {
    case .byteLevel(let addsPrefixSpace, let trimsOffsets, let usesPattern):
      [
        "type": "ByteLevel", "add_prefix_space": .bool(addsPrefixSpace),
        "trim_offsets": .bool(trimsOffsets), "use_regex": .bool(usesPattern),
      ]
    case .wordPiece(let prefix, let cleansUp):
      ["type": "WordPiece", "prefix": .string(prefix), "cleanup": .bool(cleansUp)]
    case .byteFallback: ["type": "ByteFallback"]
    case .fuse: ["type": "Fuse"]
    case .strip(let scalar, let start, let stop):
      [
        "type": "Strip", "content": .string(String(scalar)), "start": .integer(start),
        "stop": .integer(stop),
      ]
    case .metaspace(let replacement, let scheme, let splits):
      [
        "type": "Metaspace", "replacement": .string(String(replacement)),
        "prepend_scheme": .string(scheme.rawValue), "split": .bool(splits),
      ]
    case .suffix(let suffix): ["type": "BPEDecoder", "suffix": .string(suffix)]
    case .classification(let padding, let delimiter, let cleansUp):
      [
        "type": "CTC", "pad_token": .string(padding), "word_delimiter_token": .string(delimiter),
        "cleanup": .bool(cleansUp),
      ]
    case .replace(let text, let content):
      ["type": "Replace", "pattern": ["String": .string(text)], "content": .string(content)]
    case .replacePattern(let pattern, let content):
      ["type": "Replace", "pattern": ["Regex": .string(pattern.text)], "content": .string(content)]
    case .sequence(let steps):
      ["type": "Sequence", "decoders": .array(steps.map(\.json))]
    }
  }
}
