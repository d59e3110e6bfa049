import Foundation
import Foundations

/// A linear function whose values are the logarithms of odds (two classes) or, up to a constant, of chances (more),
/// fitted by penalised maximum likelihood: see LogisticObjective for what is minimised (Hastie, Tibshirani, Friedman
/// 2009, section 4.4) and NewtonMethod for how.
public struct LogisticRegression: FittedModel {
  /// `[outputs, features]`, row after row: one output for two classes (of the second one's odds), one a class for more.
  public let coefficients: [Double]
  /// One an output.
  public let intercepts: [Double]
  /// Classes that the examples had, in rising order; all others get no chance.
  public let present: [Int]
  public let featureCount: Int
  /// How many classes there are.
  public let outputCount: Int
  public let l2: Double
  /// The penalised negative log-likelihood: scikit-learn's objective for C = 1 / l2, times l2.
  public let objective: Double
  public let iterations: Int
  /// Whether the gradient has become 0, as far as numbers go.
  public let isConverged: Bool
  /// What a reader should know, in sentences.
  public let notes: [String]

  public var outputKind: OutputKind { .logChances }
  public var summary: String {
    "logistic regression (\(featureText), \(outputCount) classes)"
  }

  /// Fits it to examples.
  /// - Parameters:
  ///   - labels: classes; values are refused.
  ///   - l2: λ, scikit-learn's 1 / C; the intercepts are free of it.
  ///   - iterations: the most steps of Newton's method.
  /// - Throws: a `DomainError`: `shape` where counts differ, `value` for none or a single class, `type` for labels that
  ///   are numbers, `limit` where memory does not suffice, `interrupt`.
  public init(
    _ examples: ExampleMatrix, _ labels: TrainingLabels, l2: Double = 1, iterations: Int = 100
  ) throws {
    guard case .classes(let numbers, let total) = labels else {
      throw DomainError(
        .type, "a logistic regression tells classes apart, but the labels are floats",
        hint:
          "classes are integers: `labels.to(\"i64\")`; for numbers there is `ml.linear_regression`")
    }
    try labels.check(examples)
    precondition(l2 >= 0 && l2.isFinite, "a penalty is a finite number of at least 0")
    let classes = OccurringClasses(numbers, count: total)
    guard classes.present.count > 1 else {
      throw DomainError(
        .value, "all examples have the same class: there is nothing to tell apart")
    }
    let objective = LogisticObjective(
      FeatureRows(examples), classes.places, classes: classes.present.count, l2: l2)
    let found = try NewtonMethod(objective: objective, mostIterations: iterations).minimum()
    let width = examples.columns + 1
    var parameters = found.parameters
    if objective.outputs > 1 {
      // A number added to all classes changes no chance: their sum is taken to be 0, as scikit-learn's is.
      for place in l2 == 0 ? 0..<width : width - 1..<width {
        let places = stride(from: place, to: parameters.count, by: width)
        let mean = places.reduce(0) { $0 + parameters[$1] } / Double(objective.outputs)
        for k in places { parameters[k] -= mean }
      }
    }
    coefficients = (0..<objective.outputs).flatMap {
      parameters[$0 * width..<($0 + 1) * width - 1]
    }
    intercepts = (0..<objective.outputs).map { parameters[($0 + 1) * width - 1] }
    present = classes.present
    featureCount = examples.columns
    outputCount = total
    self.l2 = l2
    self.objective = found.value
    self.iterations = found.iterations
    isConverged = found.isConverged
    var notes: [String] = []
    if l2 == 0, found.value < 1e-6 * Double(examples.rows) {
      notes.append(
        "the classes are separated perfectly: without `l2` the coefficients grow without end")
    } else if !found.isConverged {
      notes.append(
        "not converged after \(found.iterations) iterations: give `l2`, scale the features, or more `iterations`"
      )
    }
    self.notes = notes
  }

  /// The logarithm of each class's chance, `[examples, classes]`.
  public func outputs(_ examples: ExampleMatrix) throws -> [Double] {
    var found = try linearOutputs(examples, coefficients, intercepts)
    let outputs = intercepts.count
    if outputs == 1 {
      // log p(1) = −log(1 + e^−m).
      found = found.flatMap { margin -> [Double] in
        let rest = log1p(exp(-abs(margin)))
        return [-(max(margin, 0) + rest), -(max(-margin, 0) + rest)]
      }
    } else {
      for row in 0..<examples.rows {
        let range = row * outputs..<(row + 1) * outputs
        let largest = found[range].max() ?? 0
        let total = largest + log(found[range].reduce(0) { $0 + exp($1 - largest) })
        for k in range { found[k] -= total }
      }
    }
    return OccurringClasses.spread(found, present, total: outputCount)
  }
}
