import Foundations
import Tensors
import Testing

@testable import Text

@Suite struct CorpusTests {
  @Test func columnsAreFoundOrGiven() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(
      "mine.csv", "id,Utterance,Category\n1,hello there,greet\n2,bye,leave\n")
    let corpus = try Corpus.load(file)
    #expect(corpus.name == "mine")
    #expect(corpus.train.map(\.intent) == ["greet", "leave"])
    #expect(try Corpus.load(file, text: "Category", label: "id").train[0].text == "greet")

    let odd = try folder.write("odd.csv", "a,b\n1,2\n")
    let error = failure { _ = try Corpus.load(odd) }
    #expect(error?.kind == .data)
    #expect(error?.message.contains("has no column for the text") == true)
    #expect(
      error?.hint
        == "say which one it is: `text: \"a\"`; rows without texts are read by `data.table`")
    let many = try folder.write("many.csv", "text,fold,Intents\n1,2,3\n")
    #expect(
      failure { _ = try Corpus.load(many) }?.hint == "say which one it is: `label: \"Intents\"`")
    #expect(
      failure { _ = try Corpus.load(odd, text: "c", label: "b") }?.message.contains("no column `c`")
        == true)
    #expect(failure { _ = try Corpus.load(folder.path + "/nothing") }?.kind == .io)
    #expect(
      failure { _ = try Corpus.load(folder.path) }?.message.contains("holds no training part")
        == true)
    let bare = try folder.write("bare.csv", "text,label\n")
    #expect(failure { _ = try Corpus.load(bare) }?.message.contains("a header but no rows") == true)
  }

  @Test func foldersOfParts() throws {
    let folder = try TemporaryFolder()
    try folder.write("train.tsv", "text\tslots\tintent\nplay x\tO B-song\tPlay\nstop\tO\tStop\n")
    try folder.write("val.jsonl", "{\"text\": \"halt\", \"intent\": \"Stop\"}\n")
    try folder.write("test.csv", "text,intent\ngo,Go\n")
    let corpus = try Corpus.load(folder.path)
    #expect(corpus.train[0].slots == ["O", "B-song"])
    #expect(corpus.valid.count == 1)
    #expect(corpus.classes == ["Go", "Play", "Stop"])

    let set = try IntentDataset(corpus)
    #expect(set.classes == ["Go", "Play", "Stop"])
    #expect(set.notes == ["1 class has no training example: `Go`"])
    #expect(set.test.labels == [0])
    #expect(try IntentDataset(corpus, unseenClasses: .drop).test.count == 0)
    #expect(failure { _ = try IntentDataset(corpus, unseenClasses: .refuse) }?.kind == .data)
  }

  @Test func foldersWithNamesOfTheirOwn() throws {
    func rows(_ text: String) -> String { "text\tlabel\n\(text)\tA\n" }
    let framed = try TemporaryFolder()
    try framed.write("set_Train.tsv", rows("learn"))
    try framed.write("set_dev.csv", "text,label\nchoose,A\n")
    try framed.write("set_test.tsv", rows("judge"))
    try framed.write("other_test.tsv", rows("another"))
    let corpus = try Corpus.load(framed.path)
    #expect(corpus.train.map(\.text) == ["learn"])
    #expect(corpus.valid.map(\.text) == ["choose"])
    #expect(corpus.test.map(\.text) == ["judge"])

    // A plain name counts more than one with something around it.
    try framed.write("train.tsv", rows("plain"))
    #expect(try Corpus.load(framed.path).train.map(\.text) == ["plain"])
    #expect(try Corpus.load(framed.path).test.isEmpty)

    let many = try TemporaryFolder()
    try many.write("fine-train.tsv", rows("a"))
    try many.write("coarse-train.tsv", rows("b"))
    let choice = failure { _ = try Corpus.load(many.path) }
    #expect(choice?.message.hasSuffix("training part: `coarse-train`, `fine-train`") == true)

    // A word that merely begins like it is no part's name.
    let single = try TemporaryFolder()
    try single.write("training_log.txt", "x")
    try single.write("trains.tsv", rows("whole"))
    #expect(try Corpus.load(single.path).train.map(\.text) == ["whole"])
    try single.write("planes.tsv", rows("b"))
    let neither = failure { _ = try Corpus.load(single.path) }
    #expect(neither?.message.hasSuffix("its files are `planes.tsv`, `trains.tsv`") == true)
    #expect(neither?.hint?.contains("\(single.path)/planes.tsv") == true)

    let bare = try TemporaryFolder()
    try bare.write("my_test.tsv", rows("only judged"))
    #expect(
      failure { _ = try Corpus.load(bare.path) }?.message.contains("no training part") == true)
    try bare.write("train.tsv", "text\tlabel\n")
    #expect(
      failure { _ = try Corpus.load(bare.path) }?.message.hasSuffix("no utterances to train on")
        == true)
  }

  @Test func readingStopsWhereItIsAskedTo() throws {
    let folder = try TemporaryFolder()
    let count = 10_000
    let table = try folder.write(
      "x.tsv", "text\tlabel\n" + String(repeating: "go on\tGo\n", count: count))
    let objects = try folder.write(
      "x.jsonl", String(repeating: "{\"text\": \"go on\", \"label\": \"Go\"}\n", count: count))
    let corpus = try Corpus.load(table)
    for work: () throws -> Void in [
      { _ = try Corpus.load(table) }, { _ = try Corpus.load(objects) },
      { _ = try IntentDataset(corpus) }, { _ = try PlainText.documents(table) },
      { _ = try Vocabulary(counting: corpus.train.map(\.text)) },
    ] {
      #expect(failure { try Cancellation.when({ true }, work) }?.kind == .interrupt)
      #expect(failure { try Cancellation.when({ false }, work) } == nil)
    }
    #expect(failure { try Cancellation.check() } == nil)
  }

  @Test func objectsWithoutAField() throws {
    let folder = try TemporaryFolder()
    let first = #"{"text": "go", "label": "Go"}"#
    for (lines, line, field) in [
      ([first, #"{"text": "stop"}"#], 2, "label"), ([#"{"text": "stop"}"#, first], 1, "label"),
      ([first, "", #"{"label": "Stop"}"#], 3, "text"),
    ] {
      let path = try folder.write("x.jsonl", lines.joined(separator: "\n") + "\n")
      let error = failure { _ = try Corpus.load(path) }
      #expect(error?.message.hasSuffix("line \(line): there is no field `\(field)`") == true)
    }
    let empty = try folder.write("x.jsonl", first + "\n" + #"{"text": "a", "label": ""}"# + "\n")
    #expect(failure { _ = try Corpus.load(empty) }?.message.hasSuffix("the label is empty") == true)
    let more = try folder.write("x.jsonl", first + "\n" + #"{"label": "A", "text": "a", "n": 1}"#)
    #expect(try Corpus.load(more).train.count == 2)
  }

  @Test func originalLineFiles() throws {
    let folder = try TemporaryFolder()
    try folder.write("train/seq.in", "play x \n stop\n")
    try folder.write("train/seq.out", "O B-song\nO\n")
    try folder.write("train/label", "Play\nStop\n")
    try folder.write("test/seq.in", "play y\n")
    try folder.write("test/label", "Play\nStop\n")
    let error = failure { _ = try Corpus.load(folder.path) }
    #expect(
      error?.message.hasSuffix("label has 2 lines, but \(folder.path)/test/seq.in has 1") == true)
    try folder.write("test/label", "Play\n")
    let corpus = try Corpus.load(folder.path)
    #expect(
      corpus.train == [
        Utterance(text: "play x", intent: "Play", slots: ["O", "B-song"]),
        Utterance(text: "stop", intent: "Stop", slots: ["O"]),
      ])
    #expect(corpus.test == [Utterance(text: "play y", intent: "Play")])
    try folder.write("train/label", "Play\n\n")
    #expect(
      failure { _ = try Corpus.load(folder.path) }?.message.hasSuffix(
        "seq.in, line 2: the label is empty") == true)
  }

  @Test func strangeRows() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("a.tsv", "text\tintent\nhi\tA\n\tB\n  \tB\n")
    let corpus = try Corpus.load(file)
    #expect(corpus.train.count == 1)
    #expect(corpus.notes == ["\(file): 2 empty utterances left out"])
    let unlabelled = try folder.write("b.tsv", "text\tintent\nhi\tA\nyo\t \n")
    let error = failure { _ = try Corpus.load(unlabelled) }
    #expect(error?.message == "\(unlabelled), line 3: the label is empty")
    let slots = try folder.write("c.tsv", "text\tslots\tintent\na b\tO\tA\n")
    #expect(
      failure { _ = try Corpus.load(slots) }?.message
        == "\(slots), line 2: 1 slot tags for 2 tokens")
  }

  @Test(
    .enabled(
      if: TestData.has("snips") && TestData.has("atis"), "the SNIPS and ATIS corpora are not here"))
  func realCorpora() throws {
    let snips = try IntentDataset(try Corpus.load(TestData.path("snips")), tokenizer: .whitespace)
    #expect(
      snips.description
        == "Dataset snips: 13,084 train, 700 valid, 700 test, 7 classes, 11,418 words")
    #expect(snips.notes.isEmpty)
    let atis = try IntentDataset(try Corpus.load(TestData.path("atis")))
    #expect(atis.train.count == 4_478)
    #expect(atis.test.count == 893)
    #expect(atis.notes.count == 1)
    #expect(atis.classes.count == 26)
  }

  @Test(
    .enabled(
      if: TestData.has("banking77") && TestData.has("clinc150"),
      "banking77 and clinc150 are not here"))
  func otherFormats() throws {
    #expect(try Corpus.load(TestData.path("banking77")).train.count == 10_003)
    #expect(try Corpus.load(TestData.path("clinc150")).valid.count == 3_100)
  }
}
