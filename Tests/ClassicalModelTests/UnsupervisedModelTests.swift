import ClassicalModels
import Foundation
import Foundations
import Tensors
import Testing

/// Clusters and components are those of scikit-learn (Scripts/oracles/classical_models.py).
@Suite struct UnsupervisedModelTests {
  @Test(arguments: ClassicalCase.of("kmeans"))
  func clustersEqualScikitLearn(_ test: ClassicalCase) throws {
    let examples = try test.inputs()
    var options = KMeans.Options()
    options.tolerance = 0
    guard !test.numbers("start").isEmpty else {
      let best = try KMeans(examples, clusters: 4, options, key: RandomKey(seed: 1))
      #expect(abs(best.inertia - test.number("inertia")) < 1e-9 * best.inertia)
      return
    }
    let model = try KMeans(examples, from: test.matrix("start"), options)
    #expect(model.isConverged)
    #expect(distance(model.centers, test.numbers("centers")) < 1e-9)
    #expect(model.labels.map(Double.init) == test.numbers("assigned"))
    #expect(abs(model.inertia - test.number("inertia")) < 1e-9 * model.inertia)
  }

  @Test(arguments: ClassicalCase.of("pca"))
  func componentsEqualScikitLearn(_ test: ClassicalCase) throws {
    let examples = try test.inputs()
    let model = try PrincipalComponents(examples, count: test.integer("count"))
    #expect(distance(model.components, test.numbers("components")) < 1e-9)
    #expect(distance(model.variances, test.numbers("variances")) < 1e-10)
    #expect(distance(model.shares, test.numbers("shares")) < 1e-10)
    #expect(distance(try model.outputs(head(examples, 8)), test.numbers("transformed")) < 1e-9)
  }

  @Test func oraclesAreThere() {
    #expect(ClassicalCase.of("kmeans").count >= 3)
    #expect(ClassicalCase.of("pca").count >= 4)
  }

  /// Directions without variance are at right angles to all others, and of length 1.
  @Test func allComponentsAreOrthonormal() throws {
    let x = try generated(30, 2)
    let examples = try x.mapped(4) { [x.at($0, 0), x.at($0, 1), x.at($0, 0) - x.at($0, 1), 5] }
    let model = try PrincipalComponents(examples, count: 4)
    let rows = (0..<4).map { Array(model.components[$0 * 4..<($0 + 1) * 4]) }
    for (a, left) in rows.enumerated() {
      for (b, right) in rows.enumerated() {
        let product = zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(product - (a == b ? 1 : 0)) < 1e-12)
      }
    }
    #expect(model.variances[2] < 1e-25 && model.variances[3] == 0)
  }

  @Test func resultsAreTheSameBitsForAnyThreads() throws {
    let examples = try generated(1200, 8)
    var options = KMeans.Options()
    options.restarts = 2
    options.iterations = 10
    let centers = try withThreads {
      try KMeans(examples, clusters: 5, options, key: RandomKey(seed: 2)).centers
    }
    #expect(centers[0] == centers[1] && centers[1] == centers[2])
    let components = try withThreads { try PrincipalComponents(examples, count: 3).components }
    #expect(components[0] == components[1] && components[1] == components[2])
  }

  @Test func equalExamplesFormAsManyClustersAsAskedFor() throws {
    let examples = try ExampleMatrix([1, 1, 1, 1, 2], rows: 5, columns: 1)
    let model = try KMeans(examples, clusters: 3, key: RandomKey(seed: 1))
    #expect(model.inertia == 0 && model.outputCount == 3)
  }

  @Test func wrongInputIsRefused() throws {
    let examples = try generated(4, 2)
    #expect(
      failure { _ = try KMeans(examples, clusters: 5, key: RandomKey(seed: 1)) }?.kind == .value)
    #expect(
      failure { _ = try KMeans(examples, clusters: .max, key: RandomKey(seed: 1)) }?.kind == .value)
    #expect(failure { _ = try PrincipalComponents(examples, count: 3) }?.kind == .value)
    #expect(failure { _ = try PrincipalComponents(examples, count: 0) }?.kind == .value)
    let huge = try ExampleMatrix([1e200, -1e200, 1, 2], rows: 4, columns: 1)
    #expect(failure { _ = try PrincipalComponents(huge, count: 1) }?.kind == .value)
    #expect(
      failure { _ = try KMeans(huge, clusters: 2, key: RandomKey(seed: 1)) }?.kind == .value)
  }
}
