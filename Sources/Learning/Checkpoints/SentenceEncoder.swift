// Sentence embeddings as the sentence-transformers library makes them (Reimers and Gurevych 2019): a BERT, the pooling
// of its last hidden states, and normalisation to length 1.

import CKernels
import Files
import Foundations
import JSONValues
import Tensors

/// Turns token sequences into vectors whose inner products say how alike the sentences are.
public final class SentenceEncoder {
  /// How the vectors of a sentence's tokens become one; several are put side by side in this order.
  public enum Pooling: String, Sendable, CaseIterable {
    case firstToken = "pooling_mode_cls_token"
    case maximum = "pooling_mode_max_tokens"
    case mean = "pooling_mode_mean_tokens"
    /// The sum divided by the root of the number of tokens.
    case meanOverRoot = "pooling_mode_mean_sqrt_len_tokens"
    case lastToken = "pooling_mode_lasttoken"
  }

  public let model: BERT
  public let poolings: [Pooling]
  public let normalizes: Bool
  /// The longest sequence that the folder wants to be read, [CLS] and [SEP] counted: tokenizers should cut at it.
  public let maximumLength: Int

  public init(
    _ model: BERT, poolings: [Pooling] = [.mean], normalizes: Bool = true,
    maximumLength: Int? = nil
  ) throws {
    guard !poolings.isEmpty, Set(poolings).count == poolings.count else {
      throw DomainError(.value, "a sentence encoder needs poolings, each once")
    }
    let limit = maximumLength ?? model.settings.context
    guard limit >= 1, limit <= model.settings.context else {
      throw DomainError(
        .value,
        "sentences of \(limit) tokens do not fit into a context of \(model.settings.context)")
    }
    self.model = model
    self.poolings = poolings
    self.normalizes = normalizes
    self.maximumLength = limit
  }

  /// Reads a folder of sentence-transformers: `modules.json` names its parts. Without that file the folder is a plain
  /// BERT, whose mean is taken and not normalised, as that library does.
  ///
  /// - Throws: as `PretrainedModel.load`, and `value` for a part or a pooling that is not supported.
  ///
  /// - Parameter dropout: as of `PretrainedModel.load`.
  public convenience init(folder: String, dropout: Double? = 0) throws {
    let path = folder + "/modules.json"
    guard Door.current.kind(path).exists else {
      try self.init(Self.bert(folder, dropout), poolings: [.mean], normalizes: false)
      return
    }
    let modules = try Self.modules(path)
    guard let first = modules.first, first.type == "Transformer" else {
      throw DomainError(.value, "\(path): the first module must be a Transformer")
    }
    var poolings: [Pooling]?
    var normalizes = false
    for (i, module) in modules.enumerated().dropFirst() {
      switch module.type {
      case "Pooling" where i == 1:
        poolings = try Self.poolings(folder + "/" + module.path + "/config.json")
      case "Normalize" where i == 2 && poolings != nil: normalizes = true
      default:
        throw DomainError(
          .value, "\(path): a module `\(module.type)` at place \(i) is not supported",
          hint: "Transformer, Pooling and then Normalize are")
      }
    }
    guard let poolings else { throw DomainError(.value, "\(path) has no module Pooling") }
    let part = first.path.isEmpty ? folder : folder + "/" + first.path
    let model = try Self.bert(part, dropout)
    try self.init(
      model, poolings: poolings, normalizes: normalizes,
      maximumLength: Self.maximumLength(part).map { min($0, model.settings.context) })
  }

  /// Numbers of an embedding.
  public var width: Int { model.settings.width * poolings.count }

