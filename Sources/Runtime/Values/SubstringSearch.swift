import Glibc

/// The one search for a text in another, in time that grows with the sum of both lengths whatever they hold. Offsets
/// are bytes; since UTF-8 is self-synchronising, a match of valid text starts and ends between characters.
public enum SubstringSearch {
  public typealias Bytes = UnsafeBufferPointer<UInt8>

  /// The C library looks for a byte in this many at a time; between two such pieces `poll` is asked.
  private static let window = 4 << 20

  /// The first match in `range`; an empty needle matches at once. `poll` is called now and then, and may throw.
  public static func first<Failure: Error>(
    _ needle: Bytes, in bytes: Bytes, _ range: Range<Int>, _ poll: () throws(Failure) -> Void
  ) throws(Failure) -> Int? {
    guard let pattern = needle.baseAddress, needle.count > 0 else { return range.lowerBound }
    guard let start = bytes.baseAddress, range.count >= needle.count else { return nil }
    // Where the needle's first byte stands, as long as that does not compare far more than there is.
    let last = range.upperBound - needle.count
    var offset = range.lowerBound
    var work = 0
    var polled = offset
    while offset <= last {
      if offset - polled >= window {
        polled = offset
        try poll()
      }
      let reach = min(last + 1 - offset, window)
      guard let hit = memchr(start + offset, Int32(pattern[0]), reach) else {
        offset += reach
        continue
      }
      offset = UnsafeRawPointer(hit) - UnsafeRawPointer(start)
      var length = 1
      while length < needle.count, start[offset + length] == pattern[length] { length += 1 }
      if length == needle.count { return offset }
      offset += 1
      // To be called costs the C library as much as some bytes.
      work += length + 8
      if work > 4 * (offset - range.lowerBound) + 256 {
        let place = try twoWay(
          Forward(start: pattern), needle.count, Forward(start: start + offset),
          range.upperBound - offset, poll)
        return place.map { offset + $0 }
      }
    }
    return nil
  }

  /// The last match in `range`.
  public static func last<Failure: Error>(
    _ needle: Bytes, in bytes: Bytes, _ range: Range<Int>, _ poll: () throws(Failure) -> Void
  ) throws(Failure) -> Int? {
    guard let pattern = needle.baseAddress, needle.count > 0 else { return range.upperBound }
    guard let start = bytes.baseAddress, range.count >= needle.count else { return nil }
    let place = try twoWay(
      Backward(last: pattern + needle.count - 1), needle.count,
      Backward(last: start + range.upperBound - 1), range.count, poll)
    return place.map { range.upperBound - $0 - needle.count }
  }

  /// Bytes in either direction.
  private protocol Direction {
    subscript(index: Int) -> UInt8 { get }
  }

  private struct Forward: Direction {
    let start: UnsafePointer<UInt8>
    @inline(__always) subscript(index: Int) -> UInt8 { start[index] }
  }

  private struct Backward: Direction {
    let last: UnsafePointer<UInt8>
    @inline(__always) subscript(index: Int) -> UInt8 { (last - index).pointee }
  }

  /// The algorithm of Crochemore and Perrin ("Two-way string-matching", 1991): compares the needle's right part
  /// forwards, then its left part backwards, cut where a mismatch tells how far to move on. Needs no memory beside the
  /// texts.
  @inline(__always)
  private static func twoWay<Side: Direction, Failure: Error>(
    _ needle: Side, _ length: Int, _ text: Side, _ count: Int, _ poll: () throws(Failure) -> Void
  ) throws(Failure) -> Int? {
    var work = 0
    func pause(_ steps: Int) throws(Failure) {
      work += steps
      if work > 1 << 20 {
        work = 0
        try poll()
      }
    }
    /// The start of the largest suffix in one of the two orders of bytes, less one, and its period.
    func largestSuffix(_ isReversed: Bool) throws(Failure) -> (start: Int, period: Int) {
      var suffix = -1
      var candidate = 0
      var offset = 1
      var period = 1
      while candidate + offset < length {
        let a = needle[candidate + offset]
        let b = needle[suffix + offset]
        if isReversed ? a > b : a < b {
          candidate += offset
          offset = 1
          period = candidate - suffix
        } else if a == b {
          if offset == period {
            candidate += period
            offset = 1
          } else {
            offset += 1
          }
        } else {
          suffix = candidate
          candidate += 1
          offset = 1
          period = 1
        }
        try pause(1)
      }
      return (suffix, period)
    }
    let one = try largestSuffix(false)
    let other = try largestSuffix(true)
    var (cut, period) = one.start > other.start ? one : other
    var isPeriodic = true
    for index in 0...max(0, cut) where cut >= 0 && needle[index] != needle[index + period] {
      isPeriodic = false
      break
    }
    if !isPeriodic { period = max(cut, length - cut - 2) + 1 }
    // How much of the needle's beginning is known to match after a move by its period.
    var known = 0
    var place = 0
    while place + length <= count {
      var index = max(cut + 1, known)
      let from = index
      while index < length, needle[index] == text[place + index] { index += 1 }
      if index < length {
        try pause(index - from + 1)
        place += index - cut
        known = 0
        continue
      }
      index = cut
      while index >= known, needle[index] == text[place + index] { index -= 1 }
      if index < known { return place }
      try pause(length - from + cut - index)
      place += period
      known = isPeriodic ? length - period : 0
    }
    return nil
  }
}
