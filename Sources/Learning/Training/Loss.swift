import CKernels
import Foundations
import Tensors

/// What training makes small. A loss turns a model's output and the labels into one number per example, [examples];
/// training takes their mean, weighted by `terms` where a loss has them. A function of one's own may give one number
/// for the whole batch instead (its mean over examples): private training then has to run it example by example.
public struct Loss {
  public let name: String
  /// Nil where the loss needs more than the model's output.
  private let body: ((_ output: Tensor, _ labels: Tensor) throws -> Tensor)?
  private let evaluation: (_ model: Layer, _ batch: Batch) throws -> Tensor
  private let counting: ((_ batch: Batch) throws -> [Int])?
  /// Whether an example's number depends on that example alone.
  let keepsExamplesApart: Bool

  /// - Parameter keepsExamplesApart: whether an example's number depends on nothing but its own output and label; or
  ///   the function, as one of a script, tells `Separation.current` where it does not. Where nobody says so, private
  ///   training computes the examples one by one.
  public init(
    _ name: String, keepsExamplesApart: Bool = false,
    _ body: @escaping (_ output: Tensor, _ labels: Tensor) throws -> Tensor
  ) {
    self.name = name
    self.body = body
    self.keepsExamplesApart = keepsExamplesApart
    counting = nil
    evaluation = { model, batch in try body(model.forward(batch.inputs), batch.labels) }
  }

  /// A loss that runs the model itself: one that looks at hidden states, or whose targets belong to the batch's
  /// examples (`Batch.examples`), as those of a teacher do. It obeys the same rule: one number per example, [examples].
  ///
  /// - Parameters:
  ///   - counting: see `terms`.
  ///   - keepsExamplesApart: as for a loss of outputs; the model answers for itself.
  public init(
    _ name: String, counting: ((_ batch: Batch) throws -> [Int])? = nil,
    keepsExamplesApart: Bool = false,
    evaluating: @escaping (_ model: Layer, _ batch: Batch) throws -> Tensor
  ) {
    self.name = name
    body = nil
    self.keepsExamplesApart = keepsExamplesApart
    self.counting = counting
    evaluation = evaluating
  }

  /// A loss that is a function of outputs and labels, example by example, but better run with the model at hand.
  private init(
    _ name: String, body: @escaping (_ output: Tensor, _ labels: Tensor) throws -> Tensor,
    counting: @escaping (_ batch: Batch) throws -> [Int],
    evaluation: @escaping (_ model: Layer, _ batch: Batch) throws -> Tensor
  ) {
    self.name = name
    self.body = body
    keepsExamplesApart = true
    self.counting = counting
    self.evaluation = evaluation
  }

  /// The loss of an output. Throws a type error where the loss needs the model and the batch: use `value` then.
  public func callAsFunction(_ output: Tensor, _ labels: Tensor) throws -> Tensor {
    guard let body else {
      throw DomainError(
        .type, "the loss `\(name)` is no function of outputs and labels: it runs the model itself")
    }
    return try body(output, labels)
  }

  /// Whether it is a function of outputs and labels.
  var isOfOutputs: Bool { body != nil }

  /// The loss of a batch, the model run on the way.
  public func value(_ model: Layer, _ batch: Batch) throws -> Tensor {
    try evaluation(model, batch)
  }

  /// Of how many terms each example's number is the mean; nil where all examples count alike. Training without privacy
  /// weights examples by it, which makes its loss the mean over all terms of a batch, as in PyTorch: a long text weighs
  /// more than a short one. Private training bounds what one example can do, and takes the mean of the examples'
  /// numbers.
  public func terms(_ batch: Batch) throws -> [Int]? { try counting?(batch) }

  /// The mean over a batch of `losses`, one for each example, weighted by `terms`; nan where there is nothing to take
  /// it of.
  public static func mean(_ losses: [Double], terms: [Int]?) -> Double {
    guard let terms else { return losses.reduce(0, +) / Double(losses.count) }
    return zip(losses, terms).reduce(0) { $0 + ($1.1 > 0 ? $1.0 * Double($1.1) : 0) }
      / Double(terms.reduce(0, +))
  }

