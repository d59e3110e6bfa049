import Foundations
import Testing

@testable import Text

/// Readers of tagged sentences, questions and pairs, and the rows that models read.
@Suite struct TaskDataTests {
  private static func vocabulary(_ words: [String]) throws -> TaskEncoder {
    .words(
      try Vocabulary(
        countingTokens: [words], markers: TaskEncoder.Marker.allCases.map(\.rawValue)),
      lowered: false)
  }

  @Test func conllHasDocuments() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      "a.conll",
      "-DOCSTART- -X- O O\n\nEU NNP I-NP I-ORG\nrejects VBZ I-VP O\n\n-DOCSTART- -X- O O\n\n# NN I-NP O\n"
    )
    let corpus = try TaggedCorpus.read(path)
    #expect(corpus.sentences.map(\.words) == [["EU", "rejects"], ["#"]])
    #expect(corpus.sentences[0].tags == ["I-ORG", "O"])
    #expect(corpus.columns == [.init(name: "document", values: ["1", "2"])])
    #expect(try TaggedCorpus.read(path, tags: "pos").sentences[0].tags == ["NNP", "VBZ"])
    #expect(throws: DomainError.self) { try TaggedCorpus.read(path, tags: "nothing") }
  }

  @Test func conlluHasDocuments() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      "a.conllu",
      """
      # newdoc id = weblog-1
      # text = don't
      1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\t_
      1\tdo\tdo\tAUX\tVB\t_\t0\troot\t_\t_
      2\tn't\tnot\tPART\tRB\t_\t1\tadvmod\t_\t_
      2.1\tgo\tgo\tVERB\tVB\t_\t_\t_\t_\t_

      1\tYes\tyes\t_\tUH\t_\t0\troot\t_\t_

      """)
    let corpus = try TaggedCorpus.read(path)
    #expect(corpus.sentences.map(\.words) == [["do", "n't"], ["Yes"]])
    #expect(corpus.sentences.map(\.tags) == [["AUX", "PART"], [nil]])
    #expect(corpus.columns == [.init(name: "document", values: ["weblog-1", "weblog-1"])])
  }

  @Test func tablesKeepTheirColumns() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      "a.tsv", "genre\ttokens\tupos\nweb\tHi there\tINTJ ADV\nmail\tBye\tINTJ\n")
    let corpus = try TaggedCorpus.read(path)
    #expect(corpus.sentences.map(\.words) == [["Hi", "there"], ["Bye"]])
    #expect(corpus.columns == [.init(name: "genre", values: ["web", "mail"])])
    let bad = try folder.write("b.tsv", "tokens\ttags\na b\tX\n")
    let error = #expect(throws: DomainError.self) { try TaggedCorpus.read(bad) }
    #expect(error?.message.contains("line 2: 2 words have 1 tags") == true)
  }

  @Test(arguments: [
    ("a O\nb\n", "line 2: 1 field"), ("a\n", "expected a word and a tag"), ("\n\n", "no sentence"),
    ("a\tO\n\tO\n", "line 2: the word is empty"),
  ])
  func badConllNamesTheLine(_ text: String, _ message: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("bad.conll", text)
    let error = #expect(throws: DomainError.self) { try TaggedCorpus.read(path) }
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
  }

  @Test func tagsHaveRows() throws {
    let sentences = [
      try TaggedSentence(words: ["a", "b", "x"], tags: ["O", "B", "O"]),
      try TaggedSentence(words: ["b"], tags: [nil]),
    ]
    let classes = TaggingRows.classes(sentences)
    #expect(classes == ["B", "O"])
    let encoder = try Self.vocabulary(["a", "a", "b"])
    let rows = try TaggingRows(sentences, classes: classes, encoder: encoder)
    #expect(rows.inputs.values == [5, 6, 1, 6, 0, 0])
    #expect(rows.labels.values == [1, 0, 1, -100, -100, -100])
    #expect(rows.inputs.lengths == [3, 1])
    let short = try TaggingRows(sentences, classes: classes, encoder: encoder, length: 2)
    #expect(short.inputs.values == [5, 6, 6, 0] && short.labels.values == [1, 0, -100, -100])
    #expect(throws: DomainError.self) {
      try TaggingRows(sentences, classes: ["B"], encoder: encoder)
    }
  }

  private static let squad = """
    {"data": [{"title": "T", "paragraphs": [{"context": "Ünder 5½ men, 10 won.", "qas": [
      {"id": "q", "question": "How many won?", "answers": [{"text": "10", "answer_start": 14}]},
      {"id": "r", "question": "Who?", "answers": [{"text": "5½ men", "answer_start": 6}]},
      {"id": "s", "question": "Why?", "answers": []}]}]}]}
    """

  @Test func questionsHaveSpans() throws {
    let folder = try TemporaryFolder()
    let corpus = try QuestionCorpus.read(try folder.write("squad.json", Self.squad))
    #expect(corpus.questions.map(\.id) == ["q", "r", "s"])
    #expect(corpus.questions[0].article == "T")
    let encoder = try Self.vocabulary(QuestionRows.wordsAlone("how many won ünder men"))
    let rows = try QuestionRows(corpus, encoder: encoder)
    // how many won ? <sep> ünder 5½ men , 10 won .
    #expect(rows.inputs.width == 12 && rows.inputs.lengths == [12, 10, 10])
    #expect(rows.labels == [9, 9, 4, 5, -100, -100])
    #expect(Array(rows.offsets[8..<16]) == [-1, -1, 0, 5, 6, 8, 9, 12])
    #expect(Array(rows.offsets[18..<20]) == [14, 16])
    // A row that ends before the answer teaches nothing; one that has no room for the text is refused.
    let short = try QuestionRows(corpus, encoder: encoder, length: 9)
    #expect(short.labels == [-100, -100, 4, 5, -100, -100])
    let cut = try QuestionRows(corpus, encoder: encoder, length: 6)
    #expect(cut.labels == [-100, -100, 4, 5, -100, -100])
    #expect(throws: DomainError.self) { try QuestionRows(corpus, encoder: encoder, length: 5) }
  }

  private static func question(answerAt start: Int) -> String {
    #"{"data": [{"paragraphs": [{"context": "abc", "qas": [{"question": "?", "answers": ["#
      + #"{"text": "c", "answer_start": \#(start)}]}]}]}]}"#
  }

  @Test(arguments: [
    ("[]", "`data` must be a list"),
    (#"{"data": [{"paragraphs": [{"context": 3}]}]}"#, "`context` must be a text"),
    (
      TaskDataTests.question(answerAt: 1),
      "does not stand at 1"
    ),
    (
      TaskDataTests.question(answerAt: 99),
      "does not stand at 99"
    ), (#"{"data": []}"#, "no question"),
  ])
  func badQuestionsSayWhere(_ text: String, _ message: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("bad.json", text)
    let error = #expect(throws: DomainError.self) { try QuestionCorpus.read(path) }
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
  }

  @Test func pairsHaveTwoForms() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("e.csv", "mr,ref,set\n\"a b\",b,x\nb,\"a a a\",y\n")
    let pairs = try TextPairs.read(path)
    #expect(pairs.sources == ["a b", "b"] && pairs.targets == ["b", "a a a"])
    #expect(pairs.columns == [.init(name: "set", values: ["x", "y"])])
    #expect(throws: DomainError.self) { try TextPairs.read(path, source: "none") }
    #expect(throws: DomainError.self) { try TextPairs.read(path, source: "ref", target: "ref") }
    // <s> 2, </s> 3, <sep> 4, a 5, b 6.
    let encoder = try Self.vocabulary(["a", "a", "b"])
    let split = try PairRows(pairs, form: .split, encoder: encoder)
    #expect(split.sourceWidth == 2)
    #expect(split.inputs.values == [5, 6, 2, 6, 0, 0, 6, 0, 2, 5, 5, 5])
    #expect(split.labels.values == [6, 3, -100, -100, 5, 5, 5, 3])
    let short = try PairRows(
      pairs, form: .split, encoder: encoder, sourceLength: 1, targetLength: 2)
    #expect(short.inputs.values == [5, 2, 6, 6, 2, 5] && short.labels.values == [6, 3, 5, 5])
    let joined = try PairRows(pairs, form: .joined, encoder: encoder)
    #expect(joined.inputs.values == [5, 6, 4, 6, 0, 6, 4, 5, 5, 5])
    #expect(joined.labels.values == [-100, -100, 6, 3, -100, -100, 5, 5, 5, 3])
    #expect(try encoder.text([2, 5, 6, 3, 0]) == "a b")
    #expect(throws: DomainError.self) { try encoder.text([99]) }
    let plain = TaskEncoder.words(try Vocabulary(words: ["a"]), lowered: false)
    #expect(throws: DomainError.self) { try PairRows(pairs, form: .split, encoder: plain) }
  }

  @Test func realCorporaAreRead() throws {
    if TestData.has("conll2003") {
      let corpus = try TaggedCorpus.read(TestData.path("conll2003/valid.txt.gz"))
      #expect(corpus.sentences.count == 3250)
      #expect(Set(corpus.columns[0].values).count == 216)
      #expect(TaggingRows.classes(corpus.sentences).contains("I-ORG"))
    }
    if TestData.has("wnut17") {
      #expect(try TaggedCorpus.read(TestData.path("wnut17/dev.conll")).sentences.count == 1009)
    }
    if TestData.has("ud_english_ewt") {
      let corpus = try TaggedCorpus.read(TestData.path("ud_english_ewt/dev.tsv.gz"))
      #expect(corpus.sentences.count == 2001)
      #expect(corpus.columns.map(\.name) == ["genre", "doc", "sent_id"])
    }
    if TestData.has("xquad_en") {
      let corpus = try QuestionCorpus.read(TestData.path("xquad_en"))
      #expect(corpus.questions.count == 1190 && corpus.contexts.count == 240)
      let words = (corpus.questions.map(\.text) + corpus.contexts).map(QuestionRows.wordsAlone)
      let encoder = TaskEncoder.words(
        try Vocabulary(countingTokens: words, markers: ["<sep>"]), lowered: true)
      let rows = try QuestionRows(corpus, encoder: encoder)
      #expect(!rows.labels.contains(-100))
      // The span that is marked is the answer, but for what surrounds it in a token.
      let exact = corpus.questions.indices.count { index in
        let question = corpus.questions[index]
        let first = 2 * (index * rows.inputs.width + Int(rows.labels[2 * index]))
        let last = 2 * (index * rows.inputs.width + Int(rows.labels[2 * index + 1]))
        let text = corpus.contexts[question.context].unicodeScalars
          .dropFirst(Int(rows.offsets[first]))
          .prefix(Int(rows.offsets[last + 1] - rows.offsets[first]))
        return AnswerScore.isExact(String(text), question.answers)
      }
      #expect(exact >= 1180)
    }
    if TestData.has("e2e_nlg") {
      #expect(try TextPairs.read(TestData.path("e2e_nlg/test.csv.gz")).sources.count == 4693)
    }
  }
}
