import CKernels
import Foundations
import Tensors

/// One forward pass of a convolution over x [images, height, width, channels], as matrix products: what the windows of
/// a few images see is laid out as the rows of a matrix (in cache, never for all images), and multiplied with the
/// kernels. Backward passes lay it out again, which costs less than to keep it.
final class ConvolutionPass {
  /// Elements of the laid-out matrix at a time.
  private static let pieceSize = 1 << 15

  let x: Tensor
  let window: fl_window
  let images: Int
  let imagesPerExample: Int
  let outputs: Int
  let groups: Int
  /// Numbers that a window of one group sees: kernel height · kernel width · channels of the group.
  let reach: Int
  /// [reach, outputs]; the rows are (kernel row, kernel column, channel).
  private let kernels: Tensor
  private let weight: Tensor
  private let bias: Tensor?

  init(_ layer: Convolution, _ x: Tensor, imagesPerExample: Int) throws {
    self.x = x
    images = x.shape[0]
    self.imagesPerExample = max(1, imagesPerExample)
    outputs = layer.outputs
    groups = layer.groups
    window = try layer.window.over(
      height: x.shape[1], width: x.shape[2], channels: x.shape[3], layer.summary)
    let kernel = layer.window.kernel
    weight = try layer.weight.data.reshaped([
      layer.outputs, layer.inputs / layer.groups, kernel.height, kernel.width,
    ])
    kernels = try weight.permuted([2, 3, 1, 0]).contiguous()
    reach = weight.count / outputs
    bias = layer.bias?.data
  }

  var exampleCount: Int { images / imagesPerExample }
  private var groupChannels: Int { window.channels / groups }
  private var groupOutputs: Int { outputs / groups }
  /// Elements of an input and of an output image.
  private var inputSize: Int { window.height * window.width * window.channels }
  var outputSize: Int { window.places * outputs }

  // MARK: Pieces

  /// Images that are laid out together.
  private var imagesAtATime: Int {
    max(1, min(64, ConvolutionPass.pieceSize / max(1, window.places * reach)))
  }

  /// Rows of windows that are laid out together; all of them but for large images.
  private var rowsAtATime: Int {
    max(
      1, min(window.out_height, ConvolutionPass.pieceSize / max(1, window.out_width * reach)))
  }

  /// Elements of the scratch that a piece needs.
  private var scratchSize: Int {
    imagesAtATime * rowsAtATime * window.out_width * reach
  }

  /// Some rows of windows of some images; several images are whole.
  struct Piece {
    let images: Range<Int>
    let rows: Range<Int>
    /// Rows of the laid-out matrix.
    let count: Int
    /// Where its output begins.
    let output: Int
  }

  private func eachPiece(_ images: Range<Int>, _ body: (Piece) -> Void) {
    for first in stride(from: images.lowerBound, to: images.upperBound, by: imagesAtATime) {
      let part = first..<min(first + imagesAtATime, images.upperBound)
      for row in stride(from: 0, to: window.out_height, by: rowsAtATime)
      where !Parallel.isAbandoned {
        let rows = row..<min(row + rowsAtATime, window.out_height)
        body(
          Piece(
            images: part, rows: rows, count: part.count * rows.count * window.out_width,
            output: part.lowerBound * outputSize + row * window.out_width * outputs))
      }
    }
  }

  /// What the windows of a piece see in `group`: [piece.count, reach].
  private func layOut(_ piece: Piece, _ group: Int, _ columns: UnsafeMutablePointer<Float>) {
    var part = window.rows(piece.rows)
    let size = piece.rows.count * window.out_width * reach
    for (index, image) in piece.images.enumerated() {
      fl_im2col_f32(
        &part, group * groupChannels, groupChannels, x.floats + image * inputSize,
        columns + index * size)
    }
  }

  // MARK: Forward

  /// The output, and what the activation's derivative is found from: its argument, or the output.
  func forward(_ activation: FusedActivation) throws -> (y: Tensor, saved: Tensor) {
    let shape = try Shape(checking: [images, window.out_height, window.out_width, outputs])
    let y = try Tensor.uninitialized(shape)
    let argument = activation.keepsArgument ? try Tensor.uninitialized(shape) : nil
    try inParallel(images, size: imagesAtATime, scratch: scratchSize) { images, columns in
      eachPiece(images) { piece in
        let to = y.floats + piece.output
        for group in 0..<groups {
          layOut(piece, group, columns)
          fl_gemm_f32(
            0, 0, piece.count, groupOutputs, reach, 1, columns, reach,
            kernels.floats + group * groupOutputs, outputs, 0, to + group * groupOutputs, outputs)
        }
        if bias != nil || activation != .none {
          fl_bias_activation_f32(
            activation.rawValue, piece.count, outputs, to, bias?.floats,
            argument.map { $0.floats + piece.output }, to)
        }
      }
    }
    withExtendedLifetime((x, kernels, bias)) {}
    return (y, argument ?? y)
  }

