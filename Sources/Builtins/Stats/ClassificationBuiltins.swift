import Foundations
import Runtime
import Statistics
import Syntax
import Tables
import Tensors

/// Measures of predictions and of scores in scripts.
enum ClassificationBuiltins {
  private static let labels = Param<ClassLabels>(
    "labels", "The true classes: ints, bools or strings; nil leaves a pair out.")
  private static let predictions = Param<ClassLabels>("predictions", "The predicted classes.")
  private static let average = Param<String?>(
    "average",
    "nil takes the greater of two classes as the positive one, and \"macro\" of more; \"macro\" is the mean over classes, \"weighted\" by their labels, \"micro\" of all counts together; \"none\" gives a list, in ascending order of classes.",
    default: nil, .oneOf(Confusion.Average.allCases.map(\.rawValue) + ["none"]), named: true)
  private static let binary = Param<ClassLabels>(
    "labels", "0 and 1, false and true, or two classes, of which the greater is positive.")
  private static let scores = Param<[Double?]>(
    "scores", "The higher, the surer that a label is positive.")
  private static let chances = Param<[Double?]>(
    "scores", "The chance that a label is positive, from 0 to 1.")

  static let natives = (classes + scored).abandonable()

  private static func measured(
    _ name: String, _ summary: String, _ measure: Confusion.Measure, seeAlso: [String],
    examples: [(String, String)]
  ) -> Native {
    Native(
      name, summary, labels, predictions, average, returns: "any", seeAlso: seeAlso,
      search: ["classification", "score", "metric"], examples: examples,
      context: { (vm: VM, labels: ClassLabels, predictions: ClassLabels, average: String?) in
        let counts = try confusion(labels, predictions)
        guard let average else { return Value.float(counts.overall(measure)) }
        guard let average = Confusion.Average(rawValue: average) else {
          return try counts.each(measure).encode(vm)
        }
        return .float(counts.average(measure, average))
      })
  }

  private static func confusion(_ labels: ClassLabels, _ predictions: ClassLabels) throws
    -> Confusion
  {
    let pairs = try CompletePairs(
      labels.values, predictions.values, names: ("labels", "predictions"))
    return try Confusion(labels: pairs.first, predictions: pairs.second)
  }

  private static func scored(_ labels: ClassLabels, _ scores: [Double?]) throws -> ScoredLabels {
    let pairs = try CompletePairs(labels.values, scores, names: ("labels", "scores"))
    return try ScoredLabels(ClassLabels.positives(pairs.first), scores: pairs.second)
  }

  private static let classes = [
    measured(
      "f1", "The F1 score: the harmonic mean of precision and recall.", .f1,
      seeAlso: ["stats.precision", "stats.recall", "stats.confusion"],
      examples: [
        ("stats.f1([1, 1, 0, 0], [1, 0, 0, 0])", "0.6666666666666666"),
        ("stats.f1([\"a\", \"b\", \"c\"], [\"a\", \"b\", \"b\"], average: \"none\")[2]", "0.0"),
      ]),
    measured(
      "precision",
      "Of those that were predicted to be positive, the share that is; 0 where none were.",
      .precision, seeAlso: ["stats.recall", "stats.f1"],
      examples: [("stats.precision([1, 1, 0, 0], [1, 0, 0, 0])", "1.0")]),
    measured(
      "recall",
      "Of those that are positive, the share that was predicted to be; 0 where there are none.",
      .recall, seeAlso: ["stats.precision", "stats.f1"],
      examples: [("stats.recall([1, 1, 0, 0], [1, 0, 0, 0])", "0.5")]),
    Native(
      "confusion",
      "How often each class was taken for which. Rows are true classes, columns predicted ones, both in ascending order.",
      labels, predictions, returns: "tensor i64", seeAlso: ["stats.f1", "plot"],
      search: ["confusion matrix", "contingency"],
      examples: [
        ("stats.confusion([0, 1, 1], [0, 0, 1]).tolist()", "[[1, 0], [1, 1]]")
      ]
    ) { labels, predictions in
      let counts = try confusion(labels, predictions).counts
      return try Tensor(
        ints: counts.flatMap { $0 }, shape: Shape(checking: [counts.count, counts.count]))
    },
  ]

  private static let scored = [
    Native(
      "auc",
      "The area under the ROC curve: the chance that a positive has the higher score.",
      binary, scores, returns: "float", seeAlso: ["stats.roc", "stats.mann_whitney"],
      search: ["roc", "ranking", "classification"],
      examples: [("stats.auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])", "0.75")]
    ) { labels, scores in try scored(labels, scores).area() },
    Native(
      "roc",
      "The receiver operating characteristic. At each threshold it gives what share of negatives and of positives has a score of at least so much; points on a straight line between their neighbours are left out.",
      binary, scores, returns: "table", seeAlso: ["stats.auc", "plot.line"],
      search: ["curve", "threshold", "false positive rate"],
      examples: [
        ("stats.roc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).tpr", "[0.0, 0.5, 0.5, 1.0, 1.0]")
      ]
    ) { labels, scores in
      let points = try scored(labels, scores).curve()
      return try Table(columns: [
        Table.Column("threshold", points.map { .float($0.threshold) }),
        Table.Column("fpr", points.map { .float($0.falsePositiveRate) }),
        Table.Column("tpr", points.map { .float($0.truePositiveRate) }),
      ])
    },
    Native(
      "brier", "The Brier score: the mean squared difference of chances and labels.", binary,
      chances, returns: "float", seeAlso: ["stats.ece"], search: ["calibration", "proper score"],
      examples: [("stats.brier([0, 1], [0.5, 1.0])", "0.125")]
    ) { labels, scores in try scored(labels, scores).brier() },
    Native(
      "ece",
      "The expected calibration error: how far chances lie from shares. Scores are put into bins (a, b], in each of which the mean score is compared with the share of positives.",
      Param<ClassLabels>(
        "labels", "0 and 1 (scores are the chance of 1), or whether a prediction was correct."),
      Param<[Double?]>("scores", "The chance of 1, or the confidence, from 0 to 1."),
      Param<Int>("bins", "How many bins.", default: 15, .within(1, 1_000_000), named: true),
      Param<String>(
        "by", "Bins of equal \"width\", or of equal \"mass\" (between quantiles of the scores).",
        default: "width", .oneOf(ScoredLabels.Bins.allCases.map(\.rawValue)), named: true),
      returns: "float", seeAlso: ["stats.brier"], search: ["calibration", "reliability"],
      examples: [("round(stats.ece([0, 1, 1, 1], [0.6, 0.6, 0.9, 0.9], bins: 5), 3)", "0.1")]
    ) { labels, scores, bins, kind in
      try scored(labels, scores).calibrationError(
        bins: bins, by: ScoredLabels.Bins(rawValue: kind) ?? .width)
    },
  ]
}
