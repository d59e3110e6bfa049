import CKernels
import Foundations
import Glibc

// Sums, means, extremes and norms over axes. f32 sums accumulate in f64; blocks are combined in index order.

/// A tensor arranged for a reduction: `outer` groups of `reduced` × `inner` numbers, of which the middle axis
/// disappears.
struct ReductionLayout {
  let dense: Tensor
  let outer: Int
  let reduced: Int
  let inner: Int
  /// The result's shape, and the same with the reduced axes kept as 1.
  let shape: Shape
  let keptShape: Shape

  /// With `rows`, `inner` is 1: each group lies together.
  init(_ tensor: Tensor, _ axes: [Int], rows: Bool = false) throws {
    var shape = Shape()
    var keptShape = tensor.shape
    var isReduced = Array(repeating: false, count: tensor.rank)
    for axis in axes {
      keptShape[axis] = 1
      isReduced[axis] = true
    }
    for axis in 0..<tensor.rank where !isReduced[axis] { shape.append(tensor.shape[axis]) }
    self.shape = shape
    self.keptShape = keptShape
    reduced = axes.reduce(1) { $0 * tensor.shape[$1] }
    guard let first = axes.first, let last = axes.last else {
      dense = try tensor.detached.contiguous()
      outer = tensor.count
      inner = 1
      return
    }
    let after = tensor.shape[(last + 1)...].reduce(1, *)
    if last - first + 1 == axes.count, !rows || after == 1 {
      dense = try tensor.detached.contiguous()
      outer = tensor.shape[..<first].reduce(1, *)
      inner = after
    } else {
      let kept = (0..<tensor.rank).filter { !isReduced[$0] }
      dense = try tensor.detached.permuted(kept + axes).contiguous()
      outer = shape.count
      inner = 1
    }
  }

  /// Calls `body(group, first, step)` for each result: its elements lie at first, first + step, …
  @inline(__always)
  func forEachGroup(_ body: (Int, Int, Int) -> Void) {
    for o in 0..<outer {
      for i in 0..<inner { body(o * inner + i, o * reduced * inner + i, inner) }
    }
  }

  /// Groups that one parallel block takes.
  var groupsPerBlock: Int { max(1, StridedLoop.blockElements / max(1, reduced * inner)) }
}

extension Tensor {
  // MARK: Sum and mean

  /// The sum over `axes` (all of them for nil). Bools and 32-bit integers add up as 64-bit integers, whose overflow is
  /// a value error.
  public func sum(axes: [Int]? = nil, keepAxes: Bool = false) throws -> Tensor {
    let axes = try shape.normalized(axes: axes, "sum")
    if dtype == .bool || dtype == .i32 {
      return try cast(to: .i64).sum(axes: axes, keepAxes: keepAxes)
    }
    let layout = try ReductionLayout(self, axes)
    let result = try Tensor.zeros(keepAxes ? layout.keptShape : layout.shape, dtype)
    if count > 0 {
      switch dtype {
      case .f32: layout.sumFloats(into: result, scale: 1)
      case .f64: layout.reduce(into: result, Double.self) { $0.reduce(0, +) }
      default:
        var overflow = false
        layout.reduce(into: result, Int64.self) { values in
          var total: Int64 = 0
          for value in values {
            let (sum, tooBig) = total.addingReportingOverflow(value)
            total = sum
            overflow = overflow || tooBig
          }
          return total
        }
        guard !overflow else {
          throw DomainError(.value, "integer overflow in `sum`", hint: "convert to f64 first")
        }
      }
    }
    return recordSpread("sum", layout, result, 1)
  }

  /// The mean over `axes` (all of them for nil); integers give f32. NaN where there is nothing.
  public func mean(axes: [Int]? = nil, keepAxes: Bool = false) throws -> Tensor {
    let input = try dtype.isFloating ? self : cast(to: .f32)
    let axes = try shape.normalized(axes: axes, "mean")
    let layout = try ReductionLayout(input, axes)
    let scale = 1 / Double(layout.reduced)
    let result = try Tensor.zeros(keepAxes ? layout.keptShape : layout.shape, input.dtype)
    if layout.reduced == 0 {
      return try Tensor.full(result.shape, .nan, input.dtype)
    } else if input.dtype == .f32 {
      layout.sumFloats(into: result, scale: Float(scale))
    } else {
      layout.reduce(into: result, Double.self) { $0.reduce(0, +) * scale }
    }
    return input.recordSpread("mean", layout, result, scale)
  }