  // MARK: Backward

  /// The gradient before the activation.
  func throughActivation(_ activation: FusedActivation, _ dy: Tensor, _ argument: Tensor) throws
    -> Tensor
  {
    let g = try Tensor.uninitialized(dy.shape)
    activation.backward(dy, argument, into: g)
    return g
  }

  /// dx [images, height, width, channels] from g [images, out height, out width, outputs].
  func inputGradient(_ g: Tensor) throws -> Tensor {
    let dx = try Tensor.uninitialized(x.shape)
    // [outputs, reach]
    let rows = try weight.permuted([0, 2, 3, 1]).contiguous()
    try inParallel(images, size: imagesAtATime, scratch: scratchSize) { images, columns in
      (dx.floats + images.lowerBound * inputSize).update(
        repeating: 0, count: images.count * inputSize)
      eachPiece(images) { piece in
        var part = window.rows(piece.rows)
        let size = piece.rows.count * window.out_width * reach
        for group in 0..<groups {
          fl_gemm_f32(
            0, 0, piece.count, reach, groupOutputs, 1,
            g.floats + piece.output + group * groupOutputs, outputs,
            rows.floats + group * groupOutputs * reach, reach, 0, columns, reach)
          for (index, image) in piece.images.enumerated() {
            fl_col2im_add_f32(
              &part, group * groupChannels, groupChannels, columns + index * size,
              dx.floats + image * inputSize)
          }
        }
      }
    }
    withExtendedLifetime((g, rows)) {}
    return dx
  }

  // MARK: Gradients of the kernels, as [outputs, reach]

  /// Writes Σ gᵀ·(what the windows see) over some images to `target`. `scratch` has `gradientScratch` elements.
  func kernelGradient(
    _ g: UnsafePointer<Float>, _ images: Range<Int>, scratch: UnsafeMutablePointer<Float>,
    accumulate: Bool = false, _ target: UnsafeMutablePointer<Float>
  ) {
    var isFirst = !accumulate
    eachPiece(images) { piece in
      for group in 0..<groups {
        layOut(piece, group, scratch)
        fl_gemm_f32(
          1, 0, groupOutputs, reach, piece.count, 1,
          g + piece.output + group * groupOutputs, outputs, scratch, reach,
          isFirst ? 0 : 1, target + group * groupOutputs * reach, reach)
      }
      isFirst = false
    }
    withExtendedLifetime(x) {}
  }

  var gradientScratch: Int { scratchSize }
  var gradientSize: Int { outputs * reach }
  /// Examples that a task treats one after the other.
  var examplesAtATime: Int { max(1, imagesAtATime / imagesPerExample) }
  func images(of examples: Range<Int>) -> Range<Int> {
    examples.lowerBound * imagesPerExample..<examples.upperBound * imagesPerExample
  }

  /// Squared norms from Gram matrices: one example's windows laid out at a time.
  func addGhostNorms(
    _ g: UnsafePointer<Float>, _ examples: Range<Int>, biases: Int,
    scratch: UnsafeMutablePointer<Float>, to norms: UnsafeMutablePointer<Float>
  ) {
    let size = window.places * reach
    for example in examples {
      let images = images(of: example..<(example + 1))
      var part = window
      for (index, image) in images.enumerated() {
        fl_im2col_f32(
          &part, 0, window.channels, x.floats + image * inputSize, scratch + index * size)
      }
      withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: 1) {
        $0[0] = UnsafePointer(scratch)
        fl_joint_example_norms_f32(
          1, images.count * window.places, 1, $0.baseAddress, [reach], Double(biases), outputs,
          g + images.lowerBound * outputSize, norms + example)
      }
    }
    withExtendedLifetime(x) {}
  }

  /// From [outputs, kernel places, channels of a group] to PyTorch's [outputs, channels of a group, kernel places].
  func writeWeight(
    _ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, accumulate: Bool
  ) {
    let places = window.kernel_height * window.kernel_width
    let channels = groupChannels
    for output in 0..<outputs {
      let (a, b) = (from + output * reach, to + output * reach)
      if channels == 1 {
        fl_axpby_f32(reach, 1, a, accumulate ? 1 : 0, b)
      } else if accumulate {
        for place in 0..<places {
          for channel in 0..<channels {
            b[channel * places + place] += a[place * channels + channel]
          }
        }
      } else {
        fl_transpose_f32(places, channels, a, channels, b, places)
      }
    }
  }
}
