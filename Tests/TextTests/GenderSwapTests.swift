import Foundation
import Tensor
import Testing

@testable import Text

@Suite struct GenderSwapTests {
  let swap = GenderSwap.standard

  @Test func lexiconIsAPerfectMatching() {
    #expect(GenderSwap.pairCount >= 200)
    let pairs = GenderLexicon.pairs + GenderLexicon.names
    let words = pairs.flatMap { [$0.masculine, $0.feminine] }
    let twice = Dictionary(grouping: words) { $0 }.filter { $0.value.count > 1 }.keys
    #expect(twice.isEmpty, "\(twice)")
    for word in words {
      #expect(word == word.lowercased() && word.utf8.count <= WordKey.longest)
      #expect(!["her", "his", "him", "hers", "miss", "master"].contains(word))
    }
  }

  @Test(arguments: [
    ("She thanked her doctor, Mr. Smith.", "He thanked his doctor, Ms. Smith."),
    ("HER book is his; I gave him money.", "HIS book is hers; I gave her money."),
    ("I saw her yesterday. It was hers.", "I saw him yesterday. It was his."),
    ("his mother's  sister\u{2019}s\tson!", "her father's  brother\u{2019}s\tdaughter!"),
    ("Miss Jones will miss the actress", "Master Jones will miss the actor"),
    ("himself, HERSELF", "herself, HIMSELF"),
    ("let him go, make her happy.", "let her go, make him happy."),
    ("his or her book", "her or his book"),
    ("the chairman's ex-wife (a waitress)", "the chairwoman's ex-husband (a waiter)"),
    ("my fianc\u{e9}e", "my fianc\u{e9}"),
    ("Theresa sheds heroic sonnets; the mantle", "Theresa sheds heroic sonnets; the mantle"),
    ("hEr mANager 2he he_ _she", "hEr mANager 2he he_ _she"),
    ("", ""), ("\u{0}", "\u{0}"), ("he", "she"),
    (
      "\u{1F469}she\u{1F468} \u{2014}he\u{2014} caf\u{e9}he",
      "\u{1F469}he\u{1F468} \u{2014}she\u{2014} caf\u{e9}he"
    ),
  ])
  func sentences(_ text: String, _ expected: String) {
    #expect(swap.swap(text) == expected)
    #expect(swap.swap(expected) == text)
  }

  @Test func theLogNamesEachChange() {
    let (text, changes) = swap.reversal(of: "é: She thanked her aunt")
    #expect(text == "é: He thanked his uncle")
    #expect(
      changes == [
        GenderChange(span: 3..<6, from: "She", to: "He"),
        GenderChange(span: 15..<18, from: "her", to: "his"),
        GenderChange(span: 19..<23, from: "aunt", to: "uncle"),
      ])
  }

  @Test func namesOnlyWhenAsked() {
    #expect(swap.swap("James met Jane") == "James met Jane")
    #expect(GenderSwap(names: .swap).swap("James met JANE") == "Jane met JAMES")
  }

  /// Random texts of pronouns, words that decide about them, and separators of all kinds.
  @Test func everySwapCanBeUndone() {
    var random = SplitMix64(seed: 11)
    let words =
      [
        "her", "his", "him", "hers", "Her", "HIS", "hIm", "she", "he", "mr", "miss", "Miss",
        "Master", "mother", "dad",
      ]
      + [
        "book", "to", "the", "let", "gave", "money", "saw", "walking", "made", "happy", "back",
        "home", "two", "and", "or",
      ]
      + [
        "very", "last", "week", "go", "quickly", "Ann", "called", "5", "fiancée", "naïve", "É",
        "x-y", "in",
      ]
    let separators = [
      " ", " ", " ", " ", ", ", ". ", "\n", "\n\n", " \"", "\" ", "'", "'s ", "-", "/", " / ", " (",
      ") ", "\u{2019}", " \u{201C}", "\u{201D} ",
      "\t", " <", " $", "\u{A0}", "_", "\u{301}",
    ]
    for names in GenderSwap.Names.allCases {
      let swap = GenderSwap(names: names)
      for _ in 0..<30_000 {
        var text = ""
        for _ in 0..<(1 + random.below(12)) {
          text += words[random.below(words.count)] + separators[random.below(separators.count)]
        }
        let once = swap.swap(text)
        #expect(swap.swap(once) == text, "\(text.debugDescription) became \(once.debugDescription)")
      }
    }
  }

  @Test func anyBytesAreSafe() {
    var random = SplitMix64(seed: 2)
    for _ in 0..<2_000 {
      let bytes = (0..<random.below(40)).map { _ in UInt8(random.below(256)) }
      var once: [UInt8] = []
      var twice: [UInt8] = []
      bytes.withUnsafeBufferPointer { swap.swap($0, into: &once) }
      once.withUnsafeBufferPointer { swap.swap($0, into: &twice) }
      #expect(twice == bytes)
    }
  }

  @Test(.enabled(if: TestData.has("winobias"), "the real corpora are not here"))
  func realTextsCanBeUndone() throws {
    for file in [
      "winobias/winobias.tsv", "snips/train.tsv", "atis/train.tsv", "ptb/ptb.train.txt.gz",
      "tinyshakespeare/input.txt",
      "movie_reviews_imdb/reviews.tsv.gz", "reddit_comments/comments.tsv.gz", "bold/bold.tsv.gz",
      "redditbias/annotated.csv.gz",
      "winogender/winogender.tsv", "nltk_small_lm/webtext.tsv.gz", "20newsgroups/train.jsonl.gz",
      "nps_chat/posts.tsv.gz",
    ] where TestData.has(file) {
      // A part of each keeps the unoptimised run short.
      let bytes = try InputFile.bytes(TestData.path(file)).prefix(250_000)
      let text = String(decoding: bytes, as: UTF8.self)
      let (once, changes) = swap.reversal(of: text)
      #expect(swap.swap(once) == text, "\(file)")
      #expect(swap.swap(text) == once)
      #expect(file.contains("snips") || file.contains("atis") || !changes.isEmpty, "\(file)")
    }
  }
}
