// k-means: centres such that the squared distances of examples to their nearest centre have a small sum (Lloyd 1982),
// from seeds drawn in proportion to the squared distance from those before (k-means++, Arthur, Vassilvitskii 2007; of
// 2 + ⌊ln k⌋ candidates each time the best, as scikit-learn does), over several restarts of which the best is kept. A
// centre that loses all of its examples moves to the example that lies farthest from its own.

import Foundation
import Foundations
import Tensors

/// Examples gathered around centres.
public struct KMeans: FittedModel {
  /// `[clusters, features]`, row after row.
  public let centers: [Double]
  /// The nearest centre of each example that it was fitted to.
  public let labels: [Int]
  /// The sum of squared distances to the nearest centre.
  public let inertia: Double
  /// Steps of the best restart.
  public let iterations: Int
  public let isConverged: Bool
  public let featureCount: Int
  public let outputCount: Int

  public var outputKind: OutputKind { .closeness }
  public var summary: String { "kmeans (\(outputCount) clusters, \(featureText))" }

  public struct Options: Sendable {
    /// How often to start anew.
    public var restarts = 10
    /// The most steps of a restart.
    public var iterations = 300
    /// A restart ends when the centres' squared movements sum to less than this times the features' mean variance.
    public var tolerance = 1e-4

    public init() {}
  }

  /// Finds centres.
  /// - Throws: a `DomainError`: `value` for more clusters than examples, `interrupt`.
  public init(
    _ examples: ExampleMatrix, clusters: Int, _ options: Options = Options(), key: RandomKey
  ) throws {
    guard clusters > 0, clusters <= examples.rows else {
      throw DomainError(
        .value, "\(examples.rows) examples cannot form \(clusters) clusters")
    }
    let variance = try KMeans.meanVariance(examples)
    func run(_ restart: Int) throws -> Lloyd {
      var random = key.derived(restart).stream
      let seeds = try KMeans.seeds(examples, clusters, &random)
      var run = Lloyd(examples: examples, centers: seeds, meanVariance: variance)
      try run.finish(options)
      return run
    }
    var best = try run(0)
    for restart in 1..<max(1, options.restarts) {
      let next = try run(restart)
      // Other sums of the same grouping differ in their last digits alone: the first is kept.
      if next.inertia < best.inertia * (1 - 1e-12) { best = next }
    }
    self.init(best, examples)
  }

  /// Steps on from given centres `[clusters, features]`.
  /// - Throws: a `DomainError`: `shape` where they have another number of features, `value` for none or more than there
  ///   are examples, or for centres that are not finite, `interrupt`.
  public init(
    _ examples: ExampleMatrix, from centers: ExampleMatrix, _ options: Options = Options()
  )
    throws
  {
    guard centers.columns == examples.columns else {
      throw DomainError(
        .shape,
        "the centres have \(centers.columns) features, the examples \(examples.columns)")
    }
    guard centers.rows > 0, centers.rows <= examples.rows else {
      throw DomainError(
        .value, "\(examples.rows) examples cannot form \(centers.rows) clusters")
    }
    var run = Lloyd(
      examples: examples, centers: centers.values, meanVariance: try KMeans.meanVariance(examples))
    try run.finish(options)
    self.init(run, examples)
  }

  private init(_ run: Lloyd, _ examples: ExampleMatrix) {
    centers = run.centers
    labels = run.nearest.map(Int.init)
    inertia = run.inertia
    iterations = run.iterations
    isConverged = run.isConverged
    featureCount = examples.columns
    outputCount = run.centers.count / max(1, examples.columns)
  }

  /// The mean variance of the features.
  /// - Throws: a `value` error where it is too large for a number, `interrupt`.
  private static func meanVariance(_ examples: ExampleMatrix) throws -> Double {
    let means = featureMeans(examples)
    var total = 0.0
    for row in 0..<examples.rows {
      try Cancellation.check(turn: row)
      for k in 0..<examples.columns {
        let difference = examples.values[row * examples.columns + k] - means[k]
        total += difference * difference
      }
    }
    guard total.isFinite else {
      throw DomainError(.value, "the numbers are too large: their squared distances have no end")
    }
    return total / Double(max(1, examples.values.count))
  }

  /// Minus the squared distance to each centre, `[examples, clusters]`.
  public func outputs(_ examples: ExampleMatrix) throws -> [Double] {
    var result = [Double](repeating: 0, count: examples.rows * outputCount)
    let (width, clusters) = (featureCount, outputCount)
    try Cancellation.abandonable {
      result.withUnsafeMutableBufferPointer { result in
        nonisolated(unsafe) let target = result.baseAddress
        examples.values.withUnsafeBufferPointer { values in
          centers.withUnsafeBufferPointer { centers in
            guard let x = values.baseAddress, let c = centers.baseAddress else { return }
            Parallel.blocks(examples.rows, size: 256) { range in
              for row in range {
                for k in 0..<clusters {
                  target?[row * clusters + k] = -squaredDistance(
                    x + row * width, c + k * width, width)
                }
              }
            }
          }
        }
      }
    }
    return result
  }

