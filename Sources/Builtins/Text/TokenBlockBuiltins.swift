import Learning
import Runtime
import Tensors
import Text

/// Texts as examples for models of language, in `text`.
enum TokenBlockBuiltins {
  static let natives = [
    Native(
      "lines", "The texts of a plain file, packed by gzip or not.",
      Param<String>("path", "The file."),
      Param<String>(
        "by", "What counts as one text: a line that is not blank, a paragraph, the whole file.",
        default: "line", .oneOf(PlainText.Unit.allCases.map(\.rawValue)), named: true),
      returns: "list of string", seeAlso: ["text.blocks", "data.table"],
      search: ["read", "file", "corpus"],
      context: { (vm: VM, path: String, unit: String) in
        try PlainText.documents(
          try vm.readablePath(path), by: .init(rawValue: unit) ?? .line)
      }),
    Native(
      "blocks",
      "Texts as examples for a model of language: {inputs, labels}, [examples, length] each. The label of a position being the next token. Packed, all texts stand behind each other and examples have no gaps; separate, an example holds the beginning of one text only, which is what privacy for texts needs.",
      Param<SubwordTokenizer>("tokenizer", "Turns texts into tokens."),
      Param<[String]>("texts", "The texts."),
      Param<Int>("length", "Tokens of an example.", default: 128, .positive, named: true),
      Param<Bool>(
        "separate", "Whether each text is an example of its own.", default: false, named: true),
      returns: "map", seeAlso: ["text.lines", "nn.train", "dp.train"],
      search: ["language model", "chunk", "pack", "sequences"],
      context: {
        (vm: VM, tokenizer: SubwordTokenizer, texts: [String], length: Int, separate: Bool) in
        let end = tokenizer.specialTokens.end
        let documents = try texts.map { text in
          try vm.checkInterrupt()
          return try tokenizer.encode(text, addSpecialTokens: false)
        }
        let padding = tokenizer.specialTokens.padding ?? end ?? 0
        let blocks =
          separate
          ? try TokenBlocks.separate(
            documents, time: length, beginning: end, end: end, padding: padding)
          : try TokenBlocks.packed(documents, time: length, separator: end, padding: padding)
        guard blocks.count > 0 else {
          throw Fault(.value, "the texts have fewer than two tokens").atArgument(1)
        }
        let shape: Shape = [blocks.count, length]
        return Record([
          ("inputs", try Tensor(blocks.inputs, shape: shape).cast(to: .i64)),
          ("labels", try Tensor(blocks.labels, shape: shape).cast(to: .i64)),
        ])
      }
    ).abandonable(),
  ]
}
