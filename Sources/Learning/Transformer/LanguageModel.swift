import Tensors

/// A network that scores the next token at every position of token sequences [examples, time].
///
/// `forward` gives the scores of all positions, [examples, time, vocabulary]: `scores(hiddenStates(tokens))`.
public protocol LanguageModel: Layer {
  var vocabularySize: Int { get }
  /// The longest sequence that it can look at.
  var contextLength: Int { get }
  /// What the scores are made of, [examples, time, width].
  func hiddenStates(_ tokens: Tensor) throws -> Tensor
  /// Scores of every token from hidden states [examples, time, width].
  func scores(_ hidden: Tensor) throws -> Tensor
}

/// A model that guesses tokens hidden by the tokenizer's mask: from tokens [examples, time] to scores of every token
/// [examples, time, vocabulary].
public protocol MaskedLanguageModel: Layer {
  /// The longest sequence.
  var contextLength: Int { get }
}
