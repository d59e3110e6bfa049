import CKernels
import Foundation
import Foundations
import Tensors

/// One step's gradient of every parameter, where it lies, and what is done to it on the way: (gradient + noise)·scale.
struct StepGradients {
  /// One parameter's: dense `values`, or rows of a table that `rowMap` finds; nil where nothing was touched.
  struct Source {
    var values: UnsafePointer<Float>?
    var rowMap: UnsafePointer<Int32>?
    var width = 0
  }

  var sources: [Source]
  var scale: Float
  /// The noise's standard deviation in each parameter, before scaling; empty without noise.
  var deviations: [Float] = []
  var stream = fl_stream()
  /// The variance of all noise in the gradient relative to that of `deviations`: above 1 where the sum holds some.
  var noiseVariance = 1.0

  /// What a kernel needs to know for one block.
  func block(_ block: ParameterLayout.Block, _ layout: ParameterLayout) -> fl_gradient {
    let source = sources[block.parameter]
    var gradient = fl_gradient()
    if let map = source.rowMap {
      gradient.values = source.values
      gradient.row_map = map + block.start / source.width
      gradient.width = source.width
    } else {
      gradient.values = source.values.map { $0 + block.start }
    }
    gradient.scale = scale
    if !deviations.isEmpty { gradient.noise_deviation = deviations[block.parameter] }
    gradient.stream = stream
    gradient.offset = UInt64(layout.offsets[block.parameter] + block.start)
    return gradient
  }
}

/// One optimizer's formula. `Optimizer` holds what all have in common: the rate, the state and the walk over the
/// parameters.
protocol UpdateRule {
  /// The name in scripts.
  var name: String { get }
  /// The numbers beside the rate that make two of a kind differ.
  var settings: [(name: String, value: Double)] { get }
  /// What is kept for every parameter element, zero at first.
  var buffers: [String] { get }

  /// Called once before the blocks of step `number`, which counts from 1.
  mutating func begin(_ number: Int, rate: Double)

  /// Changes `count` elements of a parameter; `buffers` holds theirs, in the order of the names.
  func update(
    _ gradient: UnsafePointer<fl_gradient>, _ count: Int, _ parameter: UnsafeMutablePointer<Float>,
    _ buffers: UnsafeBufferPointer<UnsafeMutablePointer<Float>>)

  func optimizer(rate: Double) throws -> Optimizer

  /// How fast a running mean of squares forgets, where the noise's share in it is to be known; nil elsewhere.
  var noiseDecay: Double? { get }
}

extension UpdateRule {
  var noiseDecay: Double? { nil }
}

/// A rule that takes the noise's share out of its running squares.
protocol NoiseAwareRule: UpdateRule {
  /// As `update`, where the running mean of squares holds `noiseSquare` of noise, as expected.
  func update(
    _ gradient: UnsafePointer<fl_gradient>, _ count: Int, _ parameter: UnsafeMutablePointer<Float>,
    _ buffers: UnsafeBufferPointer<UnsafeMutablePointer<Float>>, noiseSquare: Double)
}

/// Changes parameters by their gradients. Its state belongs to the parameters of the run that it was last used in; a
/// run on the same parameters goes on with it.
public class Optimizer {
  /// The learning rate; may be changed between steps.
  public var rate: Double
  public private(set) var stepCount = 0
  private(set) var layout: ParameterLayout?
  private var rule: any UpdateRule
  private var buffers: [Storage] = []
  /// Of each parameter the running mean of its noise's variance, as the rule's squares run; nil where it asks for none.
  var noiseSquares: [Double]?

  init(_ rule: any UpdateRule, rate: Double) throws {
    try Check.finite(rate, "the learning rate", atLeast: 0)
    self.rule = rule
    self.rate = rate
  }

  public var name: String { rule.name }

  /// The numbers beside the rate that make two of a kind differ: "momentum", "weight decay" …
  public var settings: [(name: String, value: Double)] { rule.settings }

  /// What it is and does, but for its rate: `adam(beta1: 0.9, …)`.
  public var fingerprint: String {
    "\(name)(" + rule.settings.map { "\($0.name): \($0.value)" }.joined(separator: ", ") + ")"
  }

  /// Another optimizer with the same settings and no state.
  public final func fresh() throws -> Optimizer { try rule.optimizer(rate: rate) }

  /// Forgets its state but keeps its parameters: the next step is the first.
  func reset() {
    stepCount = 0
    for buffer in buffers { memset(buffer.pointer, 0, max(1, layout?.count ?? 0) * 4) }
    noiseSquares = noiseSquares?.map { _ in 0 }
  }

