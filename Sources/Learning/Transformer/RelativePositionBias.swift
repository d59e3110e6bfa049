import Foundations
import Glibc
import Tensors

/// A number for each head and class of distances between a query and a key, added to their score (T5, Raffel et al.
/// 2020): near distances have a class each, far ones share them on a logarithmic scale.
public final class RelativePositionBias: Layer {
  public let buckets: Int
  public let heads: Int
  /// From where on all distances are one class.
  public let farthest: Int
  /// Whether keys behind a query have classes of their own, half of all.
  public let isBidirectional: Bool
  /// [buckets, heads].
  public let weight: Parameter

  public convenience init(
    buckets: Int, heads: Int, farthest: Int, isBidirectional: Bool
  ) throws {
    try Check.size(buckets, "buckets")
    try Check.size(heads, "heads")
    guard buckets >= (isBidirectional ? 4 : 2), farthest > buckets / (isBidirectional ? 4 : 2)
    else {
      throw DomainError(
        .value,
        "\(buckets) classes of distances up to \(farthest) are too few, or the distance is too short"
      )
    }
    self.init(
      try Parameter("weight", .zeros(Shape(checking: [buckets, heads]))), farthest,
      isBidirectional)
  }

  private init(_ weight: Parameter, _ farthest: Int, _ isBidirectional: Bool) {
    buckets = weight.shape[0]
    heads = weight.shape[1]
    self.farthest = farthest
    self.isBidirectional = isBidirectional
    self.weight = weight
    super.init(kind: "relative_positions")
    own("weight", weight)
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    RelativePositionBias(try copies(weight), farthest, isBidirectional)
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override var summary: String { "relative_positions(\(buckets) × \(heads))" }

  /// The class of a key `distance` places behind its query (before it: negative), in the arithmetic of transformers.
  func bucket(_ distance: Int) -> Int {
    var (count, first, size) = (buckets, 0, distance)
    if isBidirectional {
      count /= 2
      if distance > 0 { first = count }
      size = abs(distance)
    } else {
      size = max(0, -distance)
    }
    let exact = count / 2
    if size < exact { return first + size }
    let log = logf(Float(size) / Float(exact)) / Float(Glibc.log(Double(farthest) / Double(exact)))
    return first + min(count - 1, exact + Int(log * Float(count - exact)))
  }

  /// The class of each distance j - i + span - 1 of positions below `span`.
  func classes(_ span: Int) -> [Int] { (0..<2 * span - 1).map { bucket($0 - span + 1) } }

  /// Rows of biases by distance, [heads, 2·span - 1].
  func table(_ classes: [Int]) throws -> Tensor {
    let table = try Tensor.uninitialized(Shape(checking: [heads, classes.count]))
    let (from, to) = (weight.data.floats, table.floats)
    for head in 0..<heads {
      for (place, bucket) in classes.enumerated() {
        to[head * classes.count + place] = from[bucket * heads + head]
      }
    }
    return table
  }

  /// Gradients by distance [examples, heads, 2·span - 1] as those of the weight of each example.
  func rule(_ gradients: Tensor, _ classes: [Int]) throws -> any GradientRule {
    let examples = gradients.shape[0]
    let result = try Tensor.zeros(Shape(checking: [examples, buckets, heads]))
    let (from, to) = (gradients.floats, result.floats)
    for row in 0..<examples * heads {
      let (example, head) = (row / heads, row % heads)
      for (place, bucket) in classes.enumerated() {
        to[(example * buckets + bucket) * heads + head] += from[row * classes.count + place]
      }
    }
    withExtendedLifetime(gradients) {}
    return ExampleGradientRule([weight], [result])
  }
}
