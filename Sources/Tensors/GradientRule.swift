/// What a parameterised operation leaves behind in the backward pass: it turns its saved input activations `a` and the
/// arriving output gradient `g` (axis 0 = example) into the gradients of its parameters, in the form that is asked for.
/// One backward pass thus serves ordinary training (weights 1) and private training (norms, then clipped sums) alike:
/// book-keeping, Bu et al. 2022 (arXiv 2210.00038).
public protocol GradientRule: AnyObject {
  /// The parameters whose gradients this rule knows; `perExample` counts along this list.
  var parameters: [Parameter] { get }
  var exampleCount: Int { get }

  /// Adds Σᵢ wᵢ·gradᵢ (w = 1 where nil) to the sink's buffers, for those of its parameters that the sink holds.
  func accumulate(weights: UnsafePointer<Float>?, into sink: GradientSink) throws

  /// Adds each example's squared gradient norm over all of this rule's trainable parameters to
  /// `norms[0..<exampleCount]`.
  func addSquaredNorms(to norms: UnsafeMutablePointer<Float>) throws

  /// Adds each example's squared gradient norm of parameter `index` alone to `norms`, for layer-wise clipping.
  func addSquaredNorms(ofParameter index: Int, to norms: UnsafeMutablePointer<Float>) throws

  /// Each example's gradient of parameter `index`: shape [exampleCount] + the parameter's.
  func perExample(_ index: Int) throws -> Tensor

  /// How many numbers the rule holds; nil where it does not say.
  var heldCount: Int? { get }

  /// Called once where the rule is to wait for the end of the backward pass: it may give up what it saved for something
  /// smaller.
  func compact() throws
}

extension GradientRule {
  public var heldCount: Int? { nil }
  public func compact() throws {}
}

/// What one operation's backward step yields.
public struct BackwardResult {
  /// One gradient for each recorded input, nil where none flows (or was not asked for).
  public var inputs: [Tensor?]
  public var rules: [any GradientRule]

  public init(inputs: [Tensor?], rules: [any GradientRule] = []) {
    self.inputs = inputs
    self.rules = rules
  }
}

/// Which inputs of an operation want a gradient: the first layer need not compute that of the data.
public struct InputNeeds: Sendable {
  var bits: UInt64
  /// Whether input `index` (in the order of recording) wants its gradient.
  public subscript(index: Int) -> Bool { index >= 64 || bits >> UInt64(index) & 1 == 1 }
}
