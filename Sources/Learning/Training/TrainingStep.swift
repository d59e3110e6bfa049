import CKernels
import Foundations
import Tensors

/// What one step did.
public struct StepResult: Sendable {
  public var examples: Int
  /// The mean loss before the step, weighted as the step weights its examples; nan for an empty batch.
  public var loss: Double
  /// Of how many examples (or micro-batches and layers) the gradient was clipped. Not private.
  public var clipped: Int
  /// How many gradients were looked at for clipping.
  public var clippable: Int
}

/// One training step of any kind, private or not: forward, backward, gradients, update. One engine serves all: the
/// backward pass leaves gradient rules, and the kinds differ only in what they ask the rules for.
///
/// Read next: `TrainingStep+Private` (DP-SGD by book-keeping), `TrainingStep+MicroBatch` (eDP-SGD), `Optimizer`.
public final class TrainingStep {
  public let model: Layer
  public let loss: Loss
  public let optimizer: Optimizer
  public var method: TrainingMethod
  /// Examples that are in memory at a time; larger batches are computed in parts, with the same result up to rounding.
  public var physicalLimit: Int
  /// Without privacy: the length to which a longer gradient of all parameters together is shortened (Pascanu 2013,
  /// PyTorch's `clip_grad_norm_`). Nil: no bound.
  public var gradientBound: Double?
  /// Without privacy: added to the gradient before it is clipped. Nil: nothing.
  public var correction: GradientCorrection?
  /// Memory for corrected gradients, made when first needed.
  var correctionScratch: Tensor?
  /// Private training computes the examples of a step at once where it is known that none can see another, and one by
  /// one elsewhere. True: always one by one, whatever that teaches the model. False: refuse what is not known to keep
  /// them apart. (With micro-batches: one micro-batch at a time.)
  public var exampleByExample: Bool? { didSet { isExampleByExample = exampleByExample == true } }
  /// Called with a sentence when something runs slower than it might, once for each reason.
  public var onNotice: (String) -> Void = { _ in }
  public internal(set) var stepCount = 0

  let layout: ParameterLayout
  let sink: GradientSink
  /// The layers of layer-wise clipping: for each the indices of its parameters in `layout`.
  let layers: [(name: String, members: [Int])]
  /// ‖θ_l‖² of each parameter, kept up to date by the optimizer's pass; empty where nobody asks.
  var squaredWeights: [Double] = []
  var medians: RunningMedians
  /// Set once examples have been found not to be kept apart: then every step is computed example by example.
  var isExampleByExample = false
  /// What is to be said of that once an example by itself has been computed.
  var pendingNotice: String?
  /// Parameters that have had no gradient from any of the examples that were computed by themselves; nil once that has
  /// been told.
  var silent: (parameters: Set<Parameter>, examples: Int)?
  /// The bound that follows a quantile of the norms; nil before the first step, and where it stays.
  var clippingBound: Double?
  /// Scratch of private and micro-batch steps, made when first needed.
  var microSinks: [GradientSink] = []
  var layerSinks: [GradientSink] = []
  private var key: RandomKey

  /// `key` names the random numbers of dropout. Throws where nothing is trainable.
  public init(
    model: Layer, loss: Loss, optimizer: Optimizer, method: TrainingMethod = .plain,
    key: RandomKey, physicalLimit: Int = 4096
  ) throws {
    let named = model.namedParameters.filter(\.parameter.requiresGradient)
    guard !named.isEmpty else {
      throw DomainError(.value, "the model has no parameter that is trained")
    }
    for (name, parameter) in named { parameter.name = name }
    self.model = model
    self.loss = loss
    self.optimizer = optimizer
    self.method = method
    self.key = key
    self.physicalLimit = max(1, physicalLimit)
    layout = ParameterLayout(named.map(\.parameter))
    sink = try GradientSink(layout.parameters, sparse: TrainingStep.tables(of: model))
    layers = TrainingStep.layers(model, layout, method)
    medians = RunningMedians(layers.count)
    silent = (Set(layout.parameters), 0)
    try optimizer.prepare(layout)
  }

  /// Begins anew with the parameters as they are: no step made, the optimizer without state. For many short trainings
  /// one after the other.
  public func restart(key: RandomKey) {
    self.key = key
    stepCount = 0
    optimizer.reset()
  }

  /// Runs one step on `batch`, which may be empty: a private step then still adds its noise.
  public func run(_ batch: Batch) throws -> StepResult { try run([batch]) }

