// Views (reshape, transpose, stretch) and joins. Views share memory; their gradients are the opposite views.

import Foundations

extension Tensor {
  /// A view with other steps over the same memory.
  private func view(_ shape: Shape, _ strides: Shape, offset: Int? = nil, lengths: Lengths? = nil)
    -> Tensor
  {
    Tensor(
      storage: storage, offset: offset ?? self.offset, shape: shape, strides: strides,
      dtype: dtype, lengths: lengths)
  }

  /// The same elements in another shape; one size may be -1 and is then worked out. A view where the memory allows it.
  public func reshaped(_ sizes: [Int]) throws -> Tensor {
    let target = try resolved(sizes)
    if target == shape { return self }
    let dense = try detached.contiguous()
    let result = dense.view(target, target.contiguousStrides)
    let original = shape
    return Tape.record("reshape", self, result) { try $0.viewed(as: original) }
  }

  private func resolved(_ sizes: [Int]) throws -> Shape {
    var sizes = sizes
    let unknown = sizes.indices.filter { sizes[$0] == -1 }
    guard unknown.count <= 1 else {
      throw DomainError(.value, "only one size can be -1, got \(Shape.text(sizes))")
    }
    if let position = unknown.first {
      sizes[position] = 1
      let rest = try Shape(checking: sizes).count
      guard rest > 0, count % rest == 0 else {
        sizes[position] = -1
        throw cannotReshape(sizes)
      }
      sizes[position] = count / rest
    }
    let target = try Shape(checking: sizes)
    guard target.count == count else { throw cannotReshape(sizes) }
    return target
  }

  private func cannotReshape(_ sizes: [Int]) -> DomainError {
    DomainError(
      .shape,
      "a tensor of shape \(shape) (\(count) elements) cannot be reshaped to \(Shape.text(sizes))")
  }

  /// Axes `from` to `to` (both included) joined into one.
  public func flattened(from: Int = 0, to: Int = -1) throws -> Tensor {
    if rank == 0 { return try reshaped([1]) }
    let first = try shape.normalized(axis: from, "flatten")
    let last = try shape.normalized(axis: to, "flatten")
    guard first <= last else {
      throw DomainError(
        .value, "`flatten` needs its first axis before its last, got \(from), \(to)")
    }
    let joined = shape[first...last].reduce(1, *)
    return try reshaped(shape[..<first] + [joined] + shape[(last + 1)...])
  }

  /// Two axes exchanged.
  public func transposed(_ a: Int, _ b: Int) throws -> Tensor {
    let a = try shape.normalized(axis: a, "transpose")
    let b = try shape.normalized(axis: b, "transpose")
    var order = Array(0..<rank)
    order.swapAt(a, b)
    return try permuted(order)
  }

  /// All axes in reverse order: a matrix's transpose.
  public func transposed() throws -> Tensor { try permuted((0..<rank).reversed()) }

  /// Axis i of the result is axis `axes[i]` of this tensor.
  public func permuted(_ axes: [Int]) throws -> Tensor {
    guard axes.count == rank else {
      throw DomainError(
        .shape, "`permute` needs all \(rank) axes of a tensor of shape \(shape), got \(axes.count)")
    }
    var order: [Int] = []
    for axis in axes {
      let resolved = try shape.normalized(axis: axis, "permute")
      guard !order.contains(resolved) else {
        throw DomainError(.value, "axis \(axis) is given twice for `permute`")
      }
      order.append(resolved)
    }
    if order == Array(0..<rank) { return self }
    let result = view(Shape(order.map { shape[$0] }), Shape(order.map { strides[$0] }))
    guard node != nil else { return result }
    var inverse = Array(repeating: 0, count: rank)
    for (position, axis) in order.enumerated() { inverse[axis] = position }
    let back = inverse
    return Tape.record("permute", self, result) { try $0.permuted(back) }
  }

  /// Without an axis of size 1 (all such for nil).
  public func squeezed(_ axis: Int? = nil) throws -> Tensor {
    var target = Shape()
    var steps = Shape()
    let chosen = try axis.map { try shape.normalized(axis: $0, "squeeze") }
    if let chosen, shape[chosen] != 1 {
      throw DomainError(
        .shape, "axis \(axis ?? 0) has size \(shape[chosen]), only a size of 1 can be squeezed",
        detail: "the tensor is \(shape)")
    }
    for i in 0..<rank where chosen == nil ? shape[i] != 1 : i != chosen {
      target.append(shape[i])
      steps.append(strides[i])
    }
    return recordView("squeeze", view(target, steps))
  }

  /// With a new axis of size 1 before `axis`.
  public func unsqueezed(_ axis: Int) throws -> Tensor {
    let axis = try shape.normalized(axis: axis, "unsqueeze", extra: 1)
    guard rank < Shape.maximumRank else {
      throw DomainError(.limit, "a tensor has at most \(Shape.maximumRank) axes")
    }
    var target = shape
    var steps = strides
    target.insert(1, at: axis)
    steps.insert(0, at: axis)
    return recordView("unsqueeze", view(target, steps))
  }

