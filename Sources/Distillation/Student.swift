import Foundations
import Learning
import Tensors

/// Students that begin as a part of their teacher: its embeddings, some of its blocks, its final normalisation and
/// output (Sanh et al. 2019: every second block).
public enum Student {
  /// Which blocks a student keeps.
  public enum Layers: Sendable, Equatable {
    /// 0, 2, 4 …: half of them, rounded up.
    case everySecond
    /// This many, spread evenly from the first to the last, as DistilGPT2 has 0, 2, 4, 7, 9, 11 of 12.
    case spread(Int)
    /// These, in this order; one may come twice.
    case chosen([Int])

    /// The numbers of the kept blocks of a model with `count`.
    ///
    /// - Throws: `value` where none or more than there are should be kept; `index` for a block that does not exist.
    public func indices(of count: Int) throws(DomainError) -> [Int] {
      switch self {
      case .everySecond:
        guard count > 0 else { throw DomainError(.value, "the teacher has no blocks to keep") }
        return Array(stride(from: 0, to: count, by: 2))
      case .spread(let kept):
        guard kept > 0, kept <= count else {
          throw DomainError(
            .value, "a student of a teacher with \(count) blocks has 1 to \(count), not \(kept)")
        }
        guard kept > 1 else { return [0] }
        // Halves are rounded up, as the published list of DistilGPT2 has 7 for 6.6 and 9 for 8.8.
        return (0..<kept).map { Int((Double($0 * (count - 1)) / Double(kept - 1)).rounded()) }
      case .chosen(let blocks):
        guard !blocks.isEmpty else {
          throw DomainError(.value, "a student keeps at least one block of its teacher")
        }
        if let bad = blocks.first(where: { !(0..<count).contains($0) }) {
          throw DomainError(
            .index, "there is no block \(bad): the teacher has the blocks 0..<\(count)")
        }
        return blocks
      }
    }
  }

  /// A model with the chosen blocks of `teacher`; it shares nothing with it.
  public static func of(_ teacher: GPT2, layers: Layers = .everySecond) throws -> GPT2 {
    try teacher.keeping(blocks: layers.indices(of: teacher.transformer.blocks.count))
  }

  public static func of(_ teacher: BERT, layers: Layers = .everySecond) throws -> BERT {
    try teacher.keeping(blocks: layers.indices(of: teacher.transformer.blocks.count))
  }
}
