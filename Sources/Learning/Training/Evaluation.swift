import Foundations
import Tensors

/// A model's outputs on examples, computed in evaluation mode, batch by batch.
public struct Evaluation {
  public let model: Layer
  /// Examples in memory at a time.
  public var batch: Int
  /// Asked between batches; true throws an interrupt.
  public var shouldStop: () -> Bool = { false }

  public init(_ model: Layer, batch: Int = 256) {
    self.model = model
    self.batch = max(1, batch)
  }

  /// The class with the largest output of each example, in the order of the source: [examples, …] for outputs
  /// [examples, …, classes]. Of a model that gives no classes, its outputs: [examples] where there is one an example.
  /// Throws a value error where the output of a classifier is not a number.
  public func predictions(_ source: any BatchSource) throws -> Tensor {
    let outputs = try outputs(source)
    if model.givesClasses { return try Evaluation.classes(outputs) }
    return outputs.rank == 2 && outputs.shape[1] == 1 ? try outputs.squeezed(1) : outputs
  }

  private static func classes(_ output: Tensor) throws -> Tensor {
    guard try output.isNaN().any().item() == 0 else {
      throw DomainError(
        .value, "the model gives nan: it predicts no class",
        hint: "it has diverged, or its inputs are nan")
    }
    return try output.argmax(axis: -1)
  }

  /// The share of examples whose largest output is at their label; nan without examples. For outputs [examples, …,
  /// classes] every position whose label is not `ignoreIndex` counts. Throws a value error where an output is not a
  /// number, a type error for a model that gives no classes.
  public func accuracy(_ source: any BatchSource, ignoreIndex: Int = -100) throws -> Double {
    guard model.givesClasses else {
      throw DomainError(
        .type, "\(model.summary) predicts numbers: none of them is right or wrong",
        hint: "compare `nn.predict(model, examples)` with the labels")
    }
    var hits = Hits()
    try each(source) { output, labels, _ in
      try hits.add(output, labels, ignoreIndex: ignoreIndex)
    }
    return hits.share
  }

  /// Positions, and at how many of them the largest output is that of the label.
  private struct Hits {
    private var right = 0
    private var counted = 0

    var share: Double { Double(right) / Double(counted) }

    mutating func add(_ output: Tensor, _ labels: Tensor, ignoreIndex: Int) throws {
      let predicted = try Evaluation.classes(output).contiguous()
      let expected = try labels.cast(to: .i64).contiguous()
      guard predicted.count == expected.count else {
        throw DomainError(
          .shape, "outputs \(output.shape) do not fit labels \(labels.shape)")
      }
      let (p, e) = (predicted.pointer(Int64.self), expected.pointer(Int64.self))
      for i in 0..<expected.count where e[i] != Int64(ignoreIndex) {
        counted += 1
        if p[i] == e[i] { right += 1 }
      }
      withExtendedLifetime((predicted, expected)) {}
    }
  }

  /// Each example's own loss, in the order of the source. A loss that gives no number per example, or fails for several
  /// at once, sees one example at a time, as in private training.
  public func losses(_ source: any BatchSource, _ loss: Loss) throws -> [Double] {
    var result = [Double](repeating: .nan, count: source.count)
    var isOneByOne = false
    try batches(source) { batch, indices in
      if !isOneByOne {
        if let values = try? loss.value(model, batch), values.shape == [indices.count] {
          for (value, index) in zip(try values.cast(to: .f64).array(Double.self), indices) {
            result[index] = value
          }
          return
        }
        isOneByOne = true
      }
      for (place, index) in indices.enumerated() {
        if shouldStop() { throw Evaluation.interrupt }
        let value = try loss.value(model, batch.slice(place..<place + 1))
        guard value.count == 1 else {
          throw DomainError(
            .shape,
            "the loss `\(loss.name)` must give one number for an example, got shape \(value.shape)")
        }
        result[index] = try value.item()
      }
    }
    return result
  }

  private static let interrupt = DomainError(.interrupt, "the evaluation was interrupted")

