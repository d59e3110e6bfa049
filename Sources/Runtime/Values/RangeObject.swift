/// `a..b by step` with whole numbers.
public final class RangeObject: Object {
  public let start: Int
  public let step: Int
  public let count: Int
  /// As it was written, for printing: the upper bound and whether it is included.
  let end: Int
  let isClosed: Bool

  /// Nil where `step` is 0 or the range has more elements than an int can count.
  public init?(from start: Int, to end: Int, closed: Bool, step: Int = 1) {
    guard step != 0 else { return nil }
    let (distance, overflow) = end.subtractingReportingOverflow(start)
    guard !overflow, distance != Int.min, step != Int.min else { return nil }
    let towards = step > 0 ? distance : -distance
    let size = abs(step)
    if towards < 0 || (towards == 0 && !closed) {
      count = 0
    } else if closed {
      guard towards / size < Int.max else { return nil }
      count = towards / size + 1
    } else {
      count = (towards - 1) / size + 1
    }
    self.start = start
    self.step = step
    self.end = end
    isClosed = closed
    super.init(.range)
  }

  public override var typeName: String { "range" }
  override var byteCount: Int { 80 }

  /// The element at an index in `0..<count`; never overflows, because the last element is in range.
  public func element(_ index: Int) -> Int { start &+ index &* step }

  public func contains(_ value: Int) -> Bool {
    let (offset, overflow) = value.subtractingReportingOverflow(start)
    guard !overflow, count > 0, offset % step == 0 else { return false }
    let index = offset / step
    return index >= 0 && index < count
  }
}
