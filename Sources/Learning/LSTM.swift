import CKernels
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
    let pass = try LSTMPass(
      self, x, lengths: input.lengths, states: states, keepsActivations: recording)
    pass.forward()
    let output = pass.output.with(lengths: states ? nil : input.lengths)
    guard recording else { return output }
    return Tape.record(
      "lstm", inputs: [input], parameters: directions.flatMap(\.all), output: output
    ) { [self] request in
      var saved = pass
      if pass.isUsed {
        // A second walk over a kept trace: the activations were overwritten by the first one.
        saved = try LSTMPass(
          self, x, lengths: input.lengths, states: states, keepsActivations: true)
        saved.forward()
      }
      let dx = try saved.backward(request.gradient, needsInput: request.needs[0])
      return BackwardResult(
        inputs: [dx], rules: request.wantsRules ? [saved.rule(directions)] : [])
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

/// One forward pass of an LSTM and what its backward pass needs. Work is cut into (direction, block of rows) tasks; a task does its
/// input projection and then its steps, so that a block's gates stay in cache.
final class LSTMPass {
  /// Examples in one task.
  static let rowBlock = 32

  let batch: Int
  let time: Int
  let inputs: Int
  let hidden: Int
  let x: Tensor
  /// The layer's output [batch, time, directions · hidden], where states are asked for followed by last hidden and cell states.
  let output: Tensor
  private(set) var isUsed = false
  private let sequences: SequenceLengths
  private let states: Bool
  private let keepsActivations: Bool
  private(set) var directions: [Direction] = []

  struct Direction {
    let inputWeight: Tensor
    let hiddenWeight: Tensor
    let hiddenWeightTransposed: Tensor
    let bias: Tensor
    /// [batch, time, 4·hidden]: gates after the forward pass, the gradient of their sums after the backward pass.
    let gates: Tensor
    let cells: Tensor
    let tanhCells: Tensor
    /// [batch, time, hidden]: the hidden state that each step began with.
    let previous: Tensor
  }

  init(_ layer: LSTM, _ x: Tensor, lengths: Lengths?, states: Bool, keepsActivations: Bool) throws {
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
      ? try Tensor.uninitialized([batch * time * width + 2 * batch * width])
      : try Tensor.uninitialized([batch, time, width])
    sequences = try SequenceLengths(lengths, batch: batch, time: time)
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
          gates: try .uninitialized([batch, time, 4 * hidden]),
          cells: try .uninitialized([batch, time, hidden]),
          tanhCells: keepsActivations ? try .uninitialized([batch, time, hidden]) : .empty,
          previous: keepsActivations ? try .uninitialized([batch, time, hidden]) : .empty))
    }
  }

  // MARK: Tasks

  private var blockCount: Int { (batch + LSTMPass.rowBlock - 1) / LSTMPass.rowBlock }

  /// Runs `body(direction, rows)` for all tasks.
  private func eachTask(_ body: (Int, Range<Int>) -> Void) {
    let blocks = blockCount
    Parallel.each(blocks * directions.count) { task in
      let start = task % blocks * LSTMPass.rowBlock
      body(task / blocks, start..<min(start + LSTMPass.rowBlock, batch))
    }
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
    let gateWidth = 4 * hidden
    let gates = d.gates.floats + rows.lowerBound * time * gateWidth
    let cells = d.cells.floats + rows.lowerBound * time * hidden
    let tanhCells = keepsActivations ? d.tanhCells.floats + rows.lowerBound * time * hidden : nil
    let previous = keepsActivations ? d.previous.floats + rows.lowerBound * time * hidden : nil
    let out = output.floats + rows.lowerBound * time * width + number * hidden
    if steps < time { clearPadding(number, rows, from: steps) }
    guard steps > 0 else { return }
    let from = x.floats + rows.lowerBound * time * inputs
    if steps == time {
      Matmul.gemm(
        transposeB: true, m: count * time, n: gateWidth, k: inputs, from, inputs,
        d.inputWeight.floats, inputs, gates, gateWidth)
    } else {
      for row in 0..<count {
        Matmul.gemm(
          transposeB: true, m: steps, n: gateWidth, k: inputs, from + row * time * inputs, inputs,
          d.inputWeight.floats, inputs, gates + row * time * gateWidth, gateWidth)
      }
    }
    let order = StepOrder(count: steps, isReverse: number == 1)
    for i in 0..<steps {
      let t = order.step(i)
      let before = order.step(i - 1)
      if i > 0 {
        Matmul.gemm(
          m: count, n: gateWidth, k: hidden, out + before * width, time * width,
          d.hiddenWeightTransposed.floats, gateWidth, beta: 1, gates + t * gateWidth,
          time * gateWidth)
      }
      fl_lstm_cell_f32(
        count, hidden, gates + t * gateWidth, time * gateWidth, d.bias.floats,
        i > 0 ? cells + before * hidden : nil, time * hidden, nil, 0,
        sequences.mask(t, rows.lowerBound),
        gates + t * gateWidth, time * gateWidth, cells + t * hidden,
        tanhCells.map { $0 + t * hidden }, out + t * width, time * width)
      guard let previous else { continue }
      if i == 0 {
        for row in 0..<count {
          (previous + (row * time + t) * hidden).update(repeating: 0, count: hidden)
        }
      }
      if i + 1 < steps {
        let after = order.step(i + 1)
        for row in 0..<count {
          (previous + (row * time + after) * hidden).update(
            from: out + (row * time + t) * width, count: hidden)
        }
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
    let cellStates = hiddenStates + batch * width
    for (number, d) in directions.enumerated() {
      for row in 0..<batch {
        let to = row * width + number * hidden
        guard let t = sequences.lastStep(isReverse: number == 1, row) else {
          (hiddenStates + to).update(repeating: 0, count: hidden)
          (cellStates + to).update(repeating: 0, count: hidden)
          continue
        }
        (hiddenStates + to).update(
          from: base + (row * time + t) * width + number * hidden, count: hidden)
        (cellStates + to).update(from: d.cells.floats + (row * time + t) * hidden, count: hidden)
      }
    }
  }

  // MARK: Backward

  /// Turns the gates into the gradients of their sums; returns the gradient of the input where it is asked for.
  func backward(_ gradient: Tensor, needsInput: Bool) throws -> Tensor? {
    isUsed = true
    var g = try gradient.contiguous()
    let width = directions.count * hidden
    let cellGradients = try Tensor.uninitialized([directions.count, batch, hidden])
    let hiddenGradients = try Tensor.uninitialized([directions.count, batch, hidden])
    if states {
      g = try takeStates(g, into: cellGradients)
    } else {
      cellGradients.floats.update(repeating: 0, count: cellGradients.count)
    }
    withExtendedLifetime(g) {
      eachTask { direction, rows in
        backward(
          direction, rows, g.floats + direction * hidden, width,
          cellGradients.floats + direction * batch * hidden,
          hiddenGradients.floats + direction * batch * hidden)
      }
    }
    withExtendedLifetime((cellGradients, hiddenGradients)) {}
    guard needsInput else { return nil }
    let dx = try Tensor.uninitialized(x.shape)
    for (number, d) in directions.enumerated() {
      Matmul.gemm(
        m: batch * time, n: inputs, k: 4 * hidden, d.gates.floats, 4 * hidden,
        d.inputWeight.floats, inputs, beta: number == 0 ? 0 : 1, dx.floats, inputs)
    }
    return dx
  }

  private func backward(
    _ number: Int, _ rows: Range<Int>, _ gradient: UnsafePointer<Float>, _ width: Int,
    _ cellGradients: UnsafeMutablePointer<Float>, _ hiddenGradients: UnsafeMutablePointer<Float>
  ) {
    let d = directions[number]
    let steps = sequences.steps(rows)
    let count = rows.count
    let gateWidth = 4 * hidden
    let gates = d.gates.floats + rows.lowerBound * time * gateWidth
    let cells = d.cells.floats + rows.lowerBound * time * hidden
    let tanhCells = d.tanhCells.floats + rows.lowerBound * time * hidden
    let arriving = gradient + rows.lowerBound * time * width
    let dc = cellGradients + rows.lowerBound * hidden
    let dh = hiddenGradients + rows.lowerBound * hidden
    if steps < time {
      for row in 0..<count {
        (gates + (row * time + steps) * gateWidth).update(
          repeating: 0, count: (time - steps) * gateWidth)
      }
    }
    let order = StepOrder(count: steps, isReverse: number == 1)
    for i in stride(from: steps - 1, through: 0, by: -1) {
      let t = order.step(i)
      fl_lstm_cell_backward_f32(
        count, hidden, gates + t * gateWidth, time * gateWidth,
        i > 0 ? cells + order.step(i - 1) * hidden : nil, cells + t * hidden,
        tanhCells + t * hidden, time * hidden, sequences.mask(t, rows.lowerBound),
        arriving + t * width,
        time * width, i + 1 < steps ? dh : nil, dc, nil, gates + t * gateWidth,
        time * gateWidth)
      if i > 0 {
        Matmul.gemm(
          m: count, n: hidden, k: gateWidth, gates + t * gateWidth, time * gateWidth,
          d.hiddenWeight.floats, hidden, dh, hidden)
      }
    }
  }

  /// The gradients of the parameters, once the backward pass is through.
  func rule(_ parameters: [LSTMParameters]) -> RecurrentRule {
    RecurrentRule(
      zip(parameters, directions).map { parameters, d in
        RecurrentRule.Product(
          gradient: d.gates,
          factors: [(parameters.inputWeight, x), (parameters.hiddenWeight, d.previous)],
          biases: [parameters.inputBias, parameters.hiddenBias])
      }, examples: batch, time: time)
  }

  /// The gradient of the output with that of the last hidden states added where they were read; cell gradients go to `cells`.
  private func takeStates(_ gradient: Tensor, into cells: Tensor) throws -> Tensor {
    let width = directions.count * hidden
    let result = try Tensor.uninitialized([batch, time, width])
    let from = gradient.floats
    result.floats.update(from: from, count: result.count)
    let hiddenStates = from + batch * time * width
    let cellStates = hiddenStates + batch * width
    for number in directions.indices {
      for row in 0..<batch {
        let at = row * width + number * hidden
        let cell = cells.floats + (number * batch + row) * hidden
        guard let t = sequences.lastStep(isReverse: number == 1, row) else {
          cell.update(repeating: 0, count: hidden)
          continue
        }
        cell.update(from: cellStates + at, count: hidden)
        fl_axpy_f32(
          hidden, 1, hiddenStates + at,
          result.floats + (row * time + t) * width + number * hidden)
      }
    }
    withExtendedLifetime(gradient) {}
    return result
  }
}
