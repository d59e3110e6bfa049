import Foundation
import Foundations

/// A regression with an intercept, with what is known of its coefficients: least squares with normal errors (intervals
/// and p-values of Student's t), or the logistic regression of maximum likelihood without a penalty (of the normal
/// distribution; McCullagh and Nelder 1989), as statsmodels' OLS and Logit give them.
public struct Regression: Sendable {
  public enum Family: String, Sendable, CaseIterable {
    case normal
    case logistic
  }

  public struct Coefficient: Sendable {
    public let name: String
    public let value: Double
    public let standardError: Double
    public let low: Double
    public let high: Double
    /// Of the hypothesis that it is 0.
    public let p: Double
  }

  /// A column of numbers by which the outcome is explained.
  public struct Variable: Sendable {
    public let name: String
    public let values: [Double]

    public init(_ name: String, _ values: [Double]) {
      self.name = name
      self.values = values
    }
  }

  /// The name of the constant.
  public static let intercept = "intercept"

  /// The intercept, then one a variable.
  public let coefficients: [Coefficient]

  /// - Parameters:
  ///   - outcome: one number a row; for `logistic` 0 or 1.
  ///   - variables: one number a row each.
  /// - Throws: `value` where a number is not finite, there are no more rows than coefficients, a variable is a
  ///   combination of others, or the outcomes of a logistic regression can be told apart without error.
  public init(
    _ outcome: [Double], on variables: [Variable], family: Family = .normal, level: Double = 0.95
  ) throws(DomainError) {
    try Requirement.level(level)
    let rows = outcome.count
    for variable in variables {
      try Requirement.pairs(rows, variable.values.count)
      guard variable.values.allSatisfy(\.isFinite) else {
        throw DomainError(.value, "`\(variable.name)` has a value that is not finite")
      }
    }
    guard outcome.allSatisfy(\.isFinite) else {
      throw DomainError(.value, "the outcome has a value that is not finite")
    }
    guard rows > variables.count + 1 else {
      throw DomainError(
        .value,
        "a regression needs more rows than coefficients, got \(rows) rows without missing values for \(variables.count + 1) coefficients"
      )
    }
    let design = Design(variables, rows)
    switch family {
    case .normal:
      let fit = try design.leastSquares(outcome)
      let degrees = Double(rows - variables.count - 1)
      let residuals = design.values(fit.coefficients, outcome)
      let variance = residuals.reduce(0) { $0 + $1 * $1 } / degrees
      let student = try StudentDistribution(degrees: degrees)
      coefficients = design.coefficients(fit, variance, student.quantile((1 + level) / 2)) {
        2 * student.survival($0)
      }
    case .logistic:
      let fit = try design.logistic(outcome)
      coefficients = design.coefficients(fit, 1, NormalIntegral.quantile((1 + level) / 2)) {
        2 * NormalIntegral.upper($0)
      }
    }
  }
}

/// The columns of a regression.
private struct Design {
  let names: [String]
  let columns: [[Double]]

  init(_ variables: [Regression.Variable], _ rows: Int) {
    names = [Regression.intercept] + variables.map(\.name)
    columns = [[Double](repeating: 1, count: rows)] + variables.map(\.values)
  }

  /// What the columns with these coefficients give in each row.
  func predictions(_ coefficients: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: columns[0].count)
    for (column, coefficient) in zip(columns, coefficients) {
      for row in result.indices { result[row] += column[row] * coefficient }
    }
    return result
  }

  /// What is left of the outcome.
  func values(_ coefficients: [Double], _ outcome: [Double]) -> [Double] {
    zip(outcome, predictions(coefficients)).map { $0 - $1 }
  }

  func leastSquares(_ outcome: [Double], weights: [Double]? = nil) throws(DomainError)
    -> LeastSquares
  {
    let roots = weights?.map { $0.squareRoot() }
    func weighted(_ values: [Double]) -> [Double] {
      roots.map { zip(values, $0).map { $0 * $1 } } ?? values
    }
    let (fit, dependent) = try LeastSquares.solve(
      columns: columns.map(weighted), target: weighted(outcome))
    guard let fit else {
      let name = names[dependent ?? 0]
      throw DomainError(
        .value,
        "`\(name)` is constant, or a combination of the variables before it, so that its coefficient has no value",
        hint: "leave it out")
    }
    return fit
  }

  /// The fit of maximum likelihood by Newton's method, each step of which is a weighted least squares fit; steps that
  /// would make the fit worse are halved.
  func logistic(_ outcome: [Double]) throws(DomainError) -> LeastSquares {
    guard outcome.allSatisfy({ $0 == 0 || $0 == 1 }) else {
      throw DomainError(.value, "the outcome of a logistic regression is 0 or 1 in every row")
    }
    guard outcome.contains(0), outcome.contains(1) else {
      throw DomainError(.value, "the outcome of a logistic regression is the same in every row")
    }
    var coefficients = [Double](repeating: 0, count: columns.count)
    var scores = predictions(coefficients)
    var loss = Self.loss(scores, outcome)
    for _ in 0..<40 {
      let chances = scores.map { 1 / (1 + exp(-$0)) }
      let weights = chances.map { max($0 * (1 - $0), .leastNormalMagnitude) }
      let residuals = scores.indices.map { (outcome[$0] - chances[$0]) / weights[$0] }
      if loss < 1e-9 * Double(outcome.count) { break }
      let step = try leastSquares(residuals, weights: weights)
      let moves = predictions(step.coefficients)
      var size = 1.0
      var next = zip(scores, moves).map { $0 + $1 }
      while Self.loss(next, outcome) > loss * (1 + 1e-15), size > 1e-6 {
        size /= 2
        next = zip(scores, moves).map { $0 + size * $1 }
      }
      coefficients = zip(coefficients, step.coefficients).map { $0 + size * $1 }
      scores = next
      loss = Self.loss(scores, outcome)
      if moves.allSatisfy({ abs($0) < 1e-9 }) {
        return try fitted(coefficients, scores)
      }
    }
    throw DomainError(
      .value,
      "a combination of the variables tells the outcomes 0 and 1 apart without error (at least in some rows), so that the coefficients have no finite values",
      hint: "leave variables out, or take a model with a penalty")
  }

  /// The coefficients with their covariances at the maximum.
  private func fitted(_ coefficients: [Double], _ scores: [Double]) throws(DomainError)
    -> LeastSquares
  {
    let weights = scores.map { 1 / ((1 + exp($0)) * (1 + exp(-$0))) }
    return try leastSquares(scores, weights: weights)
  }

  /// The negative log-likelihood, without an overflow.
  private static func loss(_ scores: [Double], _ outcome: [Double]) -> Double {
    zip(scores, outcome).reduce(0) { sum, pair in
      let margin = pair.1 == 1 ? pair.0 : -pair.0
      return sum + max(0, -margin) + log1p(exp(-abs(margin)))
    }
  }

  func coefficients(
    _ fit: LeastSquares, _ variance: Double, _ quantile: Double, _ bothTails: (Double) -> Double
  ) -> [Regression.Coefficient] {
    names.enumerated().map { index, name in
      let value = fit.coefficients[index]
      let error = (variance * fit.inverse[index * names.count + index]).squareRoot()
      return Regression.Coefficient(
        name: name, value: value, standardError: error, low: value - quantile * error,
        high: value + quantile * error, p: bothTails(abs(value) / error).clippedProbability)
    }
  }
}
