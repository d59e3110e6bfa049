// Order along an axis. The values' gradient goes to the elements that they came from.

extension Tensor {
  /// The elements in order along `axis` and where they came from. Equal elements keep their order; NaN comes last.
  public func sorted(axis: Int = -1, descending: Bool = false) throws -> (
    values: Tensor, indices: Tensor
  ) {
    let axis = try shape.normalized(axis: axis, "sort")
    let indices = try ordered(axis, descending, count: nil)
    return (try gathered(axis: axis, indices), indices)
  }

  /// The positions that put the elements in order along `axis`.
  public func argsorted(axis: Int = -1, descending: Bool = false) throws -> Tensor {
    try ordered(try shape.normalized(axis: axis, "argsort"), descending, count: nil)
  }

  /// The `k` largest (or smallest) elements along `axis`, best first, and where they are.
  public func top(_ k: Int, axis: Int = -1, largest: Bool = true) throws -> (
    values: Tensor, indices: Tensor
  ) {
    let axis = try shape.normalized(axis: axis, "topk")
    guard k >= 0, k <= shape[axis] else {
      throw DomainError(
        .value, "`topk` of \(k) elements along an axis of size \(shape[axis])",
        detail: "the tensor is \(shape)")
    }
    let indices = try ordered(axis, largest, count: k)
    return (try gathered(axis: axis, indices), indices)
  }

  private func ordered(_ axis: Int, _ descending: Bool, count kept: Int?) throws -> Tensor {
    let source = try detached.transposed(axis, rank - 1).contiguous()
    let length = shape[axis]
    let rows = length == 0 ? 0 : count / length
    var target = source.shape
    target[rank - 1] = kept ?? length
    let result = try Tensor.uninitialized(target, .i64)
    let out = result.pointer(Int64.self)
    let k = kept ?? length
    withExtendedLifetime(source) {
      switch dtype {
      case .f32:
        order(source.pointer(Float.self), rows, length, k, out) { a, b in
          a.isNaN ? false : b.isNaN ? true : descending ? a > b : a < b
        }
      case .f64:
        order(source.pointer(Double.self), rows, length, k, out) { a, b in
          a.isNaN ? false : b.isNaN ? true : descending ? a > b : a < b
        }
      case .i64:
        order(source.pointer(Int64.self), rows, length, k, out) { descending ? $0 > $1 : $0 < $1 }
      case .i32:
        order(source.pointer(Int32.self), rows, length, k, out) { descending ? $0 > $1 : $0 < $1 }
      case .bool:
        order(source.bytes, rows, length, k, out) { descending ? $0 > $1 : $0 < $1 }
      }
    }
    return try result.transposed(axis, rank - 1).contiguous()
  }

  /// Writes for each row the positions of its first `kept` elements in order. Ties go to the earlier position.
  @inline(__always)
  private func order<T>(
    _ values: UnsafePointer<T>, _ rows: Int, _ length: Int, _ kept: Int,
    _ out: UnsafeMutablePointer<Int64>, _ before: (T, T) -> Bool
  ) {
    guard kept > 0 else { return }
    var positions = Array(repeating: 0, count: length)
    for row in 0..<rows {
      let x = values + row * length
      func precedes(_ a: Int, _ b: Int) -> Bool {
        if before(x[a], x[b]) { return true }
        return before(x[b], x[a]) ? false : a < b
      }
      let to = out + row * kept
      if kept * 8 < length {
        // A heap of the best so far, its worst on top.
        var heap: [Int] = []
        heap.reserveCapacity(kept)
        for i in 0..<length {
          if heap.count < kept {
            heap.append(i)
            var child = heap.count - 1
            while child > 0, precedes(heap[(child - 1) / 2], heap[child]) {
              heap.swapAt(child, (child - 1) / 2)
              child = (child - 1) / 2
            }
          } else if precedes(i, heap[0]) {
            heap[0] = i
            var parent = 0
            while true {
              var worst = parent
              for child in [2 * parent + 1, 2 * parent + 2]
              where child < kept && precedes(heap[worst], heap[child]) {
                worst = child
              }
              if worst == parent { break }
              heap.swapAt(parent, worst)
              parent = worst
            }
          }
        }
        heap.sort(by: precedes)
        for (rank, position) in heap.enumerated() { to[rank] = Int64(position) }
      } else {
        for i in 0..<length { positions[i] = i }
        positions.sort(by: precedes)
        for rank in 0..<kept { to[rank] = Int64(positions[rank]) }
      }
    }
  }
}
