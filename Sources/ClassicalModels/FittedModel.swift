import Foundation
import Foundations
import Learning
import Tensors

/// What a fitted model's outputs mean.
public enum OutputKind: Sendable {
  /// Natural logarithms of chances, one a class.
  case logChances
  /// Numbers, one a target.
  case values
  /// Closeness to each of several places: the largest is the nearest.
  case closeness
}

/// A model that is fitted at once and then gives outputs for examples, each on its own.
public protocol FittedModel: Sendable {
  /// How many numbers an example has.
  var featureCount: Int { get }
  /// How many numbers it gives for an example.
  var outputCount: Int { get }
  var outputKind: OutputKind { get }
  /// One line for people: `logistic regression (108 features, 2 classes)`.
  var summary: String { get }
  /// The outputs `[examples, outputCount]`, row after row, for examples with `featureCount` features.
  func outputs(_ examples: ExampleMatrix) throws -> [Double]
}

extension FittedModel {
  /// `1 feature`, `108 features`.
  var featureText: String { "\(featureCount) feature\(featureCount == 1 ? "" : "s")" }

  /// - Throws: a `DomainError` of kind `shape` where examples have another number of features, `limit` where memory
  ///   does not suffice for the outputs.
  public func check(_ examples: ExampleMatrix) throws(DomainError) {
    guard examples.columns == featureCount else {
      throw DomainError(
        .shape,
        "the model was fitted to \(featureCount) features, the examples have \(examples.columns)",
        hint: "rows of a table pass as those of the training did with `e.prepare(table)`")
    }
    let (count, overflow) = examples.rows.multipliedReportingOverflow(by: outputCount * 32)
    try MemoryRoom.require(
      overflow ? .max : count, for: "\(outputCount) outputs for each of \(examples.rows) examples")
  }

  /// The chance of each class, `[examples, classes]`; of a model without classes, its outputs as they are.
  public func scores(_ inputs: Tensor) throws -> Tensor {
    let examples = try ExampleMatrix(inputs)
    try check(examples)
    var found = try outputs(examples)
    if outputKind == .logChances { for i in found.indices { found[i] = exp(found[i]) } }
    return try Tensor(found.map(Float.init), shape: [examples.rows, outputCount])
  }

  /// The number of the most likely class or the nearest centre of each example, i64 `[examples]`; of equally likely
  /// ones the first. For a model of numbers, the numbers: f32 `[examples]`, or `[examples, targets]` for several.
  public func predictions(_ inputs: Tensor) throws -> Tensor {
    let examples = try ExampleMatrix(inputs)
    try check(examples)
    let found = try outputs(examples)
    let width = outputCount
    guard outputKind != .values else {
      return try Tensor(
        found.map(Float.init), shape: width == 1 ? [examples.rows] : [examples.rows, width])
    }
    return try Tensor(
      ints: (0..<examples.rows).map { row in
        var best = 0
        for k in 1..<max(1, width) where found[row * width + k] > found[row * width + best] {
          best = k
        }
        return best
      })
  }
}

/// A fitted model in the place of a network: it has no parameters to train, and gives its outputs as f32. The
/// logarithms of its chances stand where a network has its logits, so that the largest is the predicted class and
/// cross-entropy is the negative logarithm of the true class's chance.
public final class FittedLayer: Layer {
  public let model: any FittedModel

  public init(_ model: any FittedModel) {
    self.model = model
    super.init(kind: "fitted model")
  }

  public override var summary: String { model.summary }
  public override var givesClasses: Bool { model.outputKind != .values }
  public override func keepsExamplesApart(padded: Bool) -> Bool { true }
  public override func duplicate(_ copies: LayerCopies) throws -> Layer { FittedLayer(model) }

  public override func forward(_ input: Tensor) throws -> Tensor {
    let examples = try ExampleMatrix(input)
    try model.check(examples)
    return try Tensor(
      model.outputs(examples).map(Float.init), shape: [examples.rows, model.outputCount])
  }
}
