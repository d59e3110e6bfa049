import Foundations
import JSONValues
import Tensors

/// A network that was read from a folder by its family's description: a body, and the head that the folder names.
public class Network: Layer {
  public let body: NetworkBody
  public let head: NetworkHead?
  /// The `config.json` that it came from, written again where it is saved.
  public let configuration: JSON.Object

  /// The configuration as JSON.
  public func configurationText() throws -> String { try JSON.object(configuration).text() }

  fileprivate init(_ body: NetworkBody, _ head: NetworkHead?, _ configuration: JSON.Object) throws {
    self.body = body
    self.head = head
    self.configuration = configuration
    super.init(kind: body.description.family)
    try adopt("body", body)
    if let head { try adopt("head", head) }
  }

  /// All numbers are 0, those of normalisations 1.
  static func make(
    _ description: NetworkDescription, head: HeadDescription?, configuration: JSON.Object
  ) throws -> Network {
    try make(
      NetworkBody(description), try head.map { try NetworkHead($0, description) }, configuration)
  }

  private static func make(
    _ body: NetworkBody, _ head: NetworkHead?, _ configuration: JSON.Object
  ) throws -> Network {
    switch head?.description.task {
    case .nextToken: try CausalNetwork(body, head, configuration)
    case .maskedToken: try MaskedNetwork(body, head, configuration)
    default: try Network(body, head, configuration)
    }
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    try Network.make(try copies(body), try head.map { try copies($0) }, configuration)
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override var givesClasses: Bool {
    guard let head else { return false }
    return head.description.outputs > 1 && head.description.task != .spans
  }

  public override var summary: String {
    head.map { "\(body.summary) with \($0.summary)" } ?? body.summary
  }

  /// The longest sequence.
  public var contextLength: Int { body.description.context }

  /// The body's last hidden states, [examples, time, width].
  public func hiddenStates(_ tokens: Tensor) throws -> Tensor {
    try body.forward(tokens).with(lengths: tokens.lengths)
  }

  /// The vectors of tokens before anything is added to them, [examples, time, width].
  public func vectors(_ tokens: Tensor) throws -> Tensor {
    try GPT2.checkTokens(tokens)
    return try body.tokens.forward(tokens).with(lengths: tokens.lengths)
  }

  /// What the head gives for vectors in the tokens' place: for gradients with respect to embeddings.
  public func outputs(ofVectors vectors: Tensor) throws -> Tensor {
    let hidden = try body.forward(ofVectors: vectors, memory: nil).with(lengths: vectors.lengths)
    return try head.map { try outputs(hidden, $0) } ?? hidden
  }

  /// What the head gives; the last hidden states without one. Several texts of a choice are tokens [examples, choices,
  /// time].
  public override func forward(_ input: Tensor) throws -> Tensor {
    guard let head else { return try hiddenStates(input) }
    guard head.description.task == .choice else {
      return try outputs(hiddenStates(input), head)
    }
    guard input.rank == 3 else {
      throw DomainError(
        .shape,
        "a multiple choice reads tokens [examples, choices, time], got a tensor of shape \(input.shape)"
      )
    }
    let (examples, choices) = (input.shape[0], input.shape[1])
    let flat = try input.with(lengths: nil).reshaped([examples * choices, input.shape[2]])
    let lengths = input.lengths.map { lengths in
      Lengths(lengths.values.flatMap { Array(repeating: $0, count: choices) })
    }
    return try outputs(hiddenStates(flat.with(lengths: lengths)), head)
      .reshaped([examples, choices])
  }

  fileprivate func outputs(_ hidden: Tensor, _ head: NetworkHead) throws -> Tensor {
    let scores = try head.forward(hidden, tokens: body.tokens)
    guard let cap = body.description.scoreCap, head.description.task == .nextToken else {
      return scores
    }
    return try ((scores / cap).tanh() * cap).with(lengths: scores.lengths)
  }
}

/// A network that scores the next token.
public final class CausalNetwork: Network, LanguageModel {
  public var vocabularySize: Int { body.description.vocabulary }

  public func scores(_ hidden: Tensor) throws -> Tensor {
    guard let head else { throw DomainError(.value, "this network has no head") }
    return try outputs(hidden, head)
  }
}

/// A network that guesses hidden tokens.
public final class MaskedNetwork: Network, MaskedLanguageModel {}
