import Foundation
import Foundations
import Tensors
import Testing

/// Random inputs of a case in f64, away from its kinks.
private func inputs(_ opCase: OpCase, seed: UInt64) throws -> [Tensor] {
  var random = RandomStream(seed: seed)
  return try opCase.shapes.map { shape in
    let values = (0..<shape.count).map { _ in
      while true {
        let value = random.uniform(opCase.range.lowerBound, opCase.range.upperBound)
        if opCase.kinks.allSatisfy({ abs($0 - value) > 0.01 }) { return value }
      }
    }
    return try Tensor(values, shape: shape)
  }
}

/// Σ of the case's result, weighted so that no gradient cancels.
private func loss(_ opCase: OpCase, _ tensors: [Tensor]) throws -> Tensor {
  let result = try opCase.function(tensors)
  var random = RandomStream(seed: 99)
  let weights = try Tensor((0..<result.count).map { _ in random.uniform(0.5, 1.5) })
    .reshaped(result.shape.array).cast(to: result.dtype)
  return try (result * weights).sum()
}

@Test(arguments: OpCase.all)
func gradientsAgreeWithCentralDifferences(_ opCase: OpCase) throws {
  let tensors = try inputs(opCase, seed: 1)
  let variables = try tensors.map(Tape.variable)
  let gradients = try Tape.gradients(
    of: loss(opCase, variables), withRespectTo: variables)
  let step = 1e-5
  for (index, tensor) in tensors.enumerated() {
    #expect(gradients[index].shape == tensor.shape)
    let values = try tensor.array(Double.self)
    let gradient = try gradients[index].doubles()
    for element in values.indices {
      let shifted = try [step, -step].map { shift in
        var moved = values
        moved[element] += shift
        var arguments = tensors
        arguments[index] = try Tensor(moved, shape: tensor.shape)
        return try loss(opCase, arguments).item()
      }
      // A path through f32 cannot be differenced so finely.
      if opCase.name == "cast" { continue }
      let numeric = (shifted[0] - shifted[1]) / (2 * step)
      #expect(
        abs(gradient[element] - numeric) <= 1e-6 * max(1, abs(numeric)) + 1e-7,
        "input \(index), element \(element): \(gradient[element]) by the tape, \(numeric) by differences"
      )
    }
  }
}

@Test(arguments: OpCase.all)
func singlePrecisionAgreesWithDouble(_ opCase: OpCase) throws {
  let tensors = try inputs(opCase, seed: 2)
  let wide = try opCase.function(tensors)
  let narrow = try opCase.function(tensors.map { try $0.cast(to: .f32) })
  #expect(narrow.shape == wide.shape)
  #expect(narrow.dtype == .f32)
  for (a, b) in zip(try narrow.doubles(), try wide.doubles()) {
    #expect(abs(a - b) <= opCase.tolerance * max(1, abs(b)))
  }
  let wideVariables = try tensors.map(Tape.variable)
  let narrowVariables = try tensors.map { try Tape.variable($0.cast(to: .f32)) }
  let wideGradients = try Tape.gradients(
    of: loss(opCase, wideVariables), withRespectTo: wideVariables)
  let narrowGradients = try Tape.gradients(
    of: loss(opCase, narrowVariables), withRespectTo: narrowVariables)
  for (a, b) in zip(narrowGradients, wideGradients) {
    #expect(a.dtype == .f32)
    for (x, y) in zip(try a.doubles(), try b.doubles()) {
      #expect(abs(x - y) <= 5 * opCase.tolerance * max(1, abs(y)))
    }
  }
}

@Test func aLongChainIsWalkedAndFreedWithoutRecursion() throws {
  let start = try Tape.variable(Tensor.scalar(1))
  var x = start
  for _ in 0..<100_000 { x = try x + 1 }
  #expect(try x.item() == 100_001)
  let gradient = try Tape.gradients(of: x, withRespectTo: [start])[0]
  #expect(try gradient.item() == 1)
  // A second chain is dropped without a backward pass.
  var y = start
  for _ in 0..<100_000 { y = try y * 1 }
  #expect(y.requiresGradient)
}

