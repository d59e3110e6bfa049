import CKernels
import Foundations
import Tensors

/// DP-SGD (Abadi et al. 2016, arXiv 1607.00133) by book-keeping (Bu et al. 2022, arXiv 2210.00038): one forward and one
/// backward pass, each example's gradient norm from the rules, then one weighted sum; the noise is added while the
/// optimizer reads the sum.
extension TrainingStep {
  /// `parts` are those of one step's examples that are in memory at a time.
  func privateStep(_ parts: [Batch], _ options: PrivateOptions) throws -> StepResult {
    let examples = parts.reduce(0) { $0 + ($1.units?.count ?? $1.count) }
    let bound = options.quantile == nil ? options.bound : clippingBound ?? options.bound
    let bounds = options.layers.map { layerBounds($0, bound: bound) }
    guard options.quantile == nil || bounds == nil else {
      throw DomainError(.value, "a bound that follows a quantile is one for all layers together")
    }
    let multiplier =
      try options.quantile?.gradientNoise(total: options.noiseMultiplier)
      ?? options.noiseMultiplier
    let sinks = try privateSinks(bounds != nil)
    for sink in sinks { sink.begin() }
    var total = 0.0
    var clipped = 0
    for (number, part) in parts.enumerated() {
      let clipping = Clipping(rule: options.rule, bound: bound, layerBounds: bounds)
      let (loss, count) = try Cancellation.abandonable {
        try addClipped(part, clipping, number, into: sinks)
      }
      total += loss
      clipped += count
    }
    let deviations = deviations(
      options.noiseShape, multiplier: multiplier * (options.correlation?.scale ?? 1), bound: bound,
      layerBounds: bounds)
    if let correlation = options.correlation {
      for sink in sinks {
        try addEarlierNoise(correlation, deviations: deviations, noise: options.noise, into: sink)
      }
    }
    try release(
      sources(in: sinks), scale: 1 / options.expectedBatch, deviations: deviations,
      stream: options.noise.stream(stepCount), observes: options.layers == .runningMedian,
      variance: options.correlation.map { $0.variance(stepCount % $0.stepsPerPass) } ?? 1)
    if let quantile = options.quantile {
      let share = quantile.share(
        within: examples - clipped, of: examples, expected: options.expectedBatch, step: stepCount)
      clippingBound = quantile.next(bound, share: share, first: options.bound)
    }
    return StepResult(
      examples: examples, loss: total / Double(examples), clipped: clipped,
      clippable: examples * sinks.count)
  }

  /// The noised update, checked the first time.
  func release(
    _ sources: [StepGradients.Source], scale: Double, deviations: [Float], stream: fl_stream,
    observes: Bool, variance: Double = 1
  ) throws {
    let gradients = StepGradients(
      sources: sources, scale: Float(scale), deviations: deviations, stream: stream,
      noiseVariance: variance)
    if observes { try observeReleased(gradients) }
    guard stepCount == 0 else {
      try update(gradients)
      return
    }
    let check = try SafetyCheck(layout, gradients, promised: deviations)
    try update(gradients)
    try check.verify(rate: optimizer.rate)
  }

  /// One sink for everything, or one for each layer where each has its own weights.
  private func privateSinks(_ layerwise: Bool) throws -> [GradientSink] {
    guard layerwise else { return [sink] }
    if layerSinks.isEmpty {
      let tables = Set(
        layout.parameters.filter { parameter in
          sink.index(of: parameter).map { sink.sparse($0) != nil } ?? false
        })
      layerSinks = try layers.map { layer in
        try GradientSink(layer.members.map { layout.parameters[$0] }, sparse: tables)
      }
    }
    return layerSinks
  }

  private func sources(in sinks: [GradientSink]) throws -> [StepGradients.Source] {
    try layout.parameters.map { parameter in
      for sink in sinks {
        if let index = sink.index(of: parameter) {
          return try source(index, of: parameter, in: sink)
        }
      }
      return StepGradients.Source()
    }
  }

  /// How a private step turns norms into weights.
  struct Clipping {
    let rule: ClippingRule
    let bound: Double
    /// Bounds of the layers; nil for flat clipping.
    let layerBounds: [Double]?

    func bound(_ layer: Int) -> Double { layerBounds?[layer] ?? bound }

    func weight(_ norm: Double, _ layer: Int) -> Float {
      rule.weight(norm: norm, bound: bound(layer))
    }
  }

  /// Adds the clipped gradients of a batch; returns the sum of its losses and how many gradients were clipped.
  func addClipped(
    _ batch: Batch, _ clipping: Clipping, _ number: Int, into sinks: [GradientSink]
  ) throws -> (loss: Double, clipped: Int) {
    if let units = batch.units {
      return try addOneByOne(batch, units, clipping, number, into: sinks)
    }
    if let (loss, rules) = try together(batch, number) {
      return (loss, try addClipped(consume rules, batch.count, clipping, into: sinks))
    }
    return try addOneByOne(
      batch, (0..<batch.count).map { $0..<($0 + 1) }, clipping, number, into: sinks)
  }

