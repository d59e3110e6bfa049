import Tensor

/// The keys and values that a decoder has computed for the positions so far, so that a new token costs one position instead of
/// all. Examples may have come to different lengths.
public final class KeyValueCache {
  /// How many positions fit.
  public let capacity: Int
  public let width: Int
  /// Positions of each example so far.
  public private(set) var lengths: [Int]
  /// [block]: [examples, capacity, 2·width], keys beside values.
  private var blocks: [Tensor]

  /// Room for `capacity` positions of `batch` examples in each of `blocks` blocks.
  public init(batch: Int, blocks: Int, capacity: Int, width: Int) throws {
    self.capacity = capacity
    self.width = width
    lengths = Array(repeating: 0, count: batch)
    self.blocks = try (0..<blocks).map { _ in
      try .zeros(Shape(checking: [batch, capacity, 2 * width]))
    }
  }

  public var batch: Int { lengths.count }

  /// Checks that `time` new positions fit. Throws a limit error where they do not.
  public func reserve(_ time: Int) throws {
    guard let longest = lengths.max(), longest + time > capacity else { return }
    throw DomainError(
      .limit, "\(longest + time) tokens are more than the \(capacity) that the model can look at")
  }

  /// Writes the keys and values of new positions behind the old ones and returns how many positions there are at most now;
  /// `lengths` stay until `advance`.
  func append(_ packed: Tensor, block: Int) throws -> Int {
    let (batch, time) = (packed.shape[0], packed.shape[1])
    let from = try packed.contiguous()
    let to = blocks[block]
    let row = 2 * width
    withExtendedLifetime((from, to)) {
      for example in 0..<batch {
        for t in 0..<time {
          // Queries come first.
          (to.floats + (example * capacity + lengths[example] + t) * row).update(
            from: from.floats + (example * time + t) * 3 * width + width, count: row)
        }
      }
    }
    return (lengths.max() ?? 0) + time
  }

  /// Notes that `counts[b]` positions of example b are real.
  public func advance(_ counts: [Int]) {
    for example in lengths.indices { lengths[example] += counts[example] }
  }

  /// The cache whose example i is example `order[i]` of this one: for beams.
  public func select(_ order: [Int]) throws {
    let indices = try Tensor(ints: order)
    blocks = try blocks.map { try $0.indexSelected(axis: 0, indices) }
    lengths = order.map { lengths[$0] }
  }

  func keys(_ block: Int) -> HeadLayout { layout(block, 0) }
  func values(_ block: Int) -> HeadLayout { layout(block, width) }

  private func layout(_ block: Int, _ offset: Int) -> HeadLayout {
    HeadLayout(
      base: blocks[block].floats + offset, rowStride: 2 * width,
      exampleStride: capacity * 2 * width)
  }
}