  /// Records a reduction whose gradient is the same for all elements of a group.
  private func recordSpread(
    _ op: StaticString, _ layout: ReductionLayout, _ result: Tensor, _ scale: Double
  ) -> Tensor {
    guard node != nil else { return result }
    let (kept, original) = (layout.keptShape, shape)
    return Tape.record(op, self, result) { gradient in
      let scaled = scale == 1 ? gradient : try gradient * scale
      return try scaled.viewed(as: kept).stretched(to: original)
    }
  }

  // MARK: Extremes

  /// The largest element over `axes`; NaN where there is one. The gradient is shared by equals.
  public func maximum(axes: [Int]? = nil, keepAxes: Bool = false) throws -> Tensor {
    try extreme("max", axes, keepAxes, fl_max_rows_f32) { a, b in b > a }
  }

  /// The smallest element over `axes`; NaN where there is one. The gradient is shared by equals.
  public func minimum(axes: [Int]? = nil, keepAxes: Bool = false) throws -> Tensor {
    try extreme("min", axes, keepAxes, fl_min_rows_f32) { a, b in b < a }
  }

  private typealias RowKernel =
    @convention(c) (Int, Int, UnsafePointer<Float>?, Int, UnsafeMutablePointer<Float>?) -> Void

  private func extreme(
    _ name: StaticString, _ axes: [Int]?, _ keepAxes: Bool, _ kernel: RowKernel,
    _ better: (Double, Double) -> Bool
  ) throws -> Tensor {
    let axes = try shape.normalized(axes: axes, "\(name)")
    let layout = try ReductionLayout(self, axes, rows: true)
    try requireElements(layout, "\(name)")
    let result = try Tensor.uninitialized(keepAxes ? layout.keptShape : layout.shape, dtype)
    switch dtype {
    case .f32:
      let (x, y, columns) = (layout.dense.floats, result.floats, layout.reduced)
      Parallel.blocks(layout.outer, size: layout.groupsPerBlock) { rows in
        kernel(rows.count, columns, x + rows.lowerBound * columns, columns, y + rows.lowerBound)
      }
    case .f64:
      layout.reduce(into: result, Double.self) { values in
        values.reduce(values[values.startIndex]) { best, x in
          best.isNaN || !(x.isNaN || better(best, x)) ? best : x
        }
      }
    case .i64:
      let largest = better(0, 1)
      layout.reduce(into: result, Int64.self) {
        $0.reduce($0[$0.startIndex]) { largest ? Swift.max($0, $1) : Swift.min($0, $1) }
      }
    case .i32:
      let largest = better(0, 1)
      layout.reduce(into: result, Int32.self) {
        $0.reduce($0[$0.startIndex]) { largest ? Swift.max($0, $1) : Swift.min($0, $1) }
      }
    case .bool:
      let largest = better(0, 1)
      layout.reduce(into: result, Bool.self) { values in
        largest ? values.contains(true) : !values.contains(false)
      }
    }
    guard node != nil else { return result }
    let (input, kept, best) = (detached, layout.keptShape, result.detached)
    return Tape.record(name, self, result) { gradient in
      let hits = try Tensor.compare(.equal, input, best.viewed(as: kept)).cast(to: input.dtype)
      let ties = try hits.sum(axes: axes, keepAxes: true)
      return try hits * (gradient.viewed(as: kept) / ties)
    }
  }

  private func requireElements(_ layout: ReductionLayout, _ name: String) throws {
    guard layout.reduced > 0 || layout.shape.count == 0 else {
      throw DomainError(.value, "`\(name)` of no elements: the tensor has shape \(shape)")
    }
  }

  /// Where the largest element is along `axis` (in the flattened tensor for nil): the first of equals, a NaN before
  /// all.
  public func argmax(axis: Int? = nil, keepAxes: Bool = false) throws -> Tensor {
    try argExtreme("argmax", axis, keepAxes, fl_argmax_f32) { $1 > $0 }
  }

  /// Where the smallest element is along `axis` (in the flattened tensor for nil): the first of equals, a NaN before
  /// all.
  public func argmin(axis: Int? = nil, keepAxes: Bool = false) throws -> Tensor {
    try argExtreme("argmin", axis, keepAxes, fl_argmin_f32) { $1 < $0 }
  }

