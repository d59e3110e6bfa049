import Foundations

/// Questions of the form "is feature f at most t?", each leading to another or to a leaf with an answer.
public struct DecisionTree: Sendable {
  /// For each node the feature that it asks about; −1 for a leaf. Node 0 is the root; a node stands before those below
  /// it.
  public internal(set) var features: [Int32] = []
  /// The largest value that goes left.
  public internal(set) var thresholds: [Double] = []
  /// The node for examples at or below the threshold; that for the others.
  public internal(set) var left: [Int32] = []
  public internal(set) var right: [Int32] = []
  /// How many of the examples that it was grown from came to each node.
  public internal(set) var counts: [Int] = []
  /// For each node `width` numbers, of which those of leaves are answers.
  public internal(set) var values: [Double] = []
  /// How many numbers an answer has.
  public let width: Int
  /// How many questions lead to the farthest leaf.
  public internal(set) var depth = 0
  /// What the splits by each feature took off the impurity, summed over examples.
  var gains: [Double]

  init(width: Int, features count: Int) {
    self.width = width
    gains = [Double](repeating: 0, count: count)
  }

  public var nodeCount: Int { features.count }
  public var leafCount: Int { features.count { $0 < 0 } }

  /// The leaf that an example comes to.
  @inline(__always)
  func leaf(_ example: UnsafePointer<Double>) -> Int {
    var node = 0
    while features[node] >= 0 {
      node = Int(
        example[Int(features[node])] <= thresholds[node] ? left[node] : right[node])
    }
    return node
  }

  /// Calls `body` with each example's place and leaf, in blocks on several threads.
  static func eachLeaf(
    of examples: ExampleMatrix, _ tree: DecisionTree, _ body: (Int, Int) -> Void
  ) {
    examples.values.withUnsafeBufferPointer { values in
      guard let x = values.baseAddress else { return }
      Parallel.blocks(examples.rows, size: 4096) { range in
        for row in range { body(row, tree.leaf(x + row * examples.columns)) }
      }
    }
  }
}

/// Shares of the gains of features, which sum to 1; zeros where nothing was gained.
func importances(_ gains: [Double]) -> [Double] {
  let total = gains.reduce(0, +)
  return total > 0 ? gains.map { $0 / total } : gains
}
