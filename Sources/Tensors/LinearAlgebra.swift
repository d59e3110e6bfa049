// Products of vectors, matrices and batches of matrices.

import Foundations

extension Tensor {
  /// `self @ other`: vectors and matrices as in NumPy; axes before the last two are batches, which are broadcast.
  public func matmul(_ other: Tensor) throws -> Tensor {
    guard rank > 0, other.rank > 0 else {
      throw DomainError(
        .shape, "`@` needs vectors or matrices",
        detail: "left is \(shape), right is \(other.shape)", hint: "multiply by a number with `*`")
    }
    let inner = shape[rank - 1]
    let otherInner = other.shape[Swift.max(other.rank - 2, 0)]
    guard inner == otherInner else { throw mismatch(other, inner, otherInner) }
    var dtype = DType.promoted(dtype, other.dtype)
    if dtype == .bool { dtype = .i64 }
    let a = try cast(to: dtype)
    let b = try other.cast(to: dtype)
    // A vector is a matrix of one row (left) or one column (right), which is taken off again.
    if a.rank == 1 {
      let product = try a.unsqueezed(0).matmul(b.rank == 1 ? b.unsqueezed(1) : b)
      let flat = try b.rank == 1 ? product.squeezed(-1) : product
      return try flat.squeezed(b.rank == 1 ? 0 : flat.rank - 2)
    }
    if b.rank == 1 { return try a.matmul(b.unsqueezed(1)).squeezed(-1) }
    // [batch…, m, k] @ [k, n] is one product of [batch · m, k].
    if a.rank > 2, b.rank == 2, a.isContiguous {
      let rows = a.count / Swift.max(inner, 1)
      if inner > 0 {
        let product = try a.reshaped([rows, inner]).matmul(b)
        return try product.reshaped(a.shape.dropLast() + [b.shape[1]])
          .with(lengths: a.rank == 3 ? a.lengths : nil)
      }
    }
    let batch = try Shape.broadcast(
      Shape(a.shape.dropLast(2)), Shape(b.shape.dropLast(2)), "@")
    let result = try Tensor.product(a.detached, b.detached, batch)
    guard a.node != nil || b.node != nil else { return result }
    let (x, y, shapeA, shapeB) = (a.detached, b.detached, a.shape, b.shape)
    return Tape.record(
      "@", a, b, result,
      { try Tensor.product($0, y.transposed(-1, -2), batch).summed(to: shapeA) },
      { try Tensor.product(x.transposed(-1, -2), $0, batch).summed(to: shapeB) })
  }

  private func mismatch(_ other: Tensor, _ inner: Int, _ otherInner: Int) -> DomainError {
    var hint: String?
    if rank == 2, other.rank == 2 {
      if inner == other.shape[1] {
        hint = "transpose one of them: `x @ \(shape == other.shape ? "x" : "y").T`"
      } else if shape[0] == otherInner {
        hint = "transpose one of them: `x.T @ \(shape == other.shape ? "x" : "y")`"
      }
    }
    return DomainError(
      .shape, "shapes do not match in `@`",
      detail:
        "inner sizes differ: \(inner) and \(otherInner)\nleft is \(shape), right is \(other.shape)",
      hint: hint)
  }

  /// How a matrix in the last two axes lies in memory, for a product routine.
  private struct MatrixLayout {
    var transposed: Bool
    var leading: Int

    /// Nil where neither rows nor columns lie together.
    init?(_ tensor: Tensor) {
      let (rows, columns) = (tensor.shape[tensor.rank - 2], tensor.shape[tensor.rank - 1])
      let (rowStep, columnStep) = (
        tensor.strides[tensor.rank - 2], tensor.strides[tensor.rank - 1]
      )
      if columnStep == 1 || columns <= 1, rowStep >= columns || rows <= 1 {
        transposed = false
        leading = rows <= 1 ? Swift.max(columns, 1) : rowStep
      } else if rowStep == 1 || rows <= 1, columnStep >= rows || columns <= 1 {
        transposed = true
        leading = columns <= 1 ? Swift.max(rows, 1) : columnStep
      } else {
        return nil
      }
    }
  }