  /// Makes state for `layout` unless this optimizer already works on the same parameters.
  func prepare(_ layout: ParameterLayout) throws {
    if let old = self.layout, old.parameters == layout.parameters, old.offsets == layout.offsets {
      return
    }
    buffers = try rule.buffers.map { _ in
      try Storage(byteCount: max(1, layout.count) * 4, zeroed: true)
    }
    self.layout = layout
    noiseSquares = rule.noiseDecay.map { _ in layout.parameters.map { _ in 0 } }
    stepCount = 0
  }

  /// One step in one pass over memory. With `squaredNorms` the sum of squares of each parameter's new values is written
  /// there, while they are in cache.
  func step(_ gradients: StepGradients, squaredNorms: UnsafeMutablePointer<Double>? = nil) throws {
    try update(
      Array(gradients.sources.indices), gradients, beginsStep: true, squaredNorms: squaredNorms)
  }

  /// Updates the parameters of the layout with these indices: a step, or a part of one that further calls go on with.
  func update(
    _ members: [Int], _ gradients: StepGradients, beginsStep: Bool,
    squaredNorms: UnsafeMutablePointer<Double>? = nil
  ) throws {
    guard let layout else { preconditionFailure("an optimizer is prepared before its first step") }
    let pointers = try members.map { member in
      // The parameter keeps its memory; nothing else runs on it until the step is over.
      try layout.parameters[member].update { $0.baseAddress }
    }
    if beginsStep {
      stepCount += 1
      rule.begin(stepCount, rate: rate)
    }
    if let decay = rule.noiseDecay, var squares = noiseSquares {
      for member in members {
        let deviation =
          gradients.deviations.isEmpty
          ? 0 : Double(gradients.deviations[member]) * Double(gradients.scale)
        squares[member] =
          decay * squares[member] + (1 - decay) * deviation * deviation * gradients.noiseVariance
      }
      noiseSquares = squares
    }
    let rule = rule
    let noiseSquares = noiseSquares
    // A cast takes as long as a small block.
    let noiseAware = noiseSquares == nil ? nil : rule as? any NoiseAwareRule
    let starts = buffers.map { $0.pointer.assumingMemoryBound(to: Float.self) }
    let blocks = members.enumerated().flatMap { place, member in
      layout.blockRanges[member].map { (place: place, block: layout.blocks[$0]) }
    }
    withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, blocks.count)) { sums in
      Parallel.each(blocks.count) { index in
        let (place, block) = blocks[index]
        guard let parameter = pointers[place] else { return }
        var gradient = gradients.block(block, layout)
        if squaredNorms != nil { gradient.squared_norm = sums.baseAddress.map { $0 + index } }
        let offset = layout.offsets[block.parameter] + block.start
        withUnsafeTemporaryAllocation(
          of: UnsafeMutablePointer<Float>.self, capacity: max(1, starts.count)
        ) { state in
          for (index, start) in starts.enumerated() {
            state.initializeElement(at: index, to: start + offset)
          }
          let state = UnsafeBufferPointer(rebasing: state[..<starts.count])
          if let noiseAware, let noiseSquares {
            noiseAware.update(
              &gradient, block.count, parameter + block.start, state,
              noiseSquare: noiseSquares[block.parameter])
          } else {
            rule.update(&gradient, block.count, parameter + block.start, state)
          }
        }
      }
      guard let squaredNorms else { return }
      for member in members { squaredNorms[member] = 0 }
      for (index, (_, block)) in blocks.enumerated() {
        squaredNorms[block.parameter] += sums[index]
      }
    }
  }

  // MARK: Checkpoints

  /// A copy of each buffer.
  func bufferTensors() throws -> [(name: String, value: Tensor)] {
    guard let layout else { return [] }
    return try zip(rule.buffers, buffers).map { name, buffer in
      let copy = try Tensor.uninitialized([layout.count])
      copy.floats.update(
        from: buffer.pointer.assumingMemoryBound(to: Float.self), count: layout.count)
      return (name, copy)
    }
  }

  /// The names and sizes that `restore` takes.
  var bufferNames: [String] { rule.buffers }

  /// Goes on from saved state. The tensors must be f32, contiguous and of the layout's size.
  func restore(stepCount: Int, _ saved: [Tensor]) {
    self.stepCount = stepCount
    for (buffer, tensor) in zip(buffers, saved) {
      buffer.pointer.assumingMemoryBound(to: Float.self).update(
        from: tensor.floats, count: tensor.count)
      withExtendedLifetime(tensor) {}
    }
  }
}

