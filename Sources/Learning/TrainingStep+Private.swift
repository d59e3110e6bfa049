import CKernels
import Tensor

/// DP-SGD by book-keeping (Bu et al. 2022, arXiv 2210.00038): one forward and one backward pass, each example's gradient norm from the
/// rules, then one weighted sum; the noise is added while the optimizer reads the sum.
extension TrainingStep {
  /// `parts` are those of one step's examples that are in memory at a time.
  func privateStep(_ parts: [Batch], _ options: PrivateOptions) throws -> StepResult {
    let examples = parts.reduce(0) { $0 + $1.count }
    let bounds = options.layers.map { layerBounds($0, bound: options.bound) }
    let sinks = try privateSinks(bounds != nil)
    for sink in sinks { sink.begin() }
    if !isVerified, let first = parts.first { try verifyRules(first) }
    var total = 0.0
    var clipped = 0
    for (number, part) in parts.enumerated() {
      let clipping = Clipping(rule: options.rule, bound: options.bound, layerBounds: bounds)
      let (loss, count) = try addClipped(part, clipping, number, into: sinks)
      total += loss
      clipped += count
    }
    let deviations = deviations(
      options.noiseShape, multiplier: options.noiseMultiplier, bound: options.bound,
      layerBounds: bounds)
    try release(
      sources(in: sinks), scale: 1 / options.expectedBatch, deviations: deviations,
      stream: options.noise.stream(stepCount), observes: options.layers == .runningMedian)
    return StepResult(
      examples: examples, loss: total / Double(examples), clipped: clipped,
      clippable: examples * sinks.count)
  }

  /// The noised update, checked the first time.
  func release(
    _ sources: [StepGradients.Source], scale: Double, deviations: [Float], stream: fl_stream,
    observes: Bool
  ) throws {
    let gradients = StepGradients(
      sources: sources, scale: Float(scale), deviations: deviations, stream: stream)
    if observes { try observeReleased(gradients) }
    guard stepCount == 0 else {
      try update(sources, scale: scale, deviations: deviations, stream: stream)
      return
    }
    let check = try SafetyCheck(layout, gradients, promised: deviations)
    try update(sources, scale: scale, deviations: deviations, stream: stream)
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
  }

  /// Adds the clipped gradients of a batch; returns the sum of its losses and how many gradients were clipped.
  private func addClipped(
    _ batch: Batch, _ clipping: Clipping, _ number: Int, into sinks: [GradientSink]
  ) throws -> (loss: Double, clipped: Int) {
    if !isExampleByExample {
      let value = try forward(batch, number)
      if let reason = reasonAgainstRules(value, batch) {
        goExampleByExample(reason)
      } else {
        let loss = try Tape.withoutRecording { try value.detached.sum().item() }
        try requireFinite(loss)
        let rules = try Tape.capture(value, seed: .ones(value.shape)).rules
        if rules.allSatisfy({ $0.exampleCount == batch.count }) {
          return (loss, try addClipped(consume rules, batch.count, clipping, into: sinks))
        }
        goExampleByExample("a layer is used with another first axis than that of the examples")
      }
    }
    return try addOneByOne(batch, clipping, number, into: sinks)
  }

  /// Why rules cannot tell the examples of this loss apart; nil where they can.
  private func reasonAgainstRules(_ loss: Tensor, _ batch: Batch) -> String? {
    if !isPerExample(loss, batch) { return "the loss gives one number for the whole batch" }
    if let parameter = Tape.unruledParameters(of: loss).first {
      return "parameter `\(parameter.name)` is used outside of a layer"
    }
    return nil
  }

  func goExampleByExample(_ reason: String) {
    isExampleByExample = true
    onNotice("private training runs example by example, which is slow: \(reason)")
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
        weights.floats[example] = Float(
          clipping.rule.factor(norm: norm, bound: clipping.bound(layer)))
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

  /// The exact slow way: each example's gradient by itself.
  private func addOneByOne(
    _ batch: Batch, _ clipping: Clipping, _ number: Int, into sinks: [GradientSink]
  ) throws -> (loss: Double, clipped: Int) {
    let single = try GradientSink(layout.parameters, sparse: [])
    var total = 0.0
    var clipped = 0
    for example in 0..<batch.count {
      single.begin()
      total += try accumulate(
        batch.slice(example..<(example + 1)), number: number * batch.count + example,
        into: single)
      try single.densify()
      for (layer, sink) in sinks.enumerated() {
        var squared = 0.0
        for parameter in sink.parameters {
          guard let index = single.index(of: parameter), let values = single.values(index) else {
            continue
          }
          squared += UnsafePointer(values).sumOfSquares(parameter.count)
        }
        guard squared.isFinite else { throw TrainingStep.diverged }
        let norm = squared.squareRoot()
        let weight = Float(clipping.rule.factor(norm: norm, bound: clipping.bound(layer)))
        if norm > clipping.bound(layer) { clipped += 1 }
        for (target, parameter) in sink.parameters.enumerated() {
          guard let index = single.index(of: parameter), let values = single.values(index) else {
            continue
          }
          let (pointer, accumulate) = try sink.target(target)
          fl_axpby_f32(parameter.count, weight, values, accumulate ? 1 : 0, pointer)
        }
      }
    }
    return (total, clipped)
  }

  // MARK: Verification

  /// Before the first private step: do the rules' norms of some examples in the batch equal those of the examples by themselves?
  /// They do not where a model mixes examples or uses a layer with another first axis; then no rule is trusted.
  private func verifyRules(_ batch: Batch) throws {
    isVerified = true
    let part = try batch.slice(0..<min(batch.count, physicalLimit))
    let together = try forward(part, training: false)
    guard reasonAgainstRules(together, part) == nil else { return }
    let rules = try Tape.capture(together, seed: .ones(together.shape)).rules
    guard rules.allSatisfy({ $0.exampleCount == part.count }) else { return }
    let norms = try squaredNorms(rules, part.count, for: nil)
    for example in Set([0, part.count / 2, part.count - 1]) {
      let one = try part.slice(example..<(example + 1))
      let alone = try forward(one, training: false)
      let rules = try Tape.capture(alone, seed: .ones(alone.shape)).rules
      guard rules.allSatisfy({ $0.exampleCount == 1 }) else {
        return goExampleByExample("a layer mixes the first axis with others")
      }
      let expected = Double(try squaredNorms(rules, 1, for: nil).floats[0]).squareRoot()
      let found = Double(norms.floats[example]).squareRoot()
      guard abs(expected - found) <= 1e-3 * max(expected, found) + 1e-9 else {
        return goExampleByExample("the gradient of an example depends on the rest of its batch")
      }
    }
  }

  /// Verifies once; true where rules can be used for this batch.
  func rulesApply(_ batch: Batch) throws -> Bool {
    if !isVerified, batch.count > 0 { try verifyRules(batch) }
    return !isExampleByExample
  }
}
