import Foundations
import Synchronization
import Testing

@testable import Tensors

/// Work that is stopped leaves the rest out, and nobody sees what it made.
@Suite struct TensorCancellationTests {
  /// The error of `body`, which is asked to stop once `count` questions have been asked.
  private func stopped(after count: Int = 0, _ body: () throws -> Void) -> DomainError? {
    let asked = Atomic<Int>(0)
    return withUnsafePointer(to: asked) { asked in
      nonisolated(unsafe) let asked = asked
      do {
        try Cancellation.when({ asked.pointee.add(1, ordering: .relaxed).oldValue >= count }, body)
        return nil
      } catch {
        return error as? DomainError
      }
    }
  }

  @Test func loopsLeaveBlocksOut() {
    for isSerial in [true, false] {
      let done = Mutex<Int>.Box(0)
      let error = stopped(after: 20) {
        try Cancellation.abandonable {
          func loop() {
            Parallel.each(10_000) { _ in done.mutex.withLock { $0 += 1 } }
          }
          if isSerial { Parallel.serially(loop) } else { loop() }
        }
      }
      #expect(error?.kind == .interrupt)
      #expect(done.mutex.withLock { $0 } < 10_000)
    }
  }

  /// A request that is taken back changes nothing once something has been left out; and what fails for want of it is no
  /// error of its own.
  @Test func whatIsLeftOutStaysSo() {
    let asked = Atomic<Int>(0)
    withUnsafePointer(to: asked) { asked in
      nonisolated(unsafe) let asked = asked
      #expect(throws: DomainError(.interrupt, "interrupted")) {
        try Cancellation.when({ asked.pointee.add(1, ordering: .relaxed).oldValue == 0 }) {
          try Cancellation.abandonable {
            Parallel.serially { Parallel.each(3) { _ in } }
            throw DomainError(.value, "3 is not what was expected")
          }
        }
      }
    }
  }

  @Test func nothingComesAfterIt() {
    var isReached = false
    let error = stopped {
      try Cancellation.abandonable {
        #expect(Parallel.isAbandoned)
        // An operation inside another ends at once, and no memory is given.
        #expect(throws: DomainError.self) { try Cancellation.abandonable {} }
        #expect(throws: DomainError.self) { _ = try Storage(byteCount: 64) }
        _ = try Tensor.zeros([2])
        isReached = true
      }
    }
    #expect(error?.kind == .interrupt && !isReached)
  }

  @Test func whatChangesThingsIsDoneWhole() throws {
    var done = 0
    let error = stopped {
      try Cancellation.abandonable {
        try Cancellation.finishing {
          try Cancellation.check()
          Parallel.serially { Parallel.each(100) { _ in done += 1 } }
        }
        try Cancellation.holdBack()
        defer { Cancellation.letGo() }
        #expect(!Parallel.isAbandoned)
      }
      try Cancellation.abandonable {
        try Cancellation.whole { Parallel.serially { Parallel.each(100) { _ in done += 1 } } }
      }
    }
    #expect(error == nil && done == 200)
    // Past what has been left out there is no way on.
    for isFunction in [true, false] {
      let error = stopped {
        try Cancellation.abandonable {
          _ = Parallel.isAbandoned
          if isFunction { try Cancellation.whole {} } else { try Cancellation.holdBack() }
          Issue.record("this is not reached")
        }
      }
      #expect(error?.kind == .interrupt)
    }
  }

  @Test(arguments: [
    "exp", "add", "compare", "sum", "cumsum", "matmul", "softmax", "normal", "gather", "transpose",
    "cast", "zeros", "full", "nonzero", "one hot", "concat", "permutation", "integers",
  ])
  func operationsOnTensorsStop(_ name: String) throws {
    let x = try Tensor.ones([1000, 1000])
    let places = try Tensor.zeros([100_000], .i64)
    var random = RandomStream(seed: 1)
    let error = stopped {
      try Cancellation.abandonable {
        switch name {
        case "exp": _ = try x.exp()
        case "add": _ = try x + x
        case "compare": _ = try Tensor.compare(.less, x, x)
        case "sum": _ = try x.sum(axes: [0])
        case "cumsum": _ = try x.cumulativeSum(axis: 1)
        case "matmul": _ = try x.matmul(x)
        case "softmax": _ = try x.softmax(axis: 1)
        case "normal": _ = try Tensor.normal([1000, 1000], &random)
        case "gather": _ = try x.takingRows(places)
        case "transpose": _ = try x.transposed().contiguous()
        case "cast": _ = try x.cast(to: .f64)
        case "zeros": _ = try Tensor.zeros([4000, 1000])
        case "full": _ = try Tensor.full([4000, 1000], 2)
        case "nonzero": _ = try x.nonzero()
        case "one hot": _ = try places.oneHot(100)
        case "concat": _ = try Tensor.concatenated([x.transposed(), x], axis: 1)
        case "permutation": _ = try Tensor.permutation(1_000_000, &random)
        default: _ = try Tensor.integers([1_000_000], from: 0, below: 9, &random)
        }
      }
    }
    #expect(error?.kind == .interrupt)
  }
}
