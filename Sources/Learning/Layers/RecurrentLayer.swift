import Foundations
import Tensors

/// A recurrent layer over axis 1 of [examples, time, inputs], in one or both directions; the output is [examples, time,
/// hidden] or [examples, time, 2·hidden]. `LSTM` and `GRU` say what a step does. Parameters and initialisation (uniform
/// in ±1/√hidden) are PyTorch's.
///
/// In a padded batch each example's sequence ends at its own length, as with PyTorch's packed sequences: the reverse
/// direction starts there, and the output behind it is zero.
public class RecurrentLayer: Layer {
  public let inputs: Int
  public let hidden: Int
  let directions: [RecurrentParameters]
  private let cell: any RecurrentCell.Type

  public var bidirectional: Bool { directions.count == 2 }

  init(
    _ cell: any RecurrentCell.Type, _ inputs: Int, _ hidden: Int,
    _ directions: [RecurrentParameters]
  ) {
    self.cell = cell
    self.inputs = inputs
    self.hidden = hidden
    self.directions = directions
    super.init(kind: directions.count == 2 ? "bi\(cell.name)" : "\(cell.name)")
    for (direction, suffix) in zip(directions, ["", "_reverse"]) {
      for (name, parameter) in zip(RecurrentParameters.names, direction.all) {
        own("\(name)_l0\(suffix)", parameter)
      }
    }
  }

  /// Parameters of a layer that begins.
  static func drawn(
    _ cell: any RecurrentCell.Type, _ inputs: Int, _ hidden: Int, bidirectional: Bool,
    _ random: inout RandomStream
  ) throws -> [RecurrentParameters] {
    try Check.size(inputs, "inputs")
    try Check.size(hidden, "hidden")
    var directions: [RecurrentParameters] = []
    for _ in 0..<(bidirectional ? 2 : 1) {
      directions.append(try RecurrentParameters(cell.gateCount, inputs, hidden, &random))
    }
    return directions
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override var summary: String { "\(kind)(\(inputs) → \(hidden))" }

  public override func forward(_ input: Tensor) throws -> Tensor {
    try run(input, states: false)
  }

  /// The output and, [examples, directions, hidden] each, the last states of each direction: the hidden one and, where
  /// the cell has one, its memory.
  func outputAndStates(_ input: Tensor) throws -> (output: Tensor, states: [Tensor]) {
    let flat = try run(input, states: true)
    let (batch, time) = (input.shape[0], input.shape[1])
    let width = directions.count * hidden
    let states = (flat.count - batch * time * width) / max(1, batch * width)
    let parts = try flat.split(
      [batch * time * width] + [Int](repeating: batch * width, count: states))
    return (
      try parts[0].reshaped([batch, time, width]).with(lengths: input.lengths),
      try parts.dropFirst().map { try $0.reshaped([batch, directions.count, hidden]) }
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
    let pass = try RecurrentPass(
      cell, directions, try sequences.packed(x), sequences, states: states,
      keepsActivations: recording)
    let output = try pass.forward().with(lengths: states ? nil : input.lengths)
    guard recording else { return output }
    return Tape.record(
      cell.name, inputs: [input], parameters: directions.flatMap(\.all), output: output
    ) { [cell, directions] request in
      var saved = pass
      if pass.isUsed {
        // A second walk over a kept trace: the activations were overwritten by the first one.
        saved = try RecurrentPass(
          cell, directions, pass.x, pass.sequences, states: states, keepsActivations: true)
        _ = try saved.forward()
      }
      let dx = try saved.backward(request.gradient, needsInput: request.needs[0])
      return BackwardResult(
        inputs: [dx], rules: request.wantsRules ? [try saved.rule(directions)] : [])
    }
  }
}
