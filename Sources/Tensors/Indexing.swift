import CKernels
import Foundations

// Taking elements by index: Python's subscripts, index tensors, masks, one element per row.

/// One part of a subscript, as in NumPy: `x[1:3, :, -1]`, `x[..., 0]`, `x[mask]`, `x[rows, columns]`.
public enum TensorIndex: Sendable {
  case at(Int)
  case slice(from: Int?, to: Int?, step: Int)
  case newAxis
  case ellipsis
  /// Positions along one axis (a tensor of integers).
  case positions(Tensor)
  /// As many axes as the mask has, of which only the true places are kept.
  case mask(Tensor)
}

extension Tensor {
  /// The subscript. Numbers and slices give views; index tensors and masks gather. Several index tensors are broadcast
  /// together; their axes stand where the first of them stood when they are neighbours, and in front otherwise.
  public func subscripted(_ indices: [TensorIndex]) throws -> Tensor {
    var used = 0
    var ellipses = 0
    for index in indices {
      switch index {
      case .at, .slice, .positions: used += 1
      case .mask(let mask): used += mask.rank
      case .newAxis: break
      case .ellipsis: ellipses += 1
      }
    }
    guard used <= rank else {
      throw DomainError(
        .index, "\(used) indices for a tensor with \(rank) axes", detail: "the tensor is \(shape)")
    }
    guard ellipses <= 1 else { throw DomainError(.index, "only one `...` may stand in an index") }
    var view = self
    var axis = 0
    var gathered: [(axis: Int, positions: Tensor)] = []
    var neighbours = true
    for index in indices {
      switch index {
      case .at(let position):
        view = try view.selected(axis: axis, index: position)
      case .slice(let from, let to, let step):
        view = try view.sliced(axis: axis, from: from, to: to, step: step)
        axis += 1
      case .newAxis:
        view = try view.unsqueezed(axis)
        axis += 1
      case .ellipsis:
        axis += rank - used
      case .positions(let positions):
        neighbours = neighbours && (gathered.last.map { $0.axis == axis - 1 } ?? true)
        gathered.append((axis, positions))
        axis += 1
      case .mask(let mask):
        for positions in try view.positions(of: mask, from: axis) {
          neighbours = neighbours && (gathered.last.map { $0.axis == axis - 1 } ?? true)
          gathered.append((axis, positions))
          axis += 1
        }
      }
    }
    guard !gathered.isEmpty else { return view }
    return try view.gather(gathered, neighbours: neighbours)
  }

  /// The coordinates of a mask's true places, one tensor for each of its axes.
  private func positions(of mask: Tensor, from axis: Int) throws -> [Tensor] {
    guard mask.dtype == .bool, mask.rank > 0 else {
      throw DomainError(.type, "a mask must be a tensor of bools with at least one axis")
    }
    for i in 0..<mask.rank where mask.shape[i] != shape[axis + i] {
      throw DomainError(
        .shape, "the mask has size \(mask.shape[i]) where the tensor has \(shape[axis + i])",
        detail: "the tensor is \(shape), the mask is \(mask.shape)")
    }
    return try mask.nonzero()
  }

  /// The coordinates of all elements that are not zero, one tensor of i64 for each axis.
  public func nonzero() throws -> [Tensor] {
    let mask = try detached.cast(to: .bool).contiguous()
    return try withExtendedLifetime(mask) {
      let bytes = mask.bytes
      let found = fl_count_u8(mask.count, bytes)
      let results = try (0..<rank).map { _ in try Tensor.uninitialized([found], .i64) }
      let steps = shape.contiguousStrides
      var next = 0
      for place in 0..<mask.count where bytes[place] != 0 {
        try Cancellation.check(turn: next)
        for axis in 0..<rank {
          results[axis].pointer(Int64.self)[next] = Int64(place / steps[axis] % shape[axis])
        }
        next += 1
      }
      return results
    }
  }

