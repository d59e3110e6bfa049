import CThreads
import Foundations
import Synchronization

/// One recorded computation: which computations made its inputs, and how a gradient of its output becomes gradients of
/// them.
public final class Node: @unchecked Sendable {
  typealias Backward = (BackwardRequest) throws -> BackwardResult

  let op: StaticString
  /// Set for the use of a parameter in an ordinary operation.
  let parameter: Parameter?
  /// Parameters that the backward step hands to gradient rules.
  let ruled: [Parameter]
  /// Later computations have higher numbers: descending order is a topological order.
  let sequence: UInt64
  fileprivate(set) var inputs: [Node?]
  fileprivate(set) var backward: Backward?
  fileprivate(set) var released = false

  private static let counter = Atomic<UInt64>(0)

  init(
    _ op: StaticString, inputs: [Node?], ruled: [Parameter] = [], backward: @escaping Backward
  ) {
    self.op = op
    self.inputs = inputs
    self.ruled = ruled
    self.backward = backward
    parameter = nil
    sequence = Node.counter.add(1, ordering: .relaxed).newValue
  }

  /// A leaf: a parameter, or a tensor whose gradient is asked for.
  init(parameter: Parameter? = nil) {
    op = "leaf"
    self.parameter = parameter
    ruled = []
    inputs = []
    sequence = Node.counter.add(1, ordering: .relaxed).newValue
  }

  /// Parameters that this computation reads.
  var used: [Parameter] { parameter.map { [$0] } ?? ruled }

  /// Drops what was saved for the backward step.
  fileprivate func release() {
    backward = nil
    inputs = []
    released = true
  }

  /// A long chain must not be torn down by recursion: nodes that only this one keeps alive are emptied in a loop.
  deinit {
    guard !inputs.isEmpty else { return }
    var pending = inputs
    inputs = []
    backward = nil
    while !pending.isEmpty {
      // No second reference may be held here, or the test below never succeeds.
      var last = pending.removeLast()
      if isKnownUniquelyReferenced(&last), let node = last {
        pending.append(contentsOf: node.inputs)
        node.inputs = []
        node.backward = nil
      }
    }
  }
}

/// What the backward pass asks of one operation.
public struct BackwardRequest {
  /// The gradient of the operation's output, of its shape.
  public let gradient: Tensor
  /// Which recorded inputs want theirs.
  public let needs: InputNeeds
  /// False where nobody asks for parameter gradients: rules need not be made.
  public let wantsRules: Bool
}

/// Reverse-mode differentiation: operations leave nodes while recording is on; a backward pass walks them once, newest
/// first.
public enum Tape {
  /// Whether operations on this thread leave a trace.
  public static var isRecording: Bool { fl_thread().pointee.recording_off == 0 }

  /// Runs `body` with recording off on this thread: for evaluation and for updates.
  public static func withoutRecording<R>(_ body: () throws -> R) rethrows -> R {
    fl_thread().pointee.recording_off += 1
    defer { fl_thread().pointee.recording_off -= 1 }
    return try body()
  }

  /// Runs `body` with recording on, also inside of `withoutRecording`.
  public static func withRecording<R>(_ body: () throws -> R) rethrows -> R {
    let before = fl_thread().pointee.recording_off
    fl_thread().pointee.recording_off = 0
    defer { fl_thread().pointee.recording_off = before }
    return try body()
  }

  // MARK: Recording

  /// Notes how `output` came about, where a gradient may flow to one of `inputs` or to one of `parameters`. The closure
  /// must capture only detached tensors (`.detached`). It runs at most once, with recording off.
  public static func record(
    _ op: StaticString, inputs: [Tensor], parameters: [Parameter] = [], output: Tensor,
    backward: @escaping (BackwardRequest) throws -> BackwardResult
  ) -> Tensor {
    guard isRecording else { return output.detached }
    let trained = parameters.filter(\.requiresGradient)
    guard !trained.isEmpty || inputs.contains(where: { $0.node != nil }) else {
      return output.detached
    }
    var result = output
    result.node = Node(op, inputs: inputs.map(\.node), ruled: trained, backward: backward)
    return result
  }

