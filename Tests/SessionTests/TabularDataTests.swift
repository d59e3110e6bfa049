import Foundation
import Testing

@testable import Sessions

/// Public tables, from the file to the fitted model, where they are beside the checkout: the optimum is the one that
/// scikit-learn finds on the same columns (Scripts/oracles/tabular_data.py).
@Suite struct TabularDataTests {
  static let folder: String = {
    if let given = ProcessInfo.processInfo.environment["FAIRLEAD_DATA"] { return given }
    return URL(fileURLWithPath: DocumentationTests.project).deletingLastPathComponent()
      .appendingPathComponent("shared/data").path
  }()

  struct Case: Sendable {
    let path: String
    let label: String
    let features: Int
    let objective: Double
    let accuracy: Double
  }

  static let cases = [
    Case(
      path: "adult/adult.csv.gz", label: "income-per-year", features: 108,
      objective: 10312.739754570826, accuracy: 0.853075765486318),
    Case(
      path: "compas/compas_two_years.csv.gz", label: "two_year_recid", features: 464,
      objective: 764.7957403939531, accuracy: 0.9701968394787912),
    Case(
      path: "german_credit/german.csv", label: "credit", features: 61,
      objective: 453.38028150767065, accuracy: 0.786),
  ].filter { FileManager.default.fileExists(atPath: "\(folder)/\($0.path)") }

  @Test(arguments: cases)
  func theOptimumIsScikitLearns(_ test: Case) throws {
    var options = SessionOptions()
    options.recordsRuns = false
    options.seed = 1
    options.allowRead = [Self.folder]
    let session = Session(options: options)
    let reply = session.execute(
      """
      let e = data.tabular(data.table("\(Self.folder)/\(test.path)"), label: "\(test.label)")
      let m = ml.logistic_regression(e)
      [len(e.features), m.objective, fair.accuracy(m, e)]
      """)
    let text = try #require(reply.text, "\(reply.diagnostics.map(\.message))")
    let numbers = text.dropFirst().dropLast().split(separator: ", ").compactMap { Double($0) }
    try #require(numbers.count == 3, "\(text)")
    #expect(numbers[0] == Double(test.features))
    // Inputs are rounded to single precision once more or less.
    #expect(abs(numbers[1] / test.objective - 1) < 1e-6)
    #expect(abs(numbers[2] - test.accuracy) < 1e-3)
  }
}
