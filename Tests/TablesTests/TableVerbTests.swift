import Foundations
import Testing

@testable import Tables

@Suite struct TableVerbTests {
  private func table(_ columns: [(String, [Cell])]) throws -> Table {
    try Table(columns: columns.map { Table.Column($0.0, $0.1) })
  }

  private func joined(
    _ how: Join.How, _ expectation: Join.Expectation? = nil
  ) throws -> Table {
    let left = try table([
      ("k", [.int(1), .int(2), .int(2), .null]), ("v", [.int(10), .int(20), .int(21), .int(30)]),
    ])
    let right = try table([
      ("k", [.int(2), .int(3), .null]), ("v", [.int(200), .int(300), .int(400)]),
    ])
    return try left.joined(
      right, Join(keys: [("k", "k")], how: how, expectation: expectation))
  }

  @Test func joinsKeepTheRowsOfTheirKind() throws {
    func rows(_ how: Join.How) throws -> [[Cell]] {
      let table = try joined(how)
      return (0..<table.rowCount).map { row in table.columns.map { $0.series[row] } }
    }
    let met: [[Cell]] = [[.int(2), .int(20), .int(200)], [.int(2), .int(21), .int(200)]]
    let (one, none): ([Cell], [Cell]) = ([.int(1), .int(10), .null], [.null, .int(30), .null])
    #expect(try rows(.inner) == met)
    #expect(try rows(.left) == [one] + met + [none])
    #expect(try rows(.right) == met + [[.int(3), .null, .int(300)], [.null, .null, .int(400)]])
    #expect(
      try rows(.full) == [one] + met + [
        none, [.int(3), .null, .int(300)], [.null, .null, .int(400)],
      ])
    #expect(try rows(.semi) == [[.int(2), .int(20)], [.int(2), .int(21)]])
    #expect(try rows(.anti) == [[.int(1), .int(10)], [.null, .int(30)]])
    #expect(try joined(.inner).names == ["k", "v", "v_right"])
  }

  @Test func promisesAboutKeysAreChecked() throws {
    let error = #expect(throws: DomainError.self) { try joined(.inner, .oneToOne) }
    #expect(error?.message.contains("the left table has the key 2 2 times") == true)
    #expect(throws: Never.self) { try joined(.inner, .manyToOne) }
    let left = try table([("k", [.int(1)])])
    let wrong = #expect(throws: DomainError.self) {
      try left.joined(try table([("k", [.string("1")])]), Join(keys: [("k", "k")]))
    }
    #expect(wrong?.message.contains("never meet") == true)
  }

  @Test func explodingJoinsAreRefused() throws {
    let many = try table([("k", [Cell](repeating: .int(1), count: 60_000))])
    let error = #expect(throws: DomainError.self) {
      try many.joined(many, Join(keys: [("k", "k")]))
    }
    #expect(error?.kind == .limit)
  }

  @Test func pivotAndUnpivotAreInverse() throws {
    let long = try table([
      ("k", [.string("a"), .string("a"), .string("b")]),
      ("m", [.string("x"), .string("y"), .string("x")]), ("v", [.int(1), .int(2), .int(3)]),
    ])
    let wide = try long.pivoted(rows: ["k"], columns: "m", values: "v", reduction: nil)
    #expect(wide.names == ["k", "x", "y"])
    #expect(try wide.column("y").cells == [.int(2), .null])
    let back = try wide.unpivoted(["x", "y"], name: "m", value: "v").droppingMissing(["v"])
    #expect(back == long)
    let twice = long.appending(long)
    #expect(throws: DomainError.self) {
      try twice.pivoted(rows: ["k"], columns: "m", values: "v", reduction: nil)
    }
    #expect(
      try twice.pivoted(rows: ["k"], columns: "m", values: "v", reduction: .sum).column("x").cells
        == [.int(2), .int(6)])
  }

  @Test func aggregatesAreThoseOfEachGroupByItself() throws {
    var generator = SplitMix64(seed: 9)
    let count = 400
    let keys = (0..<count).map { _ in Cell.int(generator.below(9)) }
    func column(_ value: (Int) -> Cell) -> [Cell] {
      (0..<count).map { $0 % 11 == 0 ? .null : value($0) }
    }
    let table = try table([
      ("k", keys), ("i", column { .int($0 % 17) }), ("f", column { .float(Double($0 % 13) / 8) }),
      ("s", column { .string("t\($0 % 5)") }), ("b", column { .bool($0 % 3 == 0) }),
    ])
    let groups = try table.group(by: ["k"])
    for name in ["i", "f", "s", "b"] {
      let series = try table.column(name).series
      for reduction in Series.Reduction.allCases {
        if name == "s", reduction.isNumeric { continue }
        let all = try groups.reduced(series, reduction)
        for group in 0..<groups.count {
          #expect(
            try all[group] == series.gathered(groups.rows(group)).reduced(reduction),
            "\(reduction) of \(name)")
        }
      }
    }
  }

  @Test func splitsKeepSharesAndUsersTogether() throws {
    let table = try table([
      ("label", (0..<100).map { .int($0 < 20 ? 1 : 0) }), ("user", (0..<100).map { .int($0 / 5) }),
    ])
    let (a, b) = try table.split(0.75, stratify: ["label"], by: [], seed: 3)
    #expect(a.rowCount == 75 && b.rowCount == 25)
    #expect(try a.column("label").series.reduced(.sum) == .int(15))
    let (c, d) = try table.split(0.75, stratify: [], by: ["user"], seed: 3)
    #expect(c.rowCount == 75 && d.rowCount == 25)
    #expect(
      Set(try c.column("user").cells).isDisjoint(with: Set(try d.column("user").cells)))
    #expect(try table.sampled(100, seed: 1).column("user").series.reduced(.sum) == .int(950))
    #expect(try table.sampled(10, seed: 1) == table.sampled(10, seed: 1))
    #expect(throws: DomainError.self) { try table.sampled(101, seed: 1) }
  }

  @Test func oneHotHasAColumnAValue() throws {
    let hot = try table([
      ("k", [.string("b"), .null, .string("a")]), ("v", [.int(1), .int(2), .int(3)]),
    ])
    .oneHot("k")
    #expect(hot.names == ["k=a", "k=b", "v"])
    #expect(try hot.column("k=b").cells == [.int(1), .int(0), .int(0)])
  }

  @Test func emptyTablesGoThroughEveryVerb() throws {
    let empty = try table([("k", []), ("v", [])])
    #expect(try empty.group(by: ["k"]).mean().rowCount == 0)
    #expect(try empty.sorted(by: ["v"]).rowCount == 0)
    #expect(try empty.valueCounts(["k"]).rowCount == 0)
    #expect(try empty.described().rowCount == 2)
    #expect(try empty.joined(empty, Join(keys: [("k", "k")], how: .full)).rowCount == 0)
    #expect(try empty.unpivoted(["v"], name: "n", value: "x").rowCount == 0)
    #expect(try empty.pivoted(rows: ["k"], columns: "v", values: "v", reduction: nil).rowCount == 0)
    #expect(try empty.droppingDuplicates([]).rowCount == 0)
    #expect(try empty.correlations().rowCount == 2)
    #expect(try empty.split(0.5, stratify: ["k"], by: [], seed: 1).0.rowCount == 0)
  }
}
