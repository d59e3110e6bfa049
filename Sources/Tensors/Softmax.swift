import CKernels
import Foundations
import Glibc

// Softmax and its logarithm along one axis.

extension Tensor {
  /// exp(x) / Σ exp(x) along `axis`.
  public func softmax(axis: Int = -1) throws -> Tensor {
    try alongLast(axis, "softmax") { try $0.softmaxRows(logarithm: false) }
  }

  /// x - log Σ exp(x) along `axis`.
  public func logSoftmax(axis: Int = -1) throws -> Tensor {
    try alongLast(axis, "log_softmax") { try $0.softmaxRows(logarithm: true) }
  }

  /// Applies a function of the last axis to another one. A scalar is read as one element.
  func alongLast(
    _ axis: Int, _ name: String, _ function: (Tensor) throws -> Tensor
  ) throws -> Tensor {
    let input = try dtype.isFloating ? self : cast(to: .f32)
    if rank == 0 { return try function(input.unsqueezed(0)).squeezed(0) }
    let axis = try shape.normalized(axis: axis, name)
    if axis == rank - 1 { return try function(input) }
    return try function(input.transposed(axis, rank - 1)).transposed(axis, rank - 1)
  }

  private func softmaxRows(logarithm: Bool) throws -> Tensor {
    let input = try contiguous()
    let columns = shape[rank - 1]
    let rows = columns == 0 ? 0 : count / columns
    let result = try Tensor.uninitialized(shape, dtype).with(lengths: lengths)
    let blockRows = Swift.max(1, StridedLoop.blockElements / 4 / Swift.max(columns, 1))
    withExtendedLifetime(input) {
      if dtype == .f32 {
        let (x, y) = (input.floats, result.floats)
        Parallel.blocks(rows, size: blockRows) { part in
          let at = part.lowerBound * columns
          if logarithm {
            fl_log_softmax_rows_f32(part.count, columns, 1, x + at, y + at)
          } else {
            fl_softmax_rows_f32(part.count, columns, 1, x + at, y + at)
          }
        }
      } else {
        let (x, y) = (input.pointer(Double.self), result.pointer(Double.self))
        for row in 0..<rows {
          let (from, to) = (x + row * columns, y + row * columns)
          var top = -Double.infinity
          for i in 0..<columns where from[i] > top || from[i].isNaN { top = from[i] }
          var sum = 0.0
          for i in 0..<columns { sum += Glibc.exp(from[i] - top) }
          for i in 0..<columns {
            let shifted = from[i] - top
            to[i] = logarithm ? shifted - Glibc.log(sum) : Glibc.exp(shifted) / sum
          }
        }
      }
    }
    guard input.node != nil else { return result }
    let output = result.detached
    return Tape.record(logarithm ? "log_softmax" : "softmax", input, result) { gradient in
      let gradient = try gradient.contiguous()
      guard gradient.dtype == .f32 else {
        if logarithm {
          return try gradient - output.exp() * gradient.sum(axes: [-1], keepAxes: true)
        }
        return try output * (gradient - (gradient * output).sum(axes: [-1], keepAxes: true))
      }
      let answer = try Tensor.uninitialized(output.shape)
      withExtendedLifetime((gradient, output)) {
        let (dy, y, dx) = (gradient.floats, output.floats, answer.floats)
        Parallel.blocks(rows, size: blockRows) { part in
          let at = part.lowerBound * columns
          if logarithm {
            fl_log_softmax_backward_f32(part.count, columns, 1, dy + at, y + at, dx + at)
          } else {
            fl_softmax_backward_f32(part.count, columns, 1, dy + at, y + at, dx + at)
          }
        }
      }
      return answer
    }
  }
}