  /// Gathers at index tensors on several axes.
  private func gather(
    _ gathered: [(axis: Int, positions: Tensor)], neighbours: Bool
  ) throws -> Tensor {
    var common = Shape()
    for item in gathered {
      guard !item.positions.dtype.isFloating, item.positions.dtype != .bool else {
        throw DomainError(
          .type, "an index tensor must hold integers, got \(item.positions.dtype.name)")
      }
      common = try Shape.broadcast(common, item.positions.shape, "index")
    }
    // Linear positions over the indexed axes, which go to the front.
    let axes = gathered.map(\.axis)
    let others = (0..<rank).filter { !axes.contains($0) }
    let table = try permuted(axes + others)
    guard common.rank + others.count <= Shape.maximumRank else {
      throw DomainError(.limit, "a tensor has at most \(Shape.maximumRank) axes")
    }
    let total = common.count
    let rows = try Tensor.zeros([total], .i64)
    let linear = rows.pointer(Int64.self)
    for item in gathered {
      let size = shape[item.axis]
      let positions = try item.positions.detached.cast(to: .i64).stretched(to: common).contiguous()
      try withExtendedLifetime(positions) {
        let values = positions.pointer(Int64.self)
        for i in 0..<total {
          let at = try Tensor.resolved(
            index: Int(values[i]), size: size, axis: item.axis, shape)
          linear[i] = linear[i] * Int64(size) + Int64(at)
        }
      }
    }
    let rest = Shape(others.map { shape[$0] })
    let tableRows = axes.reduce(1) { $0 * shape[$1] }
    let taken = try table.reshaped([tableRows, rest.count]).takingRows(rows)
    let result = try taken.reshaped(common.array + rest.array)
    guard neighbours, let first = axes.first, first > 0 else { return result }
    // The gathered axes stand where the first indexed axis stood.
    let shift = common.rank
    let order =
      (0..<first).map { $0 + shift } + (0..<shift) + (first..<others.count).map { $0 + shift }
    return try result.permuted(order)
  }

  // MARK: Rows

  /// Rows `rows` (i64, checked, contiguous) of a matrix: the core of all gathering. The gradient adds rows in index
  /// order.
  func takingRows(_ rows: Tensor) throws -> Tensor {
    let table = try contiguous()
    let (tableRows, width) = (table.shape[0], table.shape[1])
    let result = try Tensor.uninitialized(
      try Shape(checking: [rows.count, width]), dtype)
    withExtendedLifetime((table, rows)) {
      let at = UnsafePointer(rows.pointer(Int64.self))
      switch dtype.size {
      case 1: Tensor.takeRows(table, at, width, result, Int8.self)
      case 4: Tensor.takeRows(table, at, width, result, Int32.self)
      default: Tensor.takeRows(table, at, width, result, Int64.self)
      }
    }
    guard table.node != nil else { return result }
    return Tape.record("gather", table, result) { gradient in
      let gradient = try gradient.contiguous()
      let sum = try Tensor.zeros([tableRows, width], gradient.dtype)
      withExtendedLifetime((gradient, rows)) {
        let at = UnsafePointer(rows.pointer(Int64.self))
        if gradient.dtype == .f32 {
          _ = fl_scatter_add_rows_i64_f32(
            rows.count, width, gradient.floats, width, nil, at, tableRows, sum.floats)
        } else {
          let (from, to) = (gradient.pointer(Double.self), sum.pointer(Double.self))
          for i in 0..<rows.count {
            for j in 0..<width { to[Int(at[i]) * width + j] += from[i * width + j] }
          }
        }
      }
      return sum
    }
  }

  private static func takeRows<T>(
    _ table: Tensor, _ rows: UnsafePointer<Int64>, _ width: Int, _ result: Tensor, _ type: T.Type
  ) {
    let from = table.storage.pointer.assumingMemoryBound(to: T.self) + table.offset
    let to = result.storage.pointer.assumingMemoryBound(to: T.self)
    let count = result.shape[0]
    guard width > 0 else { return }
    if width == 1 {
      for i in 0..<count { to[i] = from[Int(rows[i])] }
      return
    }
    Parallel.blocks(count, size: Swift.max(1, StridedLoop.blockElements / width)) { range in
      for i in range {
        (to + i * width).update(from: from + Int(rows[i]) * width, count: width)
      }
    }
  }

  /// Slices of this tensor along its first axis, without a trace: what batches are made of.
  public func rows(_ indices: [Int]) throws -> Tensor {
    guard let size = shape.first else {
      throw DomainError(.shape, "a tensor without axes has no rows")
    }
    let rest = Array(shape.dropFirst())
    let width = rest.reduce(dtype.size, *)
    let table = try detached.contiguous()
    let result = try Tensor.uninitialized(Shape(checking: [indices.count] + rest), dtype)
    let places = try indices.map { try Tensor.resolved(index: $0, size: size, axis: 0, shape) }
    guard width > 0 else { return result }
    let bytes = StridedLoop.blockElements * dtype.size
    withExtendedLifetime(table) {
      let from = table.storage.pointer + table.offset * dtype.size
      let to = result.storage.pointer
      Parallel.blocks(places.count, size: Swift.max(1, bytes / width)) { block in
        for i in block {
          (to + i * width).copyMemory(from: from + places[i] * width, byteCount: width)
        }
      }
    }
    return result
  }

