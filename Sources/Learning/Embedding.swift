import CKernels
import Tensor

/// A table of vectors, looked up by token; starts from N(0, 1) as in PyTorch unless another deviation is given. Tokens are
/// i64 or i32 of any shape.
///
/// With a padding index that token's vector starts at zero and never gets a gradient, and what follows each example's last
/// real token is marked as padding (`Tensor.lengths`), so that pooling and LSTMs leave it out.
public final class Embedding: Layer {
  public let rows: Int
  public let width: Int
  public let paddingIndex: Int?
  public let weight: Parameter
  private let scratch: RowScratch

  public init(
    _ rows: Int, _ width: Int, paddingIndex: Int? = nil, deviation: Double = 1,
    random: inout RandomStream
  ) throws {
    try Check.size(rows, "the number of rows")
    try Check.size(width, "the width")
    if let paddingIndex, !(0..<rows).contains(paddingIndex) {
      throw DomainError(.index, "padding index \(paddingIndex) is outside of 0..<\(rows)")
    }
    self.rows = rows
    self.width = width
    self.paddingIndex = paddingIndex
    let table = try Tensor.normal(
      Shape(checking: [rows, width]), deviation: deviation, &random)
    if let paddingIndex {
      (table.floats + paddingIndex * width).update(repeating: 0, count: width)
    }
    weight = try Parameter("weight", table)
    scratch = RowScratch(rows)
    super.init(kind: "embedding")
    own("weight", weight)
  }

  public override var summary: String { "embedding(\(rows) × \(width))" }

  public override func forward(_ input: Tensor) throws -> Tensor {
    let tokens = try Tokens(input, self)
    let table = weight.data
    let count = tokens.count
    let (rows, width) = (self.rows, self.width)
    var shape = input.shape
    shape.append(width)
    let y = try Tensor.uninitialized(shape).with(lengths: tokens.lengths)
    withExtendedLifetime((tokens, table)) {
      let (from, to) = (tokens.all, y.floats)
      Parallel.blocks(count, size: RowBlocks.size(width: width)) {
        _ = fl_gather_rows_i64_f32(
          $0.count, width, table.floats, rows, from + $0.lowerBound, to + $0.lowerBound * width)
      }
    }
    return Tape.record("embedding", inputs: [], parameters: [weight], output: y) {
      [weight, scratch] request in
      guard request.wantsRules else { return BackwardResult(inputs: []) }
      let rule = EmbeddingRule(
        weight: weight, tokens: tokens, gradient: try request.gradient.contiguous(), bags: false,
        scratch: scratch)
      return BackwardResult(inputs: [], rules: [rule])
    }
  }

  /// The mean over axis 1 of the vectors of [examples, time] tokens, without making the vectors: what `Sequential` calls for an
  /// embedding that a mean over time follows.
  func forwardMean(_ input: Tensor) throws -> Tensor {
    let tokens = try Tokens(input, self)
    let table = weight.data
    let (bags, time) = (input.shape[0], input.shape[1])
    let (rows, width) = (self.rows, self.width)
    let y = try Tensor.uninitialized([bags, width])
    tokens.withLengths { lengths in
      let (from, to) = (tokens.all, y.floats)
      Parallel.blocks(bags, size: RowBlocks.size(width: time * width)) { block in
        let first = block.lowerBound
        _ = fl_bag_mean_i64_f32(
          block.count, time, width, table.floats, rows, from + first * time,
          lengths.map { $0 + first }, to + first * width)
      }
    }
    withExtendedLifetime((tokens, table)) {}
    return Tape.record("embedding mean", inputs: [], parameters: [weight], output: y) {
      [weight, scratch] request in
      guard request.wantsRules else { return BackwardResult(inputs: []) }
      let rule = EmbeddingRule(
        weight: weight, tokens: tokens, gradient: try request.gradient.contiguous(), bags: true,
        scratch: scratch)
      return BackwardResult(inputs: [], rules: [rule])
    }
  }
}

/// The tokens of one batch, checked against the table, and what of them is trained.
final class Tokens {
  let count: Int
  let examples: Int
  let time: Int
  let lengths: Lengths?
  private let tokens: Tensor
  /// Padding replaced by -1, which kernels skip; the same as `tokens` where there is no padding index.
  private let trainedTokens: Tensor

