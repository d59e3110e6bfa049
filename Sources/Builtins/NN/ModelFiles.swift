import Files
import Foundations
import Learning
import Runtime
import Tensors
import Text

/// Models on disk: `nn.load`, `model.save`, `model.load`.
enum ModelFiles {
  static let load = Native(
    "load",
    "A pretrained model from a Hugging Face folder. There are decoders (GPT-2, Llama, Mistral, Qwen, Gemma, Phi, GPT-NeoX, OPT, Bloom and their kin), encoders (BERT, RoBERTa, ELECTRA, ALBERT, MPNet, ModernBERT) and sentence encoders, with the head that `architectures` names. It reads `config.json`, `modules.json`, `model.safetensors` (also in shards), and the tokenizer where there is one. A setting that it does not support is refused by name.",
    Param<String>("folder", "The folder."),
    Param<Double?>(
      "dropout",
      "Dropout for further training, the attention's weights included; nil takes the folder's.",
      default: nil, .within(0, 0.999), named: true),
    returns: "model", seeAlso: ["nn.gpt2", "text.tokenizer", "distill.student"],
    search: ["pretrained", "checkpoint", "safetensors", "hugging face", "transformers"],
    context: { (vm: VM, folder: String, dropout: Double?) in
      let path = try vm.readablePath(folder)
      try requireModel(path, asGiven: folder)
      if InputFile.kind(path + "/modules.json").exists {
        let encoder = try SentenceEncoder(folder: path, dropout: dropout)
        return Model(
          layer: encoder.model, tokenizer: try tokenizer(SentenceEncoder.modelFolder(of: path)),
          sentenceEncoder: encoder)
      }
      let loaded = try PretrainedModel.load(path, dropout: dropout)
      if let head = loaded.missingHead {
        vm.note(
          "the folder's configuration names a head (\(head)) that its weights lack: the model has none"
        )
      }
      if !loaded.skipped.isEmpty {
        vm.note(
          "\(loaded.skipped.count) tensors of the folder are no weights of the model and were left: \(loaded.skipped.prefix(3).joined(separator: ", "))"
        )
      }
      return Model(
        layer: loaded.layer, tokenizer: try tokenizer(path), specialTokens: loaded.tokens,
        weightTypes: loaded.types)
    })

  /// Says what is possible where `path` holds no model of a kind that is read.
  private static func requireModel(_ path: String, asGiven given: String) throws {
    func has(_ name: String) -> Bool { InputFile.kind(path + "/" + name).exists }
    let (exists, isFolder) = InputFile.kind(path)
    guard exists else {
      // A name of the hub: one or two words, as in `openai-community/gpt2`.
      let isHubName =
        given.split(separator: "/", omittingEmptySubsequences: false).count <= 2
        && !given.hasPrefix("/") && !given.hasPrefix(".") && !given.hasPrefix("~")
        && given.utf8.allSatisfy { byte in
          byte == 0x2F || byte == 0x2D || byte == 0x2E || byte == 0x5F || 0x30...0x39 ~= byte
            || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte
        }
      throw Fault(
        .io, "there is no folder `\(given)`",
        hint: isHubName
          ? "nothing is downloaded here: fetch a model of the hub first, as with `hf download \(given) --local-dir \(given.split(separator: "/").last ?? "")`, and give its folder"
          : nil
      ).atArgument(0)
    }
    let unquantized =
      "transformers reads it (`from_pretrained(folder, gguf_file=…)`) and writes it as safetensors with `save_pretrained`"
    guard isFolder else {
      let isGGUF = path.lowercased().hasSuffix(".gguf")
      throw Fault(
        .io,
        isGGUF
          ? "`\(given)` is a GGUF file, which is not read" : "`\(given)` is a file, not a folder",
        hint: isGGUF
          ? unquantized
          : "give the folder with `config.json` and the weights; `model.load(path)` reads parameters from a file"
      ).atArgument(0)
    }
    if has("modules.json") || has("config.json") && has("model.safetensors") { return }
    if has("adapter_config.json") {
      throw Fault(
        .io, "`\(given)` holds an adapter, which is no model without the one that it changes",
        hint: "merge them first, with peft's `merge_and_unload()` and `save_pretrained`"
      ).atArgument(0)
    }
    let found = try? Door.current.names(in: path, endingIn: [".gguf"])
    if !has("model.safetensors.index.json"), let name = found?.first {
      throw Fault(
        .io, "`\(given)` holds GGUF weights (\(name)), which are not read", hint: unquantized
      ).atArgument(0)
    }
  }

  /// The tokenizer of a folder; nil where it has none.
  private static func tokenizer(_ folder: String) throws -> SubwordTokenizer? {
    let files = [
      "tokenizer.json", "vocab.json", "vocab.txt", "spiece.model", "sentencepiece.bpe.model",
      "tokenizer.model",
    ]
    guard files.contains(where: { InputFile.kind(folder + "/" + $0).exists }) else { return nil }
    return try TokenizerFolder.load(folder)
  }

  static let save = Native(
    "save",
    "Writes the model to a folder or file. It is a folder that Hugging Face's transformers load (what `nn.load` reads, `nn.gpt2` and `nn.bert`, with the tokenizer; a sentence encoder with its `modules.json`), or, where the path ends with `.safetensors`, a file of its parameters. Tensors that came from a folder with 16 or 8 bits are stored so again. What was there is replaced only when everything is written.",
    Param<Model>("model"), Param<String>("path", "A folder, or a file `….safetensors`."),
    returns: "nil", seeAlso: ["nn.load", "model.load"],
    search: ["checkpoint", "export", "safetensors"],
    context: { (vm: VM, model: Model, path: String) -> Void in
      let target = try vm.writablePath(path)
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
        ).save(to: target, tokens: tokens, types: model.weightTypes)
      } else {
        try PretrainedModel.save(
          model.layer, to: target, tokens: tokens, types: model.weightTypes)
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
      let file = try SafeTensorFile(try vm.readablePath(path))
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
