import Testing

@testable import Text

@Suite struct SHA256Tests {
  private func digest(_ bytes: [UInt8]) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// The examples of FIPS 180-4 and of NIST's test vectors.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func publishedDigests(text: String, expected: String) {
    #expect(digest(Array(text.utf8)) == expected)
  }

  @Test func aMillionBytes() {
    #expect(
      digest([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  /// Pieces of any size give the digest of the whole.
  @Test func piecesDoNotMatter() {
    let bytes = (0..<300).map { UInt8($0 % 251) }
    for size in 1...130 {
      var hash = SHA256()
      var start = 0
      while start < bytes.count {
        hash.update(bytes[start..<min(start + size, bytes.count)])
        start += size
      }
      #expect(
        hash.finalize().map(Int.init)
          == {
            var h = SHA256()
            h.update(bytes)
            return h.finalize()
          }().map(Int.init))
    }
  }
}