  /// The form for an operation with one gradient rule: `rule` makes it of the output gradient, `backward` yields the
  /// gradients of the inputs.
  public static func record(
    op: StaticString, inputs: [Tensor], parameters: [Parameter], output: Tensor,
    rule: @escaping (Tensor) throws -> any GradientRule,
    backward: @escaping (Tensor) throws -> [Tensor?]
  ) -> Tensor {
    record(op, inputs: inputs, parameters: parameters, output: output) { request in
      BackwardResult(
        inputs: request.needs.any ? try backward(request.gradient) : inputs.map { _ in nil },
        rules: request.wantsRules ? [try rule(request.gradient)] : [])
    }
  }

  @inline(__always)
  static func record(
    _ op: StaticString, _ input: Tensor, _ output: Tensor,
    _ backward: @escaping (Tensor) throws -> Tensor
  ) -> Tensor {
    guard let node = input.node, isRecording else { return output.detached }
    var result = output
    result.node = Node(op, inputs: [node]) { request in
      BackwardResult(inputs: [try backward(request.gradient)])
    }
    return result
  }

  @inline(__always)
  static func record(
    _ op: StaticString, _ a: Tensor, _ b: Tensor, _ output: Tensor,
    _ backwardA: @escaping (Tensor) throws -> Tensor,
    _ backwardB: @escaping (Tensor) throws -> Tensor
  ) -> Tensor {
    guard a.node != nil || b.node != nil, isRecording else { return output.detached }
    var result = output
    result.node = Node(op, inputs: [a.node, b.node]) { request in
      BackwardResult(inputs: [
        request.needs[0] ? try backwardA(request.gradient) : nil,
        request.needs[1] ? try backwardB(request.gradient) : nil,
      ])
    }
    return result
  }

  /// The same values as a leaf whose gradient can be asked for with `gradients(of:withRespectTo:)`.
  public static func variable(_ tensor: Tensor) throws -> Tensor {
    guard tensor.dtype.isFloating else {
      throw DomainError(
        .type, "a gradient needs a tensor of floats, got \(tensor.dtype.name)")
    }
    var leaf = tensor
    leaf.node = Node()
    return leaf
  }

  // MARK: The backward pass

  /// The gradient of a scalar with respect to tensors that it was computed from (zeros where it does not depend on
  /// one). `seed` weighs the elements of a loss that is not a scalar. The trace is used up unless `keepGraph` is set.
  public static func gradients(
    of loss: Tensor, withRespectTo inputs: [Tensor], seed: Tensor? = nil, keepGraph: Bool = false
  ) throws -> [Tensor] {
    for input in inputs where input.node == nil {
      throw DomainError(
        .value, "no gradient can be taken with respect to a tensor that was not marked for it",
        hint: "take it inside of `gradient` or `value_and_gradient`")
    }
    var pass = BackwardPass(keepGraph: keepGraph, wantsRules: false)
    pass.wanted = Set(inputs.compactMap { $0.node.map(ObjectIdentifier.init) })
    try pass.run(loss, seed)
    return try inputs.map { input in
      // Checked above: every input has a node.
      if let node = input.node, let gradient = pass.found[ObjectIdentifier(node)] {
        return gradient
      }
      return try Tensor.zeros(input.shape, input.dtype)
    }
  }

  /// The gradient of a scalar with respect to parameters, one tensor each, whether their operations have rules or not.
  public static func gradients(
    of loss: Tensor, withRespectTo parameters: [Parameter], seed: Tensor? = nil
  ) throws -> [Tensor] {
    let sink = try GradientSink(parameters)
    sink.begin()
    try backward(loss, seed: seed, into: sink)
    return try parameters.indices.map { try sink.gradient($0) }
  }

  /// Adds the gradients of all of the sink's parameters to the sink (the caller calls `sink.begin()` before the first
  /// pass). Each rule is used and freed as soon as its output gradient is known.
  /// - Parameter onComplete: called with the index of each parameter that the loss depends on once its gradient is
  ///   complete; the rest of the pass reads neither the gradient nor the parameter, so that both may be changed.
  public static func backward(
    _ loss: Tensor, seed: Tensor? = nil, into sink: GradientSink, keepGraph: Bool = false,
    onComplete: ((Int) throws -> Void)? = nil
  ) throws {
    var pass = BackwardPass(keepGraph: keepGraph, wantsRules: true)
    let queue = onComplete.map { _ in RuleQueue(sink) }
    if let onComplete, let queue {
      pass.uses = queue.uses
      pass.onRule = queue.add
      pass.onComplete = { parameter in
        try queue.finish(parameter)
        if let index = sink.index(of: parameter) { try onComplete(index) }
      }
    } else {
      pass.onRule = { try $0.accumulate(weights: nil, into: sink) }
    }
    pass.onParameter = { parameter, gradient in
      try queue?.finish(parameter)
      guard let index = sink.index(of: parameter) else { return }
      let (target, accumulate) = try sink.target(index)
      let dense = try gradient.contiguous()
      withExtendedLifetime(dense) {
        let from = dense.floats
        if accumulate {
          for i in 0..<dense.count { target[i] += from[i] }
        } else {
          target.update(from: from, count: dense.count)
        }
      }
    }
    try pass.run(loss, seed)
  }

