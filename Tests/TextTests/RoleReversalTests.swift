import Files
import Foundation
import Foundations
import Tensors
import Testing

@testable import Text

@Suite struct RoleReversalTests {
  let reversal = RoleReversal.standard

  @Test(arguments: [
    ("She thanked her doctor, Mr. Smith.", "He thanked his doctor, Ms. Smith."),
    ("I saw her yesterday; her book is hers.", "I saw him yesterday; his book is his."),
    ("He gave his to him.", "She gave hers to her."),
    ("HER book is his; I gave him money.", "HIS book is hers; I gave her money."),
    ("Her Majesty and his and hers", "His Majesty and hers and his"),
    ("'Twas hers. HER! Her, I like.", "'Twas his. HIM! Him, I like."),
    ("his mother's  sister\u{2019}s\tson!", "her father's  brother\u{2019}s\tdaughter!"),
    ("himself, HERSELF", "herself, HIMSELF"),
    ("He's sure she'd go; he\u{2019}ll", "She's sure he'd go; she\u{2019}ll"),
    ("let him go, make her happy.", "let her go, make him happy."),
    ("his or her book, him/her", "her or his book, her/him"),
    ("the chairman's ex-wife (a waitress)", "the chairwoman's ex-husband (a waiter)"),
    ("my fianc\u{e9}e, FIANC\u{c9}", "my fianc\u{e9}, FIANC\u{c9}E"),
    ("Lord Byron and Lady Ann; a lady, gentlemen", "Lady Byron and Lord Ann; a gentleman, ladies"),
    ("Theresa sheds heroic sonnets; the mantle", "Theresa sheds heroic sonnets; the mantle"),
    ("hEr mANager 2he he_ _she", "hEr mANager 2he he_ _she"),
    ("her-story, his-and-hers towels, her--him", "her-story, hers-and-his towels, him--her"),
    ("s/he, (s)he, he/she", "s/he, (s)he, she/he"),
    ("Mary's mother-in-law, the Virgin Mary", "Mary's father-in-law, the Virgin Mary"),
    ("man-made, a man, mother tongue, his mother", "man-made, a woman, mother tongue, her father"),
    ("Stephen King met the King; Mr. King", "Stephen King met the Queen; Ms. King"),
    ("", ""), ("\u{0}", "\u{0}"), ("he", "she"),
    (
      "\u{1F469}she\u{1F468} \u{2014}he\u{2014} caf\u{e9}he",
      "\u{1F469}he\u{1F468} \u{2014}she\u{2014} caf\u{e9}he"
    ),
  ])
  func sentences(_ text: String, _ expected: String) {
    #expect(reversal.reverse(text) == expected)
    #expect(reversal.reversal(of: text).isInvertible)
    #expect(reversal.reverse(expected) == text)
  }

  @Test(arguments: [
    ("Mrs. Smith's mum, ma'am", "Mr. Smith's dad, sir", "Ms. Smith's mom, madam"),
    ("Ma\u{2019}am, the bridegroom", "Sir, the bride", "Madam, the groom"),
    ("Miss Jones will miss him", "Mr. Jones will miss her", "Ms. Jones will miss him"),
    ("Master Ann, Madam Lee", "Ms. Ann, Mr. Lee", "Mr. Ann, Ms. Lee"),
    (
      "Mrs. President met Ms. Speaker", "Mr. President met Mr. Speaker",
      "Madam President met Madam Speaker"
    ),
    ("the ladies's, the gents's", "the gentlemen's, the ladies'", "the ladies', the gentlemen's"),
    ("the duchess' tea", "the duke's tea", "the duchess's tea"),
    ("I met him and her aunt", "I met her and his uncle", "I met his and her aunt"),
    ("I sent him roses.", "I sent her roses.", "I sent his roses."),
  ])
  func oneWayWordsEndInTheDomain(_ text: String, _ once: String, _ twice: String) throws {
    #expect(reversal.reverse(text) == once)
    #expect(!reversal.reversal(of: text).isInvertible)
    #expect(reversal.reverse(once) == twice)
    #expect(reversal.reverse(twice) == once)
    let invertible = try RoleReversal(oneWay: .keep)
    #expect(invertible.reverse(invertible.reverse(text)) == text)
    #expect(invertible.reversal(of: text).kept.contains { $0.reason == .oneWay })
  }

