import CKernels
import Foundations
import Tensors

/// The maximum or the mean over windows of [examples, channels, height, width] or, in one dimension, [examples,
/// channels, time]: PyTorch's `MaxPool2d`, `AvgPool2d` and their one-dimensional forms. See `Pooling` for a whole axis.
public final class WindowPooling: Layer {
  public let pooling: Pooling.Kind
  public let dimensions: Int
  public let window: SlidingWindow
  /// Whether the padding's zeros count for the mean.
  public let countsPadding: Bool

  /// In two dimensions. The stride is the kernel's size where it is nil. Throws where the padding is more than half of
  /// the kernel.
  public convenience init(
    _ pooling: Pooling.Kind, kernel: PlaneSize, stride: PlaneSize? = nil, padding: PlaneSize = 0,
    dilation: PlaneSize = 1, countsPadding: Bool = true
  ) throws {
    try self.init(
      pooling,
      SlidingWindow(
        kernel: kernel, stride: stride ?? kernel, padding: padding, dilation: dilation),
      dimensions: 2, countsPadding: countsPadding)
  }

  /// In one dimension.
  public convenience init(
    _ pooling: Pooling.Kind, overTime kernel: Int, stride: Int? = nil, padding: Int = 0,
    dilation: Int = 1, countsPadding: Bool = true
  ) throws {
    try self.init(
      pooling,
      SlidingWindow(
        kernel: PlaneSize(height: 1, width: kernel),
        stride: PlaneSize(height: 1, width: stride ?? kernel),
        padding: PlaneSize(height: 0, width: padding),
        dilation: PlaneSize(height: 1, width: dilation)), dimensions: 1,
      countsPadding: countsPadding)
  }

  private init(
    _ pooling: Pooling.Kind, _ window: SlidingWindow, dimensions: Int, countsPadding: Bool
  ) throws {
    guard window.padding.height <= window.kernel.height / 2,
      window.padding.width <= window.kernel.width / 2
    else {
      throw DomainError(
        .value,
        "the padding of a pooling must be at most half of its kernel, got \(window.padding) for \(window.kernel)"
      )
    }
    guard pooling == .max || window.dilation == 1 else {
      throw DomainError(.value, "only the maximum can be taken over dilated windows")
    }
    // Where a maximum was found is kept in 16 bits.
    guard window.kernel.height * window.kernel.width <= 65_535 else {
      throw DomainError(
        .limit, "a window of a pooling has at most 65535 places, got \(window.kernel)")
    }
    self.pooling = pooling
    self.dimensions = dimensions
    self.window = window
    self.countsPadding = countsPadding
    super.init(kind: "\(pooling.rawValue)_pool\(dimensions)d")
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    try WindowPooling(pooling, window, dimensions: dimensions, countsPadding: countsPadding)
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool { !padded }

  public override var summary: String {
    let kernel = dimensions == 1 ? "\(window.kernel.width)" : "\(window.kernel)"
    return "\(kind)(\(kernel))"
  }

  public override func forward(_ input: Tensor) throws -> Tensor {
    guard input.rank == dimensions + 2 else {
      let wanted = dimensions == 1 ? "time" : "height, width"
      throw DomainError(
        .shape,
        "\(summary) needs a tensor of shape [examples, channels, \(wanted)], got \(input.shape)")
    }
    let (kind, dimensions) = (kind, dimensions)
    func dense(_ tensor: Tensor) throws -> Tensor {
      try ChannelsLast.dense(dimensions == 1 ? tensor.detached.unsqueezed(2) : tensor, kind)
    }
    func view(_ dense: Tensor) throws -> Tensor {
      let view = try ChannelsLast.view(dense)
      return dimensions == 1 ? try view.squeezed(2) : view
    }
    let x = try dense(input)
    let (images, channels) = (x.shape[0], x.shape[3])
    let window = try self.window.over(
      height: x.shape[1], width: x.shape[2], channels: channels, summary)
    let y = try Tensor.uninitialized(
      Shape(checking: [images, window.out_height, window.out_width, channels]))
    let (inputSize, outputSize) = (
      x.count / max(1, images), y.count / max(1, images)
    )
    let size = RowBlocks.size(width: inputSize)
    let countsPadding: Int32 = self.countsPadding ? 1 : 0
    // One number per output in 16 bits: half as many f32.
    let places = pooling == .max ? try Storage(byteCount: max(1, y.count) * 2) : nil
    let found = places?.pointer.bindMemory(to: UInt16.self, capacity: max(1, y.count))
    Parallel.blocks(images, size: size) { block in
      var window = window
      for image in block {
        let (from, to) = (x.floats + image * inputSize, y.floats + image * outputSize)
        if let found {
          fl_maxpool_window_f32(&window, from, to, found + image * outputSize)
        } else {
          fl_meanpool_window_f32(&window, countsPadding, from, to)
        }
      }
    }
    withExtendedLifetime(x) {}
    let sizes = x.shape
    return Tape.record("window pooling", inputs: [input], output: try view(y)) { request in
      let g = try dense(request.gradient)
      let dx = try Tensor.uninitialized(sizes)
      let found = places?.pointer.assumingMemoryBound(to: UInt16.self)
      Parallel.blocks(images, size: size) { block in
        var window = window
        for image in block {
          let (from, to) = (g.floats + image * outputSize, dx.floats + image * inputSize)
          if let found {
            fl_maxpool_window_backward_f32(&window, from, found + image * outputSize, to)
          } else {
            fl_meanpool_window_backward_f32(&window, countsPadding, from, to)
          }
        }
      }
      withExtendedLifetime((g, places)) {}
      return BackwardResult(inputs: [try view(dx)])
    }
  }
}
