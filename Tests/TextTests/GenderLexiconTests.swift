import Foundation
import Foundations
import Tensors
import Testing

@testable import Text

@Suite struct GenderLexiconTests {
  @Test func theEmbeddedTablesAreLarge() {
    #expect(GenderLexicon.standard.pairCount >= 500)
    #expect(GivenNames.standard.pairs.count >= 700)
    let masculine = Set(GenderLexicon.standard.words(.masculine))
    let feminine = Set(GenderLexicon.standard.words(.feminine))
    #expect(masculine.isSuperset(of: ["he", "him", "his", "himself", "uncle", "mr", "king"]))
    #expect(feminine.isSuperset(of: ["she", "her", "hers", "herself", "aunt", "mrs", "mum"]))
    #expect(masculine.isDisjoint(with: feminine))
    #expect(!feminine.contains("miss"))
  }

  /// Names of one origin only would say nothing of all others.
  @Test func eachOriginHasAsManyNamesAsTheEuropeanOne() throws {
    let names = GivenNames.standard
    let counts: [String: Int] = names.pairs.reduce(into: [:]) { $0[$1.origin, default: 0] += 2 }
    #expect(
      counts.keys.sorted() == [
        "african-american", "arabic", "east-asian", "european", "hispanic", "indian",
      ])
    let european = try #require(counts["european"])
    #expect(european >= 200)
    for (origin, count) in counts { #expect(count >= european, "\(origin)") }
    #expect(names.unisex.count >= 60 && names.unisex.allSatisfy { counts[$0.origin] != nil })
    // A name is swapped within its origin, and one that all genders bear stays.
    let named = RoleReversal.standardWithNames
    let origins = Dictionary(
      names.pairs.flatMap { [($0.masculine, $0.origin), ($0.feminine, $0.origin)] },
      uniquingKeysWith: { $1 })
    for pair in names.pairs {
      let feminine = named.reverse(pair.masculine.capitalized).lowercased()
      #expect(feminine == pair.feminine && origins[feminine] == pair.origin)
    }
    for entry in names.unisex {
      #expect(named.reverse(entry.name.capitalized) == entry.name.capitalized)
    }
  }

  /// Where published lists know a name of ours, they say the same of its gender.
  @Test(.enabled(if: TestData.has("given_names"), "the published lists are not here"))
  func gendersOfNamesAgreeWithPublishedLists() throws {
    var published: [String: Set<String>] = [:]
    for file in ["nltk_names", "wiktionary_english_given_names"] {
      let records = try Records.read(TestData.path("given_names/\(file).csv"))
      for (name, gender) in zip(try records.column("name"), try records.column("gender")) {
        published[name.lowercased(), default: []].insert(gender)
      }
    }
    var contradicted: [String] = []
    var known = 0
    for pair in GivenNames.standard.pairs {
      for (name, gender) in [(pair.masculine, "male"), (pair.feminine, "female")] {
        guard let genders = published[name] else { continue }
        known += 1
        if !genders.contains(gender) { contradicted.append(name) }
      }
    }
    print("\(known) names are in the lists, contradicted: \(contradicted)")
    #expect(known > 300 && contradicted.count <= 5)
  }

