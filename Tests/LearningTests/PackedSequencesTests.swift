import Foundations
import Tensors
import TestSupport
import Testing

@testable import Learning

/// Recurrent layers on padded batches of more than a block, against each example by itself without padding.
@Suite struct PackedSequencesTests {
  /// 75 lengths of up to 9 in no order; some examples are empty.
  static let shuffled = (0..<75).map { $0 * 37 % 10 }
  /// The same, long ones first.
  static let ordered = shuffled.sorted(by: >)

  private func batch(_ lengths: [Int], _ random: inout RandomStream) throws -> Tensor {
    // What stands behind an example's end is no zero: nothing may read it.
    try Tensor.normal([lengths.count, 9, 8], &random).with(
      lengths: Lengths(lengths.map(Int32.init)))
  }

  @Test(arguments: [shuffled, ordered, Array(repeating: 9, count: 40)])
  func rowsAreLaidOutAsTheLengthsSay(_ lengths: [Int]) throws {
    var random = RandomStream(seed: 3)
    let sequences = try PackedSequences(
      Lengths(lengths.map(Int32.init)), batch: lengths.count, time: 9)
    let x = try batch(lengths, &random)
    let packed = try sequences.packed(x)
    let real = lengths.reduce(0, +)
    #expect(packed.shape[0] >= real && packed.shape[0] <= real * 3 / 2)
    let values = try x.array(Float.self)
    let back = try sequences.padded(packed).array(Float.self)
    let rows = try sequences.ordered(packed).array(Float.self)
    for (example, length) in lengths.enumerated() {
      let start = example * 72
      #expect(back[start..<(start + length * 8)] == values[start..<(start + length * 8)])
      let range = sequences.layout.rows(of: example..<(example + 1))
      #expect(range.count >= length)
      #expect(
        rows[(range.lowerBound * 8)..<(range.lowerBound * 8 + length * 8)]
          == values[start..<(start + length * 8)])
      let last = sequences.lastRow(isReverse: false, example)
      #expect((last == nil) == (length == 0))
      if let last {
        #expect(
          try packed.array(Float.self)[(last * 8)..<(last * 8 + 8)]
            == values[(start + length * 8 - 8)..<(start + length * 8)])
      }
    }
    #expect(
      sequences.layout.rows(of: 0..<lengths.count) == 0..<sequences.layout.rowCount)
  }

  /// What each example loses: every output and, where asked for, state, each number times its weight.
  private func losses(_ layer: Layer, _ x: Tensor, _ weights: [Tensor]) throws -> Tensor {
    var outputs: [Tensor]
    if weights.count == 1 {
      outputs = [try layer.forward(x)]
    } else if let layer = layer as? LSTM {
      let result = try layer.forwardWithStates(x)
      outputs = [result.output, result.hidden, result.cell]
    } else {
      let result = try #require(layer as? GRU).forwardWithStates(x)
      outputs = [result.output, result.hidden]
    }
    let parts = try zip(outputs, weights).map { try ($0 * $1).sum(axes: [1, 2]) }
    return try parts.dropFirst().reduce(parts[0]) { try $0 + $1 }
  }

  private struct Single {
    var loss: Float = 0
    var input: [Float]
    var parameters: [[Float]]
  }

  /// An example by itself, without padding.
  private func single(
    _ layer: Layer, _ x: Tensor, _ weights: [Tensor], _ example: Int, _ length: Int
  ) throws -> Single {
    let parameters = layer.namedParameters.map(\.1)
    var result = Single(
      input: [Float](repeating: 0, count: 72),
      parameters: parameters.map { [Float](repeating: 0, count: $0.data.count) })
    // Without steps there is nothing but zeros.
    guard length > 0 else { return result }
    let row = try x.with(lengths: nil).sliced(axis: 0, from: example, to: example + 1)
      .sliced(axis: 1, from: 0, to: length)
    let leaf = try Tape.variable(row.contiguous())
    let own = try weights.enumerated().map { part, weight in
      let row = try weight.sliced(axis: 0, from: example, to: example + 1)
      return part == 0 ? try row.sliced(axis: 1, from: 0, to: length) : row
    }
    let loss = try losses(layer, leaf, own).sum()
    result.loss = try loss.detached.array(Float.self)[0]
    let input = try Tape.gradients(of: loss, withRespectTo: [leaf], keepGraph: true)[0]
    result.input.replaceSubrange(0..<(length * 8), with: try input.array(Float.self))
    result.parameters = try Tape.gradients(of: loss, withRespectTo: parameters).map {
      try $0.array(Float.self)
    }
    return result
  }

  private func expectClose(
    _ found: [Float], _ expected: [Float], _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(found.count == expected.count, "\(what)", sourceLocation: sourceLocation)
    let worst = zip(found, expected).map { abs($0 - $1) / (1 + abs($1)) }.max() ?? 0
    #expect(worst < 2e-5, "\(what): \(worst)", sourceLocation: sourceLocation)
  }

  @Test(arguments: [shuffled, ordered], [false, true])
  func outputsAndGradientsAreThoseOfSingleExamples(_ lengths: [Int], states: Bool) throws {
    var random = RandomStream(seed: 5)
    let x = try batch(lengths, &random)
    let count = lengths.count
    for layer in [
      try LSTM(8, 8, bidirectional: true, random: &random), try LSTM(8, 8, random: &random),
      try GRU(8, 8, bidirectional: true, random: &random), try GRU(8, 8, random: &random),
    ] {
      let parameters = layer.namedParameters.map(\.1)
      let directions = layer.kind.hasPrefix("bi") ? 2 : 1
      let state = Shape([count, directions, 8])
      let shapes = [Shape([count, 9, directions * 8]), state, state]
      let weights = try shapes.prefix(states ? 3 : 1).map { try Tensor.normal($0, &random) }
      let what = "\(layer.summary), states \(states)"

      let leaf = try Tape.variable(x).with(lengths: x.lengths)
      let loss = try losses(layer, leaf, weights)
      let singles = try lengths.enumerated().map {
        try single(layer, x, weights, $0.offset, $0.element)
      }
      expectClose(try loss.detached.array(Float.self), singles.map(\.loss), "\(what): loss")
      let input = try Tape.gradients(
        of: loss, withRespectTo: [leaf], seed: .ones(loss.shape), keepGraph: true)[0]
      expectClose(try input.array(Float.self), singles.flatMap(\.input), "\(what): input")

      let rules = try Tape.capture(loss, seed: .ones(loss.shape)).rules
      let rule = try #require(rules.first as? RecurrentRule)
      #expect(rules.count == 1 && rule.exampleCount == count)
      func place(_ parameter: Parameter) throws -> Int {
        try #require(parameters.firstIndex { $0 === parameter })
      }
      var joint = [Float](repeating: 0, count: count)
      try rule.addSquaredNorms(to: &joint)
      expectClose(
        joint.map { $0.squareRoot() },
        singles.map { $0.parameters.joined().reduce(0) { $0 + $1 * $1 }.squareRoot() },
        "\(what): norms")
      for (index, parameter) in rule.parameters.enumerated() {
        let own = try place(parameter)
        expectClose(
          try rule.perExample(index).array(Float.self), singles.flatMap { $0.parameters[own] },
          "\(what): \(parameter.name) of each example")
        var norms = [Float](repeating: 0, count: count)
        try rule.addSquaredNorms(ofParameter: index, to: &norms)
        expectClose(
          norms.map { $0.squareRoot() },
          singles.map { $0.parameters[own].reduce(0) { $0 + $1 * $1 }.squareRoot() },
          "\(what): norm of \(parameter.name)")
      }

      // Sums over ranges that no block ends with, each example with a weight of its own.
      let factors = (0..<count).map { Float($0 % 4) - 1 }
      for range in [0..<count, 5..<5, 7..<50] {
        let sink = try GradientSink(parameters)
        sink.begin()
        try rule.accumulate(weights: factors, examples: range, into: sink)
        for (number, parameter) in parameters.enumerated() {
          var expected = [Float](repeating: 0, count: parameter.data.count)
          for example in range {
            for (i, value) in singles[example].parameters[number].enumerated() {
              expected[i] += factors[example] * value
            }
          }
          expectClose(
            try sink.gradient(number).array(Float.self), expected,
            "\(what): sum of \(parameter.name) over \(range)")
        }
      }
      let pairs = stride(from: 0, to: count - 1, by: 2).map { $0..<($0 + 2) }
      let squares = try #require(try rule.squaredNorms(of: pairs))
      let expected = pairs.map { pair in
        (0..<parameters.count).reduce(Float(0)) { sum, number in
          let (a, b) = (singles[pair.lowerBound], singles[pair.lowerBound + 1])
          return zip(a.parameters[number], b.parameters[number]).reduce(sum) {
            $0 + ($1.0 + $1.1) * ($1.0 + $1.1)
          }
        }.squareRoot()
      }
      expectClose(squares.map { Float($0.squareRoot()) }, expected, "\(what): norms of pairs")
    }
  }
}
