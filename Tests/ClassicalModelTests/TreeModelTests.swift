import ClassicalModels
import Foundation
import Foundations
import Tensors
import Testing

/// Trees and sums of trees are those of scikit-learn (Scripts/oracles/classical_models.py).
@Suite struct TreeModelTests {
  private func areClasses(_ test: ClassicalCase) -> Bool { test.text("name").contains("classes") }

  @Test(arguments: ClassicalCase.of("tree"))
  func treesEqualScikitLearn(_ test: ClassicalCase) throws {
    let model = try TreeModel(
      test.inputs(), test.labels(areClasses: areClasses(test)), depth: test.integer("depth"),
      leafExamples: test.integer("leaf"))
    #expect(model.tree.nodeCount == test.integer("nodes"))
    #expect(distance(model.importances, test.numbers("importances")) < 1e-9)
    var answers = try model.outputs(test.matrix("held"))
    if areClasses(test) { answers = answers.map { exp($0) } }
    #expect(distance(answers, test.numbers("answers")) < 1e-9)
  }

  @Test(arguments: ClassicalCase.of("boosting"))
  func boostingEqualsScikitLearn(_ test: ClassicalCase) throws {
    var options = GradientBoosting.Options()
    options.rounds = test.integer("rounds")
    options.depth = test.integer("depth")
    options.learningRate = test.number("rate")
    options.leafExamples = test.integer("leaf")
    let model = try GradientBoosting(
      test.inputs(), test.labels(areClasses: areClasses(test)), options, key: RandomKey(seed: 1))
    var answers = try model.outputs(test.matrix("held"))
    if areClasses(test) { answers = answers.map { exp($0) } }
    #expect(distance(answers, test.numbers("answers")) < 1e-7)
    #expect(distance(model.importances, test.numbers("importances")) < 1e-7)
    #expect(model.losses == model.losses.sorted(by: >))
  }

  @Test func oraclesAreThere() {
    #expect(ClassicalCase.of("tree").count >= 5)
    #expect(ClassicalCase.of("boosting").count >= 4)
  }

  /// A feature of many values is walked in order, one of few by ranks: either way the root has the best split of all.
  @Test(arguments: [0.25, 1e-12])
  func theRootHasTheBestSplit(grid: Double) throws {
    let any = try generated(400, 3)
    let x = try any.mapped(3) { row in (0..<3).map { (any.at(row, $0) / grid).rounded() * grid } }
    let y = (0..<400).map { x.at($0, 0) * x.at($0, 1) + x.at($0, 2) }
    let tree = try TreeModel(x, x.targets { y[$0] }, depth: 1).tree
    var best = (gain: -1.0, feature: -1, threshold: 0.0)
    for feature in 0..<3 {
      let values = Set((0..<400).map { x.at($0, feature) }).sorted()
      for (low, high) in zip(values, values.dropFirst()) {
        let left = (0..<400).filter { x.at($0, feature) <= low }.map { y[$0] }
        let right = (0..<400).filter { x.at($0, feature) > low }.map { y[$0] }
        let difference =
          left.reduce(0, +) / Double(left.count) - right.reduce(0, +) / Double(right.count)
        let gain = Double(left.count * right.count) * difference * difference
        if gain > best.gain * (1 + 1e-12) { best = (gain, feature, (low + high) / 2) }
      }
    }
    #expect(tree.features[0] == best.feature)
    #expect(abs(tree.thresholds[0] - best.threshold) < 1e-12)
  }

  @Test func anyDepthCanBeAskedFor() throws {
    let examples = try ExampleMatrix((0..<64).map { Double($0) }, rows: 64, columns: 1)
    let labels = examples.classes { $0 % 2 == 1 }
    let model = try TreeModel(examples, labels, depth: .max)
    #expect(model.tree.leafCount == 64)
    #expect(try TreeModel(examples, labels, depth: 0).tree.nodeCount == 1)
    #expect(try TreeModel(examples, labels, depth: 5, leafExamples: .max).tree.nodeCount == 1)
  }

  /// A split that gains nothing by itself is made all the same: the next ones may.
  @Test func exclusiveOrIsLearnt() throws {
    let examples = try ExampleMatrix([0, 0, 0, 1, 1, 0, 1, 1], rows: 4, columns: 2)
    let model = try TreeModel(examples, .classes([0, 1, 1, 0], count: 2), depth: 2)
    #expect(try model.outputs(examples).map { exp($0) } == [1, 0, 0, 1, 0, 1, 1, 0])
  }

  @Test func resultsAreTheSameBitsForAnyThreads() throws {
    let examples = try generated(2000, 40)
    let labels = examples.classes { examples.at($0, 0) * examples.at($0, 1) > 0 }
    var options = GradientBoosting.Options()
    options.rounds = 4
    options.subsample = 0.5
    let found = try withThreads {
      try GradientBoosting(examples, labels, options, key: RandomKey(seed: 5)).outputs(
        head(examples, 50))
    }
    #expect(found[0] == found[1] && found[1] == found[2])
    let other = try GradientBoosting(examples, labels, options, key: RandomKey(seed: 6)).outputs(
      head(examples, 50))
    #expect(found[0] != other)
  }

  @Test func wrongInputIsRefused() throws {
    let examples = try generated(4, 2)
    let two = TrainingLabels.values([1, 2, 3, 4, 5, 6, 7, 8], width: 2)
    #expect(failure { _ = try TreeModel(examples, two) }?.kind == .shape)
    let one = TrainingLabels.classes([0, 0, 0, 0], count: 1)
    #expect(
      failure { _ = try GradientBoosting(examples, one, key: RandomKey(seed: 1)) }?.kind == .value)
    #expect(try TreeModel(examples, one).tree.nodeCount == 1)
  }
}
