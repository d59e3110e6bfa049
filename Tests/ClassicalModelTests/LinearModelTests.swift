import ClassicalModels
import Foundation
import Foundations
import Tensors
import Testing

/// Linear and logistic regressions are those of scikit-learn (Scripts/oracles/classical_models.py).
@Suite struct LinearModelTests {
  @Test(arguments: ClassicalCase.of("logistic"))
  func logisticEqualsScikitLearn(_ test: ClassicalCase) throws {
    let examples = try test.inputs()
    let model = try LogisticRegression(
      examples, test.labels(areClasses: true), l2: test.number("l2"))
    #expect(model.isConverged)
    #expect(distance(model.coefficients, test.numbers("coefficients")) < 1e-6)
    #expect(distance(model.intercepts, test.numbers("intercepts")) < 1e-5)
    let objective = test.number("objective")
    #expect(abs(model.objective - objective) < 1e-9 * objective)
    let chances = try model.outputs(head(examples, 10)).map { exp($0) }
    #expect(distance(chances, test.numbers("chances")) < 1e-6)
  }

  @Test(arguments: ClassicalCase.of("linear"))
  func linearEqualsScikitLearn(_ test: ClassicalCase) throws {
    let examples = try test.inputs()
    let model = try LinearRegression(
      examples, test.labels(areClasses: false), l2: test.number("l2"))
    let tolerance = test.text("name") == "powers" ? 1e-7 : 1e-9
    #expect(distance(model.coefficients, test.numbers("coefficients")) < tolerance)
    #expect(distance(model.intercepts, test.numbers("intercepts")) < tolerance)
    let predictions = try model.outputs(head(examples, 10))
    #expect(distance(predictions, test.numbers("predictions")) < 1e-9)
  }

  @Test func oraclesAreThere() {
    #expect(ClassicalCase.of("logistic").count >= 9)
    #expect(ClassicalCase.of("linear").count >= 9)
  }

  /// The matrix of second derivatives and its products take two ways that meet.
  @Test func bothWaysOfSolvingMeet() throws {
    let examples = try generated(400, 300, seed: 3)
    let labels = TrainingLabels.classes(
      (0..<400).map {
        Int32(examples.values[$0 * 300] + examples.values[$0 * 300 + 1] > 0 ? 1 : 0)
      },
      count: 2)
    let narrow = try LogisticRegression(examples, labels, l2: 2)
    // The same features, and more that say nothing: too many for a matrix.
    let nothing = [Double](repeating: 0, count: 900)
    let wide = try examples.mapped(1200) { row in
      (0..<300).map { examples.at(row, $0) } + nothing
    }
    let other = try LogisticRegression(wide, labels, l2: 2)
    #expect(other.isConverged)
    #expect(distance(Array(other.coefficients[..<300]), narrow.coefficients) < 1e-8)
    #expect(other.coefficients[300...].allSatisfy { $0 == 0 })
  }

  @Test func resultsAreTheSameBitsForAnyThreads() throws {
    let examples = try generated(3000, 7)
    let classes = examples.classes { examples.at($0, 0) * 2 + examples.at($0, 3) > 0.5 }
    let found = try withThreads { try LogisticRegression(examples, classes).coefficients }
    #expect(found[0] == found[1] && found[1] == found[2])
    let values = examples.targets { examples.at($0, 2) }
    let lines = try withThreads { try LinearRegression(examples, values, l2: 1).coefficients }
    #expect(lines[0] == lines[1] && lines[1] == lines[2])
  }

  @Test func classesWithoutExamplesGetNoChance() throws {
    let examples = try generated(60, 2)
    let labels: [Int32] = (0..<60).map { examples.at($0, 0) > 0 ? 3 : 1 }
    let model = try LogisticRegression(examples, .classes(labels, count: 5))
    let chances = try model.outputs(head(examples, 1)).map { exp($0) }
    #expect(chances.count == 5 && chances[0] == 0 && chances[2] == 0 && chances[4] == 0)
    #expect(abs(chances[1] + chances[3] - 1) < 1e-12)
  }

  @Test func perfectSeparationIsSaid() throws {
    let examples = try ExampleMatrix([-2, -1, 1, 2], rows: 4, columns: 1)
    let labels = TrainingLabels.classes([0, 0, 1, 1], count: 2)
    let model = try LogisticRegression(examples, labels, l2: 0)
    #expect(model.notes.first?.contains("separated perfectly") == true)
    #expect(try LogisticRegression(examples, labels).notes.isEmpty)
  }

  @Test(arguments: [1e300, 1e-300])
  func numbersOfAnySizeAreFitted(size: Double) throws {
    let examples = try ExampleMatrix([1, -1, 0.3, 0].map { $0 * size }, rows: 4, columns: 1)
    let model = try LinearRegression(examples, .values([1, -1, 0.3, 0], width: 1))
    #expect(model.rank == 1 && abs(model.coefficients[0] * size - 1) < 1e-12)
  }

  @Test func wrongInputIsRefused() throws {
    let examples = try generated(4, 2)
    let one = failure { _ = try LogisticRegression(examples, .classes([1, 1, 1, 1], count: 2)) }
    #expect(one?.message.contains("same class") == true)
    let few = failure { _ = try LogisticRegression(examples, .classes([0, 1], count: 2)) }
    #expect(few?.kind == .shape)
    let floats = failure { _ = try LogisticRegression(examples, .values([1, 2, 3, 4], width: 1)) }
    #expect(floats?.kind == .type)
    let classes = failure { _ = try LinearRegression(examples, .classes([0, 1, 0, 1], count: 2)) }
    #expect(classes?.kind == .type)
    #expect(failure { _ = try ExampleMatrix([1, .nan], rows: 1, columns: 2) }?.kind == .value)
    #expect(failure { _ = try ExampleMatrix([1], rows: 1, columns: 2) }?.kind == .shape)
    let model = try LinearRegression(examples, .values([1, 2, 3, 4], width: 1))
    #expect(failure { _ = try model.scores(Tensor.ones([3, 5])) }?.kind == .shape)
  }
}
