import CKernels
import Foundations
import Tensors

/// The keys and values of the sequences so far, and the buffers of a step.
///
/// The cache is [block][slot, head, capacity, head width] for keys and for values; a row's sequence lies in one slot.
/// Steps work on the new tokens of all rows, packed: no padding is ever computed.
final class TransformerDecodingState: DraftingState {
  private let model: TransformerDecoder
  private let rows: Int
  private let capacity: Int
  private let headWidth: Int
  private let keys: [Tensor]
  private let values: [Tensor]
  /// Where each row's sequence lies, and how long it is.
  private var slots: [Int]
  private var lengths: [Int]
  private let output: Tensor
  private var work: Work
  /// Buffers and logits for the tokens of a draft, made for the largest one so far.
  private var draft: (work: Work, output: Tensor)?

  /// Buffers for a number of new tokens; a prompt needs larger ones than a step.
  private struct Work {
    let count: Int
    /// [tokens, width] each, but `wide` [tokens, max(3 width, inner)].
    let x: Tensor
    let normalized: Tensor
    let mixed: Tensor
    let wide: Tensor
    let moments: Tensor
    let scores: Tensor
    /// Of each new token.
    var tokens: [Int32]
    var positions: [Int]
    /// Of each row that grows: where its new tokens begin, and its place.
    var starts: [Int]
    var slots: [Int]

    init(_ model: TransformerDecoder, tokens count: Int, rows: Int, capacity: Int) throws {
      self.count = count
      x = try .uninitialized([count, model.width])
      normalized = try .uninitialized([count, model.width])
      mixed = try .uninitialized([count, model.width])
      wide = try .uninitialized([count, max(3 * model.width, model.inner)])
      moments = try .uninitialized([2, count])
      scores = try .uninitialized([rows * model.heads, capacity])
      tokens = Array(repeating: 0, count: count)
      positions = Array(repeating: 0, count: count)
      starts = Array(repeating: 0, count: rows + 1)
      slots = Array(repeating: 0, count: rows)
    }
  }

  init(_ model: TransformerDecoder, rows: Int, capacity: Int) throws {
    try Check.size(rows, "rows")
    try Check.size(capacity, "capacity")
    if let limit = model.contextLength, capacity > limit {
      throw DomainError(
        .limit,
        "the model sees at most \(limit) tokens, and sequences of \(capacity) were asked for")
    }
    self.model = model
    self.rows = rows
    self.capacity = capacity
    headWidth = model.width / model.heads
    let shape = try Shape(checking: [rows, model.heads, capacity, headWidth])
    keys = try model.blocks.map { _ in try Tensor.uninitialized(shape) }
    values = try model.blocks.map { _ in try Tensor.uninitialized(shape) }
    slots = Array(0..<rows)
    lengths = Array(repeating: 0, count: rows)
    output = try .uninitialized(Shape(checking: [rows, model.vocabularySize]))
    work = try Work(model, tokens: rows, rows: rows, capacity: capacity)
  }

  var logits: UnsafeMutablePointer<Float> { output.floats }

  func begin(_ prompts: [ArraySlice<Int32>]) throws {
    precondition(prompts.count == rows, "a prompt for each row")
    let total = prompts.reduce(0) { $0 + $1.count }
    for row in 0..<rows { lengths[row] = 0 }
    var work = try Work(model, tokens: total, rows: rows, capacity: capacity)
    var next = 0
    for (row, prompt) in prompts.enumerated() {
      guard !prompt.isEmpty else {
        throw DomainError(.value, "prompt \(row) is empty", hint: "begin with a start token")
      }
      try reserve(row, prompt.count)
      work.starts[row] = next
      work.slots[row] = slots[row]
      for (position, token) in prompt.enumerated() {
        work.tokens[next] = try checked(token)
        work.positions[next] = position
        next += 1
      }
      lengths[row] = prompt.count
    }
    work.starts[rows] = next
    compute(work, growing: rows, into: output)
  }

