import Files
import Tensors
import Text

/// Byte-level BPE of 8192 tokens over documents of 50 lines: learning it, or encoding with it.
final class Tokenizing: Workload {
  private let path: String
  /// Nil where learning is the work.
  private let tokenizer: SubwordTokenizer?
  private let documents: [String]
  private let size: Int
  private var tokens = 0
  private static let vocabularySize = 8192

  init(work: String, path: String) throws {
    self.path = path
    let bytes = try InputFile.textBytes(path)
    size = bytes.count
    documents = Self.documents(bytes)
    switch work {
    case "train": tokenizer = nil
    case "encode": tokenizer = try Self.learn(documents)
    default: throw Unsupported(message: "tokenizer does `train` or `encode`, not `\(work)`")
    }
    _ = try run(1)
  }

  /// The text cut behind every 50th line end.
  private static func documents(_ bytes: [UInt8]) -> [String] {
    var documents: [String] = []
    var start = 0
    var lines = 0
    for (i, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
      lines += 1
      if lines == 50 {
        documents.append(String(decoding: bytes[start...i], as: UTF8.self))
        start = i + 1
        lines = 0
      }
    }
    if start < bytes.count { documents.append(String(decoding: bytes[start...], as: UTF8.self)) }
    return documents
  }

  private static func learn(_ documents: [String]) throws -> SubwordTokenizer {
    var trainer = BytePairTrainer(vocabularySize: vocabularySize)
    for document in documents { try trainer.count(document) }
    return try trainer.train()
  }

  var facts: [(name: String, value: Double)] {
    [
      ("bytes", Double(size)), ("documents", Double(documents.count)), ("tokens", Double(tokens)),
    ]
  }

  var check: Double { Double(tokens) }

  func run(_ count: Int) throws -> [Double] {
    var seconds: [Double] = []
    for _ in 0..<count {
      let start = monotonicSeconds()
      if let tokenizer {
        let encoded = try tokenizer.encodeBatch(documents, addSpecialTokens: false)
        seconds.append(monotonicSeconds() - start)
        tokens = encoded.reduce(0) { $0 + $1.count }
      } else {
        let learnt = try Self.learn(Self.documents(try InputFile.textBytes(path)))
        seconds.append(monotonicSeconds() - start)
        tokens = learnt.vocabularySize
      }
    }
    return seconds
  }
}
