import Foundations
import JSONValues

/// How tokens become a text again.
public enum TokenDecoder: Sendable, Equatable {
  /// Letters become the bytes that they stand for. The three settings are kept for the file only.
  case byteLevel(addsPrefixSpace: Bool, trimsOffsets: Bool, usesPattern: Bool)
  /// Tokens with the prefix join the word before them, others are set apart by spaces; `cleansUp` closes up
  /// punctuation.
  case wordPiece(prefix: String, cleansUp: Bool)

  /// Appends what one token becomes; `isFirst` tells the first one of a text.
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
      var piece = Array(token)
      if !isFirst {
        if !prefix.isEmpty, token.starts(with: prefix.utf8) {
          piece.removeFirst(prefix.utf8.count)
        } else {
          piece.insert(0x20, at: 0)
        }
      }
      if cleansUp { Self.cleanUp(&piece) }
      bytes.append(contentsOf: piece)
    }
  }

  /// What is replaced within a token, in this order.
  private static let closings: [(pattern: [UInt8], by: [UInt8])] = [
    (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"),
    (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
  ].map { (Array($0.0.utf8), Array($0.1.utf8)) }

  private static func cleanUp(_ piece: inout [UInt8]) {
    guard piece.contains(0x20) else { return }
    for (pattern, content) in closings where piece.count >= pattern.count {
      var i = 0
      while i + pattern.count <= piece.count {
        if piece[i..<i + pattern.count].elementsEqual(pattern) {
          piece.replaceSubrange(i..<i + pattern.count, with: content)
          i += content.count
        } else {
          i += 1
        }
      }
    }
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
    default: throw fields.unsupported("the decoder `\(type)`")
    }
    try fields.finish()
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
    }
  }
}
