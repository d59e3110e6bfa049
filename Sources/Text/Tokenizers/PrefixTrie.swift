/// Byte strings, each with a number, found by what a text starts with: nodes in one table with open addressing.
final class PrefixTrie: @unchecked Sendable {
  private struct Edge {
    /// Node << 8 | byte, plus one; 0: none.
    var key: UInt32 = 0
    var node: Int32 = 0
  }

  private var edges: UnsafeMutableBufferPointer<Edge>
  private var mask: Int
  private var nodes = 1
  /// The number of the string that ends at a node, -1 for none.
  private(set) var values: [Int32] = [-1]

  init(capacity: Int = 256) {
    var size = 64
    while size < capacity * 2 { size *= 2 }
    edges = .allocate(capacity: size)
    edges.initialize(repeating: Edge())
    mask = size - 1
  }

  deinit { edges.deallocate() }

  @inline(__always)
  private func slot(_ key: UInt32) -> Int {
    let hash = UInt64(key) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: hash >> 32) & mask
  }

  /// The node behind `node` by `byte`; 0 where there is none.
  @inline(__always)
  func next(_ node: Int, _ byte: UInt8) -> Int {
    let key = UInt32(truncatingIfNeeded: node << 8 | Int(byte)) &+ 1
    var slot = slot(key)
    while edges[slot].key != 0 {
      if edges[slot].key == key { return Int(edges[slot].node) }
      slot = (slot + 1) & mask
    }
    return 0
  }

  /// Nodes there may be: their number and a byte fit a key.
  static let mostNodes = 1 << 23

  /// - Returns: false where there is no room for more.
  func insert(_ bytes: some Sequence<UInt8>, _ value: Int32) -> Bool {
    var node = 0
    for byte in bytes {
      let known = next(node, byte)
      if known != 0 {
        node = known
        continue
      }
      guard nodes < Self.mostNodes else { return false }
      if nodes * 2 > mask { grow() }
      put(UInt32(node << 8 | Int(byte)) + 1, Int32(nodes))
      node = nodes
      nodes += 1
      values.append(-1)
    }
    values[node] = value
    return true
  }

  private func put(_ key: UInt32, _ node: Int32) {
    var slot = slot(key)
    while edges[slot].key != 0 { slot = (slot + 1) & mask }
    edges[slot] = Edge(key: key, node: node)
  }

  private func grow() {
    let old = edges
    edges = .allocate(capacity: old.count * 2)
    edges.initialize(repeating: Edge())
    mask = edges.count - 1
    for edge in old where edge.key != 0 { put(edge.key, edge.node) }
    old.deallocate()
  }

  /// The longest string that starts at `start`: its end and number.
  func longest(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> (end: Int, value: Int32)? {
    var node = 0
    var found: (Int, Int32)?
    var position = start
    while position < bytes.count {
      node = next(node, bytes[position])
      if node == 0 { break }
      position += 1
      if values[node] >= 0 { found = (position, values[node]) }
    }
    return found
  }
}
