import Foundations
import Testing

@testable import Tables

@Suite struct SeriesTests {
  private func series(_ cells: [Cell]) -> Series { Series(cells: cells) }

  @Test func typesComeFromValues() {
    #expect(series([.int(1), .null]).kind == .int)
    #expect(series([.int(1), .float(0.5)]).kind == .float)
    #expect(series([.int(9_007_199_254_740_993), .float(0.5)]).kind == .mixed)
    #expect(series([.bool(true), .int(1)]).kind == .mixed)
    #expect(series([.string("a"), .null]).kind == .string)
    #expect(series([.list([.int(1)]), .null]).kind == .list)
    #expect(series([.date(0)]).kind == .date)
    #expect(series([.null, .null]).isAllMissing)
  }

  @Test func arithmeticKeepsIntsAndMissingValues() throws {
    let a = series([.int(7), .null, .int(-7)])
    let b = series([.int(2), .int(2), .int(2)])
    func result(_ operation: Series.Operation) throws -> [Cell] {
      try Series.calculated(operation, a, b).cells
    }
    #expect(try result(.add) == [.int(9), .null, .int(-5)])
    #expect(try result(.divide) == [.float(3.5), .null, .float(-3.5)])
    #expect(try result(.floorDivide) == [.int(3), .null, .int(-4)])
    #expect(try result(.modulo) == [.int(1), .null, .int(1)])
    #expect(try result(.power) == [.int(49), .null, .int(49)])
    #expect(
      try Series.calculated(.multiply, a, series([.float(0.5)])).cells
        == [.float(3.5), .null, .float(-3.5)])
    #expect(
      try Series.calculated(.add, series([.bool(true), .null]), series([.bool(true)])).cells
        == [.int(2), .null])
  }

  @Test func intsThatOverflowNameTheirRow() {
    let a = series([.int(1), .int(.max)])
    let error = #expect(throws: DomainError.self) {
      try Series.calculated(.add, a, series([.int(1)]))
    }
    #expect(error?.message.contains("row 1") == true)
    let zero = #expect(throws: DomainError.self) {
      try Series.calculated(.modulo, a, series([.int(0)]))
    }
    #expect(zero?.message.contains("division by zero") == true)
    // In a missing row there is nothing to overflow.
    let missing = Series(.int([.max, 1]), missing: [true, false])
    #expect(throws: Never.self) { try Series.calculated(.add, missing, series([.int(1)])) }
  }

  @Test func comparisonsWithMissingValuesAreMissing() throws {
    let a = series([.int(1), .null, .int(3)])
    #expect(
      try Series.compared(.greater, a, series([.int(1)])).cells == [
        .bool(false), .null, .bool(true),
      ])
    #expect(
      try Series.compared(.equal, series([.string("a"), .null]), series([.string("a")])).cells
        == [.bool(true), .null])
    #expect(
      try Series.compared(.equal, series([.float(.nan)]), series([.float(.nan)])).cells
        == [.bool(false)])
    // 2^53 + 1 is no float: it is compared as the int that it is.
    #expect(
      try Series.compared(
        .equal, series([.int(9_007_199_254_740_993)]), series([.float(9_007_199_254_740_992)])
      ).cells == [.bool(false)])
    #expect(throws: DomainError.self) {
      try Series.compared(.less, series([.string("a")]), series([.int(1)]))
    }
  }

  @Test func logicIsKleenes() throws {
    let all: [Cell] = [.bool(true), .bool(false), .null]
    let left = series(all.flatMap { [$0, $0, $0] })
    let right = series(all + all + all)
    #expect(
      try Series.combined(left, right, isOr: false).cells
        == [
          .bool(true), .bool(false), .null, .bool(false), .bool(false), .bool(false), .null,
          .bool(false), .null,
        ])
    #expect(
      try Series.combined(left, right, isOr: true).cells
        == [
          .bool(true), .bool(true), .bool(true), .bool(true), .bool(false), .null, .bool(true),
          .null, .null,
        ])
    #expect(try series(all).inverted().cells == [.bool(false), .bool(true), .null])
    #expect(try series(all).chosen() == [0])
  }

  @Test func reductionsSkipMissingValuesAndCarryNan() throws {
    let ints = series([.int(3), .null, .int(1)])
    #expect(try ints.reduced(.sum) == .int(4))
    #expect(try ints.reduced(.mean) == .float(2))
    #expect(try ints.reduced(.min) == .int(1))
    #expect(try ints.reduced(.count) == .int(2))
    let carried = series([.float(1), .float(.nan)])
    for reduction in [Series.Reduction.sum, .mean, .min, .max, .median] {
      #expect(try carried.reduced(reduction) == .float(.nan))
    }
    let nothing = series([.null])
    #expect(try nothing.reduced(.sum) == .int(0))
    for reduction in [Series.Reduction.mean, .min, .max, .median, .std, .first] {
      #expect(try nothing.reduced(reduction) == .null)
    }
    #expect(throws: DomainError.self) { try series([.int(.max), .int(1)]).reduced(.sum) }
    #expect(throws: DomainError.self) { try series([.string("a")]).reduced(.mean) }
    #expect(try series([.string("b"), .string("a")]).reduced(.max) == .string("b"))
    #expect(try series([.date(5), .date(3)]).reduced(.min) == .date(3))
  }

  @Test func ranksShareTheMeanOfTies() throws {
    let ranks = try series([.int(30), .int(10), .null, .int(30)]).ranks()
    #expect(ranks.cells == [.float(2.5), .float(1), .null, .float(2.5)])
  }

  @Test func orderIsThatOfAPlainStableSort() throws {
    var generator = SplitMix64(seed: 5)
    for round in 0..<60 {
      let count = 1 + generator.below(300)
      let kind = round % 5
      let cells = (0..<count).map { _ -> Cell in
        if generator.below(10) == 0 { return .null }
        switch kind {
        case 0: return .int(generator.below(7) - 3)
        case 1: return .float([-0.0, 0, 1.5, -2, .infinity, -.infinity, .nan][generator.below(7)])
        case 2:
          return .string(["", "a", "ab", "é", "zz", "abcdefghi", "abcdefghj"][generator.below(7)])
        case 3: return .int([Int.min, Int.max, Int.max - 1, 0][generator.below(4)])
        default: return .bool(generator.below(2) == 0)
        }
      }
      let column = series(cells)
      for descending in [false, true] {
        let wanted = (0..<count).sorted { left, right in
          let (a, b) = (cells[left], cells[right])
          func last(_ cell: Cell) -> Int { cell.isNull ? 2 : cell.hasNoPlace ? 1 : 0 }
          if last(a) != last(b) { return last(a) < last(b) }
          if last(a) > 0 { return left < right }
          if descending ? Cell.precedes(b, a) : Cell.precedes(a, b) { return true }
          if descending ? Cell.precedes(a, b) : Cell.precedes(b, a) { return false }
          return left < right
        }
        #expect(try column.ordered(descending: descending) == wanted)
      }
    }
  }

  @Test func codesNumberDistinctValues() throws {
    let codes = try Codes(
      [
        series([.int(1), .float(1), .null, .null, .float(.nan), .float(.nan)]),
        series([.string("a"), .string("a"), .string(""), .null, .string("b"), .string("b")]),
      ], count: 6)
    #expect(codes.rows == [0, 0, 1, 2, 3, 3])
    #expect(codes.firsts == [0, 2, 3, 4])
    // A composed and a decomposed é are two texts.
    #expect(try Codes(series([.string("\u{E9}"), .string("e\u{301}")])).count == 2)
  }

  @Test func manyTextsKeepTheirCodes() throws {
    let cells = (0..<5000).map { Cell.string("id\($0 * 7919 % 3001)") }
    let codes = try Codes(series(cells))
    #expect(codes.count == 3001)
    for row in cells.indices { #expect(cells[codes.firsts[Int(codes.rows[row])]] == cells[row]) }
  }

  @Test func columnsAppendAsTheTypeThatFitsBoth() {
    #expect(series([.int(1)]).appending(series([.float(0.5)])).cells == [.float(1), .float(0.5)])
    #expect(series([.null]).appending(series([.string("a")])).kind == .string)
    #expect(series([.string("a")]).appending(series([.null])).cells == [.string("a"), .null])
    #expect(series([.int(1)]).appending(series([.string("a")])).kind == .mixed)
  }

  @Test func equalBinsHaveReadableNames() throws {
    func names(_ values: [Double], _ count: Int) throws -> [String] {
      try Series(.float(values)).binned(count: count).cells.map(\.text)
    }
    #expect(try names([-1.3, 1.2, 1.7], 6) == ["[-1.3, -0.8)", "[1.2, 1.7]", "[1.2, 1.7]"])
    #expect(try names([0, 1], 3) == ["[0, 0.333)", "[0.667, 1]"])
    #expect(try names([0, 1e-9], 2) == ["[0, 5e-10)", "[5e-10, 1e-09]"])
    #expect(try names([5], 2) == ["[5, 5.5]"])
    for count in 1...3 { #expect(try names([-1e308, 1e308], count).count == 2) }
  }

  @Test func binsAreHalfOpenButTheLast() throws {
    let column = series([.int(0), .int(9), .int(10), .float(50), .int(51), .null])
    let bins = try column.binned(edges: [0, 10, 50])
    #expect(
      bins.cells == [
        .string("[0, 10)"), .string("[0, 10)"), .string("[10, 50]"), .string("[10, 50]"), .null,
        .null,
      ])
    #expect(throws: DomainError.self) { try column.binned(edges: [1, 1]) }
    #expect(throws: DomainError.self) { try column.binned(count: 0) }
    #expect(try series([.int(5), .int(5)]).binned(count: 3).missing == nil)
  }
}
