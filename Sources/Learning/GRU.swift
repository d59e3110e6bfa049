import CKernels
import Tensor

/// A gated recurrent unit over axis 1 of [examples, time, inputs] (Cho 2014), in one or both directions; the output is
/// [examples, time, hidden] or [examples, time, 2·hidden]. PyTorch's form: with r, z = σ(…) the candidate is n = tanh(W x + b +
/// r ⊙ (U h + c)) and h' = (1 - z) ⊙ n + z ⊙ h. Parameters, gate order (reset, update, new) and initialisation (uniform in
/// ±1/√hidden) are PyTorch's.
///
/// Padded batches are treated as `LSTM` treats them.
public final class GRU: Layer {
  public let inputs: Int
  public let hidden: Int
  public let bidirectional: Bool
  let directions: [GRUParameters]

  public init(_ inputs: Int, _ hidden: Int, bidirectional: Bool = false, random: inout RandomStream)
    throws
  {
    try Check.size(inputs, "inputs")
    try Check.size(hidden, "hidden")
    self.inputs = inputs
    self.hidden = hidden
    self.bidirectional = bidirectional
    var directions: [GRUParameters] = []
    for _ in 0..<(bidirectional ? 2 : 1) {
      directions.append(try GRUParameters(inputs, hidden, &random))
    }
    self.directions = directions
    super.init(kind: bidirectional ? "bigru" : "gru")
    for (direction, suffix) in zip(directions, ["", "_reverse"]) {
      for (name, parameter) in zip(["weight_ih", "weight_hh", "bias_ih", "bias_hh"], direction.all)
      {
        own("\(name)_l0\(suffix)", parameter)
      }
    }
  }

  public override var summary: String { "\(kind)(\(inputs) → \(hidden))" }

  public override func forward(_ input: Tensor) throws -> Tensor {
    try run(input, states: false)
  }

  /// Also the last hidden state of each direction, [examples, directions, hidden].
  public func forwardWithStates(_ input: Tensor) throws -> (output: Tensor, hidden: Tensor) {
    let flat = try run(input, states: true)
    let (batch, time) = (input.shape[0], input.shape[1])
    let width = directions.count * hidden
    let parts = try flat.split([batch * time * width, batch * width])
    return (
      try parts[0].reshaped([batch, time, width]).with(lengths: input.lengths),
      try parts[1].reshaped([batch, directions.count, hidden])
    )
  }

  private func run(_ input: Tensor, states: Bool) throws -> Tensor {
    guard input.rank == 3, input.shape[2] == inputs else {
      throw DomainError(
        .shape,
        "\(summary) needs a tensor of shape [examples, time, \(inputs)], got \(input.shape)")
    }
    let x = try Check.floats(input, kind)
    let recording =
      Tape.isRecording
      && (input.requiresGradient
        || directions.contains { $0.all.contains(where: \.requiresGradient) })
    let pass = try GRUPass(
      self, x, lengths: input.lengths, states: states, keepsActivations: recording)
    pass.forward()
    let output = pass.output.with(lengths: states ? nil : input.lengths)
    guard recording else { return output }
    return Tape.record(
      "gru", inputs: [input], parameters: directions.flatMap(\.all), output: output
    ) { [self] request in
      var saved = pass
      if pass.isUsed {
        // A second walk over a kept trace: the activations were overwritten by the first one.
        saved = try GRUPass(self, x, lengths: input.lengths, states: states, keepsActivations: true)
        saved.forward()
      }
      let dx = try saved.backward(request.gradient, needsInput: request.needs[0])
      return BackwardResult(
        inputs: [dx], rules: request.wantsRules ? [saved.rule(directions)] : [])
    }
  }
}

/// One direction's parameters.
struct GRUParameters {
  /// [3·hidden, inputs], [3·hidden, hidden], [3·hidden], [3·hidden].
  let inputWeight: Parameter
  let hiddenWeight: Parameter
  let inputBias: Parameter
  let hiddenBias: Parameter

