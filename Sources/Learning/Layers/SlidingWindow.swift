import CKernels
import Foundations

/// Height and width; a whole number stands for both.
public struct PlaneSize: Sendable, Hashable, ExpressibleByIntegerLiteral, CustomStringConvertible {
  public var height: Int
  public var width: Int

  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  public init(_ both: Int) { self.init(height: both, width: both) }
  public init(integerLiteral both: Int) { self.init(both) }

  public var description: String { height == width ? "\(height)" : "\(height)×\(width)" }
}

/// How a window slides: the settings that convolutions and pooling share, PyTorch's.
public struct SlidingWindow: Sendable, Hashable {
  public let kernel: PlaneSize
  public let stride: PlaneSize
  /// Zeros (for maxima: nothing) on each side.
  public let padding: PlaneSize
  public let dilation: PlaneSize

  /// Throws a value error for a size below 1 or a padding below 0.
  public init(
    kernel: PlaneSize, stride: PlaneSize = 1, padding: PlaneSize = 0, dilation: PlaneSize = 1
  ) throws {
    for (size, name) in [
      (kernel, "the kernel"), (stride, "the stride"), (dilation, "the dilation"),
    ] {
      try Check.size(size.height, name)
      try Check.size(size.width, name)
    }
    for size in [padding.height, padding.width] {
      guard size >= 0, size <= Int(Int32.max) else {
        throw DomainError(.value, "the padding must be between 0 and \(Int32.max), got \(size)")
      }
    }
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
  }

  /// The windows over images [height, width, channels]. Throws a shape error where not even one fits.
  func over(height: Int, width: Int, channels: Int, _ layer: String) throws -> fl_window {
    func windows(_ size: Int, _ kernel: Int, _ stride: Int, _ padding: Int, _ dilation: Int) throws
      -> Int
    {
      // Each is below 2³¹, a size below 2⁴⁸: nothing overflows.
      let room = size + 2 * padding - dilation * (kernel - 1) - 1
      guard room >= 0, size > 0 else {
        throw DomainError(
          .shape,
          "\(layer): a kernel of \(self.kernel) does not fit an input of \(height) × \(width) with padding \(self.padding)"
        )
      }
      return room / stride + 1
    }
    return fl_window(
      height: height, width: width, channels: channels,
      out_height: try windows(
        height, kernel.height, stride.height, padding.height, dilation.height),
      out_width: try windows(width, kernel.width, stride.width, padding.width, dilation.width),
      kernel_height: kernel.height, kernel_width: kernel.width, stride_height: stride.height,
      stride_width: stride.width, pad_top: padding.height, pad_left: padding.width,
      dilation_height: dilation.height, dilation_width: dilation.width)
  }
}

extension fl_window {
  /// Windows on one image.
  var places: Int { out_height * out_width }

  /// Some of its rows of windows.
  func rows(_ rows: Range<Int>) -> fl_window {
    var part = self
    part.pad_top = pad_top - rows.lowerBound * stride_height
    part.out_height = rows.count
    return part
  }
}
