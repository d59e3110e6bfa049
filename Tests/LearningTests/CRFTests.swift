import Foundation
import Foundations
import Tensors
import TestSupport
import Testing

@testable import Learning

/// The CRF against sums over all paths.
@Suite struct CRFTests {
  /// Every sequence of `length` tags.
  private func paths(_ tags: Int, _ length: Int) -> [[Int]] {
    (0..<length).reduce([[]]) { paths, _ in
      paths.flatMap { path in (0..<tags).map { path + [$0] } }
    }
  }

  private func score(_ crf: CRF, _ emissions: [Float], _ path: [Int]) throws -> Double {
    let tags = crf.tags
    let start = try crf.start.data.array(Float.self)
    let end = try crf.end.data.array(Float.self)
    let transitions = try crf.transitions.data.array(Float.self)
    var score = Double(start[path[0]]) + Double(end[path[path.count - 1]])
    for (t, tag) in path.enumerated() {
      score += Double(emissions[t * tags + tag])
      if t > 0 { score += Double(transitions[path[t - 1] * tags + tag]) }
    }
    return score
  }

  @Test(arguments: [1.0, 40.0]) func agreesWithAllPaths(scale: Double) throws {
    var random = RandomStream(seed: 5)
    for (tags, time) in [(3, 4), (2, 5), (1, 3), (4, 1)] {
      let crf = try CRF(tags, random: &random)
      for parameter in crf.parameters { try parameter.set(parameter.data * 10 * scale) }
      let lengths = [time, max(1, time - 1), 1, 0]
      let emissions = try (Tensor.normal([4, time, tags], &random) * scale).with(
        lengths: Lengths(lengths.map(Int32.init)))
      let labels = try Tensor.integers([4, time], from: 0, below: tags, &random)
      let losses = try crf.negativeLogLikelihood(emissions, labels).doubles()
      let marginals = try crf.marginals(emissions).doubles()
      let decoded = try crf.decode(emissions)
      let all = try emissions.array(Float.self)
      let tagged = try labels.integers()
      for (example, length) in lengths.enumerated() {
        guard length > 0 else {
          #expect(losses[example] == 0 && decoded[example].isEmpty)
          continue
        }
        let row = Array(all[example * time * tags..<(example + 1) * time * tags])
        let scored = try paths(tags, length).map { ($0, try score(crf, row, $0)) }
        let top = scored.map(\.1).max() ?? 0
        let logZ = top + log(scored.reduce(0) { $0 + exp($1.1 - top) })
        let path = Array(tagged[example * time..<example * time + length])
        let expected = try logZ - score(crf, row, path)
        #expect(abs(losses[example] - expected) <= 1e-5 * max(1, abs(expected)))
        #expect(decoded[example] == scored.first { $0.1 == top }?.0)
        for t in 0..<time {
          for tag in 0..<tags {
            let probability =
              t < length
              ? scored.filter { $0.0[t] == tag }.reduce(0) { $0 + exp($1.1 - logZ) } : 0
            #expect(abs(marginals[(example * time + t) * tags + tag] - probability) < 1e-6)
          }
        }
      }
    }
  }

  /// The gradient of the emissions is the marginals less the path; transitions that forbid stay finite.
  @Test func gradientsAreMarginals() throws {
    var random = RandomStream(seed: 6)
    let crf = try CRF(3, random: &random)
    var forbidding = try crf.transitions.data.array(Float.self)
    forbidding[1] = -10_000
    forbidding[5] = -10_000
    try crf.transitions.set(Tensor(forbidding, shape: [3, 3]))
    let emissions = try Tape.variable(Tensor.normal([2, 4, 3], &random))
    let tags = try Tensor([Int64]([0, 0, 2, 1, 2, 2, 1, 0]), shape: [2, 4])
    let loss = try crf.negativeLogLikelihood(emissions, tags)
    let gradient = try Tape.gradients(of: loss.sum(), withRespectTo: [emissions])[0]
    var expected = try crf.marginals(emissions).array(Float.self)
    for (place, tag) in try tags.integers().enumerated() { expected[place * 3 + tag] -= 1 }
    try expectClose(gradient, Tensor(expected, shape: [2, 4, 3]), "emissions", atol: 1e-6)
    #expect(
      try crf.decode(emissions).allSatisfy { path in
        zip(path, path.dropFirst()).allSatisfy { !($0 == 0 && $1 == 1) && !($0 == 1 && $1 == 2) }
      })
  }

  @Test func ignoredTagsEndASequence() throws {
    var random = RandomStream(seed: 7)
    let crf = try CRF(3, random: &random)
    let emissions = try Tensor.normal([2, 4, 3], &random)
    let tags = try Tensor([Int64]([0, 1, -100, -100, 2, 2, 1, 0]), shape: [2, 4])
    let cut = try crf.negativeLogLikelihood(emissions, tags).doubles()
    let padded = try crf.negativeLogLikelihood(
      emissions.with(lengths: Lengths([2, 4])), tags
    ).doubles()
    #expect(cut == padded)
    func throwing(_ labels: [Int64], _ shape: Shape = [2, 4]) {
      #expect(throws: DomainError.self) {
        try crf.negativeLogLikelihood(emissions, Tensor(labels, shape: shape))
      }
    }
    throwing([0, -100, 1, 1, 2, 2, 1, 0])
    throwing([0, 3, 1, 1, 2, 2, 1, 0])
    throwing([0, -1, 1, 1, 2, 2, 1, 0])
    throwing([0, 1, 1, 1], [2, 2])
    #expect(throws: DomainError.self) { try crf.decode(Tensor.zeros([2, 4, 2])) }
    #expect(throws: DomainError.self) { try CRF(0, random: &random) }
    #expect(throws: DomainError.self) {
      try crf.decode(emissions.with(lengths: Lengths([1, 2, 3])))
    }
  }

  @Test func learnsATransition() throws {
    // The tag is that of the emission's sign, and 2 after each 1: only transitions can tell.
    var random = RandomStream(seed: 8)
    let model = try Sequential([Linear(1, 3, random: &random), CRF(3, random: &random)])
    let crf = try #require(model.children.last?.layer as? CRF)
    var x: [Float] = []
    var y: [Int64] = []
    for _ in 0..<64 {
      var last: Int64 = 0
      for _ in 0..<6 {
        x.append(random.uniform() < 0.5 ? 1 : -1)
        last = last == 1 ? 2 : (x[x.count - 1] > 0 ? 1 : 0)
        y.append(last)
      }
    }
    let source = try TensorSource(
      inputs: Tensor(x, shape: [64, 6, 1]), labels: Tensor(y, shape: [64, 6]))
    _ = try Trainer(
      model: model, loss: crf.loss(), optimizer: Adam(rate: 0.1),
      options: TrainingOptions(
        plan: SamplingPlan(examples: 64, batch: 16, epochs: 30, sampling: .shuffled),
        key: RandomKey(seed: 1))
    ).run(source)
    let decoded = try crf.decode(model.forward(source.inputs))
    #expect(decoded.flatMap { $0 } == y.map { Int($0) })
  }
}
