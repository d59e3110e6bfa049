import CKernels
import Foundations
import Tensors

/// One forward pass of a recurrent layer and what its backward pass needs. Work is cut into (direction, block of
/// examples) tasks; a task does its input projection and then its steps, so that a block's gates stay in cache.
final class RecurrentPass {
  private let inputs: Int
  private let hidden: Int
  private let gateWidth: Int
  private let addsToHidden: Bool
  /// The input's packed rows, [rows, inputs].
  let x: Tensor
  let sequences: PackedSequences
  /// The output's packed rows, [rows, directions · hidden].
  private let output: Tensor
  private(set) var isUsed = false
  private let states: Bool
  private var directions: [Direction] = []

  private struct Direction {
    let cell: any RecurrentCell
    let inputWeight: Tensor
    let hiddenWeight: Tensor
    let hiddenWeightTransposed: Tensor
    /// [rows, hidden]: the hidden state that each step began with; nil where no backward pass follows.
    let previous: Tensor?
  }

  init(
    _ cell: any RecurrentCell.Type, _ parameters: [RecurrentParameters], _ x: Tensor,
    _ sequences: PackedSequences, states: Bool, keepsActivations: Bool
  ) throws {
    inputs = x.shape[1]
    hidden = parameters[0].hidden
    gateWidth = cell.gateCount * hidden
    addsToHidden = cell.passesHiddenStateOn
    self.x = x
    self.sequences = sequences
    self.states = states
    let rows = sequences.blocks.rowCount
    output = try .uninitialized([rows, parameters.count * hidden])
    for parameters in parameters {
      let weight = parameters.hiddenWeight.data
      directions.append(
        Direction(
          cell: try cell.init(parameters, sequences, keepsActivations: keepsActivations),
          inputWeight: parameters.inputWeight.data, hiddenWeight: weight,
          hiddenWeightTransposed: try RecurrentPass.transposed(weight),
          previous: keepsActivations ? try .uninitialized([rows, hidden]) : nil))
    }
  }

  /// The transpose of a matrix, for products with its rows.
  private static func transposed(_ weight: Tensor) throws -> Tensor {
    let (rows, columns) = (weight.shape[0], weight.shape[1])
    let result = try Tensor.uninitialized([columns, rows])
    withExtendedLifetime(weight) {
      Parallel.blocks(rows, size: 128) {
        fl_transpose_f32(
          $0.count, columns, weight.floats + $0.lowerBound * columns, columns,
          result.floats + $0.lowerBound, rows)
      }
    }
    return result
  }

  /// Numbers of a row of the output.
  private var width: Int { directions.count * hidden }
  private var batch: Int { sequences.batch }

  /// Runs `body(direction, block)` for all tasks.
  private func eachTask(_ body: (Int, RowLayout.Part) -> Void) {
    let blocks = sequences.blocks.parts
    Parallel.each(blocks.count * directions.count) { task in
      body(task / blocks.count, blocks[task % blocks.count])
    }
  }

  /// The `index`th step of a block in a direction's order.
  private func step(_ index: Int, _ direction: Int, _ block: RowLayout.Part) -> RecurrentStep {
    func number(_ index: Int) -> Int { direction == 1 ? block.time - 1 - index : index }
    return RecurrentStep(
      block: block, now: number(index), before: index > 0 ? number(index - 1) : nil,
      active: sequences.mask(number(index), block.examples.lowerBound))
  }

  // MARK: Forward

  /// The layer's output [batch, time, directions · hidden], where states are asked for followed by the last hidden
  /// states and memories.
  func forward() throws -> Tensor {
    eachTask { direction, block in forward(direction, block) }
    let padded = try sequences.padded(output)
    return states ? try withStates(padded) : padded
  }

  private func forward(_ number: Int, _ block: RowLayout.Part) {
    let d = directions[number]
    let (count, steps, width) = (block.examples.count, block.time, width)
    guard steps > 0 else { return }
    let gates = d.cell.inputGates.floats + block.firstRow * gateWidth
    if let bias = d.cell.inputBias {
      for row in 0..<count * steps {
        (gates + row * gateWidth).update(from: bias.floats, count: gateWidth)
      }
    }
    Matmul.gemm(
      transposeB: true, m: count * steps, n: gateWidth, k: inputs,
      x.floats + block.firstRow * inputs, inputs, d.inputWeight.floats, inputs,
      beta: d.cell.inputBias == nil ? 0 : 1, gates, gateWidth)
    let out = output.floats + block.firstRow * width + number * hidden
    let previous = d.previous.map { $0.floats + block.firstRow * hidden }
    for index in 0..<steps where !Parallel.isAbandoned {
      let step = step(index, number, block)
      let before = step.before.map { UnsafePointer(out + $0 * width) }
      let (sums, stride) = d.cell.hiddenSums(step)
      if let before {
        Matmul.gemm(
          m: count, n: gateWidth, k: hidden, before, steps * width,
          d.hiddenWeightTransposed.floats, gateWidth, beta: 1, sums, stride)
      }
      if let previous {
        for row in 0..<count {
          let to = previous + (row * steps + step.now) * hidden
          if let before {
            to.update(from: before + row * steps * width, count: hidden)
          } else {
            to.update(repeating: 0, count: hidden)
          }
        }
      }
      d.cell.forward(
        step, before: before, output: out + step.now * width, stride: steps * width)
    }
  }

