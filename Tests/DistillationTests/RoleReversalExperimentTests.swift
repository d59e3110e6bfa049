import Fairness
import Foundation
import Learning
import Tensor
import Testing
import Text

@testable import Distillation

/// The whole experiment, small: a teacher learns the planted bias, students learn from it in four ways, and what they would write is
/// compared with what was planted.
@Suite struct RoleReversalExperimentTests {
  private struct Setting {
    let planted: [String: Double]
    let reader: TokenReader
    let train: DistillationCorpus
    let heldOut: DistillationCorpus
    let map: CounterpartTokens

    init() throws {
      var options = BiographyCorpus.Options()
      options.train = 3_000
      options.heldOut = 200
      let corpus = try BiographyCorpus.generate(options, seed: 11)
      planted = corpus.planted
      reader = SpacedWords(corpus.train.flatMap { [$0.text, $0.counterpart] }).reader
      let reading = DistillationCorpus.Options(maximumLength: 40, beginToken: 0, endToken: 0)
      train = try DistillationCorpus(
        lines: corpus.train.map(\.text), reader: reader, reversal: .standard,
        options: reading)
      heldOut = try DistillationCorpus(
        lines: corpus.heldOut.map(\.text), reader: reader, options: reading)
      map = try CounterpartTokens(reader: reader)
    }

    func fit(
      _ model: Layer, _ corpus: DistillationCorpus, _ objective: Objective,
      _ teacher: (any TeacherSource)?, epochs: Int
    ) throws {
      _ = try Trainer(
        model: model, loss: .distillation(objective, teacher: teacher),
        optimizer: Adam(rate: 6e-3),
        options: TrainingOptions(
          plan: SamplingPlan(
            examples: corpus.count, batch: 16, epochs: epochs, sampling: .shuffled),
          key: RandomKey(seed: 1))
      ).run(corpus)
    }

    /// P(she) / (P(she) + P(he)) behind "The … said that", for each profession.
    func femaleShare(_ model: Layer) throws -> [String: Double] {
      let (he, she) = (try #require(reader.single(" he")), try #require(reader.single(" she")))
      var result: [String: Double] = [:]
      for profession in planted.keys {
        let ids = [0] + (try reader.encode("The \(profession) said that").ids)
        let z = try ForwardContext.evaluation {
          try model.forward(Tensor(ints: ids.map(Int.init)).unsqueezed(0))
        }
        let last = z.floats + (ids.count - 1) * reader.vocabularyCount
        result[profession] = 1 / (1 + exp(Double(last[Int(he)] - last[Int(she)])))
      }
      return result
    }

    func disparity(_ model: Layer) throws -> Double {
      let shares = try femaleShare(model)
      return shares.values.reduce(0) { $0 + abs(log($1 / (1 - $1))) } / Double(shares.count)
    }

    func perplexity(_ model: Layer) throws -> Double {
      let losses = try Evaluation(model).losses(heldOut, .crossEntropy())
      return exp(losses.reduce(0, +) / Double(losses.count))
    }
  }

  @Test func plantedSkewIsRecoveredAndReduced() throws {
    let setting = try Setting()
    let teacher = try recurrentModel(vocabulary: setting.reader.vocabularyCount, width: 64, seed: 1)
    try setting.fit(teacher, setting.train, .crossEntropy(), nil, epochs: 10)
    let learnt = try setting.femaleShare(teacher)
    let pairs = setting.planted.map { (planted: $0.value, learnt: learnt[$0.key] ?? .nan) }
    let means = (
      pairs.reduce(0) { $0 + $1.planted } / Double(pairs.count),
      pairs.reduce(0) { $0 + $1.learnt } / Double(pairs.count)
    )
    var (xy, xx, yy) = (0.0, 0.0, 0.0)
    for pair in pairs {
      xy += (pair.planted - means.0) * (pair.learnt - means.1)
      xx += (pair.planted - means.0) * (pair.planted - means.0)
      yy += (pair.learnt - means.1) * (pair.learnt - means.1)
    }
    #expect(xy / (xx * yy).squareRoot() > 0.85, "\(learnt)")
    #expect(pairs.reduce(0) { $0 + abs($1.planted - $1.learnt) } / Double(pairs.count) < 0.15)

    var disparity: [String: Double] = [:]
    var perplexity: [String: Double] = [:]
    for (name, ratio, operation) in [
      ("none", 0.0, TeacherPerturbation.Operation.none), ("augmentation", 0.5, .none),
      ("perturbation", 0, .max), ("both", 0.5, .max),
    ] {
      let corpus = try setting.train.augmented(ratio: ratio)
      let source = try LiveTeacher(
        teacher, perturbation: .init(operation), corpus: corpus, map: setting.map)
      let student = try recurrentModel(
        vocabulary: setting.reader.vocabularyCount, width: 48, seed: 2)
      // As many steps for all: an augmented corpus is nearly twice as long.
      try setting.fit(
        student, corpus, .hinton(temperature: 2, alpha: 0.8), source, epochs: ratio > 0 ? 5 : 10)
      disparity[name] = try setting.disparity(student)
      perplexity[name] = try setting.perplexity(student)
    }
    let summary = "disparity \(disparity), perplexity \(perplexity)"
    let none = try #require(disparity["none"])
    let augmentation = try #require(disparity["augmentation"])
    let perturbation = try #require(disparity["perturbation"])
    let both = try #require(disparity["both"])
    #expect(none > augmentation && augmentation > min(perturbation, both), "\(summary)")
    #expect(both < 0.5 * none, "\(summary)")
    let base = try #require(perplexity["none"])
    #expect(perplexity.values.allSatisfy { $0 < 1.2 * base }, "\(summary)")
  }
}
