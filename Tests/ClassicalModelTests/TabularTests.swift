import ClassicalModels
import Foundation
import Foundations
import Tables
import Tensors
import Testing

/// Rows of a table become numbers by the statistics of the rows that were learnt from.
@Suite struct TabularTests {
  private func table(_ columns: [(String, [Cell])]) throws -> Table {
    try Table(columns: columns.map { Table.Column($0.0, $0.1) })
  }

  private func people() throws -> Table {
    try table([
      ("age", [.int(20), .int(30), .null, .int(50)]),
      ("sex", [.string("M"), .string("F"), .string("F"), .null]),
      ("member", [.bool(true), .bool(false), .bool(true), .bool(true)]),
      ("race", [.string("a"), .string("b"), .string("a"), .string("b")]),
      ("rich", [.string("yes"), .string("no"), .string("no"), .string("yes")]),
    ])
  }

  private func values(_ tensor: Tensor) throws -> [Float] { try tensor.array(Float.self) }

  @Test func numbersAreScaledAndCategoriesSpread() throws {
    let examples = try TabularExamples(
      people(), TabularRoles(labels: ["rich"], groups: ["race"]))
    #expect(
      examples.features == [
        "age", "sex=F", "sex=M", "sex=nil", "member=false", "member=true",
      ])
    #expect(examples.classes == [.string("no"), .string("yes")])
    #expect(try examples.labels?.array(Int64.self) == [1, 0, 0, 1])
    #expect(try examples.groups.names == ["race"])
    // The mean of 20, 30 and 50 fills the gap; then the standard deviation over four rows.
    let mean = 100.0 / 3
    let deviation = ([20, 30, mean, 50].reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4)
      .squareRoot()
    let found = try values(examples.inputs)
    #expect(abs(Double(found[0]) - (20 - mean) / deviation) < 1e-6)
    #expect(found[12] == 0)
    #expect(Array(found[1..<6]) == [0, 1, 0, 0, 1])
    #expect(Array(found[19..<24]) == [0, 0, 1, 0, 1])
  }

  @Test func newRowsPassAsTheOldOnes() throws {
    let examples = try TabularExamples(people(), TabularRoles(labels: ["rich"]))
    let other = try table([
      ("race", [.string("a"), .string("c")]), ("sex", [.string("X"), .string("M")]),
      ("age", [.int(20), .null]), ("member", [.bool(false), .bool(true)]),
    ])
    let prepared = try examples.preparing(other)
    #expect(prepared.labels == nil && prepared.features == examples.features)
    let found = try values(prepared.inputs)
    #expect(found[0] == (try values(examples.inputs))[0])
    // A category that training had not is 0 in all of its columns, and said.
    #expect(Array(found[1..<4]) == [0, 0, 0])
    #expect(prepared.notes.count == 2 && prepared.notes[0].contains("`sex`"))
    let lacking = failure { _ = try examples.preparing(other.without(["age"])) }
    #expect(lacking?.kind == .key)
  }

  @Test func partsLearnFromThemselvesAlone() throws {
    let examples = try TabularExamples(people(), TabularRoles(labels: ["rich"]))
    let part = try examples.training(on: [1, 2])
    #expect(part.classes == examples.classes)
    #expect(try part.labels?.array(Int64.self) == [0, 0])
    #expect(part.features == ["age", "sex=F", "member=false", "member=true", "race=a", "race=b"])
    // One age is known and fills the other: a constant.
    #expect(try values(part.inputs)[0] == 0)
  }

  @Test func missingNumbersAreFilledAsAsked() throws {
    let rows = try table([
      ("x", [.float(1), .float(1), .float(4), .float(6), .null]),
      ("y", [.int(0), .int(1), .int(0), .int(1), .int(1)]),
    ])
    func filled(_ missing: MissingNumbers) throws -> Double {
      let found = try values(
        TabularExamples(rows, TabularRoles(labels: ["y"], missing: missing)).inputs)
      // The scale is undone by two known values.
      let unit = Double(found[3] - found[0]) / 5
      return Double(found[4] - found[0]) / unit + 1
    }
    #expect(abs(try filled(.mean) - 3) < 1e-5)
    #expect(abs(try filled(.median) - 2.5) < 1e-5)
    #expect(abs(try filled(.mostFrequent) - 1) < 1e-5)
    let dropped = try TabularExamples(rows, TabularRoles(labels: ["y"], missing: .drop))
    #expect(dropped.count == 4 && dropped.notes == ["1 of 5 rows miss something and are left out"])
    let refused = failure {
      _ = try TabularExamples(rows, TabularRoles(labels: ["y"], missing: .error))
    }
    #expect(refused?.message == "the column `x` has no value in 1 row")
  }

  @Test func labelsAreClassesOrNumbers() throws {
    let rows = try table([
      ("x", [.int(1), .int(2), .int(3)]), ("price", [.float(1.5), .float(2), .int(4)]),
      ("a", [.int(1), .int(0), .int(1)]), ("b", [.string("u"), .string("v"), .string("v")]),
    ])
    let numbers = try TabularExamples(rows, TabularRoles(labels: ["price"]))
    #expect(numbers.classes == nil && numbers.labels?.dtype == .f32)
    #expect(try values(#require(numbers.labels)) == [1.5, 2, 4])
    let both = try TabularExamples(rows, TabularRoles(labels: ["a", "b"]))
    #expect(
      both.classes == [
        .list([.int(0), .string("v")]), .list([.int(1), .string("u")]),
        .list([.int(1), .string("v")]),
      ])
    #expect(try both.labels?.array(Int64.self) == [1, 0, 2])
    #expect(both.features == ["x", "price"])
  }

  @Test func wrongColumnsAreRefused() throws {
    let rows = try people()
    func refusal(_ roles: TabularRoles) -> DomainError? {
      failure { _ = try TabularExamples(rows, roles) }
    }
    #expect(refusal(TabularRoles(labels: ["poor"]))?.kind == .key)
    #expect(
      refusal(TabularRoles(labels: ["rich"], numeric: ["rich"]))?.message
        == "the column `rich` is the label and numeric")
    #expect(refusal(TabularRoles(labels: ["rich"], numeric: ["sex"]))?.kind == .type)
    #expect(
      refusal(TabularRoles(labels: ["sex"]))?.message == "the label `sex` has no value in 1 row")
    let nan = try table([("x", [.float(.nan), .float(1)]), ("y", [.int(0), .int(1)])])
    #expect(
      failure { _ = try TabularExamples(nan, TabularRoles(labels: ["y"])) }?.kind == .value)
    let many = try table([
      ("id", (0..<1500).map { .string("n\($0)") }), ("y", (0..<1500).map { .int($0 % 2) }),
    ])
    #expect(
      failure { _ = try TabularExamples(many, TabularRoles(labels: ["y"])) }?.message
        == "the column `id` has more than 1000 categories")
    #expect(
      failure { _ = try TabularExamples(many, TabularRoles(labels: ["id"])) }?.message
        == "the label `id` has more than 1000 classes")
    #expect(
      failure {
        _ = try TabularExamples(rows.select(["rich"]), TabularRoles(labels: ["rich"]))
      }?.message == "no column is left for the inputs")
  }
}
