import Synchronization

/// Numbers that grow at the end, without the checks of an array in the innermost loop.
struct GrowingNumbers: ~Copyable {
  private(set) var start: UnsafeMutablePointer<Int32>
  private(set) var count = 0
  private var capacity: Int

  init(capacity: Int = 256) {
    start = .allocate(capacity: capacity)
    self.capacity = capacity
  }

  deinit { start.deallocate() }

  /// Makes room for `more` numbers.
  @inline(__always)
  mutating func reserve(_ more: Int) {
    if count + more > capacity { grow(more) }
  }

  @inline(never)
  private mutating func grow(_ more: Int) {
    let bigger = max(count + more, capacity * 2)
    let moved = UnsafeMutablePointer<Int32>.allocate(capacity: bigger)
    moved.moveInitialize(from: start, count: count)
    start.deallocate()
    start = moved
    capacity = bigger
  }

  @inline(__always)
  mutating func append(_ number: Int32) {
    reserve(1)
    start[count] = number
    count += 1
  }

  @inline(__always)
  mutating func append(_ numbers: UnsafeBufferPointer<Int32>) {
    reserve(numbers.count)
    for i in 0..<numbers.count { start[count + i] = numbers[i] }
    count += numbers.count
  }

  mutating func removeAll() { count = 0 }

  mutating func set(_ numbers: Int) {
    reserve(numbers - count)
    count = numbers
  }

  var buffer: UnsafeBufferPointer<Int32> { UnsafeBufferPointer(start: start, count: count) }
  var array: [Int32] { Array(buffer) }
}

/// What one thread needs to encode, kept between texts.
final class EncodingBuffers {
  let cache = WordCache()
  /// Tokens of the whole text.
  var ids = GrowingNumbers()
  /// Tokens of one word, and where in the word each ends.
  var wordIDs = GrowingNumbers()
  var wordEnds = GrowingNumbers()
  /// Where in the word each token starts; empty where each starts at the end of the one before.
  var wordStarts = GrowingNumbers()
  /// Ranks and new tokens of a word's pairs.
  var ranks = GrowingNumbers()
  var merged = GrowingNumbers()
  /// Links and queue of long words.
  var previous = GrowingNumbers()
  var next = GrowingNumbers()
  var queue: [UInt64] = []
  /// The best sum up to each byte of a word.
  var sums: [Double] = []
  var text = NormalizedText()
  var pieces = PieceList()
  var bytes: [UInt8] = []
}

/// Buffers that are not in use: each encoding takes some and gives them back, so that threads need no lock while they
/// work.
final class EncodingBufferPool: Sendable {
  private struct Idle: @unchecked Sendable {
    var buffers: [EncodingBuffers] = []
  }

  private let idle = Mutex(Idle())

  func take() -> EncodingBuffers {
    idle.withLock { $0.buffers.popLast() } ?? EncodingBuffers()
  }

  func giveBack(_ buffers: EncodingBuffers) {
    idle.withLock { $0.buffers.append(buffers) }
  }
}