  /// a[…, m, k] @ b[…, k, n], both without a trace and of one type, over the batch shape in which theirs meet.
  private static func product(_ a: Tensor, _ b: Tensor, _ batch: Shape) throws -> Tensor {
    let (m, k, n) = (a.shape[a.rank - 2], a.shape[a.rank - 1], b.shape[b.rank - 1])
    let target = try Shape(checking: batch.array + [m, n])
    guard a.dtype == .f32 else {
      return try genericProduct(a, b, batch, target)
    }
    let result = try uninitialized(target)
    if result.count == 0 { return result }
    var (left, right) = (a, b)
    if MatrixLayout(left) == nil { left = try left.contiguous() }
    if MatrixLayout(right) == nil { right = try right.contiguous() }
    guard let layoutA = MatrixLayout(left), let layoutB = MatrixLayout(right) else {
      preconditionFailure("a contiguous matrix has a layout")
    }
    let stepsA = left.batchStrides(batch)
    let stepsB = right.batchStrides(batch)
    let resultSteps = Shape(result.strides.dropLast(2))
    let loop = StridedLoop(batch, stepsA, stepsB, resultSteps)
    withExtendedLifetime((left, right)) {
      if loop.rank == 1 {
        Matmul.batched(
          loop.sizes[0], transposeA: layoutA.transposed, transposeB: layoutB.transposed, m: m,
          n: n, k: k, left.floats, layoutA.leading, strideA: loop.strides.0[0], right.floats,
          layoutB.leading, strideB: loop.strides.1[0], result.floats, n,
          strideC: loop.strides.2[0])
        return
      }
      let steps = loop.runStrides
      Parallel.serially {
        loop.forEachRun { i, j, o, count in
          Matmul.batched(
            count, transposeA: layoutA.transposed, transposeB: layoutB.transposed, m: m, n: n,
            k: k, left.floats + i, layoutA.leading, strideA: steps.0, right.floats + j,
            layoutB.leading, strideB: steps.1, result.floats + o, n, strideC: steps.2)
        }
      }
    }
    return result
  }

  /// Strides of the axes before the last two over a batch shape.
  private func batchStrides(_ batch: Shape) -> Shape {
    var steps = Shape(repeating: 0, rank: batch.rank)
    let own = rank - 2
    for axis in 0..<own where shape[axis] != 1 {
      steps[axis + batch.rank - own] = strides[axis]
    }
    return steps
  }

  private static func genericProduct(
    _ a: Tensor, _ b: Tensor, _ batch: Shape, _ target: Shape
  ) throws -> Tensor {
    let left = try a.stretched(to: Shape(batch.array + a.shape.suffix(2))).contiguous()
    let right = try b.stretched(to: Shape(batch.array + b.shape.suffix(2))).contiguous()
    let result = try zeros(target, a.dtype)
    switch a.dtype {
    case .f64:
      try multiply(left, right, result, Double.self) { $0 + $1 * $2 }
    case .i64, .i32, .f32, .bool:
      var overflow = false
      let add = { (sum: Int64, x: Int64, y: Int64) -> Int64 in
        let (product, first) = x.multipliedReportingOverflow(by: y)
        let (total, second) = sum.addingReportingOverflow(product)
        overflow = overflow || first || second
        return total
      }
      let wide = try zeros(target, .i64)
      try multiply(try left.cast(to: .i64), try right.cast(to: .i64), wide, Int64.self, add)
      guard !overflow else {
        throw DomainError(
          .value, "integer overflow in `@` of \(a.dtype.name) tensors",
          hint: "convert to f32 first")
      }
      return try wide.cast(to: a.dtype)
    }
    return result
  }

  private static func multiply<T: TensorElement>(
    _ a: Tensor, _ b: Tensor, _ result: Tensor, _ type: T.Type, _ add: (T, T, T) -> T
  ) throws {
    let (m, k, n) = (a.shape[a.rank - 2], a.shape[a.rank - 1], b.shape[b.rank - 1])
    let (x, y, out) = (a.pointer(type), b.pointer(type), result.pointer(type))
    guard result.count > 0 else { return }
    for batch in 0..<(result.count / (m * n)) {
      let (from, with, to) = (x + batch * m * k, y + batch * k * n, out + batch * m * n)
      for row in 0..<m {
        if k * n > 1 << 12 { try Cancellation.check() }
        for inner in 0..<k {
          try Cancellation.check(turn: inner)
          let factor = from[row * k + inner]
          for column in 0..<n {
            to[row * n + column] = add(to[row * n + column], factor, with[inner * n + column])
          }
        }
      }
    }
  }

  /// Σ aᵢ bᵢ of two vectors.
  public func dot(_ other: Tensor) throws -> Tensor {
    guard rank == 1, other.rank == 1 else {
      throw DomainError(
        .shape, "`dot` needs two vectors", detail: "left is \(shape), right is \(other.shape)",
        hint: "use `@` for matrices")
    }
    return try matmul(other)
  }

  /// The matrix of all products aᵢ bⱼ of two vectors.
  public func outer(_ other: Tensor) throws -> Tensor {
    guard rank == 1, other.rank == 1 else {
      throw DomainError(
        .shape, "`outer` needs two vectors", detail: "left is \(shape), right is \(other.shape)")
    }
    return try unsqueezed(1) * other.unsqueezed(0)
  }

  /// The diagonal of a matrix.
  public func diagonal() throws -> Tensor {
    guard rank == 2 else {
      throw DomainError(.shape, "`diagonal` needs a matrix, the tensor is \(shape)")
    }
    let length = Swift.min(shape[0], shape[1])
    let places = try Tensor(ints: (0..<length).map { $0 * shape[1] + $0 })
    return try reshaped([count, 1]).takingRows(places).reshaped([length])
  }
}