  /// Axes of size 1 (and new ones in front) repeated to `sizes` without copying; -1 keeps a size.
  public func expanded(to sizes: [Int]) throws -> Tensor {
    var sizes = sizes
    let shift = sizes.count - rank
    for i in sizes.indices where sizes[i] == -1 && i >= shift { sizes[i] = shape[i - shift] }
    let target = try Shape(checking: sizes)
    guard shift >= 0, try Shape.broadcast(shape, target, "expand") == target else {
      throw DomainError(
        .shape, "a tensor of shape \(shape) cannot be expanded to \(target)")
    }
    let result = stretched(to: target)
    guard node != nil else { return result }
    let original = shape
    return Tape.record("expand", self, result) { try $0.summed(to: original) }
  }

  /// The gradient of a view that only changes the shape.
  private func recordView(_ op: StaticString, _ result: Tensor) -> Tensor {
    guard node != nil else { return result }
    let original = shape
    return Tape.record(op, self, result) { try $0.viewed(as: original) }
  }

  // MARK: Slices

  /// Steps `from`, `from + step`, … below `to` along one axis, with Python's meaning of negative numbers and of nil.
  public func sliced(axis: Int, from: Int?, to: Int?, step: Int = 1) throws -> Tensor {
    let axis = try shape.normalized(axis: axis, "slice")
    guard step != 0 else { throw DomainError(.value, "a slice's step cannot be 0") }
    let (start, count) = Tensor.sliceBounds(from, to, step, size: shape[axis])
    if start == 0, count == shape[axis], step == 1 { return self }
    var target = shape
    target[axis] = count
    var steps = strides
    // Without a second element the step is never taken and may be too large to multiply.
    steps[axis] = count > 1 ? strides[axis] * step : strides[axis]
    let begin = count > 0 ? offset + start * strides[axis] : offset
    var result = view(target, steps, offset: begin)
    if axis > 1, keepsLengths(as: target) { result.lengths = lengths }
    return recordSlice("slice", result) {
      try $0.sliced(axis: axis, from: from, to: to, step: step)
    }
  }

  /// Where a slice begins and how many elements it has.
  static func sliceBounds(_ from: Int?, _ to: Int?, _ step: Int, size: Int) -> (Int, Int) {
    let (lowest, highest) = step > 0 ? (0, size) : (-1, size - 1)
    let clip = { (bound: Int) -> Int in
      let fromStart = bound < 0 ? bound &+ size : bound
      return Swift.min(Swift.max(fromStart, lowest), highest)
    }
    let start = from.map(clip) ?? (step > 0 ? 0 : size - 1)
    let end = to.map(clip) ?? (step > 0 ? size : -1)
    if step > 0 { return (start, end > start ? (end - start - 1) / step + 1 : 0) }
    let size = step == .min ? Int.max : -step
    return (start, start > end ? (start - end - 1) / size + 1 : 0)
  }

  /// Element `index` along `axis`, which disappears. Negative indices count from the end.
  public func selected(axis: Int, index: Int) throws -> Tensor {
    let axis = try shape.normalized(axis: axis, "index")
    let at = try Tensor.resolved(index: index, size: shape[axis], axis: axis, shape)
    var target = shape
    target.remove(at: axis)
    var steps = strides
    steps.remove(at: axis)
    return recordSlice("index", view(target, steps, offset: offset + at * strides[axis])) {
      try $0.selected(axis: axis, index: at)
    }
  }

  static func resolved(index: Int, size: Int, axis: Int, _ shape: Shape) throws -> Int {
    let at = index < 0 ? index &+ size : index
    guard at >= 0, at < size else {
      throw DomainError(
        .index, "index \(index) is out of range for axis \(axis) of size \(size)",
        detail: "the tensor is \(shape)")
    }
    return at
  }

  /// The gradient of a part: zeros with the part's gradient in its place, found by taking the same part of the zeros.
  private func recordSlice(
    _ op: StaticString, _ result: Tensor, _ part: @escaping (Tensor) throws -> Tensor
  ) -> Tensor {
    guard node != nil else { return result }
    let original = shape
    return Tape.record(op, self, result) { gradient in
      let whole = try Tensor.zeros(original, gradient.dtype)
      try part(whole).copyValues(from: gradient)
      return whole
    }
  }

  // MARK: Joins

  /// Tensors joined along an axis; the other sizes must agree.
  public static func concatenated(_ tensors: [Tensor], axis: Int = 0) throws -> Tensor {
    guard let first = tensors.first else {
      throw DomainError(.value, "`concat` needs at least one tensor")
    }
    let axis = try first.shape.normalized(axis: axis, "concat")
    let dtype = tensors.reduce(first.dtype) { DType.promoted($0, $1.dtype) }
    var target = first.shape
    target[axis] = 0
    for (position, tensor) in tensors.enumerated() {
      var others = tensor.shape
      if others.rank == target.rank { others[axis] = target[axis] }
      guard others == target else {
        throw DomainError(
          .shape, "shapes do not match in `concat` along axis \(axis)",
          detail: "tensor 0 is \(first.shape), tensor \(position) is \(tensor.shape)")
      }
      target[axis] += tensor.shape[axis]
    }
    let parts = try tensors.map { try $0.cast(to: dtype) }
    let result = try uninitialized(try Shape(checking: target.array), dtype)
    var start = 0
    var spans: [Range<Int>] = []
    for part in parts {
      let span = start..<(start + part.shape[axis])
      try result.sliced(axis: axis, from: span.lowerBound, to: span.upperBound)
        .copyValues(from: part)
      spans.append(span)
      start = span.upperBound
    }
    return Tape.record("concat", inputs: parts, output: result) { request in
      BackwardResult(
        inputs: try spans.enumerated().map { index, span in
          guard request.needs[index] else { return nil }
          return try request.gradient.sliced(
            axis: axis, from: span.lowerBound, to: span.upperBound)
        })
    }
  }

