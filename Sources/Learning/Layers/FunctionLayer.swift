import Foundations
import Tensors

/// A layer whose function is given: for modules whose forward pass is written in a script. Its children (and parameters
/// of its own) are trained; how it combines them is the function's affair.
public final class FunctionLayer: Layer {
  /// The function, and what it was made from: two layers whose functions have one origin compute the same of the same
  /// parameters.
  public struct Body {
    public let function: (Tensor) throws -> Tensor
    public let origin: Any?
  }

  private let body: Body
  private let isApart: Bool

  /// - Parameter keepsExamplesApart: whether the function itself does; or, as one of a script, tells
  ///   `Separation.current` where it does not.
  public init(
    kind: String = "module", children: [(name: String, layer: Layer)],
    parameters: [(name: String, parameter: Parameter)] = [], keepsExamplesApart: Bool = false,
    origin: Any? = nil, _ function: @escaping (Tensor) throws -> Tensor
  ) throws {
    body = Body(function: function, origin: origin)
    isApart = keepsExamplesApart
    super.init(kind: kind)
    for (name, layer) in children { try adopt(name, layer) }
    for (name, parameter) in parameters { own(name, parameter) }
  }

  /// Its function may use the layers that it was made with, which no copy of them can replace.
  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    throw DomainError(
      .type, "a `\(kind)` whose forward pass is a function of its own cannot be copied",
      hint: "make another one as this one was made, and `load` the numbers of this one")
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool {
    isApart && children.allSatisfy { $0.layer.keepsExamplesApart(padded: padded) }
  }

  public override var summary: String {
    kind + "(" + children.map { "\($0.name): \($0.layer.summary)" }.joined(separator: ", ") + ")"
  }

  public override func forward(_ input: Tensor) throws -> Tensor {
    try body.function(input)
  }
}
