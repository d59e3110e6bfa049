import Foundation
import Syntax
import Testing

@testable import Runtime

/// Runs the trials of a sweep on two threads, in an order of its own.
final class ParallelHost: ScriptHost, @unchecked Sendable {
  func print(_ text: String) {}

  func sweep(_ request: SweepRequest, _ vm: VM) throws -> Value {
    let lock = NSLock()
    nonisolated(unsafe) var next = 0
    nonisolated(unsafe) var results = [Result<Snapshot, Fault>?](
      repeating: nil, count: request.combinations.count)
    let group = DispatchGroup()
    for _ in 0..<2 {
      group.enter()
      Thread.detachNewThread {
        while true {
          let index = lock.withLock { () -> Int? in
            defer { next += 1 }
            return next < request.combinations.count ? next : nil
          }
          guard let index else { break }
          let outcome: Result<Snapshot, Fault>
          do {
            outcome = .success(try request.runTrial(index, random: RandomState(key: UInt64(index))))
          } catch {
            outcome = .failure(Fault(error))
          }
          lock.withLock { results[index] = outcome }
        }
        group.leave()
      }
    }
    group.wait()
    return vm.value(
      of: .list(
        results.map { result in
          switch result {
          case .success(let snapshot)?: snapshot
          case .failure(let fault)?: .string("\(fault.kind.rawValue): \(fault.message)")
          case nil: .nothing
          }
        }))
  }
}

@Suite struct SweepRequestTests {
  private func sweep(_ text: String, torture: Bool = false) throws -> String {
    let interpreter = makeInterpreter(ParallelHost(), torture: torture)
    let value = try interpreter.run(parse(text))
    return try Representation.text(of: value, quoted: true, interpreter.vm)
  }

  @Test func combinations() {
    #expect(
      value("sweep a in [1, 2], b in 0..3 where a != b { {sum: a + b} }")
        == "[{a: 1, b: 0, sum: 1}, {a: 1, b: 2, sum: 3}, {a: 2, b: 0, sum: 2}, {a: 2, b: 1, sum: 3}]"
    )
    #expect(value("sweep a in [] { {x: 1} }") == "[]")
    #expect(value("sweep a in [1] { 3 }").hasPrefix("type: the body of a sweep must give a map"))
    #expect(value("sweep a in 5 { {} }").hasPrefix("type: `a` must sweep over a list or range"))
    #expect(
      value("sweep a in 0..100000, b in 0..100000 { {} }").hasPrefix(
        "limit: this sweep has more than"))
  }

  @Test(arguments: [false, true]) func parallelTrials(torture: Bool) throws {
    let text = """
      let table = {one: 1, two: [2, 3]}
      let words = ["a", "b", "é"]
      fn work(n) {
        let out = []
        for i in 0..200 { out.append(words[i % 3] + string(i * n) + table.two[0]) }
        out
      }
      fn text(n) {
        let s = ""
        for i in 0..200 { s = s + words[i % 3] + string(table["one"] + i) }
        {n: n, length: len(s), last: s[-3:], list: [n, {deep: [n]}]}
      }
      sweep n in 0..16 { text(n) }
      """
    let expected = (0..<16).map {
      "{n: \($0), length: 692, last: \"200\", list: [\($0), {deep: [\($0)]}]}"
    }
    #expect(try sweep(text, torture: torture) == "[" + expected.joined(separator: ", ") + "]")
  }

  @Test func surroundingsAreReadOnly() throws {
    let message = "value: a trial may not change what was made outside the sweep"
    for body in [
      "outer.append(1)", "outer[0] = 1", "outer[0:1] = []", "map.x = 1", "map[\"x\"] = 1",
      "count = 1", "count += 1", "outer.sort()",
      "counter.add()", "map.remove(\"a\")", "bump()",
    ] {
      let text = """
        let outer = [1]
        let map = {a: 1}
        let count = 0
        let counter = box()
        let bump = (() => { let n = 0
          () => { n += 1 } })()
        sweep i in [1, 2] { \(body)
          {i: i} }
        """
      #expect(try sweep(text) == "[\"\(message)\", \"\(message)\"]", "\(body)")
    }
    #expect(
      try sweep(
        "let outer = [1]\nsweep i in [1, 2] { let mine = outer[:]\nmine.append(i)\n{m: mine} }")
        == "[{m: [1, 1]}, {m: [1, 2]}]")
    #expect(
      try sweep(
        "fn f() { let n = 5\nlet l = sweep i in [1, 2] { {n: n + i} }\nn += 1\n[l, n] }\nf()")
        == "[[{n: 6}, {n: 7}], 6]")
  }

  @Test func resultsLeaveTheirTrial() throws {
    func unrecorded(_ what: String) -> String {
      "of the result cannot be recorded, because \(what) cannot leave the place where it was made: give what is wanted of it as numbers, strings, lists, maps, tensors or tables"
    }
    #expect(try sweep("sweep i in [1] { {v: vector(i, 2)} }") == "[{v: vector(1.0, 2.0)}]")
    #expect(
      try sweep("sweep i in [1] { {v: box(i)} }")
        == "[\"type: `v` \(unrecorded("a counter"))\"]")
    #expect(
      try sweep("sweep i in [1] { {f: () => i} }")
        == "[\"type: `f` \(unrecorded("a function"))\"]")
    #expect(
      try sweep("sweep i in [1, 0] { {x: 1 // i} }") == "[{x: 1}, \"value: division by zero\"]")
    #expect(
      try sweep("sweep i in [1] { sweep j in [2] { {j: j} } }").contains(
        "a sweep cannot run inside another"))
  }

  @Test func interruptReachesAllTrials() throws {
    let interpreter = makeInterpreter(ParallelHost())
    let flag = interpreter.interrupt
    Thread.detachNewThread {
      Thread.sleep(forTimeInterval: 0.1)
      flag.set()
    }
    let value = try interpreter.run(parse("sweep i in 0..4 { while true { }\n{} }"))
    #expect(
      try Representation.text(of: value, quoted: true, nil).components(separatedBy: "interrupt")
        .count == 9)
  }
}
