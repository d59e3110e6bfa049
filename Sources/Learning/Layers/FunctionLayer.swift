import Foundations
import Synchronization
import Tensors

/// A layer whose function is given: for modules whose forward pass is written in a script. Its children (and parameters
/// of its own) are trained; how it combines them is the function's affair.
public final class FunctionLayer: Layer {
  /// The function, and what it was made from: two layers whose functions have one origin compute the same of the same
  /// parameters.
  public struct Body {
    public let function: (Layer, Tensor) throws -> Tensor
    public let origin: Any?
    /// Whether the function finds its parts in the layer that it is given, so that it serves a copy as well.
    let isOfLayer: Bool
  }

  private let body: Body
  private let isApart: Bool
  private let watch: CopyWatch

  /// - Parameters:
  ///   - keepsExamplesApart: whether the function itself does; or, as one of a script, tells `Separation.current` where
  ///     it does not.
  ///   - function: from the layer and its input to its output. It takes the layer's parts from the layer, so that it
  ///     computes with the parts of a copy when it is given one.
  public convenience init(
    kind: String = "module", children: [(name: String, layer: Layer)],
    parameters: [(name: String, parameter: Parameter)] = [], keepsExamplesApart: Bool = false,
    origin: Any? = nil, ofLayer function: @escaping (Layer, Tensor) throws -> Tensor
  ) throws {
    try self.init(
      kind, children, parameters, keepsExamplesApart,
      Body(function: function, origin: origin, isOfLayer: true), CopyWatch([]))
  }

  /// A layer that cannot be copied: its function holds the parts that it was made with.
  public convenience init(
    kind: String = "module", children: [(name: String, layer: Layer)],
    parameters: [(name: String, parameter: Parameter)] = [], keepsExamplesApart: Bool = false,
    origin: Any? = nil, _ function: @escaping (Tensor) throws -> Tensor
  ) throws {
    try self.init(
      kind, children, parameters, keepsExamplesApart,
      Body(function: { _, input in try function(input) }, origin: origin, isOfLayer: false),
      CopyWatch([]))
  }

  private init(
    _ kind: String, _ children: [(name: String, layer: Layer)],
    _ parameters: [(name: String, parameter: Parameter)], _ isApart: Bool, _ body: Body,
    _ watch: CopyWatch
  ) throws {
    self.body = body
    self.isApart = isApart
    self.watch = watch
    super.init(kind: kind)
    for (name, layer) in children { try adopt(name, layer) }
    for (name, parameter) in parameters { own(name, parameter) }
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    guard body.isOfLayer else {
      throw DomainError(
        .type, "a `\(kind)` whose forward pass is a function of its own cannot be copied",
        hint: "make another one as this one was made, and `load` the numbers of this one")
    }
    return try FunctionLayer(
      kind, children.map { ($0.name, try copies($0.layer)) },
      ownParameters.map { ($0.name, try copies($0.parameter)) }, isApart, body,
      CopyWatch(watch.foreign.union(parameters)))
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool {
    isApart && children.allSatisfy { $0.layer.keepsExamplesApart(padded: padded) }
  }

  public override var summary: String {
    kind + "(" + children.map { "\($0.name): \($0.layer.summary)" }.joined(separator: ", ") + ")"
  }

  /// Throws a type error where a copy's function uses parts of the layer that it was copied from, and whatever the
  /// function throws.
  public override func forward(_ input: Tensor) throws -> Tensor {
    if watch.isOver { return try body.function(self, input) }
    let output = try Tape.withRecording { try body.function(self, input) }
    let used = Set(Tape.parameters(of: output)).subtracting(Tape.parameters(of: input))
    guard used.isDisjoint(with: watch.foreign) else {
      throw DomainError(
        .type,
        "the forward pass of a copied `\(kind)` uses parts of the one that it was copied from",
        hint:
          "take the parts from the module that the function is given, as in `(m, x) => m.part(x)`")
    }
    watch.end()
    return Tape.isRecording ? output : output.detached
  }
}

/// Whether a copy's function uses parts of the layer that it was made of: asked at its first call.
private final class CopyWatch {
  /// The parameters of what it is a copy of; none where it is no copy.
  let foreign: Set<Parameter>
  private let over: Atomic<Bool>

  init(_ foreign: Set<Parameter>) {
    self.foreign = foreign
    over = Atomic(foreign.isEmpty)
  }

  /// Whether a call has shown that the function does without them.
  var isOver: Bool { over.load(ordering: .relaxed) }

  func end() { over.store(true, ordering: .relaxed) }
}
