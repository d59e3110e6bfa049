import CKernels
import Foundations
import Tensors

/// A gated recurrent unit (Cho 2014) in PyTorch's form: with r, z = σ(…) the candidate is n = tanh(W x + b + r ⊙ (U h +
/// c)) and h' = (1 - z) ⊙ n + z ⊙ h; gate order (reset, update, new) is PyTorch's. See `RecurrentLayer`.
public final class GRU: RecurrentLayer {
  public convenience init(
    _ inputs: Int, _ hidden: Int, bidirectional: Bool = false, random: inout RandomStream
  ) throws {
    self.init(
      inputs, hidden,
      try RecurrentLayer.drawn(GRUCell.self, inputs, hidden, bidirectional: bidirectional, &random))
  }

  private init(_ inputs: Int, _ hidden: Int, _ directions: [RecurrentParameters]) {
    super.init(GRUCell.self, inputs, hidden, directions)
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    GRU(inputs, hidden, try directions.map { try RecurrentParameters(copying: $0, copies) })
  }

  /// Also the last hidden state of each direction, [examples, directions, hidden].
  public func forwardWithStates(_ input: Tensor) throws -> (output: Tensor, hidden: Tensor) {
    let (output, states) = try outputAndStates(input)
    return (output, states[0])
  }
}

/// The gates of a GRU. Those of the candidate are not sums of both shares, so that each share has gradients of its own.
private struct GRUCell: RecurrentCell {
  static let name: StaticString = "gru"
  static let gateCount = 3
  static let passesHiddenStateOn = true

  private let hidden: Int
  private let keepsActivations: Bool
  private let biases: (input: Tensor, hidden: Tensor)
  /// [rows, 3·hidden]: the inputs' share of the gates after the forward pass, its gradient after the backward pass.
  let inputGates: Tensor
  /// [rows, 3·hidden]: the gradient of the states' share.
  let hiddenGates: Tensor
  /// What the kernel keeps, 4·hidden a row; the rows of a block's step lie together.
  private let saved: Tensor
  /// [batch, 3·hidden]: the states' share for the step at hand.
  private let scratch: Tensor

  var inputBias: Tensor? { biases.input }
  var memory: Tensor? { nil }
  private var gateWidth: Int { 3 * hidden }

  init(_ parameters: RecurrentParameters, _ sequences: PackedSequences, keepsActivations: Bool)
    throws
  {
    hidden = parameters.hidden
    self.keepsActivations = keepsActivations
    let (rows, batch) = (sequences.blocks.rowCount, sequences.batch)
    biases = (parameters.inputBias.data, parameters.hiddenBias.data)
    inputGates = try .uninitialized([rows, 3 * hidden])
    hiddenGates = keepsActivations ? try .uninitialized([rows, 3 * hidden]) : .empty
    saved = try .uninitialized([keepsActivations ? rows : batch, 4 * hidden])
    scratch = try .uninitialized([batch, 3 * hidden])
  }

  /// What the kernel keeps of a step.
  private func saved(_ step: RecurrentStep) -> UnsafeMutablePointer<Float> {
    let block = step.block
    let row =
      keepsActivations ? block.firstRow + step.now * step.count : block.examples.lowerBound
    return saved.floats + row * 4 * hidden
  }

  private func share(_ step: RecurrentStep) -> UnsafeMutablePointer<Float> {
    scratch.floats + step.block.examples.lowerBound * gateWidth
  }

  func hiddenSums(_ step: RecurrentStep) -> (UnsafeMutablePointer<Float>, stride: Int) {
    let sums = share(step)
    for row in 0..<step.count {
      (sums + row * gateWidth).update(from: biases.hidden.floats, count: gateWidth)
    }
    return (sums, gateWidth)
  }

  func forward(
    _ step: RecurrentStep, before: UnsafePointer<Float>?, output: UnsafeMutablePointer<Float>,
    stride: Int
  ) {
    // A step that an example does not have gives zero: its state before it is not handed on.
    fl_gru_cell_f32(
      step.count, hidden, step.row(inputGates, gateWidth), step.steps * gateWidth, share(step),
      gateWidth, before, stride, step.active, saved(step), output, stride)
    guard let active = step.active else { return }
    for row in 0..<step.count where active[row] == 0 {
      (output + row * stride).update(repeating: 0, count: hidden)
    }
  }

  func backward(
    _ step: RecurrentStep, previous: Tensor, gradient: UnsafePointer<Float>, stride: Int,
    hidden hiddenGradient: UnsafeMutablePointer<Float>, isLast: Bool,
    memory: UnsafeMutablePointer<Float>?
  ) {
    fl_gru_cell_backward_f32(
      step.count, hidden, saved(step), step.row(previous, hidden), step.steps * hidden,
      step.active, gradient, stride, isLast ? nil : UnsafePointer(hiddenGradient),
      step.row(inputGates, gateWidth), step.steps * gateWidth, step.row(hiddenGates, gateWidth),
      step.steps * gateWidth, hiddenGradient)
    guard let active = step.active else { return }
    // The output there is zero whatever the state: nothing flows back.
    for row in 0..<step.count where active[row] == 0 {
      (hiddenGradient + row * hidden).update(repeating: 0, count: hidden)
    }
  }

  func products(
    _ parameters: RecurrentParameters, _ sequences: PackedSequences, x: Tensor, previous: Tensor
  ) throws -> [RecurrentRule.Product] {
    [
      RecurrentRule.Product(
        gradient: try sequences.ordered(inputGates), factors: [(parameters.inputWeight, x)],
        biases: [parameters.inputBias]),
      RecurrentRule.Product(
        gradient: try sequences.ordered(hiddenGates),
        factors: [(parameters.hiddenWeight, previous)], biases: [parameters.hiddenBias]),
    ]
  }
}
