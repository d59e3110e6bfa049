import Foundations
import Tensors

/// Some examples together: inputs [examples, …] (padded ones with their `lengths`) and labels [examples, …].
public struct Batch {
  public var inputs: Tensor
  public var labels: Tensor
  /// Which examples of the source these are; nil where nobody said. A loss finds by them what else belongs to an
  /// example.
  public var examples: [Int]?
  /// Whether axis 1 of the inputs is as long as the longest of these examples, rather than a length that belongs to the
  /// source: then a part of the batch is shorter, and no example is to know of the lengths of others.
  public var isPadded: Bool
  /// Which examples belong to one unit of privacy, such as a person: ranges, one after the other, that cover all. Nil
  /// where each example is one.
  public var units: [Range<Int>]?
  /// Whether a unit's gradient is the mean of its examples' rather than their sum.
  public var averagesUnits = false

  public init(inputs: Tensor, labels: Tensor, examples: [Int]? = nil, isPadded: Bool = false) throws
  {
    guard inputs.rank > 0, labels.rank > 0, inputs.shape[0] == labels.shape[0],
      examples.map({ $0.count == inputs.shape[0] }) ?? true
    else {
      throw DomainError(
        .shape,
        "a batch needs as many inputs as labels, got shapes \(inputs.shape) and \(labels.shape)")
    }
    self.examples = examples
    self.inputs = inputs
    self.labels = labels
    self.isPadded = isPadded && inputs.lengths != nil && inputs.rank > 1
  }

  public var count: Int { inputs.shape[0] }

  /// The examples of a range, without the padding that only others need.
  func slice(_ range: Range<Int>) throws -> Batch {
    guard range != 0..<count else { return self }
    let lengths = inputs.lengths.map { Lengths(Array($0.values[range])) }
    var part = try inputs.sliced(axis: 0, from: range.lowerBound, to: range.upperBound)
    if isPadded, let longest = lengths?.values.max() {
      part = try part.sliced(axis: 1, from: 0, to: max(1, Int(longest)))
    }
    return try Batch(
      inputs: part.with(lengths: lengths),
      labels: labels.sliced(axis: 0, from: range.lowerBound, to: range.upperBound),
      examples: examples.map { Array($0[range]) }, isPadded: isPadded)
  }

  /// The examples at `order`, in this order.
  public func selecting(_ order: [Int]) throws -> Batch {
    guard order.count != count || !order.elementsEqual(0..<count) else { return self }
    let lengths = inputs.lengths.map { lengths in Lengths(order.map { lengths.values[$0] }) }
    return try Batch(
      inputs: inputs.rows(order).with(lengths: lengths), labels: labels.rows(order),
      examples: examples.map { examples in order.map { examples[$0] } }, isPadded: isPadded)
  }

  /// Parts of at most `limit` examples, in order.
  func chunks(_ limit: Int) throws -> [Batch] {
    guard count > limit else { return count > 0 ? [self] : [] }
    return try stride(from: 0, to: count, by: limit).map {
      try slice($0..<min($0 + limit, count))
    }
  }
}

/// Where training takes its examples from.
public protocol BatchSource {
  var count: Int { get }
  /// The examples at `indices`, in this order; there may be none.
  func batch(_ indices: [Int]) throws -> Batch
  /// How long each example is, where padding costs something: batches are then ordered by it. Nil where all are alike.
  func length(_ index: Int) -> Int?
}

extension BatchSource {
  public func length(_ index: Int) -> Int? { nil }
}

/// Token sequences of different lengths with one label each; batches are padded to their longest member.
public struct TokenSource: BatchSource {
  public let sequences: [[Int32]]
  public let labels: [Int]
  private let padding: Int

  public init(_ sequences: [[Int32]], labels: [Int], padding: Int = 0) throws {
    guard sequences.count == labels.count else {
      throw DomainError(
        .shape, "there are \(sequences.count) sequences and \(labels.count) labels")
    }
    self.sequences = sequences
    self.labels = labels
    self.padding = padding
  }

  public var count: Int { sequences.count }

  public func length(_ index: Int) -> Int? { sequences[index].count }

  public func batch(_ indices: [Int]) throws -> Batch {
    let longest = max(1, indices.reduce(0) { max($0, sequences[$1].count) })
    let inputs = try Tensor.uninitialized([indices.count, longest], .i64)
    let to = inputs.pointer(Int64.self)
    for (row, index) in indices.enumerated() {
      let sequence = sequences[index]
      for t in 0..<longest {
        to[row * longest + t] = t < sequence.count ? Int64(sequence[t]) : Int64(padding)
      }
    }
    let lengths = Lengths(indices.map { Int32(sequences[$0].count) })
    return try Batch(
      inputs: inputs.with(lengths: lengths), labels: Tensor(ints: indices.map { labels[$0] }),
      isPadded: true)
  }
}

/// Examples that already are tensors, [count, …] each.
public struct TensorSource: BatchSource {
  public let inputs: Tensor
  public let labels: Tensor

  public init(inputs: Tensor, labels: Tensor) throws {
    let all = try Batch(inputs: inputs.detached.contiguous(), labels: labels.detached.contiguous())
    self.inputs = all.inputs.with(lengths: inputs.lengths)
    self.labels = all.labels
  }

  public var count: Int { inputs.shape[0] }

  public func batch(_ indices: [Int]) throws -> Batch {
    try Batch(inputs: inputs, labels: labels).selecting(indices)
  }
}
