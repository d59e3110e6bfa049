import Foundations
import Glibc
import Tensors

/// A linear-chain conditional random field (Lafferty 2001) over emissions [examples, time, tags]: the probability of a
/// sequence of tags y is exp(s(y)) / Z with s(y) = start[y₁] + Σ_t emission[t, y_t] + Σ_t transitions[y_{t-1}, y_t] +
/// end[y_T]. The parameters' names and shapes are those of the pytorch-crf package.
///
/// As a layer it passes emissions on unchanged, so that it can stand last in a model; train with `loss`, predict with
/// `decode`. A padded example's sequence is as long as the emissions' `lengths` say, and in training ends before its
/// trailing ignored labels. All sums are made in f64, in log space.
public final class CRF: Layer {
  public let tags: Int
  /// [tags, tags]: from row to column.
  public let transitions: Parameter
  public let start: Parameter
  public let end: Parameter

  /// Parameters start uniform in ±0.1.
  public convenience init(_ tags: Int, random: inout RandomStream) throws {
    try Check.size(tags, "the number of tags")
    func make(_ name: String, _ shape: [Int]) throws -> Parameter {
      try Parameter(name, .uniform(Shape(checking: shape), low: -0.1, high: 0.1, &random))
    }
    let start = try make("start_transitions", [tags])
    let end = try make("end_transitions", [tags])
    self.init(start: start, end: end, transitions: try make("transitions", [tags, tags]))
  }

