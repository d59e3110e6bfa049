import Foundations
import Learning
import Runtime
import Text

/// A model of language, taken apart.
struct LanguageReading {
  let tokenizer: SubwordTokenizer
  let context: Int?
  /// The tokens that end a text: what the model's folder says, or else the tokenizer's.
  let stops: [Int]

  /// Of a model that predicts the next token; a type error for an encoder.
  init(predicting model: Model) throws {
    if model.layer is BERT || (model.layer is Network && !(model.layer is CausalNetwork)) {
      throw Fault(
        .type, "a \(model.layer.kind) is an encoder: it does not predict the next token"
      )
      .atArgument(0)
    }
    try self.init(model)
  }

  init(_ model: Model) throws {
    guard let tokenizer = model.tokenizer else {
      throw Fault(
        .value, "the model has no tokenizer",
        hint: "give one where it is made: `nn.gpt2(tokenizer, …)`"
      ).atArgument(0)
    }
    self.tokenizer = tokenizer
    let stops = model.specialTokens?.stops ?? []
    self.stops = stops.isEmpty ? tokenizer.specialTokens.end.map { [Int($0)] } ?? [] : stops
    context =
      (model.layer as? any LanguageModel)?.contextLength
      ?? (model.layer as? Network)?.contextLength
  }

  /// The token that a text begins with, so that its first own token is predicted, too.
  var start: Int32? { tokenizer.specialTokens.beginning ?? tokenizer.specialTokens.end }

  /// - Parameter start: whether the text follows the token that texts begin with; nil leaves it to the tokenizer.
  func tokens(_ text: String, start isStarted: Bool?) throws -> [Int32] {
    let tokens = try tokenizer.encode(text, addSpecialTokens: isStarted == nil)
    guard isStarted ?? tokens.isEmpty else { return tokens }
    guard let start else {
      throw Fault(
        .value, "the tokenizer knows no token that texts begin with",
        hint: isStarted == true ? "leave `start` out" : "give a text that is not empty")
    }
    return [start] + tokens
  }

  /// The text of tokens that a model gave, without special ones. A model may have rows that no token belongs to
  /// (vocabularies are filled up to round sizes); they are written as nothing, as transformers does.
  func written(_ tokens: ArraySlice<Int32>) -> [UInt8] {
    let known = tokens.filter { tokenizer.token($0) != nil }
    return (try? tokenizer.decodeBytes(known, skipSpecialTokens: true)) ?? []
  }

  func decoder(_ model: Model) throws -> any DecodingModel {
    if let language = model.layer as? any LanguageModel { return try language.decoder() }
    return try UncachedDecoder(
      model.layer, vocabularySize: tokenizer.vocabularySize, contextLength: nil)
  }
}
