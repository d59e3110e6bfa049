import CKernels
import Foundations
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

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

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
    let sequences = try PackedSequences(
      input.lengths, batch: input.shape[0], time: input.shape[1])
    let pass = try GRUPass(
      self, try sequences.packed(x), sequences, states: states, keepsActivations: recording)
    let output = try pass.forward().with(lengths: states ? nil : input.lengths)
    guard recording else { return output }
    return Tape.record(
      "gru", inputs: [input], parameters: directions.flatMap(\.all), output: output
    ) { [self] request in
      var saved = pass
      if pass.isUsed {
        // A second walk over a kept trace: the activations were overwritten by the first one.
        saved = try GRUPass(self, pass.x, pass.sequences, states: states, keepsActivations: true)
        _ = try saved.forward()
      }
      let dx = try saved.backward(request.gradient, needsInput: request.needs[0])
      return BackwardResult(
        inputs: [dx], rules: request.wantsRules ? [try saved.rule(directions)] : [])
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

/// One forward pass of a GRU and what its backward pass needs, cut into (direction, block of examples) tasks as an LSTM's is.
final class GRUPass {
  let batch: Int
  let time: Int
  let inputs: Int
  let hidden: Int
  /// The input's packed rows, [rows, inputs].
  let x: Tensor
  let sequences: PackedSequences
  /// The output's packed rows, [rows, directions · hidden].
  private let output: Tensor
  private(set) var isUsed = false
  private let states: Bool
  private let keepsActivations: Bool
  private var directions: [Direction] = []

  struct Direction {
    let inputWeight: Tensor
    let hiddenWeight: Tensor
    let hiddenWeightTransposed: Tensor
    let inputBias: Tensor
    let hiddenBias: Tensor
    /// [rows, 3·hidden]: the inputs' share of the gates after the forward pass, its gradient after the backward pass.
    let inputGates: Tensor
    /// [rows, 3·hidden]: the gradient of the states' share.
    let hiddenGates: Tensor
    /// What the cell keeps, 4·hidden a row; the rows of a block's step lie together.
    let saved: Tensor
    /// [rows, hidden]: the hidden state that each step began with.
    let previous: Tensor
    /// [batch, 3·hidden] for the step at hand.
    let scratch: Tensor
  }

  init(
    _ layer: GRU, _ x: Tensor, _ sequences: PackedSequences, states: Bool, keepsActivations: Bool
  ) throws {
    batch = sequences.batch
    time = sequences.time
    inputs = layer.inputs
    hidden = layer.hidden
    self.x = x
    self.sequences = sequences
    self.states = states
    self.keepsActivations = keepsActivations
    let (batch, hidden) = (batch, hidden)
    let rows = sequences.blocks.rowCount
    let width = layer.directions.count * hidden
    output = try .uninitialized([rows, width])
    for parameters in layer.directions {
      let weight = parameters.hiddenWeight.data
      directions.append(
        Direction(
          inputWeight: parameters.inputWeight.data, hiddenWeight: weight,
          hiddenWeightTransposed: try RecurrentWeights.transposed(weight),
          inputBias: parameters.inputBias.data, hiddenBias: parameters.hiddenBias.data,
          inputGates: try .uninitialized([rows, 3 * hidden]),
          hiddenGates: keepsActivations ? try .uninitialized([rows, 3 * hidden]) : .empty,
          saved: try .uninitialized([keepsActivations ? rows : batch, 4 * hidden]),
          previous: keepsActivations ? try .uninitialized([rows, hidden]) : .empty,
          scratch: try .uninitialized([batch, 3 * hidden])))
    }
  }

  /// Runs `body(direction, block)` for all tasks.
  private func eachTask(_ body: (Int, RowLayout.Part) -> Void) {
    let blocks = sequences.blocks.parts
    Parallel.each(blocks.count * directions.count) { task in
      body(task / blocks.count, blocks[task % blocks.count])
    }
  }

  /// What the cell keeps of step t for a block of examples.
  private func saved(_ d: Direction, _ block: RowLayout.Part, _ t: Int)
    -> UnsafeMutablePointer<Float>
  {
    let row =
      keepsActivations
      ? block.firstRow + t * block.examples.count : block.examples.lowerBound
    return d.saved.floats + row * 4 * hidden
  }

  // MARK: Forward

  /// The layer's output [batch, time, directions · hidden], where states are asked for followed by the last hidden states.
  func forward() throws -> Tensor {
    eachTask { direction, block in forward(direction, block) }
    let padded = try sequences.padded(output)
    return states ? try withStates(padded) : padded
  }

  private func forward(_ number: Int, _ block: RowLayout.Part) {
    let d = directions[number]
    let steps = block.time
    let count = block.examples.count
    let first = block.examples.lowerBound
    let width = directions.count * hidden
    let gateWidth = 3 * hidden
    let gates = d.inputGates.floats + block.firstRow * gateWidth
    let previous = keepsActivations ? d.previous.floats + block.firstRow * hidden : nil
    let scratch = d.scratch.floats + first * gateWidth
    let out = output.floats + block.firstRow * width + number * hidden
    guard steps > 0 else { return }
    for row in 0..<count * steps {
      (gates + row * gateWidth).update(from: d.inputBias.floats, count: gateWidth)
    }
    Matmul.gemm(
      transposeB: true, m: count * steps, n: gateWidth, k: inputs,
      x.floats + block.firstRow * inputs, inputs, d.inputWeight.floats, inputs, beta: 1, gates,
      gateWidth)
    let order = StepOrder(count: steps, isReverse: number == 1)
    for i in 0..<steps where !Parallel.isAbandoned {
      let t = order.step(i)
      let before = order.step(i - 1)
      for row in 0..<count {
        (scratch + row * gateWidth).update(from: d.hiddenBias.floats, count: gateWidth)
      }
      if i > 0 {
        Matmul.gemm(
          m: count, n: gateWidth, k: hidden, out + before * width, steps * width,
          d.hiddenWeightTransposed.floats, gateWidth, beta: 1, scratch, gateWidth)
      }
      if let previous {
        for row in 0..<count {
          let to = previous + (row * steps + t) * hidden
          if i > 0 {
            to.update(from: out + (row * steps + before) * width, count: hidden)
          } else {
            to.update(repeating: 0, count: hidden)
          }
        }
      }
      // A step that an example does not have gives zero: its state before it is not handed on.
      let active = sequences.mask(t, first)
      fl_gru_cell_f32(
        count, hidden, gates + t * gateWidth, steps * gateWidth, scratch, gateWidth,
        i > 0 ? UnsafePointer(out + before * width) : nil, steps * width, active,
        saved(d, block, t), out + t * width, steps * width)
      guard let active else { continue }
      for row in 0..<count where active[row] == 0 {
        (out + (row * steps + t) * width).update(repeating: 0, count: hidden)
      }
    }
  }

  /// The padded output followed by the last hidden states.
  private func withStates(_ padded: Tensor) throws -> Tensor {
    let width = directions.count * hidden
    let result = try Tensor.uninitialized([padded.count + batch * width])
    result.floats.update(from: padded.floats, count: padded.count)
    let hiddenStates = result.floats + padded.count
    for number in directions.indices {
      for example in 0..<batch {
        let to = hiddenStates + example * width + number * hidden
        if let row = sequences.lastRow(isReverse: number == 1, example) {
          to.update(from: output.floats + row * width + number * hidden, count: hidden)
        } else {
          to.update(repeating: 0, count: hidden)
        }
      }
    }
    return withExtendedLifetime(padded) { result }
  }

  // MARK: Backward

  /// Makes the gradients of both shares of the gates; returns the gradient of the input where it is asked for.
  func backward(_ gradient: Tensor, needsInput: Bool) throws -> Tensor? {
    isUsed = true
    let gradient = try gradient.contiguous()
    let g = states ? try takeStates(gradient) : try sequences.packed(gradient)
    let width = directions.count * hidden
    let hiddenGradients = try Tensor.uninitialized([directions.count, batch, hidden])
    withExtendedLifetime(g) {
      eachTask { direction, block in
        backward(
          direction, block, g.floats + direction * hidden, width,
          hiddenGradients.floats + direction * batch * hidden)
      }
    }
    withExtendedLifetime(hiddenGradients) {}
    guard needsInput else { return nil }
    let dx = try Tensor.uninitialized(x.shape)
    for (number, d) in directions.enumerated() {
      Matmul.gemm(
        m: sequences.blocks.rowCount, n: inputs, k: 3 * hidden, d.inputGates.floats, 3 * hidden,
        d.inputWeight.floats, inputs, beta: number == 0 ? 0 : 1, dx.floats, inputs)
    }
    return try sequences.padded(dx)
  }

  private func backward(
    _ number: Int, _ block: RowLayout.Part, _ gradient: UnsafePointer<Float>, _ width: Int,
    _ hiddenGradients: UnsafeMutablePointer<Float>
  ) {
    let d = directions[number]
    let steps = block.time
    let count = block.examples.count
    let first = block.examples.lowerBound
    let gateWidth = 3 * hidden
    let inputGates = d.inputGates.floats + block.firstRow * gateWidth
    let hiddenGates = d.hiddenGates.floats + block.firstRow * gateWidth
    let previous = d.previous.floats + block.firstRow * hidden
    let arriving = gradient + block.firstRow * width
    let dh = hiddenGradients + first * hidden
    let order = StepOrder(count: steps, isReverse: number == 1)
    for i in stride(from: steps - 1, through: 0, by: -1) where !Parallel.isAbandoned {
      let t = order.step(i)
      fl_gru_cell_backward_f32(
        count, hidden, saved(d, block, t), previous + t * hidden, steps * hidden,
        sequences.mask(t, first), arriving + t * width, steps * width,
        i + 1 < steps ? UnsafePointer(dh) : nil, inputGates + t * gateWidth, steps * gateWidth,
        hiddenGates + t * gateWidth, steps * gateWidth, dh)
      if let active = sequences.mask(t, first) {
        // The output there is zero whatever the state: nothing flows back.
        for row in 0..<count where active[row] == 0 {
          (dh + row * hidden).update(repeating: 0, count: hidden)
        }
      }
      if i > 0 {
        Matmul.gemm(
          m: count, n: hidden, k: gateWidth, hiddenGates + t * gateWidth, steps * gateWidth,
          d.hiddenWeight.floats, hidden, beta: 1, dh, hidden)
      }
    }
  }

  /// The gradients of the parameters, once the backward pass is through.
  func rule(_ parameters: [GRUParameters]) throws -> RecurrentRule {
    let x = try sequences.ordered(x)
    return RecurrentRule(
      try zip(parameters, directions).flatMap { parameters, d in
        [
          RecurrentRule.Product(
            gradient: try sequences.ordered(d.inputGates), factors: [(parameters.inputWeight, x)],
            biases: [parameters.inputBias]),
          RecurrentRule.Product(
            gradient: try sequences.ordered(d.hiddenGates),
            factors: [(parameters.hiddenWeight, try sequences.ordered(d.previous))],
            biases: [parameters.hiddenBias]),
        ]
      }, sequences.layout)
  }

  /// The packed gradient of the output with that of the last hidden states added where they were read.
  private func takeStates(_ gradient: Tensor) throws -> Tensor {
    let width = directions.count * hidden
    let count = batch * time * width
    let alone = try Tensor.uninitialized([batch, time, width])
    alone.floats.update(from: gradient.floats, count: count)
    let result = try sequences.packed(alone)
    for number in directions.indices {
      for example in 0..<batch {
        guard let row = sequences.lastRow(isReverse: number == 1, example) else { continue }
        fl_axpy_f32(
          hidden, 1, gradient.floats + count + example * width + number * hidden,
          result.floats + row * width + number * hidden)
      }
    }
    return withExtendedLifetime(gradient) { result }
  }
}
