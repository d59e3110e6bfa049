import Syntax
import Testing

@testable import Runtime

/// Collects what a script prints, answers `param`, and keeps tests.
final class RecordingHost: ScriptHost, @unchecked Sendable {
  var output = ""
  var parameters: [String: Snapshot] = [:]
  var tests: [(name: String, body: Callable)] = []

  func print(_ text: String) { output += text }
  func parameter(_ request: ParameterRequest, _ vm: VM) throws -> Value? {
    parameters[request.name].map(vm.value)
  }
  func test(_ name: String, _ body: Callable, _ vm: VM) throws { tests.append((name, body)) }
}

/// The natives that the tests' scripts use; the real ones are in Builtins.
enum TestNatives {
  static let globals: [Native] = [
    Native("print", "Write values.", Param<Rest<Value>>("values", "What to write.")) { _ in },
    Native(
      "string", "A value's text.", Param<Value>("value"),
      context: { vm, value in try vm.string(of: value) }),
    Native(
      "repr", "A value's literal.", Param<Value>("value"),
      context: { vm, value in
        try Representation.text(of: value, quoted: true, vm)
      }),
    Native("type", "A value's type.", Param<Value>("value")) { value in value.typeName },
    Native(
      "len", "How many elements.", Param<Value>("value"),
      context: { vm, value in
        if case .object(let reference) = value {
          switch reference.kind {
          case .list: return reference.list.count
          case .map: return reference.map.count
          case .string: return reference.string.count
          case .range: return reference.range.count
          default: break
          }
        }
        throw Fault(.type, "\(Representation.described(value)) has no length")
      }),
    Native("list", "A list.", Param<[Value]>("values")) { values in values },
    Native("abs", "Size.", Param<Double>("x")) { x in x.magnitude },
    Native(
      "clip", "Keep in bounds.", Param<Double>("x"), Param<Double>("low", default: 0, .finite),
      Param<Double>("high", default: 1, .positive, named: true)
    ) { x, low, high in min(max(x, low), high) },
    Native(
      "pick", "One of three.", Param<String>("name", "Which.", .oneOf(["poisson", "shuffle"])),
      Param<[Int]>("ids", default: [])
    ) { name, ids in name + "\(ids.count)" },
    Native(
      "total", "Sum of all.", Param<Rest<Double>>("values"),
      Param<Double>("start", default: 0.0, named: true)
    ) {
      values, start in values.values.reduce(start, +)
    },
    Native("apply", "Call f with x.", Param<Callable>("f"), Param<Value>("x")) { f, x in
      try f.call(x)
    },
    Native("collect", "Collect garbage.", context: { vm in vm.collectGarbage() }),
    Native("box", "A counter.", Param<Int>("start", default: 0)) { start in Counter(start) },
    Native("vector", "A vector.", Param<Rest<Double>>("values")) { values in Vector(values.values)
    },
    Native("tracer", "A context that prints.", Param<String>("name")) { name in Tracer(name: name)
    },
  ]

  static let list: [Native] = [
    Native(
      "append", "Add at the end.", Param<ListObject>("list", mutates: true), Param<Value>("value")
    ) {
      list, value in list.append(value)
    },
    Native("map", "Apply to each.", Param<[Value]>("list"), Param<Callable>("f")) { list, f in
      try list.map { try f.call($0) }
    },
    Native(
      "sort", "Sort in place.", Param<ListObject>("list", mutates: true),
      Param<Bool>("descending", default: false),
      context: { vm, list, descending in
        list.replaceAll(with: try vm.sorted(Array(list.values), descending: descending))
      }),
    Native("clear", "Empty it.", Param<ListObject>("list", mutates: true)) { list in
      list.removeAll()
    },
  ]

  static let map: [Native] = [
    Native("keys", "The keys.", Param<MapObject>("map")) { map in map.map(\.key) },
    Native(
      "items", "Pairs.", Param<MapObject>("map"),
      context: { vm, map in
        try map.map { try [$0.key, $0.value].encode(vm) }
      }),
    Native("remove", "Take a key out.", Param<MapObject>("map", mutates: true), Param<Value>("key"))
    { map, key in
      map.remove(key)
    },
  ]

  static let string: [Native] = [
    Native("upper", "In capitals.", Param<String>("string")) { $0.uppercased() }
  ]
}

/// A mutable native value.
final class Counter: NativeValue {
  var count: Int
  init(_ count: Int) { self.count = count }

  static let nativeType = NativeType<Counter>("counter", "Counts.") { type in
    type.representation = { counter, _ in "counter \(counter.count)" }
    type.field("count", "So far.") { $0.count }
    type.methods([
      Native(
        "add", "Count.", Param<Counter>("counter", mutates: true), Param<Int>("by", default: 1)
      ) {
        counter, by in counter.count += by
      }
    ])
    type.call = Native("counter", "Add and give.", Param<Counter>("counter"), Param<Int>("by")) {
      counter, by in counter.count + by
    }
  }
}

/// A small immutable native with operators, indexing, iteration, and a scalar value.
struct Vector: NativeValue, Shaped {
  let values: [Double]
  init(_ values: [Double]) { self.values = values }
  var extents: [Int] { [values.count] }