  private init(start: Parameter, end: Parameter, transitions: Parameter) {
    tags = start.count
    self.start = start
    self.end = end
    self.transitions = transitions
    super.init(kind: "crf")
    own("start_transitions", start)
    own("end_transitions", end)
    own("transitions", transitions)
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    try CRF(start: copies(start), end: copies(end), transitions: copies(transitions))
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override var summary: String { "crf(\(tags))" }

  public override func forward(_ input: Tensor) throws -> Tensor {
    try check(input)
    return input
  }

  /// `negativeLogLikelihood` as a loss of emissions and tags.
  public func loss(ignoreIndex: Int = -100) -> Loss {
    Loss("crf", keepsExamplesApart: true) { emissions, tags in
      try self.negativeLogLikelihood(emissions, tags, ignoreIndex: ignoreIndex)
    }
  }

  /// log Z - s(y) of each example, [examples]; 0 for an empty one. Throws an index error for a tag that is none, a
  /// value error where an ignored position stands before a real one.
  public func negativeLogLikelihood(_ emissions: Tensor, _ labels: Tensor, ignoreIndex: Int = -100)
    throws -> Tensor
  {
    try check(emissions)
    guard labels.shape == Shape(emissions.shape.dropLast()), !labels.dtype.isFloating,
      labels.dtype != .bool
    else {
      throw DomainError(
        .shape,
        "a CRF needs integer tags [examples, time] beside emissions [examples, time, \(tags)], got \(labels.dtype.name) \(labels.shape) and \(emissions.shape)"
      )
    }
    let x = try Check.floats(emissions, kind)
    let (examples, time) = (x.shape[0], x.shape[1])
    let y = try labels.detached.cast(to: .i64).contiguous()
    let lengths = try sequenceLengths(x, emissions.lengths, y, ignoreIndex)
    let chain = Chain(self)
    let parameters = [start, end, transitions]
    let wanted =
      Tape.isRecording
      && (emissions.requiresGradient || parameters.contains(where: \.requiresGradient))
    let losses = try Tensor.uninitialized([examples])
    let size = tags
    let gradients =
      wanted
      ? Gradients(
        emissions: try .zeros(x.shape), start: try .zeros([examples, size]),
        end: try .zeros([examples, size]), transitions: try .zeros([examples, size, size])) : nil
    Parallel.each(examples) { example in
      let from = x.floats + example * time * size
      let path = UnsafeBufferPointer(
        start: y.pointer(Int64.self) + example * time, count: lengths[example])
      losses.floats[example] = Float(chain.loss(from, path, gradients, example, time: time))
    }
    withExtendedLifetime((x, y)) {}
    return Tape.record("crf", inputs: [emissions], parameters: parameters, output: losses) {
      request in
      guard let gradients else { return BackwardResult(inputs: [nil]) }
      let g = try request.gradient.contiguous()
      func scaled(_ tensor: Tensor) throws -> Tensor {
        try tensor * g.reshaped([examples] + [Int](repeating: 1, count: tensor.rank - 1))
      }
      let rules: [any GradientRule] =
        request.wantsRules
        ? [
          ExampleGradientRule(
            parameters,
            try [gradients.start, gradients.end, gradients.transitions].map(scaled))
        ] : []
      return BackwardResult(
        inputs: [request.needs[0] ? try scaled(gradients.emissions) : nil], rules: rules)
    }
  }

  /// The most probable tags of each example (Viterbi 1967), as many as it is long; of equals the first.
  public func decode(_ emissions: Tensor) throws -> [[Int]] {
    try check(emissions)
    let x = try Check.floats(emissions, kind)
    let (examples, time) = (x.shape[0], x.shape[1])
    let lengths = try sequenceLengths(x, emissions.lengths, nil, 0)
    let chain = Chain(self)
    var paths = [[Int]](repeating: [], count: examples)
    paths.withUnsafeMutableBufferPointer { paths in
      // Each task writes its own example's path.
      nonisolated(unsafe) let paths = paths
      Parallel.each(examples) { example in
        paths[example] = chain.best(x.floats + example * time * tags, lengths[example])
      }
    }
    return withExtendedLifetime(x) { paths }
  }

  /// Each position's probability of each tag, [examples, time, tags]; zero in the padding.
  public func marginals(_ emissions: Tensor) throws -> Tensor {
    try check(emissions)
    let x = try Check.floats(emissions, kind)
    let (examples, time) = (x.shape[0], x.shape[1])
    let lengths = try sequenceLengths(x, emissions.lengths, nil, 0)
    let chain = Chain(self)
    let result = try Tensor.zeros(x.shape)
    Parallel.each(examples) { example in
      let from = x.floats + example * time * tags
      let messages = chain.messages(from, lengths[example])
      let to = result.floats + example * time * tags
      for i in 0..<lengths[example] * tags {
        to[i] = Float(exp(messages.forward[i] + messages.backward[i] - messages.logZ))
      }
    }
    return withExtendedLifetime(x) { result }
  }

  private func check(_ emissions: Tensor) throws {
    guard emissions.rank == 3, emissions.shape[2] == tags else {
      throw DomainError(
        .shape, "\(summary) needs emissions [examples, time, \(tags)], got \(emissions.shape)")
    }
  }

  /// How long each sequence is; with labels, those are checked.
  private func sequenceLengths(
    _ x: Tensor, _ lengths: Lengths?, _ labels: Tensor?, _ ignoreIndex: Int
  ) throws -> [Int] {
    let (examples, time) = (x.shape[0], x.shape[1])
    guard (lengths?.values.count ?? examples) == examples else {
      throw DomainError(
        .shape,
        "a batch of \(examples) examples came with \(lengths?.values.count ?? 0) lengths")
    }
    return try (0..<examples).map { example in
      var length = lengths.map { min(max(Int($0.values[example]), 0), time) } ?? time
      guard let labels else { return length }
      let path = labels.pointer(Int64.self) + example * time
      while length > 0, path[length - 1] == Int64(ignoreIndex) { length -= 1 }
      for t in 0..<length where path[t] < 0 || path[t] >= Int64(tags) {
        guard path[t] != Int64(ignoreIndex) else {
          throw DomainError(
            .value, "position \(t) of example \(example) is ignored, but a later one is not",
            hint: "a CRF scores whole sequences: only what follows the last tag may be ignored")
        }
        throw DomainError(.index, "tag \(path[t]) is not one of the \(tags) tags 0..<\(tags)")
      }
      return length
    }
  }
}

/// Each example's gradient of log Z - s(y), before it is weighted.
private struct Gradients {
  let emissions: Tensor
  let start: Tensor
  let end: Tensor
  let transitions: Tensor
}

/// The parameters in f64 and the sums over paths.
private struct Chain: Sendable {
  let tags: Int
  let start: [Double]
  let end: [Double]
  /// [from, to]
  let transitions: [Double]

  init(_ layer: CRF) {
    func read(_ parameter: Parameter) -> [Double] {
      let data = parameter.data
      return withExtendedLifetime(data) {
        (0..<data.count).map { Double(data.floats[$0]) }
      }
    }
    tags = layer.tags
    start = read(layer.start)
    end = read(layer.end)
    transitions = read(layer.transitions)
  }

  /// [length, tags] each: log of the sum over all paths up to and with a position's tag, and over all that follow it.
  struct Messages {
    var forward: [Double]
    var backward: [Double]
    /// 0 for an empty sequence.
    var logZ: Double
  }

  /// log Σ exp of `count` terms; -∞ where all are, NaN where one is.
  private func logSum(_ count: Int, _ term: (Int) -> Double) -> Double {
    var top = -Double.infinity
    for i in 0..<count {
      let value = term(i)
      if value > top || value.isNaN { top = value }
    }
    guard top.isFinite else { return top }
    var sum = 0.0
    for i in 0..<count { sum += exp(term(i) - top) }
    return top + log(sum)
  }