  /// What a backward pass for private training yields.
  public struct Capture {
    /// In the order of the pass: last layer first. A parameter that is used twice occurs in two rules.
    public var rules: [any GradientRule]
    /// Parameters that were used in ordinary operations, so that no rule knows their gradients per example.
    public var unruled: [Parameter]
  }

  /// Runs the backward pass and returns its rules unused: the caller computes norms, then weighted sums. Give `seed` of
  /// ones with a loss per example, so that each example's gradient is that of its own loss.
  public static func capture(
    _ loss: Tensor, seed: Tensor? = nil, keepGraph: Bool = false
  ) throws -> Capture {
    var capture = Capture(rules: [], unruled: [])
    var pass = BackwardPass(keepGraph: keepGraph, wantsRules: true)
    pass.onRule = { rule in
      try rule.compact()
      capture.rules.append(rule)
    }
    pass.onParameter = { parameter, _ in
      if !capture.unruled.contains(parameter) { capture.unruled.append(parameter) }
    }
    try pass.run(loss, seed)
    return capture
  }

  /// Trainable parameters that `loss` depends on through ordinary operations, found without running anything.
  public static func unruledParameters(of loss: Tensor) -> [Parameter] {
    var result: [Parameter] = []
    for node in BackwardPass.reachable(from: loss.node) {
      if let parameter = node.parameter, !result.contains(parameter) { result.append(parameter) }
    }
    return result
  }

  /// Trainable parameters that `loss` depends on in any way, in the order of first use.
  public static func parameters(of loss: Tensor) -> [Parameter] {
    var result: [Parameter] = []
    var seen: Set<Parameter> = []
    for node in BackwardPass.reachable(from: loss.node).reversed() {
      for parameter in node.ruled + (node.parameter.map { [$0] } ?? [])
      where seen.insert(parameter).inserted {
        result.append(parameter)
      }
    }
    return result
  }
}

extension InputNeeds {
  init(_ inputs: [Node?]) {
    bits = 0
    for (index, node) in inputs.prefix(64).enumerated() where node != nil {
      bits |= 1 << UInt64(index)
    }
  }

  /// Whether any input wants a gradient.
  public var any: Bool { bits != 0 }
}

/// How many nodes still to be passed use each parameter.
private final class ParameterUses {
  var left: [Parameter: Int] = [:]
}

/// Adds rules to a sink whose gradients are given up as soon as they are complete. A rule of a parameter that is used
/// again, far from here (a table of tokens that scores and is looked up), waits for the last use where it is smaller
/// than the gradient.
private final class RuleQueue {
  let uses = ParameterUses()
  private let sink: GradientSink
  private var waiting: [Parameter: [any GradientRule]] = [:]

  init(_ sink: GradientSink) { self.sink = sink }

  func add(_ rule: any GradientRule) throws {
    if rule.parameters.count == 1, let parameter = rule.parameters.first,
      uses.left[parameter, default: 0] > 1,
      waiting[parameter] != nil || (rule.heldCount ?? .max) < parameter.count
    {
      waiting[parameter, default: []].append(rule)
      return
    }
    // In the order in which they came: sums are the same bits.
    for parameter in rule.parameters { try finish(parameter) }
    try rule.accumulate(weights: nil, into: sink)
  }

  /// Adds what waits for a parameter before something else than a rule does, or where nothing more will.
  func finish(_ parameter: Parameter) throws {
    for rule in waiting.removeValue(forKey: parameter) ?? [] {
      try rule.accumulate(weights: nil, into: sink)
    }
  }
}

