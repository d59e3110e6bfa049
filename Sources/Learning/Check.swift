import Foundations
import Tensors

/// Checks that callers share.
enum Check {
  /// The input of a layer that computes in f32, contiguous and without its trace.
  static func floats(_ input: Tensor, _ layer: String) throws -> Tensor {
    guard input.dtype == .f32 else {
      throw DomainError(
        .type, "\(layer) needs a tensor of f32, got \(input.dtype.name)",
        hint: input.dtype.isFloating ? "convert it with `.to(\"f32\")`" : nil)
    }
    return try input.detached.contiguous()
  }

  /// A size that a script gave: between 1 and 2³¹.
  static func size(_ value: Int, _ what: String) throws {
    guard value > 0, value <= Int(Int32.max) else {
      throw DomainError(
        .value, "\(what) must be between 1 and \(Int32.max), got \(value)")
    }
  }

  static func finite(
    _ value: Double, _ what: String, atLeast low: Double, below high: Double = .infinity
  )
    throws
  {
    guard value.isFinite, value >= low, value < high else {
      let range = high == .infinity ? ">= \(low)" : "in [\(low), \(high))"
      throw DomainError(.value, "\(what) must be \(range), got \(value)")
    }
  }
}