  private func argExtreme(
    _ name: String, _ axis: Int?, _ keepAxes: Bool,
    _ kernel: @convention(c) (Int, UnsafePointer<Float>?) -> Int64,
    _ better: (Double, Double) -> Bool
  ) throws -> Tensor {
    let axes = try shape.normalized(axes: axis.map { [$0] }, name)
    // f64 holds every integer up to 2⁵³ exactly; larger ones are told apart by their first equal.
    let source = dtype == .f32 ? self : try detached.cast(to: .f64)
    let layout = try ReductionLayout(source, axes, rows: true)
    try requireElements(layout, name)
    let result = try Tensor.uninitialized(keepAxes ? layout.keptShape : layout.shape, .i64)
    let (out, columns) = (result.pointer(Int64.self), layout.reduced)
    if source.dtype == .f32 {
      let x = layout.dense.floats
      Parallel.blocks(layout.outer, size: layout.groupsPerBlock) { rows in
        for row in rows { out[row] = kernel(columns, x + row * columns) }
      }
    } else {
      let x = layout.dense.pointer(Double.self)
      for row in 0..<layout.outer {
        let values = x + row * columns
        var best = 0
        for i in 1..<Swift.max(columns, 1)
        where !values[best].isNaN && (values[i].isNaN || better(values[best], values[i])) {
          best = i
        }
        out[row] = Int64(best)
      }
    }
    return result
  }

  // MARK: Truth

  /// Whether any element is true (not zero).
  public func any(axes: [Int]? = nil, keepAxes: Bool = false) throws -> Tensor {
    try truth("any", axes, keepAxes) { $0.contains(true) }
  }

  /// Whether all elements are true (not zero); true of none.
  public func all(axes: [Int]? = nil, keepAxes: Bool = false) throws -> Tensor {
    try truth("all", axes, keepAxes) { !$0.contains(false) }
  }

  private func truth(
    _ name: String, _ axes: [Int]?, _ keepAxes: Bool, _ test: (StridedValues<Bool>) -> Bool
  ) throws -> Tensor {
    let axes = try shape.normalized(axes: axes, name)
    let layout = try ReductionLayout(detached.cast(to: .bool), axes)
    let result = try Tensor.uninitialized(keepAxes ? layout.keptShape : layout.shape, .bool)
    layout.reduce(into: result, Bool.self, test)
    return result
  }

  // MARK: Products, spread and norms

  /// The product over `axes`. Its gradient is exact where elements are zero.
  public func prod(axes: [Int]? = nil, keepAxes: Bool = false) throws -> Tensor {
    let axes = try shape.normalized(axes: axes, "prod")
    if !dtype.isFloating {
      let layout = try ReductionLayout(cast(to: .i64), axes)
      let result = try Tensor.uninitialized(keepAxes ? layout.keptShape : layout.shape, .i64)
      var overflow = false
      layout.reduce(into: result, Int64.self) { values in
        values.reduce(1) { total, x in
          let (product, tooBig) = total.multipliedReportingOverflow(by: x)
          overflow = overflow || tooBig
          return product
        }
      }
      guard !overflow else {
        throw DomainError(.value, "integer overflow in `prod`", hint: "convert to f64 first")
      }
      return result
    }
    let layout = try ReductionLayout(cast(to: .f64), axes, rows: true)
    let wide = try Tensor.uninitialized(keepAxes ? layout.keptShape : layout.shape, .f64)
    layout.reduce(into: wide, Double.self) { $0.reduce(1, *) }
    let result = try wide.cast(to: dtype)
    guard node != nil else { return result }
    let original = self.detached
    return Tape.record("prod", self, result) { gradient in
      try layout.productGradient(gradient, of: original, axes)
    }
  }

  /// The variance over `axes`: the sum of squared distances from the mean over count - `correction` (1: of a sample, 0:
  /// of a population).
  public func variance(
    axes: [Int]? = nil, correction: Double = 1, keepAxes: Bool = false
  ) throws -> Tensor {
    let axes = try shape.normalized(axes: axes, "var")
    let centered = try self - mean(axes: axes, keepAxes: true)
    let number = Double(axes.reduce(1) { $0 * shape[$1] })
    return try centered.square().sum(axes: axes, keepAxes: keepAxes)
      * (1 / Swift.max(number - correction, 0))
  }

  /// The square root of the variance.
  public func standardDeviation(
    axes: [Int]? = nil, correction: Double = 1, keepAxes: Bool = false
  ) throws -> Tensor {
    try variance(axes: axes, correction: correction, keepAxes: keepAxes).sqrt()
  }

