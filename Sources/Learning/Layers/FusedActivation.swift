import CKernels
import Foundations
import Tensors

/// Activations that a linear layer applies while its output is in cache; the numbers are the kernels'.
enum FusedActivation: Int32 {
  case none = 0
  case relu = 1
  case tanh = 2
  case sigmoid = 3
  case geluTanh = 4
  case geluErf = 5
  case silu = 6

  /// Whether the derivative follows from the argument only, and not from the value.
  var keepsArgument: Bool { rawValue >= FusedActivation.geluTanh.rawValue }

  /// The gradient before the activation of dy behind it; `g` may be `dy`. `saved` is the argument where the activation
  /// keeps that, else its value. With `value`, that is written there again from a saved argument.
  func backward(_ dy: Tensor, _ saved: Tensor, into g: Tensor, value: Tensor? = nil) {
    withExtendedLifetime((dy, saved, g, value)) {
      let (from, argument, to, value) = (dy.floats, saved.floats, g.floats, value?.floats)
      Parallel.blocks(g.count, size: 1 << 13) { block in
        let start = block.lowerBound
        fl_bias_activation_backward_f32(
          rawValue, block.count, from + start, argument + start, to + start,
          value.map { $0 + start })
      }
    }
  }
}
