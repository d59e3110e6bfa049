import Testing

@testable import Tensor

@Suite(.serialized) struct StorageTests {
  @Test func sizeClassesHoldWhatIsAsked() {
    for size in Array(0...5000) + [1 << 20, (1 << 20) + 1, 3 << 30, 1 << 40] {
      let sizeClass = StoragePool.sizeClass(of: size)
      #expect(StoragePool.bytes(of: sizeClass) >= size)
      if sizeClass > 0 { #expect(StoragePool.bytes(of: sizeClass - 1) < size) }
    }
  }

  @Test func blocksAreAlignedAndComeBack() throws {
    for size in [1, 64, 65, 4096, 5_000_000] {
      let address: UnsafeMutableRawPointer
      do {
        let storage = try Storage(byteCount: size)
        address = storage.pointer
        #expect(UInt(bitPattern: address) % 64 == 0)
      }
      let again = try Storage(byteCount: size)
      #expect(UInt(bitPattern: again.pointer) % 64 == 0)
    }
  }

  @Test func aSteadyLoopAsksTheSystemForNothing() throws {
    var random = RandomStream(seed: 1)
    let w = try Parameter("w", Tensor.normal([130, 70], &random))
    let x = try Tensor.normal([64, 130], &random)
    func step() throws {
      let loss = try x.matmul(w.value).tanh().softmax().square().sum()
      let gradient = try Tape.gradients(of: loss, withRespectTo: [w])[0]
      try w.update { p in for i in p.indices { p[i] -= 0.1 * gradient.floats[i] } }
    }
    for _ in 0..<3 { try step() }
    // Other tests run meanwhile and take blocks; a leak would show in every round.
    var quiet = false
    for _ in 0..<2000 where !quiet {
      let before = StoragePool.shared.allocationsFromSystem
      for _ in 0..<10 { try step() }
      quiet = StoragePool.shared.allocationsFromSystem == before
    }
    #expect(quiet)
  }

  @Test func tooMuchIsRefusedAndNothingLost() throws {
    let huge = #expect(throws: DomainError.self) {
      try Shape(checking: [10_000_000_000, 10_000_000_000])
    }
    #expect(huge?.kind == .limit)
    let error = #expect(throws: DomainError.self) { try Tensor.zeros([1 << 40]) }
    #expect(error?.kind == .limit)
    #expect(throws: DomainError.self) { try Shape(checking: [2, -1]) }
    #expect(throws: DomainError.self) { try Shape(checking: Array(repeating: 1, count: 9)) }
    // Strides and the shapes of reductions are products of the sizes beside a 0.
    #expect(throws: DomainError.self) { try Shape(checking: [0, .max, .max]) }
    #expect(try Shape(checking: [0, 1 << 20, 1 << 20]).count == 0)
    #expect(try Tensor.ones([3]).sum().item() == 3)
  }
}