  /// (Σ|x|ᵖ)^(1/p) over `axes`; the largest |x| for an infinite p. The Euclidean norm's gradient at zero is zero.
  public func norm(_ order: Double = 2, axes: [Int]? = nil, keepAxes: Bool = false) throws -> Tensor
  {
    guard order > 0 else {
      throw DomainError(.value, "the order of a norm must be > 0, got \(order)")
    }
    let input = try dtype.isFloating ? self : cast(to: .f32)
    let axes = try shape.normalized(axes: axes, "norm")
    if order == 1 { return try input.abs().sum(axes: axes, keepAxes: keepAxes) }
    if order == .infinity { return try input.abs().maximum(axes: axes, keepAxes: keepAxes) }
    if order != 2 {
      return try input.abs().pow(order).sum(axes: axes, keepAxes: keepAxes).pow(1 / order)
    }
    let source = input.detached
    let result = try source.square().sum(axes: axes, keepAxes: keepAxes).sqrt()
    guard input.node != nil else { return result }
    let kept = try ReductionLayout(source, axes).keptShape
    let norms = result
    return Tape.record("norm", input, result) { gradient in
      let zero = try Tensor.scalar(0, source.dtype)
      let scale = try gradient.viewed(as: kept) / norms.viewed(as: kept)
      let safe = try Tensor.select(
        Tensor.compare(.equal, norms.viewed(as: kept), zero), zero, scale)
      return try source * safe
    }
  }

  /// log Σ exp(x) over `axes`, without overflow.
  public func logSumExp(axes: [Int]? = nil, keepAxes: Bool = false) throws -> Tensor {
    let input = try dtype.isFloating ? self : cast(to: .f32)
    let axes = try shape.normalized(axes: axes, "logsumexp")
    let layout = try ReductionLayout(input, axes, rows: true)
    let result = try Tensor.uninitialized(keepAxes ? layout.keptShape : layout.shape, input.dtype)
    if input.dtype == .f32, layout.reduced > 0 {
      let (x, y, columns) = (layout.dense.floats, result.floats, layout.reduced)
      Parallel.blocks(layout.outer, size: layout.groupsPerBlock) { rows in
        fl_logsumexp_rows_f32(
          rows.count, columns, x + rows.lowerBound * columns, y + rows.lowerBound)
      }
    } else if input.dtype == .f32 {
      fl_fill_f32(result.count, -.infinity, result.floats)
    } else {
      layout.reduce(into: result, Double.self) { values in
        let top = values.reduce(-.infinity) { $1 > $0 || $1.isNaN ? $1 : $0 }
        guard top.isFinite else { return top }
        return top + Glibc.log(values.reduce(0) { $0 + Glibc.exp($1 - top) })
      }
    }
    guard input.node != nil else { return result }
    let (source, kept) = (input.detached, layout.keptShape)
    return Tape.record("logsumexp", input, result) { gradient in
      // The softmax, from differences that stay exact for large numbers.
      let powers = try (source - source.maximum(axes: axes, keepAxes: true)).exp()
      return try powers
        * (gradient.viewed(as: kept) / powers.sum(axes: axes, keepAxes: true))
    }
  }

  /// Running sums along `axis`.
  public func cumulativeSum(axis: Int) throws -> Tensor {
    let axis = try shape.normalized(axis: axis, "cumsum")
    let input = try dtype == .bool || dtype == .i32 ? cast(to: .i64) : self
    let result = try input.accumulated(axis, backwards: false)
    guard input.node != nil else { return result }
    return Tape.record("cumsum", input, result) { try $0.accumulated(axis, backwards: true) }
  }

  private func accumulated(_ axis: Int, backwards: Bool) throws -> Tensor {
    let layout = try ReductionLayout(self, [axis])
    let result = try Tensor.uninitialized(shape, dtype)
    var overflow = false
    layout.forEachGroup { _, first, step in
      if Parallel.isAbandoned { return }
      for k in 0..<layout.reduced {
        if Parallel.isAbandoned(turn: k) { return }
        let at = first + (backwards ? layout.reduced - 1 - k : k) * step
        let before = backwards ? at + step : at - step
        switch dtype {
        case .f32:
          let (x, y) = (layout.dense.floats, result.floats)
          y[at] = k == 0 ? x[at] : y[before] + x[at]
        case .f64:
          let (x, y) = (layout.dense.pointer(Double.self), result.pointer(Double.self))
          y[at] = k == 0 ? x[at] : y[before] + x[at]
        default:
          let (x, y) = (layout.dense.pointer(Int64.self), result.pointer(Int64.self))
          let (sum, tooBig) = (k == 0 ? 0 : y[before]).addingReportingOverflow(x[at])
          y[at] = sum
          overflow = overflow || tooBig
        }
      }
    }
    guard !overflow else { throw DomainError(.value, "integer overflow in `cumsum`") }
    return result
  }
}

