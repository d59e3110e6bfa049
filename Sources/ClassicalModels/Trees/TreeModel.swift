import Foundation
import Foundations

/// A decision tree for classes or numbers (Breiman, Friedman, Olshen, Stone 1984): see TreeGrowth for how it is grown.
public struct TreeModel: FittedModel {
  public let tree: DecisionTree
  /// Classes that the examples had, in rising order; empty for a tree of numbers.
  public let present: [Int]
  public let featureCount: Int
  public let outputCount: Int
  public let outputKind: OutputKind
  /// The share of each feature in what the splits took off the impurity.
  public let importances: [Double]

  public var summary: String {
    "tree (depth \(tree.depth), \(tree.leafCount) leaves, \(featureText), "
      + (outputKind == .values ? "regression)" : "\(outputCount) classes)")
  }

  /// Grows a tree.
  /// - Parameters:
  ///   - labels: classes, or numbers with one target.
  ///   - depth: the most questions on the way to a leaf, at least 0.
  ///   - leafExamples: the fewest examples of a leaf, at least 1.
  /// - Throws: a `DomainError`: `shape` where counts differ or there are several targets, `value` for none, `limit`
  ///   where memory does not suffice, `interrupt`.
  public init(
    _ examples: ExampleMatrix, _ labels: TrainingLabels, depth: Int = 6, leafExamples: Int = 1
  ) throws {
    try labels.check(examples)
    let columns = try FeatureColumns(examples)
    let members = Array(0..<Int32(examples.rows))
    let limits = TreeLimits(depth: depth, leafExamples: max(1, min(leafExamples, examples.rows)))
    switch labels {
    case .classes(let numbers, let total):
      let classes = OccurringClasses(numbers, count: total)
      var growth = TreeGrowth(
        columns, .classes(classes.places, count: classes.present.count), limits, members: members)
      tree = try growth.grow()
      present = classes.present
      outputCount = total
      outputKind = .logChances
    case .values(let values, let width):
      try requireOneTarget(width)
      var growth = TreeGrowth(columns, .values(values), limits, members: members)
      tree = try growth.grow()
      present = []
      outputCount = 1
      outputKind = .values
    }
    featureCount = examples.columns
    importances = ClassicalModels.importances(tree.gains)
  }

  /// The logarithm of each class's share of the leaf, `[examples, classes]`, or the leaf's mean, `[examples, 1]`.
  public func outputs(_ examples: ExampleMatrix) throws -> [Double] {
    let width = tree.width
    let answers = outputKind == .values ? tree.values : tree.values.map { log($0) }
    var found = [Double](repeating: 0, count: examples.rows * width)
    try Cancellation.abandonable {
      found.withUnsafeMutableBufferPointer { found in
        nonisolated(unsafe) let target = found.baseAddress
        DecisionTree.eachLeaf(of: examples, tree) { row, leaf in
          for k in 0..<width { target?[row * width + k] = answers[leaf * width + k] }
        }
      }
    }
    return outputKind == .values
      ? found : OccurringClasses.spread(found, present, total: outputCount)
  }
}

/// - Throws: a `shape` error for several targets at once.
func requireOneTarget(_ width: Int) throws(DomainError) {
  guard width == 1 else {
    throw DomainError(
      .shape, "a tree meets one number an example, but the labels have \(width)",
      hint: "fit one model a column: `labels[:, 0]`")
  }
}
