import CKernels
import Foundations
import Tensors

/// One number per row of a table, all -1 between uses; belongs to one layer and is used by one thread at a time.
final class RowScratch {
  private let rows: Int
  private var storage: Storage?

  init(_ rows: Int) { self.rows = rows }

  func pointer() throws -> UnsafeMutablePointer<Int32> {
    if let storage { return storage.pointer.assumingMemoryBound(to: Int32.self) }
    let storage = try Storage(byteCount: rows * 4)
    let pointer = storage.pointer.bindMemory(to: Int32.self, capacity: rows)
    pointer.update(repeating: -1, count: rows)
    self.storage = storage
    return pointer
  }
}

/// Gradients of an embedding. `bags` false: g [examples, time, width] holds one gradient a token; true: g [examples,
/// width] is the gradient of the mean over the example's tokens. The norm of an example is that of its sums by token
/// (Li et al. 2022, arXiv 2110.05679, section 4).
final class EmbeddingRule: RangedGradientRule {
  let parameters: [Parameter]
  let exampleCount: Int
  private let weight: Parameter
  private let tokens: Tokens
  private let g: Tensor
  private let bags: Bool
  private let scratch: RowScratch
  private let width: Int
  private var allGroups: TokenGroups?

  /// Whether the gradient is that of means over tokens.
  var averages: Bool { bags }
  /// Tokens and output gradients.
  var factors: (tokens: Tokens, gradient: Tensor) { (tokens, g) }

  init(weight: Parameter, tokens: Tokens, gradient: Tensor, bags: Bool, scratch: RowScratch) {
    self.weight = weight
    parameters = [weight]
    self.tokens = tokens
    exampleCount = tokens.examples
    g = gradient
    self.bags = bags
    self.scratch = scratch
    width = weight.shape[1]
  }

  func accumulate(
    weights: UnsafePointer<Float>?, examples: Range<Int>, into sink: GradientSink
  ) throws {
    guard weight.requiresGradient, let index = sink.index(of: weight), !examples.isEmpty else {
      return
    }
    let sums = try rowSums(weights: weights, examples: examples)
    guard let table = sink.sparse(index) else {
      let target = try sink.zeroedTarget(index)
      let values = try sums.values()
      _ = fl_scatter_add_rows_i32_f32(
        sums.count, width, values.floats, width, nil, sums.rows, weight.shape[0], target)
      return withExtendedLifetime(values) {}
    }
    if let target = try table.claim(UnsafeBufferPointer(start: sums.rows, count: sums.count)) {
      return sums.write(to: target)
    }
    let slots = try Storage(byteCount: max(1, sums.count) * 4)
    let slot = slots.pointer.bindMemory(to: Int32.self, capacity: max(1, sums.count))
    try table.slots(for: sums.rows, count: sums.count, into: slot)
    guard let target = table.values, sums.count > 0 else { return }
    let values = try sums.values()
    _ = fl_scatter_add_rows_i32_f32(
      sums.count, width, values.floats, width, nil, slot, table.rowCount, target)
    withExtendedLifetime((values, slots)) {}
  }

  func squaredNorms(of ranges: [Range<Int>]) throws -> [Double]? {
    guard weight.requiresGradient else { return ranges.map { _ in 0 } }
    return try rowSums(weights: nil, examples: 0..<exampleCount).squaredNorms(of: ranges)
  }

  private func rowSums(weights: UnsafePointer<Float>?, examples: Range<Int>) throws -> RowSums {
    try RowSums(
      groups: groups(examples), gradient: g, width: width, bags: bags, tokens: tokens,
      weights: weights)
  }

  /// The groups of all examples are found once: norms and sums both go by them.
  private func groups(_ examples: Range<Int>) throws -> TokenGroups {
    if examples == 0..<exampleCount, let allGroups { return allGroups }
    let groups = try TokenGroups(
      tokens, examples: examples, isBagged: bags, tableRows: weight.shape[0], scratch: scratch)
    if examples == 0..<exampleCount { allGroups = groups }
    return groups
  }

  func addSquaredNorms(to norms: UnsafeMutablePointer<Float>) throws {
    guard weight.requiresGradient else { return }
    try addSquaredNorms(ofParameter: 0, to: norms)
  }

