import Foundations
import Glibc
import Synchronization

/// A block of memory that tensors share: 64-byte aligned, from a pool, given back when the last tensor lets go of it. A
/// step that repeats finds all of its blocks in the pool and asks the system for none.
public final class Storage: @unchecked Sendable {
  public let pointer: UnsafeMutableRawPointer
  /// The bytes asked for; the block may be longer.
  public let byteCount: Int

  /// Throws a limit error where the memory limit or the machine's memory does not suffice.
  public init(byteCount: Int, zeroed: Bool = false) throws {
    if byteCount > 0 { try AbandonableWork.requireWhole() }
    pointer = try StoragePool.shared.take(byteCount)
    self.byteCount = byteCount
    guard zeroed else { return }
    // Memory that was never touched is slow to come: a gigabyte takes as long as a product of large matrices.
    let pointer = pointer
    Parallel.blocks(byteCount, size: 1 << 22) { memset(pointer + $0.lowerBound, 0, $0.count) }
  }

  deinit { StoragePool.shared.give(pointer, byteCount) }
}

/// Free blocks: small ones by size class, four to a doubling, so that at most a fifth of a block is unused; big ones in
/// regions.
public final class StoragePool: Sendable {
  public static let shared = StoragePool()

  private static let smallest = 64
  /// Blocks up to this size are small.
  private static let largestSmall = 1 << 17

  private let free: [Mutex<[UInt]>.Box]
  private let regions = BlockRegions()
  private let used = Atomic<Int>(0)
  private let systemAllocations = Atomic<Int>(0)

  private init() {
    let classes = StoragePool.sizeClass(of: StoragePool.largestSmall) + 1
    free = (0..<classes).map { _ in Mutex<[UInt]>.Box([]) }
  }

  /// How often the system has been asked for memory so far; constant over the steps of a steady training loop.
  public var allocationsFromSystem: Int { systemAllocations.load(ordering: .relaxed) }

  /// Gives all free blocks back to the system.
  public func trim() {
    for sizeClass in free.indices {
      let blocks = free[sizeClass].mutex.withLock { stack in
        let all = stack
        stack = []
        return all
      }
      for block in blocks { Glibc.free(UnsafeMutableRawPointer(bitPattern: block)) }
    }
    regions.trim()
  }

  /// The class whose blocks hold `byteCount` bytes.
  static func sizeClass(of byteCount: Int) -> Int {
    guard byteCount > smallest else { return 0 }
    // byteCount - 1 lies in [2^e, 2^(e+1)); quarters of that interval are the classes.
    let value = byteCount - 1
    let exponent = Int.bitWidth - 1 - value.leadingZeroBitCount
    let quarter = (value >> (exponent - 2)) & 3
    return (exponent - 6) * 4 + quarter + 1
  }

  static func bytes(of sizeClass: Int) -> Int {
    guard sizeClass > 0 else { return smallest }
    let exponent = (sizeClass - 1) / 4 + 6
    let quarter = (sizeClass - 1) % 4
    return (1 << exponent) + (quarter + 1) << (exponent - 2)
  }

  /// What a block of `byteCount` bytes takes.
  static func blockSize(_ byteCount: Int) -> Int {
    byteCount <= largestSmall ? bytes(of: sizeClass(of: byteCount)) : BlockRegions.bytes(byteCount)
  }

  /// More than any machine's memory: sizes beyond would overflow.
  private static let most = 1 << 48

  func take(_ byteCount: Int) throws -> UnsafeMutableRawPointer {
    guard byteCount < StoragePool.most else { throw outOfMemory(byteCount) }
    let bytes = StoragePool.blockSize(byteCount)
    let (_, inUse) = used.add(bytes, ordering: .relaxed)
    guard inUse <= MemoryRoom.byteLimit else {
      used.subtract(bytes, ordering: .relaxed)
      throw DomainError(
        .limit,
        "a tensor of \(byteCount) bytes would exceed the memory limit of \(MemoryRoom.byteLimit) bytes (\(inUse - bytes) are in use)"
      )
    }
    if let block = byteCount <= StoragePool.largestSmall ? takeSmall(byteCount) : takeBig(byteCount)
    {
      return block
    }
    used.subtract(bytes, ordering: .relaxed)
    throw outOfMemory(byteCount)
  }

  func give(_ block: UnsafeMutableRawPointer, _ byteCount: Int) {
    let bytes = StoragePool.blockSize(byteCount)
    let (_, inUse) = used.subtract(bytes, ordering: .relaxed)
    guard byteCount <= StoragePool.largestSmall else {
      // What is free beyond the larger of half a gigabyte and what is in use goes back to the system.
      return regions.give(block, byteCount, keepingFree: max(1 << 29, inUse))
    }
    let sizeClass = StoragePool.sizeClass(of: byteCount)
    free[sizeClass].mutex.withLock { $0.append(UInt(bitPattern: block)) }
  }

  private func takeSmall(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    let sizeClass = StoragePool.sizeClass(of: byteCount)
    let bytes = StoragePool.bytes(of: sizeClass)
    if let block = free[sizeClass].mutex.withLock({ $0.popLast() }) {
      // Only addresses of blocks are ever put in.
      return UnsafeMutableRawPointer(bitPattern: block).unsafelyUnwrapped
    }
    systemAllocations.add(1, ordering: .relaxed)
    if let block = aligned_alloc(64, bytes) { return block }
    trim()
    return aligned_alloc(64, bytes)
  }

  private func takeBig(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    // The kernel overcommits: more than the machine has left is refused here, before anything is written to it.
    if byteCount >= BlockRegions.hugeBlock {
      guard StoragePool.isAvailable(byteCount) else { return nil }
      // It cannot use what others left: those pages make room for its own.
      if regions.bytesFree > byteCount / 4 { regions.trim() }
    }
    var taken = regions.take(byteCount)
    if taken == nil {
      trim()
      taken = regions.take(byteCount)
    }
    if taken?.isNew == true { systemAllocations.add(1, ordering: .relaxed) }
    return taken?.block
  }

  /// Whether the machine has this much memory left; true where it does not say.
  private static func isAvailable(_ bytes: Int) -> Bool {
    guard let file = fopen("/proc/meminfo", "r") else { return true }
    defer { fclose(file) }
    var text = [UInt8](repeating: 0, count: 1024)
    let count = fread(&text, 1, text.count, file)
    let lines = String(decoding: text.prefix(count), as: UTF8.self).split(separator: "\n")
    guard let line = lines.first(where: { $0.hasPrefix("MemAvailable:") }),
      let kibibytes = Int(line.split(separator: " ").dropFirst().first ?? "")
    else { return true }
    return bytes <= kibibytes << 10
  }

  private func outOfMemory(_ byteCount: Int) -> DomainError {
    DomainError(.limit, "not enough memory for a tensor of \(byteCount) bytes")
  }
}

extension Mutex where Value: Sendable {
  /// A mutex that can stand in an array.
  final class Box: Sendable {
    let mutex: Mutex<Value>
    init(_ value: Value) { mutex = Mutex(value) }
  }
}