  func append(_ tokens: UnsafeBufferPointer<Int32>, to rows: UnsafeBufferPointer<Int>) throws {
    precondition(tokens.count == rows.count && rows.count <= self.rows, "a token for each row")
    for (i, row) in rows.enumerated() {
      try reserve(row, 1)
      work.tokens[i] = try checked(tokens[i])
      work.positions[i] = lengths[row]
      work.starts[i] = i
      work.slots[i] = slots[row]
      lengths[row] += 1
    }
    work.starts[rows.count] = rows.count
    compute(work, growing: rows.count, into: output)
  }

  func extend(_ row: Int, by tokens: [Int32]) throws -> UnsafeMutablePointer<Float> {
    try reserve(row, tokens.count)
    let buffers: (work: Work, output: Tensor)
    if let draft, draft.work.count >= tokens.count {
      buffers = draft
    } else {
      buffers = (
        try Work(model, tokens: tokens.count, rows: 1, capacity: capacity),
        try .uninitialized(Shape(checking: [tokens.count, model.vocabularySize]))
      )
      draft = buffers
    }
    var work = buffers.work
    for (i, token) in tokens.enumerated() {
      work.tokens[i] = try checked(token)
      work.positions[i] = lengths[row] + i
    }
    work.starts[0] = 0
    work.starts[1] = tokens.count
    work.slots[0] = slots[row]
    lengths[row] += tokens.count
    compute(work, growing: 1, saysAll: true, into: buffers.output)
    return buffers.output.floats
  }

  func shorten(_ row: Int, by count: Int) {
    precondition(count >= 0 && count <= lengths[row], "no more tokens than there are")
    lengths[row] -= count
  }

  private func reserve(_ row: Int, _ count: Int) throws {
    guard lengths[row] + count <= capacity else {
      throw DomainError(
        .limit, "row \(row) grows past the \(capacity) tokens that the cache was made for")
    }
  }

  private func checked(_ token: Int32) throws -> Int32 {
    guard token >= 0, Int(token) < model.vocabularySize else {
      throw DomainError(
        .index, "token \(token) is not in a vocabulary of \(model.vocabularySize)")
    }
    return token
  }

  func reorder(_ sources: [Int]) throws {
    precondition(sources.count == rows, "a source for each row")
    // The first row that asks for a sequence takes its slot; the others get copies in the slots that nobody asked for.
    let before = (slots, lengths)
    var taken = Array(repeating: false, count: rows)
    for source in sources { taken[before.0[source]] = true }
    var free = (0..<rows).filter { !taken[$0] }
    taken = Array(repeating: false, count: rows)
    for (row, source) in sources.enumerated() {
      let slot = before.0[source]
      lengths[row] = before.1[source]
      if taken[slot] {
        // As many slots are free as sequences are asked for again.
        slots[row] = free.removeLast()
        copy(slot, to: slots[row], count: lengths[row])
      } else {
        taken[slot] = true
        slots[row] = slot
      }
    }
  }

  private func copy(_ source: Int, to target: Int, count: Int) {
    let heads = model.heads
    let (step, size) = (capacity * headWidth, count * headWidth)
    for cache in keys + values {
      for head in 0..<heads {
        (cache.floats + (target * heads + head) * step)
          .update(from: cache.floats + (source * heads + head) * step, count: size)
      }
    }
  }

  // MARK: One pass over the blocks

  /// - Parameter saysAll: what follows is asked behind every new token, not only behind the last one of each row.
  private func compute(_ work: Work, growing: Int, saysAll: Bool = false, into output: Tensor) {
    let model = model
    let width = model.width
    let count = work.starts[growing]
    let x = work.x.floats
    let (normalized, mixed, wide) = (work.normalized.floats, work.mixed.floats, work.wide.floats)
    for i in 0..<count {
      fl_add_vv_f32(
        width, model.tokens + Int(work.tokens[i]) * width,
        model.positions + work.positions[i] * width, x + i * width)
    }
    for (index, block) in model.blocks.enumerated() {
      normalize(work, count, block.attentionNorm)
      linear(normalized, count, width, block.attentionInput, 3 * width, wide)
      attend(work, growing, index)
      linear(mixed, count, width, block.attentionOutput, width, normalized)
      fl_add_vv_f32(count * width, x, normalized, x)
      normalize(work, count, block.feedForwardNorm)
      linear(normalized, count, width, block.expand, model.inner, wide)
      activate(wide, count * model.inner)
      linear(wide, count, model.inner, block.contract, width, normalized)
      fl_add_vv_f32(count * width, x, normalized, x)
    }
    if !saysAll {
      for row in 0..<growing {
        let last = work.starts[row + 1] - 1
        if last != row { (x + row * width).update(from: x + last * width, count: width) }
      }
    }
    let asked = saysAll ? count : growing
    normalize(work, asked, model.final)
    linear(normalized, asked, width, model.head, model.vocabularySize, output.floats)
  }

