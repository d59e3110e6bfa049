// Which special tokens are put around one text or a pair of texts, and how lengths are brought into line.

import Foundations
import JSONValues

/// What surrounds the tokens of one text or of a pair.
public enum PostProcessor: Sendable, Equatable {
  /// A piece of a template: a special token or the tokens of the first or second text, with the type that marks the
  /// text.
  public enum Part: Sendable, Equatable {
    case special(String, type: Int32)
    case first(type: Int32)
    case second(type: Int32)
  }

  /// Nothing is added; offsets lose white space at their ends where asked for.
  case byteLevel(addsPrefixSpace: Bool, trimsOffsets: Bool, usesPattern: Bool)
  /// `tokens` gives the numbers that each special token of the template stands for.
  case template(single: [Part], pair: [Part], tokens: [SpecialPiece])
  /// `[CLS] A [SEP]`, `[CLS] A [SEP] B [SEP]`.
  case bert(separator: SpecialPiece, classifier: SpecialPiece)
  /// `<s> A </s>`, `<s> A </s></s> B </s>`.
  case roberta(
    separator: SpecialPiece, classifier: SpecialPiece, trimsOffsets: Bool, addsPrefixSpace: Bool)

  /// One after the other; at most one of them adds tokens.
  indirect case sequence([PostProcessor])

  /// A name in a template and what it stands for.
  public struct SpecialPiece: Sendable, Equatable {
    public var name: String
    public var ids: [Int32]
    public var tokens: [String]

    public init(name: String, ids: [Int32], tokens: [String]) {
      self.name = name
      self.ids = ids
      self.tokens = tokens
    }
  }

  /// What is written for one text or two.
  func parts(pair: Bool) -> [Part] {
    switch self {
    case .byteLevel: pair ? [.first(type: 0), .second(type: 1)] : [.first(type: 0)]
    case .sequence(let steps):
      (steps.first { !$0.pieces.isEmpty } ?? steps.first)?.parts(pair: pair)
        ?? (pair ? [.first(type: 0), .second(type: 1)] : [.first(type: 0)])
    case .template(let single, let double, _): pair ? double : single
    case .bert(let separator, let classifier):
      [.special(classifier.name, type: 0), .first(type: 0), .special(separator.name, type: 0)]
        + (pair ? [.second(type: 1), .special(separator.name, type: 1)] : [])
    case .roberta(let separator, let classifier, _, _):
      [.special(classifier.name, type: 0), .first(type: 0), .special(separator.name, type: 0)]
        + (pair
          ? [
            .special(separator.name, type: 0), .second(type: 0), .special(separator.name, type: 0),
          ] : [])
    }
  }

  var pieces: [SpecialPiece] {
    switch self {
    case .byteLevel: []
    case .sequence(let steps): steps.flatMap(\.pieces)
    case .template(_, _, let tokens): tokens
    case .bert(let separator, let classifier), .roberta(let separator, let classifier, _, _):
      [separator, classifier]
    }
  }

  /// The numbers that `name` stands for; empty where the reading has not let it through.
  func ids(of name: String) -> [Int32] { pieces.first { $0.name.isSpelt(name) }?.ids ?? [] }

  /// Special tokens that one text or a pair gets.
  func addedCount(pair: Bool) -> Int {
    parts(pair: pair).reduce(0) { count, part in
      if case .special(let name, _) = part { count + ids(of: name).count } else { count }
    }
  }

  /// Whether offsets are trimmed, and whether the first token's added space is spared.
  var trimming: (trims: Bool, addsPrefixSpace: Bool) {
    switch self {
    case .byteLevel(let addsPrefixSpace, let trims, _): (trims, addsPrefixSpace)
    case .roberta(_, _, let trims, let addsPrefixSpace): (trims, addsPrefixSpace)
    case .template, .bert: (false, false)
    case .sequence(let steps): steps.map(\.trimming).first { $0.trims } ?? (false, false)
    }
  }
}

extension PostProcessor {
  init(_ value: JSON, place: String) throws(DomainError) {
    var fields = try JSONFields(value, place: place)
    let type = try fields.requiredString("type")
    switch type {
    case "ByteLevel":
      self = .byteLevel(
        addsPrefixSpace: try fields.bool("add_prefix_space", default: true),
        trimsOffsets: try fields.bool("trim_offsets", default: true),
        usesPattern: try fields.bool("use_regex", default: true))
    case "TemplateProcessing": self = try Self.template(&fields)
    case "BertProcessing":
      self = .bert(
        separator: try Self.couple(&fields, "sep"), classifier: try Self.couple(&fields, "cls"))
    case "Sequence":
      var steps: [PostProcessor] = []
      for (i, step) in (try fields.array("processors") ?? []).enumerated() {
        steps.append(try PostProcessor(step, place: "\(place)[\(i)]"))
      }
      guard steps.count(where: { !$0.pieces.isEmpty }) <= 1 else {
        throw fields.unsupported("a sequence of which several steps add tokens")
      }
      self = .sequence(steps)
    case "RobertaProcessing":
      self = .roberta(
        separator: try Self.couple(&fields, "sep"), classifier: try Self.couple(&fields, "cls"),
        trimsOffsets: try fields.bool("trim_offsets", default: true),
        addsPrefixSpace: try fields.bool("add_prefix_space", default: true))
    default: throw fields.unsupported("the post-processor `\(type)`")
    }
    try fields.finish()
  }

