import Foundation
import Foundations

/// A class as a script names it. Numbers come before texts, in their orders; 1, 1.0 and true are one class.
public enum ClassLabel: Sendable, Hashable, Comparable {
  case number(Double)
  case text(String)

  public static func < (left: ClassLabel, right: ClassLabel) -> Bool {
    switch (left, right) {
    case (.number(let a), .number(let b)): a < b
    case (.text(let a), .text(let b)): a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars)
    case (.number, .text): true
    case (.text, .number): false
    }
  }

  fileprivate var isText: Bool { if case .text = self { true } else { false } }

  /// A number with a fraction, as scores are.
  fileprivate var isFraction: Bool {
    if case .number(let number) = self { number != number.rounded() } else { false }
  }

  fileprivate var described: String {
    switch self {
    case .number(let number): NumberText.shortest(number)
    case .text(let text): Quoting.literal(String(text.prefix(40)))
    }
  }
}

/// How often each class is taken for which, and what follows from it (van Rijsbergen 1979; the averages as scikit-learn
/// names them).
public struct Confusion: Sendable {
  public enum Average: String, Sendable, CaseIterable {
    /// The mean over classes.
    case macro
    /// Of all classes' counts together, which is the accuracy.
    case micro
    /// The mean over classes, weighted by how many labels each has.
    case weighted
  }

  public enum Measure: Sendable {
    /// Of those that were predicted, the share that is right.
    case precision
    /// Of those that there are, the share that was found.
    case recall
    /// The harmonic mean of both.
    case f1
  }

  /// All classes of labels and predictions, in ascending order.
  public let classes: [ClassLabel]
  /// Rows are labels, columns predictions.
  public let counts: [[Int]]

  /// More classes would make a matrix that nobody can read.
  private static let mostClasses = 5_000

  /// - Throws: `value` where the lists differ in length or are empty, and where the predictions are no classes of the
  ///   labels: scores, numbers beside texts, or other texts; `limit` for more than 5000 classes.
  public init(labels: [ClassLabel], predictions: [ClassLabel]) throws(DomainError) {
    try Requirement.pairs(labels.count, predictions.count)
    guard !labels.isEmpty else {
      throw DomainError(.value, "there are no labels to compare with predictions")
    }
    let (labelled, predicted) = (Set(labels), Set(predictions))
    try Self.checkClasses(labelled, predicted)
    let classes = labelled.union(predicted).sorted()
    guard classes.count <= Self.mostClasses else {
      throw DomainError(
        .limit,
        "labels and predictions have \(classes.count) classes, more than \(Self.mostClasses)",
        hint: "are they numbers of a regression?")
    }
    let places = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    var counts = classes.map { _ in [Int](repeating: 0, count: classes.count) }
    for (turn, (label, prediction)) in zip(labels, predictions).enumerated() {
      try Cancellation.check(turn: turn)
      guard let row = places[label], let column = places[prediction] else { continue }
      counts[row][column] += 1
    }
    self.classes = classes
    self.counts = counts
  }

  /// Predictions that can never be right are a mistake, not a bad model. One that is wrong throughout may share no
  /// class with few labels; texts of which each side has several are other names.
  private static func checkClasses(_ labels: Set<ClassLabel>, _ predictions: Set<ClassLabel>)
    throws(DomainError)
  {
    if let score = predictions.filter(\.isFraction).min(), !labels.contains(where: \.isFraction) {
      throw DomainError(
        .value,
        "predictions are classes, but hold \(score.described), which looks like a score",
        hint: "make classes of them: `[p > 0.5 for p in scores]`; `stats.auc` takes scores")
    }
    guard labels.isDisjoint(with: predictions), let label = labels.min(),
      let prediction = predictions.min()
    else { return }
    let areOtherKinds = labels.allSatisfy(\.isText) != predictions.allSatisfy(\.isText)
    let areOtherNames = label.isText && min(labels.count, predictions.count) > 1
    guard areOtherKinds || areOtherNames else { return }
    throw DomainError(
      .value,
      "labels and predictions share no class: \(label.described) is a label, \(prediction.described) predicted",
      hint: areOtherKinds && prediction < label
        ? "the number of a class has a name: `[e.classes[i] for i in predictions]`" : nil)
  }

  /// The class that counts as positive: the greater of two; nil where there are more.
  public var positive: Int? {
    guard classes.count <= 2 else { return nil }
    // Where all are 0 or false, there is a positive class that never comes.
    return classes == [.number(0)] ? nil : classes.count - 1
  }

  /// The measure of each class; 0 where a share has nothing to be a share of.
  public func each(_ measure: Measure) -> [Double] {
    classes.indices.map { place in
      let hits = counts[place][place]
      let labelled = counts[place].reduce(0, +)
      let predicted = counts.reduce(0) { $0 + $1[place] }
      return Self.value(measure, hits, labelled: labelled, predicted: predicted)
    }
  }

  /// The measure of the positive class of two, the mean over more.
  public func overall(_ measure: Measure) -> Double {
    if let positive { return each(measure)[positive] }
    return classes.count == 1 ? 0 : average(measure, .macro)
  }

  public func average(_ measure: Measure, _ average: Average) -> Double {
    let supports = counts.map { $0.reduce(0, +) }
    let total = supports.reduce(0, +)
    switch average {
    case .macro: return Sample.mean(each(measure))
    case .micro:
      let hits = classes.indices.reduce(0) { $0 + counts[$1][$1] }
      return Self.value(measure, hits, labelled: total, predicted: total)
    case .weighted:
      return zip(each(measure), supports).reduce(0) { $0 + $1.0 * Double($1.1) } / Double(total)
    }
  }

  private static func value(_ measure: Measure, _ hits: Int, labelled: Int, predicted: Int)
    -> Double
  {
    let whole =
      switch measure {
      case .precision: Double(predicted)
      case .recall: Double(labelled)
      case .f1: Double(labelled + predicted) / 2
      }
    return whole == 0 ? 0 : Double(hits) / whole
  }
}
