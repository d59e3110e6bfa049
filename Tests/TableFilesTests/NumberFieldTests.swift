import Foundations
import Testing

@testable import TableFiles

@Suite struct NumberFieldTests {
  func float(_ text: String, isLenient: Bool = false) -> Double? {
    Array(text.utf8).withUnsafeBufferPointer { NumberField.float($0, isLenient: isLenient) }
  }
  func int(_ text: String) -> Int? {
    Array(text.utf8).withUnsafeBufferPointer { NumberField.int($0) }
  }

  /// The standard library rounds correctly, and slowly.
  @Test func floatsAreRoundedOnce() {
    var random = SplitMix64(seed: 7)
    for turn in 0..<20_000 {
      let value: Double =
        switch turn % 4 {
        case 0: Double(bitPattern: random.next())
        case 1: random.uniform()
        case 2: Double(random.next() >> 8) / 1e9
        default: Double(Int64(bitPattern: random.next())) * 1e-5
        }
      guard value.isFinite else { continue }
      let text = value.description
      #expect(float(text, isLenient: true)?.bitPattern == Double(text)?.bitPattern, "\(text)")
      // More digits than a float has, so that some lie close to a half.
      let digits = "\(random.next() >> 1)"
      let long = digits.prefix(1) + "." + digits.dropFirst() + "e-\(turn % 9)"
      #expect(float(String(long))?.bitPattern == Double(String(long))?.bitPattern, "\(long)")
    }
    for text in [
      "9007199254740993.0", "0.1", "1e23", "1e22", "123456789012345678e-27", "5e-324", "1e400",
    ] {
      #expect(float(text, isLenient: true) == Double(text), "\(text)")
    }
  }

  @Test func strictness() {
    for text in [
      "", "-", ".", "1 2", "0x1", "01", "1_0", "+1", "1e", "1.2.3", "--1", "١", "nanx", "-nan",
    ] {
      #expect(float(text) == nil, "\(text)")
      #expect(int(text) == nil, "\(text)")
    }
    #expect(int("-9223372036854775808") == .min)
    #expect(int("9223372036854775807") == .max)
    #expect(int("9223372036854775808") == nil)
    #expect(int("-9223372036854775809") == nil)
    #expect(float("9007199254740993") == nil)
    #expect(float("-.5") == -0.5)
    #expect(float("5.") == 5)
    #expect(float("-Infinity") == -.infinity)
  }
}