  /// The embeddings of `sentences`, [sentences, width].
  ///
  /// - Parameters:
  ///   - sentences: tokens, [CLS] and [SEP] among them.
  ///   - batch: how many sentences of like length go through the model together.
  /// - Throws: a value error for an empty sentence, a limit error for one that is longer than the context.
  public func encode(_ sentences: [[Int32]], batch: Int = 32) throws -> Tensor {
    try Check.size(batch, "batch")
    for (i, sentence) in sentences.enumerated() {
      guard !sentence.isEmpty else { throw DomainError(.value, "sentence \(i) has no tokens") }
      guard sentence.count <= model.settings.context else {
        throw DomainError(
          .limit,
          "sentence \(i) has \(sentence.count) tokens, more than the \(model.settings.context) that the model sees",
          hint: "cut sentences at \(maximumLength) tokens")
      }
    }
    let result = try Tensor.uninitialized(Shape(checking: [sentences.count, width]))
    let order = sentences.indices.sorted {
      (sentences[$0].count, $0) < (sentences[$1].count, $1)
    }
    for start in stride(from: 0, to: order.count, by: batch) {
      let group = order[start..<min(start + batch, order.count)]
      let rows = try embed(group.map { sentences[$0] })
      try rows.withUnsafeBuffer(Float.self) { rows in
        for (i, place) in group.enumerated() {
          _ = UnsafeMutableBufferPointer(start: result.floats + place * width, count: width)
            .update(fromContentsOf: rows[i * width..<(i + 1) * width])
        }
      }
    }
    return result
  }

  private func embed(_ sentences: [[Int32]]) throws -> Tensor {
    let longest = sentences.reduce(0) { max($0, $1.count) }
    let ids = try Tensor.zeros([sentences.count, longest], .i64)
    for (row, sentence) in sentences.enumerated() {
      for (t, token) in sentence.enumerated() {
        ids.pointer(Int64.self)[row * longest + t] = Int64(token)
      }
    }
    let lengths = Lengths(sentences.map { Int32($0.count) })
    return try ForwardContext.evaluation {
      let hidden = try Cancellation.abandonable {
        try model.forward(ids.with(lengths: lengths)).with(lengths: lengths)
      }
      let parts = try poolings.map { try Self.pool(hidden, $0) }
      let pooled = parts.count == 1 ? parts[0] : try Tensor.concatenated(parts, axis: 1)
      guard normalizes else { return pooled }
      // As PyTorch's `normalize`: a vector of zeros stays one.
      let norms = try pooled.norm(axes: [1], keepAxes: true).clamped(1e-12)
      return try pooled / norms
    }
  }

  /// One vector for each sequence of hidden states [sentences, time, width], whose `lengths` mark padding: [sentences,
  /// width].
  public static func pool(_ hidden: Tensor, _ pooling: Pooling) throws -> Tensor {
    switch pooling {
    case .firstToken: return try hidden.selected(axis: 1, index: 0).with(lengths: nil)
    case .lastToken:
      let lengths =
        hidden.lengths?.values
        ?? Array(repeating: Int32(hidden.shape[1]), count: hidden.shape[0])
      return try Tensor.stacked(
        lengths.enumerated().map { row, length in
          try hidden.with(lengths: nil).selected(axis: 0, index: row)
            .selected(axis: 0, index: Int(length) - 1)
        })
    case .maximum: return try Learning.Pooling(.max).forward(hidden)
    case .mean: return try Learning.Pooling(.mean).forward(hidden)
    case .meanOverRoot:
      let roots = (hidden.lengths?.values ?? []).map { Float($0).squareRoot() }
      return try Learning.Pooling(.mean).forward(hidden)
        * Tensor(roots, shape: [roots.count, 1])
    }
  }

  // MARK: The folder

  /// Where the BERT and its tokenizer lie: `folder` itself, or the part of it that `modules.json` names.
  public static func modelFolder(of folder: String) throws -> String {
    let path = folder + "/modules.json"
    guard Door.current.kind(path).exists, let first = try modules(path).first, !first.path.isEmpty
    else {
      return folder
    }
    return folder + "/" + first.path
  }

