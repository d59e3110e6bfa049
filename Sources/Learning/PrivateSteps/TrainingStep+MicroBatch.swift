import CKernels
import Foundations
import Synchronization
import Tensors

/// eDP-SGD (Dupuy et al. 2022, arXiv 2107.14586): the examples of each micro-batch lie next to each other in the batch,
/// so that one forward and one backward pass serve all micro-batches and each rule sums over ranges.
extension TrainingStep {
  func microBatchStep(_ batch: Batch, _ options: MicroBatchOptions) throws -> StepResult {
    // Each example's own draw: were the batch cut into runs, adding one example would shift all the others and move
    // every micro-batch's mean.
    var draws = options.assignment.derived(stepCount).stream
    let assignment = (0..<batch.count).map { _ in draws.integer(below: options.microBatches) }
    return try microBatchStep(batch, options, assignment: assignment)
  }

  func microBatchStep(_ batch: Batch, _ options: MicroBatchOptions, assignment: [Int]) throws
    -> StepResult
  {
    let groups = options.microBatches
    let (sorted, ranges) = try gather(batch, assignment, groups)
    // The expected number of a micro-batch's examples, not the drawn one: where nothing is clipped, the step is then an
    // unbiased estimate.
    let size = options.expectedBatch / Double(groups)
    let bounds = layerBounds(options.scale, bound: options.bound)
    sink.begin()
    if microSinks.count != groups {
      microSinks = try (0..<groups).map { _ in try GradientSink(layout.parameters) }
    }
    var total = 0.0
    var clipped = 0
    if batch.count > 0 {
      let found = try Cancellation.abandonable { try microGradients(sorted, ranges) }
      total = found.loss
      let weights = found.squaredNorms.enumerated().map { layer, squares in
        squares.map { square in
          let norm = square.squareRoot() / size
          if norm > bounds[layer] { clipped += 1 }
          return options.rule.weight(
            norm: square.squareRoot(), bound: bounds[layer], size: size)
        }
      }
      guard found.squaredNorms.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
        throw TrainingStep.diverged
      }
      try Cancellation.abandonable {
        try combine(found.deferred, ranges, weights, batch.count)
      }
    }
    let deviations = deviations(
      options.noiseShape, multiplier: options.noiseMultiplier, bound: options.bound,
      layerBounds: bounds)
    try release(
      sources(in: sink), scale: 1 / Double(groups), deviations: deviations,
      stream: options.noise.stream(stepCount), observes: options.scale == .runningMedian)
    return StepResult(
      examples: batch.count, loss: total / Double(batch.count), clipped: clipped,
      clippable: groups * layers.count)
  }

  /// The batch with the examples of each micro-batch next to each other, and where they lie.
  private func gather(_ batch: Batch, _ group: [Int], _ groups: Int) throws -> (
    Batch, [Range<Int>]
  ) {
    var members = [[Int]](repeating: [], count: groups)
    for (example, group) in group.enumerated() { members[group].append(example) }
    var ranges: [Range<Int>] = []
    var start = 0
    for part in members {
      ranges.append(start..<(start + part.count))
      start += part.count
    }
    return (try batch.selecting(members.flatMap { $0 }), ranges)
  }

  /// What the micro-batches' gradient sums are, before clipping.
  private struct MicroGradients {
    var loss: Double
    /// [layer][micro-batch]: ‖Σ of the micro-batch's gradients‖².
    var squaredNorms: [[Double]]
    /// Rules that knew the norms without the sums: one weighted sum is made once the weights are known. Everything else
    /// is in `microSinks`.
    var deferred: [any RangedGradientRule]
  }

  private func microGradients(_ batch: Batch, _ ranges: [Range<Int>]) throws -> MicroGradients {
    for sink in microSinks { sink.begin() }
    var result = MicroGradients(
      loss: 0,
      squaredNorms: Array(
        repeating: Array(repeating: 0, count: ranges.count), count: layers.count), deferred: [])
    if batch.count <= physicalLimit, let (loss, rules) = try together(batch) {
      result.loss = loss
      result.deferred = try sumRanges(rules, ranges, &result)
      return result
    }
    // Micro-batch by micro-batch: exact for every model, only less efficient. What mixes the examples of one
    // micro-batch is within the bound of its mean.
    result.loss = 0
    for (group, range) in ranges.enumerated() where !range.isEmpty {
      for start in stride(from: range.lowerBound, to: range.upperBound, by: physicalLimit) {
        let part = try batch.slice(start..<min(start + physicalLimit, range.upperBound))
        result.loss += try accumulate(part, number: start, into: microSinks[group])
        giveNotice()
      }
    }
    addNorms(&result)
    return result
  }

  /// Lets the rules sum over the ranges, micro-batches in parallel; returns those that wait for the weights.
  private func sumRanges(
    _ rules: [any GradientRule], _ ranges: [Range<Int>], _ result: inout MicroGradients
  ) throws -> [any RangedGradientRule] {
    var uses: [Parameter: Int] = [:]
    for rule in rules { for parameter in rule.parameters { uses[parameter, default: 0] += 1 } }
    var deferred: [any RangedGradientRule] = []
    var done: Set<Int> = []
    var tied: Set<Parameter> = []
    // The longest first, so that the threads end together.
    let order = ranges.indices.sorted { (ranges[$1].count, $0) < (ranges[$0].count, $1) }
    for parameter in layout.parameters where uses[parameter] == 2 {
      guard let pair = TiedRules.pair(rules, of: parameter), let layer = layer(of: parameter)
      else { continue }
      for (group, square) in try pair.squaredNorms(of: ranges).enumerated() {
        result.squaredNorms[layer][group] += square
      }
      deferred += [pair.lookup, pair.scores]
      tied.insert(parameter)
    }
    for rule in rules {
      let trained = rule.parameters.filter(\.requiresGradient)
      if let only = trained.first, trained.count == 1, tied.contains(only) { continue }
      guard let first = trained.first, let layer = layer(of: first) else { continue }
      if let rule = rule as? any RangedGradientRule,
        trained.allSatisfy({ uses[$0] == 1 && self.layer(of: $0) == layer }),
        let squares = try rule.squaredNorms(of: ranges)
      {
        for (group, square) in squares.enumerated() {
          result.squaredNorms[layer][group] += square
        }
        deferred.append(rule)
        continue
      }
      // What no other rule adds to is complete when this one is through: its norms are taken at once, from cache.
      let complete = rule.parameters.compactMap { parameter in
        uses[parameter] == 1 ? layout.parameters.firstIndex(of: parameter) : nil
      }
      done.formUnion(complete)
      if let ranged = rule as? any RangedGradientRule, !(rule is EmbeddingRule) {
        var squares = [Double](repeating: 0, count: complete.count * ranges.count)
        try squares.withUnsafeMutableBufferPointer { squares in
          try inParallel(ranges.count) { turn in
            let group = order[turn]
            guard !ranges[group].isEmpty else { return }
            let sink = self.microSinks[group]
            try ranged.accumulate(weights: nil, examples: ranges[group], into: sink)
            for (index, member) in complete.enumerated() {
              squares[index * ranges.count + group] = self.squaredNorm(member, sink)
            }
          }
        }
        for (index, member) in complete.enumerated() {
          guard let layer = self.layer(of: layout.parameters[member]) else { continue }
          for group in ranges.indices {
            result.squaredNorms[layer][group] += squares[index * ranges.count + group]
          }
        }
      } else {
        done.subtract(complete)
        let weights = try Tensor.zeros([rule.exampleCount])
        for (group, range) in ranges.enumerated() where !range.isEmpty {
          for example in range { weights.floats[example] = 1 }
          try rule.accumulate(weights: weights.floats, into: microSinks[group])
          for example in range { weights.floats[example] = 0 }
        }
      }
    }
    addNorms(except: done, &result)
    return deferred
  }

  /// ‖the gradient of parameter `member` in `sink`‖².
  private func squaredNorm(_ member: Int, _ sink: GradientSink) -> Double {
    guard let values = sink.values(member) else { return 0 }
    return UnsafePointer(values).sumOfSquares(layout.parameters[member].count)
  }

  /// A parallel loop whose body may throw; the first error (by index) is thrown when all are through.
  private func inParallel(_ count: Int, _ body: (Int) throws -> Void) throws {
    let errors = Mutex<[Int: any Error]>([:])
    Parallel.each(count) { index in
      do { try body(index) } catch { errors.withLock { $0[index] = error } }
    }
    if let first = errors.withLock({ $0.min { $0.key < $1.key }?.value }) { throw first }
  }

  private func layer(of parameter: Parameter) -> Int? {
    guard let index = layout.parameters.firstIndex(of: parameter) else { return nil }
    return layers.firstIndex { $0.members.contains(index) }
  }

  /// Adds the norms of what is in the micro-batches' sinks, but for the parameters of `done`.
  private func addNorms(except done: Set<Int> = [], _ result: inout MicroGradients) {
    for (layer, members) in layers.map(\.members).enumerated() {
      for member in members where !done.contains(member) {
        for (group, sink) in microSinks.enumerated() {
          result.squaredNorms[layer][group] += squaredNorm(member, sink)
        }
      }
    }
  }

  /// Σ_g w_{l,g}·(gradient sum of micro-batch g), into `sink`.
  private func combine(
    _ deferred: [any RangedGradientRule], _ ranges: [Range<Int>], _ weights: [[Float]],
    _ examples: Int
  ) throws {
    for (layer, members) in layers.map(\.members).enumerated() {
      for member in members {
        let touched = microSinks.enumerated().compactMap { group, sink in
          sink.values(member).map { (weight: weights[layer][group], values: $0) }
        }
        guard !touched.isEmpty else { continue }
        let (target, _) = try sink.target(member)
        let size = 1 << 13
        Parallel.blocks(layout.parameters[member].count, size: size) { block in
          for (number, sum) in touched.enumerated() {
            fl_axpby_f32(
              block.count, sum.weight, sum.values + block.lowerBound, number == 0 ? 0 : 1,
              target + block.lowerBound)
          }
        }
      }
    }
    for rule in deferred {
      guard let first = rule.parameters.first(where: \.requiresGradient),
        let layer = layer(of: first)
      else { continue }
      let perExample = try Tensor.uninitialized([max(1, examples)])
      for (group, range) in ranges.enumerated() {
        for example in range { perExample.floats[example] = weights[layer][group] }
      }
      try rule.accumulate(weights: perExample.floats, into: sink)
    }
  }
}