  @Test func namesThatAreMetAreCounted() throws {
    let finder = NameFinder(.standard)
    let coverage = finder.coverage(
      of:
        "Jamal met Priya, Ngozi Okafor and Kim Lee in Paris. The Louvre was closed. Fatima told John. Xochitl Vega said no. I saw Dikembe's car."
    )
    #expect(coverage.known == 5)
    #expect(
      coverage.byOrigin == [
        "african-american": 1, "indian": 1, "european": 2, "arabic": 1,
      ])
    #expect(coverage.unknownNames == ["ngozi": 1, "xochitl": 1, "dikembe": 1])
    #expect(coverage.unknown == 3 && coverage.share == 0.625)
    #expect(NameCoverage().share == nil)
    #expect(finder.coverage(of: "Jamal") + finder.coverage(of: "Ngozi Okafor") != NameCoverage())
    let own = try GivenNames(parsing: "Tom\tIda\tnordic\nKai\tkai\n", source: "n")
    #expect(own.pairs == [.init("tom", "ida", origin: "nordic")])
    #expect(own.unisex == [.init("kai")])
    #expect(NameFinder(own).coverage(of: "Ida and Kai").byOrigin == ["nordic": 1, "": 1])
  }

  @Test func namesWithHyphensAreOneName() throws {
    let names = try GivenNames(
      [
        .init("Jean-Luc", "Marie", origin: "french"), .init("John", "Jean"),
        .init("Pol", "Anne-Lise"),
      ]
    )
    let reversal = try RoleReversal(names: names)
    for (text, reversed) in [
      ("Jean-Luc met Jean.", "Marie met John."), ("JEAN-LUC's car", "MARIE's car"),
      ("Ask Pol or Anne-Lise.", "Ask Anne-Lise or Pol."),
      (
        "a pro-Jean-Luc, Marie-like row",
        "a pro-Marie, Jean-Luc-like row"
      ),
      // Not known: they stay, whatever their parts are.
      (
        "Marie-Jean and Anna Smith-Jean met John-Marie.",
        "Marie-Jean and Anna Smith-Jean met John-Marie."
      ),
      ("jean-luc, Jean-luc", "jean-luc, John-luc"),
    ] {
      #expect(reversal.reverse(text) == reversed)
      #expect(reversal.reverse(reversed) == text)
    }
    let coverage = NameFinder(names).coverage(
      of: "She met Jean-Luc and Marie-Claude with Jean Smith-Jones. "
        + "He saw an X-Ray by Anne-Lise's bed."
    )
    #expect(coverage.known == 3 && coverage.byOrigin == ["french": 1, "": 2])
    #expect(coverage.unknownNames == ["marie-claude": 1])
    #expect(failure { _ = try GivenNames([.init("Jean-", "Ann")]) } != nil)
    // Keys as they are spelt.
    #expect(Spelling("ren\u{e9}e") != Spelling("rene\u{301}e"))
    let accents = try GivenNames([.init("Rob", "Ren\u{e9}e")])
    #expect(NameFinder(accents).coverage(of: "We saw Ren\u{e9}e").known == 1)
    #expect(NameFinder(accents).coverage(of: "We saw Rene\u{301}e").known == 0)
  }

  /// The pairs of published lists of the field are there, but for those that our list leaves out on purpose.
  @Test(.enabled(if: TestData.has("gendered_words"), "the published lists are not here"))
  func publishedPairsAreCovered() throws {
    let records = try Records.read(TestData.path("gendered_words/winobias_swaps.csv"))
    let words = try records.column("word")
    let reversal = RoleReversal.standard
    let missing = Set(words.filter { $0.allSatisfy(\.isLetter) && reversal.reverse($0) == $0 })
    print("not in the lexicon: \(missing.sorted())")
    #expect(Double(missing.count) < 0.2 * Double(Set(words).count))
  }

  @Test func aTableCanBeGivenOrExtended() throws {
    let text =
      "# own\r\nzorro\tzorra\tfable\r\n\r\nzorros\tzorras\tfable\nzorrito\tzorra\tfable\tmasculine-only\n"
    let own = try GenderLexicon(parsing: text, source: "own.tsv")
    #expect(own.rows.map(\.place) == ["own.tsv, line 2", "own.tsv, line 4", "own.tsv, line 5"])
    let alone = try RoleReversal(lexicon: own)
    #expect(
      alone.reverse("Zorro, zorras, zorrito and she; her.") == "Zorra, zorros, zorra and she; him.")
    #expect(alone.reversal(of: "Zorro").changes.map(\.category) == ["fable"])
    let more = try RoleReversal(lexicon: GenderLexicon.standard.adding(own))
    #expect(more.reverse("Zorro and she") == "Zorra and he")
    let folder = try TemporaryFolder()
    let path = try folder.write("own.tsv", text)
    #expect(try GenderLexicon(file: path).rows.count == 3)
    #expect(failure { _ = try GenderLexicon(file: path + "x") }?.kind == .io)
  }

  @Test(arguments: [
    ("a\tb", "line 1: expected 3 or 4 columns"),
    ("ab\tcd\tx\tsometimes", "line 1: the fourth column says `sometimes`"),
    ("ab\tab\tx", "both words are `ab`"),
    ("ab\tcd\t", "the category is empty"),
    ("Ab\tcd\tx", "`Ab` cannot be exchanged"),
    ("a b\tcd\tx", "`a b` cannot be exchanged"),
    ("ab1\tcd\tx", "`ab1` cannot be exchanged"),
    ("a'b\tcd\tx", "`a'b` cannot be exchanged"),
    ("\tcd\tx", "`` cannot be exchanged"),
    ("her\tcd\tx", "`her` cannot be exchanged"),
    ("x\tcd\tx", "begin with an ASCII letter"),
    ("\u{e9}la\tcd\tx", "begin with an ASCII letter"),
    ("one two three four\tcd ef\tx\tkept", "two or three words"),
    ("ab\tcd\tx\nef\tcd\tx", "line 2: `cd` stands in two pairs (ef/cd, and ab/cd in t, line 1)"),
    ("ab\tcd\tx\ncd\tef\tx", "line 2: `cd` is masculine here and feminine there"),
    ("ab\tcd\tx\nef\tgh\tx\nab\tgh\tx\tmasculine-only", "line 3: `ab` is changed in two ways"),
    ("ab\tcd\tx\tfeminine-only", "`cd` leads to `ab`, which is in no pair"),
    ("ab\tcd\tx\tbefore-name\nab\tef\tx\tbefore-name", "line 2: `ab` stands in two pairs"),
  ])
  func contradictionsAreRefused(_ text: String, _ message: String) {
    let error = failure { _ = try GenderLexicon(parsing: text, source: "t") }
    #expect(error?.message.contains(message) == true, "\(String(describing: error))")
    #expect(error?.message.hasPrefix("t, line") == true)
  }

  @Test(arguments: [
    ("tom\ta.b", "n, line 1: `a.b` is not one word"),
    ("tom\tann\tx\ty", "n, line 1: expected two names"),
    ("tom\ttom\nTom\teve", "n, line 2: the given name `tom` is in line 1 already"),
    ("tom\tann\nTom\teve", "n, line 2: the given name `tom` is in line 1 already"),
  ])
  func badNamesAreRefused(_ text: String, _ message: String) {
    let error = failure { _ = try GivenNames(parsing: text, source: "n") }
    #expect(error?.message.hasPrefix(message) == true, "\(String(describing: error))")
  }

  @Test func aLongWordIsFound() throws {
    let long = String(repeating: "ab", count: 31)
    let lexicon = try GenderLexicon([.init(long + "o", "short", category: "x")])
    let reversal = try RoleReversal(lexicon: lexicon)
    #expect(
      reversal.reverse("Short " + long + "o " + long + "p " + long + "oo")
        == long.prefix(1).uppercased() + long.dropFirst() + "o short " + long + "p " + long + "oo")
    #expect(failure { _ = try GenderLexicon([.init(long + "oo", "short", category: "x")]) } != nil)
  }
}
