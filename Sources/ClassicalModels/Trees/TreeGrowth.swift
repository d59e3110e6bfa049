// Growing a tree by CART (Breiman, Friedman, Olshen, Stone 1984, Classification and Regression Trees): a node is split
// where the impurity of its two parts together is least, over all features and all places between neighbouring values
// (exact, no bins), until a limit is reached or the node is pure. Impurity is Gini's for classes, the variance for
// numbers. A threshold is half-way between the values that it parts, as scikit-learn's; of equally good splits the
// first feature's lowest one is taken, where scikit-learn draws one.

import Foundation
import Foundations

/// Where growth ends.
struct TreeLimits: Sendable {
  /// The most questions on the way to a leaf.
  var depth: Int
  /// The fewest examples of a leaf.
  var leafExamples: Int
}

/// What the examples of a tree are split for.
enum TreeTarget {
  /// The class of each example within `0..<count`.
  case classes([Int32], count: Int)
  case values([Double])

  /// How many numbers a node is summed up by: one a class, or one sum.
  var width: Int {
    if case .classes(_, let count) = self { count } else { 1 }
  }
}

/// One tree in growth. Every node owns a range of `members`, and the same range of the order of each feature that has
/// one.
struct TreeGrowth {
  private struct Split {
    var gain = -Double.infinity
    var feature = -1
    var threshold = 0.0
  }

  private struct Node {
    var range: Range<Int>
    var depth: Int
    /// The place in the tree of the node above and whether this one is its right part.
    var parent: (node: Int, isRight: Bool)?
  }

  private let columns: FeatureColumns
  private let target: TreeTarget
  private let limits: TreeLimits
  private var members: [Int32]
  private var orders: [[Int32]]
  private var goesLeft: [Bool]

  /// - Parameter members: the examples to grow from, in rising order.
  init(_ columns: FeatureColumns, _ target: TreeTarget, _ limits: TreeLimits, members: [Int32]) {
    self.columns = columns
    self.target = target
    self.limits = limits
    self.members = members
    goesLeft = [Bool](repeating: false, count: columns.rows)
    let isWhole = members.count == columns.rows
    var isMember = [Bool](repeating: isWhole, count: isWhole ? 0 : columns.rows)
    if !isWhole { for member in members { isMember[Int(member)] = true } }
    orders = columns.columns.map { column in
      guard case .ordered(let order, _) = column else { return [] }
      return isWhole ? order : order.filter { isMember[Int($0)] }
    }
  }

  /// The tree whose nodes hold the shares of the classes, or the mean.
  /// - Throws: `interrupt`.
  mutating func grow() throws -> DecisionTree {
    var tree = DecisionTree(width: target.width, features: columns.columns.count)
    var open = [Node(range: 0..<members.count, depth: 0, parent: nil)]
    while let node = open.popLast() {
      try Cancellation.check()
      let place = tree.features.count
      if let parent = node.parent {
        if parent.isRight {
          tree.right[parent.node] = Int32(place)
        } else {
          tree.left[parent.node] = Int32(place)
        }
      }
      let sums = sums(node.range)
      let count = Double(node.range.count)
      tree.features.append(-1)
      tree.thresholds.append(0)
      tree.left.append(-1)
      tree.right.append(-1)
      tree.counts.append(node.range.count)
      tree.values += sums.map { $0 / count }
      tree.depth = max(tree.depth, node.depth)
      guard node.depth < limits.depth, node.range.count >= 2 * limits.leafExamples,
        !isPure(node.range)
      else { continue }
      let split = try bestSplit(node.range, sums)
      guard split.feature >= 0 else { continue }
      let middle = part(node.range, split)
      tree.features[place] = Int32(split.feature)
      tree.thresholds[place] = split.threshold
      tree.gains[split.feature] += max(0, split.gain)
      // The left part is grown first.
      open.append(
        Node(
          range: middle..<node.range.upperBound, depth: node.depth + 1, parent: (place, true)))
      open.append(
        Node(
          range: node.range.lowerBound..<middle, depth: node.depth + 1, parent: (place, false)))
    }
    return tree
  }