  /// Softmax cross-entropy of logits [examples, …, classes] with integer labels [examples, …]; of a sequence, the mean
  /// over its positions whose label is not `ignoreIndex`, which are the loss's `terms`.
  public static func crossEntropy(ignoreIndex: Int = -100, labelSmoothing: Double = 0) throws
    -> Loss
  {
    try Check.finite(labelSmoothing, "label smoothing", atLeast: 0, below: 1)
    let loss = ExampleCrossEntropy(ignoreIndex: ignoreIndex, labelSmoothing: labelSmoothing)
    return Loss(
      "cross_entropy",
      body: { output, labels in
        var logits = output
        return try loss(&logits, labels)
      }, counting: { try Losses.counts($0.labels, ignoreIndex: ignoreIndex) },
      evaluation: { model, batch in
        // Held by nobody else, so that the gradient can take their place.
        var logits = try model.forward(batch.inputs)
        return try loss(&logits, batch.labels)
      })
  }

  /// Binary cross-entropy with logits, the mean over everything but the first axis.
  public static var binaryCrossEntropy: Loss {
    Loss("binary_cross_entropy", keepsExamplesApart: true) { output, labels in
      try Losses.perExample(Losses.binaryCrossEntropy(output, labels), of: output)
    }
  }

  /// The divergence between output and labels, both logits [examples, …, classes], at a temperature
  /// (`Losses.divergence`); of a sequence, the mean over its positions. The labels are the teacher's.
  public static func divergence(
    temperature: Double = 1, direction: DivergenceDirection = .forward
  ) throws -> Loss {
    try Losses.checkTemperature(temperature)
    return Loss("divergence", keepsExamplesApart: true) { output, labels in
      let rows =
        direction == .forward
        ? try Losses.divergence(of: labels, from: output, temperature: temperature)
        : try Losses.divergence(of: output, from: labels, temperature: temperature)
      return try Losses.perExample(rows, of: output)
    }
  }

  /// 1 - cos(output, labels) over the last axis; of a sequence, the mean over its positions. What draws a student's
  /// hidden states to its teacher's in DistilBERT (Sanh 2019).
  public static var cosine: Loss {
    Loss("cosine", keepsExamplesApart: true) { output, labels in
      let rows = try Losses.cosineEmbedding(output, labels)
      return try Losses.perExample(rows, of: output)
    }
  }
}

