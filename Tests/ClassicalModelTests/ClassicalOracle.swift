import ClassicalModels
import Foundation
import Foundations
import Tensors
import Testing

/// A case of Scripts/oracles/classical_models.py: data, options, and what scikit-learn made of them.
struct ClassicalCase: @unchecked Sendable, CustomTestStringConvertible {
  // Plain values of JSON, never changed.
  private let entries: [String: Any]

  static let all: [ClassicalCase] = {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Oracles/classical_models.json")
    guard let data = try? Data(contentsOf: file),
      let found = try? JSONSerialization.jsonObject(with: data) as? [[String: Any]]
    else { return [] }
    return found.map(ClassicalCase.init(entries:))
  }()

  static func of(_ kind: String) -> [ClassicalCase] { all.filter { $0.text("kind") == kind } }

  private init(entries: [String: Any]) { self.entries = entries }

  var testDescription: String { "\(text("kind")): \(text("name"))" }

  func text(_ name: String) -> String { entries[name] as? String ?? "" }
  func number(_ name: String) -> Double { (entries[name] as? NSNumber)?.doubleValue ?? .nan }
  func integer(_ name: String) -> Int { (entries[name] as? NSNumber)?.intValue ?? -1 }

  /// A list of numbers, or of lists of them, row after row.
  func numbers(_ name: String) -> [Double] { ClassicalCase.flat(entries[name] ?? []) }

  private static func flat(_ value: Any) -> [Double] {
    if let number = value as? NSNumber { return [number.doubleValue] }
    return (value as? [Any] ?? []).flatMap(flat)
  }

  func matrix(_ name: String) throws -> ExampleMatrix {
    let rows = try #require(entries[name] as? [[Any]])
    return try ExampleMatrix(numbers(name), rows: rows.count, columns: rows[0].count)
  }

  func inputs() throws -> ExampleMatrix { try matrix("inputs") }

  /// Classes where the labels are whole numbers, else values.
  func labels(areClasses: Bool) -> TrainingLabels {
    let found = numbers("labels")
    if areClasses {
      return .classes(found.map { Int32($0) }, count: Int(found.max() ?? 0) + 1)
    }
    let rows = (entries["labels"] as? [Any])?.count ?? 1
    return .values(found, width: found.count / max(1, rows))
  }
}

/// The largest difference, relative to the expected number where that is above 1.
func distance(_ found: [Double], _ expected: [Double]) -> Double {
  guard found.count == expected.count else { return .infinity }
  return zip(found, expected).reduce(0) {
    max($0, abs($1.0 - $1.1) / max(1, abs($1.1)))
  }
}

/// The first rows of a matrix.
func head(_ examples: ExampleMatrix, _ count: Int) throws -> ExampleMatrix {
  let rows = min(count, examples.rows)
  return try ExampleMatrix(
    Array(examples.values[..<(rows * examples.columns)]), rows: rows, columns: examples.columns)
}

/// What `body` gives with one thread and with several.
func withThreads<Result>(_ counts: [Int] = [1, 2, 5], _ body: () throws -> Result) rethrows
  -> [Result]
{
  let before = Parallel.threads
  defer { Parallel.threads = before }
  return try counts.map {
    Parallel.threads = $0
    return try body()
  }
}

/// The error that `body` throws.
func failure(_ body: () throws -> Void) -> DomainError? {
  do {
    try body()
    return nil
  } catch {
    return error as? DomainError
  }
}

/// Numbers to learn from, the same every time.
func generated(_ rows: Int, _ columns: Int, seed: UInt64 = 1) throws -> ExampleMatrix {
  var random = RandomStream(seed: seed)
  return try ExampleMatrix(
    (0..<rows * columns).map { _ in random.normal() }, rows: rows, columns: columns)
}

extension ExampleMatrix {
  func at(_ row: Int, _ column: Int) -> Double { values[row * columns + column] }

  /// A matrix whose rows are made of this one's.
  func mapped(_ width: Int, _ row: (Int) -> [Double]) throws -> ExampleMatrix {
    var found: [Double] = []
    for index in 0..<rows { found += row(index) }
    return try ExampleMatrix(found, rows: rows, columns: width)
  }

  /// 1 for rows of which `condition` holds, 0 for others.
  func classes(_ condition: (Int) -> Bool) -> TrainingLabels {
    .classes((0..<rows).map { condition($0) ? 1 : 0 }, count: 2)
  }

  func targets(_ value: (Int) -> Double) -> TrainingLabels {
    .values((0..<rows).map(value), width: 1)
  }
}
