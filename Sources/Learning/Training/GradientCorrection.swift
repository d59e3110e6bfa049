import CKernels
import Foundations
import Tensors

/// What is added to the gradient of every step of a training without privacy: pull · (θ - anchor) + offset. What
/// proximal terms and control variates of federated learning are made of.
public struct GradientCorrection: Sendable {
  /// How strongly the parameters are pulled towards `anchor`, and that.
  public var pull: Float
  public var anchor: ParameterVector?
  /// Added as it is.
  public var offset: ParameterVector?

  public init(
    pull: Float = 0, towards anchor: ParameterVector? = nil, offset: ParameterVector? = nil
  ) {
    self.pull = pull
    self.anchor = anchor
    self.offset = offset
  }
}

extension TrainingStep {
  /// The gradients of `sources` with the correction, in memory of the step's own: rows of tables become whole tables.
  func corrected(_ sources: [StepGradients.Source], _ correction: GradientCorrection) throws
    -> [StepGradients.Source]
  {
    let total = layout.parameters.reduce(0) { $0 + $1.count }
    for vector in [correction.anchor, correction.offset] {
      guard let vector, vector.shapes != layout.parameters.map(\.shape) else { continue }
      throw DomainError(.shape, "the correction of the gradient is of another model")
    }
    let scratch = try correctionScratch ?? Tensor.uninitialized([total])
    correctionScratch = scratch
    var start = 0
    return sources.enumerated().map { index, source in
      let parameter = layout.parameters[index]
      let to = scratch.floats + start
      to.update(repeating: 0, count: parameter.count)
      if let values = source.values {
        if let map = source.rowMap {
          for row in 0..<parameter.count / source.width where map[row] >= 0 {
            (to + row * source.width).update(
              from: values + Int(map[row]) * source.width, count: source.width)
          }
        } else {
          to.update(from: values, count: parameter.count)
        }
      }
      if let anchor = correction.anchor, correction.pull != 0 {
        let data = parameter.data
        fl_axpy_f32(parameter.count, correction.pull, data.floats, to)
        fl_axpy_f32(parameter.count, -correction.pull, anchor.tensor.floats + start, to)
        withExtendedLifetime(data) {}
      }
      if let offset = correction.offset {
        fl_axpy_f32(parameter.count, 1, offset.tensor.floats + start, to)
      }
      start += parameter.count
      return StepGradients.Source(values: UnsafePointer(to))
    }
  }
}
