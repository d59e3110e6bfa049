import Foundations
import Tensors

/// Images whose channels lie next to each other in memory, while their shape is PyTorch's [examples, channels, height,
/// width].
enum ChannelsLast {
  /// The memory as [images, height, width, channels]; no copy where the tensor came from one of our layers.
  static func dense(_ tensor: Tensor, _ layer: String) throws -> Tensor {
    guard tensor.dtype == .f32 else {
      throw DomainError(
        .type, "\(layer) needs a tensor of f32, got \(tensor.dtype.name)",
        hint: tensor.dtype.isFloating ? "convert it with `.to(\"f32\")`" : nil)
    }
    return try tensor.detached.with(lengths: nil).permuted([0, 2, 3, 1]).contiguous()
  }

  static func view(_ dense: Tensor) throws -> Tensor { try dense.permuted([0, 3, 1, 2]) }
}