  init(_ input: Tensor, _ layer: Embedding) throws {
    guard input.dtype == .i64 || input.dtype == .i32 else {
      throw DomainError(
        .type, "embedding needs integer tokens, got a tensor of \(input.dtype.name)")
    }
    let dense = try input.detached.cast(to: .i64).contiguous()
    let count = dense.count
    let examples = input.rank > 0 ? input.shape[0] : 1
    let time = count / max(1, examples)
    tokens = dense
    self.count = count
    self.examples = examples
    self.time = time
    let values = UnsafeBufferPointer(start: dense.pointer(Int64.self), count: count)
    let bound = Int64(layer.rows)
    var isInside = true
    for value in values { isInside = isInside && value >= 0 && value < bound }
    guard isInside else {
      let bad = values.first { $0 < 0 || $0 >= bound } ?? 0
      throw DomainError(
        .index, "token \(bad) is outside of the embedding's \(layer.rows) rows",
        hint: "tokens count from 0; make the embedding as large as the vocabulary")
    }
    var lengths = input.lengths
    if let padding = layer.paddingIndex {
      let padding = Int64(padding)
      let trained = try Tensor.uninitialized([count], .i64)
      let to = trained.pointer(Int64.self)
      for i in 0..<count { to[i] = values[i] == padding ? -1 : values[i] }
      trainedTokens = trained
      if lengths == nil, input.rank == 2 {
        var found = [Int32](repeating: 0, count: examples)
        for example in 0..<examples {
          var end = time
          while end > 0, values[example * time + end - 1] == padding { end -= 1 }
          found[example] = Int32(end)
        }
        if found.contains(where: { $0 < time }) { lengths = Lengths(found) }
      }
    } else {
      trainedTokens = dense
    }
    self.lengths = lengths
  }

  var all: UnsafePointer<Int64> { UnsafePointer(tokens.pointer(Int64.self)) }
  var trained: UnsafePointer<Int64> { UnsafePointer(trainedTokens.pointer(Int64.self)) }

  func withLengths<R>(_ body: (UnsafePointer<Int32>?) throws -> R) rethrows -> R {
    guard let lengths else { return try body(nil) }
    return try lengths.values.withUnsafeBufferPointer { try body($0.baseAddress) }
  }
}

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

/// Gradients of an embedding. `bags` false: g [examples, time, width] holds one gradient a token; true: g [examples, width] is the
/// gradient of the mean over the example's tokens.
final class EmbeddingRule: RangedGradientRule {
  let parameters: [Parameter]
  let exampleCount: Int
  private let weight: Parameter
  private let tokens: Tokens
  private let g: Tensor
  private let bags: Bool
  private let scratch: RowScratch
  private let width: Int

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
    defer { sums.finish() }
    guard let table = sink.sparse(index) else {
      let target = sink.zeroedTarget(index)
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
    try ranges.map { range in
      guard !range.isEmpty, weight.requiresGradient else { return 0 }
      let sums = try rowSums(weights: nil, examples: range)
      defer { sums.finish() }
      return try sums.sumOfSquares()
    }
  }

  private func rowSums(weights: UnsafePointer<Float>?, examples: Range<Int>) throws -> RowSums {
    try RowSums(
      tokens: tokens, gradient: g, width: width, bags: bags, weights: weights, examples: examples,
      tableRows: weight.shape[0], scratch: scratch)
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
      defer { sums.finish() }
      let values = try sums.values()
      _ = fl_scatter_add_rows_i32_f32(
        sums.count, width, values.floats, width, nil, sums.rows, rows,
        result.floats + example * rows * width)
      withExtendedLifetime(values) {}
    }
    return result
  }
}

/// The gradient rows that some examples' tokens give, equal tokens added up by one thread in order.
private struct RowSums {
  let count: Int
  let rows: UnsafeMutablePointer<Int32>
  private let width: Int
  private let offsets: UnsafeMutablePointer<Int32>
  private let positions: UnsafeMutablePointer<Int32>
  private let indices: Storage
  private let divisor: Int
  private let gradient: Tensor
  private let firstRow: Int
  /// Rows of the gradient from `firstRow` on that the examples have.
  private let gradientRows: Int
  private let weights: Tensor?
  private let scratch: UnsafeMutablePointer<Int32>