  private func normalize(
    _ work: Work, _ count: Int, _ layer: TransformerDecoder.LinearPointers
  ) {
    let (width, epsilon) = (model.width, model.epsilon)
    let (x, y, moments) = (work.x.floats, work.normalized.floats, work.moments.floats)
    let total = work.count
    Parallel.blocks(count, size: RowBlocks.size(width: width)) { block in
      let first = block.lowerBound
      fl_layernorm_f32(
        block.count, width, x + first * width, nil, layer.weight, layer.bias, epsilon, nil,
        y + first * width, moments + first, moments + total + first)
    }
  }

  /// Rows of weights that are treated as one block: some 200 KiB, which stay in a core's cache for the examples that
  /// follow.
  private func linear(
    _ x: UnsafePointer<Float>, _ count: Int, _ inputs: Int,
    _ layer: TransformerDecoder.LinearPointers, _ outputs: Int, _ y: UnsafeMutablePointer<Float>
  ) {
    let size = max(16, 49152 / inputs / 16 * 16)
    Parallel.blocks(outputs, size: size) { block in
      let first = block.lowerBound
      fl_linear_few_f32(
        count, inputs, block.count, x, inputs, layer.weight + first * inputs,
        layer.bias.map { $0 + first }, y + first, outputs)
    }
  }

  private func activate(_ x: UnsafeMutablePointer<Float>, _ count: Int) {
    let activation = model.activation
    Parallel.blocks(count, size: 8192) { block in
      let (n, x) = (block.count, x + block.lowerBound)
      switch activation {
      case .geluTanh: fl_gelu_tanh_f32(n, x, x)
      case .geluErf: fl_gelu_erf_f32(n, x, x)
      case .relu: fl_relu_f32(n, x, x)
      case .silu: fl_silu_f32(n, x, x)
      }
    }
  }

  /// Puts the new keys and values into the cache and mixes the values that each new token sees.
  private func attend(_ work: Work, _ growing: Int, _ index: Int) {
    let (heads, headWidth, capacity, width) = (model.heads, headWidth, capacity, model.width)
    let scale = 1 / Float(headWidth).squareRoot()
    let (wide, mixed, scores) = (work.wide.floats, work.mixed.floats, work.scores.floats)
    let (keys, values) = (keys[index].floats, values[index].floats)
    work.starts.withUnsafeBufferPointer { starts in
      work.slots.withUnsafeBufferPointer { slots in
        work.positions.withUnsafeBufferPointer { positions in
          // A head's worth of a step is little, that of a prompt much.
          let perHead = max(1, starts[growing] / growing) * capacity * headWidth
          Parallel.blocks(growing * heads, size: max(1, 1 << 16 / perHead)) { block in
            for task in block {
              let (row, head) = (task / heads, task % heads)
              let (start, end) = (starts[row], starts[row + 1])
              let cache = (slots[row] * heads + head) * capacity * headWidth
              for i in start..<end {
                let new = wide + i * 3 * width + head * headWidth
                let place = cache + positions[i] * headWidth
                (keys + place).update(from: new + width, count: headWidth)
                (values + place).update(from: new + 2 * width, count: headWidth)
              }
              fl_attend_few_f32(
                end - start, headWidth, positions[end - 1] + 1,
                wide + start * 3 * width + head * headWidth, 3 * width, keys + cache,
                values + cache, scale, scores + task * capacity,
                mixed + start * width + head * headWidth, width)
            }
          }
        }
      }
    }
  }
}