  /// How many of each class, or the sum of the numbers.
  private func sums(_ range: Range<Int>) -> [Double] {
    switch target {
    case .classes(let labels, let count):
      var counts = [Double](repeating: 0, count: count)
      for k in range { counts[Int(labels[Int(members[k])])] += 1 }
      return counts
    case .values(let values):
      return [range.reduce(0) { $0 + values[Int(members[$1])] }]
    }
  }

  private func isPure(_ range: Range<Int>) -> Bool {
    let first = Int(members[range.lowerBound])
    switch target {
    case .classes(let labels, _):
      return range.allSatisfy { labels[Int(members[$0])] == labels[first] }
    case .values(let values):
      return range.allSatisfy { values[Int(members[$0])] == values[first] }
    }
  }

  // MARK: Looking for a split

  /// The best split of a node over all features, each looked at by one thread.
  private func bestSplit(_ range: Range<Int>, _ sums: [Double]) throws -> Split {
    let count = columns.columns.count
    var found = [Split](repeating: Split(), count: count)
    try Cancellation.abandonable {
      found.withUnsafeMutableBufferPointer { found in
        nonisolated(unsafe) let target = found.baseAddress
        Parallel.blocks(count, size: max(1, 65536 / max(1, range.count))) { features in
          for feature in features { target?[feature] = split(range, sums, by: feature) }
        }
      }
    }
    return found.reduce(Split()) { $1.gain > $0.gain ? $1 : $0 }
  }

  private func split(_ range: Range<Int>, _ sums: [Double], by feature: Int) -> Split {
    var walk = Walk(
      sums: sums, count: range.count, leafExamples: limits.leafExamples, feature: feature,
      isValues: target.isValues)
    switch columns.columns[feature] {
    case .ranks(let ranks, let levels):
      guard levels.count > 1 else { break }
      walk.throughRanks(ranks, levels, members[range], target)
    case .ordered(_, let values):
      walk.inOrder(orders[feature][range], values, target)
    }
    return Split(gain: walk.gain, feature: walk.isFound ? feature : -1, threshold: walk.threshold)
  }

  /// A walk over the examples of a node from the least value of a feature to the greatest, which remembers the best
  /// place to part them.
  private struct Walk {
    let sums: [Double]
    let count: Int
    let leafExamples: Int
    let feature: Int
    let isValues: Bool
    var gain = -Double.infinity
    var threshold = 0.0
    var isFound = false

    /// Considers a split between two values with `leftCount` examples and `left` sums below it. What it gains is the
    /// impurity of the whole less that of the parts, times examples: (n Sₗ − nₗ S)² / (n nₗ nᵣ) for numbers, the same
    /// summed over classes for classes.
    @inline(__always)
    mutating func consider(
      _ leftCount: Int, _ left: UnsafePointer<Double>, between low: Double, and high: Double
    ) {
      guard leftCount >= leafExamples, count - leftCount >= leafExamples else { return }
      let (n, nl) = (Double(count), Double(leftCount))
      let nr = n - nl
      var found = 0.0
      for k in sums.indices {
        let difference = left[k] * nr - (sums[k] - left[k]) * nl
        found += difference * difference
      }
      found /= n * nl * nr
      guard found > gain else { return }
      gain = found
      isFound = true
      let middle = low / 2 + high / 2
      threshold = middle < high ? middle : low
    }

