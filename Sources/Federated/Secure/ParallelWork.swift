import Foundations

/// Parallel work of clients that may fail.
enum ParallelWork {
  /// `body` of each of `0..<count`, in that order.
  /// - Throws: what the first that failed threw; `interrupt` where work was abandoned.
  static func map<Item>(_ count: Int, _ body: (Int) throws -> Item) throws -> [Item] {
    let results = UnsafeMutableBufferPointer<Result<Item, any Error>?>.allocate(capacity: count)
    results.initialize(repeating: nil)
    defer {
      results.deinitialize()
      results.deallocate()
    }
    Parallel.each(count) { index in results[index] = Result { try body(index) } }
    return try results.map { result in
      guard let result else {
        try Cancellation.check()
        throw DomainError(.interrupt, "interrupted")
      }
      return try result.get()
    }
  }
}
