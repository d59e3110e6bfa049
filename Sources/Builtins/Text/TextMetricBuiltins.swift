import Foundations
import Runtime
import Tables
import Text

/// Measures of what models of language find and write: spans of tags in `stats`, texts in `text`.
enum TextMetricBuiltins {
  /// For the module `text`.
  static let natives = [bleu, rouge, answerScores].abandonable()
  /// For the module `stats`.
  static let spanMeasures = [spanF1].abandonable()

  private static let predictions = Param<[String]>("predictions", "The texts that were written.")
  private static let references = Param<[OneOrManyTexts]>(
    "references", "The right text for each, or a list of several.")

  private static let spanF1 = Native(
    "span_f1",
    "Precision, recall and F1 of named entities and other spans of tags, as seqeval has them. A span counts where its type, its first and its last token are right. Tags are \"O\", or \"B-\", \"I-\", \"E-\", \"S-\" and a type; `by` has a row for each type.",
    Param<[[String]]>("labels", "The true tags of each sentence."),
    Param<[[String]]>("predictions", "The predicted ones."),
    Param<String>(
      "average",
      "\"micro\" of all spans together, \"macro\" the mean over types, \"weighted\" by how many spans of them are right ones.",
      default: "micro", .oneOf(SpanScores.Average.allCases.map(\.rawValue)), named: true),
    returns: "map", seeAlso: ["stats.f1", "nn.tags", "data.tagging"],
    search: ["ner", "seqeval", "conlleval", "entity", "chunk"],
    examples: [
      (
        "stats.span_f1([[\"B-PER\", \"I-PER\", \"O\", \"B-LOC\"]], [[\"B-PER\", \"I-PER\", \"B-LOC\", \"O\"]]).f1",
        "0.5"
      )
    ]
  ) { (labels: [[String]], predictions: [[String]], average: String) throws -> Record in
    let scores = try SpanScores(expected: labels, predicted: predictions)
    let total = scores.score(SpanScores.Average(rawValue: average) ?? .micro)
    let by = try Table(columns: [
      Table.Column("type", scores.types.map { .string($0.name) }),
      Table.Column("n", scores.types.map { .int($0.counts.expected) }),
      Table.Column("precision", scores.types.map { .float($0.counts.score.precision) }),
      Table.Column("recall", scores.types.map { .float($0.counts.score.recall) }),
      Table.Column("f1", scores.types.map { .float($0.counts.score.f1) }),
    ])
    return Record([
      ("precision", total.precision), ("recall", total.recall), ("f1", total.f1), ("by", by),
    ])
  }

  private static let bleu = Native(
    "bleu",
    "BLEU of a corpus (Papineni 2002), from 0 to 100, as sacrebleu computes it. The result is {score, precisions, brevity_penalty, length, reference_length}.",
    predictions, references,
    Param<String>(
      "tokenizer",
      "\"13a\" sets punctuation apart as the WMT does, \"none\" takes words between spaces.",
      default: "13a", .oneOf(BLEU.Words.allCases.map(\.rawValue)), named: true),
    Param<String>(
      "smoothing",
      "What orders without a match count: \"none\" nothing, \"exp\" the k-th 1/2ᵏ, \"floor\" 0.1, \"add-k\" one more of each order but the first.",
      default: "exp", .oneOf(BLEU.Smoothing.allCases.map(\.rawValue)), named: true),
    returns: "map", seeAlso: ["text.rouge", "nn.write"],
    search: ["translation", "sacrebleu", "generation"],
    examples: [
      (
        "round(text.bleu([\"the cat sat on a mat\"], [[\"the cat sat on the mat\", \"a cat sat\"]]).score, 2)",
        "56.23"
      )
    ]
  ) {
    (predictions: [String], references: [OneOrManyTexts], words: String, smoothing: String) throws
      -> Record in
    try check(predictions, references.count)
    let bleu = try BLEU(
      predictions, references: references.map(\.texts),
      words: BLEU.Words(rawValue: words) ?? .v13a,
      smoothing: BLEU.Smoothing(rawValue: smoothing) ?? .exp)
    return Record([
      ("score", bleu.score), ("precisions", bleu.precisions),
      ("brevity_penalty", bleu.brevityPenalty), ("length", bleu.length),
      ("reference_length", bleu.referenceLength),
    ])
  }

  private static let rouge = Native(
    "rouge",
    "ROUGE of texts and their references (Lin 2004), from 0 to 1: {rouge1, rouge2, rougeL}. It is the mean F1 of words, of pairs of words and of longest common subsequences, as rouge-score computes it without stemming. Of several references the best counts.",
    predictions, references, returns: "map", seeAlso: ["text.bleu"],
    search: ["summarization", "overlap"],
    examples: [
      ("text.rouge([\"the cat sat\"], [\"the cat sat down\"]).rouge2", "0.8")
    ]
  ) { (predictions: [String], references: [OneOrManyTexts]) throws -> Record in
    try check(predictions, references.count)
    func mean(_ kind: ROUGE.Kind) throws -> Double {
      var sum = 0.0
      for (index, text) in predictions.enumerated() {
        try Cancellation.check(turn: index)
        sum += try ROUGE.score(text, references: references[index].texts, kind).f1
      }
      return sum / Double(predictions.count)
    }
    return Record([
      ("rouge1", try mean(.runs(1))), ("rouge2", try mean(.runs(2))),
      ("rougeL", try mean(.longest)),
    ])
  }

  private static let answerScores = Native(
    "answer_scores",
    "How well answers were found, as SQuAD 1.1 measures it: {exact_match, f1}, means from 0 to 1. Case, punctuation and articles do not count; of several right answers the nearest counts.",
    Param<[String]>("predictions", "The answers that were found."),
    Param<[OneOrManyTexts]>("answers", "The right answer to each, or a list of several."),
    returns: "map", seeAlso: ["nn.answers", "data.questions"],
    search: ["squad", "exact match", "question answering"],
    examples: [
      (
        "text.answer_scores([\"The cat!\", \"a dog\"], [\"cat\", [\"big dog\", \"horse\"]]).exact_match",
        "0.5"
      )
    ]
  ) { (predictions: [String], answers: [OneOrManyTexts]) throws -> Record in
    try check(predictions, answers.count)
    var (exact, sum) = (0, 0.0)
    for (index, answer) in predictions.enumerated() {
      try Cancellation.check(turn: index)
      let right = answers[index].texts
      if AnswerScore.isExact(answer, right) { exact += 1 }
      sum += AnswerScore.f1(answer, right)
    }
    let count = Double(predictions.count)
    return Record([("exact_match", Double(exact) / count), ("f1", sum / count)])
  }

  private static func check(_ predictions: [String], _ references: Int) throws {
    guard predictions.count == references else {
      throw Fault(
        .value, "there are \(predictions.count) predictions, but right texts for \(references)"
      ).atArgument(1)
    }
    guard !predictions.isEmpty else {
      throw Fault(.value, "there is nothing to measure").atArgument(0)
    }
  }
}