  /// Runs one step on the examples of several batches, as if they were one: gradients are accumulated. Micro-batches
  /// lie across the whole batch, so their method takes one batch only.
  public func run(_ batches: [Batch]) throws -> StepResult {
    defer { stepCount += 1 }
    guard !method.isPrivate || gradientBound == nil else {
      throw DomainError(
        .value, "a gradient bound is for training without privacy: a private step clips by itself")
    }
    if case .plain = method {
    } else if correction != nil {
      throw DomainError(.value, "a correction of the gradient is for training without privacy")
    }
    discardGradients()
    let parts = try batches.flatMap { $0.units == nil ? try $0.chunks(physicalLimit) : [$0] }
    switch method {
    case .plain: return try plainStep(parts)
    case .private(let options): return try privateStep(parts, options)
    case .microBatch(let options):
      guard batches.count == 1 else {
        throw DomainError(
          .value, "a step with micro-batches takes its examples in one batch, got \(batches.count)")
      }
      return try microBatchStep(batches[0], options)
    }
  }

  /// Tables whose gradients are few rows: the weights of embeddings that nothing else uses.
  private static func tables(of model: Layer) -> Set<Parameter> {
    var owners: [Parameter: Int] = [:]
    var tables: Set<Parameter> = []
    func visit(_ layer: Layer) {
      for (_, parameter) in layer.ownParameters { owners[parameter, default: 0] += 1 }
      if let embedding = layer as? Embedding { tables.insert(embedding.weight) }
      for (_, child) in layer.children { visit(child) }
    }
    visit(model)
    return tables.filter { owners[$0] == 1 }
  }

  private static func layers(
    _ model: Layer, _ layout: ParameterLayout, _ method: TrainingMethod
  ) -> [(name: String, members: [Int])] {
    let grouping: LayerGrouping =
      switch method {
      case .plain: .layer
      case .private(let options): options.grouping
      case .microBatch(let options): options.grouping
      }
    if grouping == .tensor {
      return layout.parameters.enumerated().map { ($1.name, [$0]) }
    }
    let index = Dictionary(
      layout.parameters.enumerated().map { ($1, $0) }, uniquingKeysWith: { a, _ in a })
    return model.parameterGroups.map { group in
      (group.name, group.parameters.compactMap { index[$0] })
    }
  }

  // MARK: Forward

  /// The loss of `batch` with its trace. `number` tells apart several passes of one step; `weights` are what the
  /// examples' gradients are going to be multiplied with, where that is known; `separation` watches that no example
  /// sees another.
  func forward(
    _ batch: Batch, _ number: Int = 0, weights: [Float]? = nil, separation: Separation? = nil
  ) throws -> Tensor {
    let key = key.derived("step", stepCount, number)
    let value = try Tape.withRecording {
      try ForwardContext.training(key, lossWeights: weights, separation: separation) {
        try Cancellation.abandonable { try loss.value(model, batch) }
      }
    }
    guard value.count == 1 || value.shape == [batch.count] else {
      throw DomainError(
        .shape,
        "the loss must give one number per example (shape [\(batch.count)]) or one for the batch, got shape \(value.shape)"
      )
    }
    return value
  }

  /// Whether a loss has one number per example.
  func isPerExample(_ loss: Tensor, _ batch: Batch) -> Bool { loss.shape == [batch.count] }

  /// Adds the gradient of the sum over the batch to a sink, each example times its weight (nil: 1); returns the
  /// weighted sum of the losses. Throws before the gradients are computed where that is not finite. `onComplete` as in
  /// `Tape.backward`.
  func accumulate(
    _ batch: Batch, weights: [Double]? = nil, number: Int, into sink: GradientSink,
    onComplete: ((Int) throws -> Void)? = nil
  ) throws -> Double {
    let weights = (weights ?? [Double](repeating: 1, count: batch.count)).map(Float.init)
    let value = try forward(batch, number, weights: weights)
    let total: Double
    let seed: Tensor
    if isPerExample(value, batch) {
      let losses = try value.detached.cast(to: .f64).array(Double.self)
      total = zip(losses, weights).reduce(0) { $0 + ($1.1 > 0 ? $1.0 * Double($1.1) : 0) }
      seed = try Tensor(weights).cast(to: value.dtype)
    } else {
      let sum = weights.reduce(0) { $0 + Double($1) }
      total = try value.item() * sum
      seed = try .full(value.shape, sum)
    }
    try requireFinite(total)
    try Cancellation.abandonable {
      try Tape.backward(value, seed: seed, into: sink, onComplete: onComplete)
    }
    return total
  }

  /// Throws where the loss says that the training diverged: the model then keeps the parameters that it had before the
  /// step.
  func requireFinite(_ loss: Double) throws {
    guard loss.isFinite else {
      throw DomainError(
        .value,
        "the loss is \(loss.isNaN ? "nan" : "infinite") in step \(stepCount + 1): the training diverged",
        hint: "lower the learning rate")
    }
  }

  // MARK: The ordinary step

