// What a tokenizer does to a text before it cuts it, under the names of tokenizer.json.

import Foundations
import JSONValues

/// BERT's cleaning of texts (Devlin et al. 2019, `BasicTokenizer` of the published code).
public struct BertNormalization: Sendable, Equatable {
  /// Drop control characters and turn white space into spaces.
  public var cleansText = true
  /// Put spaces around Chinese characters.
  public var separatesChinese = true
  /// Take marks off letters; nil: where letters become lower case.
  public var stripsAccents: Bool?
  public var lowercases = true

  public init(
    cleansText: Bool = true, separatesChinese: Bool = true, stripsAccents: Bool? = nil,
    lowercases: Bool = true
  ) {
    self.cleansText = cleansText
    self.separatesChinese = separatesChinese
    self.stripsAccents = stripsAccents
    self.lowercases = lowercases
  }

  func apply(to text: inout NormalizedText) {
    let flags = UnicodeTable.flags
    if cleansText {
      text.rewrite { scalar, start, end, result in
        let kind = UnicodeFlags(rawValue: flags[Int(scalar)])
        if kind.contains(.removed) { return }
        result.append(kind.contains(.whitespace) ? 0x20 : scalar, start, end)
      }
    }
    if separatesChinese {
      text.rewrite { scalar, start, end, result in
        guard Self.isChinese(scalar) else { return result.append(scalar, start, end) }
        result.append(0x20, start, end)
        result.append(scalar, start, end)
        result.append(0x20, start, end)
      }
    }
    if stripsAccents ?? lowercases {
      text.decompose(compatible: false)
      text.filter { !UnicodeFlags(rawValue: flags[Int($0)]).contains(.nonSpacingMark) }
    }
    if lowercases { Normalizer.lowercase(&text) }
  }

  /// The blocks that BERT's code lists; one of them begins late (U+2B920, a slip of the `tokenizers` package that its
  /// vocabularies were made with).
  static func isChinese(_ scalar: UInt32) -> Bool {
    guard scalar >= 0x3400 else { return false }
    return switch scalar {
    case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF, 0x2A700...0x2B81F,
      0x2B920...0x2CEAF, 0x2F800...0x2FA1F:
      true
    default: false
    }
  }
}

/// A step of normalisation.
public indirect enum Normalizer: Sendable, Equatable {
  case lowercase
  /// A normal form of Unicode: `NFC`, `NFD`, `NFKC`, `NFKD`.
  case canonicalComposition
  case canonicalDecomposition
  case compatibleComposition
  case compatibleDecomposition
  /// Drop all combining marks; they must have been set apart by a decomposition before.
  case stripAccents
  case bert(BertNormalization)
  case prepend(String)
  case replace(String, by: String)
  case replacePattern(Pattern, by: String)
  /// Bytes become the letters of a byte-level vocabulary.
  case byteLevel
  /// The rules of neural machine translation (Kudo and Richardson 2018): control characters go, odd white space is a
  /// space.
  case nmt
  case precompiled(PrecompiledNormalization)
  /// All that a bare SentencePiece model does; tokenizer.json has no name for it.
  case sentencePiece(SentencePieceNormalization)
  /// Drop white space at the ends.
  case strip(left: Bool, right: Bool)
  case sequence([Normalizer])

  func apply(to text: inout NormalizedText) {
    let flags = UnicodeTable.flags
    switch self {
    case .lowercase: Self.lowercase(&text)
    case .canonicalDecomposition: text.decompose(compatible: false)
    case .compatibleDecomposition: text.decompose(compatible: true)
    case .canonicalComposition:
      text.decompose(compatible: false)
      text.compose()
    case .compatibleComposition:
      text.decompose(compatible: true)
      text.compose()
    case .stripAccents:
      text.filter { !UnicodeFlags(rawValue: flags[Int($0)]).contains(.mark) }
    case .bert(let bert): bert.apply(to: &text)
    case .prepend(let prefix): text.prepend(prefix.unicodeScalars.map(\.value))
    case .replace(let pattern, let content):
      text.replace(
        pattern.unicodeScalars.map(\.value), by: content.unicodeScalars.map(\.value))
    case .replacePattern(let pattern, let content):
      text.replace(pattern, by: content.unicodeScalars.map(\.value))
    case .byteLevel:
      text.rewrite { scalar, start, end, result in
        var bytes: [UInt8] = []
        UTF8Decoder.append(scalar, to: &bytes)
        for byte in bytes { result.append(ByteAlphabet.letters[Int(byte)].value, start, end) }
      }
    case .nmt:
      text.rewrite { scalar, start, end, result in
        if let kept = Self.nmt(scalar) { result.append(kept, start, end) }
      }
    case .precompiled(let rules): rules.apply(to: &text)
    case .sentencePiece(let rules): rules.apply(to: &text)
    case .strip(let left, let right):
      func isSpace(_ scalar: UInt32) -> Bool {
        UnicodeFlags(rawValue: flags[Int(scalar)]).contains(.whitespace)
      }
      let end = right ? (text.scalars.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? 0) : text.count
      let start = left ? (text.scalars.firstIndex { !isSpace($0) } ?? end) : 0
      text.crop(min(start, end)..<end)
    case .sequence(let steps): for step in steps { step.apply(to: &text) }
    }
  }

  /// What a code point becomes by the rules of `nmt`; nil: nothing.
  static func nmt(_ scalar: UInt32) -> UInt32? {
    switch scalar {
    case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x8F, 0x9F: nil
    case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD:
      0x20
    default: scalar
    }
  }

  static func lowercase(_ text: inout NormalizedText) {
    let flags = UnicodeTable.flags
    text.rewrite { scalar, start, end, result in
      if scalar < 0x80 {
        return result.append(scalar &- 0x41 < 26 ? scalar + 32 : scalar, start, end)
      }
      guard UnicodeFlags(rawValue: flags[Int(scalar)]).contains(.lowers),
        let lower = UnicodeTable.lowercase(scalar)
      else { return result.append(scalar, start, end) }
      for part in lower { result.append(part, start, end) }
    }
  }
}

