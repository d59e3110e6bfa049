import Foundations
import Tensors

extension Layer {
  /// A network of its own with the same numbers: training one does not change the other. What several layers share, a
  /// parameter or a layer, their copies share; what is frozen stays so. Throws a type error for a layer whose function
  /// holds its parts (`FunctionLayer`), or one that is not of this library and does not say how it is copied.
  public final func copied() throws -> Layer { try LayerCopies()(self) }

  /// The same with `rows` rows in every table of an `Embedding` that has fewer; new ones are zeros. For tokens that are
  /// made up.
  public final func copied(embeddingRows rows: Int) throws -> Layer {
    let copies = LayerCopies()
    copies.embeddingRows = rows
    return try copies(self)
  }
}

/// The copies that one `Layer.copied()` has made so far, by what they are copies of.
public final class LayerCopies {
  private var layers: [ObjectIdentifier: Layer] = [:]
  private var parameters: [Parameter: Parameter] = [:]

  fileprivate var embeddingRows = 0

  init() {}

  /// The copy of an embedding's table, with as many rows as are wanted at least.
  func table(_ parameter: Parameter) throws -> Parameter {
    guard parameters[parameter] == nil, parameter.shape[0] < embeddingRows else {
      return try self(parameter)
    }
    let numbers = try Tensor.zeros(Shape(checking: [embeddingRows, parameter.shape[1]]))
    numbers.floats.update(from: parameter.data.floats, count: parameter.count)
    let copy = try Parameter(
      parameter.name, numbers, requiresGradient: parameter.requiresGradient)
    copy.fixedRow = parameter.fixedRow
    parameters[parameter] = copy
    return copy
  }

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