  /// k-means++: the first seed is any example; the candidates for each next one are drawn in proportion to the squared
  /// distance from the nearest seed, and the one that leaves the smallest sum is taken.
  private static func seeds(
    _ examples: ExampleMatrix, _ clusters: Int, _ random: inout RandomStream
  ) throws -> [Double] {
    let width = examples.columns
    func example(_ row: Int) -> ArraySlice<Double> {
      examples.values[row * width..<(row + 1) * width]
    }
    let trials = 2 + Int(log(Double(clusters)))
    var seeds = Array(example(random.integer(below: examples.rows)))
    var nearest = distances(
      examples, seeds[...], [Double](repeating: .infinity, count: examples.rows))
    while seeds.count < clusters * width {
      try Cancellation.check()
      let total = nearest.reduce(0, +)
      var best: (row: Int, nearest: [Double], sum: Double)?
      for _ in 0..<trials {
        let row = draw(nearest, total, &random)
        let found = distances(examples, example(row), nearest)
        let sum = found.reduce(0, +)
        if best.map({ sum < $0.sum }) ?? true { best = (row, found, sum) }
      }
      guard let best else { break }
      seeds += example(best.row)
      nearest = best.nearest
    }
    return seeds
  }

  /// An index in proportion to weights; any where all are 0 (fewer different examples than clusters).
  private static func draw(_ weights: [Double], _ total: Double, _ random: inout RandomStream)
    -> Int
  {
    guard total > 0, total.isFinite else { return random.integer(below: weights.count) }
    var rest = random.uniform() * total
    var last = 0
    for (index, weight) in weights.enumerated() where weight > 0 {
      if rest < weight { return index }
      rest -= weight
      last = index
    }
    return last
  }

  /// The lesser of each example's known distance and its squared distance to `center`.
  private static func distances(
    _ examples: ExampleMatrix, _ center: ArraySlice<Double>, _ known: [Double]
  ) -> [Double] {
    var found = known
    let width = examples.columns
    found.withUnsafeMutableBufferPointer { found in
      nonisolated(unsafe) let target = found.baseAddress
      examples.values.withUnsafeBufferPointer { values in
        center.withUnsafeBufferPointer { center in
          guard let x = values.baseAddress, let c = center.baseAddress else { return }
          Parallel.blocks(examples.rows, size: 2048) { range in
            guard let target else { return }
            for row in range {
              target[row] = min(target[row], squaredDistance(x + row * width, c, width))
            }
          }
        }
      }
    }
    return found
  }
}

@inline(__always)
private func squaredDistance(
  _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ width: Int
) -> Double {
  var sum = 0.0
  for k in 0..<width {
    let difference = a[k] - b[k]
    sum += difference * difference
  }
  return sum
}

/// One run of Lloyd's algorithm.
private struct Lloyd {
  let examples: ExampleMatrix
  var centers: [Double]
  let meanVariance: Double
  var nearest: [Int32] = []
  var distances: [Double] = []
  var inertia = Double.infinity
  var iterations = 0
  var isConverged = false

  private var width: Int { examples.columns }
  private var clusters: Int { centers.count / width }

  init(examples: ExampleMatrix, centers: [Double], meanVariance: Double) {
    self.examples = examples
    self.centers = centers
    self.meanVariance = meanVariance
  }

  mutating func finish(_ options: KMeans.Options) throws {
    try assign()
    while iterations < options.iterations, !isConverged {
      try Cancellation.check()
      iterations += 1
      let before = (centers, nearest)
      move()
      try assign()
      let movement = zip(before.0, centers).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      isConverged = nearest == before.1 || movement <= options.tolerance * meanVariance
    }
    inertia = distances.reduce(0, +)
  }

  /// Finds the nearest centre of each example; of equally near ones the first.
  private mutating func assign() throws {
    let (width, clusters) = (width, clusters)
    var nearest = [Int32](repeating: 0, count: examples.rows)
    var distances = [Double](repeating: 0, count: examples.rows)
    try Cancellation.abandonable {
      nearest.withUnsafeMutableBufferPointer { nearest in
        nonisolated(unsafe) let place = nearest.baseAddress
        distances.withUnsafeMutableBufferPointer { distances in
          nonisolated(unsafe) let target = distances.baseAddress
          examples.values.withUnsafeBufferPointer { values in
            centers.withUnsafeBufferPointer { centers in
              guard let x = values.baseAddress, let c = centers.baseAddress else { return }
              Parallel.blocks(examples.rows, size: 256) { range in
                for row in range {
                  var (best, least) = (0, Double.infinity)
                  for k in 0..<clusters {
                    let distance = squaredDistance(x + row * width, c + k * width, width)
                    if distance < least { (best, least) = (k, distance) }
                  }
                  place?[row] = Int32(best)
                  target?[row] = least
                }
              }
            }
          }
        }
      }
    }
    self.nearest = nearest
    self.distances = distances
  }

  /// Moves each centre to the mean of its examples.
  private mutating func move() {
    var sums = [Double](repeating: 0, count: centers.count)
    var counts = [Int](repeating: 0, count: clusters)
    for row in 0..<examples.rows { counts[Int(nearest[row])] += 1 }
    let empty = counts.indices.filter { counts[$0] == 0 }
    if !empty.isEmpty {
      let farthest = distances.indices.sorted { (distances[$1], $0) < (distances[$0], $1) }
      for (cluster, row) in zip(empty, farthest) {
        counts[Int(nearest[row])] -= 1
        counts[cluster] = 1
        nearest[row] = Int32(cluster)
      }
    }
    sums.withUnsafeMutableBufferPointer { sums in
      examples.values.withUnsafeBufferPointer { values in
        for row in 0..<examples.rows {
          let cluster = Int(nearest[row])
          for k in 0..<width { sums[cluster * width + k] += values[row * width + k] }
        }
      }
    }
    for cluster in 0..<clusters where counts[cluster] > 0 {
      for k in 0..<width {
        centers[cluster * width + k] = sums[cluster * width + k] / Double(counts[cluster])
      }
    }
  }
}