  // MARK: Who sees whom

  /// The sum of the losses of a batch and the rules of its gradients, computed for all examples at once; nil where it
  /// is not known that none of them saw another, and from then on.
  ///
  /// The promise of DP-SGD is that the sum over the examples moves by no more than the bound when one of them joins or
  /// leaves: each example's gradient must be a function of that example, of the parameters and of randomness that
  /// depends on no example. It is where each is computed from a batch of one; and where all are computed at once by
  /// operations each of which gives every example what it would give it alone. So each layer and loss, and each
  /// operation of a script, vouches for itself in every step.
  func together(_ batch: Batch, _ number: Int = 0) throws -> (
    loss: Double, rules: [any GradientRule]
  )? {
    guard !isExampleByExample else { return nil }
    if let reason = reasonAgainst(batch) {
      try goExampleByExample(reason)
      return nil
    }
    let separation = Separation(examples: batch.count, isPadded: batch.isPadded)
    let value: Tensor
    do {
      value = try forward(batch, number, separation: separation)
    } catch {
      // What fails for several at once may work for one; what is stopped is to stop.
      try Cancellation.check()
      guard let reason = separation.reason else { throw error }
      try goExampleByExample(reason)
      return nil
    }
    if let reason = separation.reason ?? reasonAgainstRules(value, batch) {
      try goExampleByExample(reason)
      return nil
    }
    let loss = try Tape.withoutRecording { try value.detached.sum().item() }
    try requireFinite(loss)
    let rules = try Tape.capture(value, seed: .ones(value.shape)).rules
    guard rules.allSatisfy({ $0.exampleCount == batch.count }) else {
      try goExampleByExample("a layer is used with another first axis than that of the examples")
      return nil
    }
    return (loss, rules)
  }

  /// Why nobody vouches that the examples of a batch are kept apart; nil where all do.
  private func reasonAgainst(_ batch: Batch) -> String? {
    guard loss.keepsExamplesApart else { return "the loss is not known to keep examples apart" }
    guard let layer = model.firstMixing(padded: batch.isPadded) else { return nil }
    return layer.keepsExamplesApart(padded: false)
      ? "`\(layer.kind)` sees how long the longest example of a batch is"
      : "`\(layer.kind)` is not known to keep examples apart"
  }

  /// Why rules cannot tell the examples of this loss apart; nil where they can.
  private func reasonAgainstRules(_ loss: Tensor, _ batch: Batch) -> String? {
    if !isPerExample(loss, batch) { return "the loss gives one number for the whole batch" }
    if let parameter = Tape.unruledParameters(of: loss).first {
      return "parameter `\(parameter.name)` is used outside of a layer"
    }
    return nil
  }

  func goExampleByExample(_ reason: String) throws {
    let unit: String
    if case .microBatch = method { unit = "micro-batch" } else { unit = "example" }
    guard exampleByExample != false else {
      throw DomainError(
        .privacy, "the examples of a step cannot be computed at once: \(reason)",
        hint: "`example_by_example: nil` computes \(unit) by \(unit) where that is so")
    }
    isExampleByExample = true
    pendingNotice =
      "private training runs \(unit) by \(unit), which is slow: \(reason); model and loss then see one \(unit) at a time"
  }

  /// Called when something has been computed by itself without an error.
  func giveNotice() {
    if let pendingNotice { onNotice(pendingNotice) }
    pendingNotice = nil
  }

  // MARK: With rules

  private func addClipped(
    _ rules: consuming [any GradientRule], _ count: Int, _ clipping: Clipping,
    into sinks: [GradientSink]
  ) throws -> Int {
    var rules = rules
    var clipped = 0
    let weights = try Tensor.uninitialized([count])
    for (layer, sink) in sinks.enumerated() {
      let norms = try squaredNorms(rules, count, for: sinks.count == 1 ? nil : layer)
      for example in 0..<count {
        let squared = Double(norms.floats[example])
        guard squared.isFinite else { throw TrainingStep.diverged }
        let norm = max(0, squared).squareRoot()
        weights.floats[example] = clipping.weight(norm, layer)
        if norm > clipping.bound(layer) { clipped += 1 }
      }
      guard layer == sinks.count - 1 else {
        for rule in rules { try rule.accumulate(weights: weights.floats, into: sink) }
        continue
      }
      // What a rule held makes room for the gradients of the next.
      rules.reverse()
      while let rule = rules.popLast() {
        try rule.accumulate(weights: weights.floats, into: sink)
      }
    }
    return withExtendedLifetime(weights) { clipped }
  }

  static let diverged = DomainError(
    .value, "the gradient of an example is not finite: the training diverged",
    hint: "lower the learning rate")

