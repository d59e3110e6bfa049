import CKernels
import Foundations
import Tensors

/// A long short-term memory (Hochreiter 1997); gate order (input, forget, cell, output) is PyTorch's. See
/// `RecurrentLayer`.
public final class LSTM: RecurrentLayer {
  public convenience init(
    _ inputs: Int, _ hidden: Int, bidirectional: Bool = false, random: inout RandomStream
  ) throws {
    self.init(
      inputs, hidden,
      try RecurrentLayer.drawn(
        LSTMCell.self, inputs, hidden, bidirectional: bidirectional, &random))
  }

  private init(_ inputs: Int, _ hidden: Int, _ directions: [RecurrentParameters]) {
    super.init(LSTMCell.self, inputs, hidden, directions)
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    LSTM(inputs, hidden, try directions.map { try RecurrentParameters(copying: $0, copies) })
  }

  /// Also the last hidden and cell state of each direction, [examples, directions, hidden] each.
  public func forwardWithStates(_ input: Tensor) throws -> (
    output: Tensor, hidden: Tensor, cell: Tensor
  ) {
    let (output, states) = try outputAndStates(input)
    return (output, states[0], states[1])
  }
}

/// The gates and the cell state of an LSTM.
private struct LSTMCell: RecurrentCell {
  static let name: StaticString = "lstm"
  static let gateCount = 4
  static let passesHiddenStateOn = false

  private let hidden: Int
  private let bias: Tensor
  /// [rows, 4·hidden]: gates after the forward pass, the gradient of their sums after the backward pass.
  private let gates: Tensor
  private let cells: Tensor
  /// Nil where no backward pass follows.
  private let tanhCells: Tensor?

  var inputGates: Tensor { gates }
  var hiddenGates: Tensor { gates }
  var inputBias: Tensor? { nil }
  var memory: Tensor? { cells }
  private var gateWidth: Int { 4 * hidden }

  init(_ parameters: RecurrentParameters, _ sequences: PackedSequences, keepsActivations: Bool)
    throws
  {
    hidden = parameters.hidden
    let rows = sequences.blocks.rowCount
    bias = try .uninitialized([4 * hidden])
    gates = try .uninitialized([rows, 4 * hidden])
    cells = try .uninitialized([rows, hidden])
    tanhCells = keepsActivations ? try .uninitialized([rows, hidden]) : nil
    let (first, second) = (parameters.inputBias.data, parameters.hiddenBias.data)
    fl_add_vv_f32(4 * hidden, first.floats, second.floats, bias.floats)
    withExtendedLifetime((first, second)) {}
  }

  func hiddenSums(_ step: RecurrentStep) -> (UnsafeMutablePointer<Float>, stride: Int) {
    (step.row(gates, gateWidth), step.steps * gateWidth)
  }

  func forward(
    _ step: RecurrentStep, before: UnsafePointer<Float>?, output: UnsafeMutablePointer<Float>,
    stride: Int
  ) {
    let now = step.row(gates, gateWidth)
    fl_lstm_cell_f32(
      step.count, hidden, now, step.steps * gateWidth, bias.floats, step.rowBefore(cells, hidden),
      step.steps * hidden, nil, 0, step.active, now, step.steps * gateWidth,
      step.row(cells, hidden), tanhCells.map { step.row($0, hidden) }, output, stride)
  }

  func backward(
    _ step: RecurrentStep, previous: Tensor, gradient: UnsafePointer<Float>, stride: Int,
    hidden hiddenGradient: UnsafeMutablePointer<Float>, isLast: Bool,
    memory: UnsafeMutablePointer<Float>?
  ) {
    guard let tanhCells else { return }
    let now = step.row(gates, gateWidth)
    fl_lstm_cell_backward_f32(
      step.count, hidden, now, step.steps * gateWidth, step.rowBefore(cells, hidden),
      step.row(cells, hidden), step.row(tanhCells, hidden), step.steps * hidden, step.active,
      gradient, stride, isLast ? nil : hiddenGradient, memory, nil, now, step.steps * gateWidth)
  }

  func products(
    _ parameters: RecurrentParameters, _ sequences: PackedSequences, x: Tensor, previous: Tensor
  ) throws -> [RecurrentRule.Product] {
    [
      RecurrentRule.Product(
        gradient: try sequences.ordered(gates),
        factors: [(parameters.inputWeight, x), (parameters.hiddenWeight, previous)],
        biases: [parameters.inputBias, parameters.hiddenBias])
    ]
  }
}