@Test func aTraceIsUsedUpUnlessKept() throws {
  let x = try Tape.variable(Tensor([2.0, 3.0] as [Float]))
  let y = try x.square().sum()
  let first = try Tape.gradients(of: y, withRespectTo: [x], keepGraph: true)[0]
  let second = try Tape.gradients(of: y, withRespectTo: [x])[0]
  #expect(try first.array(Float.self) == [4, 6])
  #expect(try Tensor.identical(first, second))
  let error = #expect(throws: DomainError.self) {
    try Tape.gradients(of: y, withRespectTo: [x])
  }
  #expect(error?.message == "the gradient through this computation was already taken")
}

@Test func gradientsNeedANumberThatDependsOnSomething() throws {
  let x = try Tape.variable(Tensor([2.0, 3.0] as [Float]))
  #expect(throws: DomainError.self) { try Tape.gradients(of: x.square(), withRespectTo: [x]) }
  let constant = try Tensor.scalar(1)
  #expect(throws: DomainError.self) { try Tape.gradients(of: constant, withRespectTo: [x]) }
  #expect(throws: DomainError.self) {
    try Tape.gradients(of: x.sum(), withRespectTo: [constant])
  }
  let unused = try Tape.variable(Tensor.zeros([3]))
  #expect(
    try Tape.gradients(of: x.sum(), withRespectTo: [unused])[0].array(Float.self) == [0, 0, 0])
  #expect(throws: DomainError.self) { try Tape.variable(Tensor(ints: [1])) }
}

@Test func nothingIsRecordedWhenNotAsked() throws {
  let x = try Tape.variable(Tensor([2.0, 3.0] as [Float]))
  let silent = try Tape.withoutRecording { try x.square() }
  #expect(!silent.requiresGradient)
  let loud = try Tape.withoutRecording { try Tape.withRecording { try x.square() } }
  #expect(loud.requiresGradient)
  #expect(!(try Tensor.scalar(1) + 1).requiresGradient)
}

@Test func normGradientAtZeroIsZero() throws {
  let x = try Tape.variable(Tensor.zeros([3]))
  let gradient = try Tape.gradients(of: x.norm(), withRespectTo: [x])[0]
  #expect(try gradient.array(Float.self) == [0, 0, 0])
}

// MARK: Parameters and rules

/// The rule of y = x · w for a weight vector w and rows x.
private final class ScaleRule: GradientRule {
  let parameters: [Parameter]
  let input: Tensor
  let gradient: Tensor
  var exampleCount: Int { input.shape[0] }

  init(_ parameter: Parameter, _ input: Tensor, _ gradient: Tensor) {
    parameters = [parameter]
    self.input = input
    self.gradient = gradient
  }

  func perExample(_ index: Int) throws -> Tensor { try input * gradient }

  func accumulate(weights: UnsafePointer<Float>?, into sink: GradientSink) throws {
    guard let index = sink.index(of: parameters[0]) else { return }
    let each = try perExample(0)
    let target = try sink.zeroedTarget(index)
    for row in 0..<each.shape[0] {
      for column in 0..<each.shape[1] {
        target[column] += (weights?[row] ?? 1) * each.floats[row * each.shape[1] + column]
      }
    }
  }

  func addSquaredNorms(to norms: UnsafeMutablePointer<Float>) throws {
    try addSquaredNorms(ofParameter: 0, to: norms)
  }

  func addSquaredNorms(ofParameter index: Int, to norms: UnsafeMutablePointer<Float>) throws {
    let squares = try perExample(0).square().sum(axes: [1])
    for row in 0..<exampleCount { norms[row] += squares.floats[row] }
  }
}

