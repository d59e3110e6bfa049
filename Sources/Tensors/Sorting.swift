// Order along an axis. The values' gradient goes to the elements that they came from.

import Foundations

extension Tensor {
  /// The elements in order along `axis` and where they came from. Equal elements keep their order; NaN comes last.
  public func sorted(axis: Int = -1, descending: Bool = false) throws -> (
    values: Tensor, indices: Tensor
  ) {
    let axis = try shape.normalized(axis: axis, "sort")
    let indices = try ordered(axis, descending, count: nil)
    return (try gathered(axis: axis, indices), indices)
  }

  /// The positions that put the elements in order along `axis`.
  public func argsorted(axis: Int = -1, descending: Bool = false) throws -> Tensor {
    try ordered(try shape.normalized(axis: axis, "argsort"), descending, count: nil)
  }

  /// The `k` largest (or smallest) elements along `axis`, best first, and where they are.
  public func top(_ k: Int, axis: Int = -1, largest: Bool = true) throws -> (
    values: Tensor, indices: Tensor
  ) {
    let axis = try shape.normalized(axis: axis, "topk")
    guard k >= 0, k <= shape[axis] else {
      throw DomainError(
        .value, "`topk` of \(k) elements along an axis of size \(shape[axis])",
        detail: "the tensor is \(shape)")
    }
    let indices = try ordered(axis, largest, count: k)
    return (try gathered(axis: axis, indices), indices)
  }

  private func ordered(_ axis: Int, _ descending: Bool, count kept: Int?) throws -> Tensor {
    let source = try detached.transposed(axis, rank - 1).contiguous()
    let length = shape[axis]
    let rows = length == 0 ? 0 : count / length
    var target = source.shape
    target[rank - 1] = kept ?? length
    let result = try Tensor.uninitialized(target, .i64)
    let out = result.pointer(Int64.self)
    let k = kept ?? length
    defer { withExtendedLifetime(source) {} }
    // Ranks order as the elements do, whatever their type; what is not a number comes last both ways.
    let flip: UInt64 = descending ? .max : 0
    switch dtype {
    case .f32:
      try order(source.pointer(Float.self), rows, length, k, out) { x in
        let bits = (x == 0 ? 0 : x).bitPattern
        return x.isNaN
          ? .max : UInt64(bits >> 31 == 1 ? ~bits : bits | 1 << 31) ^ flip & 0xFFFF_FFFF
      }
    case .f64:
      try order(source.pointer(Double.self), rows, length, k, out) { x in
        let bits = (x == 0 ? 0 : x).bitPattern
        return x.isNaN ? .max : (bits >> 63 == 1 ? ~bits : bits | 1 << 63) ^ flip
      }
    case .i64:
      try order(source.pointer(Int64.self), rows, length, k, out) { x in
        UInt64(bitPattern: x) ^ 1 << 63 ^ flip
      }
    case .i32:
      try order(source.pointer(Int32.self), rows, length, k, out) { x in
        UInt64(UInt32(bitPattern: x) ^ 1 << 31) ^ flip & 0xFFFF_FFFF
      }
    case .bool:
      try order(source.bytes, rows, length, k, out) { x in UInt64(x) ^ flip & 0xFF }
    }
    return try result.transposed(axis, rank - 1).contiguous()
  }

  /// Writes for each row the positions of its first `kept` elements in the order of their ranks. Ties go to the earlier
  /// position.
  @inline(__always)
  private func order<T>(
    _ values: UnsafePointer<T>, _ rows: Int, _ length: Int, _ kept: Int,
    _ out: UnsafeMutablePointer<Int64>, _ rank: (T) -> UInt64
  ) throws {
    guard kept > 0, rows > 0 else { return }
    let sorter = try RankSorter(capacity: kept * 8 < length ? kept : length)
    for row in 0..<rows {
      let x = values + row * length
      try Cancellation.check(turn: row)
      if kept * 8 < length {
        try sorter.keepLeast(kept, of: length) { rank(x[$0]) }
      } else {
        for i in 0..<length {
          sorter.items[i] = RankSorter.Item(rank: rank(x[i]), position: i)
          try Cancellation.check(turn: i)
        }
        try sorter.sort(length)
      }
      let to = out + row * kept
      for i in 0..<kept { to[i] = Int64(sorter.items[i].position) }
    }
  }
}

/// Sorts positions by rank. Long rows are sorted by the ranks' bytes, and all of it can be stopped.
private final class RankSorter {
  struct Item: BitwiseCopyable {
    var rank: UInt64
    var position: Int

    @inline(__always)
    static func < (a: Item, b: Item) -> Bool {
      a.rank != b.rank ? a.rank < b.rank : a.position < b.position
    }
  }

  private let blocks: (Storage, Storage)
  private(set) var items: UnsafeMutablePointer<Item>
  private var other: UnsafeMutablePointer<Item>

  init(capacity: Int) throws {
    let bytes = capacity * MemoryLayout<Item>.stride
    blocks = (try Storage(byteCount: bytes), try Storage(byteCount: bytes))
    items = blocks.0.pointer.bindMemory(to: Item.self, capacity: capacity)
    other = blocks.1.pointer.bindMemory(to: Item.self, capacity: capacity)
  }

  /// Sorts the first `count` items, whose positions ascend.
  func sort(_ count: Int) throws {
    guard count > 128 else {
      sortShort(count)
      return
    }
    var different: UInt64 = 0
    for i in 0..<count { different |= items[i].rank ^ items[0].rank }
    try withUnsafeTemporaryAllocation(of: Int.self, capacity: 256) { places in
      for shift in stride(from: UInt64(0), to: 64, by: 8) where different >> shift & 0xFF != 0 {
        places.update(repeating: 0)
        for i in 0..<count { places[Int(items[i].rank >> shift & 0xFF)] += 1 }
        var place = 0
        for byte in 0..<256 {
          let size = places[byte]
          places[byte] = place
          place += size
        }
        var start = 0
        while start < count {
          let end = min(start + 1 << 18, count)
          for i in start..<end {
            let item = items[i]
            let byte = Int(item.rank >> shift & 0xFF)
            other[places[byte]] = item
            places[byte] += 1
          }
          start = end
          if count > 1 << 18 { try Cancellation.check() }
        }
        swap(&items, &other)
      }
    }
  }

  /// Puts the `kept` items of lowest rank among `count` in front, in order.
  @inline(__always)
  func keepLeast(_ kept: Int, of count: Int, _ rank: (Int) -> UInt64) throws {
    // A heap of the best so far, its worst on top.
    var filled = 0
    for i in 0..<count {
      try Cancellation.check(turn: i)
      let item = Item(rank: rank(i), position: i)
      if filled < kept {
        items[filled] = item
        var child = filled
        filled += 1
        while child > 0, items[(child - 1) / 2] < items[child] {
          swap(&items[child], &items[(child - 1) / 2])
          child = (child - 1) / 2
        }
      } else if item < items[0] {
        items[0] = item
        var parent = 0
        while true {
          var worst = parent
          for child in (2 * parent + 1)...(2 * parent + 2)
          where child < kept && items[worst] < items[child] {
            worst = child
          }
          if worst == parent { break }
          swap(&items[parent], &items[worst])
          parent = worst
        }
      }
    }
    sortShort(kept)
  }

  private func sortShort(_ count: Int) {
    var short = UnsafeMutableBufferPointer(start: items, count: count)
    short.sort(by: <)
  }
}
