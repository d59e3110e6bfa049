import Testing

@testable import Runtime

/// That contents are told apart, and nothing else is.
@Suite struct ContentTests {
  private static func content(_ writes: (ContentWriter) -> Void) -> [UInt8] {
    let writer = ContentWriter()
    writes(writer)
    return writer.bytes
  }

  @Test func partsDoNotRunIntoOneAnother() {
    #expect(
      Self.content { $0.write(["ab", "c"]) } != Self.content { $0.write(["a", "bc"]) })
    #expect(
      Self.content {
        $0.write([1.0])
        $0.write([2.0, 3.0])
      }
        != Self.content {
          $0.write([1.0, 2.0])
          $0.write([3.0])
        })
    #expect(Self.content { $0.write(0.0) } != Self.content { $0.write(-0.0) })
  }

  @Test func aSinkGetsEverythingInOrder() {
    var bytes: [UInt8] = []
    let writer = ContentWriter { bytes += $0 }
    let kept = ContentWriter()
    for part in [3, 1 << 17, 5] {
      let numbers = (0..<part).map { UInt8(truncatingIfNeeded: $0) }
      writer.write(numbers)
      kept.write(numbers)
    }
    writer.flush()
    #expect(bytes == kept.bytes && writer.isWhole)
    writer.incomplete()
    #expect(!writer.isWhole)
  }
}
