import Crypto
import Foundation
import Foundations
import Tensors
import Testing

@testable import Text

@Suite struct TaggerTests {
  private func sentence(_ text: String) throws -> TaggedSentence {
    let pairs = text.split(separator: " ").map { $0.split(separator: "/") }
    return try TaggedSentence(
      words: pairs.map { String($0[0]) }, tags: pairs.map { $0[1] == "?" ? nil : String($0[1]) })
  }

  private func toy() throws -> [TaggedSentence] {
    try [
      "the/D dog/N barks/V", "a/D cat/N sleeps/V", "the/D old/A cat/N barks/V loudly/R",
      "dogs/N bark/V", "a/D red/A fish/N swims/V slowly/R", "the/D fish/N and/C the/D dog/N",
    ].map(sentence)
  }

  private var options: Tagger.Options {
    var options = Tagger.Options()
    options.minimumCount = 1
    return options
  }

  @Test func learnsASmallGrammar() throws {
    let tagger = try Tagger.train(toy(), options: options)
    #expect(tagger.accuracy(on: try toy()) == 1)
    #expect(tagger.tags == ["A", "C", "D", "N", "R", "V"])
    // An unknown word is tagged by its ending and place.
    #expect(tagger.tags(of: ["the", "bird", "sings", "softly"]).last == "R")
    #expect(tagger.tags(of: []) == [])
    // The same sentences and seed give the same weights.
    let again = try Tagger.train(toy(), options: options)
    #expect(again.weights == tagger.weights && again.features.keys == tagger.features.keys)
  }

  /// One epoch over one sentence of two words by hand: the first guess is wrong (the first tag of the alphabet), the
  /// weights of its features go up and down by one, and the mean over the two steps of what stood after each is kept.
  @Test func averagesAsTheFormulaSays() throws {
    var once = options
    once.epochs = 1
    let tagger = try Tagger.train([sentence("x/B y/A")], options: once)
    let words = SentenceFeatures(["x", "y"])
    var first: [UInt64] = []
    words.addStatic(0, to: &first)
    let bias = tagger.features.find(first[0])
    let form = tagger.features.find(first[1])
    // Step 1 changes B +1, A −1; step 2 (where the bias now says B, truth A) changes the bias back. A weight set in
    // step 1 stands for one of two steps in the mean: its value after step 1 counts for step 2.
    #expect(tagger.weights[form * 2 + 1] == 0.5 && tagger.weights[form * 2] == -0.5)
    #expect(tagger.weights[bias * 2 + 1] == 0.5 && tagger.weights[bias * 2] == -0.5)
  }

