// Gradient boosting (Friedman 2001, Greedy function approximation: a gradient boosting machine, Annals of Statistics
// 29, algorithms 2, 5 and 6; Friedman 2002 for subsamples): every round grows a regression tree on what is left of the
// labels under the chances so far, and adds its leaves times the learning rate. A leaf's value is the mean residual for
// squared error, else one step of Newton's for the deviance:
//   two classes: Σ r / Σ p (1 − p);   K classes: (K − 1)/K Σ r / Σ |r| (1 − |r|).
// It starts from the mean, the logarithm of the odds, or the logarithms of the classes' shares. The loss, the leaves
// and the start are those of scikit-learn's GradientBoostingClassifier and GradientBoostingRegressor.

import Foundation
import Foundations
import Tensors

/// A sum of small trees for classes or numbers.
public struct GradientBoosting: FittedModel {
  /// The trees of each round: one, or one a class for three classes and more. Leaves hold what they add.
  public let rounds: [[DecisionTree]]
  /// What each output starts from.
  public let start: [Double]
  /// Classes that the examples had, in rising order; empty for numbers.
  public let present: [Int]
  public let featureCount: Int
  public let outputCount: Int
  public let outputKind: OutputKind
  public let learningRate: Double
  /// The mean loss of the training examples after each round: the negative log-likelihood, or the squared error.
  public let losses: [Double]
  public let importances: [Double]

  public var summary: String {
    "boosting (\(rounds.count) rounds, \(featureText), "
      + (outputKind == .values ? "regression)" : "\(outputCount) classes)")
  }

  public struct Options: Sendable {
    public var rounds = 100
    /// The most questions on the way to a leaf.
    public var depth = 3
    /// The factor of each tree.
    public var learningRate = 0.1
    /// The share of examples that a round's trees are grown from, drawn anew each round.
    public var subsample = 1.0
    /// The fewest examples of a leaf.
    public var leafExamples = 1

    public init() {}
  }

  /// Fits it to examples.
  /// - Parameters:
  ///   - labels: classes, or numbers with one target.
  ///   - key: what subsamples are drawn by.
  /// - Throws: a `DomainError`: `shape` where counts differ or there are several targets, `value` for none or a single
  ///   class, `limit` where memory does not suffice, `interrupt`.
  public init(
    _ examples: ExampleMatrix, _ labels: TrainingLabels, _ options: Options = Options(),
    key: RandomKey
  ) throws {
    try labels.check(examples)
    var state = try BoostingState(labels)
    let columns = try FeatureColumns(examples)
    let limits = TreeLimits(
      depth: options.depth, leafExamples: max(1, min(options.leafExamples, examples.rows)))
    var random = key.stream
    let sampleSize = max(1, Int((options.subsample * Double(examples.rows)).rounded(.down)))
    var rounds: [[DecisionTree]] = []
    var losses: [Double] = []
    var gains = [Double](repeating: 0, count: examples.columns)
    for _ in 0..<options.rounds {
      try Cancellation.check()
      let members =
        sampleSize < examples.rows
        ? random.sample(sampleSize, of: examples.rows).map(Int32.init).sorted()
        : Array(0..<Int32(examples.rows))
      let residuals = state.residuals()
      var trees: [DecisionTree] = []
      for residual in residuals {
        var growth = TreeGrowth(columns, .values(residual), limits, members: members)
        var tree = try growth.grow()
        let leaves = try GradientBoosting.leaves(of: examples, tree)
        state.setLeaves(of: &tree, residual, leaves, members, options.learningRate)
        state.add(tree, leaves, output: trees.count)
        for k in gains.indices { gains[k] += tree.gains[k] }
        trees.append(tree)
      }
      rounds.append(trees)
      losses.append(state.loss())
    }
    self.rounds = rounds
    self.losses = losses
    start = state.start
    present = state.present
    featureCount = examples.columns
    outputCount = state.classCount
    outputKind = state.isRegression ? .values : .logChances
    learningRate = options.learningRate
    importances = ClassicalModels.importances(gains)
  }

  private static func leaves(of examples: ExampleMatrix, _ tree: DecisionTree) throws -> [Int32] {
    var leaves = [Int32](repeating: 0, count: examples.rows)
    try Cancellation.abandonable {
      leaves.withUnsafeMutableBufferPointer { leaves in
        nonisolated(unsafe) let target = leaves.baseAddress
        DecisionTree.eachLeaf(of: examples, tree) { row, leaf in target?[row] = Int32(leaf) }
      }
    }
    return leaves
  }

