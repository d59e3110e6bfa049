import Foundation
import Runtime
import Testing

@testable import Builtins

@Suite struct SortingByKeyTests {
  /// Runs `body` inside a native, where values that are made are kept alive.
  private func inNative(_ body: @escaping @Sendable (VM) throws -> Void) {
    let interpreter = Interpreter(host: RecordingHost(), seed: 1)
    CoreBuiltins.install(into: interpreter)
    interpreter.define([Native("inside", "Runs the test.", context: { vm in try body(vm) })])
    let result = run("inside()", name: "test", interpreter, RecordingHost())
    #expect(result.errors.isEmpty, "\(result.errors)")
  }

  private struct Numbers: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ (state >> 29)
    }
  }

  @Test func intsFloatsAndStringsAreInOrder() {
    inNative { vm in
      var random = Numbers(state: 3)
      for count in [2, 3, 50, 199, 201, 5_000] {
        for reverse in [false, true] {
          let ints = (0..<count).map { _ in
            Int.random(in: -1_000...1_000, using: &random)
              &* Int.random(in: 1...Int.max, using: &random)
          }
          let sorted = try SortingByKey.sorted(ints.map { .int($0) }, nil, reverse, vm)
          #expect(
            sorted.map { Int.decode($0, vm) } == (reverse ? ints.sorted(by: >) : ints.sorted()))
          let floats = (0..<count).map { _ in
            Double.random(in: -1...1, using: &random)
              * pow(10, Double.random(in: -300...300, using: &random))
          }
          let mixed: [Value] =
            floats.map { .float($0) } + [.int(3), .float(-0.0), .float(0), .float(.infinity)]
          let plain = floats + [3, 0, 0, .infinity]
          let ordered = try SortingByKey.sorted(mixed, nil, reverse, vm)
          #expect(
            ordered.map { Double.decode($0, vm) }
              == (reverse ? plain.sorted(by: >) : plain.sorted()))
          let alphabet = Array("ab\u{0}é日".unicodeScalars)
          let texts = (0..<count).map { _ in
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...12, using: &random) {
              text.append(alphabet[Int.random(in: 0..<alphabet.count, using: &random)])
            }
            return String(text)
          }
          let strings = try SortingByKey.sorted(texts.map(vm.makeString), nil, reverse, vm)
          let expected = texts.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
          #expect(strings.map { $0.string } == (reverse ? expected.reversed() : expected))
        }
      }
    }
  }

  @Test func equalElementsStayInTheirOrder() {
    let script = """
      let rows = [[i % 7, i] for i in 0..1000]
      fn check(sorted_rows, reverse) {
        for i in 1..1000 {
          let [a, b] = [sorted_rows[i - 1], sorted_rows[i]]
          assert if reverse { a[0] >= b[0] } else { a[0] <= b[0] }
          assert a[0] != b[0] or a[1] < b[1]
        }
      }
      check(sorted(rows, key: row => row[0]), false)
      check(sorted(rows, key: row => row[0], reverse: true), true)
      check(sorted(rows, key: row => string(row[0])), false)
      check(sorted(rows, key: row => row[0] * 0.5, reverse: true), true)
      check(sorted(rows, key: row => [row[0]]), false)
      """
    #expect(run(script).errors.isEmpty)
  }

  @Test func notANumberComesLast() {
    let result = run("print(sorted([2.0, nan, 1.0, nan, -inf]), sorted([true, false]))")
    #expect(result.output == "[-inf, 1.0, 2.0, nan, nan] [false, true]\n")
  }

  @Test func changingTheListWhileItIsSortedIsAnError() {
    let result = run(
      "let xs = [3, 1, 2]\nfn key(x) {\n  xs.clear()\n  x\n}\nxs.sort(key: key)")
    #expect(result.errors.first?.message == "the list was changed while it was being sorted")
  }
}
