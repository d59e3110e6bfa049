import CKernels
import Foundations
import Tensors

/// Softmax cross-entropy as training wants it: one number per example, the mean over its positions, in one pass over
/// the logits that leaves the gradient in their place.
struct ExampleCrossEntropy {
  let ignoreIndex: Int
  let labelSmoothing: Double

  /// The loss of logits [examples, …, classes] with integer labels [examples, …]: [examples]. Where nobody else holds
  /// the memory of the logits, it is overwritten: a language model's logits are the largest tensor of its step.
  func callAsFunction(_ logits: inout Tensor, _ labels: Tensor) throws -> Tensor {
    let (classes, y) = try Losses.checkLabels(logits, labels)
    let (rows, examples) = (y.count, labels.shape[0])
    let time = rows / max(1, examples)
    let wanted = logits.requiresGradient && Tape.isRecording
    let isOwned = logits.ownsMemory() && logits.dtype == .f32 && logits.isContiguous
    let x = try Check.floats(logits, "cross-entropy")
    let gradient = wanted ? (isOwned ? x : try Tensor.uninitialized(x.shape)) : nil
    let counts = try Losses.counts(y, ignoreIndex: ignoreIndex)
    // What the gradients are going to be multiplied with, if the step has said so.
    let foreseen = ForwardContext.lossWeights(examples)
    let scales = try Tensor.uninitialized([rows])
    for example in 0..<examples {
      (scales.floats + example * time).update(
        repeating: foreseen[example] / Float(max(1, counts[example])), count: time)
    }
    let positions = try Tensor.uninitialized([rows])
    let invalid = withExtendedLifetime((x, y, scales)) {
      passes(
        rows, classes, x.floats, y.pointer(Int64.self), scales.floats, positions.floats,
        gradient?.floats)
    }
    if invalid > 0 { throw Losses.invalidLabel(y, classes, ignoreIndex: ignoreIndex) }
    let losses = try Tensor.uninitialized([examples])
    withExtendedLifetime((positions, scales)) {
      for example in 0..<examples {
        var sum = 0.0
        for row in example * time..<(example + 1) * time {
          sum += Double(positions.floats[row]) * Double(scales.floats[row])
        }
        losses.floats[example] = Float(sum / Double(foreseen[example]))
      }
    }
    let recorded = Tape.record("cross_entropy", inputs: [logits], output: losses) { request in
      guard let gradient else { return BackwardResult(inputs: [nil]) }
      let g = try request.gradient.contiguous()
      // An example without a label has no gradient to be scaled.
      let weights = (0..<examples).map { counts[$0] == 0 ? 1 : g.floats[$0] / foreseen[$0] }
      if weights.allSatisfy({ $0 == 1 }) { return BackwardResult(inputs: [gradient]) }
      let dx = try Tensor.uninitialized(gradient.shape)
      Parallel.blocks(rows, size: RowBlocks.size(width: classes)) { block in
        for row in block {
          fl_scale_f32(
            classes, weights[row / max(1, time)], gradient.floats + row * classes,
            dx.floats + row * classes)
        }
      }
      withExtendedLifetime(gradient) {}
      return BackwardResult(inputs: [dx])
    }
    return recorded
  }

  /// Losses and gradients of all rows; returns how many labels are no class.
  private func passes(
    _ rows: Int, _ classes: Int, _ logits: UnsafePointer<Float>, _ labels: UnsafePointer<Int64>,
    _ scales: UnsafePointer<Float>, _ losses: UnsafeMutablePointer<Float>,
    _ gradient: UnsafeMutablePointer<Float>?
  ) -> Int {
    let size = RowBlocks.size(width: classes)
    let blocks = max(1, (rows + size - 1) / size)
    return withUnsafeTemporaryAllocation(of: Int.self, capacity: blocks) { invalid in
      invalid.initialize(repeating: 0)
      Parallel.blocks(rows, size: size) {
        let first = $0.lowerBound
        invalid[first / size] =
          fl_softmax_xent_i64_f32(
            $0.count, classes, logits + first * classes, labels + first, Int64(ignoreIndex),
            Float(labelSmoothing), 1, scales + first, 0, losses + first,
            gradient.map { $0 + first * classes }
          ).invalid
      }
      return invalid.reduce(0, +)
    }
  }
}
