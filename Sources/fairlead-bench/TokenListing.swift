import JSONValues
import Tensors
import Text

/// What Scripts/oracles/tokenizers_agreement.py compares with the `tokenizers` package: no server, lines in and lines
/// out.
///
/// `tokens FOLDER`: for each line, a JSON string or a list of two (a pair), the line
/// `{"ids":[…],"types":[…],"offsets":[[start,end],…],"decoded":"…"}`, offsets in bytes.
/// `learn SIZE FREQUENCY FOLDER`: learns a byte-level vocabulary from lines of JSON strings and saves it.
enum TokenListing {
  static func run(_ words: [String]) throws -> Bool {
    switch words.first {
    case "tokens" where words.count == 2: try list(words[1])
    case "learn" where words.count == 4:
      guard let size = Int(words[1]), let frequency = Int(words[2]) else { return false }
      try learn(size, frequency, words[3])
    default: return false
    }
    return true
  }

  private static func list(_ folder: String) throws {
    let tokenizer = try TokenizerFolder.load(folder)
    while let line = readLine() {
      let value = try JSON.parse(Array(line.utf8), source: "standard input")
      let texts = value.array?.compactMap(\.string) ?? [value.string ?? ""]
      let pair = texts.count > 1 ? texts[1] : nil
      let encoding = try tokenizer.encode(
        texts[0], pair: pair,
        options: EncodingOptions(
          offsets: true, truncation: tokenizer.truncation, padding: tokenizer.padding))
      if pair == nil, tokenizer.truncation == nil, tokenizer.padding == nil {
        // The way without offsets is another one: both must agree.
        let plain = try tokenizer.encode(texts[0], addSpecialTokens: true)
        let bytes = try tokenizer.encode(utf8: Array(texts[0].utf8))
        guard plain == encoding.ids,
          bytes == (try tokenizer.encode(texts[0], addSpecialTokens: false))
        else { throw Unsupported(message: "two ways of encoding disagree on \(line)") }
      }
      let answer: JSON = [
        "ids": .array(encoding.ids.map { .integer(Int($0)) }),
        "types": .array(encoding.typeIDs.map { .integer(Int($0)) }),
        "offsets": .array(
          (encoding.offsets ?? []).map {
            .array([.integer($0.lowerBound), .integer($0.upperBound)])
          }),
        "decoded": .string(try tokenizer.decode(encoding.ids)),
      ]
      print(try answer.text())
    }
  }

  private static func learn(_ size: Int, _ frequency: Int, _ folder: String) throws {
    var trainer = BytePairTrainer(
      vocabularySize: size, minimumFrequency: frequency,
      specialTokens: [ByteLevelBPE.endOfText])
    while let line = readLine() {
      try trainer.count(try JSON.parse(Array(line.utf8), source: "standard input").string ?? "")
    }
    try TokenizerFolder.save(try trainer.train(), to: folder)
  }
}