/// Stochastic gradient descent with momentum, PyTorch's `SGD`.
public final class SGD: Optimizer {
  public init(
    rate: Double, momentum: Double = 0, dampening: Double = 0, weightDecay: Double = 0,
    nesterov: Bool = false
  ) throws {
    try Check.finite(momentum, "momentum", atLeast: 0)
    try Check.finite(dampening, "dampening", atLeast: 0)
    try Check.finite(weightDecay, "weight decay", atLeast: 0)
    guard !nesterov || (momentum > 0 && dampening == 0) else {
      throw DomainError(.value, "Nesterov's momentum needs a momentum > 0 and no dampening")
    }
    try super.init(
      SGDRule(
        momentum: momentum, dampening: dampening, weightDecay: weightDecay, nesterov: nesterov),
      rate: rate)
  }
}

private struct SGDRule: UpdateRule {
  let momentum: Double
  let dampening: Double
  let weightDecay: Double
  let nesterov: Bool
  private var step = fl_sgd()

  init(momentum: Double, dampening: Double, weightDecay: Double, nesterov: Bool) {
    self.momentum = momentum
    self.dampening = dampening
    self.weightDecay = weightDecay
    self.nesterov = nesterov
  }

  var name: String { "sgd" }
  var buffers: [String] { momentum > 0 ? ["momentum"] : [] }
  var settings: [(name: String, value: Double)] {
    [
      ("momentum", momentum), ("dampening", dampening), ("weight decay", weightDecay),
      ("nesterov", nesterov ? 1 : 0),
    ]
  }

  mutating func begin(_ number: Int, rate: Double) {
    step = fl_sgd(
      rate: rate, momentum: momentum,
      // PyTorch starts the buffer with the first gradient itself, undampened.
      dampening: number == 1 ? 0 : dampening, weight_decay: weightDecay, nesterov: nesterov ? 1 : 0)
  }

  func update(
    _ gradient: UnsafePointer<fl_gradient>, _ count: Int, _ parameter: UnsafeMutablePointer<Float>,
    _ buffers: UnsafeBufferPointer<UnsafeMutablePointer<Float>>
  ) {
    withUnsafePointer(to: step) { fl_sgd_f32(count, gradient, $0, parameter, buffers.first) }
  }

  func optimizer(rate: Double) throws -> Optimizer {
    try SGD(
      rate: rate, momentum: momentum, dampening: dampening, weightDecay: weightDecay,
      nesterov: nesterov)
  }
}

/// Adam (Kingma 2014) and, with decoupled weight decay, AdamW (Loshchilov 2017), PyTorch's formulas.
public final class Adam: Optimizer {
  public init(
    rate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0, decoupled: Bool = false
  ) throws {
    try Check.finite(beta1, "beta1", atLeast: 0, below: 1)
    try Check.finite(beta2, "beta2", atLeast: 0, below: 1)
    try Check.finite(epsilon, "epsilon", atLeast: 0)
    try Check.finite(weightDecay, "weight decay", atLeast: 0)
    try super.init(
      AdamRule(
        beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
        isDecoupled: decoupled), rate: rate)
  }

  /// AdamW with PyTorch's default decay.
  public static func decoupled(
    rate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 1e-2
  ) throws -> Adam {
    try Adam(
      rate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
      decoupled: true)
  }
}

private struct AdamRule: UpdateRule {
  let beta1: Double
  let beta2: Double
  let epsilon: Double
  let weightDecay: Double
  let isDecoupled: Bool
  private var step = fl_adam()

  init(beta1: Double, beta2: Double, epsilon: Double, weightDecay: Double, isDecoupled: Bool) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.isDecoupled = isDecoupled
  }

  var name: String { isDecoupled ? "adamw" : "adam" }
  var buffers: [String] { ["mean", "square"] }
  var settings: [(name: String, value: Double)] {
    [("beta1", beta1), ("beta2", beta2), ("epsilon", epsilon), ("weight decay", weightDecay)]
  }

  mutating func begin(_ number: Int, rate: Double) {
    step = fl_adam(
      rate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, weight_decay: weightDecay,
      decoupled: isDecoupled ? 1 : 0, correction1: 1 - AdamRule.power(beta1, number),
      correction2: 1 - AdamRule.power(beta2, number))
  }

  private static func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0
    var square = base
    var rest = exponent
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }

  func update(
    _ gradient: UnsafePointer<fl_gradient>, _ count: Int, _ parameter: UnsafeMutablePointer<Float>,
    _ buffers: UnsafeBufferPointer<UnsafeMutablePointer<Float>>
  ) {
    withUnsafePointer(to: step) {
      fl_adam_f32(count, gradient, $0, parameter, buffers[0], buffers[1])
    }
  }

  func optimizer(rate: Double) throws -> Optimizer {
    try Adam(
      rate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
      decoupled: isDecoupled)
  }
}
