import CKernels
import Foundations
import Tensors

extension TeacherLogits {
  /// The `count` largest logits of each position, with the mass of the others at `temperature`.
  ///
  /// - Throws: `value` where there are fewer logits than asked for.
  public static func largest(of logits: Tensor, count: Int, temperature: Double) throws
    -> TeacherLogits
  {
    let found = try LargestLogits(logits, count: count, temperatures: [temperature])
    return .largest(ids: found.ids, values: found.values, tails: found.tails[0])
  }
}

/// The largest logits of every position, and what the others weigh at some temperatures.
struct LargestLogits {
  /// [positions …, count], i32.
  let ids: Tensor
  /// [positions …, count], f32; largest first.
  let values: Tensor
  /// For each temperature log Σ e^(z/τ) over the other logits, [positions …].
  let tails: [Tensor]

  init(_ logits: Tensor, count k: Int, temperatures: [Double]) throws {
    guard let classes = logits.shape.last, logits.rank > 0, k > 0, k <= classes else {
      throw DomainError(
        .value, "the \(k) largest of \(logits.shape.last ?? 0) logits cannot be had")
    }
    let x = try DistillationLoss.floats(logits, "the teacher's logits")
    let shape = Shape(logits.shape.dropLast())
    let rows = shape.count
    let ids = try Tensor.uninitialized(Shape(Array(shape) + [k]), .i32)
    let values = try Tensor.uninitialized(Shape(Array(shape) + [k]))
    let tails = try temperatures.map { _ in try Tensor.uninitialized(shape) }
    let size = RowBlock.size(classes)
    let scratch = try Tensor.uninitialized([max(1, (rows + size - 1) / size), classes])
    Parallel.blocks(rows, size: size) {
      let at = $0.lowerBound
      let room = scratch.floats + at / size * classes
      fl_largest_rows_f32(
        $0.count, classes, k, x.floats + at * classes, ids.pointer(Int32.self) + at * k,
        values.floats + at * k)
      for (temperature, tail) in zip(temperatures, tails) {
        fl_tail_logsumexp_f32(
          $0.count, classes, k, x.floats + at * classes, ids.pointer(Int32.self) + at * k,
          Float(temperature), room, tail.floats + at)
      }
    }
    withExtendedLifetime((x, scratch)) {}
    self.ids = ids
    self.values = values
    self.tails = tails
  }
}