  /// Slices of this tensor along `axis` at `indices` (one axis of integers).
  public func indexSelected(axis: Int, _ indices: Tensor) throws -> Tensor {
    let axis = try shape.normalized(axis: axis, "index_select")
    guard indices.rank == 1 else {
      throw DomainError(
        .shape, "`index_select` needs indices with one axis, got \(indices.shape)")
    }
    return try gather([(axis, indices)], neighbours: true)
  }

  /// result[i, j, …] = this[…, indices[i, j, …], …] with the index on `axis`: indices have as many axes as this tensor
  /// and sizes not above its own on the others.
  public func gathered(axis: Int, _ indices: Tensor) throws -> Tensor {
    let axis = try shape.normalized(axis: axis, "gather")
    guard indices.rank == rank, !indices.dtype.isFloating, indices.dtype != .bool,
      (0..<rank).allSatisfy({ $0 == axis || indices.shape[$0] <= shape[$0] })
    else {
      throw DomainError(
        .shape, "shapes do not match in `gather` along axis \(axis)",
        detail: "the tensor is \(shape), the indices (integers) are \(indices.shape)")
    }
    let positions = try indices.detached.cast(to: .i64).contiguous()
    let rows = try Tensor.uninitialized([positions.count], .i64)
    let steps = shape.contiguousStrides
    let indexSteps = indices.shape.contiguousStrides
    try withExtendedLifetime(positions) {
      let (values, out) = (positions.pointer(Int64.self), rows.pointer(Int64.self))
      for i in 0..<positions.count {
        var place = 0
        for a in 0..<rank {
          let coordinate =
            a == axis
            ? try Tensor.resolved(index: Int(values[i]), size: shape[axis], axis: axis, shape)
            : i / indexSteps[a] % indices.shape[a]
          place += coordinate * steps[a]
        }
        out[i] = Int64(place)
      }
    }
    return try reshaped([count, 1]).takingRows(rows).reshaped(indices.shape.array)
  }

  /// For each row along the last axis the element at its label: [.., classes] and labels [..] give [..].
  public func pick(_ labels: Tensor) throws -> Tensor {
    guard rank > 0, labels.shape == Shape(shape.dropLast()), !labels.dtype.isFloating,
      labels.dtype != .bool
    else {
      throw DomainError(
        .shape, "shapes do not match in `pick`",
        detail: "the tensor is \(shape), the labels (integers) are \(labels.shape)",
        hint: "labels need one integer for each row: the tensor's shape without its last axis")
    }
    let classes = shape[rank - 1]
    let positions = try labels.detached.cast(to: .i64).contiguous()
    let rows = try Tensor.uninitialized([positions.count], .i64)
    try withExtendedLifetime(positions) {
      let (values, out) = (positions.pointer(Int64.self), rows.pointer(Int64.self))
      for i in 0..<positions.count {
        let label = Int(values[i])
        guard label >= 0, label < classes else {
          throw DomainError(
            .index, "label \(label) is out of range: there are \(classes) classes",
            detail: "the tensor is \(shape)")
        }
        out[i] = Int64(i * classes + label)
      }
    }
    return try reshaped([count, 1]).takingRows(rows).reshaped(labels.shape.array)
  }

  /// A new last axis of `classes`, with 1 at the element's value and 0 elsewhere.
  public func oneHot(_ classes: Int, _ dtype: DType = .f32) throws -> Tensor {
    guard !self.dtype.isFloating else {
      throw DomainError(.type, "`one_hot` needs integers, got \(self.dtype.name)")
    }
    let result = try Tensor.zeros(try Shape(checking: shape.array + [classes]), .bool)
    let labels = try cast(to: .i64).contiguous()
    try withExtendedLifetime(labels) {
      let (values, out) = (labels.pointer(Int64.self), result.pointer(Bool.self))
      for i in 0..<count {
        try Cancellation.check(turn: i)
        let label = Int(values[i])
        guard label >= 0, label < classes else {
          throw DomainError(
            .index, "label \(label) is out of range: there are \(classes) classes")
        }
        out[i * classes + label] = true
      }
    }
    return try result.cast(to: dtype)
  }
}