/// The elements of one group of a reduction.
struct StridedValues<T>: RandomAccessCollection {
  let base: UnsafePointer<T>
  let step: Int
  let count: Int
  var startIndex: Int { 0 }
  var endIndex: Int { count }
  subscript(i: Int) -> T { base[i * step] }
}

extension ReductionLayout {
  /// result[group] = function(elements of the group), one group after the other.
  @inline(__always)
  func reduce<T: TensorElement>(
    into result: Tensor, _ type: T.Type, _ function: (StridedValues<T>) -> T
  ) {
    withExtendedLifetime(dense) {
      let (x, y) = (UnsafePointer(dense.pointer(type)), result.pointer(type))
      forEachGroup { group, first, step in
        y[group] = function(StridedValues(base: x + first, step: step, count: reduced))
      }
    }
  }

  /// result[group] = scale · Σ of the group.
  func sumFloats(into result: Tensor, scale: Float) {
    withExtendedLifetime(dense) {
      let (x, y) = (UnsafePointer(dense.floats), result.floats)
      if inner == 1, outer == 1 {
        y[0] = Float(ReductionLayout.total(reduced, x, fl_sum_f32) * Double(scale))
      } else if inner == 1 {
        Parallel.blocks(outer, size: groupsPerBlock) { rows in
          fl_sum_rows_f32(
            rows.count, reduced, x + rows.lowerBound * reduced, reduced, scale,
            y + rows.lowerBound)
        }
      } else if outer == 1 {
        // Columns are cut, so that each sum is made by one thread from the first row to the last.
        Parallel.blocks(inner, size: max(64, StridedLoop.blockElements / max(1, reduced))) {
          fl_sum_columns_f32(
            reduced, $0.count, x + $0.lowerBound, inner, nil, 0, y + $0.lowerBound)
        }
        if scale != 1 { fl_scale_f32(result.count, scale, y, y) }
      } else {
        Parallel.blocks(outer, size: groupsPerBlock) { groups in
          for o in groups {
            fl_sum_columns_f32(
              reduced, inner, x + o * reduced * inner, inner, nil, 0, y + o * inner)
          }
        }
        if scale != 1 { fl_scale_f32(result.count, scale, y, y) }
      }
    }
  }

  /// Sums a long array in blocks whose partial sums are added in index order.
  static func total(
    _ count: Int, _ x: UnsafePointer<Float>,
    _ kernel: @convention(c) (Int, UnsafePointer<Float>?) -> Double
  ) -> Double {
    let size = 1 << 16
    guard count > size else { return kernel(count, x) }
    let blocks = (count + size - 1) / size
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: blocks) { partial in
      Parallel.blocks(count, size: size) { range in
        partial[range.lowerBound / size] = kernel(range.count, x + range.lowerBound)
      }
      return partial.reduce(0, +)
    }
  }

  /// d prod / dxᵢ = the product of the others, by prefix and suffix products (division would fail at zeros).
  fileprivate func productGradient(
    _ gradient: Tensor, of original: Tensor, _ axes: [Int]
  ) throws -> Tensor {
    let wide = try gradient.cast(to: .f64).contiguous()
    let others = try Tensor.uninitialized(dense.shape, .f64)
    let (x, y) = (dense.pointer(Double.self), others.pointer(Double.self))
    for group in 0..<outer {
      let (from, to) = (x + group * reduced, y + group * reduced)
      var product = wide.pointer(Double.self)[group]
      for i in 0..<reduced {
        to[i] = product
        product *= from[i]
      }
      product = 1
      for i in stride(from: reduced - 1, through: 0, by: -1) {
        to[i] *= product
        product *= from[i]
      }
    }
    // The dense form may have its axes in another order: kept axes first.
    let kept = (0..<original.rank).filter { !axes.contains($0) }
    let order = kept + axes
    if dense.shape == original.shape && order == Array(0..<original.rank)
      || inner == 1
        && dense.shape == original.shape && axes.last == original.rank - 1
    {
      return try others.cast(to: original.dtype)
    }
    var inverse = Array(repeating: 0, count: order.count)
    for (position, axis) in order.enumerated() { inverse[axis] = position }
    return try others.permuted(inverse).contiguous().cast(to: original.dtype)
  }
}

extension Tensor {
  /// The sum of squares of all elements of a contiguous f32 tensor, in f64: blocks are combined in index order.
  public func squaredNorm() throws -> Double {
    let dense = try detached.cast(to: .f32).contiguous()
    return withExtendedLifetime(dense) {
      ReductionLayout.total(dense.count, dense.floats, fl_sumsq_f32)
    }
  }
}
