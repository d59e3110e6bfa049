import Foundations
import Synchronization
import Tensors

/// A parallel loop over blocks each of which has a scratch buffer of f32 and may throw; the error of the first block
/// that failed is thrown when all are through.
func inParallel(
  _ count: Int, size: Int, scratch: Int,
  _ body: (Range<Int>, UnsafeMutablePointer<Float>) throws -> Void
) throws {
  let failure = Mutex<(block: Int, error: any Error)?>(nil)
  Parallel.blocks(count, size: size) { block in
    do {
      let storage = try Storage(byteCount: max(1, scratch) * 4)
      try body(block, storage.pointer.bindMemory(to: Float.self, capacity: max(1, scratch)))
      withExtendedLifetime(storage) {}
    } catch {
      failure.withLock {
        if ($0?.block ?? .max) > block.lowerBound { $0 = (block.lowerBound, error) }
      }
    }
  }
  if let failure = failure.withLock({ $0 }) { throw failure.error }
}