/// Which of two distributions a divergence takes the mean under: the teacher's (forward) or the student's (reverse).
public enum DivergenceDirection: String, Sendable, CaseIterable { case forward, reverse }

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
    let (classes, y) = try checkLabels(logits, labels)
    let x = try Check.floats(logits, "cross-entropy")
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
    if invalid > 0 { throw invalidLabel(y, classes, ignoreIndex: ignoreIndex) }
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

  /// The number of classes of logits [examples, …, classes], and their labels [examples, …] as whole numbers in a row.
  static func checkLabels(_ logits: Tensor, _ labels: Tensor) throws -> (
    classes: Int, labels: Tensor
  ) {
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
    return (classes, try labels.detached.cast(to: .i64).contiguous())
  }

  /// What to throw where one of `labels`, as `checkLabels` gave them, is no class.
  static func invalidLabel(_ labels: Tensor, _ classes: Int, ignoreIndex: Int) -> DomainError {
    let bad = withExtendedLifetime(labels) {
      UnsafeBufferPointer(start: labels.pointer(Int64.self), count: labels.count).first {
        $0 != Int64(ignoreIndex) && !(0..<Int64(classes)).contains($0)
      }
    }
    return DomainError(
      .index, "label \(bad ?? -1) is not one of the \(classes) classes 0..<\(classes)")
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

  /// T² · KL(softmax(p / T) ‖ softmax(q / T)) over the last axis of two tensors of logits [rows…, classes], one number
  /// a row (Hinton 2015: the factor T² keeps gradients of one size for every temperature). Gradients flow to both. With
  /// the teacher as p this is the forward divergence, with the teacher as q the reverse one.
  public static func divergence(of p: Tensor, from q: Tensor, temperature: Double = 1) throws
    -> Tensor
  {
    guard p.shape == q.shape, let classes = p.shape.last, classes > 0 else {
      throw DomainError(
        .shape,
        "a divergence needs two tensors of logits of one shape, got \(p.shape) and \(q.shape)"
      )
    }
    try checkTemperature(temperature)
    let (x, y) = (try Check.floats(p, "divergence"), try Check.floats(q, "divergence"))
    let shape = Shape(p.shape.dropLast())
    let losses = try Tensor.uninitialized(shape)
    let recording = Tape.isRecording
    let dp = recording && p.requiresGradient ? try Tensor.uninitialized(x.shape) : nil
    let dq = recording && q.requiresGradient ? try Tensor.uninitialized(x.shape) : nil
    let size = RowBlocks.size(width: classes)
    let scratch = try Tensor.uninitialized([(losses.count + size - 1) / size, 2 * classes])
    var settings = fl_distillation()
    settings.temperature = Float(temperature)
    settings.soft_weight = Float(temperature * temperature)
    /// The divergence of each row, and its gradient by the first of the two.
    func run(_ kind: Int, _ student: Tensor, _ teacher: Tensor, _ gradient: Tensor?) {
      settings.divergence = Int32(kind)
      withUnsafePointer(to: settings) { settings in
        Parallel.blocks(losses.count, size: size) {
          let (row, start) = ($0.lowerBound, $0.lowerBound * classes)
          _ = fl_distillation_f32(
            $0.count, classes, student.floats + start, teacher.floats + start, nil, settings, nil,
            scratch.floats + row / size * 2 * classes, losses.floats + row, nil,
            gradient.map { $0.floats + start })
        }
      }
    }
    withExtendedLifetime((x, y, scratch)) {
      if let dp { run(FL_REVERSE_KL, x, y, dp) }
      if dp == nil || dq != nil { run(FL_FORWARD_KL, y, x, dq) }
      fl_scale_f32(
        losses.count, Float(temperature * temperature), losses.floats, losses.floats)
    }
    return Tape.record("divergence", inputs: [p, q], output: losses) { request in
      let g = try request.gradient.contiguous()
      func scaled(_ gradient: Tensor?) throws -> Tensor? {
        guard let gradient else { return nil }
        let dx = try Tensor.uninitialized(gradient.shape)
        Parallel.blocks(g.count, size: size) {
          let start = $0.lowerBound * classes
          fl_mul_vc_f32(
            $0.count, classes, gradient.floats + start, g.floats + $0.lowerBound, dx.floats + start
          )
        }
        return withExtendedLifetime((g, gradient)) { dx }
      }
      return BackwardResult(inputs: [try scaled(dp), try scaled(dq)])
    }
  }

  /// Outside of 1e-3 … 1e3 logits divided by a temperature, and gradients times its square, leave the range of f32.
  public static func checkTemperature(_ temperature: Double) throws(DomainError) {
    guard temperature >= 1e-3, temperature <= 1e3 else {
      throw DomainError(
        .value, "the temperature must be within 0.001 and 1000, got \(temperature)")
    }
  }

  /// PyTorch's `CosineEmbeddingLoss` over the last axis, one number a row: 1 - cos(a, b) where `targets` is 1
  /// (everywhere, if it is nil), max(0, cos(a, b) - margin) where it is -1.
  public static func cosineEmbedding(
    _ a: Tensor, _ b: Tensor, targets: Tensor? = nil, margin: Double = 0
  ) throws -> Tensor {
    guard a.shape == b.shape, a.rank > 0 else {
      throw DomainError(
        .shape, "a cosine needs two tensors of one shape, got \(a.shape) and \(b.shape)")
    }
    try Check.finite(margin, "the margin", atLeast: -1)
    // PyTorch's ε.
    let epsilon = 1e-12
    let product = try (a * b).sum(axes: [-1])
    let squares =
      try (a.square().sum(axes: [-1]) + epsilon) * (b.square().sum(axes: [-1]) + epsilon)
    let cosine = try product / squares.sqrt()
    guard let targets else { return try 1 - cosine }
    let wanted = try targets.detached.cast(to: cosine.dtype)
    guard wanted.shape == cosine.shape else {
      throw DomainError(
        .shape, "the cosine's targets have shape \(wanted.shape), its rows \(cosine.shape)")
    }
    guard try wanted.doubles().allSatisfy({ $0 == 1 || $0 == -1 }) else {
      throw DomainError(.value, "the targets of a cosine loss are 1 or -1")
    }
    let alike = try (wanted + 1) / 2
    return try alike * (1 - cosine) + (1 - alike) * (cosine - margin).relu()
  }

  /// How many labels [examples, …] of each example are not `ignoreIndex`.
  public static func counts(_ labels: Tensor, ignoreIndex: Int) throws -> [Int] {
    let (examples, values) = (labels.shape[0], try labels.detached.cast(to: .i64).contiguous())
    let time = values.count / max(1, examples)
    return withExtendedLifetime(values) {
      let values = UnsafeBufferPointer(start: values.pointer(Int64.self), count: values.count)
      return (0..<examples).map { example in
        values[example * time..<(example + 1) * time].count { $0 != Int64(ignoreIndex) }
      }
    }
  }

  /// The mean over everything but axis 0.
  static func perExample(_ losses: Tensor, of output: Tensor) throws -> Tensor {
    guard losses.rank > 1 else { return losses }
    return try losses.mean(axes: Array(1..<losses.rank))
  }
}
