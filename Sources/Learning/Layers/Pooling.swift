import CKernels
import Foundations
import Tensors

/// The mean or the maximum over one axis. Over axis 1 of a padded batch [examples, time, …] only the real steps count;
/// an example without any gives zeros.
public final class Pooling: Layer {
  public enum Kind: String, Sendable { case mean, max }

  public let pooling: Kind
  public let axis: Int

  public init(_ pooling: Kind, axis: Int = 1) {
    self.pooling = pooling
    self.axis = axis
    super.init(kind: pooling.rawValue)
  }

  public override func duplicate(_ copies: LayerCopies) -> Layer { Pooling(pooling, axis: axis) }

  public override func keepsExamplesApart(padded: Bool) -> Bool { !padded || axis == 1 }

  public override var summary: String { "\(kind)(axis: \(axis))" }

  public override func forward(_ input: Tensor) throws -> Tensor {
    let resolved = axis < 0 ? axis + input.rank : axis
    guard resolved >= 0, resolved < input.rank else {
      throw DomainError(
        .shape,
        "\(kind)(axis: \(axis)) got a tensor of shape \(input.shape), which has no such axis")
    }
    if resolved == 0 { Separation.takesTogether(0, of: input, kind) }
    guard input.rank == 3, resolved == 1, input.dtype == .f32 else {
      if let lengths = input.lengths, resolved == 1,
        lengths.values.contains(where: { $0 < input.shape[1] })
      {
        throw DomainError(
          .shape, "\(kind) of a padded batch needs a tensor of three axes, got \(input.shape)")
      }
      let pooled =
        pooling == .mean
        ? try input.mean(axes: [resolved]) : try input.maximum(axes: [resolved])
      return resolved == 1 ? pooled.with(lengths: nil) : pooled
    }
    return pooling == .mean ? try meanOverTime(input) : try maximumOverTime(input)
  }

  private func meanOverTime(_ input: Tensor) throws -> Tensor {
    let x = try Check.floats(input, kind)
    let (batch, time, channels) = (x.shape[0], x.shape[1], x.shape[2])
    let lengths = input.lengths
    let y = try Tensor.uninitialized([batch, channels])
    let size = RowBlocks.size(width: time * channels)
    TimeLengths.with(lengths) { lengths in
      Parallel.blocks(batch, size: size) { block in
        let first = block.lowerBound
        fl_meanpool_time_f32(
          block.count, time, channels, x.floats + first * time * channels,
          lengths.map { $0 + first }, y.floats + first * channels)
      }
    }
    withExtendedLifetime(x) {}
    return Tape.record("mean", inputs: [input], output: y) { request in
      let g = try request.gradient.contiguous()
      let dx = try Tensor.uninitialized([batch, time, channels])
      TimeLengths.with(lengths) { lengths in
        Parallel.blocks(batch, size: size) { block in
          let first = block.lowerBound
          fl_meanpool_time_backward_f32(
            block.count, time, channels, g.floats + first * channels, lengths.map { $0 + first },
            dx.floats + first * time * channels)
        }
      }
      withExtendedLifetime(g) {}
      return BackwardResult(inputs: [dx])
    }
  }

  private func maximumOverTime(_ input: Tensor) throws -> Tensor {
    let x = try Check.floats(input, kind)
    let (batch, time, channels) = (x.shape[0], x.shape[1], x.shape[2])
    let y = try Tensor.uninitialized([batch, channels])
    let places = try Tensor.uninitialized([batch, channels], .i32)
    let size = RowBlocks.size(width: time * channels)
    TimeLengths.with(input.lengths) { lengths in
      Parallel.blocks(batch, size: size) { block in
        let first = block.lowerBound
        fl_maxpool_time_f32(
          block.count, time, channels, x.floats + first * time * channels,
          lengths.map { $0 + first }, y.floats + first * channels,
          places.pointer(Int32.self) + first * channels)
      }
    }
    withExtendedLifetime(x) {}
    return Tape.record("max", inputs: [input], output: y) { request in
      let g = try request.gradient.contiguous()
      let dx = try Tensor.uninitialized([batch, time, channels])
      Parallel.blocks(batch, size: size) { block in
        let first = block.lowerBound
        fl_maxpool_time_backward_f32(
          block.count, time, channels, g.floats + first * channels,
          places.pointer(Int32.self) + first * channels, dx.floats + first * time * channels)
      }
      withExtendedLifetime((g, places)) {}
      return BackwardResult(inputs: [dx])
    }
  }
}

/// The lengths of a padded batch as kernels want them.
enum TimeLengths {
  static func with<R>(_ lengths: Lengths?, _ body: (UnsafePointer<Int32>?) throws -> R) rethrows
    -> R
  {
    guard let lengths else { return try body(nil) }
    return try lengths.values.withUnsafeBufferPointer { try body($0.baseAddress) }
  }
}