  init(_ inputs: Int, _ hidden: Int, _ random: inout RandomStream) throws {
    let bound = 1 / Double(hidden).squareRoot()
    func make(_ name: String, _ shape: [Int]) throws -> Parameter {
      try Parameter(name, .uniform(Shape(checking: shape), low: -bound, high: bound, &random))
    }
    inputWeight = try make("weight_ih", [3 * hidden, inputs])
    hiddenWeight = try make("weight_hh", [3 * hidden, hidden])
    inputBias = try make("bias_ih", [3 * hidden])
    hiddenBias = try make("bias_hh", [3 * hidden])
  }

  var all: [Parameter] { [inputWeight, hiddenWeight, inputBias, hiddenBias] }
}

/// One forward pass of a GRU and what its backward pass needs, cut into (direction, block of rows) tasks as an LSTM's is.
final class GRUPass {
  /// Examples in one task.
  static let rowBlock = 32

  let batch: Int
  let time: Int
  let inputs: Int
  let hidden: Int
  let x: Tensor
  /// The layer's output [batch, time, directions · hidden], where states are asked for followed by the last hidden states.
  let output: Tensor
  private(set) var isUsed = false
  private let sequences: SequenceLengths
  private let states: Bool
  private let keepsActivations: Bool
  private var directions: [Direction] = []

  struct Direction {
    let inputWeight: Tensor
    let hiddenWeight: Tensor
    let hiddenWeightTransposed: Tensor
    let inputBias: Tensor
    let hiddenBias: Tensor
    /// [batch, time, 3·hidden]: the inputs' share of the gates after the forward pass, its gradient after the backward pass.
    let inputGates: Tensor
    /// [batch, time, 3·hidden]: the gradient of the states' share.
    let hiddenGates: Tensor
    /// What the cell keeps, 4·hidden a row; the rows of a block's step lie together.
    let saved: Tensor
    /// [batch, time, hidden]: the hidden state that each step began with.
    let previous: Tensor
    /// [batch, 3·hidden] for the step at hand.
    let scratch: Tensor
  }

  init(_ layer: GRU, _ x: Tensor, lengths: Lengths?, states: Bool, keepsActivations: Bool) throws {
    batch = x.shape[0]
    time = x.shape[1]
    inputs = layer.inputs
    hidden = layer.hidden
    self.x = x
    self.states = states
    self.keepsActivations = keepsActivations
    let (batch, time, hidden) = (batch, time, hidden)
    let width = layer.directions.count * hidden
    output =
      states
      ? try Tensor.uninitialized([batch * time * width + batch * width])
      : try Tensor.uninitialized([batch, time, width])
    sequences = try SequenceLengths(lengths, batch: batch, time: time)
    for parameters in layer.directions {
      let weight = parameters.hiddenWeight.data
      directions.append(
        Direction(
          inputWeight: parameters.inputWeight.data, hiddenWeight: weight,
          hiddenWeightTransposed: try RecurrentWeights.transposed(weight),
          inputBias: parameters.inputBias.data, hiddenBias: parameters.hiddenBias.data,
          inputGates: try .uninitialized([batch, time, 3 * hidden]),
          hiddenGates: keepsActivations ? try .uninitialized([batch, time, 3 * hidden]) : .empty,
          saved: try .uninitialized([batch, keepsActivations ? time : 1, 4 * hidden]),
          previous: keepsActivations ? try .uninitialized([batch, time, hidden]) : .empty,
          scratch: try .uninitialized([batch, 3 * hidden])))
    }
  }

  /// Runs `body(direction, rows)` for all tasks.
  private func eachTask(_ body: (Int, Range<Int>) -> Void) {
    let blocks = (batch + GRUPass.rowBlock - 1) / GRUPass.rowBlock
    Parallel.each(blocks * directions.count) { task in
      let start = task % blocks * GRUPass.rowBlock
      body(task / blocks, start..<min(start + GRUPass.rowBlock, batch))
    }
  }

  /// What the cell keeps of step t for a block of rows.
  private func saved(_ d: Direction, _ rows: Range<Int>, _ t: Int) -> UnsafeMutablePointer<Float> {
    guard keepsActivations else { return d.saved.floats + rows.lowerBound * 4 * hidden }
    return d.saved.floats + (rows.lowerBound * time + t * rows.count) * 4 * hidden
  }

  // MARK: Forward