  /// The loss of the source as training without privacy takes it: the mean of `losses`, weighted by the loss's `terms`.
  public func meanLoss(_ source: any BatchSource, _ loss: Loss) throws -> Double {
    var sum = LossSum(source.count)
    try batches(source) { batch, indices in
      let values = try Cancellation.abandonable { try loss.value(model, batch) }
      try sum.add(values, of: batch, indices, loss)
    }
    return sum.mean
  }

  /// `meanLoss`, and `accuracy` of a model that gives classes. The model runs once where the loss is a function of its
  /// output.
  public func lossAndAccuracy(
    _ source: any BatchSource, _ loss: Loss, ignoreIndex: Int = -100
  ) throws -> (loss: Double, accuracy: Double?) {
    guard model.givesClasses else { return (try meanLoss(source, loss), nil) }
    guard loss.isOfOutputs else {
      return (try meanLoss(source, loss), try accuracy(source, ignoreIndex: ignoreIndex))
    }
    var sum = LossSum(source.count)
    var hits = Hits()
    try batches(source) { batch, indices in
      let (output, values) = try Cancellation.abandonable {
        let output = try model.forward(batch.inputs)
        return (output, try loss(output, batch.labels))
      }
      try sum.add(values, of: batch, indices, loss)
      try hits.add(output, batch.labels, ignoreIndex: ignoreIndex)
    }
    return (sum.mean, hits.share)
  }

  /// The losses of a source's examples and of how many terms each is the mean.
  private struct LossSum {
    private var losses: [Double]
    private var terms: [Int]

    init(_ count: Int) {
      losses = [Double](repeating: .nan, count: count)
      terms = [Int](repeating: 1, count: count)
    }

    var mean: Double { Loss.mean(losses, terms: terms) }

    mutating func add(
      _ values: Tensor, of batch: Batch, _ indices: [Int], _ loss: Loss
    ) throws {
      if let counts = try loss.terms(batch) {
        for (count, index) in zip(counts, indices) { terms[index] = count }
      }
      // One number for the batch is the mean of its examples, as in training.
      if values.count == 1 {
        let mean = try values.item()
        for index in indices { losses[index] = mean }
        return
      }
      guard values.shape == [indices.count] else {
        throw DomainError(
          .shape,
          "the loss `\(loss.name)` gives no number per example: its shape is \(values.shape)")
      }
      for (value, index) in zip(try values.cast(to: .f64).array(Double.self), indices) {
        losses[index] = value
      }
    }
  }

  /// All outputs, stacked in the order of the source.
  public func outputs(_ source: any BatchSource) throws -> Tensor {
    var rows = [Tensor?](repeating: nil, count: source.count)
    try each(source) { output, _, indices in
      for (row, index) in indices.enumerated() {
        rows[index] = try output.selected(axis: 0, index: row)
      }
    }
    return try Tensor.stacked(rows.compactMap { $0 })
  }

  /// Runs the model over the source and hands each batch's outputs, labels and indices to `body`.
  private func each(
    _ source: any BatchSource, _ body: (Tensor, Tensor, [Int]) throws -> Void
  ) throws {
    try batches(source) { batch, indices in
      let output = try Cancellation.abandonable { try model.forward(batch.inputs) }
      try body(output, batch.labels, indices)
    }
  }

  /// Hands the source's batches to `body` in evaluation mode, long examples first.
  private func batches(
    _ source: any BatchSource, _ body: (Batch, [Int]) throws -> Void
  ) throws {
    var order = Array(0..<source.count)
    if let first = order.first, source.length(first) != nil {
      let lengths = order.map { source.length($0) ?? 0 }
      order.sort { (lengths[$1], $0) < (lengths[$0], $1) }
    }
    for start in stride(from: 0, to: order.count, by: batch) {
      if shouldStop() { throw Evaluation.interrupt }
      let indices = Array(order[start..<min(start + batch, order.count)])
      var part = try source.batch(indices)
      part.examples = part.examples ?? indices
      try ForwardContext.evaluation { try body(part, indices) }
    }
  }
}