  /// `["[SEP]", 102]`.
  private static func couple(
    _ fields: inout JSONFields, _ name: String
  ) throws(DomainError) -> SpecialPiece {
    guard let couple = try fields.array(name), couple.count == 2, let token = couple[0].string,
      let id = couple[1].integer, (0...TokenTable.largestID).contains(id)
    else { throw fields.wrong(name, "a token and its number", fields.object[name]) }
    return SpecialPiece(name: token, ids: [Int32(id)], tokens: [token])
  }

  private static func template(_ fields: inout JSONFields) throws(DomainError) -> PostProcessor {
    var tokens: [SpecialPiece] = []
    guard let table = fields.value("special_tokens")?.object else {
      throw fields.wrong("special_tokens", "an object", nil)
    }
    for member in table {
      var inner = try JSONFields(member.value, place: "\(fields.place): `\(member.name)`")
      let name = try inner.requiredString("id")
      let ids = (try inner.array("ids") ?? []).map { $0.integer ?? -1 }
      let texts = (try inner.array("tokens") ?? []).map { $0.string ?? "" }
      try inner.finish()
      guard name.isSpelt(member.name), ids.allSatisfy({ (0...TokenTable.largestID).contains($0) }),
        ids.count == texts.count
      else {
        throw DomainError(
          .data, "\(inner.place): its name, numbers and tokens do not fit each other")
      }
      tokens.append(SpecialPiece(name: name, ids: ids.map { Int32($0) }, tokens: texts))
    }
    func parts(_ name: String) throws(DomainError) -> [Part] {
      var parts: [Part] = []
      for item in try fields.array(name) ?? [] {
        var outer = try JSONFields(item, place: "\(fields.place): \(name)")
        let special = try outer.fields("SpecialToken")
        let sequence = try outer.fields("Sequence")
        try outer.finish()
        guard var part = special ?? sequence, special == nil || sequence == nil else {
          throw outer.unsupported("a part that is neither a special token nor a sequence")
        }
        let id = try part.requiredString("id")
        let type = Int32(try part.natural("type_id") ?? 0)
        try part.finish()
        if special != nil {
          guard tokens.contains(where: { $0.name.isSpelt(id) }) else {
            throw DomainError(
              .data, "\(outer.place): the special token `\(id)` is not among `special_tokens`")
          }
          parts.append(.special(id, type: type))
        } else if id == "A" {
          parts.append(.first(type: type))
        } else if id == "B" {
          parts.append(.second(type: type))
        } else {
          throw outer.unsupported("the sequence `\(id)`")
        }
      }
      return parts
    }
    let single = try parts("single")
    let pair = try parts("pair")
    func count(_ parts: [Part], isFirst: Bool) -> Int {
      parts.count { part in
        switch part {
        case .first: isFirst
        case .second: !isFirst
        case .special: false
        }
      }
    }
    guard count(single, isFirst: true) == 1, count(single, isFirst: false) == 0,
      count(pair, isFirst: true) == 1, count(pair, isFirst: false) == 1
    else {
      throw DomainError(
        .data, "\(fields.place): a template must hold each of its texts exactly once")
    }
    return .template(single: single, pair: pair, tokens: tokens)
  }

  var json: JSON {
    func couple(_ piece: SpecialPiece) -> JSON {
      .array([.string(piece.name), .integer(Int(piece.ids.first ?? 0))])
    }
    func list(_ parts: [Part]) -> JSON {
      .array(
        parts.map { part in
          switch part {
          case .special(let name, let type):
            ["SpecialToken": ["id": .string(name), "type_id": .integer(Int(type))]]
          case .first(let type): ["Sequence": ["id": "A", "type_id": .integer(Int(type))]]
          case .second(let type): ["Sequence": ["id": "B", "type_id": .integer(Int(type))]]
          }
        })
    }
    switch self {
    case .byteLevel(let addsPrefixSpace, let trimsOffsets, let usesPattern):
      return [
        "type": "ByteLevel", "add_prefix_space": .bool(addsPrefixSpace),
        "trim_offsets": .bool(trimsOffsets), "use_regex": .bool(usesPattern),
      ]
    case .template(let single, let pair, let tokens):
      var table = JSON.Object()
      for piece in tokens {
        table[piece.name] = [
          "id": .string(piece.name), "ids": .array(piece.ids.map { .integer(Int($0)) }),
          "tokens": .array(piece.tokens.map(JSON.string)),
        ]
      }
      return [
        "type": "TemplateProcessing", "single": list(single), "pair": list(pair),
        "special_tokens": .object(table),
      ]
    case .sequence(let steps):
      return ["type": "Sequence", "processors": .array(steps.map(\.json))]
    case .bert(let separator, let classifier):
      return ["type": "BertProcessing", "sep": couple(separator), "cls": couple(classifier)]
    case .roberta(let separator, let classifier, let trimsOffsets, let addsPrefixSpace):
      return [
        "type": "RobertaProcessing", "sep": couple(separator), "cls": couple(classifier),
        "trim_offsets": .bool(trimsOffsets), "add_prefix_space": .bool(addsPrefixSpace),
      ]
    }
  }
}