  private func plainStep(_ parts: [Batch]) throws -> StepResult {
    let count = parts.reduce(0) { $0 + $1.count }
    guard count > 0 else {
      return StepResult(examples: 0, loss: .nan, clipped: 0, clippable: 0)
    }
    sink.begin()
    let terms = try parts.map { try loss.terms($0) ?? [Int](repeating: 1, count: $0.count) }
    let allTerms = Double(max(1, terms.reduce(0) { $0 + $1.reduce(0, +) }))
    // Where nothing is to be known of all gradients together, big parameters are updated as soon as their gradient is
    // there.
    if parts.count == 1, gradientBound == nil, correction == nil {
      let loss = try updateAlong(parts[0], weights: terms[0].map { Double($0) / allTerms })
      return StepResult(examples: count, loss: loss, clipped: 0, clippable: 0)
    }
    var mean = 0.0
    for (number, part) in parts.enumerated() {
      mean += try accumulate(
        part, weights: terms[number].map { Double($0) / allTerms }, number: number, into: sink)
    }
    var sources = try sources(in: sink)
    if let correction { sources = try corrected(sources, correction) }
    var result = StepResult(examples: count, loss: mean, clipped: 0, clippable: 0)
    var scale = 1.0
    if let gradientBound {
      // PyTorch's ε.
      let norm = gradientNorm(sources)
      guard norm.isFinite else { throw TrainingStep.divergedGradient }
      scale = min(1, gradientBound / (norm + 1e-6))
      result.clippable = 1
      if scale < 1 { result.clipped = 1 }
    }
    try update(StepGradients(sources: sources, scale: Float(scale)))
    return result
  }

  /// A step on one batch that does not keep the gradients of big parameters until its end: they would be as large as
  /// the model. Where the backward pass itself fails (memory runs out), the parameters that it has passed have already
  /// moved.
  private func updateAlong(_ batch: Batch, weights: [Double]) throws -> Double {
    var waiting = Array(layout.parameters.indices)
    var hasBegun = false
    defer { if hasBegun { Cancellation.letGo() } }
    func update(_ members: [Int]) throws {
      let beginsStep = !hasBegun
      // From here on the step comes to its end.
      if beginsStep { try Cancellation.holdBack() }
      hasBegun = true
      var gradients = StepGradients(
        sources: Array(repeating: StepGradients.Source(), count: layout.parameters.count), scale: 1)
      for member in members {
        gradients.sources[member] = try source(member, of: layout.parameters[member], in: sink)
      }
      try optimizer.update(members, gradients, beginsStep: beginsStep)
    }
    let loss = try accumulate(batch, weights: weights, number: 0, into: sink) { member in
      guard self.layout.parameters[member].count >= self.bigParameter,
        self.sink.sparse(member) == nil, let place = waiting.firstIndex(of: member)
      else { return }
      waiting.remove(at: place)
      try update([member])
      self.sink.discard(member)
    }
    try update(waiting)
    return loss
  }

  /// Elements from which on a pass over a single parameter costs no more than its share of one over all.
  var bigParameter = 1 << 16

  /// Gives back what the last step's gradients took, for the next one's forward pass.
  func discardGradients() {
    for sink in [sink] + layerSinks + microSinks {
      for index in sink.parameters.indices { sink.discard(index) }
    }
  }

  private static let divergedGradient = DomainError(
    .value, "the gradient is not finite: the training diverged", hint: "lower the learning rate")

  /// The norm of what `sources` of `sink` say, all parameters together.
  private func gradientNorm(_ sources: [StepGradients.Source]) -> Double {
    var squares = 0.0
    for (index, source) in sources.enumerated() {
      guard let values = source.values else { continue }
      let rows = source.rowMap == nil ? nil : sink.sparse(index)?.rowCount
      squares += values.sumOfSquares(
        rows.map { $0 * source.width } ?? layout.parameters[index].count)
    }
    return squares.squareRoot()
  }

  // MARK: Update

  /// Where each parameter's gradient lies in `sink`.
  func sources(in sink: GradientSink) throws -> [StepGradients.Source] {
    try layout.parameters.map { parameter in
      guard let index = sink.index(of: parameter) else { return StepGradients.Source() }
      return try source(index, of: parameter, in: sink)
    }
  }

  func source(_ index: Int, of parameter: Parameter, in sink: GradientSink) throws
    -> StepGradients.Source
  {
    try sink.mergeRows(index)
    if let table = sink.sparse(index), table.rowCount > 0 {
      return StepGradients.Source(
        values: UnsafePointer(table.values), rowMap: table.rowMap, width: table.width)
    }
    return StepGradients.Source(values: sink.values(index).map { UnsafePointer($0) })
  }

  /// One pass of the optimizer over everything; the gradients must stay where they are until it returns.
  func update(_ gradients: StepGradients) throws {
    try Cancellation.finishing {
      if squaredWeights.isEmpty { return try optimizer.step(gradients) }
      try squaredWeights.withUnsafeMutableBufferPointer {
        try optimizer.step(gradients, squaredNorms: $0.baseAddress)
      }
    }
  }
}
