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
        inputs: [dx], rules: request.wantsRules ? [LSTMRule(directions, saved)] : [])
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
  private let lengths: [Int32]?
  private let states: Bool
  private let keepsActivations: Bool
  private(set) var directions: [Direction] = []
  /// [time, batch]: whether the step is real; nil where all are.
  private let active: Storage?

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
    if let lengths, lengths.values.contains(where: { $0 < time }) {
      guard lengths.values.count == batch else {
        throw DomainError(
          .shape, "a batch of \(batch) examples came with \(lengths.values.count) lengths")
      }
      let values = lengths.values.map { min(max($0, 0), Int32(time)) }
      self.lengths = values
      let mask = try Storage(byteCount: batch * time)
      let bytes = mask.pointer.bindMemory(to: UInt8.self, capacity: batch * time)
      for step in 0..<time {
        for row in 0..<batch { bytes[step * batch + row] = Int(values[row]) > step ? 1 : 0 }
      }
      active = mask
    } else {
      self.lengths = nil
      active = nil
    }
    for parameters in layer.directions {
      let weight = parameters.hiddenWeight.data
      let transposed = try Tensor.uninitialized([hidden, 4 * hidden])
      Parallel.blocks(4 * hidden, size: 128) {
        fl_transpose_f32(
          $0.count, hidden, weight.floats + $0.lowerBound * hidden, hidden,
          transposed.floats + $0.lowerBound, 4 * hidden)
      }
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

  /// The longest of some examples: steps behind it are padding for all of them.
  private func steps(_ rows: Range<Int>) -> Int {
    guard let lengths else { return time }
    var longest = 0
    for row in rows { longest = max(longest, Int(lengths[row])) }
    return longest
  }

  private func mask(_ step: Int, _ row: Int) -> UnsafePointer<UInt8>? {
    active.map {
      UnsafePointer($0.pointer.assumingMemoryBound(to: UInt8.self) + step * batch + row)
    }
  }

  // MARK: Forward

  func forward() {
    eachTask { direction, rows in forward(direction, rows) }
    if states { writeStates() }
  }

  private func forward(_ number: Int, _ rows: Range<Int>) {
    let d = directions[number]
    let steps = steps(rows)
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
        i > 0 ? cells + before * hidden : nil, time * hidden, nil, 0, mask(t, rows.lowerBound),
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

  /// Where direction `number` of example `row` ends; nil where the example is empty.
  private func lastStep(_ number: Int, _ row: Int) -> Int? {
    let length = lengths.map { Int($0[row]) } ?? time
    return length == 0 ? nil : number == 1 ? 0 : length - 1
  }

  private func writeStates() {
    let width = directions.count * hidden
    let base = output.floats
    let hiddenStates = base + batch * time * width
    let cellStates = hiddenStates + batch * width
    for (number, d) in directions.enumerated() {
      for row in 0..<batch {
        let to = row * width + number * hidden
        guard let t = lastStep(number, row) else {
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
    let steps = steps(rows)
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
        tanhCells + t * hidden, time * hidden, mask(t, rows.lowerBound), arriving + t * width,
        time * width, i + 1 < steps ? dh : nil, dc, nil, gates + t * gateWidth,
        time * gateWidth)
      if i > 0 {
        Matmul.gemm(
          m: count, n: hidden, k: gateWidth, gates + t * gateWidth, time * gateWidth,
          d.hiddenWeight.floats, hidden, dh, hidden)
      }
    }
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
        guard let t = lastStep(number, row) else {
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

/// In which order a direction visits the steps.
private struct StepOrder {
  let count: Int
  let isReverse: Bool
  func step(_ i: Int) -> Int { isReverse ? count - 1 - i : i }
}

/// Gradients of an LSTM's parameters from its inputs, its previous hidden states and the gradients of its gate sums.
final class LSTMRule: RangedGradientRule {
  let parameters: [Parameter]
  let exampleCount: Int
  private let directions: [LSTMParameters]
  private let pass: LSTMPass

  init(_ directions: [LSTMParameters], _ pass: LSTMPass) {
    self.directions = directions
    parameters = directions.flatMap(\.all)
    self.pass = pass
    exampleCount = pass.batch
  }

  private var gateWidth: Int { 4 * pass.hidden }

  func accumulate(
    weights: UnsafePointer<Float>?, examples: Range<Int>, into sink: GradientSink
  ) throws {
    let (time, inputs, hidden) = (pass.time, pass.inputs, pass.hidden)
    let rows = examples.count * time
    let first = examples.lowerBound * time
    let weights = weights.map { $0 + examples.lowerBound }
    func scaled(_ tensor: Tensor, _ width: Int) throws -> (Tensor, UnsafeMutablePointer<Float>) {
      let from = tensor.floats + first * width
      guard let weights else { return (tensor, from) }
      let copy = try ExampleWeights.scaled(
        from, weights, examples: examples.count, width: time * width)
      return (copy, copy.floats)
    }
    let rowWeights = try weights.map {
      try ExampleWeights.repeated($0, examples: examples.count, times: time)
    }
    let (x, xRows) = try scaled(pass.x, inputs)
    for (parameters, d) in zip(directions, pass.directions) {
      let gates = d.gates.floats + first * gateWidth
      if let index = index(parameters.inputWeight, sink) {
        let (target, accumulate) = sink.target(index)
        Matmul.gemm(
          transposeA: true, m: gateWidth, n: inputs, k: rows, gates, gateWidth, xRows, inputs,
          beta: accumulate ? 1 : 0, target, inputs)
      }
      if let index = index(parameters.hiddenWeight, sink) {
        let (previous, previousRows) = try scaled(d.previous, hidden)
        let (target, accumulate) = sink.target(index)
        Matmul.gemm(
          transposeA: true, m: gateWidth, n: hidden, k: rows, gates, gateWidth, previousRows,
          hidden, beta: accumulate ? 1 : 0, target, hidden)
        withExtendedLifetime(previous) {}
      }
      try addBiases(parameters, gates, rows, rowWeights, sink)
    }
    withExtendedLifetime((x, rowWeights)) {}
  }

  private func index(_ parameter: Parameter, _ sink: GradientSink) -> Int? {
    parameter.requiresGradient ? sink.index(of: parameter) : nil
  }

  /// Both biases are added to the same sums, so they have the same gradient.
  private func addBiases(
    _ parameters: LSTMParameters, _ gates: UnsafePointer<Float>, _ rows: Int, _ rowWeights: Tensor?,
    _ sink: GradientSink
  ) throws {
    let indices = [parameters.inputBias, parameters.hiddenBias].compactMap { index($0, sink) }
    guard !indices.isEmpty else { return }
    let sums = try Tensor.uninitialized([gateWidth])
    ColumnSums.compute(
      gates, rows: rows, columns: gateWidth, weights: rowWeights?.floats, accumulate: false,
      sums.floats)
    for index in indices {
      let (target, accumulate) = sink.target(index)
      if accumulate {
        fl_axpy_f32(gateWidth, 1, sums.floats, target)
      } else {
        target.update(from: sums.floats, count: gateWidth)
      }
    }
    withExtendedLifetime((sums, rowWeights)) {}
  }

  /// What of a direction is trained and shares one gradient of the gate sums: factors of weights, number of biases.
  private func joint(_ number: Int) -> (factors: [Tensor], biases: Int, gates: Tensor) {
    let (parameters, d) = (directions[number], pass.directions[number])
    let factors =
      (parameters.inputWeight.requiresGradient ? [pass.x] : [])
      + (parameters.hiddenWeight.requiresGradient ? [d.previous] : [])
    let biases = [parameters.inputBias, parameters.hiddenBias]
    return (factors, biases.count(where: \.requiresGradient), d.gates)
  }

  func addSquaredNorms(to norms: UnsafeMutablePointer<Float>) throws {
    for number in directions.indices {
      let (factors, biases, gates) = joint(number)
      JointNorms.add(
        factors, biases: biases, gates, examples: exampleCount, time: pass.time, to: norms)
    }
  }

  func squaredNorms(of ranges: [Range<Int>]) throws -> [Double]? {
    var sum = [Double](repeating: 0, count: ranges.count)
    for number in directions.indices {
      let (factors, biases, gates) = joint(number)
      guard
        let norms = JointNorms.ofRanges(
          ranges, factors, biases: biases, gates, examples: exampleCount, time: pass.time)
      else { return nil }
      for index in sum.indices { sum[index] += norms[index] }
    }
    return sum
  }

  func addSquaredNorms(ofParameter index: Int, to norms: UnsafeMutablePointer<Float>) throws {
    let d = pass.directions[index / 4]
    let (time, gateWidth) = (pass.time, gateWidth)
    let factor: (tensor: Tensor, width: Int)? =
      switch index % 4 {
      case 0: (pass.x, pass.inputs)
      case 1: (d.previous, pass.hidden)
      default: nil
      }
    withExtendedLifetime((d, factor?.tensor)) {
      let g = d.gates.floats
      Parallel.blocks(exampleCount, size: ExampleBlocks.size(time: time, width: gateWidth)) {
        let first = $0.lowerBound * time
        if let factor {
          fl_linear_example_norms_f32(
            $0.count, time, factor.width, gateWidth, factor.tensor.floats + first * factor.width,
            g + first * gateWidth, norms + $0.lowerBound)
        } else {
          fl_bias_example_norms_f32(
            $0.count, time, gateWidth, g + first * gateWidth, norms + $0.lowerBound)
        }
      }
    }
  }

  func perExample(_ index: Int) throws -> Tensor {
    let d = pass.directions[index / 4]
    let (time, gateWidth) = (pass.time, gateWidth)
    guard index % 4 < 2 else {
      let result = try Tensor.uninitialized([exampleCount, gateWidth])
      for example in 0..<exampleCount {
        fl_sum_columns_f32(
          time, gateWidth, d.gates.floats + example * time * gateWidth, gateWidth, nil, 0,
          result.floats + example * gateWidth)
      }
      return withExtendedLifetime(d) { result }
    }
    let (factor, width) = index % 4 == 0 ? (pass.x, pass.inputs) : (d.previous, pass.hidden)
    let result = try Tensor.uninitialized([exampleCount, gateWidth, width])
    withExtendedLifetime((d, factor)) {
      Matmul.batched(
        exampleCount, transposeA: true, m: gateWidth, n: width, k: time, d.gates.floats, gateWidth,
        strideA: time * gateWidth, factor.floats, width, strideB: time * width, result.floats,
        width, strideC: gateWidth * width)
    }
    return result
  }
}