private func scaled(_ x: Tensor, by parameter: Parameter) throws -> Tensor {
  let (input, weight) = (x.detached, parameter.data)
  return Tape.record(
    op: "scale", inputs: [x], parameters: [parameter], output: try input * weight,
    rule: { ScaleRule(parameter, input, $0) }, backward: { [try $0 * weight] })
}

@Test func rulesAndDirectUsesMeetInTheSink() throws {
  let ruled = try Parameter("ruled", Tensor([1, 2, 3] as [Float]))
  let direct = try Parameter("direct", Tensor([0.5, -1, 2] as [Float]))
  let x = try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
  func compute() throws -> Tensor { try (scaled(x, by: ruled) * direct.value).sum() }
  #expect(try Tape.unruledParameters(of: compute()) == [direct])
  #expect(try Set(Tape.parameters(of: compute())) == [direct, ruled])
  let gradients = try Tape.gradients(of: compute(), withRespectTo: [ruled, direct])
  #expect(try gradients[0].array(Float.self) == [2.5, -7, 18])
  #expect(try gradients[1].array(Float.self) == [5, 14, 27])

  let sink = try GradientSink([direct, ruled])
  sink.begin()
  try Tape.backward(compute(), into: sink)
  try Tape.backward(compute(), into: sink)
  #expect(try sink.gradient(1).array(Float.self) == [5, -14, 36])
  sink.begin()
  try sink.densify()
  #expect(try sink.gradient(1).array(Float.self) == [0, 0, 0])

  let capture = try Tape.capture(compute())
  #expect(capture.unruled == [direct])
  #expect(capture.rules.count == 1)
  var norms: [Float] = [0, 0]
  try capture.rules[0].addSquaredNorms(to: &norms)
  #expect(norms == [40.25, 173])

  ruled.requiresGradient = false
  #expect(try Tape.capture(compute()).rules.isEmpty)
  direct.requiresGradient = false
  #expect(throws: DomainError.self) { try Tape.capture(compute()) }
}

@Test func anUpdatedParameterLeavesOldReadersAlone() throws {
  let parameter = try Parameter("w", Tensor([1, 2] as [Float]))
  let before = parameter.data
  try parameter.update { $0[0] = 7 }
  #expect(try before.array(Float.self) == [1, 2])
  #expect(try parameter.data.array(Float.self) == [7, 2])
  let address = parameter.data.floats
  try parameter.update { $0[0] = 8 }
  #expect(parameter.data.floats == address)
  #expect(throws: DomainError.self) { try parameter.set(Tensor.zeros([3])) }
  #expect(throws: DomainError.self) { try Parameter("ints", Tensor(ints: [1])) }
}

@Test func sparseRowsKeepOrderAndSums() throws {
  let table = try Parameter("table", Tensor.zeros([5, 2]))
  let sink = try GradientSink([table], sparse: [table])
  sink.begin()
  let rows = try #require(sink.sparse(0))
  var slots = [Int32](repeating: 9, count: 4)
  try rows.slots(for: [3, 1, 3, -1] as [Int32], count: 4, into: &slots)
  #expect(slots == [0, 1, 0, -1])
  #expect(rows.rows == [3, 1])
  rows.values?[0] = 5
  rows.values?[3] = 7
  try rows.slots(for: [0, 3] as [Int64], count: 2, into: &slots)
  #expect(slots[0] == 2 && slots[1] == 0)
  #expect(rows.values?[4] == 0 && rows.values?[0] == 5)
  #expect(rows.rowMap[2] == -1 && rows.rowMap[3] == 0)
  #expect(try sink.gradient(0).array(Float.self) == [0, 0, 0, 7, 0, 0, 5, 0, 0, 0])
  try sink.densify()
  let dense = try #require(sink.values(0))
  #expect(dense[6] == 5 && dense[3] == 7 && dense[9] == 0)
  #expect(rows.rowCount == 0 && rows.rowMap[3] == -1)
}
