// Questions whose answers stand in a text (Rajpurkar et al., "SQuAD", EMNLP 2016).

import Files
import Foundations
import JSONValues

/// Questions with the texts that hold their answers.
public struct QuestionCorpus: Sendable, Equatable {
  public struct Question: Sendable, Equatable {
    public var id: String
    /// The article that its text belongs to.
    public var article: String
    /// Which of `contexts` holds the answers.
    public var context: Int
    public var text: String
    /// All right answers; none where the text holds none (SQuAD 2.0).
    public var answers: [String]
    /// Where each begins in its context, in code points.
    public var starts: [Int]
  }

  public var contexts: [String] = []
  public var questions: [Question] = []

  /// Reads a SQuAD file (`data`, `paragraphs`, `qas`), packed or not, or a folder with `contexts.jsonl` (paragraph,
  /// article, context) and `questions.jsonl` (id, paragraph, question, answers, answer_starts).
  ///
  /// - Throws: `io`, `parse`, and `data` where a field is missing, or an answer does not stand where the file says.
  public static func read(_ path: String) throws(DomainError) -> QuestionCorpus {
    var result = QuestionCorpus()
    if InputFile.kind(path).isFolder {
      try result.readFolder(path)
    } else {
      try result.readArticles(try JSON.read(path), path)
    }
    guard !result.questions.isEmpty else { throw DomainError(.data, "\(path) holds no question") }
    return result
  }

  private mutating func readArticles(_ file: JSON, _ path: String) throws(DomainError) {
    for (number, article) in try items(file.object?["data"], "\(path): `data`").enumerated() {
      let place = "\(path): article \(number)"
      let title = article.object?["title"]?.string ?? "\(number)"
      for (index, paragraph) in try items(article.object?["paragraphs"], "\(place): `paragraphs`")
        .enumerated()
      {
        let place = "\(place), paragraph \(index)"
        contexts.append(try text(paragraph.object?["context"], "\(place): `context`"))
        for (index, entry) in try items(paragraph.object?["qas"], "\(place): `qas`").enumerated() {
          try Cancellation.check()
          let place = "\(place), question \(index)"
          var question = Question(
            id: entry.object?["id"]?.string ?? "", article: title, context: contexts.count - 1,
            text: try text(entry.object?["question"], "\(place): `question`"), answers: [],
            starts: [])
          for answer in try items(entry.object?["answers"], "\(place): `answers`") {
            question.answers.append(
              try text(answer.object?["text"], "\(place): an answer's `text`"))
            question.starts.append(
              try start(answer.object?["answer_start"], "\(place): `answer_start`"))
          }
          try add(question, place)
        }
      }
    }
  }

  private mutating func readFolder(_ path: String) throws(DomainError) {
    var places: [Int: Int] = [:]
    try Self.lines("\(path)/contexts.jsonl") { (entry, place) throws(DomainError) in
      let number = try start(entry.object?["paragraph"], "\(place): `paragraph`")
      guard places.updateValue(contexts.count, forKey: number) == nil else {
        throw DomainError(.data, "\(place): the paragraph \(number) is there twice")
      }
      contexts.append(try text(entry.object?["context"], "\(place): `context`"))
    }
    try Self.lines("\(path)/questions.jsonl") { (entry, place) throws(DomainError) in
      let number = try start(entry.object?["paragraph"], "\(place): `paragraph`")
      guard let context = places[number] else {
        throw DomainError(.data, "\(place): there is no paragraph \(number)")
      }
      var answers: [String] = []
      for answer in try items(entry.object?["answers"], "\(place): `answers`") {
        answers.append(try text(answer, "\(place): an answer"))
      }
      var starts: [Int] = []
      for position in try items(entry.object?["answer_starts"], "\(place): `answer_starts`") {
        starts.append(try start(position, "\(place): an answer's start"))
      }
      let article = entry.object?["article"]
      try add(
        Question(
          id: entry.object?["id"]?.string ?? "",
          article: article?.string ?? article?.integer.map(String.init) ?? "", context: context,
          text: try text(entry.object?["question"], "\(place): `question`"), answers: answers,
          starts: starts), place)
    }
  }

  private static func lines(
    _ path: String, _ body: (JSON, String) throws(DomainError) -> Void
  ) throws(DomainError) {
    let lines = LineSource(try InputFile.source(path))
    var line = 0
    while let text = try lines.next() {
      line += 1
      try Cancellation.check(turn: line)
      if text.utf8.allSatisfy({ $0 <= 0x20 }) { continue }
      let place = "\(path), line \(line)"
      try body(try JSON.parse(Array(text.utf8), source: place), place)
    }
  }

  private mutating func add(_ question: Question, _ place: String) throws(DomainError) {
    guard question.answers.count == question.starts.count else {
      throw DomainError(
        .data, "\(place): \(question.answers.count) answers have \(question.starts.count) starts")
    }
    let context = contexts[question.context].unicodeScalars
    for (answer, start) in zip(question.answers, question.starts) {
      let found = context.dropFirst(start).prefix(answer.unicodeScalars.count)
      guard !answer.isEmpty, found.elementsEqual(answer.unicodeScalars) else {
        throw DomainError(
          .data,
          "\(place): the answer \(Quoting.literal(answer)) does not stand at \(start) of its text, where there is \(Quoting.literal(String(found)))"
        )
      }
    }
    questions.append(question)
  }

  private func items(_ value: JSON?, _ what: String) throws(DomainError) -> [JSON] {
    if let items = value?.array { return items }
    throw DomainError(.data, "\(what) must be a list, found \(value?.kindName ?? "nothing")")
  }

  private func text(_ value: JSON?, _ what: String) throws(DomainError) -> String {
    if let text = value?.string { return text }
    throw DomainError(.data, "\(what) must be a text, found \(value?.kindName ?? "nothing")")
  }

  private func start(_ value: JSON?, _ what: String) throws(DomainError) -> Int {
    if let number = value?.integer, number >= 0 { return number }
    throw DomainError(
      .data, "\(what) must be an integer from 0, found \(value?.kindName ?? "nothing")")
  }
}
