import Testing

@testable import Runtime

@Suite struct SubstringSearchTests {
  /// The first and the last occurrence as the definition says.
  private static func naive(_ needle: [UInt8], _ text: [UInt8], _ range: Range<Int>) -> (
    Int?, Int?
  ) {
    let places = range.filter { start in
      start + needle.count <= range.upperBound
        && text[start..<(start + needle.count)].elementsEqual(needle)
    }
    return (places.first, places.last)
  }

  @Test func findsWhatTheDefinitionSays() {
    var generator = SystemRandomNumberGenerator()
    for round in 0..<20_000 {
      let letters: [UInt8] = round % 3 == 0 ? [97, 98, 99] : [97, 98]
      func word(_ sizes: ClosedRange<Int>) -> [UInt8] {
        (0..<Int.random(in: sizes, using: &generator)).map { _ in
          letters.randomElement(using: &generator)!
        }
      }
      let needle = word(1...9)
      // Repeated, so that there are periods; some texts are all one letter but for an end.
      let unit = word(1...6)
      let text =
        round % 2 == 0
        ? word(0...60) : (0..<Int.random(in: 0...20)).flatMap { _ in unit } + word(0...4)
      let low = Int.random(in: 0...text.count)
      let range = low..<Int.random(in: low...text.count)
      let expected = Self.naive(needle, text, range)
      text.withUnsafeBufferPointer { text in
        needle.withUnsafeBufferPointer { needle in
          #expect(SubstringSearch.first(needle, in: text, range) {} == expected.0)
          #expect(SubstringSearch.last(needle, in: text, range) {} == expected.1)
        }
      }
    }
  }

  /// Texts on which comparing at every place would take the product of both lengths.
  @Test func takesTimeThatGrowsWithTheLengths() {
    let count = 400_000
    let run = [UInt8](repeating: 97, count: 2 * count)
    for needle in [
      [UInt8](repeating: 97, count: count) + [98], [98] + [UInt8](repeating: 97, count: count),
      [UInt8](repeating: 97, count: count / 2) + [98] + [UInt8](repeating: 97, count: count / 2),
    ] {
      var polls = 0
      let clock = ContinuousClock()
      let time = clock.measure {
        run.withUnsafeBufferPointer { text in
          needle.withUnsafeBufferPointer { needle in
            #expect(SubstringSearch.first(needle, in: text, 0..<text.count) { polls += 1 } == nil)
            #expect(SubstringSearch.last(needle, in: text, 0..<text.count) { polls += 1 } == nil)
          }
        }
      }
      // The product is 3·10¹¹.
      #expect(time < .seconds(20) && polls < 100)
    }
  }

  @Test func isAskedMeanwhile() {
    struct Stop: Error {}
    let text = [UInt8](repeating: 97, count: 40 << 20)
    let needle: [UInt8] = [97, 97, 98]
    text.withUnsafeBufferPointer { text in
      needle.withUnsafeBufferPointer { needle in
        #expect(throws: Stop.self) {
          try SubstringSearch.first(needle, in: text, 0..<text.count) { throw Stop() }
        }
        #expect(throws: Stop.self) {
          try SubstringSearch.last(needle, in: text, 0..<text.count) { throw Stop() }
        }
      }
    }
  }
}
