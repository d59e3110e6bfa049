import Foundations
import Tensors

extension Layer {
  /// A network of its own with the same numbers: training one does not change the other. What several layers share, a
  /// parameter or a layer, their copies share; what is frozen stays so. Throws a type error for a layer whose function
  /// holds its parts (`FunctionLayer`), or one that is not of this library and does not say how it is copied.
  public final func copied() throws -> Layer { try LayerCopies()(self) }
}

/// The copies that one `Layer.copied()` has made so far, by what they are copies of.
public final class LayerCopies {
  private var layers: [ObjectIdentifier: Layer] = [:]
  private var parameters: [Parameter: Parameter] = [:]

  init() {}

  /// The copy of `layer`: always the same one.
  public func callAsFunction<L: Layer>(_ layer: L) throws -> L {
    let key = ObjectIdentifier(layer)
    let copy = try layers[key] ?? layer.duplicate(self)
    guard let alike = copy as? L else {
      throw DomainError(.type, "the copy of a \(layer.kind) is a layer of another class")
    }
    layers[key] = copy
    return alike
  }

  public func callAsFunction(_ parameter: Parameter) throws -> Parameter {
    if let known = parameters[parameter] { return known }
    let copy = try parameter.copied()
    parameters[parameter] = copy
    return copy
  }
}
