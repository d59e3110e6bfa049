import CKernels
import Tensor

/// What training makes small. A loss turns a model's output and the labels into one number per example, [examples]; training takes
/// the mean. A function of one's own may give one number for the whole batch instead (its mean over examples): private training
/// then has to run it example by example.
public struct Loss {
  public let name: String
  /// Nil where the loss needs more than the model's output.
  private let body: ((_ output: Tensor, _ labels: Tensor) throws -> Tensor)?
  private let evaluation: (_ model: Layer, _ batch: Batch) throws -> Tensor

  public init(
    _ name: String, _ body: @escaping (_ output: Tensor, _ labels: Tensor) throws -> Tensor
  ) {
    self.name = name
    self.body = body
    evaluation = { model, batch in try body(model.forward(batch.inputs), batch.labels) }
  }

  /// A loss that runs the model itself: one that looks at hidden states, or whose targets belong to the batch's examples
  /// (`Batch.examples`), as those of a teacher do. It obeys the same rule: one number per example, [examples].
  public init(
    _ name: String, evaluating: @escaping (_ model: Layer, _ batch: Batch) throws -> Tensor
  ) {
    self.name = name
    body = nil
    evaluation = evaluating
  }

  /// The loss of an output. Throws a type error where the loss needs the model and the batch: use `value` then.
  public func callAsFunction(_ output: Tensor, _ labels: Tensor) throws -> Tensor {
    guard let body else {
      throw DomainError(
        .type, "the loss `\(name)` is no function of outputs and labels: it runs the model itself")
    }
    return try body(output, labels)
  }

  /// The loss of a batch, the model run on the way.
  public func value(_ model: Layer, _ batch: Batch) throws -> Tensor {
    try evaluation(model, batch)
  }

  /// Softmax cross-entropy of logits [examples, …, classes] with integer labels [examples, …]; of a sequence, the mean over
  /// its positions whose label is not `ignoreIndex`.
  public static func crossEntropy(ignoreIndex: Int = -100, labelSmoothing: Double = 0) throws
    -> Loss
  {
    try Check.finite(labelSmoothing, "label smoothing", atLeast: 0, below: 1)
    return Loss("cross_entropy") { output, labels in
      let rows = try Losses.crossEntropy(
        output, labels, ignoreIndex: ignoreIndex, labelSmoothing: labelSmoothing, reduction: .none)
      guard rows.rank > 1 else { return rows }
      let examples = rows.shape[0]
      let flat = try labels.detached.cast(to: .i64).contiguous()
      let time = flat.count / max(1, examples)
      let counts = try Tensor.uninitialized([examples])
      for example in 0..<examples {
        var counted = 0
        for t in 0..<time where flat.pointer(Int64.self)[example * time + t] != ignoreIndex {
          counted += 1
        }
        counts.floats[example] = Float(max(1, counted))
      }
      return try rows.reshaped([examples, time]).sum(axes: [1]) / counts
    }
  }

  /// The mean of squared differences over everything but the first axis.
  public static var meanSquaredError: Loss {
    Loss("mean_squared_error") { output, labels in
      try Losses.perExample((output - labels).square(), of: output)
    }
  }

  /// Binary cross-entropy with logits, the mean over everything but the first axis.
  public static var binaryCrossEntropy: Loss {
    Loss("binary_cross_entropy") { output, labels in
      try Losses.perExample(Losses.binaryCrossEntropy(output, labels), of: output)
    }
  }
}

/// How many numbers a loss gives.
public enum Reduction: String, Sendable, CaseIterable { case none, mean, sum }