  func messages(_ x: UnsafePointer<Float>, _ length: Int) -> Messages {
    var result = Messages(
      forward: [Double](repeating: 0, count: length * tags),
      backward: [Double](repeating: 0, count: length * tags), logZ: 0)
    guard length > 0 else { return result }
    for j in 0..<tags { result.forward[j] = start[j] + Double(x[j]) }
    for t in 1..<max(1, length) where !Parallel.isAbandoned {
      let (before, now) = ((t - 1) * tags, t * tags)
      for j in 0..<tags {
        result.forward[now + j] =
          Double(x[now + j])
          + logSum(tags) { result.forward[before + $0] + transitions[$0 * tags + j] }
      }
    }
    let last = (length - 1) * tags
    result.logZ = logSum(tags) { result.forward[last + $0] + end[$0] }
    for j in 0..<tags { result.backward[last + j] = end[j] }
    for t in stride(from: length - 2, through: 0, by: -1) where !Parallel.isAbandoned {
      let (now, after) = (t * tags, (t + 1) * tags)
      for i in 0..<tags {
        result.backward[now + i] = logSum(tags) {
          transitions[i * tags + $0] + Double(x[after + $0]) + result.backward[after + $0]
        }
      }
    }
    return result
  }

  private func score(_ x: UnsafePointer<Float>, _ path: UnsafeBufferPointer<Int64>) -> Double {
    guard let first = path.first, let last = path.last else { return 0 }
    var score = start[Int(first)] + end[Int(last)]
    for (t, tag) in path.enumerated() {
      score += Double(x[t * tags + Int(tag)])
      if t > 0 { score += transitions[Int(path[t - 1]) * tags + Int(tag)] }
    }
    return score
  }

  /// The loss of one example; its gradients are those expected under the model minus those of the path.
  func loss(
    _ x: UnsafePointer<Float>, _ path: UnsafeBufferPointer<Int64>, _ gradients: Gradients?,
    _ example: Int, time: Int
  ) -> Double {
    let length = path.count
    guard length > 0 else { return 0 }
    let messages = messages(x, length)
    if let gradients {
      let emissions = gradients.emissions.floats + example * time * tags
      let transition = gradients.transitions.floats + example * tags * tags
      let (begin, finish) = (
        gradients.start.floats + example * tags, gradients.end.floats + example * tags
      )
      for i in 0..<length * tags {
        emissions[i] = Float(exp(messages.forward[i] + messages.backward[i] - messages.logZ))
      }
      begin.update(from: emissions, count: tags)
      finish.update(from: emissions + (length - 1) * tags, count: tags)
      var expected = [Double](repeating: 0, count: tags * tags)
      for t in 1..<max(1, length) where !Parallel.isAbandoned {
        let (before, now) = ((t - 1) * tags, t * tags)
        for i in 0..<tags {
          let left = messages.forward[before + i] - messages.logZ
          for j in 0..<tags {
            let right = Double(x[now + j]) + messages.backward[now + j]
            expected[i * tags + j] += exp(left + transitions[i * tags + j] + right)
          }
        }
      }
      for (t, tag) in path.enumerated() {
        emissions[t * tags + Int(tag)] -= 1
        if t > 0 { expected[Int(path[t - 1]) * tags + Int(tag)] -= 1 }
      }
      begin[Int(path[0])] -= 1
      finish[Int(path[length - 1])] -= 1
      for i in expected.indices { transition[i] = Float(expected[i]) }
    }
    return messages.logZ - score(x, path)
  }

  func best(_ x: UnsafePointer<Float>, _ length: Int) -> [Int] {
    guard length > 0 else { return [] }
    var scores = (0..<tags).map { start[$0] + Double(x[$0]) }
    var from = [Int32](repeating: 0, count: length * tags)
    for t in 1..<max(1, length) where !Parallel.isAbandoned {
      var next = [Double](repeating: 0, count: tags)
      for j in 0..<tags {
        var best = 0
        for i in 1..<max(1, tags)
        where scores[i] + transitions[i * tags + j] > scores[best] + transitions[best * tags + j] {
          best = i
        }
        from[t * tags + j] = Int32(best)
        next[j] = scores[best] + transitions[best * tags + j] + Double(x[t * tags + j])
      }
      scores = next
    }
    var tag = 0
    for j in 1..<max(1, tags) where scores[j] + end[j] > scores[tag] + end[tag] { tag = j }
    var path = [tag]
    for t in stride(from: length - 1, to: 0, by: -1) {
      tag = Int(from[t * tags + tag])
      path.append(tag)
    }
    return path.reversed()
  }
}
