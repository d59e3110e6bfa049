/// Rows of a matrix that are treated as one block: about 32 KiB of it, so that the cut depends on the shape only.
enum RowBlocks {
  static func size(width: Int) -> Int { max(1, 8192 / max(1, width)) }
}