extension Normalizer {
  init(_ value: JSON, place: String) throws(DomainError) {
    var fields = try JSONFields(value, place: place)
    let type = try fields.requiredString("type")
    switch type {
    case "Lowercase": self = .lowercase
    case "NFC": self = .canonicalComposition
    case "NFD": self = .canonicalDecomposition
    case "NFKC": self = .compatibleComposition
    case "NFKD": self = .compatibleDecomposition
    case "StripAccents": self = .stripAccents
    case "BertNormalizer":
      self = .bert(
        BertNormalization(
          cleansText: try fields.bool("clean_text", default: true),
          separatesChinese: try fields.bool("handle_chinese_chars", default: true),
          stripsAccents: try fields.bool("strip_accents"),
          lowercases: try fields.bool("lowercase", default: true)))
    case "Prepend": self = .prepend(try fields.requiredString("prepend"))
    case "Replace":
      guard var pattern = try fields.fields("pattern") else {
        throw fields.wrong("pattern", "an object", nil)
      }
      let text = try pattern.string("String")
      let expression = try pattern.string("Regex")
      try pattern.finish()
      let content = try fields.requiredString("content")
      if let text {
        self = .replace(text, by: content)
      } else if let expression {
        self = .replacePattern(
          try Pattern(expression, dialect: .oniguruma, place: place), by: content)
      } else {
        throw pattern.wrong("String", "a string", nil)
      }
    case "Nmt": self = .nmt
    case "ByteLevel": self = .byteLevel
    case "Precompiled":
      guard let bytes = Base64.bytes(try fields.requiredString("precompiled_charsmap").utf8) else {
        throw fields.unsupported("a `precompiled_charsmap` that is not Base64")
      }
      self = .precompiled(try PrecompiledNormalization(bytes, place: place))
    case "Strip":
      self = .strip(
        left: try fields.bool("strip_left", default: true),
        right: try fields.bool("strip_right", default: true))
    case "Sequence":
      var steps: [Normalizer] = []
      for (i, step) in (try fields.array("normalizers") ?? []).enumerated() {
        steps.append(try Normalizer(step, place: "\(place)[\(i)]"))
      }
      self = .sequence(steps)
    default: throw fields.unsupported("the normalizer `\(type)`")
    }
    try fields.finish()
  }

  var json: JSON {
    func named(_ type: String) -> JSON { ["type": .string(type)] }
    switch self {
    case .lowercase: return named("Lowercase")
    case .canonicalComposition: return named("NFC")
    case .canonicalDecomposition: return named("NFD")
    case .compatibleComposition: return named("NFKC")
    case .compatibleDecomposition: return named("NFKD")
    case .stripAccents: return named("StripAccents")
    case .bert(let bert):
      return [
        "type": "BertNormalizer", "clean_text": .bool(bert.cleansText),
        "handle_chinese_chars": .bool(bert.separatesChinese),
        "strip_accents": bert.stripsAccents.map(JSON.bool) ?? .null,
        "lowercase": .bool(bert.lowercases),
      ]
    case .prepend(let prefix): return ["type": "Prepend", "prepend": .string(prefix)]
    case .replace(let pattern, let content):
      return [
        "type": "Replace", "pattern": ["String": .string(pattern)], "content": .string(content),
      ]
    case .replacePattern(let pattern, let content):
      return [
        "type": "Replace", "pattern": ["Regex": .string(pattern.text)], "content": .string(content),
      ]
    case .nmt: return named("Nmt")
    case .byteLevel: return named("ByteLevel")
    case .precompiled(let rules):
      return [
        "type": "Precompiled", "precompiled_charsmap": .string(Base64.text(rules.bytes)),
      ]
    case .sentencePiece: return .null
    case .strip(let left, let right):
      return ["type": "Strip", "strip_left": .bool(left), "strip_right": .bool(right)]
    case .sequence(let steps):
      return ["type": "Sequence", "normalizers": .array(steps.map(\.json))]
    }
  }
}
