import Foundations
import Tensors

extension Optimizer {
  /// One step with gradients that a caller has computed: for training loops of one's own. The optimizer's state belongs
  /// to these parameters in this order; other parameters start it afresh.
  /// - Parameter gradients: for each parameter a tensor of its shape.
  /// - Throws: a shape error where one does not fit; nothing is changed then.
  public func step(_ gradients: [(parameter: Parameter, gradient: Tensor)]) throws {
    var dense: [Tensor] = []
    for (parameter, gradient) in gradients {
      guard gradient.shape == parameter.shape else {
        throw DomainError(
          .shape,
          "the gradient of `\(parameter.name)` has shape \(gradient.shape), the parameter has \(parameter.shape)"
        )
      }
      dense.append(try gradient.detached.cast(to: .f32).contiguous())
    }
    try prepare(ParameterLayout(gradients.map(\.parameter)))
    try withExtendedLifetime(dense) {
      try step(
        StepGradients(
          sources: dense.map { StepGradients.Source(values: UnsafePointer($0.floats)) }, scale: 1))
    }
  }
}
