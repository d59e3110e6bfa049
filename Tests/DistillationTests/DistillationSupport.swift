import Foundation
import Foundations
import Learning
import Tensors
import Text

@testable import Distillation

/// A small tokenizer as byte-level BPE cuts: a word with the space before it, marks by themselves.
struct SpacedWords {
  let reader: TokenReader

  init(_ texts: [String], extra: [String] = []) {
    var numbers: [String: Int32] = ["<end>": 0, "<unknown>": 1]
    var tokens = ["<end>", "<unknown>"]
    for text in texts + extra {
      for piece in SpacedWords.pieces(text) where numbers[piece] == nil {
        numbers[piece] = Int32(tokens.count)
        tokens.append(piece)
      }
    }
    let known = numbers
    reader = TokenReader(
      tokens: tokens, fingerprint: "spaced words \(tokens.count)",
      wordForms: TokenReader.spacedForms,
      encode: { text in
        var ids: [Int32] = []
        var ends: [Int] = []
        var end = 0
        for piece in SpacedWords.pieces(text) {
          end += piece.utf8.count
          ids.append(known[piece] ?? 1)
          ends.append(end)
        }
        return TokenizedText(ids: ids, ends: ends)
      },
      single: { known[$0] })
  }

  static func pieces(_ text: String) -> [String] {
    var pieces: [String] = []
    var piece = ""
    for character in text {
      if character == " " || character == "." || character == "," {
        if !piece.isEmpty { pieces.append(piece) }
        piece = String(character)
        if character != " " {
          pieces.append(piece)
          piece = ""
        }
      } else {
        piece.append(character)
      }
    }
    if !piece.isEmpty { pieces.append(piece) }
    return pieces
  }
}

/// A language model of layers that are tested elsewhere: embedding, LSTM, linear.
func recurrentModel(vocabulary: Int, width: Int = 16, seed: UInt64) throws -> Layer {
  var random = RandomStream(seed: seed)
  return try Sequential([
    Embedding(vocabulary, width, random: &random), LSTM(width, width, random: &random),
    Linear(width, vocabulary, random: &random),
  ])
}

/// A folder that is removed with its owner.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "fairlead-\(UUID())").path()
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
