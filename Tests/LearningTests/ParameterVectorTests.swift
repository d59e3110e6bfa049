import Foundations
import Tensors
import Testing

@testable import Learning

/// Models as flat vectors of their trained parameters.
@Suite(.serialized) struct ParameterVectorTests {
  private func model(_ seed: UInt64, inputs: Int = 300) throws -> Layer {
    var random = RandomStream(seed: seed)
    let tied = try Linear(200, 200, random: &random)
    return try Sequential([
      Linear(inputs, 200, random: &random), Activation(.tanh), tied, Activation(.tanh), tied,
    ])
  }

  @Test func vectorsGoThereAndBack() throws {
    let (model, other) = (try model(1), try model(2))
    model.parameters[1].requiresGradient = false
    other.parameters[1].requiresGradient = false
    let vector = try ParameterVector(model)
    // A tied parameter counts once, a frozen one not at all.
    #expect(vector.count == 300 * 200 + 200 * 200 + 200)
    #expect(vector.shapes == [[200, 300], [200, 200], [200]])
    let kept = try other.parameters[1].data.array(Float.self)
    try vector.write(to: other)
    #expect(try other.parameters[1].data.array(Float.self) == kept)
    for index in [0, 2, 3] {
      #expect(
        try other.parameters[index].data.array(Float.self)
          == model.parameters[index].data.array(Float.self))
    }
    #expect(
      try vector.parts()[1].array(Float.self) == model.parameters[2].data.array(Float.self))
    #expect(try ParameterVector(other).tensor.array(Float.self) == vector.tensor.array(Float.self))
  }

  @Test func sumsAreThoseOfTheNumbers() throws {
    let (a, b) = (try ParameterVector(model(1)), try ParameterVector(model(2)))
    let (x, y) = (try a.tensor.array(Float.self), try b.tensor.array(Float.self))
    #expect(try (a - b).tensor.array(Float.self) == zip(x, y).map { $0 - $1 })
    #expect(try (a + b).tensor.array(Float.self) == zip(x, y).map { $0 + $1 })
    var sum = a
    try sum.add(b, times: 0.25)
    #expect(try sum.tensor.array(Float.self) == zip(x, y).map { $0 + 0.25 * $1 })
    try sum.scale(by: -2)
    #expect(try sum.tensor.array(Float.self) == zip(x, y).map { ($0 + 0.25 * $1) * -2 })
    // What was copied did not change.
    #expect(try a.tensor.array(Float.self) == x)
    let squares = x.reduce(0.0) { $0 + Double($1) * Double($1) }
    #expect(abs(a.norm - squares.squareRoot()) < 1e-6 * a.norm)
    var twice = a
    try twice.add(twice)
    #expect(try twice.tensor.array(Float.self) == x.map { $0 + $0 })
    #expect(try ParameterVector(zerosLike: a).norm == 0)
  }

  @Test func memoryServesAgainWhereNobodyHoldsIt() throws {
    let (model, old) = (try model(1), try ParameterVector(model(2)))
    let parameters = ParameterVector.trained(model)
    let expected = try (ParameterVector(model) - old).tensor.array(Float.self)
    var vector = try ParameterVector(zerosLike: old)
    let own = vector.tensor.floats
    try vector.set(to: parameters, minus: old)
    #expect(try vector.tensor.array(Float.self) == expected)
    #expect(vector.tensor.floats == own)
    let held = vector
    try vector.set(to: old, times: 3)
    #expect(try held.tensor.array(Float.self) == expected)
    #expect(try vector.tensor.array(Float.self) == old.tensor.array(Float.self).map { 3 * $0 })
    // Of itself.
    try vector.set(to: vector, times: 2)
    #expect(try vector.tensor.array(Float.self) == old.tensor.array(Float.self).map { 6 * $0 })
    var (atOnce, oneByOne) = (held, held)
    try atOnce.add([old, vector, held])
    for other in [old, vector, held] { try oneByOne.add(other) }
    #expect(try atOnce.tensor.array(Float.self) == oneByOne.tensor.array(Float.self))
    try atOnce.add([])
    #expect(try atOnce.tensor.array(Float.self) == oneByOne.tensor.array(Float.self))
    let another = try ParameterVector(self.model(3, inputs: 299))
    #expect(throws: DomainError.self) { try atOnce.add([old, another]) }
    #expect(throws: DomainError.self) { try atOnce.set(to: another, times: 1) }
    #expect(throws: DomainError.self) { try atOnce.set(to: parameters, minus: another) }
    #expect(try atOnce.tensor.array(Float.self) == oneByOne.tensor.array(Float.self))
  }

  @Test func bitsDoNotDependOnThreads() throws {
    let threads = Parallel.threads
    defer { Parallel.threads = threads }
    let (first, second) = (try model(1), try model(2))
    let results = try [1, 2, 7].map { threads in
      Parallel.threads = threads
      var vector = try ParameterVector(first)
      try vector.add(ParameterVector(second), times: 0.1)
      return (vector.norm.bitPattern, try vector.tensor.array(Float.self).map(\.bitPattern))
    }
    #expect(results[1].0 == results[0].0 && results[2].0 == results[0].0)
    #expect(results[1].1 == results[0].1 && results[2].1 == results[0].1)
  }

  @Test func otherModelsAreRefused() throws {
    let (one, other) = (try model(1), try model(1, inputs: 299))
    let vector = try ParameterVector(one)
    let before = try other.parameters[1].data.array(Float.self)
    #expect(throws: DomainError.self) { try vector.write(to: other) }
    #expect(try other.parameters[1].data.array(Float.self) == before)
    #expect(throws: DomainError.self) { try vector - ParameterVector(other) }
    one.parameters[0].requiresGradient = false
    #expect(throws: DomainError.self) { try vector.write(to: one) }
  }
}
