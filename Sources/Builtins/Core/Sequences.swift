import Runtime
import Syntax

// Functions of whole sequences: len, sum, min, max, sorted, enumerate, zip, range, reversed, map, filter, any, all.

extension CoreBuiltins {
  static func lengths(_ overload: @escaping Overload) -> [Native] {
    [
      Native(
        "len", "How many elements, characters, entries or rows a value has.",
        Param<Value>("value", "A string, list, map, range, tensor, table or column."),
        returns: "int", search: ["length", "size", "count"],
        examples: [("len([1, 2])", "2"), (#"len("héllo")"#, "5")]
      ) { vm, value in try length(value, vm, overload) },
      Native(
        "sum",
        "The sum of numbers, or of tensors of one shape; in a column missing values are left out.",
        Param<Value>("values", "A list, range, tensor or column."),
        Param<Value>("start", "What the sum starts from.", default: .int(0), text: "0"),
        returns: "int, float or tensor", search: ["total", "add"],
        examples: [("sum([1, 2, 3])", "6"), ("sum([0.1, 0.2], start: 1)", "1.3")]
      ) { vm, values, start in
        if values.object?.kind == .native, case .int(0) = start,
          let result = try overload("sum", [values], vm)
        {
          return result
        }
        return try sum(values, start, vm)
      },
    ]
  }

  private static func length(_ value: Value, _ vm: VM, _ overload: Overload) throws -> Int {
    if let object = value.object {
      switch object.kind {
      case .string: return unsafeDowncast(object, to: StringObject.self).count
      case .list: return unsafeDowncast(object, to: ListObject.self).count
      case .map: return unsafeDowncast(object, to: MapObject.self).count
      case .range: return unsafeDowncast(object, to: RangeObject.self).count
      default:
        if let length = try vm.length(ofNative: value) { return length }
        if case .int(let length)? = try overload("len", [value], vm) { return length }
      }
    }
    throw Fault(.type, "\(value.typeWithArticle) has no length").atArgument(0)
  }

  // MARK: Sums

  /// Adds ints exactly and floats with Neumaier's correction for what rounding loses, as Python does from 3.12 on.
  private struct Total {
    var whole: Int
    var float = 0.0
    var correction = 0.0
    var isFloat = false

    mutating func add(_ int: Int) throws {
      if isFloat { return add(Double(int)) }
      let (result, overflow) = whole.addingReportingOverflow(int)
      guard !overflow else {
        throw Fault(
          .value, "the sum does not fit into a 64-bit int", hint: "sum floats: `start: 0.0`")
      }
      whole = result
    }

    mutating func add(_ value: Double) {
      if !isFloat {
        isFloat = true
        float = Double(whole)
      }
      let next = float + value
      if float.magnitude >= value.magnitude {
        correction += (float - next) + value
      } else {
        correction += (value - next) + float
      }
      float = next
    }

    var value: Value {
      guard isFloat else { return .int(whole) }
      // Infinities make the correction NaN.
      return .float(float.isFinite ? float + correction : float)
    }
  }

  private static func sum(_ values: Value, _ start: Value, _ vm: VM) throws -> Value {
    var total = Total(whole: 0)
    switch start {
    case .int(let int): total.whole = int
    case .float(let float): total.add(float)
    default: return try sumOfOthers(try Elements.require(values, vm), 0, start, vm)
    }
    if let object = values.object, object.kind == .range {
      try total.add(sum(of: unsafeDowncast(object, to: RangeObject.self)))
      return total.value
    }
    let elements = try Elements.require(values, vm)
    for (index, element) in elements.enumerated() {
      try vm.checkInterrupt(turn: index)
      switch element {
      case .int(let int): try total.add(int)
      case .float(let float): total.add(float)
      default:
        let isFirst = index == 0 && !total.isFloat && total.whole == 0
        return try sumOfOthers(elements, index, isFirst ? nil : total.value, vm)
      }
    }
    return total.value
  }

  /// n · (first + last) / 2, so that a long range takes no time.
  private static func sum(of range: RangeObject) throws -> Int {
    guard range.count > 0 else { return 0 }
    let ends = Int128(range.element(0)) + Int128(range.element(range.count - 1))
    let (product, overflow) = ends.multipliedReportingOverflow(by: Int128(range.count))
    guard !overflow, let result = Int(exactly: product / 2) else {
      throw Fault(.value, "the sum does not fit into a 64-bit int")
    }
    return result
  }

  /// Adds what is left of the elements by `+`, where not all are plain numbers.
  private static func sumOfOthers(
    _ elements: [Value], _ first: Int, _ start: Value?, _ vm: VM
  ) throws -> Value {
    var total = start
    for (index, element) in elements[first...].enumerated() {
      if index & 0x3F == 0x3F { try vm.checkInterrupt() }
      guard let sum = total else {
        guard element.object?.kind == .native else { throw notSummable(element) }
        total = element
        continue
      }
      // The sums before the last are let go of: this one is kept in their place.
      if let result = try vm.scope({ try vm.nativeBinary(.add, sum, element) }) {
        vm.keep(result)
        total = result
      } else if let left = sum.number, let right = element.number {
        total = .float(left + right)
      } else {
        throw notSummable(element.number == nil ? element : sum)
      }
    }
    return total ?? .int(0)
  }

  private static func notSummable(_ value: Value) -> Fault {
    let hint: String? =
      switch value.typeName {
      case "string": "strings are joined with `\"\".join(words)`"
      case "list": "lists are joined with a comprehension: `[x for xs in lists for x in xs]`"
      case "bool": "count with `len([x for x in xs if x])`"
      default: nil
      }
    return Fault(.type, "`sum` adds numbers, found \(value.typeWithArticle)", hint: hint)
      .atArgument(0)
  }

  // MARK: Extremes and order

  static func extremes(_ overload: @escaping Overload) -> [Native] {
    [
      extreme(
        "min", "The smallest of several values, or of the elements of one.", "min(3, 1, 2)", "1",
        overload
      ) {
        try less($0, $1, $2)
      },
      extreme(
        "max", "The largest of several values, or of the elements of one.", "max([3, 1, 2])", "3",
        overload
      ) {
        try less($1, $0, $2)
      },
      Native(
        "sorted", "A new list with the elements in order; equal ones stay in theirs.",
        Param<Elements>("values", "What to sort."),
        Param<Callable?>(
          "key", "Gives what an element is sorted by.", default: nil, named: true),
        Param<Bool>("reverse", "Largest first.", default: false, named: true),
        returns: "list", seeAlso: ["min", "max"], search: ["sort", "order", "rank"],
        examples: [
          ("sorted([3, 1, 2])", "[1, 2, 3]"),
          (#"sorted(["bb", "a"], key: len)"#, #"["a", "bb"]"#),
        ]
      ) { vm, values, key, reverse in
        try vm.makeCheckedList(SortingByKey.sorted(values.values, key, reverse, vm))
      },
    ]
  }

  private static func extreme(
    _ name: String, _ summary: String, _ code: String, _ result: String,
    _ overload: @escaping Overload,
    _ isBetter: @escaping @Sendable (Value, Value, VM) throws -> Bool
  ) -> Native {
    Native(
      name, summary,
      Param<Rest<Value>>(
        "values", "Several values, or one list or column, whose missing values are left out."),
      Param<Callable?>("key", "Gives what a value is compared by.", default: nil, named: true),
      Param<Value>(
        "default", "The result for an empty list; without it that is an error.",
        default: .nothing, named: true),
      returns: "any", seeAlso: ["sorted"], search: ["smallest", "largest", "extreme"],
      examples: [(code, result)]
    ) { vm, values, key, fallback in
      var elements = values.values
      if elements.count == 1, key == nil, let list = List.decode(elements[0], vm)?.object,
        var best = list.values.first
      {
        // Comparing calls no script, so the list stays as it is.
        for index in 1..<Swift.max(1, list.count) where index < list.count {
          try vm.checkInterrupt(turn: index)
          let element = list[index]
          if try isBetter(element, best, vm) { best = element }
        }
        return best
      }
      if elements.count == 1 {
        if elements[0].object?.kind == .native, key == nil,
          let value = try overload(name, elements, vm)
        {
          // A column in which no value is there.
          if case .nothing = value { return fallback }
          return value
        }
        if key == nil, let object = elements[0].object, object.kind == .range {
          let range = unsafeDowncast(object, to: RangeObject.self)
          elements =
            range.count == 0
            ? [] : [.int(range.element(0)), .int(range.element(range.count - 1))]
        } else {
          elements = try Elements.require(elements[0], vm)
        }
      } else if elements.isEmpty {
        throw Fault(.type, "`\(name)` needs at least one value")
      }
      guard var best = elements.first else {
        if case .nothing = fallback {
          throw Fault(
            .value, "`\(name)` of an empty list", hint: "give a result for that: `default: 0`"
          ).atArgument(0)
        }
        return fallback
      }
      if key != nil { try keep(elements, vm) }
      var bestKey = try key?.call(best) ?? best
      for (index, element) in elements.dropFirst().enumerated() {
        try vm.checkInterrupt(turn: index)
        let elementKey = try key?.call(element) ?? element
        if try isBetter(elementKey, bestKey, vm) {
          best = element
          bestKey = elementKey
        }
      }
      return best
    }.evaluated {
      $0.rest.count == 1 && $0.rest[0].constant != nil && $0["key"] == nil && $0["default"] == nil
    }
  }

  /// `a < b`, or an error where the two have no order.
  static func less(_ a: Value, _ b: Value, _ vm: VM) throws -> Bool {
    switch (a, b) {
    case (.int(let a), .int(let b)): return a < b
    case (.float(let a), .float(let b)): return a < b
    default: return try vm.precedes(a, b)
    }
  }

  // MARK: New sequences

  static var sequences: [Native] { numberedSequences + rearrangedSequences }

  private static var numberedSequences: [Native] {
    [
      Native(
        "range", "Whole numbers from `start` up to `stop`, which is left out.",
        Param<Int>("start", "The first number; with one argument the end, and the first is 0."),
        Param<Int?>("stop", "The end.", default: nil),
        Param<Int>("step", "From one number to the next; may be negative.", default: 1),
        returns: "range", search: ["numbers", "arange", "sequence"],
        examples: [("list(range(3))", "[0, 1, 2]"), ("list(range(3, 0, -1))", "[3, 2, 1]")]
      ) { start, stop, step in
        guard step != 0 else {
          throw Fault(.value, "the step of a range cannot be 0").atArgument(2)
        }
        let (from, to) = stop.map { (start, $0) } ?? (0, start)
        guard let range = RangeObject(from: from, to: to, closed: false, step: step) else {
          throw Fault(.value, "this range has more numbers than an int can count")
        }
        return range
      },
      Native(
        "enumerate", "Pairs of an index and an element.",
        Param<Elements>("values", "What to go through."),
        Param<Int>("start", "The first index.", default: 0),
        returns: "list", seeAlso: ["zip"], search: ["index", "loop"],
        examples: [(#"enumerate(["a", "b"])"#, #"[[0, "a"], [1, "b"]]"#)]
      ) { vm, values, start in
        guard !start.addingReportingOverflow(values.values.count).overflow else {
          throw Fault(.value, "the indices do not fit into a 64-bit int").atArgument(1)
        }
        let result = ListObject()
        let list = vm.adopt(result)
        for (index, value) in values.values.enumerated() {
          try vm.append(pair: .int(start + index), value, to: result)
          try vm.checkInterrupt(turn: index)
        }
        return list
      }.knowing(
        CallInsight(result: { arguments in
          .list(.items([.int, arguments["values"]?.type.element ?? .any]))
        })),
    ]
  }

  private static var rearrangedSequences: [Native] {
    [
      Native(
        "zip", "Lists of the first elements, the second ones, … up to the end of the shortest.",
        Param<Rest<Elements>>("sequences", "What to go through side by side."),
        Param<Bool>(
          "strict", "Whether different lengths are an error.", default: false, named: true),
        returns: "list", seeAlso: ["enumerate"], search: ["pair", "transpose", "parallel"],
        examples: [(#"zip([1, 2], ["a", "b"])"#, #"[[1, "a"], [2, "b"]]"#)]
      ) { vm, sequences, strict in
        let columns = sequences.values.map(\.values)
        let count = columns.map(\.count).min() ?? 0
        if strict, let other = columns.first(where: { $0.count != count }) {
          throw Fault(
            .value, "the sequences have different lengths: \(count) and \(other.count)")
        }
        let result = ListObject()
        let list = vm.adopt(result)
        for index in 0..<count {
          if columns.count == 2 {
            try vm.append(pair: columns[0][index], columns[1][index], to: result)
          } else {
            try vm.append(list: columns.map { $0[index] }, to: result)
          }
          try vm.checkInterrupt(turn: index)
        }
        return list
      }.knowing(
        CallInsight(result: { arguments in
          .list(.items(arguments.rest.map(\.type.element)))
        })),
      Native(
        "reversed", "A new list with the elements from the last to the first.",
        Param<Elements>("values", "What to go through."),
        returns: "list", search: ["backwards"], examples: [("reversed([1, 2])", "[2, 1]")]
      ) { vm, values in
        var elements = values.values
        elements.reverse()
        return try vm.makeCheckedList(elements)
      },
    ]
  }

  /// In either order: the values first as everywhere here, or the function first as in Python.
  private static func elementsAndFunction(_ first: Value, _ second: Value, _ vm: VM) throws -> (
    [Value], Callable
  ) {
    let isFunctionFirst = Callable.decode(first, vm) != nil
    let (values, function) = isFunctionFirst ? (second, first) : (first, second)
    guard let callable = Callable.decode(function, vm) else {
      throw Fault(.type, "`function` must be a function, found \(function.typeWithArticle)")
        .atArgument(1)
    }
    guard let elements = try Elements.decode(values, vm) else {
      throw Fault(
        .type, "`values` must be a list or another sequence, found \(values.typeWithArticle)"
      )
      .atArgument(isFunctionFirst ? 1 : 0)
    }
    return (elements.values, callable)
  }

  /// Without a function nothing of the script is called.
  private static let hasNoFunction: @Sendable (CallArguments) -> Bool = { arguments in
    ["values", "function"].allSatisfy { arguments[$0].map { $0.type != .function } ?? false }
  }

  static var functional: [Native] {
    [
      Native(
        "map", "A new list of what a function gives for each element.",
        Param<Value>("values", "What to go through."),
        Param<Value>("function", "Called with each element; may also come first."),
        returns: "list", seeAlso: ["filter"], search: ["apply", "transform"],
        examples: [("[1, 2] |> map(x => x * 2)", "[2, 4]")]
      ) { vm, values, function in
        let (values, function) = try elementsAndFunction(values, function, vm)
        return try mapped(values, function, vm)
      }.evaluated(when: hasNoFunction),
      Native(
        "filter", "A new list of the elements for which a function gives true.",
        Param<Value>("values", "What to go through."),
        Param<Value>("function", "Called with each element; gives a bool; may also come first."),
        returns: "list", seeAlso: ["map"], search: ["select", "where"],
        examples: [("[1, 2] |> filter(x => x > 1)", "[2]")]
      ) { vm, values, function in
        let (values, function) = try elementsAndFunction(values, function, vm)
        return try filtered(values, function, vm)
      }.evaluated(when: hasNoFunction),
      Native(
        "any", "Whether at least one element is true.",
        Param<Elements>("values", "Bools."),
        returns: "bool", seeAlso: ["all"], search: ["exists", "some"],
        examples: [("any([false, true])", "true"), ("any([])", "false")]
      ) { vm, values in try first(true, of: values, "any", vm) },
      Native(
        "all", "Whether every element is true.",
        Param<Elements>("values", "Bools."),
        returns: "bool", seeAlso: ["any"], search: ["every"],
        examples: [("all([false, true])", "false"), ("all([])", "true")]
      ) { vm, values in try !first(false, of: values, "all", vm) },
    ]
  }

  /// Whether one of the bools is `wanted`.
  private static func first(_ wanted: Bool, of values: Elements, _ name: String, _ vm: VM) throws
    -> Bool
  {
    for (index, value) in values.values.enumerated() {
      if try bool(value, name, vm) == wanted { return true }
      try vm.checkInterrupt(turn: index)
    }
    return false
  }

  /// Keeps values alive while a script's function runs, which may take them out of their list.
  static func keep(_ values: [Value], _ vm: VM) throws {
    for (index, value) in values.enumerated() {
      vm.keep(value)
      try vm.checkInterrupt(turn: index)
    }
  }

  static func mapped(_ values: [Value], _ function: Callable, _ vm: VM) throws -> Value {
    try keep(values, vm)
    let result = ListObject(capacity: values.count)
    let list = vm.adopt(result)
    for (index, value) in values.enumerated() {
      // The list keeps the results; what the calls leave behind is let go.
      result.append(try vm.scope { try function.call(value) })
      try vm.checkInterrupt(turn: index)
    }
    return list
  }

  static func filtered(_ values: [Value], _ function: Callable, _ vm: VM) throws -> Value {
    try keep(values, vm)
    let result = ListObject()
    let list = vm.adopt(result)
    for (index, value) in values.enumerated() {
      let isKept = try vm.scope { try bool(try function.call(value), "the function", vm) }
      if isKept { result.append(value) }
      try vm.checkInterrupt(turn: index)
    }
    return list
  }

  /// A bool, or a native value that stands for one.
  static func bool(_ value: Value, _ name: String, _ vm: VM) throws -> Bool {
    guard let bool = Bool.decode(value, vm) else {
      throw Fault(
        .type,
        "\(name == "the function" ? "the function must give" : "`\(name)` needs") bools, found \(Representation.brief(value))",
        hint: name == "the function" ? nil : "compare first: `\(name)([x > 0 for x in xs])`")
    }
    return bool
  }
}

extension Elements {
  /// The elements of `value`, or an error where it has none.
  static func require(_ value: Value, _ vm: VM) throws -> [Value] {
    do {
      return try decode(value, vm)?.values ?? []
    } catch let fault as Fault {
      throw fault.atArgument(0)
    }
  }
}
