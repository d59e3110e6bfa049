import Foundations
import Tensors

extension ParameterVector {
  /// Sets every number x to `body(x, y)`, y being the other vector's at its place. Throws a shape error where the other
  /// is of another model.
  public mutating func merge(
    _ other: ParameterVector, _ body: (_ own: Float, _ other: Float) -> Float
  ) throws {
    try requireShapes(other.shapes)
    let from = other.tensor.floats
    try change { block, to in
      let from = from + block.lowerBound
      for index in 0..<block.count { to[index] = body(to[index], from[index]) }
    }
    withExtendedLifetime(other) {}
  }

  /// The same with two others.
  public mutating func merge(
    _ first: ParameterVector, _ second: ParameterVector,
    _ body: (_ own: Float, _ first: Float, _ second: Float) -> Float
  ) throws {
    try requireShapes(first.shapes)
    try requireShapes(second.shapes)
    let (a, b) = (first.tensor.floats, second.tensor.floats)
    try change { block, to in
      let (a, b) = (a + block.lowerBound, b + block.lowerBound)
      for index in 0..<block.count { to[index] = body(to[index], a[index], b[index]) }
    }
    withExtendedLifetime((first, second)) {}
  }
}
