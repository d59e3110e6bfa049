import CKernels
import Foundations
import Tensors

/// Examples that one thread treats at a time when norms are taken.
enum ExampleBlocks {
  static func size(time: Int, width: Int) -> Int { max(1, min(64, 65536 / max(1, time * width))) }
}

/// Weights per example, applied to what was saved per row.
enum ExampleWeights {
  /// x [examples, width] with row i times weights[i].
  static func scaled(
    _ x: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, examples: Int, width: Int
  ) throws -> Tensor {
    let result = try Tensor.uninitialized([examples, width])
    let to = result.floats
    Parallel.blocks(examples, size: RowBlocks.size(width: width)) { block in
      let start = block.lowerBound * width
      fl_mul_vc_f32(block.count, width, x + start, weights + block.lowerBound, to + start)
    }
    return result
  }

  /// Each weight `times` times, for kernels that want one weight a row.
  static func repeated(_ weights: UnsafePointer<Float>, examples: Int, times: Int) throws -> Tensor
  {
    let result = try Tensor.uninitialized([examples * times])
    let to = result.floats
    for example in 0..<examples {
      (to + example * times).update(repeating: weights[example], count: times)
    }
    return result
  }
}