/// Losses as functions of tensors.
public enum Losses {
  /// -log softmax(logits)[label] over the last axis, forward and gradient in one pass; with smoothing ε the target is
  /// (1-ε)·onehot + ε/classes. The mean is over labels that are not `ignoreIndex`.
  public static func crossEntropy(
    _ logits: Tensor, _ labels: Tensor, ignoreIndex: Int = -100, labelSmoothing: Double = 0,
    reduction: Reduction = .mean
  ) throws -> Tensor {
    guard let classes = logits.shape.last, classes > 0, logits.rank >= 2,
      Shape(logits.shape.dropLast()) == labels.shape
    else {
      throw DomainError(
        .shape,
        "cross-entropy needs logits [examples, classes] and labels [examples], got \(logits.shape) and \(labels.shape)"
      )
    }
    guard !labels.dtype.isFloating, labels.dtype != .bool else {
      throw DomainError(
        .type, "cross-entropy needs integer labels, got a tensor of \(labels.dtype.name)")
    }
    let x = try Check.floats(logits, "cross-entropy")
    let y = try labels.detached.cast(to: .i64).contiguous()
    let rows = y.count
    let losses = try Tensor.uninitialized(labels.shape)
    let wanted = logits.requiresGradient && Tape.isRecording
    let gradient = wanted ? try Tensor.uninitialized(x.shape) : nil
    let size = RowBlocks.size(width: classes)
    let blocks = max(1, (rows + size - 1) / size)
    var invalid = 0
    var counted = 0
    withUnsafeTemporaryAllocation(of: fl_loss_result.self, capacity: blocks) { results in
      results.initialize(repeating: fl_loss_result())
      Parallel.blocks(rows, size: size) {
        let first = $0.lowerBound
        results[first / size] = fl_softmax_xent_i64_f32(
          $0.count, classes, x.floats + first * classes, y.pointer(Int64.self) + first,
          Int64(ignoreIndex), Float(labelSmoothing), 1, nil, 0, losses.floats + first,
          gradient.map { $0.floats + first * classes })
      }
      for result in results {
        invalid += result.invalid
        counted += result.counted
      }
    }
    if invalid > 0 {
      let values = UnsafeBufferPointer(start: y.pointer(Int64.self), count: rows)
      let bad =
        values.first { $0 != Int64(ignoreIndex) && !(0..<Int64(classes)).contains($0) } ?? -1
      throw DomainError(.index, "label \(bad) is not one of the \(classes) classes 0..<\(classes)")
    }
    withExtendedLifetime((x, y)) {}
    let recorded = Tape.record("cross_entropy", inputs: [logits], output: losses) { request in
      guard let gradient else { return BackwardResult(inputs: [nil]) }
      let g = try request.gradient.contiguous()
      let dx = try Tensor.uninitialized(gradient.shape)
      Parallel.blocks(rows, size: size) {
        let start = $0.lowerBound * classes
        fl_mul_vc_f32(
          $0.count, classes, gradient.floats + start, g.floats + $0.lowerBound, dx.floats + start)
      }
      withExtendedLifetime((g, gradient)) {}
      return BackwardResult(inputs: [dx])
    }
    switch reduction {
    case .none: return recorded
    case .sum: return try recorded.sum()
    case .mean: return try recorded.sum() / Double(counted)
    }
  }

  /// softplus(x) - target·x for each element, which is binary cross-entropy of sigmoid(x) without overflow.
  public static func binaryCrossEntropy(_ logits: Tensor, _ targets: Tensor) throws -> Tensor {
    guard logits.shape == targets.shape else {
      throw DomainError(
        .shape,
        "binary cross-entropy needs two tensors of one shape, got \(logits.shape) and \(targets.shape)"
      )
    }
    let x = try Check.floats(logits, "binary cross-entropy")
    let t = try targets.detached.cast(to: .f32).contiguous()
    let losses = try Tensor.uninitialized(x.shape)
    let gradient = try Tensor.uninitialized(x.shape)
    withExtendedLifetime((x, t)) {
      Parallel.blocks(x.count, size: 1 << 13) {
        let first = $0.lowerBound
        _ = fl_sigmoid_xent_f32(
          $0.count, x.floats + first, t.floats + first, 1, losses.floats + first,
          gradient.floats + first)
      }
    }
    return Tape.record("binary_cross_entropy", inputs: [logits], output: losses) { request in
      BackwardResult(inputs: [try request.gradient * gradient])
    }
  }

  /// The mean over everything but axis 0.
  static func perExample(_ losses: Tensor, of output: Tensor) throws -> Tensor {
    guard losses.rank > 1 else { return losses }
    return try losses.mean(axes: Array(1..<losses.rank))
  }
}