  /// The padded output followed by the last hidden states and memories.
  private func withStates(_ padded: Tensor) throws -> Tensor {
    let width = width
    let states = directions[0].cell.memory == nil ? 1 : 2
    let result = try Tensor.uninitialized([padded.count + states * batch * width])
    result.floats.update(from: padded.floats, count: padded.count)
    let hiddenStates = result.floats + padded.count
    for (number, d) in directions.enumerated() {
      for example in 0..<batch {
        let to = hiddenStates + example * width + number * hidden
        guard let row = sequences.lastRow(isReverse: number == 1, example) else {
          for state in 0..<states {
            (to + state * batch * width).update(repeating: 0, count: hidden)
          }
          continue
        }
        to.update(from: output.floats + row * width + number * hidden, count: hidden)
        if let memory = d.cell.memory {
          (to + batch * width).update(from: memory.floats + row * hidden, count: hidden)
        }
      }
    }
    return withExtendedLifetime((padded, directions)) { result }
  }

  // MARK: Backward

  /// Turns the gates into the gradients of their sums; returns the gradient of the input where it is asked for.
  func backward(_ gradient: Tensor, needsInput: Bool) throws -> Tensor? {
    isUsed = true
    let gradient = try gradient.contiguous()
    let (batch, hidden, width) = (batch, hidden, width)
    let memories =
      directions[0].cell.memory == nil
      ? nil : try Tensor.uninitialized([directions.count, batch, hidden])
    memories.map { $0.floats.update(repeating: 0, count: $0.count) }
    let hiddenGradients = try Tensor.uninitialized([directions.count, batch, hidden])
    let g =
      states ? try takeStates(gradient, into: memories) : try sequences.packed(gradient)
    withExtendedLifetime((g, memories, hiddenGradients)) {
      eachTask { direction, block in
        let first = (direction * batch + block.examples.lowerBound) * hidden
        backward(
          direction, block, g.floats + block.firstRow * width + direction * hidden,
          hiddenGradients.floats + first, memories.map { $0.floats + first })
      }
    }
    guard needsInput else { return nil }
    let dx = try Tensor.uninitialized(x.shape)
    for (number, d) in directions.enumerated() {
      Matmul.gemm(
        m: sequences.blocks.rowCount, n: inputs, k: gateWidth, d.cell.inputGates.floats, gateWidth,
        d.inputWeight.floats, inputs, beta: number == 0 ? 0 : 1, dx.floats, inputs)
    }
    return try sequences.padded(dx)
  }

  private func backward(
    _ number: Int, _ block: RowLayout.Part, _ gradient: UnsafePointer<Float>,
    _ hiddenGradient: UnsafeMutablePointer<Float>, _ memory: UnsafeMutablePointer<Float>?
  ) {
    let d = directions[number]
    guard let previous = d.previous else { return }
    let (steps, width) = (block.time, width)
    let stride = steps * width
    let hiddenGates = d.cell.hiddenGates
    for index in Swift.stride(from: steps - 1, through: 0, by: -1) where !Parallel.isAbandoned {
      let step = step(index, number, block)
      d.cell.backward(
        step, previous: previous, gradient: gradient + step.now * width, stride: stride,
        hidden: hiddenGradient, isLast: index + 1 == steps, memory: memory)
      guard index > 0 else { continue }
      Matmul.gemm(
        m: step.count, n: hidden, k: gateWidth, step.row(hiddenGates, gateWidth),
        steps * gateWidth, d.hiddenWeight.floats, hidden, beta: addsToHidden ? 1 : 0,
        hiddenGradient, hidden)
    }
  }

  /// The packed gradient of the output with that of the last hidden states added where they were read; that of the
  /// memories goes to `memories`.
  private func takeStates(_ gradient: Tensor, into memories: Tensor?) throws -> Tensor {
    let width = width
    let count = batch * sequences.time * width
    let alone = try Tensor.uninitialized([batch, sequences.time, width])
    alone.floats.update(from: gradient.floats, count: count)
    let result = try sequences.packed(alone)
    for number in directions.indices {
      for example in 0..<batch {
        guard let row = sequences.lastRow(isReverse: number == 1, example) else { continue }
        let from = gradient.floats + count + example * width + number * hidden
        fl_axpy_f32(hidden, 1, from, result.floats + row * width + number * hidden)
        guard let memories else { continue }
        // By places, as the blocks take them.
        (memories.floats + (number * batch + sequences.place(of: example)) * hidden).update(
          from: from + batch * width, count: hidden)
      }
    }
    return withExtendedLifetime(gradient) { result }
  }

  /// The gradients of the parameters, once the backward pass is through.
  func rule(_ parameters: [RecurrentParameters]) throws -> RecurrentRule {
    let x = try sequences.ordered(x)
    var products: [RecurrentRule.Product] = []
    for (parameters, d) in zip(parameters, directions) {
      guard let previous = d.previous else { continue }
      products += try d.cell.products(
        parameters, sequences, x: x, previous: try sequences.ordered(previous))
    }
    return RecurrentRule(products, sequences.layout)
  }
}
