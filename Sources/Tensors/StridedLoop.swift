import CKernels
import Foundations

/// A walk over the elements of up to three operands of one shape in row-major order: axes that lie together in all of
/// them are joined, and the innermost axis is handed to the caller as one run.
struct StridedLoop {
  /// Sizes of the joined axes, outermost first; at least one.
  private(set) var sizes: Shape
  private(set) var strides: (Shape, Shape, Shape)
  /// Elements that one parallel block handles; a property of the work, not of the machine.
  static let blockElements = 32768

  init(_ shape: Shape, _ a: Shape, _ b: Shape, _ c: Shape) {
    sizes = Shape()
    strides = (Shape(), Shape(), Shape())
    for axis in 0..<shape.rank where shape[axis] != 1 {
      let size = shape[axis]
      let last = sizes.rank - 1
      // An outer axis joins this one where its step is exactly the length of this one, in every operand.
      if last >= 0, strides.0[last] == a[axis] * size, strides.1[last] == b[axis] * size,
        strides.2[last] == c[axis] * size
      {
        sizes[last] *= size
        strides.0[last] = a[axis]
        strides.1[last] = b[axis]
        strides.2[last] = c[axis]
      } else {
        sizes.append(size)
        strides.0.append(a[axis])
        strides.1.append(b[axis])
        strides.2.append(c[axis])
      }
    }
    if sizes.rank == 0 {
      sizes.append(1)
      strides.0.append(1)
      strides.1.append(1)
      strides.2.append(1)
    }
  }

  var rank: Int { sizes.rank }
  /// Length and steps of the innermost run.
  var run: Int { sizes[rank - 1] }
  var runStrides: (Int, Int, Int) {
    (strides.0[rank - 1], strides.1[rank - 1], strides.2[rank - 1])
  }

  /// Calls `body(offsetA, offsetB, offsetC, count)` for runs along the innermost axis, in parallel where there is much
  /// to do.
  func forEachRun(_ body: (Int, Int, Int, Int) -> Void) {
    let inner = run
    let step = runStrides
    var outer = 1
    for axis in 0..<(rank - 1) { outer *= sizes[axis] }
    guard inner > 0, outer > 0 else { return }
    if outer == 1 {
      Parallel.blocks(inner, size: StridedLoop.blockElements) { range in
        body(
          range.lowerBound * step.0, range.lowerBound * step.1, range.lowerBound * step.2,
          range.count)
      }
      return
    }
    let rowsPerBlock = max(1, StridedLoop.blockElements / inner)
    Parallel.blocks(outer, size: rowsPerBlock) { rows in
      var position = Shape(repeating: 0, rank: rank - 1)
      var offsets = (0, 0, 0)
      var rest = rows.lowerBound
      var axis = rank - 2
      while axis >= 0 {
        position[axis] = rest % sizes[axis]
        rest /= sizes[axis]
        offsets.0 += position[axis] * strides.0[axis]
        offsets.1 += position[axis] * strides.1[axis]
        offsets.2 += position[axis] * strides.2[axis]
        axis -= 1
      }
      for _ in rows {
        body(offsets.0, offsets.1, offsets.2, inner)
        var axis = rank - 2
        while axis >= 0 {
          position[axis] += 1
          offsets.0 += strides.0[axis]
          offsets.1 += strides.1[axis]
          offsets.2 += strides.2[axis]
          if position[axis] < sizes[axis] { break }
          offsets.0 -= position[axis] * strides.0[axis]
          offsets.1 -= position[axis] * strides.1[axis]
          offsets.2 -= position[axis] * strides.2[axis]
          position[axis] = 0
          axis -= 1
        }
      }
    }
  }
}

extension Shape {
  /// The shape that two operands meet in: sizes are compared from the last axis, and a 1 stretches.
  static func broadcast(_ a: Shape, _ b: Shape, _ operation: String) throws -> Shape {
    if a == b { return a }
    let rank = Swift.max(a.rank, b.rank)
    var result = Shape(repeating: 1, rank: rank)
    for i in 0..<rank {
      let x = i < a.rank ? a[a.rank - 1 - i] : 1
      let y = i < b.rank ? b[b.rank - 1 - i] : 1
      guard x == y || x == 1 || y == 1 else {
        throw DomainError(
          .shape, "shapes do not match in `\(operation)`",
          detail:
            "sizes differ: \(x) and \(y) on axis \(rank - 1 - i)\nleft is \(a), right is \(b)",
          hint: i == 0 && a.rank == 1 && b.rank > 1 && b[0] == x
            ? "sizes are compared from the last axis: give the left one a new axis, `x[:, nil]`"
            : i == 0 && b.rank == 1 && a.rank > 1 && a[0] == y
              ? "sizes are compared from the last axis: give the right one a new axis, `x[:, nil]`"
              : nil)
      }
      result[rank - 1 - i] = x == 1 ? y : x
    }
    return result
  }

