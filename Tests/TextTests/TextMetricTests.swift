import Foundation
import Foundations
import JSONValues
import Testing

@testable import Text

/// Measures of texts against seqeval, sacrebleu, rouge-score and SQuAD's script (Scripts/oracles/text_metrics.py).
@Suite struct TextMetricTests {
  private struct Case: Decodable {
    var kind: String
    var labels: [[String]]?
    var predictions: [[String]]?
    var micro: [Double]?
    var macro: [Double]?
    var weighted: [Double]?
    var texts: [String]?
    var references: References?
    var words: String?
    var smoothing: String?
    var score: Double?
    var precisions: [Double]?
    var penalty: Double?
    var length: Int?
    var reference_length: Int?
    var text: String?
    var rouge1: [Double]?
    var rouge2: [Double]?
    var rougeL: [Double]?
    var right: [String]?
    var normalized: String?
    var exact: Bool?
    var f1: Double?
  }

  private enum References: Decodable {
    case one([String])
    case many([[String]])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let many = try? container.decode([[String]].self) {
        self = .many(many)
      } else {
        self = .one(try container.decode([String].self))
      }
    }
  }

  private static func cases(_ kind: String) throws -> [Case] {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Golden/text_metrics.jsonl")
    let decoder = JSONDecoder()
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
      try decoder.decode(Case.self, from: Data($0.utf8))
    }.filter { $0.kind == kind }
  }

  private static func isNear(_ a: Double, _ b: Double) -> Bool {
    abs(a - b) <= 1e-9 * max(1, abs(b))
  }

  @Test func spansAsSeqeval() throws {
    let cases = try Self.cases("spans")
    #expect(cases.count == 65)
    for item in cases {
      let scores = try SpanScores(
        expected: try #require(item.labels), predicted: try #require(item.predictions))
      for (average, wanted) in [
        (SpanScores.Average.micro, item.micro), (.macro, item.macro), (.weighted, item.weighted),
      ] {
        let found = scores.score(average)
        let wanted = try #require(wanted)
        #expect(
          zip([found.precision, found.recall, found.f1], wanted).allSatisfy(Self.isNear),
          "\(average): \(found), seqeval \(wanted), of \(item.labels ?? []) \(item.predictions ?? [])"
        )
      }
    }
  }

  @Test func spansRefuseOtherTags() throws {
    #expect(throws: DomainError.self) { try TagSpan.spans(of: ["NOUN"]) }
    #expect(throws: DomainError.self) { try TagSpan.spans(of: [""]) }
    #expect(throws: DomainError.self) { try TagSpan.spans(of: ["O-PER"]) }
    #expect(throws: DomainError.self) {
      try SpanScores(expected: [["O"]], predicted: [["O", "O"]])
    }
    #expect(throws: DomainError.self) { try SpanScores(expected: [["O"]], predicted: []) }
    #expect(try TagSpan.spans(of: []) == [])
    #expect(
      try TagSpan.spans(of: ["B", "I", "O", "U-x-y", "L"]) == [
        TagSpan(type: "_", tokens: 0..<2), TagSpan(type: "x-y", tokens: 3..<4),
        TagSpan(type: "_", tokens: 4..<5),
      ])
  }

  @Test func bleuAsSacrebleu() throws {
    let cases = try Self.cases("bleu")
    #expect(cases.count == 45 * 8)
    for item in cases {
      guard case .many(let references)? = item.references else { continue }
      let found = try BLEU(
        try #require(item.texts), references: references,
        words: try #require(BLEU.Words(rawValue: item.words ?? "")),
        smoothing: try #require(BLEU.Smoothing(rawValue: item.smoothing ?? "")))
      #expect(
        Self.isNear(found.score, try #require(item.score)),
        "\(found), sacrebleu \(item.score ?? 0) of \(item.texts ?? [])")
      #expect(zip(found.precisions, try #require(item.precisions)).allSatisfy(Self.isNear))
      #expect(Self.isNear(found.brevityPenalty, try #require(item.penalty)))
      #expect(found.length == item.length && found.referenceLength == item.reference_length)
    }
    #expect(throws: DomainError.self) { try BLEU([], references: []) }
    #expect(throws: DomainError.self) { try BLEU(["a"], references: [[]]) }
  }

  @Test func rougeAsRougeScore() throws {
    let cases = try Self.cases("rouge")
    #expect(cases.count == 44)
    for item in cases {
      guard case .one(let references)? = item.references else { continue }
      for (kind, wanted) in [
        (ROUGE.Kind.runs(1), item.rouge1), (.runs(2), item.rouge2), (.longest, item.rougeL),
      ] {
        let found = try ROUGE.score(try #require(item.text), references: references, kind)
        // Which reference of several with one F1 is taken is not said.
        #expect(
          Self.isNear(found.f1, try #require(wanted)[2]),
          "\(kind): \(found), rouge-score \(wanted ?? []) of \(item.text ?? "") and \(references)")
      }
    }
    #expect(throws: DomainError.self) { try ROUGE.score("a", references: [], .longest) }
    #expect(throws: DomainError.self) { try ROUGE.score("a", references: ["a"], .runs(0)) }
  }

  @Test func answersAsSQuAD() throws {
    let cases = try Self.cases("answer")
    #expect(cases.count == 47)
    for item in cases {
      let (text, right) = (try #require(item.text), try #require(item.right))
      #expect(AnswerScore.normalized(text) == item.normalized)
      #expect(AnswerScore.isExact(text, right) == item.exact, "\(text) \(right)")
      #expect(Self.isNear(AnswerScore.f1(text, right), try #require(item.f1)), "\(text) \(right)")
    }
  }
}