  func forward() {
    eachTask { direction, rows in forward(direction, rows) }
    if states { writeStates() }
  }

  private func forward(_ number: Int, _ rows: Range<Int>) {
    let d = directions[number]
    let steps = sequences.steps(rows)
    let count = rows.count
    let width = directions.count * hidden
    let gateWidth = 3 * hidden
    let gates = d.inputGates.floats + rows.lowerBound * time * gateWidth
    let previous = keepsActivations ? d.previous.floats + rows.lowerBound * time * hidden : nil
    let scratch = d.scratch.floats + rows.lowerBound * gateWidth
    let out = output.floats + rows.lowerBound * time * width + number * hidden
    if steps < time { clearPadding(number, rows, from: steps) }
    guard steps > 0 else { return }
    let from = x.floats + rows.lowerBound * time * inputs
    for row in 0..<count {
      let target = gates + row * time * gateWidth
      for t in 0..<steps {
        (target + t * gateWidth).update(from: d.inputBias.floats, count: gateWidth)
      }
      if steps < time {
        Matmul.gemm(
          transposeB: true, m: steps, n: gateWidth, k: inputs, from + row * time * inputs, inputs,
          d.inputWeight.floats, inputs, beta: 1, target, gateWidth)
      }
    }
    if steps == time {
      Matmul.gemm(
        transposeB: true, m: count * time, n: gateWidth, k: inputs, from, inputs,
        d.inputWeight.floats, inputs, beta: 1, gates, gateWidth)
    }
    let order = StepOrder(count: steps, isReverse: number == 1)
    for i in 0..<steps {
      let t = order.step(i)
      let before = order.step(i - 1)
      for row in 0..<count {
        (scratch + row * gateWidth).update(from: d.hiddenBias.floats, count: gateWidth)
      }
      if i > 0 {
        Matmul.gemm(
          m: count, n: gateWidth, k: hidden, out + before * width, time * width,
          d.hiddenWeightTransposed.floats, gateWidth, beta: 1, scratch, gateWidth)
      }
      if let previous {
        for row in 0..<count {
          let to = previous + (row * time + t) * hidden
          if i > 0 {
            to.update(from: out + (row * time + before) * width, count: hidden)
          } else {
            to.update(repeating: 0, count: hidden)
          }
        }
      }
      // A step that an example does not have gives zero: its state before it is not handed on.
      let active = sequences.mask(t, rows.lowerBound)
      fl_gru_cell_f32(
        count, hidden, gates + t * gateWidth, time * gateWidth, scratch, gateWidth,
        i > 0 ? UnsafePointer(out + before * width) : nil, time * width, active,
        saved(d, rows, t), out + t * width, time * width)
      guard let active else { continue }
      for row in 0..<count where active[row] == 0 {
        (out + (row * time + t) * width).update(repeating: 0, count: hidden)
      }
    }
  }

  /// What no step of a block reaches: the output is zero there, and so is what the weight gradients multiply.
  private func clearPadding(_ number: Int, _ rows: Range<Int>, from steps: Int) {
    let d = directions[number]
    let width = directions.count * hidden
    for row in rows {
      for t in steps..<time {
        (output.floats + (row * time + t) * width + number * hidden).update(
          repeating: 0, count: hidden)
        if keepsActivations {
          (d.previous.floats + (row * time + t) * hidden).update(repeating: 0, count: hidden)
        }
      }
    }
  }

  private func writeStates() {
    let width = directions.count * hidden
    let base = output.floats
    let hiddenStates = base + batch * time * width
    for number in directions.indices {
      for row in 0..<batch {
        let to = hiddenStates + row * width + number * hidden
        if let t = sequences.lastStep(isReverse: number == 1, row) {
          to.update(from: base + (row * time + t) * width + number * hidden, count: hidden)
        } else {
          to.update(repeating: 0, count: hidden)
        }
      }
    }
  }

  // MARK: Backward

