import Foundations
import Tensors

/// The examples of a padded batch without most of the padding, as a recurrent layer works on them: in blocks of
/// examples of like length every example has as many rows as the block's longest has steps. Where the batch is not
/// ordered by length, as micro-batches are not, the blocks take the examples in an order of their own. What a step of a
/// block reaches behind an example's own end is masked.
struct PackedSequences {
  /// Examples in a block, which is what one task works on.
  static let blockSize = 32

  let batch: Int
  let time: Int
  /// The blocks; their `examples` are places in the order of packing.
  let blocks: RowLayout
  /// Rows as gradient rules want them, in the batch's order.
  let layout: RowLayout
  private let lengths: [Int]?
  /// The example at each place and the place of each example; nil where the batch's order is kept.
  private let order: (examples: [Int], places: [Int])?
  /// [time, places]: whether the step is real; nil where all are.
  private let active: Storage?

  init(_ lengths: Lengths?, batch: Int, time: Int) throws {
    self.batch = batch
    self.time = time
    let size = PackedSequences.blockSize
    guard let lengths, lengths.values.contains(where: { $0 < time }) else {
      self.lengths = nil
      order = nil
      active = nil
      blocks = RowLayout(Array(repeating: time, count: batch), size: size)
      layout = blocks
      return
    }
    guard lengths.values.count == batch else {
      throw DomainError(
        .shape, "a batch of \(batch) examples came with \(lengths.values.count) lengths")
    }
    let values = lengths.values.map { min(max(Int($0), 0), time) }
    self.lengths = values
    let kept = RowLayout(values, size: size)
    let examples = values.indices.sorted { (values[$1], $0) < (values[$0], $1) }
    let sorted = RowLayout(examples.map { values[$0] }, size: size)
    let isKept = kept.rowCount * 10 <= sorted.rowCount * 11
    blocks = isKept ? kept : sorted
    layout = isKept ? kept : RowLayout(values, size: 1)
    var places = Array(0..<batch)
    if !isKept { for (place, example) in examples.enumerated() { places[example] = place } }
    order = isKept ? nil : (examples, places)
    let mask = try Storage(byteCount: batch * time)
    let bytes = mask.pointer.bindMemory(to: UInt8.self, capacity: batch * time)
    for step in 0..<time {
      for (example, place) in places.enumerated() {
        bytes[step * batch + place] = values[example] > step ? 1 : 0
      }
    }
    active = mask
  }

  /// Whether nothing was left out: then a packed tensor is the padded one.
  private var isWhole: Bool { lengths == nil || (order == nil && blocks.rowCount == batch * time) }

  /// Which examples from a place on have step `step`; nil where all have.
  func mask(_ step: Int, _ place: Int) -> UnsafePointer<UInt8>? {
    active.map {
      UnsafePointer($0.pointer.assumingMemoryBound(to: UInt8.self) + step * batch + place)
    }
  }

  /// The packed row of the step where a direction of an example ends; nil where the example is empty.
  func lastRow(isReverse: Bool, _ example: Int) -> Int? {
    let length = lengths.map { $0[example] } ?? time
    let first = blocks.firstRow(of: place(of: example))
    return length == 0 ? nil : isReverse ? first : first + length - 1
  }

  func place(of example: Int) -> Int { order.map { $0.places[example] } ?? example }

  /// x [batch, time, width] as packed rows [rows, width].
  func packed(_ x: Tensor) throws -> Tensor {
    let width = x.shape[2]
    guard !isWhole else { return try x.detached.reshaped([batch * time, width]) }
    let result = try Tensor.uninitialized([blocks.rowCount, width])
    eachExample { example, steps, row in
      (result.floats + row * width).update(
        from: x.floats + example * time * width, count: steps * width)
    }
    return withExtendedLifetime(x) { result }
  }

  /// Packed rows [rows, width] as [batch, time, width], zero where there is only padding.
  func padded(_ x: Tensor) throws -> Tensor {
    let width = x.shape[1]
    guard !isWhole else { return try x.reshaped([batch, time, width]) }
    let result = try Tensor.uninitialized([batch, time, width])
    eachExample { example, steps, row in
      let to = result.floats + example * time * width
      to.update(from: x.floats + row * width, count: steps * width)
      (to + steps * width).update(repeating: 0, count: (time - steps) * width)
    }
    return withExtendedLifetime(x) { result }
  }

  /// Packed rows [rows, width] in the order of `layout`.
  func ordered(_ x: Tensor) throws -> Tensor {
    guard order != nil, let lengths else { return x }
    let width = x.shape[1]
    let result = try Tensor.uninitialized([layout.rowCount, width])
    eachExample { example, _, row in
      let to = layout.parts[example].firstRow
      (result.floats + to * width).update(
        from: x.floats + row * width, count: lengths[example] * width)
    }
    return withExtendedLifetime(x) { result }
  }

  /// Runs `body(example, steps, row)` with the steps and the first row that each example has in its block.
  private func eachExample(_ body: (Int, Int, Int) -> Void) {
    Parallel.each(blocks.parts.count) { index in
      let block = blocks.parts[index]
      for (number, place) in block.examples.enumerated() {
        body(
          order.map { $0.examples[place] } ?? place, block.time,
          block.firstRow + number * block.time)
      }
    }
  }
}