  init(
    tokens: Tokens, gradient: Tensor, width: Int, bags: Bool, weights: UnsafePointer<Float>?,
    examples: Range<Int>, tableRows: Int, scratch: RowScratch
  ) throws {
    let time = tokens.time
    let tokenCount = examples.count * time
    let most = min(tokenCount, tableRows)
    // One block: rows [most], offsets [most + 1], positions [tokenCount].
    indices = try Storage(byteCount: (2 * most + 1 + tokenCount) * 4)
    rows = indices.pointer.bindMemory(to: Int32.self, capacity: 2 * most + 1 + tokenCount)
    offsets = rows + most
    positions = offsets + most + 1
    self.scratch = try scratch.pointer()
    self.width = width
    self.gradient = gradient
    divisor = bags ? max(1, time) : 1
    firstRow = examples.lowerBound * (bags ? 1 : time)
    gradientRows = examples.count * (bags ? 1 : time)
    let first = examples.lowerBound
    if bags {
      let scales = try Tensor.uninitialized([examples.count])
      for i in 0..<examples.count {
        let length = tokens.lengths.map { Int($0.values[first + i]) } ?? time
        scales.floats[i] = (weights?[first + i] ?? 1) / Float(max(1, min(length, time)))
      }
      self.weights = scales
    } else {
      self.weights = try weights.map {
        try ExampleWeights.repeated($0 + first, examples: examples.count, times: time)
      }
    }
    let (rows, offsets, positions, map) = (rows, offsets, positions, self.scratch)
    count = tokens.withLengths { lengths in
      fl_group_indices_i64(
        tokenCount, max(1, time), tokens.trained + first * time,
        bags ? lengths.map { $0 + first } : nil, tableRows, map, rows, offsets, positions)
    }
  }

  /// Writes `count × width` sums.
  func write(to target: UnsafeMutablePointer<Float>) {
    let from = gradient.floats + firstRow * width
    let weights = weights?.floats
    Parallel.blocks(count, size: 128) {
      fl_group_sum_f32(
        $0.lowerBound, $0.upperBound, width, offsets, positions, divisor, from, width, weights,
        target)
    }
    withExtendedLifetime((gradient, self.weights)) {}
  }

  /// The sum of squares of all sums, which are not kept. Most tokens of a batch occur once: the norm of their sum is that of the
  /// gradient that they share with others of the same example, computed once.
  func sumOfSquares() throws -> Double {
    let from = gradient.floats + firstRow * width
    let weights = weights?.floats
    let usedRows = gradientRows
    let squares = try Tensor.uninitialized([max(1, usedRows)])
    let to = squares.floats
    Parallel.blocks(usedRows, size: RowBlocks.size(width: width)) { block in
      fl_sumsq_rows_f32(
        block.count, width, from + block.lowerBound * width, width, to + block.lowerBound)
    }
    let (blockGroups, blocks) = (1024, (count + 1023) / 1024)
    let total = withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, blocks)) { parts in
      Parallel.blocks(count, size: blockGroups) { block in
        withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, width)) { row in
          guard let row = row.baseAddress else { return }
          var sum = 0.0
          for group in block {
            let first = Int(offsets[group])
            if Int(offsets[group + 1]) == first + 1 {
              let source = Int(positions[first]) / divisor
              let weight = Double(weights?[source] ?? 1)
              sum += weight * weight * Double(to[source])
            } else {
              // The kernel writes row j at j × width.
              fl_group_sum_f32(
                group, group + 1, width, offsets, positions, divisor, from, width, weights,
                row - group * width)
              sum += fl_sumsq_fast_f32(width, row)
            }
          }
          parts[block.lowerBound / blockGroups] = sum
        }
      }
      var total = 0.0
      for index in 0..<blocks { total += parts[index] }
      return total
    }
    withExtendedLifetime((gradient, self.weights, squares)) {}
    return total
  }

  func values() throws -> Tensor {
    let result = try Tensor.uninitialized([max(1, count), width])
    write(to: result.floats)
    return result
  }

  /// Leaves the scratch as it was found.
  func finish() {
    fl_group_reset(count, rows, scratch)
    withExtendedLifetime(indices) {}
  }
}
