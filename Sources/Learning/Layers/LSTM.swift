import CKernels
import Foundations
import Tensor

/// A long short-term memory over axis 1 of [examples, time, inputs] (Hochreiter 1997), in one or both directions; the output is
/// [examples, time, hidden] or [examples, time, 2·hidden]. Parameters, gate order (input, forget, cell, output) and
/// initialisation (uniform in ±1/√hidden) are PyTorch's.
///
/// In a padded batch each example's sequence ends at its own length, as with PyTorch's packed sequences: the reverse direction
/// starts there, and the output behind it is zero.
public final class LSTM: Layer {
  public let inputs: Int
  public let hidden: Int
  public let bidirectional: Bool
  let directions: [LSTMParameters]

  public init(_ inputs: Int, _ hidden: Int, bidirectional: Bool = false, random: inout RandomStream)
    throws
  {
    try Check.size(inputs, "inputs")
    try Check.size(hidden, "hidden")
    self.inputs = inputs
    self.hidden = hidden
    self.bidirectional = bidirectional
    var directions: [LSTMParameters] = []
    for _ in 0..<(bidirectional ? 2 : 1) {
      directions.append(try LSTMParameters(inputs, hidden, &random))
    }
    self.directions = directions
    super.init(kind: bidirectional ? "bilstm" : "lstm")
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

  /// Also the last hidden and cell state of each direction, [examples, directions, hidden] each.
  public func forwardWithStates(_ input: Tensor) throws -> (
    output: Tensor, hidden: Tensor, cell: Tensor
  ) {
    let flat = try run(input, states: true)
    let (batch, time) = (input.shape[0], input.shape[1])
    let width = directions.count * hidden
    let parts = try flat.split([batch * time * width, batch * width, batch * width])
    return (
      try parts[0].reshaped([batch, time, width]).with(lengths: input.lengths),
      try parts[1].reshaped([batch, directions.count, hidden]),
      try parts[2].reshaped([batch, directions.count, hidden])
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
    let pass = try LSTMPass(
      self, try sequences.packed(x), sequences, states: states, keepsActivations: recording)
    let output = try pass.forward().with(lengths: states ? nil : input.lengths)
    guard recording else { return output }
    return Tape.record(
      "lstm", inputs: [input], parameters: directions.flatMap(\.all), output: output
    ) { [self] request in
      var saved = pass
      if pass.isUsed {
        // A second walk over a kept trace: the activations were overwritten by the first one.
        saved = try LSTMPass(self, pass.x, pass.sequences, states: states, keepsActivations: true)
        _ = try saved.forward()
      }
      let dx = try saved.backward(request.gradient, needsInput: request.needs[0])
      return BackwardResult(
        inputs: [dx], rules: request.wantsRules ? [try saved.rule(directions)] : [])
    }
  }
}

/// One direction's parameters.
struct LSTMParameters {
  /// [4·hidden, inputs], [4·hidden, hidden], [4·hidden], [4·hidden].
  let inputWeight: Parameter
  let hiddenWeight: Parameter
  let inputBias: Parameter
  let hiddenBias: Parameter

  init(_ inputs: Int, _ hidden: Int, _ random: inout RandomStream) throws {
    let bound = 1 / Double(hidden).squareRoot()
    func make(_ name: String, _ shape: [Int]) throws -> Parameter {
      try Parameter(
        name, .uniform(Shape(checking: shape), low: -bound, high: bound, &random))
    }
    inputWeight = try make("weight_ih", [4 * hidden, inputs])
    hiddenWeight = try make("weight_hh", [4 * hidden, hidden])
    inputBias = try make("bias_ih", [4 * hidden])
    hiddenBias = try make("bias_hh", [4 * hidden])
  }

  var all: [Parameter] { [inputWeight, hiddenWeight, inputBias, hiddenBias] }
}

/// One forward pass of an LSTM and what its backward pass needs. Work is cut into (direction, block of examples) tasks; a task does
/// its input projection and then its steps, so that a block's gates stay in cache.
final class LSTMPass {
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
  private(set) var directions: [Direction] = []

  struct Direction {
    let inputWeight: Tensor
    let hiddenWeight: Tensor
    let hiddenWeightTransposed: Tensor
    let bias: Tensor
    /// [rows, 4·hidden]: gates after the forward pass, the gradient of their sums after the backward pass.
    let gates: Tensor
    let cells: Tensor
    let tanhCells: Tensor
    /// [rows, hidden]: the hidden state that each step began with.
    let previous: Tensor
  }

  init(
    _ layer: LSTM, _ x: Tensor, _ sequences: PackedSequences, states: Bool, keepsActivations: Bool
  ) throws {
    batch = sequences.batch
    time = sequences.time
    inputs = layer.inputs
    hidden = layer.hidden
    self.x = x
    self.sequences = sequences
    self.states = states
    self.keepsActivations = keepsActivations
    let hidden = hidden
    let rows = sequences.blocks.rowCount
    let width = layer.directions.count * hidden
    output = try .uninitialized([rows, width])
    for parameters in layer.directions {
      let weight = parameters.hiddenWeight.data
      let transposed = try RecurrentWeights.transposed(weight)
      let bias = try Tensor.uninitialized([4 * hidden])
      let (b1, b2) = (parameters.inputBias.data, parameters.hiddenBias.data)
      fl_add_vv_f32(4 * hidden, b1.floats, b2.floats, bias.floats)
      withExtendedLifetime((b1, b2)) {}
      directions.append(
        Direction(
          inputWeight: parameters.inputWeight.data, hiddenWeight: weight,
          hiddenWeightTransposed: transposed, bias: bias,
          gates: try .uninitialized([rows, 4 * hidden]),
          cells: try .uninitialized([rows, hidden]),
          tanhCells: keepsActivations ? try .uninitialized([rows, hidden]) : .empty,
          previous: keepsActivations ? try .uninitialized([rows, hidden]) : .empty))
    }
  }

  // MARK: Tasks

  /// Runs `body(direction, block)` for all tasks.
  private func eachTask(_ body: (Int, RowLayout.Part) -> Void) {
    let blocks = sequences.blocks.parts
    Parallel.each(blocks.count * directions.count) { task in
      body(task / blocks.count, blocks[task % blocks.count])
    }
  }

  // MARK: Forward

  /// The layer's output [batch, time, directions · hidden], where states are asked for followed by last hidden and cell states.
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
    let gateWidth = 4 * hidden
    let gates = d.gates.floats + block.firstRow * gateWidth
    let cells = d.cells.floats + block.firstRow * hidden
    let tanhCells = keepsActivations ? d.tanhCells.floats + block.firstRow * hidden : nil
    let previous = keepsActivations ? d.previous.floats + block.firstRow * hidden : nil
    let out = output.floats + block.firstRow * width + number * hidden
    guard steps > 0 else { return }
    Matmul.gemm(
      transposeB: true, m: count * steps, n: gateWidth, k: inputs,
      x.floats + block.firstRow * inputs, inputs, d.inputWeight.floats, inputs, gates, gateWidth)
    let order = StepOrder(count: steps, isReverse: number == 1)
    for i in 0..<steps where !Parallel.isAbandoned {
      let t = order.step(i)
      let before = order.step(i - 1)
      if i > 0 {
        Matmul.gemm(
          m: count, n: gateWidth, k: hidden, out + before * width, steps * width,
          d.hiddenWeightTransposed.floats, gateWidth, beta: 1, gates + t * gateWidth,
          steps * gateWidth)
      }
      fl_lstm_cell_f32(
        count, hidden, gates + t * gateWidth, steps * gateWidth, d.bias.floats,
        i > 0 ? cells + before * hidden : nil, steps * hidden, nil, 0, sequences.mask(t, first),
        gates + t * gateWidth, steps * gateWidth, cells + t * hidden,
        tanhCells.map { $0 + t * hidden }, out + t * width, steps * width)
      guard let previous else { continue }
      if i == 0 {
        for row in 0..<count {
          (previous + (row * steps + t) * hidden).update(repeating: 0, count: hidden)
        }
      }
      if i + 1 < steps {
        let after = order.step(i + 1)
        for row in 0..<count {
          (previous + (row * steps + after) * hidden).update(
            from: out + (row * steps + t) * width, count: hidden)
        }
      }
    }
  }

  /// The padded output followed by the last hidden and cell states.
  private func withStates(_ padded: Tensor) throws -> Tensor {
    let width = directions.count * hidden
    let result = try Tensor.uninitialized([padded.count + 2 * batch * width])
    result.floats.update(from: padded.floats, count: padded.count)
    let hiddenStates = result.floats + padded.count
    let cellStates = hiddenStates + batch * width
    for (number, d) in directions.enumerated() {
      for example in 0..<batch {
        let to = example * width + number * hidden
        guard let row = sequences.lastRow(isReverse: number == 1, example) else {
          (hiddenStates + to).update(repeating: 0, count: hidden)
          (cellStates + to).update(repeating: 0, count: hidden)
          continue
        }
        (hiddenStates + to).update(
          from: output.floats + row * width + number * hidden, count: hidden)
        (cellStates + to).update(from: d.cells.floats + row * hidden, count: hidden)
      }
    }
    return withExtendedLifetime(padded) { result }
  }

  // MARK: Backward

  /// Turns the gates into the gradients of their sums; returns the gradient of the input where it is asked for.
  func backward(_ gradient: Tensor, needsInput: Bool) throws -> Tensor? {
    isUsed = true
    let gradient = try gradient.contiguous()
    let width = directions.count * hidden
    let cellGradients = try Tensor.uninitialized([directions.count, batch, hidden])
    let hiddenGradients = try Tensor.uninitialized([directions.count, batch, hidden])
    let g: Tensor
    if states {
      g = try takeStates(gradient, into: cellGradients)
    } else {
      g = try sequences.packed(gradient)
      cellGradients.floats.update(repeating: 0, count: cellGradients.count)
    }
    withExtendedLifetime(g) {
      eachTask { direction, block in
        backward(
          direction, block, g.floats + direction * hidden, width,
          cellGradients.floats + direction * batch * hidden,
          hiddenGradients.floats + direction * batch * hidden)
      }
    }
    withExtendedLifetime((cellGradients, hiddenGradients)) {}
    guard needsInput else { return nil }
    let dx = try Tensor.uninitialized(x.shape)
    for (number, d) in directions.enumerated() {
      Matmul.gemm(
        m: sequences.blocks.rowCount, n: inputs, k: 4 * hidden, d.gates.floats, 4 * hidden,
        d.inputWeight.floats, inputs, beta: number == 0 ? 0 : 1, dx.floats, inputs)
    }
    return try sequences.padded(dx)
  }

  private func backward(
    _ number: Int, _ block: RowLayout.Part, _ gradient: UnsafePointer<Float>, _ width: Int,
    _ cellGradients: UnsafeMutablePointer<Float>, _ hiddenGradients: UnsafeMutablePointer<Float>
  ) {
    let d = directions[number]
    let steps = block.time
    let count = block.examples.count
    let first = block.examples.lowerBound
    let gateWidth = 4 * hidden
    let gates = d.gates.floats + block.firstRow * gateWidth
    let cells = d.cells.floats + block.firstRow * hidden
    let tanhCells = d.tanhCells.floats + block.firstRow * hidden
    let arriving = gradient + block.firstRow * width
    let dc = cellGradients + first * hidden
    let dh = hiddenGradients + first * hidden
    let order = StepOrder(count: steps, isReverse: number == 1)
    for i in stride(from: steps - 1, through: 0, by: -1) where !Parallel.isAbandoned {
      let t = order.step(i)
      fl_lstm_cell_backward_f32(
        count, hidden, gates + t * gateWidth, steps * gateWidth,
        i > 0 ? cells + order.step(i - 1) * hidden : nil, cells + t * hidden,
        tanhCells + t * hidden, steps * hidden, sequences.mask(t, first), arriving + t * width,
        steps * width, i + 1 < steps ? dh : nil, dc, nil, gates + t * gateWidth,
        steps * gateWidth)
      if i > 0 {
        Matmul.gemm(
          m: count, n: hidden, k: gateWidth, gates + t * gateWidth, steps * gateWidth,
          d.hiddenWeight.floats, hidden, dh, hidden)
      }
    }
  }

  /// The gradients of the parameters, once the backward pass is through.
  func rule(_ parameters: [LSTMParameters]) throws -> RecurrentRule {
    let x = try sequences.ordered(x)
    return RecurrentRule(
      try zip(parameters, directions).map { parameters, d in
        RecurrentRule.Product(
          gradient: try sequences.ordered(d.gates),
          factors: [
            (parameters.inputWeight, x),
            (parameters.hiddenWeight, try sequences.ordered(d.previous)),
          ],
          biases: [parameters.inputBias, parameters.hiddenBias])
      }, sequences.layout)
  }

  /// The packed gradient of the output with that of the last hidden states added where they were read; cell gradients go to `cells`.
  private func takeStates(_ gradient: Tensor, into cells: Tensor) throws -> Tensor {
    let width = directions.count * hidden
    let count = batch * time * width
    let alone = try Tensor.uninitialized([batch, time, width])
    alone.floats.update(from: gradient.floats, count: count)
    let result = try sequences.packed(alone)
    let hiddenStates = gradient.floats + count
    let cellStates = hiddenStates + batch * width
    for number in directions.indices {
      for example in 0..<batch {
        let at = example * width + number * hidden
        // By places, as the blocks take them.
        let cell = cells.floats + (number * batch + sequences.place(of: example)) * hidden
        guard let row = sequences.lastRow(isReverse: number == 1, example) else {
          cell.update(repeating: 0, count: hidden)
          continue
        }
        cell.update(from: cellStates + at, count: hidden)
        fl_axpy_f32(
          hidden, 1, hiddenStates + at, result.floats + row * width + number * hidden)
      }
    }
    return withExtendedLifetime(gradient) { result }
  }
}