  @Test func isTheSameAfterSavingAndLoading() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/tagger"
    let tagger = try Tagger.train(toy(), options: options)
    try tagger.save(to: path)
    let loaded = try Tagger(file: path)
    #expect(loaded.tags == tagger.tags && loaded.weights == tagger.weights)
    #expect(loaded.features.keys == tagger.features.keys)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["tagger"])
    #expect(failure { try tagger.save(to: folder.path + "/none/tagger") }?.kind == .io)
    #expect(failure { _ = try Tagger(file: folder.path + "/none") }?.kind == .io)

    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    for count in stride(from: 0, to: bytes.count, by: 97) {
      let cut = try folder.write("cut", Array(bytes.prefix(count)))
      #expect(failure { _ = try Tagger(file: cut) }?.kind == .data)
    }
    // A changed byte, and a changed byte under a digest that fits.
    var random = SplitMix64(seed: 5)
    for turn in 0..<300 {
      var broken = bytes
      broken[random.below(turn % 2 == 0 ? bytes.count : 60)] ^= UInt8(1 + random.below(255))
      if turn % 3 == 0 {
        broken.replaceSubrange(
          broken.count - 32..<broken.count, with: Array(SHA256.hash(data: broken.dropLast(32))))
      }
      let file = try folder.write("broken", broken)
      if let error = failure({ _ = try Tagger(file: file).tags(of: ["a", "b"]) }) {
        #expect(error.kind == .data)
      }
    }
  }

  @Test func readsCoNLL() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      "a.conllu",
      "# text = x\n1-2\tdon't\t_\t_\n1\tdo\tdo\tAUX\n2\tn't\tnot\tPART\n2.1\tx\tx\tX\n\n\n1\tgo\tgo\t_\n"
    )
    let sentences = try TaggedSentence.readCoNLL(path, wordColumn: 1, tagColumn: 3)
    #expect(sentences.map(\.words) == [["do", "n't"], ["go"]])
    #expect(sentences.map(\.tags) == [["AUX", "PART"], [nil]])
    let plain = try folder.write("b.txt", "-DOCSTART- -X- O\n\nHe PRP O\n# SYM O\n. . O\n")
    #expect(
      try TaggedSentence.readCoNLL(plain, wordColumn: 0, tagColumn: 1).map(\.words) == [
        ["He", "#", "."]
      ])
    let short = try folder.write("c.txt", "He PRP\nsaid\n")
    #expect(
      failure { _ = try TaggedSentence.readCoNLL(short, wordColumn: 0, tagColumn: 1) }?.message
        .contains("line 2") == true)
    #expect(
      failure { _ = try TaggedSentence.readCoNLL(short, wordColumn: -1, tagColumn: 1) } != nil)
    let table = try folder.write("d.tsv", "tokens\tupos\na b\tX Y\na\tX Y\n")
    #expect(failure { _ = try TaggedSentence.readTable(table) }?.message.contains("line 3") == true)
  }

  @Test func refusesWhatCannotBeLearned() throws {
    #expect(failure { _ = try Tagger.train([]) }?.kind == .data)
    #expect(failure { _ = try Tagger.train([self.sentence("a/?")]) }?.kind == .data)
    var none = options
    none.epochs = 0
    #expect(failure { _ = try Tagger.train(self.toy(), options: none) }?.kind == .value)
    #expect(failure { _ = try PronounTagger(Tagger.train(self.toy())) }?.kind == .data)
    #expect(failure { _ = try TaggedSentence(words: ["a"], tags: []) } != nil)
  }

  /// Accuracy over all tags, and over the pronouns whose counterpart depends on context; what a tagger says of x and of
  /// R(x) is the same.
  @Test(.enabled(if: TestData.has("ud_english_ewt"), "the English Web Treebank is not here"))
  func onTheWebTreebank() throws {
    let train = try PronounContextTests.treebank("train")
    let start = ContinuousClock.now
    let plain = try Tagger.train(train)
    let seconds = ContinuousClock.now - start
    for part in ["dev", "test"] {
      let accuracy = plain.accuracy(on: try PronounContextTests.treebank(part))
      print(
        "tagger, universal tags, \(part): \(accuracy), trained in \(seconds), \(plain.featureCount) features"
      )
      #expect(accuracy > 0.93)
    }
    let tagger = try PronounTagger.train(train)
    for part in ["dev", "test"] {
      let score = PronounContextTests.score(try PronounContextTests.treebank(part), tagger: tagger)
      print(
        "tagger, her for his and him, \(part): \(score)\n  \(score.wrong.joined(separator: "\n  "))"
      )
      #expect(score.accuracy >= 0.93)
      let own = try PronounContextTests.scoreOfHer(part, tagger: tagger)
      print("tagger, her itself, \(part): \(own)\n  \(own.wrong.joined(separator: "\n  "))")
      #expect(own.accuracy >= 0.9)
    }
    let change = try RoleReversal(names: .standard, tagger: tagger)
    let keep = try RoleReversal(names: .standard, tagger: tagger, oneWay: .keep)
    #expect(change.reverse("She thanked her aunt.") == "He thanked his uncle.")
    for sentence in try PronounContextTests.treebank("test") {
      let text = sentence.words.joined(separator: " ")
      #expect(keep.reverse(keep.reverse(text)) == text)
      let once = change.reversal(of: text)
      let twice = change.reverse(once.text)
      if once.isInvertible { #expect(twice == text) }
      #expect(change.reverse(twice) == once.text)
    }
  }
}
