import Tensors

/// The parameters that one training run changes, laid end to end: the places of their optimizer state and of their
/// noise, and the blocks that the update is cut into. A fixed row is in no block: it gets neither gradient nor noise
/// nor decay.
public struct ParameterLayout {
  public let parameters: [Parameter]
  /// Where each parameter's state begins; multiples of 128, which noise comes in groups of.
  public let offsets: [Int]
  public let count: Int
  let blocks: [Block]
  /// The blocks of each parameter.
  let blockRanges: [Range<Int>]

  /// A part of one parameter: `count` elements from `start`; whole rows where it is a table.
  struct Block {
    let parameter: Int
    let start: Int
    let count: Int
  }

  /// Elements of a block: parameter, gradient and two moments of it fit the second-level cache.
  private static let blockSize = 1 << 13

  public init(_ parameters: [Parameter]) {
    self.parameters = parameters
    var offsets: [Int] = []
    var blocks: [Block] = []
    var blockRanges: [Range<Int>] = []
    var total = 0
    for (index, parameter) in parameters.enumerated() {
      offsets.append(total)
      let width = parameter.shape.rank == 2 ? parameter.shape[1] : 1
      let size = max(1, ParameterLayout.blockSize / max(1, width)) * max(1, width)
      let first = blocks.count
      let fixed = parameter.fixedElements
      for start in stride(from: 0, to: parameter.count, by: size) {
        let whole = start..<min(start + size, parameter.count)
        let parts =
          whole.overlaps(fixed)
          ? [whole.lowerBound..<fixed.lowerBound, fixed.upperBound..<whole.upperBound] : [whole]
        for part in parts where !part.isEmpty {
          blocks.append(Block(parameter: index, start: part.lowerBound, count: part.count))
        }
      }
      blockRanges.append(first..<blocks.count)
      total += (parameter.count + 127) / 128 * 128
    }
    self.offsets = offsets
    self.blocks = blocks
    self.blockRanges = blockRanges
    count = total
  }
}
