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
      source.write(to, count: parameter.count)
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

extension StepGradients.Source {
  /// Writes the whole gradient of a parameter of `count` numbers: zeros where nothing was touched.
  func write(_ to: UnsafeMutablePointer<Float>, count: Int) {
    guard let values else { return to.update(repeating: 0, count: count) }
    guard let rowMap else { return to.update(from: values, count: count) }
    to.update(repeating: 0, count: count)
    for row in 0..<count / width where rowMap[row] >= 0 {
      (to + row * width).update(from: values + Int(rowMap[row]) * width, count: width)
    }
  }
}