    mutating func throughRanks(
      _ ranks: [UInt8], _ levels: [Double], _ members: ArraySlice<Int32>, _ target: TreeTarget
    ) {
      // For each rank how many examples have it, and their sums. Neighbours are counted apart where there is room: an
      // addition would have to wait for the one before at the same place.
      let stride = sums.count + 1
      let lanes = levels.count <= 32 ? 4 : 1
      let size = levels.count * stride
      withUnsafeTemporaryAllocation(of: Double.self, capacity: lanes * size + stride) { space in
        space.initialize(repeating: 0)
        guard let base = space.baseAddress else { return }
        Walk.count(ranks, members, target, base, stride: stride, lanes: lanes, size: size)
        for lane in 1..<max(1, lanes) { for k in 0..<size { base[k] += base[lane * size + k] } }
        let left = base + lanes * size
        var last = -1
        for rank in levels.indices where base[rank * stride] > 0 {
          if last >= 0 {
            consider(Int(left[0]), left + 1, between: levels[last], and: levels[rank])
          }
          for k in 0..<stride { left[k] += base[rank * stride + k] }
          last = rank
        }
      }
    }

    private static func count(
      _ ranks: [UInt8], _ members: ArraySlice<Int32>, _ target: TreeTarget,
      _ base: UnsafeMutablePointer<Double>, stride: Int, lanes: Int, size: Int
    ) {
      ranks.withUnsafeBufferPointer { ranks in
        members.withUnsafeBufferPointer { members in
          switch target {
          case .values(let values):
            values.withUnsafeBufferPointer { values in
              for (k, member) in members.enumerated() {
                let place =
                  base + (k & (lanes - 1)) * size + Int(ranks[Int(member)]) * stride
                place[0] += 1
                place[1] += values[Int(member)]
              }
            }
          case .classes(let labels, _):
            labels.withUnsafeBufferPointer { labels in
              for (k, member) in members.enumerated() {
                let place =
                  base + (k & (lanes - 1)) * size + Int(ranks[Int(member)]) * stride
                place[0] += 1
                place[1 + Int(labels[Int(member)])] += 1
              }
            }
          }
        }
      }
    }

    mutating func inOrder(
      _ order: ArraySlice<Int32>, _ values: [Double], _ target: TreeTarget
    ) {
      let width = sums.count
      withUnsafeTemporaryAllocation(of: Double.self, capacity: width) { left in
        left.initialize(repeating: 0)
        guard let base = left.baseAddress, let first = order.first else { return }
        var last = values[Int(first)]
        var leftCount = 0
        for member in order {
          let value = values[Int(member)]
          if value != last {
            consider(leftCount, base, between: last, and: value)
            last = value
          }
          leftCount += 1
          switch target {
          case .values(let numbers): base[0] += numbers[Int(member)]
          case .classes(let labels, _): base[Int(labels[Int(member)])] += 1
          }
        }
      }
    }
  }

  // MARK: Parting a node

  /// Puts the left part's examples before the right part's, in `members` and every order, each part in its old order;
  /// gives where the right part begins.
  private mutating func part(_ range: Range<Int>, _ split: Split) -> Int {
    switch columns.columns[split.feature] {
    case .ranks(let ranks, let levels):
      let below = levels.map { $0 <= split.threshold }
      for k in range { goesLeft[Int(members[k])] = below[Int(ranks[Int(members[k])])] }
    case .ordered(_, let values):
      for k in range { goesLeft[Int(members[k])] = values[Int(members[k])] <= split.threshold }
    }
    let middle = TreeGrowth.part(&members, range, goesLeft)
    for feature in orders.indices where !orders[feature].isEmpty {
      _ = TreeGrowth.part(&orders[feature], range, goesLeft)
    }
    return middle
  }

  private static func part(_ order: inout [Int32], _ range: Range<Int>, _ goesLeft: [Bool]) -> Int {
    var place = range.lowerBound
    var rest: [Int32] = []
    order.withUnsafeMutableBufferPointer { order in
      for k in range {
        let member = order[k]
        if goesLeft[Int(member)] {
          order[place] = member
          place += 1
        } else {
          rest.append(member)
        }
      }
      for (k, member) in rest.enumerated() { order[place + k] = member }
    }
    return place
  }
}

extension TreeTarget {
  var isValues: Bool {
    if case .values = self { true } else { false }
  }
}
