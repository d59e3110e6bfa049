import CKernels
import Foundation
import Testing

/// All tests of kernels. One after another, because they switch the level of the whole process.
@Suite(.serialized) enum KernelTests {}

/// Every length that has another tail, and some whole vectors before it.
let tailLengths = Array(0...70)

/// Runs `body` on each level that this processor has, from plain C upwards.
func onEveryLevel(_ body: (Int) throws -> Void) rethrows {
  defer { fl_set_cpu_level(Int32(FL_LEVEL_AVX512)) }
  for level in 0...Int(fl_best_cpu_level()) {
    fl_set_cpu_level(Int32(level))
    try body(level)
  }
}

/// Runs `body` on each level and expects the same bits from all; returns the last result.
@discardableResult
func sameOnEveryLevel(
  _ name: String = "", sourceLocation: SourceLocation = #_sourceLocation, _ body: () -> [Float]
) -> [Float] {
  var first: [Float]?
  onEveryLevel { level in
    let result = body()
    if let first {
      let different = zip(first, result).enumerated().filter { _, pair in
        pair.0.bitPattern != pair.1.bitPattern && !(pair.0.isNaN && pair.1.isNaN)
      }
      #expect(
        different.isEmpty && first.count == result.count,
        "\(name) differs on level \(level) at \(different.prefix(3).map { "\($0)" })",
        sourceLocation: sourceLocation)
    } else {
      first = result
    }
  }
  return first ?? []
}

/// What stands around an output; a kernel that writes there is caught.
private let sentinel: Float = -12345.678

/// Gives `body` an unaligned output of `count` elements and returns what it wrote. The output starts
/// as `initial` if given.
func output(
  _ count: Int, initial: [Float]? = nil, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: (UnsafeMutablePointer<Float>) -> Void
) -> [Float] {
  let margin = 17
  var storage = [Float](repeating: sentinel, count: count + 2 * margin)
  if let initial { storage.replaceSubrange(margin..<margin + count, with: initial) }
  storage.withUnsafeMutableBufferPointer { body($0.baseAddress! + margin) }  // Never empty.
  let untouched =
    storage[..<margin].allSatisfy { $0 == sentinel }
    && storage[(margin + count)...].allSatisfy { $0 == sentinel }
  #expect(untouched, "wrote outside of its output", sourceLocation: sourceLocation)
  return Array(storage[margin..<margin + count])
}

/// A reproducible sequence of numbers, independent of the kernels under test (SplitMix64).
struct Numbers {
  var state: UInt64
  init(_ seed: UInt64) { state = seed }

  mutating func word() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func uniform(_ low: Float, _ high: Float) -> Float {
    low + (high - low) * Float(word() >> 40) * 0x1p-24
  }

  mutating func array(_ count: Int, _ low: Float = -2, _ high: Float = 2) -> [Float] {
    (0..<count).map { _ in uniform(low, high) }
  }
}

/// Expects two arrays to agree: |a - b| <= absolute + relative |b|, NaN with NaN.
func expectClose(
  _ actual: [Float], _ expected: [Double], relative: Double = 1e-6, absolute: Double = 1e-7,
  _ name: String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(actual.count == expected.count, sourceLocation: sourceLocation)
  for (i, (a, e)) in zip(actual, expected).enumerated() {
    if e.isNaN && a.isNaN { continue }
    if Double(a) == e { continue }
    if e.magnitude > Double(Float.greatestFiniteMagnitude) && a.isInfinite { continue }
    let error = (Double(a) - e).magnitude
    if !(error <= absolute + relative * e.magnitude) {
      Issue.record(
        "\(name)[\(i)]: \(a) instead of \(e), error \(error)", sourceLocation: sourceLocation)
      return
    }
  }
}

/// Distance in units of the last place of Float at the expected value.
func unitsInLastPlace(_ actual: Float, _ expected: Double) -> Double {
  if expected.isNaN { return actual.isNaN ? 0 : .infinity }
  let rounded = Float(expected)
  if actual == rounded { return 0 }
  if rounded.isInfinite || actual.isInfinite || actual.isNaN {
    // The largest number and infinity are neighbours.
    return expected.magnitude > 3.4028234e38 && actual.magnitude > 3.4028e38 ? 1 : .infinity
  }
  return (Double(actual) - expected).magnitude / Double(rounded.ulp)
}
