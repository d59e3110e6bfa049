import Learning
import Runtime
import Spelling
import Tensor
import Text

/// Models on disk: `nn.load`, `model.save`, `model.load`.
enum ModelFiles {
  static let load = Native(
    "load",
    "A pretrained model from a Hugging Face folder (GPT-2, BERT or DistilBERT, also a sentence encoder's with `modules.json`): `config.json`, `model.safetensors` (also in shards), and the tokenizer where there is one. A setting that it does not support is refused by name.",
    Param<String>("folder", "The folder."),
    Param<Double?>(
      "dropout",
      "Dropout for further training, the attention's weights included; nil takes the folder's.",
      default: nil, .within(0, 0.999), named: true),
    returns: "model", seeAlso: ["nn.gpt2", "text.tokenizer", "distill.student"],
    search: ["pretrained", "checkpoint", "safetensors", "hugging face", "transformers"],
    context: { (vm: VM, folder: String, dropout: Double?) in
      let path = try vm.hostServices.readablePath(folder)
      if InputFile.kind(path + "/modules.json").exists {
        let encoder = try SentenceEncoder(folder: path, dropout: dropout)
        return Model(
          layer: encoder.model, tokenizer: try tokenizer(SentenceEncoder.modelFolder(of: path)),
          sentenceEncoder: encoder)
      }
      let loaded = try PretrainedModel.load(path, dropout: dropout)
      if !loaded.skipped.isEmpty {
        vm.note(
          "\(loaded.skipped.count) tensors of the folder are no weights of the model and were left: \(loaded.skipped.prefix(3).joined(separator: ", "))"
        )
      }
      return Model(
        layer: loaded.layer, tokenizer: try tokenizer(path), specialTokens: loaded.tokens)
    })

  /// The tokenizer of a folder; nil where it has none.
  private static func tokenizer(_ folder: String) throws -> SubwordTokenizer? {
    let files = ["tokenizer.json", "vocab.json", "vocab.txt"]
    guard files.contains(where: { InputFile.kind(folder + "/" + $0).exists }) else { return nil }
    return try TokenizerFolder.load(folder)
  }

  static let save = Native(
    "save",
    "Writes the model: to a folder that Hugging Face's transformers load (GPT-2, BERT, DistilBERT, with the tokenizer; a sentence encoder with its `modules.json`), or, where the path ends with `.safetensors`, its parameters to that file. What was there is replaced only when everything is written.",
    Param<Model>("model"), Param<String>("path", "A folder, or a file `….safetensors`."),
    returns: "nil", seeAlso: ["nn.load", "load"], search: ["checkpoint", "export", "safetensors"],
    context: { (vm: VM, model: Model, path: String) -> Void in
      let target = try vm.hostServices.writablePath(path)
      if target.hasSuffix(".safetensors") {
        return try SafeTensors.write(
          model.layer.state, metadata: [("format", "pt")], to: target)
      }
      let special = model.tokenizer?.specialTokens
      let tokens =
        model.specialTokens
        ?? .init(
          start: (special?.beginning ?? special?.end).map(Int.init),
          stops: special?.end.map { [Int($0)] } ?? [], padding: special?.padding.map(Int.init))
      if let encoder = model.sentenceEncoder, let bert = model.layer as? BERT {
        try SentenceEncoder(
          bert, poolings: encoder.poolings, normalizes: encoder.normalizes,
          maximumLength: encoder.maximumLength
        ).save(to: target, tokens: tokens)
      } else {
        try PretrainedModel.save(model.layer, to: target, tokens: tokens)
      }
      if let tokenizer = model.tokenizer { try TokenizerFolder.save(tokenizer, to: target) }
    })
}

/// Where parameters are taken from: a map of tensors, or a safetensors file.
struct SavedParameters: Bindable {
  var state: [(name: String, value: Tensor)]

  static let typeName = "map of tensors or path"

  static func decode(_ value: Value, _ vm: VM) throws -> SavedParameters? {
    if let path = value.string {
      let file = try SafeTensorFile(try vm.hostServices.readablePath(path))
      return SavedParameters(
        state: try file.entries.map { ($0.name, try file.tensor($0.name, as: .f32)) })
    }
    return try [Spelling: Tensor].decode(value, vm).map { map in
      SavedParameters(state: map.map { (name: $0.key.text, value: $0.value) })
    }
  }

  func encode(_ vm: VM) throws -> Value {
    try Record(state.map { ($0.name, $0.value) }).encode(vm)
  }
}