  func addSquaredNorms(ofParameter index: Int, to norms: UnsafeMutablePointer<Float>) throws {
    let (time, width) = (tokens.time, width)
    tokens.withLengths { lengths in
      let (from, g) = (tokens.trained, g.floats)
      Parallel.blocks(exampleCount, size: ExampleBlocks.size(time: time, width: width)) { block in
        let first = block.lowerBound
        if bags {
          fl_bag_example_norms_f32(
            block.count, time, width, from + first * time, lengths.map { $0 + first },
            g + first * width, norms + first)
        } else {
          fl_embedding_example_norms_f32(
            block.count, time, width, from + first * time, nil, g + first * time * width,
            norms + first)
        }
      }
    }
    withExtendedLifetime((tokens, g)) {}
  }

  func perExample(_ index: Int) throws -> Tensor {
    let rows = weight.shape[0]
    let result = try Tensor.zeros([exampleCount, rows, width])
    for example in 0..<exampleCount {
      let sums = try rowSums(weights: nil, examples: example..<(example + 1))
      let values = try sums.values()
      _ = fl_scatter_add_rows_i32_f32(
        sums.count, width, values.floats, width, nil, sums.rows, rows,
        result.floats + example * rows * width)
      withExtendedLifetime(values) {}
    }
    return result
  }
}

/// Which positions among the tokens of some examples name the same row of a table; rows in the order of their first
/// token, positions in theirs.
private final class TokenGroups {
  let examples: Range<Int>
  let count: Int
  /// The row of each group.
  let rows: UnsafeMutablePointer<Int32>
  /// Group i has the positions offsets[i] ..< offsets[i + 1].
  let offsets: UnsafeMutablePointer<Int32>
  /// Counted from the first token of `examples`.
  let positions: UnsafeMutablePointer<Int32>
  private let storage: Storage

  init(
    _ tokens: Tokens, examples: Range<Int>, isBagged: Bool, tableRows: Int, scratch: RowScratch
  ) throws {
    self.examples = examples
    let (time, first) = (tokens.time, examples.lowerBound)
    let tokenCount = examples.count * time
    let most = min(tokenCount, tableRows)
    // One block: rows [most], offsets [most + 1], positions [tokenCount].
    storage = try Storage(byteCount: (2 * most + 1 + tokenCount) * 4)
    rows = storage.pointer.bindMemory(to: Int32.self, capacity: 2 * most + 1 + tokenCount)
    offsets = rows + most
    positions = offsets + most + 1
    let map = try scratch.pointer()
    let (rows, offsets, positions) = (rows, offsets, positions)
    count = tokens.withLengths { lengths in
      fl_group_indices_i64(
        tokenCount, max(1, time), tokens.trained + first * time,
        isBagged ? lengths.map { $0 + first } : nil, tableRows, map, rows, offsets, positions)
    }
    fl_group_reset(count, rows, map)
  }
}

/// The gradient rows that some examples' tokens give, equal tokens added up by one thread in order.
private struct RowSums {
  private let groups: TokenGroups
  private let width: Int
  private let time: Int
  private let divisor: Int
  private let gradient: Tensor
  private let firstRow: Int
  /// Rows of the gradient from `firstRow` on that the examples have.
  private let gradientRows: Int
  private let weights: Tensor?

  var count: Int { groups.count }
  var rows: UnsafeMutablePointer<Int32> { groups.rows }

  init(
    groups: TokenGroups, gradient: Tensor, width: Int, bags: Bool, tokens: Tokens,
    weights: UnsafePointer<Float>?
  ) throws {
    self.groups = groups
    self.width = width
    self.gradient = gradient
    let (examples, first) = (groups.examples, groups.examples.lowerBound)
    let time = max(1, tokens.time)
    self.time = time
    divisor = bags ? time : 1
    firstRow = first * (bags ? 1 : tokens.time)
    gradientRows = examples.count * (bags ? 1 : tokens.time)
    if bags {
      let scales = try Tensor.uninitialized([examples.count])
      for i in 0..<examples.count {
        let length = tokens.lengths.map { Int($0.values[first + i]) } ?? time
        scales.floats[i] = (weights?[first + i] ?? 1) / Float(max(1, min(length, time)))
      }
      self.weights = scales
    } else {
      self.weights = try weights.map {
        try ExampleWeights.repeated($0 + first, examples: examples.count, times: tokens.time)
      }
    }
  }

