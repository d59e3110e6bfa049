import Foundations
import Tensors

/// What a model of language makes its scores of, [examples, time, width], for another layer to go on from.
public final class HiddenStates: Layer {
  private let model: any LanguageModel

  public init(_ model: any LanguageModel) throws {
    self.model = model
    super.init(kind: "hidden_states")
    try adopt("model", model)
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    guard let copy = try copies(model as Layer) as? any LanguageModel else {
      throw DomainError(.type, "the copy of a \(model.kind) is no model of language")
    }
    return try HiddenStates(copy)
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool {
    model.keepsExamplesApart(padded: padded)
  }

  public override var summary: String { "hidden_states(\(model.summary))" }

  public override func forward(_ input: Tensor) throws -> Tensor {
    try model.hiddenStates(input).with(lengths: input.lengths)
  }
}