  @Test(arguments: [
    "see https://her.example.com/his?she=he", "www.her.org", "write to her@mail.com",
    "/home/his/man", "@him #her", "file: his.txt", "the `her` variable", "```\nhis = her\n```",
    "Er hat der Frau und dem man nicht gesagt, dass her",
    "que la actor de los son he de una", "\u{434}\u{430} \u{43E}\u{43D}\u{430}",
  ])
  func whatIsNoEnglishStays(_ text: String) throws {
    #expect(reversal.reverse(text) == text)
    if !text.contains("\u{434}") {
      let bare = try RoleReversal(exemptions: [])
      #expect(bare.reverse(text) != text)
      #expect(reversal.reversal(of: text).kept.contains { $0.reason == .exempt })
    }
  }

  @Test func theReportNamesEachChange() {
    let result = reversal.reversal(of: "é: She thanked her aunt, Mrs. X; hEr")
    #expect(result.text == "é: He thanked his uncle, Mr. X; hEr")
    #expect(
      result.changes == [
        RoleChange(
          from: "She", to: "He", category: "pronoun", source: 4..<7, target: 4..<6,
          codePoints: 3..<6, isInvertible: true),
        RoleChange(
          from: "her", to: "his", category: "pronoun", source: 16..<19, target: 15..<18,
          codePoints: 15..<18, isInvertible: true),
        RoleChange(
          from: "aunt", to: "uncle", category: "kinship", source: 20..<24, target: 19..<24,
          codePoints: 19..<23, isInvertible: true),
        RoleChange(
          from: "Mrs", to: "Mr", category: "title", source: 26..<29, target: 26..<28,
          codePoints: 25..<28, isInvertible: false),
      ])
    #expect(result.kept == [KeptWord(word: "hEr", source: 34..<37, reason: .spelling)])
  }

  @Test func namesOnlyWhenAsked() throws {
    let text = "James met JANE and Mary's james; the Virgin Mary"
    #expect(reversal.reverse(text) == text)
    let named = RoleReversal.standardWithNames
    #expect(named.reverse(text) == "Jane met JAMES and Matt's james; the Virgin Mary")
    #expect(named.reverse(named.reverse(text)) == text)
    let ranked = try GivenNames(
      pairing: ["Tom", "Kim", "Otto", "Max"], with: ["Ida", "Kim", "Pat", "Zoe"], unisex: ["pat"])
    #expect(ranked.pairs == [.init("tom", "ida"), .init("otto", "zoe")])
    let own = try RoleReversal(names: ranked)
    #expect(own.reverse("Tom, Kim, Zoe, Max, Pat") == "Ida, Kim, Otto, Max, Pat")
    #expect(failure { _ = try RoleReversal(names: GivenNames([.init("King", "Ann")])) } != nil)
    #expect(failure { _ = try GivenNames([.init("A1", "Ann")]) } != nil)
    #expect(failure { _ = try GivenNames([.init("Al", "Ann"), .init("al", "Eve")]) } != nil)
  }

  @Test func gendersOfWordsAndTexts() {
    #expect(reversal.gender(of: "His") == .masculine)
    #expect(reversal.gender(of: "WAITRESS") == .feminine)
    #expect(reversal.gender(of: "table") == nil && reversal.gender(of: "miss") == nil)
    #expect(reversal.gender(of: "Mary") == nil)
    #expect(RoleReversal.standardWithNames.gender(of: "Mary") == .feminine)
    #expect(RoleReversal.standardWithNames.gender(of: "mary") == nil)
    #expect(reversal.genderCounts(in: "He told his mother that she, her and I …") == (2, 3))
    #expect(reversal.genderCounts(in: "") == (0, 0))
  }

  @Test func threadsChangeNothing() {
    let texts = (0..<500).map { "Text \($0): she told him that her brother \($0) saw his aunt." }
    let before = Parallel.threads
    defer { Parallel.threads = before }
    Parallel.threads = 1
    let one = reversal.reversals(of: texts)
    Parallel.threads = 2
    #expect(reversal.reversals(of: texts) == one)
    #expect(reversal.reverse(texts) == one.map(\.text))
    #expect(reversal.reverse([String]()).isEmpty)
  }
}

