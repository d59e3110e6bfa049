import Foundations
import Tensors

/// What a step keeps between steps, for checkpoints.
extension TrainingStep {
  /// How the method trains, but for its noise multiplier, which may change from epoch to epoch.
  var methodFingerprint: String {
    switch method {
    case .plain: "plain"
    case .private(let o):
      """
      private(bound: \(o.bound), expected batch: \(o.expectedBatch), rule: \(o.rule), \
      layers: \(o.layers?.rawValue ?? "none"), grouping: \(o.grouping), \
      noise: \(o.noiseShape) \(o.noise.fingerprint))
      """ + Self.fingerprint(o.quantile) + Self.fingerprint(o.correlation)
    case .microBatch(let o):
      // The mean was a choice once; what was saved then goes on.
      """
      micro-batches(\(o.microBatches), bound: \(o.bound), expected batch: \(o.expectedBatch), \
      rule: \(o.rule), scale: \(o.scale.rawValue), grouping: \(o.grouping), mean: expectedSize, \
      noise: \(o.noiseShape) \(o.noise.fingerprint), \
      assignment: \(o.noise.isSecure ? "secret" : o.assignment.fingerprint))
      """
    }
  }

  private static func fingerprint(_ quantile: QuantileClipping?) -> String {
    guard let quantile else { return "" }
    return
      " quantile(\(quantile.target), rate: \(quantile.rate), noise: \(quantile.countNoise) \(quantile.noise.fingerprint))"
  }

  private static func fingerprint(_ correlation: NoiseCorrelation?) -> String {
    guard let correlation else { return "" }
    return " \(correlation.factorization.rawValue) of \(correlation.stepsPerPass)"
  }

  func save(to state: inout TrainingState) throws {
    for (name, value) in model.state { state.tensors["parameter.\(name)"] = value }
    for (name, value) in try optimizer.bufferTensors() {
      state.tensors["optimizer.\(name)"] = value
    }
    state.counters["optimizer.steps"] = optimizer.stepCount
    state.numbers["optimizer.rate"] = optimizer.rate
    state.counters["step.steps"] = stepCount
    state.counters["step.example by example"] = isExampleByExample ? 1 : 0
    state.tensors["step.squared weights"] = try Tensor(squaredWeights)
    for (layer, values) in medians.values.enumerated() {
      state.tensors["step.medians.\(layer)"] = try Tensor(values)
    }
    if let clippingBound { state.numbers["step.clipping bound"] = clippingBound }
    if let squares = optimizer.noiseSquares {
      state.tensors["optimizer.noise squares"] = try Tensor(squares)
    }
    if let noise = method.noiseMultiplier { state.numbers["step.noise multiplier"] = noise }
  }

  /// Checks that `state` fits and returns what puts it into force; until that is called, nothing changes.
  func restoration(from state: TrainingState) throws -> () throws -> Void {
    let named = model.namedParameters
    let known = Set(spelt: named.map { "parameter.\($0.name)" })
    let unknown = state.tensors.keys.filter {
      $0.text.hasPrefix("parameter.") && !known.contains($0)
    }
    if let name = unknown.min() {
      throw DomainError(
        .key, "the checkpoint has a `\(name)` that this model lacks: it belongs to another model")
    }
    let parameters = try named.map { name, parameter in
      (name: name, value: try state.tensor("parameter.\(name)", .f32, parameter.shape))
    }
    let buffers = try optimizer.bufferNames.map {
      try state.tensor("optimizer.\($0)", .f32, [layout.count])
    }
    let optimizerSteps = try state.counter("optimizer.steps")
    let rate = try state.number("optimizer.rate")
    try Check.finite(rate, "the checkpoint's learning rate", atLeast: 0)
    let steps = try state.counter("step.steps")
    guard optimizerSteps >= 0, steps >= 0 else {
      throw DomainError(.data, "the checkpoint's steps are negative")
    }
    let squares = try state.doubles("step.squared weights")
    guard squares.isEmpty || squares.count == layout.parameters.count else {
      throw DomainError(.data, "the checkpoint's layer norms are those of another model")
    }
    let medians = try self.medians.values.indices.map {
      try state.doubles("step.medians.\($0)")
    }
    let bound = state.numbers["step.clipping bound"]
    if let bound {
      guard bound.isFinite, bound > 0 else {
        throw DomainError(.data, "the checkpoint's clipping bound is \(bound)")
      }
    }
    let noiseSquares =
      optimizer.noiseSquares == nil ? nil : try state.doubles("optimizer.noise squares")
    guard noiseSquares.map({ $0.count == layout.parameters.count }) ?? true else {
      throw DomainError(.data, "the checkpoint's noise is that of another model")
    }
    let isOneByOne = try state.counter("step.example by example") != 0
    let noise = method.noiseMultiplier == nil ? nil : try state.number("step.noise multiplier")
    if let noise { try Check.finite(noise, "the checkpoint's noise multiplier", atLeast: 0) }
    return { [self] in
      try model.load(parameters)
      optimizer.restore(stepCount: optimizerSteps, buffers)
      optimizer.rate = rate
      if let noiseSquares { optimizer.noiseSquares = noiseSquares }
      clippingBound = bound
      stepCount = steps
      squaredWeights = squares
      self.medians = RunningMedians(medians)
      isExampleByExample = isOneByOne
      method.noiseMultiplier = noise
    }
  }
}
