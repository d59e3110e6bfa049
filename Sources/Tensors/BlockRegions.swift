import Glibc
import Synchronization

/// Big blocks of memory, cut out of regions that are mapped from the system: the best fit, and free neighbours become
/// one. A step wants other sizes in its backward pass than in its forward pass; what one leaves, the other takes,
/// without a page fault.
final class BlockRegions: Sendable {
  /// Blocks begin at multiples of this many bytes.
  static let unit = 1 << 16
  /// A block from this size on is mapped by itself and given back as soon as it is free: mapping takes a hundredth of
  /// the time that filling it takes, and no other block could use so much.
  static let hugeBlock = 1 << 26
  private static let regionSize = 1 << 28
  /// Of the pages that the processor translates at once.
  private static let bigPage = 1 << 21

  private struct Span {
    var start: Int
    var count: Int
  }

  /// A mapping of consecutive units.
  private struct Region {
    let base: UInt
    let units: Int
    /// In order, none touching the next.
    var free: [Span]
    var used = 0
    /// Units from here on have never been used: the system has given no page for them.
    var top = 0

    init(base: UInt, units: Int) {
      self.base = base
      self.units = units
      free = [Span(start: 0, count: units)]
    }

    mutating func take(_ count: Int) -> Int? {
      guard units - used >= count, let index = bestFit(count) else { return nil }
      let start = free[index].start
      if free[index].count == count {
        free.remove(at: index)
      } else {
        free[index] = Span(start: start + count, count: free[index].count - count)
      }
      used += count
      top = max(top, start + count)
      return start
    }

    /// The smallest span that is large enough, the first of equals: large ones stay whole.
    private func bestFit(_ count: Int) -> Int? {
      var best: Int?
      for index in free.indices where free[index].count >= count {
        if best.map({ free[index].count < free[$0].count }) ?? true { best = index }
      }
      return best
    }

    mutating func give(_ start: Int, _ count: Int) {
      used -= count
      var next = 0
      var end = free.count
      while next < end {
        let middle = (next + end) / 2
        if free[middle].start < start { next = middle + 1 } else { end = middle }
      }
      var span = Span(start: start, count: count)
      if next < free.count, span.start + span.count == free[next].start {
        span.count += free[next].count
        free.remove(at: next)
      }
      if next > 0, free[next - 1].start + free[next - 1].count == span.start {
        free[next - 1].count += span.count
      } else {
        free.insert(span, at: next)
      }
    }

    func contains(_ address: UInt) -> Bool {
      address >= base && address < base + UInt(units * BlockRegions.unit)
    }
  }

  private let regions = Mutex<[Region]>([])

  /// A block of at least `byteCount` bytes, and whether the system was asked for it; nil where it has nothing left.
  func take(_ byteCount: Int) -> (block: UnsafeMutableRawPointer, isNew: Bool)? {
    guard byteCount < BlockRegions.hugeBlock else {
      return BlockRegions.map(BlockRegions.mapped(byteCount)).map { ($0, true) }
    }
    let count = BlockRegions.units(byteCount)
    return regions.withLock { regions in
      for index in regions.indices {
        guard let start = regions[index].take(count) else { continue }
        return (BlockRegions.block(regions[index], start), false)
      }
      // Where address space is short, a region of the block's own size will do.
      for size in [BlockRegions.regionSize, BlockRegions.mapped(byteCount)] {
        guard let base = BlockRegions.map(size) else { continue }
        var region = Region(base: UInt(bitPattern: base), units: size / BlockRegions.unit)
        let start = region.take(count)
        regions.append(region)
        return start.map { (BlockRegions.block(region, $0), true) }
      }
      return nil
    }
  }

  /// Takes back a block of `byteCount` bytes. Regions that are then free as a whole go back to the system where the
  /// others keep more than `most` bytes free.
  func give(_ block: UnsafeMutableRawPointer, _ byteCount: Int, keepingFree most: Int) {
    guard byteCount < BlockRegions.hugeBlock else {
      munmap(block, BlockRegions.mapped(byteCount))
      return
    }
    let address = UInt(bitPattern: block)
    regions.withLock { regions in
      guard let index = regions.firstIndex(where: { $0.contains(address) }) else { return }
      let start = Int(address - regions[index].base) / BlockRegions.unit
      regions[index].give(start, BlockRegions.units(byteCount))
      if regions[index].used == 0, BlockRegions.free(regions) > most {
        BlockRegions.unmap(regions.remove(at: index))
      }
    }
  }

  /// Bytes that the system has given and no block uses.
  var bytesFree: Int { regions.withLock { BlockRegions.free($0) } }

  /// Gives all free memory back to the system.
  func trim() {
    regions.withLock { regions in
      for region in regions where region.used == 0 { BlockRegions.unmap(region) }
      regions.removeAll { $0.used == 0 }
      for index in regions.indices {
        for span in regions[index].free where span.start < regions[index].top {
          madvise(
            BlockRegions.block(regions[index], span.start), span.count * BlockRegions.unit,
            MADV_DONTNEED)
        }
        if let last = regions[index].free.last, last.start + last.count >= regions[index].top {
          regions[index].top = min(regions[index].top, last.start)
        }
      }
    }
  }

  // MARK: Sizes and addresses

  /// What a block of `byteCount` bytes takes.
  static func bytes(_ byteCount: Int) -> Int {
    byteCount < hugeBlock ? units(byteCount) * unit : mapped(byteCount)
  }

  private static func units(_ byteCount: Int) -> Int { (byteCount + unit - 1) / unit }

  private static func mapped(_ byteCount: Int) -> Int {
    (byteCount + bigPage - 1) / bigPage * bigPage
  }

  private static func free(_ regions: [Region]) -> Int {
    regions.reduce(0) { $0 + ($1.top - $1.used) } * unit
  }

  private static func block(_ region: Region, _ start: Int) -> UnsafeMutableRawPointer {
    // An address inside of a mapping is not null.
    UnsafeMutableRawPointer(bitPattern: region.base + UInt(start * unit)).unsafelyUnwrapped
  }

  /// `size` bytes of zeros, a multiple of the big pages' size, that begin at such a page.
  private static func map(_ size: Int) -> UnsafeMutableRawPointer? {
    let whole = size + bigPage
    guard
      let start = mmap(
        nil, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
      start != MAP_FAILED
    else { return nil }
    let before = (bigPage - Int(bitPattern: start) & (bigPage - 1)) & (bigPage - 1)
    if before > 0 { munmap(start, before) }
    let base = start + before
    munmap(base + size, bigPage - before)
    madvise(base, size, MADV_HUGEPAGE)
    return base
  }

  private static func unmap(_ region: Region) {
    munmap(block(region, 0), region.units * unit)
  }
}