  /// Writes a folder that sentence-transformers and `init(folder:)` read: the model as `PretrainedModel.save` writes
  /// it, with `modules.json`, the pooling and the greatest length beside it. The tokenizer is the caller's affair.
  ///
  /// - Throws: as `PretrainedModel.save`, and `value` for poolings in an order that such a folder cannot say.
  public func save(
    to folder: String, tokens: PretrainedModel.SpecialTokens = .init(),
    types: [String: SafeTensorType] = [:]
  ) throws {
    guard poolings == Pooling.allCases.filter(poolings.contains) else {
      throw DomainError(
        .value,
        "poolings are saved in the order \(Pooling.allCases.map(\.rawValue).joined(separator: ", "))"
      )
    }
    var modules = [("Transformer", ""), ("Pooling", "1_Pooling")]
    if normalizes { modules.append(("Normalize", "2_Normalize")) }
    var pooling: JSON.Object = ["word_embedding_dimension": .integer(model.settings.width)]
    for kind in Pooling.allCases { pooling[kind.rawValue] = .bool(poolings.contains(kind)) }
    try Folder.fill(folder) { folder in
      try PretrainedModel.save(model, to: folder, tokens: tokens, types: types)
      for (_, part) in modules where !part.isEmpty { try Folder.make(folder + "/" + part) }
      try JSONFile.write(.object(pooling), to: folder + "/1_Pooling/config.json")
      try JSONFile.write(
        .object(["max_seq_length": .integer(maximumLength), "do_lower_case": .bool(false)]),
        to: folder + "/sentence_bert_config.json")
      // Last: it is what makes the folder a sentence encoder's.
      try JSONFile.write(
        .array(
          modules.enumerated().map { index, module in
            .object([
              "idx": .integer(index), "name": .string(String(index)), "path": .string(module.1),
              "type": .string("sentence_transformers.models." + module.0),
            ])
          }), to: folder + "/modules.json")
    }
  }

  private static func bert(_ folder: String, _ dropout: Double?) throws -> BERT {
    let pretrained = try PretrainedModel.load(folder, dropout: dropout)
    guard case .bert(let model) = pretrained.network else {
      throw DomainError(.value, "\(folder) holds no BERT or DistilBERT")
    }
    return model
  }

  private static func modules(_ path: String) throws -> [(type: String, path: String)] {
    guard let items = try JSONFile.read(path).array else {
      throw DomainError(.data, "\(path) is not a list of modules")
    }
    return try items.map { item in
      guard let type = item["type"]?.string, let part = item["path"]?.string,
        part.utf8.allSatisfy({ $0 > 0x1F && $0 != UInt8(ascii: "/") }), !part.hasPrefix(".")
      else {
        throw DomainError(
          .data, "\(path): a module needs a `type` and a `path`, the name of a folder beside it")
      }
      return (String(type.split(separator: ".").last ?? ""), part)
    }
  }

  private static func poolings(_ path: String) throws -> [Pooling] {
    guard let object = try JSONFile.read(path).object else {
      throw DomainError(.data, "\(path) is not a JSON object")
    }
    for member in object where member.name.hasPrefix("pooling_mode") {
      guard Pooling(rawValue: member.name) != nil || member.value == .bool(false) else {
        throw DomainError(
          .value,
          "\(path): `\(member.name)` \((try? member.value.text()) ?? "") is not supported")
      }
    }
    let chosen = Pooling.allCases.filter { object[$0.rawValue] == .bool(true) }
    guard !chosen.isEmpty else { throw DomainError(.value, "\(path) chooses no pooling") }
    return chosen
  }

  private static func maximumLength(_ folder: String) throws -> Int? {
    let path = folder + "/sentence_bert_config.json"
    guard Door.current.kind(path).exists, let value = try JSONFile.read(path)["max_seq_length"],
      !value.isNull
    else { return nil }
    guard let length = value.integer, length > 0 else {
      throw DomainError(.value, "\(path): `max_seq_length` must be an integer from 1")
    }
    return length
  }
}