  /// Makes the gradients of both shares of the gates; returns the gradient of the input where it is asked for.
  func backward(_ gradient: Tensor, needsInput: Bool) throws -> Tensor? {
    isUsed = true
    var g = try gradient.contiguous()
    if states { g = try takeStates(g) }
    let width = directions.count * hidden
    let hiddenGradients = try Tensor.uninitialized([directions.count, batch, hidden])
    withExtendedLifetime(g) {
      eachTask { direction, rows in
        backward(
          direction, rows, g.floats + direction * hidden, width,
          hiddenGradients.floats + direction * batch * hidden)
      }
    }
    withExtendedLifetime(hiddenGradients) {}
    guard needsInput else { return nil }
    let dx = try Tensor.uninitialized(x.shape)
    for (number, d) in directions.enumerated() {
      Matmul.gemm(
        m: batch * time, n: inputs, k: 3 * hidden, d.inputGates.floats, 3 * hidden,
        d.inputWeight.floats, inputs, beta: number == 0 ? 0 : 1, dx.floats, inputs)
    }
    return dx
  }

  private func backward(
    _ number: Int, _ rows: Range<Int>, _ gradient: UnsafePointer<Float>, _ width: Int,
    _ hiddenGradients: UnsafeMutablePointer<Float>
  ) {
    let d = directions[number]
    let steps = sequences.steps(rows)
    let count = rows.count
    let gateWidth = 3 * hidden
    let inputGates = d.inputGates.floats + rows.lowerBound * time * gateWidth
    let hiddenGates = d.hiddenGates.floats + rows.lowerBound * time * gateWidth
    let previous = d.previous.floats + rows.lowerBound * time * hidden
    let arriving = gradient + rows.lowerBound * time * width
    let dh = hiddenGradients + rows.lowerBound * hidden
    if steps < time {
      for row in 0..<count {
        for gates in [inputGates, hiddenGates] {
          (gates + (row * time + steps) * gateWidth).update(
            repeating: 0, count: (time - steps) * gateWidth)
        }
      }
    }
    let order = StepOrder(count: steps, isReverse: number == 1)
    for i in stride(from: steps - 1, through: 0, by: -1) {
      let t = order.step(i)
      fl_gru_cell_backward_f32(
        count, hidden, saved(d, rows, t), previous + t * hidden, time * hidden,
        sequences.mask(t, rows.lowerBound), arriving + t * width, time * width,
        i + 1 < steps ? UnsafePointer(dh) : nil, inputGates + t * gateWidth, time * gateWidth,
        hiddenGates + t * gateWidth, time * gateWidth, dh)
      if let active = sequences.mask(t, rows.lowerBound) {
        // The output there is zero whatever the state: nothing flows back.
        for row in 0..<count where active[row] == 0 {
          (dh + row * hidden).update(repeating: 0, count: hidden)
        }
      }
      if i > 0 {
        Matmul.gemm(
          m: count, n: hidden, k: gateWidth, hiddenGates + t * gateWidth, time * gateWidth,
          d.hiddenWeight.floats, hidden, beta: 1, dh, hidden)
      }
    }
  }

  /// The gradients of the parameters, once the backward pass is through.
  func rule(_ parameters: [GRUParameters]) -> RecurrentRule {
    RecurrentRule(
      zip(parameters, directions).flatMap { parameters, d in
        [
          RecurrentRule.Product(
            gradient: d.inputGates, factors: [(parameters.inputWeight, x)],
            biases: [parameters.inputBias]),
          RecurrentRule.Product(
            gradient: d.hiddenGates, factors: [(parameters.hiddenWeight, d.previous)],
            biases: [parameters.hiddenBias]),
        ]
      }, examples: batch, time: time)
  }

  /// The gradient of the output with that of the last hidden states added where they were read.
  private func takeStates(_ gradient: Tensor) throws -> Tensor {
    let width = directions.count * hidden
    let result = try Tensor.uninitialized([batch, time, width])
    let from = gradient.floats
    result.floats.update(from: from, count: result.count)
    for number in directions.indices {
      for row in 0..<batch {
        guard let t = sequences.lastStep(isReverse: number == 1, row) else { continue }
        fl_axpy_f32(
          hidden, 1, from + batch * time * width + row * width + number * hidden,
          result.floats + (row * time + t) * width + number * hidden)
      }
    }
    withExtendedLifetime(gradient) {}
    return result
  }
}