/// R(R(x)) = x on the domain that the report states, R(R(R(x))) = R(x) everywhere, and R(R(x)) = x everywhere with
/// `.keep`.
@Suite struct RoleReversalInvolutionTests {
  private func check(
    _ text: String, _ change: RoleReversal, _ keep: RoleReversal, _ label: String = ""
  ) {
    let once = change.reversal(of: text)
    let twice = change.reversal(of: once.text)
    if once.isInvertible {
      #expect(twice.text == text, "\(label): \(text.prefix(300).debugDescription)")
    }
    #expect(
      twice.isInvertible && change.reverse(twice.text) == once.text,
      "\(label): \(text.prefix(300).debugDescription)")
    #expect(
      keep.reverse(keep.reverse(text)) == text, "\(label): \(text.prefix(300).debugDescription)")
    #expect(once.alignment.target(ofSource: text.utf8.count) == once.text.utf8.count)
  }

  /// Every word of the lexicon in every case and in many contexts.
  @Test func everyWordOfTheLexicon() throws {
    let keep = try RoleReversal(oneWay: .keep)
    let contexts = [
      "@", "the @ said", "The @'s book", "(@)", "@ Smith", "Anna @ went", "old-@-x", "\"@\"",
      "her @ saw his @.", "Dr. @ Smith, @", "you @", "@ made", "mother @",
    ]
    for row in GenderLexicon.standard.rows {
      for word in [row.masculine, row.feminine] {
        for form in [word, word.uppercased(), word.prefix(1).uppercased() + word.dropFirst()] {
          for context in contexts {
            check(context.replacing("@", with: form), .standard, keep)
          }
        }
      }
    }
    for row in GenderLexicon.standard.rows
    where row.direction == .both && row.condition == .anywhere {
      #expect(RoleReversal.standard.reverse(row.masculine) == row.feminine)
      #expect(RoleReversal.standard.reverse("  \(row.feminine.uppercased())s'") != row.masculine)
      #expect(
        RoleReversal.standard.reverse(row.feminine.uppercased()) == row.masculine.uppercased())
    }
  }

  /// Random texts of pronouns, words that decide about them, and separators of all kinds.
  @Test func randomTexts() throws {
    var random = SplitMix64(seed: 11)
    let words =
      """
      her his him hers Her HIS hIm she he mr miss Miss Master mrs Mrs ma'am mum lady Lady lord Lord Gentleman King queen man mother tongue made
      dad book to the let gave money saw walking made happy back home two and or very last week go quickly Ann called 5 fiancée FIANCÉ fiancé naïve É x-y in
      James Mary Virgin der und nicht la que www.her.com her@x.com ` ``` s (s)he s/he you guys King's Stephen the The Dr story -story her-
      ladies gentlemen ladies' gentlemen's actress actor actress' duchess' Mr. Mrs. Ms. Ms Mister Dame Queens Madam President Sir Secretary Man woman,
      hours later a only all every their looks will past being but except knew laughed behind <b> </b> *her* _his_ _her_ (her) [his] "her" Father Time
      Queens' King's College bachelor's degree man-made cow bull witch hunts hunt them de Fuente
      """.split(whereSeparator: \.isWhitespace).map(String.init)
    let separators = [
      " ", " ", " ", " ", ", ", ". ", "\n", "\n\n", " \"", "\" ", "'", "'s ", "-", "/", " / ", " (",
      ") ", "\u{2019}", " \u{201C}", "\u{201D} ", "\t", " <", " $", "\u{A0}", "_", "\u{301}", "`",
      ".", "@", "#", "*", " *", " & ", "' ", " '", "\u{2019} ", " \u{2018}", " ", " ", " ",
    ]
    for names in [nil, GivenNames.standard] {
      let change = try RoleReversal(names: names)
      let keep = try RoleReversal(names: names, oneWay: .keep)
      for _ in 0..<20_000 {
        var text = ""
        for _ in 0..<(1 + random.below(12)) {
          text += words[random.below(words.count)] + separators[random.below(separators.count)]
        }
        check(text, change, keep)
      }
    }
  }

  @Test func anyBytesAreSafe() throws {
    let keep = try RoleReversal(oneWay: .keep)
    var random = SplitMix64(seed: 2)
    let alphabet = Array("hershimsMrHE`/.@-' \n\u{e9}".utf8) + [0xFF, 0x80, 0xE2, 0xC3]
    for turn in 0..<20_000 {
      let bytes = (0..<random.below(40)).map { _ in
        turn % 2 == 0 ? UInt8(random.below(256)) : alphabet[random.below(alphabet.count)]
      }
      var once: [UInt8] = []
      var twice: [UInt8] = []
      _ = bytes.withUnsafeBufferPointer { keep.reverse($0, into: &once) }
      _ = once.withUnsafeBufferPointer { keep.reverse($0, into: &twice) }
      #expect(twice == bytes)
    }
  }

  /// Texts that make a careless pass quadratic.
  @Test(arguments: [
    "her-", "her ", "her/", "`her ", "\"her ", "her.", "her@", "  ", "her\u{301}", "# her ",
    "her* ", "<b>her",
    "her<b ", "ladies' ", "'ladies' ", "Mr. and ", "her and ", "man made ", "de her ", "(her ",
    "Mary-", "Mary",
  ])
  func longTextsStayLinear(_ piece: String) {
    let text = String(repeating: piece, count: 200_000)
    let start = ContinuousClock.now
    #expect(RoleReversal.standardWithNames.reverse(text).utf8.count > 0)
    #expect(ContinuousClock.now - start < .seconds(20))
  }

  static let corpora = [
    "winobias/winobias.tsv", "snips/train.tsv", "atis/train.tsv", "ptb/ptb.train.txt.gz",
    "tinyshakespeare/input.txt", "movie_reviews_imdb/reviews.tsv.gz",
    "reddit_comments/comments.tsv.gz", "bold/bold.tsv.gz", "redditbias/annotated.csv.gz",
    "winogender/all_sentences.tsv", "nltk_small_lm/webtext.tsv.gz", "20newsgroups/train.jsonl.gz",
    "nps_chat/posts.tsv.gz",
  ]

  @Test(.enabled(if: TestData.has("winobias"), "the real corpora are not here"), arguments: corpora)
  func realTexts(_ file: String) throws {
    guard TestData.has(file) else { return }
    let keep = try RoleReversal(oneWay: .keep)
    let bytes = try InputFile.bytes(TestData.path(file)).prefix(1_000_000)
    let text = String(decoding: bytes, as: UTF8.self)
    check(text, .standard, keep, file)
    let named = try RoleReversal(names: .standard, oneWay: .keep)
    check(text, .standardWithNames, named, file)
    var lines = 0
    var gendered = 0
    var back = 0
    for line in text.split(separator: "\n") {
      let line = String(line)
      let once = RoleReversal.standard.reverse(line)
      lines += 1
      guard once != line else { continue }
      gendered += 1
      if RoleReversal.standard.reverse(once) == line { back += 1 }
    }
    print("\(file): \(gendered) of \(lines) lines change, \(back) of them come back")
    #expect(Double(back) >= 0.9 * Double(gendered))
  }
}

@Suite struct WordIteratorTests {
  /// The masks of 64 bytes find the words that looking at single bytes finds.
  @Test func agreesWithSingleBytes() {
    var random = SplitMix64(seed: 4)
    let alphabet = Array("aZ09_ .-@[`{/:z\u{e9}\u{2014}\u{1F600}\u{4e2d}\t\n".utf8)
    for turn in 0..<3_000 {
      let size = random.below(300)
      let bytes = (0..<size).map { _ in
        turn % 3 == 0
          ? UInt8(random.below(256))
          : turn % 3 == 1 ? UInt8(random.below(128)) : alphabet[random.below(alphabet.count)]
      }
      var expected: [Range<Int>] = []
      var found: [Range<Int>] = []
      bytes.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        var start = -1
        for place in 0..<size {
          let isWord = WordScanner.isWordByte(base, place, size)
          if isWord, start < 0 { start = place }
          if !isWord, start >= 0 {
            expected.append(start..<place)
            start = -1
          }
        }
        if start >= 0 { expected.append(start..<size) }
        var words = WordIterator(base: base, count: size)
        while let (start, end) = words.next() { found.append(start..<end) }
      }
      #expect(found == expected)
    }
  }
}
