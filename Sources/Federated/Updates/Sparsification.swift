import Foundations
import Learning
import Tensors

/// How many of a vector's numbers are sent.
struct SentShare: Sendable {
  let share: Double

  /// - Throws: `value` where the share is not above 0 and at most 1.
  init(_ share: Double) throws {
    guard share > 0, share <= 1 else {
      throw DomainError(
        .value, "a share above 0 and at most 1 of an update's numbers is sent, got \(share)")
    }
    self.share = share
  }

  /// ⌈share · count⌉.
  func count(of count: Int) -> Int {
    // 0.07 · 100 is 7.000…1 in floats.
    min(count, max(1, Int((share * Double(count) - 1e-9).rounded(.up))))
  }
}

/// The numbers that are largest in size; of equal ones the first. Sent are their values in 32 bits and their places in
/// ⌈log₂ count⌉ bits each, or all values where that is less.
struct TopK: Compressor {
  let share: SentShare

  var fingerprint: String { "top_k \(share.share)" }

  func compress(_ vector: ParameterVector, key: RandomKey) throws -> (
    sent: ParameterVector, bits: Int
  ) {
    let kept = share.count(of: vector.count)
    let tensor = vector.tensor
    let result = try Tensor.zeros([vector.count])
    let (from, to) = (tensor.floats, result.floats)
    let (threshold, ties) = Self.threshold(from, vector.count, kept)
    var left = ties
    for index in 0..<vector.count {
      let size = from[index].magnitude.bitPattern
      if size > threshold {
        to[index] = from[index]
      } else if size == threshold, left > 0 {
        to[index] = from[index]
        left -= 1
      }
    }
    withExtendedLifetime(tensor) {}
    let bits = min(kept * (32 + vector.count.bitsToTellApart), 32 * vector.count)
    return (try ParameterVector(result, shapes: vector.shapes), bits)
  }

  /// The bits of the `kept`-th largest size, and how many of just this size are among the kept. Sizes of floats are in
  /// the order of their bits: these are counted by their upper half, then those of the half in question by the lower.
  private static func threshold(_ values: UnsafePointer<Float>, _ count: Int, _ kept: Int) -> (
    bits: UInt32, ties: Int
  ) {
    guard count > 0 else { return (0, 0) }
    var counts = [Int](repeating: 0, count: 1 << 16)
    for index in 0..<count { counts[Int(values[index].magnitude.bitPattern >> 16)] += 1 }
    func place(_ left: inout Int) -> Int {
      var half = counts.count - 1
      while half > 0, counts[half] < left {
        left -= counts[half]
        half -= 1
      }
      return half
    }
    var left = kept
    let upper = place(&left)
    for index in counts.indices { counts[index] = 0 }
    for index in 0..<count {
      let bits = values[index].magnitude.bitPattern
      if bits >> 16 == UInt32(upper) { counts[Int(bits & 0xffff)] += 1 }
    }
    let lower = place(&left)
    return (UInt32(upper) << 16 | UInt32(lower), left)
  }
}

/// Numbers at random places, each place as likely. Sent are their values in 32 bits and 64 bits of a seed that the
/// places follow from, or all values where that is less. Where nothing makes up for what is left out, values are
/// multiplied by count / kept, so that what is sent is right on average (Konečný et al. 2016, arXiv 1610.05492).
struct RandomK: Compressor {
  let share: SentShare
  let isScaled: Bool

  var fingerprint: String { "random_k \(share.share)\(isScaled ? " scaled" : "")" }

  func compress(_ vector: ParameterVector, key: RandomKey) throws -> (
    sent: ParameterVector, bits: Int
  ) {
    let kept = share.count(of: vector.count)
    let tensor = vector.tensor
    let result = try Tensor.zeros([vector.count])
    let (from, to) = (tensor.floats, result.floats)
    let factor = isScaled ? Float(vector.count) / Float(max(1, kept)) : 1
    var stream = key.stream
    for place in stream.sample(kept, of: vector.count) { to[place] = from[place] * factor }
    withExtendedLifetime(tensor) {}
    return (
      try ParameterVector(result, shapes: vector.shapes), min(64 + 32 * kept, 32 * vector.count)
    )
  }
}