  /// Each example's squared gradient norm over all parameters, or over those of one layer.
  func squaredNorms(_ rules: [any GradientRule], _ count: Int, for layer: Int?) throws -> Tensor {
    let norms = try Tensor.zeros([count])
    let members: Set<Parameter>? = layer.map { layer in
      Set(layers[layer].members.map { layout.parameters[$0] })
    }
    var uses: [Parameter: Int] = [:]
    for rule in rules { for parameter in rule.parameters { uses[parameter, default: 0] += 1 } }
    var shared: [Parameter: Tensor] = [:]
    var tied: Set<Parameter> = []
    for parameter in layout.parameters
    where uses[parameter] == 2 && members?.contains(parameter) ?? true {
      guard let pair = TiedRules.pair(rules, of: parameter) else { continue }
      try pair.addSquaredNorms(to: norms.floats)
      tied.insert(parameter)
    }
    for rule in rules {
      let trained = rule.parameters.filter { $0.requiresGradient }
      if trained.allSatisfy({ uses[$0] == 1 && members?.contains($0) ?? true }) {
        try rule.addSquaredNorms(to: norms.floats)
        continue
      }
      for (index, parameter) in rule.parameters.enumerated()
      where parameter.requiresGradient && !tied.contains(parameter)
        && members?.contains(parameter) ?? true
      {
        if uses[parameter] == 1 {
          try rule.addSquaredNorms(ofParameter: index, to: norms.floats)
        } else {
          // The norm of a sum is not the sum of the norms: add the gradients up first.
          let gradients = try rule.perExample(index)
          shared[parameter] = try shared[parameter].map { try $0 + gradients } ?? gradients
        }
      }
    }
    for parameter in layout.parameters {
      guard let gradients = shared[parameter] else { continue }
      for example in 0..<count {
        let from = UnsafePointer(gradients.floats) + example * parameter.count
        norms.floats[example] += Float(from.sumOfSquares(parameter.count))
      }
    }
    return norms
  }

  // MARK: Without rules

  /// The exact slow way: each unit's gradient by itself, a unit being an example or all examples of one person.
  private func addOneByOne(
    _ batch: Batch, _ units: [Range<Int>], _ clipping: Clipping, _ number: Int,
    into sinks: [GradientSink]
  ) throws -> (loss: Double, clipped: Int) {
    let single = try GradientSink(layout.parameters, sparse: [])
    var total = 0.0
    var clipped = 0
    for (unit, range) in units.enumerated() {
      single.begin()
      let weight = batch.averagesUnits ? 1 / Double(range.count) : 1
      for start in stride(from: range.lowerBound, to: range.upperBound, by: physicalLimit) {
        let part = try batch.slice(start..<min(start + physicalLimit, range.upperBound))
        total += try accumulate(
          part, weights: [Double](repeating: weight, count: part.count),
          number: number << 32 + unit + start - range.lowerBound, into: single)
      }
      giveNotice()
      try single.densify()
      for (layer, sink) in sinks.enumerated() {
        let bound = clipping.bound(layer)
        guard let norm = try sink.add(single, clippedBy: clipping.rule, to: bound) else {
          throw TrainingStep.diverged
        }
        if norm > bound { clipped += 1 }
      }
      noteGradients(single)
    }
    try requireSomethingToLearn()
    return (total, clipped)
  }

  /// Notes to which parameters an example by itself gives a gradient, until that has been told.
  private func noteGradients(_ gradients: GradientSink) {
    guard silent != nil else { return }
    silent?.examples += 1
    for (index, parameter) in gradients.parameters.enumerated() {
      guard let values = gradients.values(index) else { continue }
      if UnsafePointer(values).sumOfSquares(parameter.count) > 0 {
        silent?.parameters.remove(parameter)
      }
    }
  }

  /// What compares the examples of a batch with each other (a contrastive loss, a normalisation by the batch's mean)
  /// has nothing to compare one example with: said once, and refused where nothing at all would be learnt.
  private func requireSomethingToLearn() throws {
    guard let silent, silent.examples > 1 else { return }
    self.silent = nil
    guard !silent.parameters.isEmpty, exampleByExample != true else { return }
    guard silent.parameters.count == layout.parameters.count else {
      let names = silent.parameters.map { "`\($0.name)`" }.sorted()
      return onNotice(
        "one example by itself gives \(names.joined(separator: ", ")) no gradient: what compares the examples of a batch has nothing to compare one with"
      )
    }
    throw DomainError(
      .privacy,
      "an example by itself has no gradient: private training shows the loss one example at a time, and from one alone it learns nothing",
      detail:
        "a loss that compares the examples of a batch with each other has none to compare with",
      hint:
        "make the pairs to be compared the examples, or use `method: \"edp-sgd\"`, which shows the loss whole micro-batches; `example_by_example: true` trains all the same"
    )
  }
}