  static let nativeType = NativeType<Vector>("vector", "Numbers.") { type in
    type.representation = { vector, _ in
      "vector(" + vector.values.map(Formatting.float).joined(separator: ", ") + ")"
    }
    type.scalar = { $0.values.count == 1 ? .float($0.values[0]) : nil }
    type.length = { $0.values.count }
    type.transfer = .share
    type.byteCount = { $0.values.count * 8 }
    type.equals = { $0.values == $1.values }
    type.binary = { vm, op, left, right in
      guard op == .add, let a = try Vector.decode(left, vm), let b = try Vector.decode(right, vm)
      else { return nil }
      guard a.values.count == b.values.count else {
        throw Fault(
          .shape, "shapes do not match in `+`",
          detail: "left is [\(a.values.count)], right is [\(b.values.count)]")
      }
      return vm.box(Vector(zip(a.values, b.values).map(+)))
    }
    type.negate = { vector, vm in vm.box(Vector(vector.values.map(-))) }
    type.index = { vector, parts, vm in
      guard parts.count == 1 else { throw Fault(.index, "a vector has one dimension") }
      switch parts[0] {
      case .index(.int(let index)) where vector.values.indices.contains(index):
        return .float(vector.values[index])
      case .slice(let start, let stop, let step):
        let slice = try Slice(start, stop, step, vector.values.count)
        return vm.box(
          Vector((0..<slice.count).map { vector.values[slice.start + $0 * slice.step] }))
      default: throw Fault(.index, "index out of range")
      }
    }
    type.iterate = { vector, _ in
      var index = 0
      return IteratorObject("vector iterator") { _ in
        guard index < vector.values.count else { return nil }
        index += 1
        return .float(vector.values[index - 1])
      }
    }
    type.methods([Native("sum", "Their sum.", Param<Vector>("vector")) { $0.values.reduce(0, +) }])
  }
}

struct Tracer: NativeValue {
  let name: String
  static let nativeType = NativeType<Tracer>("tracer", "Prints when it is entered and left.") {
    type in
    type.enter = { tracer, vm in
      vm.host.print("enter \(tracer.name)\n")
      if tracer.name == "interrupting" { vm.interrupt.set() }
      return vm.makeString(tracer.name)
    }
    type.exit = { tracer, fault, vm in
      vm.host.print("exit \(tracer.name)\(fault.map { " \($0.kind.rawValue)" } ?? "")\n")
    }
  }
}

func makeInterpreter(
  _ host: any ScriptHost = RecordingHost(), limits: Limits = Limits(), torture: Bool = false
) -> Interpreter {
  let interpreter = Interpreter(host: host, seed: 1, limits: limits)
  interpreter.define(TestNatives.globals.filter { $0.name != "print" })
  interpreter.define([
    Native(
      "print", "Write values.", Param<Rest<Value>>("values", "What to write."),
      context: { vm, values in
        let texts = try values.values.map { try Representation.text(of: $0, quoted: false, vm) }
        vm.host.print(texts.joined(separator: " ") + "\n")
      })
  ])
  interpreter.define("inf", .float(.infinity))
  interpreter.define("nan", .float(.nan))
  interpreter.define(methods: TestNatives.list, on: .list)
  interpreter.define(methods: TestNatives.map, on: .map)
  interpreter.define(methods: TestNatives.string, on: .string)
  interpreter.define(
    Module(
      "math", "Numbers.", natives: [Native("square", "x².", Param<Double>("x")) { $0 * $0 }],
      constants: [.init("answer", "The answer.", .int(42))],
      call: Native("math", "Twice.", Param<Int>("x")) { $0 * 2 }))
  if torture { interpreter.vm.collectAlways() }
  return interpreter
}

func parse(_ text: String, name: String = "test.fl") throws -> Program {
  try Parsing.parse(Source(name: name, text: text))
}

/// Runs a script and gives what it printed; an error is shown as `kind: message` in the last line.
func run(_ text: String, limits: Limits = Limits(), torture: Bool = false) -> String {
  let host = RecordingHost()
  let interpreter = makeInterpreter(host, limits: limits, torture: torture)
  do {
    try interpreter.run(parse(text))
  } catch {
    let fault = Fault(error)
    host.output += "\(fault.kind.rawValue): \(fault.message)\n"
  }
  return host.output
}

/// The text of the last expression.
func value(_ text: String, torture: Bool = false) -> String {
  let host = RecordingHost()
  let interpreter = makeInterpreter(host, torture: torture)
  do {
    let value = try interpreter.run(parse(text))
    return try Representation.text(of: value, quoted: true, interpreter.vm)
  } catch {
    let fault = Fault(error)
    return "\(fault.kind.rawValue): \(fault.message)"
  }
}

/// The text under the first label of the error that a script ends with.
func underlined(_ text: String) -> String {
  do {
    try makeInterpreter().run(parse(text))
    return "no error"
  } catch {
    guard let label = Fault(error).labels.first else { return "no label" }
    let bytes = label.source.bytes
    return String(decoding: bytes[Int(label.span.start)..<Int(label.span.end)], as: UTF8.self)
  }
}
