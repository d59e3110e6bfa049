import Foundations
import Tensors

extension TrainingStep {
  /// The gradient of the mean loss of a batch, in the mode of training, with the parameters as they are; nothing is
  /// changed. Large batches are computed in parts.
  /// - Returns: the gradient in the order of the trained parameters, and the mean loss.
  /// - Throws: a value error for an empty batch or a loss that is not finite.
  public func meanGradient(_ batch: Batch) throws -> (gradient: ParameterVector, loss: Double) {
    guard batch.count > 0 else {
      throw DomainError(.value, "a gradient needs at least one example")
    }
    discardGradients()
    sink.begin()
    defer { stepCount += 1 }
    let parts = try batch.chunks(physicalLimit)
    let terms = try parts.map { try loss.terms($0) ?? [Int](repeating: 1, count: $0.count) }
    let allTerms = Double(max(1, terms.reduce(0) { $0 + $1.reduce(0, +) }))
    var mean = 0.0
    for (number, part) in parts.enumerated() {
      mean += try accumulate(
        part, weights: terms[number].map { Double($0) / allTerms }, number: number, into: sink)
    }
    let total = layout.parameters.reduce(0) { $0 + $1.count }
    let numbers = try Tensor.uninitialized([total])
    var start = 0
    for (source, parameter) in zip(try sources(in: sink), layout.parameters) {
      source.write(numbers.floats + start, count: parameter.count)
      start += parameter.count
    }
    let gradient = try ParameterVector(numbers, shapes: layout.parameters.map(\.shape))
    return (gradient, mean)
  }
}