  /// Tensors of one shape joined along a new axis.
  public static func stacked(_ tensors: [Tensor], axis: Int = 0) throws -> Tensor {
    if let first = tensors.first {
      for (position, tensor) in tensors.enumerated() where tensor.shape != first.shape {
        throw DomainError(
          .shape, "shapes do not match in `stack`",
          detail: "tensor 0 is \(first.shape), tensor \(position) is \(tensor.shape)")
      }
      _ = try first.shape.normalized(axis: axis, "stack", extra: 1)
    }
    return try concatenated(tensors.map { try $0.unsqueezed(axis) }, axis: axis)
  }

  /// Parts of the given sizes along an axis; they must add up to its size.
  public func split(_ sizes: [Int], axis: Int = 0) throws -> [Tensor] {
    let axis = try shape.normalized(axis: axis, "split")
    var total = 0
    for size in sizes {
      guard size >= 0, size <= shape[axis] - total else {
        total = -1
        break
      }
      total += size
    }
    guard total == shape[axis] else {
      throw DomainError(
        .shape,
        "parts of sizes \(Shape.text(sizes)) do not make up axis \(axis) of size \(shape[axis])",
        detail: "the tensor is \(shape)")
    }
    var start = 0
    return try sizes.map { size in
      defer { start += size }
      return try sliced(axis: axis, from: start, to: start + size)
    }
  }

  /// Parts of `size` along an axis, the last one shorter where it does not divide.
  public func split(every size: Int, axis: Int = 0) throws -> [Tensor] {
    guard size > 0 else {
      throw DomainError(.value, "parts need a size of at least 1, got \(size)")
    }
    let length = shape[try shape.normalized(axis: axis, "split")]
    guard length / size <= 1 << 24 else {
      throw DomainError(.limit, "an axis of size \(length) has too many parts of \(size)")
    }
    return try split(
      stride(from: 0, to: length, by: size).map { Swift.min(size, length - $0) }, axis: axis)
  }

  /// The tensor repeated `counts[i]` times along axis i; more counts than axes add axes in front.
  public func repeated(_ counts: [Int]) throws -> Tensor {
    guard counts.count >= rank else {
      throw DomainError(
        .shape, "`repeat` needs a count for each of the \(rank) axes, got \(counts.count)")
    }
    _ = try Shape(checking: counts)
    var result = self
    while result.rank < counts.count { result = try result.unsqueezed(0) }
    guard self.count > 0 else {
      let sizes = zip(result.shape, counts).map { $0.multipliedReportingOverflow(by: $1) }
      guard !sizes.contains(where: \.overflow) else {
        throw DomainError(.limit, "\(shape) repeated \(Shape.text(counts)) times is too large")
      }
      return try .zeros(Shape(checking: sizes.map(\.partialValue)), dtype)
    }
    for (axis, count) in counts.enumerated() where count != 1 {
      if count == 0 {
        result = try result.sliced(axis: axis, from: 0, to: 0)
      } else {
        result = try Tensor.concatenated(Array(repeating: result, count: count), axis: axis)
      }
    }
    return result
  }

  /// The elements in reverse order along an axis.
  public func flipped(_ axis: Int) throws -> Tensor {
    try sliced(axis: axis, from: nil, to: nil, step: -1)
  }

  /// The lower triangle, zeros above diagonal `diagonal` (0: the main one).
  public func lowerTriangle(_ diagonal: Int = 0) throws -> Tensor {
    try triangle { row, column in column - row <= diagonal }
  }

  /// The upper triangle, zeros below diagonal `diagonal` (0: the main one).
  public func upperTriangle(_ diagonal: Int = 0) throws -> Tensor {
    try triangle { row, column in column - row >= diagonal }
  }

  private func triangle(_ keeps: (Int, Int) -> Bool) throws -> Tensor {
    guard rank >= 2 else {
      throw DomainError(.shape, "a triangle needs a matrix, the tensor is \(shape)")
    }
    let (rows, columns) = (shape[rank - 2], shape[rank - 1])
    let mask = try Tensor.uninitialized([rows, columns], .bool)
    let out = mask.pointer(Bool.self)
    for row in 0..<rows {
      for column in 0..<columns { out[row * columns + column] = keeps(row, column) }
    }
    return try Tensor.select(mask, self, Tensor.zeros([], dtype))
  }
}
