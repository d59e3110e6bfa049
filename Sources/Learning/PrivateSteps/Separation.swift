import Tensors

/// The watch over a private forward pass of several examples at once: that what comes out for one of them is what would
/// come out for it alone, so that clipping its gradient bounds all that it does.
///
/// Layers and losses say so of themselves (`keepsExamplesApart`); functions of a script are watched operation by
/// operation. Whoever cannot vouch for it calls `fail`, and the step is computed again example by example, which needs
/// no proof.
public final class Separation {
  public let examples: Int
  /// See `Batch.isPadded`.
  public let isPadded: Bool
  /// Why the pass is no good; the first reason counts.
  public private(set) var reason: String?
  private var suspensions = 0

  public init(examples: Int, isPadded: Bool) {
    self.examples = examples
    self.isPadded = isPadded
  }

  public func fail(_ reason: String) { if self.reason == nil { self.reason = reason } }

  /// Runs `body` on tensors that are the same for all examples, such as those of a script's own making.
  public func suspended<R>(_ body: () throws -> R) rethrows -> R {
    suspensions += 1
    defer { suspensions -= 1 }
    return try body()
  }

  /// Of the forward pass in progress on this thread; nil where nothing is watched.
  public static var current: Separation? {
    guard let separation = ForwardContext.current?.separation, separation.suspensions == 0 else {
      return nil
    }
    return separation
  }

  /// For layers that take all numbers along `axis` of `input` together: axis 0 is that of the examples, axis 1 of a
  /// padded batch is as long as the longest of them.
  static func takesTogether(_ axis: Int, of input: Tensor, _ layer: String) {
    guard axis <= 1, let current else { return }
    if axis == 0 {
      current.fail("`\(layer)` takes the numbers of all examples together")
    } else if current.isPadded, input.lengths != nil {
      current.fail("`\(layer)` sees how long the longest example is")
    }
  }
}