  /// Writes `count × width` sums.
  func write(to target: UnsafeMutablePointer<Float>) {
    let from = gradient.floats + firstRow * width
    let weights = weights?.floats
    Parallel.blocks(count, size: 128) {
      fl_group_sum_f32(
        $0.lowerBound, $0.upperBound, width, groups.offsets, groups.positions, divisor, from, width,
        weights, target)
    }
    withExtendedLifetime((gradient, self.weights)) {}
  }

  /// For each of `ranges`, which are apart and in order: the sum of squares of the sums over its examples, which are
  /// not kept. Most tokens of a batch occur once: the norm of their sum is that of the gradient that they share with
  /// others of the same example, computed once.
  func squaredNorms(of ranges: [Range<Int>]) throws -> [Double] {
    var rangeOf = [Int32](repeating: -1, count: groups.examples.count)
    for (number, range) in ranges.enumerated() {
      for example in range { rangeOf[example - groups.examples.lowerBound] = Int32(number) }
    }
    let squares = try squaresOfRows()
    let (size, rangeCount) = (256, ranges.count)
    let blocks = (count + size - 1) / size
    var parts = [Double](repeating: 0, count: blocks * rangeCount)
    parts.withUnsafeMutableBufferPointer { parts in
      // No block runs where there is nothing to be written.
      guard let parts = parts.baseAddress else { return }
      rangeOf.withUnsafeBufferPointer { rangeOf in
        Parallel.blocks(count, size: size) { block in
          let sums = parts + block.lowerBound / size * rangeCount
          withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { row in
            guard let row = row.baseAddress else { return }
            for group in block { add(group, squares.floats, rangeOf, row, to: sums) }
          }
        }
      }
    }
    return ranges.indices.map { range in
      var total = 0.0
      for block in 0..<blocks { total += parts[block * rangeCount + range] }
      return total
    }
  }

  /// ‖row‖² of the gradient's rows.
  private func squaresOfRows() throws -> Tensor {
    let squares = try Tensor.uninitialized([max(1, gradientRows)])
    let (from, to) = (gradient.floats + firstRow * width, squares.floats)
    Parallel.blocks(gradientRows, size: RowBlocks.size(width: width)) { block in
      fl_sumsq_rows_f32(
        block.count, width, from + block.lowerBound * width, width, to + block.lowerBound)
    }
    withExtendedLifetime(gradient) {}
    return squares
  }

  /// Adds what one group gives to the sums of the ranges; the group's positions are in order, so each range's lie side
  /// by side.
  private func add(
    _ group: Int, _ squares: UnsafePointer<Float>, _ rangeOf: UnsafeBufferPointer<Int32>,
    _ row: UnsafeMutablePointer<Float>, to sums: UnsafeMutablePointer<Double>
  ) {
    let (from, weights) = (gradient.floats + firstRow * width, weights?.floats)
    let (first, positions) = (groups.offsets[group], groups.positions)
    let end = groups.offsets[group + 1]
    // Divisions of 32 bits take a third of the time, and positions are that small.
    let time = Int32(truncatingIfNeeded: time)
    var start = first
    while start < end {
      let example = positions[Int(start)] / time
      let range = rangeOf[Int(example)]
      var next = start + 1
      while next < end, rangeOf[Int(positions[Int(next)] / time)] == range { next += 1 }
      defer { start = next }
      guard range >= 0 else { continue }
      if next == start + 1 {
        let source = Int(divisor == 1 ? positions[Int(start)] : example)
        let weight = Double(weights?[source] ?? 1)
        sums[Int(range)] += weight * weight * Double(squares[source])
      } else {
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: 2) { bounds in
          (bounds[0], bounds[1]) = (start, next)
          fl_group_sum_f32(
            0, 1, width, bounds.baseAddress, positions, divisor, from, width, weights, row)
        }
        sums[Int(range)] += fl_sumsq_fast_f32(width, row)
      }
    }
    withExtendedLifetime((gradient, self.weights)) {}
  }

  func values() throws -> Tensor {
    let result = try Tensor.uninitialized([max(1, count), width])
    write(to: result.floats)
    return result
  }
}