/// One walk over the recorded nodes, newest first.
private struct BackwardPass {
  let keepGraph: Bool
  let wantsRules: Bool
  var wanted: Set<ObjectIdentifier> = []
  var found: [ObjectIdentifier: Tensor] = [:]
  var onRule: ((any GradientRule) throws -> Void)?
  var onParameter: ((Parameter, Tensor) throws -> Void)?
  /// Called with a parameter once the last node that uses it has been passed.
  var onComplete: ((Parameter) throws -> Void)?
  /// Kept up to date where `onComplete` is wanted.
  var uses = ParameterUses()

  init(keepGraph: Bool, wantsRules: Bool) {
    self.keepGraph = keepGraph
    self.wantsRules = wantsRules
  }

  /// All nodes that lead to `root`, newest first.
  static func reachable(from root: Node?) -> [Node] {
    guard let root else { return [] }
    var seen: Set<ObjectIdentifier> = [ObjectIdentifier(root)]
    var nodes = [root]
    var next = 0
    while next < nodes.count {
      for case let input? in nodes[next].inputs
      where seen.insert(ObjectIdentifier(input)).inserted {
        nodes.append(input)
      }
      next += 1
    }
    nodes.sort { $0.sequence > $1.sequence }
    return nodes
  }

  mutating func run(_ loss: Tensor, _ seed: Tensor?) throws {
    guard let root = loss.node else {
      throw DomainError(
        .value, "the loss depends on nothing that is trained, so it has no gradient",
        hint:
          "a model's `parameters`, `detach()` and `item()` give numbers cut off from their gradient: call the layer itself, or take `model.layer.weight`"
      )
    }
    var first: Tensor
    if let seed {
      guard seed.shape == loss.shape else {
        throw DomainError(
          .shape, "the seed of the gradient has shape \(seed.shape), the loss has \(loss.shape)")
      }
      first = try seed.detached.cast(to: loss.dtype)
    } else {
      guard loss.count == 1 else {
        throw DomainError(
          .shape, "a gradient needs a loss of one number, this one has shape \(loss.shape)",
          hint: "take its `mean()` or `sum()`")
      }
      first = try Tensor.ones(loss.shape, loss.dtype)
    }
    first = first.detached
    let nodes = BackwardPass.reachable(from: root)
    var position: [ObjectIdentifier: Int] = Dictionary(minimumCapacity: nodes.count)
    for (index, node) in nodes.enumerated() { position[ObjectIdentifier(node)] = index }
    var gradients: [Tensor?] = Array(repeating: nil, count: nodes.count)
    gradients[0] = first
    if onComplete != nil {
      for node in nodes { for parameter in node.used { uses.left[parameter, default: 0] += 1 } }
    }
    try Tape.withoutRecording {
      for (index, node) in nodes.enumerated() {
        if let gradient = gradients[index] {
          gradients[index] = nil
          let inputs = node.inputs
          for (input, arriving) in zip(inputs, try derive(node, gradient)) {
            guard let input, let arriving, let target = position[ObjectIdentifier(input)] else {
              continue
            }
            if let sum = gradients[target] {
              gradients[target] = try sum.adding(arriving.detached)
            } else {
              gradients[target] = arriving.detached
            }
          }
        }
        guard let onComplete else { continue }
        for parameter in node.used {
          uses.left[parameter, default: 0] -= 1
          if uses.left[parameter] == 0 { try onComplete(parameter) }
        }
      }
    }
  }

  /// The gradients of a node's inputs; hands out those of its parameters. Nothing of the node is held when it returns:
  /// a parameter whose numbers someone still reads would be copied when it is updated.
  private mutating func derive(_ node: Node, _ gradient: Tensor) throws -> [Tensor?] {
    if wanted.contains(ObjectIdentifier(node)) { found[ObjectIdentifier(node)] = gradient }
    if let parameter = node.parameter { try onParameter?(parameter, gradient) }
    guard let backward = node.backward else {
      if node.released { throw BackwardPass.usedUp }
      return []
    }
    let result = try backward(
      BackwardRequest(
        gradient: gradient, needs: InputNeeds(node.inputs), wantsRules: wantsRules))
    if !keepGraph { node.release() }
    for rule in result.rules { try onRule?(rule) }
    return result.inputs
  }

  static let usedUp = DomainError(
    .value, "the gradient through this computation was already taken",
    hint: "compute the loss again before taking its gradient again")
}
