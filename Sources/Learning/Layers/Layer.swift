import Foundations
import Tensors

/// A piece of a network: named parameters, named children, and a function from tensor to tensor. Read next:
/// `Sequential` for composition, `Linear` for the shape that a layer with a gradient rule of its own has.
///
/// Axis 0 of what goes in and comes out counts examples. A layer that keeps them apart says so (`keepsExamplesApart`);
/// one that does not is trained privately example by example.
open class Layer {
  /// How deep layers may be nested, so that walking them cannot overflow the stack.
  public static let depthLimit = 100

  /// The layer's name in scripts: `linear`, `sequential` …
  public let kind: String
  public private(set) var children: [(name: String, layer: Layer)] = []
  /// The parameters of this layer itself, not those of its children.
  public private(set) var ownParameters: [(name: String, parameter: Parameter)] = []
  private var depth = 1

  public init(kind: String) { self.kind = kind }

  /// Makes `layer` a child. Throws a limit error where the nest grows too deep.
  public func adopt(_ name: String, _ layer: Layer) throws {
    depth = max(depth, layer.depth + 1)
    guard depth <= Layer.depthLimit else {
      throw DomainError(.limit, "layers are nested more than \(Layer.depthLimit) deep")
    }
    children.append((name, layer))
  }

  /// Makes `parameter` one of this layer's own.
  public func own(_ name: String, _ parameter: Parameter) {
    ownParameters.append((name, parameter))
  }

  /// The layer's function. Throws a shape error where `input` does not fit.
  open func forward(_ input: Tensor) throws -> Tensor {
    throw DomainError(.type, "\(kind) is not a function of one tensor")
  }

  /// Whether the largest of an example's outputs stands for its class; false for one that gives numbers to be met.
  open var givesClasses: Bool { true }

  /// Whether what comes out for an example depends on that example alone. With `padded`, also on no more of a batch
  /// that is padded to its longest example than its own steps: what lies behind them, and how many there are, is the
  /// others'.
  open func keepsExamplesApart(padded: Bool) -> Bool { false }

  /// The first layer, this one or one below, that does not keep examples apart.
  final func firstMixing(padded: Bool) -> Layer? {
    guard !keepsExamplesApart(padded: padded) else { return nil }
    for (_, child) in children {
      if let layer = child.firstMixing(padded: padded) { return layer }
    }
    return self
  }

  /// Another layer like this one, made of the copies of what this one is made of: what `copied` calls, once for each
  /// layer.
  open func duplicate(_ copies: LayerCopies) throws -> Layer {
    throw DomainError(.type, "a layer of kind `\(kind)` cannot be copied")
  }

  /// One line for people: `linear(128 → 256)`.
  open var summary: String { kind }

  /// Every parameter below this layer once, with its path as PyTorch writes it ("0.weight"), in the order of
  /// declaration.
  public var namedParameters: [(name: String, parameter: Parameter)] {
    var seen: Set<Parameter> = []
    var result: [(name: String, parameter: Parameter)] = []
    visit("") { path, layer in
      for (name, parameter) in layer.ownParameters where seen.insert(parameter).inserted {
        result.append((path + name, parameter))
      }
    }
    return result
  }

  public var parameters: [Parameter] { namedParameters.map(\.parameter) }

  /// Parameters that are trained, grouped by the layer that owns them: the "layers" of layer-wise clipping.
  public var parameterGroups: [(name: String, parameters: [Parameter])] {
    var seen: Set<Parameter> = []
    var result: [(name: String, parameters: [Parameter])] = []
    visit("") { path, layer in
      let own = layer.ownParameters.map(\.parameter).filter {
        $0.requiresGradient && seen.insert($0).inserted
      }
      if !own.isEmpty { result.append((path.isEmpty ? layer.kind : String(path.dropLast()), own)) }
    }
    return result
  }

  /// The number of trainable numbers.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }

  /// Freezes or thaws everything below.
  public func setTrainable(_ trainable: Bool) {
    for parameter in parameters { parameter.requiresGradient = trainable }
  }

  /// The values of all parameters by name; `load` takes them back.
  public var state: [(name: String, value: Tensor)] {
    namedParameters.map { ($0.name, $0.parameter.data) }
  }

  /// Sets parameters by name. Throws a key error where one is missing or unknown, a shape error where one does not fit;
  /// nothing is changed then.
  public func load(_ state: [(name: String, value: Tensor)]) throws {
    let named = namedParameters
    let known = Set(spelt: named.map(\.name))
    let given = Dictionary(
      state.map { (Spelling($0.name), $0.value) }, uniquingKeysWith: { a, _ in a })
    for (name, parameter) in named {
      guard let value = given[name] else {
        throw DomainError(.key, "the saved model has no parameter `\(name)`")
      }
      guard value.shape == parameter.shape else {
        throw DomainError(
          .shape,
          "parameter `\(name)` has shape \(parameter.shape), the saved one has \(value.shape)")
      }
    }
    if let extra = state.first(where: { !known.contains($0.name) }) {
      throw DomainError(.key, "the saved model has a parameter `\(extra.name)` that this one lacks")
    }
    for (name, parameter) in named { if let value = given[name] { try parameter.set(value) } }
  }

  /// Calls `body` for this layer and all below it with the path that their parameters' names begin with.
  private func visit(_ path: String, _ body: (String, Layer) -> Void) {
    body(path, self)
    for (name, child) in children { child.visit(path + name + ".", body) }
  }
}