  /// The logarithm of each class's chance, `[examples, classes]`, or the number, `[examples, 1]`.
  public func outputs(_ examples: ExampleMatrix) throws -> [Double] {
    let width = start.count
    var sums = (0..<examples.rows).flatMap { _ in start }
    try Cancellation.abandonable {
      sums.withUnsafeMutableBufferPointer { sums in
        nonisolated(unsafe) let target = sums.baseAddress
        for trees in rounds {
          for (output, tree) in trees.enumerated() {
            DecisionTree.eachLeaf(of: examples, tree) { row, leaf in
              target?[row * width + output] += tree.values[leaf]
            }
          }
        }
      }
    }
    guard outputKind == .logChances else { return sums }
    return OccurringClasses.spread(
      BoostingState.logChances(sums, outputs: width), present, total: outputCount)
  }
}

/// What boosting knows of the examples between rounds.
private struct BoostingState {
  let isRegression: Bool
  let present: [Int]
  /// All classes, absent ones too; 1 for numbers.
  let classCount: Int
  /// The place of each example's class among the present ones.
  private let places: [Int32]
  private let targets: [Double]
  let start: [Double]
  /// `[examples, outputs]`.
  private var sums: [Double]

  private var outputs: Int { start.count }
  private var count: Int { isRegression ? targets.count : places.count }

  init(_ labels: TrainingLabels) throws {
    switch labels {
    case .values(let values, let width):
      try requireOneTarget(width)
      isRegression = true
      present = []
      classCount = 1
      places = []
      targets = values
      start = [values.reduce(0, +) / Double(values.count)]
    case .classes(let numbers, let total):
      let classes = OccurringClasses(numbers, count: total)
      guard classes.present.count > 1 else {
        throw DomainError(
          .value, "all examples have the same class: there is nothing to tell apart")
      }
      isRegression = false
      present = classes.present
      classCount = total
      places = classes.places
      targets = []
      var counts = [Double](repeating: 0, count: present.count)
      for place in places { counts[Int(place)] += 1 }
      start =
        counts.count == 2
        ? [log(counts[1] / counts[0])] : counts.map { log($0 / Double(numbers.count)) }
    }
    let first = start
    sums = (0..<labels.exampleCount).flatMap { _ in first }
  }

  /// The logarithm of each class's chance: of the odds of the second class, or of numbers a class.
  static func logChances(_ sums: [Double], outputs: Int) -> [Double] {
    guard outputs > 1 else {
      return sums.flatMap { margin -> [Double] in
        let rest = log1p(exp(-abs(margin)))
        return [-(max(margin, 0) + rest), -(max(-margin, 0) + rest)]
      }
    }
    var result = sums
    for row in 0..<sums.count / outputs {
      let range = row * outputs..<(row + 1) * outputs
      let largest = sums[range].max() ?? 0
      let total = largest + log(sums[range].reduce(0) { $0 + exp($1 - largest) })
      for k in range { result[k] -= total }
    }
    return result
  }

  /// The negative gradient of the loss for each output: what is left of the labels.
  func residuals() -> [[Double]] {
    if isRegression { return [zip(targets, sums).map { $0 - $1 }] }
    if outputs == 1 {
      return [
        zip(places, sums).map { place, margin in Double(place) - 1 / (1 + exp(-margin)) }
      ]
    }
    let chances = BoostingState.logChances(sums, outputs: outputs)
    return (0..<outputs).map { output in
      (0..<count).map { (places[$0] == output ? 1 : 0) - exp(chances[$0 * outputs + output]) }
    }
  }

  /// Gives the leaves of a tree what they add, from the examples that it was grown from.
  func setLeaves(
    of tree: inout DecisionTree, _ residual: [Double], _ leaves: [Int32], _ members: [Int32],
    _ learningRate: Double
  ) {
    var numerator = [Double](repeating: 0, count: tree.nodeCount)
    var denominator = [Double](repeating: 0, count: tree.nodeCount)
    for member in members {
      let (leaf, r) = (Int(leaves[Int(member)]), residual[Int(member)])
      numerator[leaf] += r
      if isRegression {
        denominator[leaf] += 1
      } else if outputs == 1 {
        // y − r is the chance.
        let p = Double(places[Int(member)]) - r
        denominator[leaf] += p * (1 - p)
      } else {
        denominator[leaf] += abs(r) * (1 - abs(r))
      }
    }
    let factor = outputs > 1 ? Double(outputs - 1) / Double(outputs) : 1
    for node in 0..<tree.nodeCount {
      // Where all chances are certain there is no step left, as in scikit-learn.
      tree.values[node] =
        tree.features[node] >= 0 || abs(denominator[node]) < 1e-150
        ? 0 : learningRate * factor * numerator[node] / denominator[node]
    }
  }

  mutating func add(_ tree: DecisionTree, _ leaves: [Int32], output: Int) {
    for row in 0..<count { sums[row * outputs + output] += tree.values[Int(leaves[row])] }
  }

  func loss() -> Double {
    if isRegression {
      return zip(targets, sums).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Double(count)
    }
    let chances = BoostingState.logChances(sums, outputs: outputs)
    let width = max(2, outputs)
    return -(0..<count).reduce(0) { $0 + chances[$1 * width + Int(places[$1])] } / Double(count)
  }
}
