import Foundation
import Foundations
import Synchronization
import Testing

@testable import Tensors

/// Tests that set the number of threads run one after the other.
@Suite(.serialized) struct ParallelTests {
  @Test(arguments: [1, 2, 3, 8]) func everyBlockRunsOnce(threads: Int) {
    let before = Parallel.threads
    defer { Parallel.threads = before }
    Parallel.threads = threads
    for count in [0, 1, 7, 64, 1000] {
      let hits = (0..<count).map { _ in Mutex<Int>.Box(0) }
      Parallel.blocks(count, size: 3) { range in
        #expect(range.lowerBound % 3 == 0 && range.count <= 3)
        for i in range { hits[i].mutex.withLock { $0 += 1 } }
      }
      #expect(hits.allSatisfy { $0.mutex.withLock { $0 } == 1 })
    }
  }

  @Test func nestedLoopsRunInline() {
    let before = Parallel.threads
    defer { Parallel.threads = before }
    Parallel.threads = 4
    let total = Atomic<Int>(0)
    Parallel.each(50) { _ in
      let outer = pthread_self()
      Parallel.each(20) { _ in
        #expect(pthread_equal(pthread_self(), outer) != 0)
        total.add(1, ordering: .relaxed)
      }
    }
    #expect(total.load(ordering: .relaxed) == 1000)
  }

  @Test func manyCallersAtOnce() async {
    let before = Parallel.threads
    defer { Parallel.threads = before }
    Parallel.threads = 3
    await withTaskGroup(of: Int.self) { group in
      for caller in 0..<8 {
        group.addTask {
          var sum = 0
          for round in 0..<300 {
            let partial = Atomic<Int>(0)
            Parallel.blocks(100, size: 7) { range in
              partial.add(range.reduce(0, +), ordering: .relaxed)
            }
            sum += partial.load(ordering: .relaxed) + caller * 0 + round * 0
          }
          return sum
        }
      }
      for await sum in group { #expect(sum == 300 * 4950) }
    }
  }

  @Test func sameBitsForAnyNumberOfThreads() throws {
    let before = Parallel.threads
    defer { Parallel.threads = before }
    func results() throws -> [Tensor] {
      var random = RandomStream(seed: 5)
      let x = try Tensor.normal([300, 257], &random)
      let y = try Tensor.normal([257, 310], &random)
      let a = try Tape.variable(x)
      let b = try Tape.variable(y)
      let product = try a.matmul(b)
      let loss = try (product.softmax() * product.tanh()).sum(axes: [0]).square().mean()
      return try [
        x, product.detached, loss.detached, x.sum(), x.sum(axes: [0]), x.sum(axes: [1]),
        x.transposed().exp(), x.logSumExp(), x.mean(axes: [0]), Tensor.uniform([100_000], &random),
        x + y.transposed().sliced(axis: 0, from: 0, to: 300),
      ] + Tape.gradients(of: loss, withRespectTo: [a, b])
    }
    Parallel.threads = 1
    let one = try results()
    for threads in [2, 5] {
      Parallel.threads = threads
      for (a, b) in zip(one, try results()) { #expect(try Tensor.identical(a, b)) }
    }
  }

  @Test func seriallyStaysOnThisThread() {
    let before = Parallel.threads
    defer { Parallel.threads = before }
    Parallel.threads = 4
    let caller = pthread_self()
    Parallel.serially {
      Parallel.each(30) { _ in #expect(pthread_equal(pthread_self(), caller) != 0) }
    }
  }
}
