import Foundations
import Glibc
import Testing

@testable import Tensors

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

  @Test func bigBlocksAreApartAndTheirRoomIsUsedAgain() throws {
    let regions = BlockRegions()
    var random = RandomStream(seed: 2)
    var living: [(block: UnsafeMutableRawPointer, byteCount: Int, mark: UInt8)] = []
    var asked = 0
    for turn in 0..<3000 {
      if living.count > 40 || (!living.isEmpty && random.integer(below: 3) == 0) {
        let (block, byteCount, mark) = living.remove(at: random.integer(below: living.count))
        // Nobody else wrote to it, from its first byte to its last.
        #expect(block.load(as: UInt8.self) == mark)
        #expect(block.load(fromByteOffset: byteCount - 1, as: UInt8.self) == mark)
        regions.give(block, byteCount, keepingFree: 1 << 40)
      } else {
        let byteCount = (1 << 17) + random.integer(below: 1 << 20)
        let (block, isNew) = try #require(regions.take(byteCount))
        #expect(UInt(bitPattern: block) % 64 == 0)
        if isNew { asked += 1 }
        let mark = UInt8(turn % 251)
        block.storeBytes(of: mark, as: UInt8.self)
        block.storeBytes(of: mark, toByteOffset: byteCount - 1, as: UInt8.self)
        living.append((block, byteCount, mark))
      }
    }
    // All fit in the first region; nothing is lost by being cut up.
    #expect(asked == 1)
    for (block, byteCount, _) in living { regions.give(block, byteCount, keepingFree: 1 << 40) }
    #expect(regions.bytesFree > 0)
    let whole = try #require(regions.take(BlockRegions.hugeBlock - 1))
    #expect(!whole.isNew)
    regions.give(whole.block, BlockRegions.hugeBlock - 1, keepingFree: 0)
    #expect(regions.bytesFree == 0)
  }

  @Test func freeMemoryGoesBackAndLivingBlocksStay() throws {
    let regions = BlockRegions()
    let size = 1 << 20
    let blocks = try (0..<8).map { _ in try #require(regions.take(size)).block }
    for (index, block) in blocks.enumerated() { memset(block, Int32(index + 1), size) }
    // The tightest hole is taken, not the first or the largest.
    for index in [0, 1, 3, 5, 6, 7] { regions.give(blocks[index], size, keepingFree: 1 << 40) }
    #expect(regions.bytesFree == 6 * size)
    #expect(regions.take(size)?.block == blocks[3])
    regions.trim()
    for index in [2, 4] {
      #expect(
        (0..<size).allSatisfy {
          blocks[index].load(fromByteOffset: $0, as: UInt8.self) == index + 1
        })
    }
    // The system gives zeros for what it has had back.
    #expect(regions.take(2 * size)?.block == blocks[0])
    #expect(blocks[1].load(as: UInt8.self) == 0)
    #expect(regions.bytesFree == 0)
  }

  @Test func hugeBlocksGoBackAtOnce() throws {
    let regions = BlockRegions()
    let byteCount = BlockRegions.hugeBlock + 5
    let (block, isNew) = try #require(regions.take(byteCount))
    #expect(isNew && UInt(bitPattern: block) % (1 << 21) == 0)
    block.storeBytes(of: 7, toByteOffset: byteCount - 1, as: UInt8.self)
    regions.give(block, byteCount, keepingFree: 1 << 40)
    #expect(regions.bytesFree == 0)
    #expect(regions.take(1 << 47) == nil)
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
