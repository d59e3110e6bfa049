import CKernels
import Foundations
import Tensors

/// In training, sets each element to zero with `probability` and scales the others by 1/(1 - probability) (Srivastava
/// 2014); nothing in evaluation. Which elements follows from the pass's key and their position alone, so no mask is
/// stored.
public final class Dropout: Layer {
  public let probability: Double

  public init(_ probability: Double) throws {
    try Dropout.check(probability)
    self.probability = probability
    super.init(kind: "dropout")
  }

  static func check(_ probability: Double) throws {
    try Check.finite(probability, "the dropout probability", atLeast: 0, below: 1)
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer { try Dropout(probability) }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override var summary: String { "dropout(\(probability))" }

  public override func forward(_ input: Tensor) throws -> Tensor {
    guard probability > 0, let context = ForwardContext.current, context.isTraining else {
      return input
    }
    let x = try Check.floats(input, "dropout")
    let stream = fl_stream(context.nextKey())
    let keep = Float(1 - probability)
    let y = try Dropout.apply(x, keep, stream).with(lengths: input.lengths)
    return Tape.record("dropout", inputs: [input], output: y) { request in
      let g = try request.gradient.contiguous()
      return BackwardResult(inputs: [try Dropout.apply(g, keep, stream)])
    }
  }

  private static func apply(_ x: Tensor, _ keep: Float, _ stream: fl_stream) throws -> Tensor {
    let y = try Tensor.uninitialized(x.shape)
    withExtendedLifetime(x) {
      Parallel.blocks(x.count, size: 1 << 14) { block in
        withUnsafePointer(to: stream) {
          fl_dropout_f32(
            block.count, keep, x.floats + block.lowerBound, $0, UInt64(block.lowerBound),
            y.floats + block.lowerBound)
        }
      }
    }
    return y
  }
}
