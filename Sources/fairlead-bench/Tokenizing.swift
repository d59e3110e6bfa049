import Tensor
import Text

/// `tokenizer encode FOLDER TEXT`: the tokens of a text file, cut into documents of 50 lines; `tokenizer lines …` line by line; `tokenizer train SIZE TEXT`
/// learns a byte-level vocabulary.
final class Tokenizing: Workload {
  private enum Work {
    case encode(SubwordTokenizer, [String])
    case train(Int, [String])
  }

  private let work: Work
  private let size: Int
  private var tokens = 0

  init(_ words: [String]) throws {
    guard words.count == 3 else {
      throw Unsupported(message: "tokenizer needs encode|lines FOLDER TEXT or train SIZE TEXT")
    }
    let bytes = try InputFile.textBytes(words[2])
    size = bytes.count
    let lines = Tokenizing.lines(bytes)
    switch words[0] {
    case "encode":
      let starts = stride(from: 0, to: lines.count, by: 50)
      let documents = starts.map { lines[$0..<min($0 + 50, lines.count)].joined() }
      work = .encode(try TokenizerFolder.load(words[1]), documents)
    case "lines": work = .encode(try TokenizerFolder.load(words[1]), lines)
    case "train":
      guard let size = Int(words[1]), size > 0 else {
        throw Unsupported(message: "train needs the size of a vocabulary")
      }
      work = .train(size, lines)
    default: throw Unsupported(message: "unknown tokenizer work: \(words[0])")
    }
    _ = try run(1)
  }

  /// Lines with their ends.
  private static func lines(_ bytes: [UInt8]) -> [String] {
    var lines: [String] = []
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.count
      lines.append(String(decoding: bytes[start..<end], as: UTF8.self))
      start = end
    }
    return lines
  }

  var facts: [(name: String, value: Double)] { [("bytes", Double(size))] }
  var check: Double { Double(tokens) }

  func run(_ count: Int) throws -> [Double] {
    var seconds: [Double] = []
    for _ in 0..<count {
      let start = monotonicSeconds()
      switch work {
      case .encode(let tokenizer, let documents):
        let encoded = try tokenizer.encodeBatch(documents, addSpecialTokens: false)
        seconds.append(monotonicSeconds() - start)
        tokens = encoded.reduce(0) { $0 + $1.count }
      case .train(let vocabulary, let lines):
        var trainer = BytePairTrainer(vocabularySize: vocabulary)
        for line in lines { try trainer.count(line) }
        let tokenizer = try trainer.train()
        seconds.append(monotonicSeconds() - start)
        tokens = tokenizer.vocabularySize
      }
    }
    return seconds
  }
}