  /// An axis counted from the end where negative.
  func normalized(axis: Int, _ operation: String, extra: Int = 0) throws -> Int {
    let limit = rank + extra
    let resolved = axis < 0 ? axis &+ limit : axis
    guard resolved >= 0, resolved < limit else {
      throw DomainError(
        .index,
        limit == 0
          ? "`\(operation)` needs an axis, the tensor has none"
          : "axis \(axis) is out of range for `\(operation)`: the tensor has shape \(self)",
        hint: limit == 0 ? nil : "axes go from \(-limit) to \(limit - 1)")
    }
    return resolved
  }

  /// Distinct axes in ascending order; all of them for nil.
  func normalized(axes: [Int]?, _ operation: String) throws -> [Int] {
    guard let axes else { return Array(0..<rank) }
    var seen: Set<Int> = []
    for axis in axes {
      let resolved = try normalized(axis: axis, operation)
      guard seen.insert(resolved).inserted else {
        throw DomainError(.value, "axis \(axis) is given twice for `\(operation)`")
      }
    }
    return seen.sorted()
  }
}

extension Tensor {
  /// The strides with which this tensor takes part in a loop over `target`: zero along stretched axes. The shapes are
  /// known to meet.
  func strides(over target: Shape) -> Shape {
    if shape == target { return strides }
    var result = Shape(repeating: 0, rank: target.rank)
    let shift = target.rank - rank
    for axis in 0..<rank where shape[axis] != 1 || target[axis + shift] == 1 {
      result[axis + shift] = strides[axis]
    }
    return result
  }

  /// A view stretched to `target`, which it is known to meet.
  func stretched(to target: Shape) -> Tensor {
    if shape == target { return self }
    return Tensor(
      storage: storage, offset: offset, shape: target, strides: strides(over: target),
      dtype: dtype)
  }

  /// The sum over all axes along which `target` was stretched to this shape: the gradient of stretching.
  func summed(to target: Shape) throws -> Tensor {
    if shape == target { return self }
    let shift = rank - target.rank
    var axes = Array(0..<shift)
    for axis in 0..<target.rank where target[axis] == 1 && shape[axis + shift] != 1 {
      axes.append(axis + shift)
    }
    let sum = axes.isEmpty ? self : try self.sum(axes: axes, keepAxes: true)
    return try sum.viewed(as: target)
  }

  /// The same values in row-major order without gaps: this tensor itself where they lie so already.
  public func contiguous() throws -> Tensor {
    if isContiguous { return self }
    let result = try Tensor.uninitialized(shape, dtype).with(lengths: lengths)
    result.copyValues(from: self.detached)
    return Tape.record("contiguous", self, result) { $0 }
  }

  /// A copy in memory of its own.
  func copied() throws -> Tensor {
    let result = try Tensor.uninitialized(shape, dtype)
    result.copyValues(from: self)
    return result
  }

  /// Writes `source` (same shape and type) over the elements of this tensor, which nobody else has seen yet.
  func copyValues(from source: Tensor) {
    guard count > 0 else { return }
    switch dtype.size {
    case 1: copyValues(from: source, Int8.self, fl_copy_strided_b1)
    case 4: copyValues(from: source, Int32.self, fl_copy_strided_b4)
    default: copyValues(from: source, Int64.self, fl_copy_strided_b8)
    }
  }

  private typealias StridedCopy = (
    Int, Int, UnsafeRawPointer?, Int, Int, UnsafeMutableRawPointer?, Int, Int
  ) -> Void

  private func copyValues<T>(from source: Tensor, _ type: T.Type, _ copy: StridedCopy) {
    let to = storage.pointer.assumingMemoryBound(to: T.self) + offset
    let from = UnsafePointer(source.storage.pointer.assumingMemoryBound(to: T.self)) + source.offset
    let loop = StridedLoop(shape, source.strides, strides, strides)
    if strides.contains(where: { $0 < 0 }) {
      // The kernels write forwards only.
      let step = loop.runStrides
      loop.forEachRun { a, b, _, count in
        for e in 0..<count { to[b + e * step.1] = from[a + e * step.0] }
      }
      return
    }
    if loop.rank == 2 {
      // One kernel call for a matrix: it works in tiles, which a transpose needs.
      let rows = loop.sizes[0]
      let columns = loop.sizes[1]
      Parallel.blocks(rows, size: max(16, StridedLoop.blockElements / max(columns, 1))) { part in
        copy(
          part.count, columns, from + part.lowerBound * loop.strides.0[0], loop.strides.0[0],
          loop.strides.0[1], to + part.lowerBound * loop.strides.1[0], loop.strides.1[0],
          loop.strides.1[1])
      }
      return
    }
    let step = loop.runStrides
    loop.forEachRun { a, b, _, count in
      if step.0 == 1, step.1 == 1 {
        (to + b).update(from: from + a, count: count)
      } else {
        copy(1, count, from + a, 0, step.0, to + b, 0, step.1)
      }
    }
  }

  /// The storage read with another shape of as many elements; contiguous tensors only get a view, others are copied.
  func viewed(as target: Shape) throws -> Tensor {
    if target == shape { return self }
    let dense = try contiguous()
    return Tensor(storage: dense.storage, offset: dense.offset, shape: target, dtype: dtype)
  }
}
