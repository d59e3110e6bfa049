import Foundations
import Testing

@Suite struct DisplayWidthTests {
  // What terminals that follow Unicode's EastAsianWidth and emoji sequences show.
  @Test(arguments: [
    ("abc", 3), ("", 0), ("e\u{301}", 1), ("你好", 4), ("한글", 4), ("❤️", 2), ("👩‍👩‍👧", 2), ("🇩🇪", 2),
    ("🇩🇪🇫🇷", 4), ("🇩", 1), ("👍🏽", 2), ("ﾊ", 1), ("a\u{200B}b", 2), ("−", 1),
  ])
  func columns(_ text: String, _ width: Int) {
    #expect(DisplayWidth.of(text) == width)
  }

  @Test func cutsAndPads() {
    #expect(DisplayWidth.cut("abcdef", to: 4) == "abc…")
    #expect(DisplayWidth.cut("🇩🇪🇫🇷🇮🇹", to: 5) == "🇩🇪🇫🇷…")
    #expect(DisplayWidth.padded("🇩🇪", to: 4) == "🇩🇪  ")
    #expect(DisplayWidth.padded("你", to: 4, right: true) == "  你")
  }

  @Test func nothingMovesTheCursor() {
    #expect(DisplayWidth.printable("a\u{1B}[2Jb\nc\td\u{202E}e") == "a·[2Jb⏎c d·e")
  }
}
