import Foundation
import Foundations
import Testing

@Suite struct TextFormTests {
  // As Python's repr and json.dumps write them.
  @Test func quotes() {
    #expect(Quoting.literal("a\"b\\\n\t\u{200B}\u{7f}é") == #""a\"b\\\n\t\u{200b}\u{7f}é""#)
    #expect(Quoting.json("a\"b\\\n\u{1}é") == #""a\"b\\\n\u0001é""#)
  }

  @Test func jsonReadsBack() throws {
    for text in ["", "x", "\u{0}\u{1F}", "\"\\/", "你🇩🇪"] {
      let data = Data("[\(Quoting.json(text))]".utf8)
      #expect(try JSONDecoder().decode([String].self, from: data) == [text])
    }
  }

  @Test(arguments: [
    (2.0, "2.0"), (1e-5, "1e-05"), (1e16, "1e+16"),
    (123_456_789_012_345_680, "1.2345678901234568e+17"),
    (1e15, "1000000000000000.0"), (0.1, "0.1"), (-0.0, "-0.0"), (.infinity, "inf"), (.nan, "nan"),
    (.leastNonzeroMagnitude, "5e-324"), (9_007_199_254_740_992, "9007199254740992.0"),
  ])
  func floatsAsPythonShowsThem(_ value: Double, _ text: String) {
    #expect(NumberText.shortest(value) == text)
  }

  @Test func roundsBoundsUp() {
    #expect(NumberText.roundedUp(0.12341) == "0.1235")
    #expect(NumberText.roundedUp(9.9999) == "10")
  }
}

@Suite struct FingerprintTests {
  // SHA-256 of "abc" (FIPS 180-2, appendix B.1).
  @Test func isSHA256() {
    #expect(
      Fingerprint(of: "abc".utf8).description
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    var writer = FingerprintWriter()
    Array("abc".utf8).withUnsafeBytes { writer.add(bytes: $0) }
    #expect(writer.fingerprint == Fingerprint(of: "abc".utf8))
  }

  @Test func boundariesCount() {
    #expect(Fingerprint(["ab", "c"]) != Fingerprint(["a", "bc"]))
    #expect(Fingerprint(["a"]) != Fingerprint(["a", ""]))
    #expect(
      Fingerprint(["a"]).word
        == Fingerprint(["a"]).bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
    var (a, b) = (FingerprintWriter("x"), FingerprintWriter("y"))
    a.add("text")
    b.add("text")
    #expect(a.fingerprint != b.fingerprint)
  }
}
