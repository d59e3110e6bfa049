import Foundations
import Tensors
import Testing

@testable import Text

@Suite struct SplitTests {
  @Test func everyIndexOnce() throws {
    let (first, second) = try Split.indices(count: 101, fraction: 0.3, seed: 5)
    #expect(first.count == 30)
    #expect((first + second).sorted() == Array(0..<101))
    let again = try Split.indices(count: 101, fraction: 0.3, seed: 5)
    #expect(again.first == first)
    let other = try Split.indices(count: 101, fraction: 0.3, seed: 6)
    #expect(other.first != first)
    for fraction in [-0.1, 1.1, .nan] {
      #expect(
        failure { _ = try Split.indices(count: 3, fraction: fraction, seed: 1) }?.kind == .value)
    }
    #expect(try Split.indices(count: 0, fraction: 0.5, seed: 1).first.isEmpty)
  }

  @Test func stratifiedKeepsShares() throws {
    let labels: [Int32] = (0..<90).map { $0 % 9 == 0 ? 1 : 0 }
    let (first, second) = try Split.stratified(labels: labels, fraction: 0.8, seed: 2)
    #expect(first.count { labels[$0] == 1 } == 8)
    #expect(second.count { labels[$0] == 1 } == 2)
    #expect((first + second).sorted() == Array(0..<90))
  }

  @Test func smallNumbersAreEven() {
    var generator = SplitMix64(seed: 1)
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<70_000 { counts[generator.below(7)] += 1 }
    #expect(counts.allSatisfy { abs($0 - 10_000) < 500 })
  }
}
