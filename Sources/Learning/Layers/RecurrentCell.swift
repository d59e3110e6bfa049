import Foundations
import Tensors

/// What makes one recurrent layer differ from another: its gates and the kernels of a step, in one direction of one
/// pass. Which steps there are, in which order, and what goes from one to the next is `RecurrentPass`'s affair.
protocol RecurrentCell {
  /// The layer's name in scripts.
  static var name: StaticString { get }
  static var gateCount: Int { get }

  /// - Parameter keepsActivations: whether a backward pass may follow.
  init(_ parameters: RecurrentParameters, _ sequences: PackedSequences, keepsActivations: Bool)
    throws

  /// [rows, gates · hidden]: the inputs' products, which a forward pass begins with; after the backward pass the
  /// gradient of the sums that they are part of.
  var inputGates: Tensor { get }
  /// Added to the inputs' products where it is not nil.
  var inputBias: Tensor? { get }
  /// A second state beside the hidden one, [rows, hidden]; nil where the cell has none.
  var memory: Tensor? { get }

  /// Where the product of the hidden state before a step is added, and the numbers from row to row; ready for that.
  func hiddenSums(_ step: RecurrentStep) -> (UnsafeMutablePointer<Float>, stride: Int)

  /// The step's gates, and its hidden state to `output`, whose rows lie `stride` numbers apart; the hidden state before
  /// it lies at `before`.
  func forward(
    _ step: RecurrentStep, before: UnsafePointer<Float>?, output: UnsafeMutablePointer<Float>,
    stride: Int)

  /// The gradients of the step's sums from those of its output and its states.
  /// - Parameters:
  ///   - previous: the hidden states before each step, [rows, hidden].
  ///   - gradient: of the step's output; its rows lie `stride` numbers apart.
  ///   - hidden: of the hidden state, [count, hidden], from the step behind; `isLast` where there is none.
  ///   - memory: of the second state, [count, hidden]; takes that of the step before.
  func backward(
    _ step: RecurrentStep, previous: Tensor, gradient: UnsafePointer<Float>, stride: Int,
    hidden: UnsafeMutablePointer<Float>, isLast: Bool, memory: UnsafeMutablePointer<Float>?)

  /// [rows, gates · hidden]: the gradient of the sums that the hidden states' products are part of, after the backward
  /// pass.
  var hiddenGates: Tensor { get }
  /// Whether the backward pass of a step writes a part of the hidden state's gradient, to which the products' is added.
  static var passesHiddenStateOn: Bool { get }

  /// What the parameters' gradients are made of: `x` and `previous` are the inputs and the hidden states before each
  /// step, in the order of `sequences.layout`.
  func products(
    _ parameters: RecurrentParameters, _ sequences: PackedSequences, x: Tensor, previous: Tensor
  ) throws -> [RecurrentRule.Product]
}

/// A step of a block of examples.
struct RecurrentStep {
  let block: RowLayout.Part
  /// The step, and the one before it in the direction's order; nil for the first.
  let now: Int
  let before: Int?
  /// Which examples have it; nil where all do.
  let active: UnsafePointer<UInt8>?

  var count: Int { block.examples.count }
  /// Steps of the block: an example's rows lie one behind the other.
  var steps: Int { block.time }

  /// The step's first row in what has `width` numbers a row.
  func row(_ tensor: Tensor, _ width: Int) -> UnsafeMutablePointer<Float> {
    tensor.floats + (block.firstRow + now) * width
  }

  /// The same of the step before.
  func rowBefore(_ tensor: Tensor, _ width: Int) -> UnsafePointer<Float>? {
    before.map { UnsafePointer(tensor.floats + (block.firstRow + $0) * width) }
  }
}

/// One direction's parameters.
struct RecurrentParameters {
  /// [gates · hidden, inputs], [gates · hidden, hidden], [gates · hidden], [gates · hidden].
  let inputWeight: Parameter
  let hiddenWeight: Parameter
  let inputBias: Parameter
  let hiddenBias: Parameter

  static let names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
  var all: [Parameter] { [inputWeight, hiddenWeight, inputBias, hiddenBias] }

  /// Numbers of a hidden state.
  var hidden: Int { hiddenWeight.shape[1] }

  init(_ gates: Int, _ inputs: Int, _ hidden: Int, _ random: inout RandomStream) throws {
    let bound = 1 / Double(hidden).squareRoot()
    func make(_ name: String, _ shape: [Int]) throws -> Parameter {
      try Parameter(name, .uniform(Shape(checking: shape), low: -bound, high: bound, &random))
    }
    inputWeight = try make("weight_ih", [gates * hidden, inputs])
    hiddenWeight = try make("weight_hh", [gates * hidden, hidden])
    inputBias = try make("bias_ih", [gates * hidden])
    hiddenBias = try make("bias_hh", [gates * hidden])
  }

  init(copying other: RecurrentParameters, _ copies: LayerCopies) throws {
    inputWeight = try copies(other.inputWeight)
    hiddenWeight = try copies(other.hiddenWeight)
    inputBias = try copies(other.inputBias)
    hiddenBias = try copies(other.hiddenBias)
  }
}
