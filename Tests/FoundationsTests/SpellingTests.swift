import Foundations
import Testing

@Suite struct SpellingTests {
  static let composed = "\u{e9}"
  static let decomposed = "e\u{301}"

  @Test func formsOfOneCharacterAreTwoKeys() {
    #expect(Self.composed == Self.decomposed)
    #expect(!Self.composed.isSpelt(Self.decomposed) && Self.composed.isSpelt("\u{e9}"))
    var places: [Spelling: Int] = [:]
    places[Self.composed] = 1
    places[Self.decomposed, default: 1] += 1
    #expect(places.count == 2 && places["\u{e9}"] == 1 && places["e\u{301}"] == 2)
    // The kelvin sign is a K to Swift.
    var seen: Set<Spelling> = ["K"]
    #expect(seen.add("\u{212a}") && !seen.add("K") && seen.contains("\u{212a}"))
  }

  @Test func theOrderIsThatOfCodePoints() {
    // Normalised, the composed form would stand before "f".
    let words = ["f", "\u{e9}", "e\u{301}", "", "z", "\u{1f600}", "\u{ffff}", "ee"]
    let expected = ["", "ee", "e\u{301}", "f", "z", "\u{e9}", "\u{ffff}", "\u{1f600}"]
    #expect(
      words.map { Spelling($0) }.sorted().map(\.text).elementsEqual(expected) { $0.isSpelt($1) })
    #expect((words + words).distinctSpellings().count == 8)
    #expect(!(Spelling("a") < Spelling("a")) && Spelling("a") < Spelling("ab"))
  }

  @Test func listsAreSearched() {
    let names = [Self.composed, Self.decomposed]
    #expect(names.firstIndex(spelt: Self.decomposed) == 1)
    #expect(names.containsSpelling(Self.composed) && !names.containsSpelling("e"))
  }

  @Test func longTextsToo() {
    let long = String(repeating: "é", count: 40)
    #expect(long.isSpelt(String(repeating: "\u{e9}", count: 40)))
    #expect(!long.isSpelt(String(repeating: "\u{e9}", count: 39) + "e"))
    #expect(Spelling(long).hashValue == Spelling(String(Array(long))).hashValue)
  }
}
