import Runtime
import Syntax

// The methods of lists, as Python defines them.

extension CoreBuiltins {
  private static let receiver = "The list."

  static var listChanges: [Native] { listAdditions + listRemovals + listOrders }

  private static var listAdditions: [Native] {
    [
      Native(
        "append", "Add a value at the end.",
        Param<List>("values", receiver, mutates: true), Param<Value>("value", "What to add."),
        seeAlso: ["list.extend", "list.insert"], search: ["add", "push"]
      ) { vm, values, value in
        let list = values.object
        list.append(value)
        try vm.grew(by: MemoryLayout<Value>.stride)
      },
      Native(
        "extend", "Add all elements of another sequence at the end.",
        Param<List>("values", receiver, mutates: true),
        Param<Elements>("others", "A list, range or other sequence."), seeAlso: ["list.append"],
        search: ["concatenate"]
      ) { vm, values, others in
        try vm.grew(by: others.values.count * MemoryLayout<Value>.stride)
        values.object.reserve(values.object.count + others.values.count)
        for value in others.values { values.object.append(value) }
      },
      Native(
        "insert", "Put a value before the one at an index.",
        Param<List>("values", receiver, mutates: true),
        Param<Int>("index", "Negative ones count from the end."),
        Param<Value>("value", "What to put there."), seeAlso: ["list.append"]
      ) { vm, values, index, value in
        let count = values.object.count
        let place = index < 0 ? Swift.max(0, count &+ index) : Swift.min(index, count)
        values.object.insert(value, at: place)
        try vm.grew(by: MemoryLayout<Value>.stride)
      },
    ]
  }

  private static var listRemovals: [Native] {
    [
      Native(
        "pop", "Take out the value at an index, the last one where none is given, and give it.",
        Param<List>("values", receiver, mutates: true),
        Param<Int>("index", "Negative ones count from the end.", default: -1),
        returns: "any", seeAlso: ["list.remove"], search: ["delete"],
        examples: [("[1, 2, 3].pop()", "3")]
      ) { values, index in
        let count = values.object.count
        guard count > 0 else { throw Fault(.index, "`pop` of an empty list") }
        let place = index < 0 ? index &+ count : index
        guard place >= 0, place < count else {
          throw Fault(.index, "index \(index) is outside a list of \(count)").atArgument(1)
        }
        return values.object.remove(at: place)
      },
      Native(
        "remove", "Take out the first element that equals a value; an error where there is none.",
        Param<List>("values", receiver, mutates: true), Param<Value>("value", "What to take out."),
        seeAlso: ["list.pop"], search: ["delete"]
      ) { vm, values, value in
        guard let index = try position(of: value, in: values.object, 0, .max, vm) else {
          throw absent(value)
        }
        values.object.remove(at: index)
      },
      Native(
        "clear", "Take all elements out.", Param<List>("values", receiver, mutates: true)
      ) { values in values.object.removeAll() },
    ]
  }

  private static var listOrders: [Native] {
    [
      Native(
        "sort", "Put the elements in order, in place; equal ones stay in theirs.",
        Param<List>("values", receiver, mutates: true),
        Param<Callable?>(
          "key", "Gives what an element is sorted by.", default: nil, named: true),
        Param<Bool>("reverse", "Largest first.", default: false, named: true),
        seeAlso: ["sorted"], search: ["order"]
      ) { vm, values, key, reverse in
        let before = try vm.values(of: values.object)
        let sorted = try SortingByKey.sorted(before, key, reverse, vm)
        guard values.object.count == before.count else {
          throw Fault(.value, "the list was changed while it was being sorted")
        }
        values.object.replaceAll(with: sorted)
      },
      Native(
        "reverse", "Turn the order of the elements round, in place.",
        Param<List>("values", receiver, mutates: true), seeAlso: ["reversed"]
      ) { values in
        var elements = values.object.values
        elements.reverse()
      },
    ]
  }

  static var listQueries: [Native] { listSearches + listCopies }

  private static var listSearches: [Native] {
    [
      Native(
        "index",
        "The index of the first element that equals a value; an error where there is none.",
        Param<List>("values", receiver), Param<Value>("value", "What to look for."),
        Param<Int?>("start", "Where to start.", default: nil),
        Param<Int?>("end", "Where to end.", default: nil),
        returns: "int", search: ["find", "position"], examples: [("[5, 6].index(6)", "1")]
      ) { vm, values, value, start, end in
        let count = values.object.count
        func clamp(_ index: Int) -> Int { index < 0 ? Swift.max(0, index &+ count) : index }
        guard
          let index = try position(
            of: value, in: values.object, clamp(start ?? 0), clamp(end ?? count), vm)
        else { throw absent(value) }
        return index
      },
      Native(
        "count", "How many elements equal a value.",
        Param<List>("values", receiver), Param<Value>("value", "What to count."),
        returns: "int", examples: [("[1, 2, 1].count(1)", "2")]
      ) { vm, values, value in
        var count = 0
        for (index, element) in values.object.values.enumerated() {
          if try Comparison.equal(element, value, vm) { count += 1 }
          try vm.checkInterrupt(turn: index)
        }
        return count
      },
      Native(
        "unique", "A new list with every element once, in the order of first occurrence.",
        Param<List>("values", receiver), returns: "list", seeAlso: ["list.count"],
        search: ["distinct", "set", "deduplicate"],
        examples: [("[\"b\", \"a\", \"b\"].unique()", "[\"b\", \"a\"]")]
      ) { vm, values in
        try vm.reserve(values.object.count * MemoryLayout<Value>.stride)
        let seen = MapObject()
        // What cannot be a key of a map is compared one by one.
        var others: [Value] = []
        var result: [Value] = []
        for (index, value) in try vm.values(of: values.object).enumerated() {
          try vm.checkInterrupt(turn: index)
          if MapObject.isKey(value) {
            guard seen[value] == nil else { continue }
            seen.set(value, .nothing)
          } else {
            try vm.checkInterrupt()
            guard try !others.contains(where: { try Comparison.equal($0, value, vm) }) else {
              continue
            }
            others.append(value)
          }
          result.append(value)
        }
        return ListObject(result)
      },
    ]
  }

  private static var listCopies: [Native] {
    [
      Native(
        "copy", "A new list with the same elements.", Param<List>("values", receiver),
        returns: "list", examples: [("[1, 2].copy()", "[1, 2]")]
      ) { vm, values in
        try vm.makeCheckedList(vm.values(of: values.object))
      },
      Native(
        "map", "A new list of what a function gives for each element.",
        Param<List>("values", receiver), Param<Callable>("function", "Called with each element."),
        returns: "list", seeAlso: ["filter"], search: ["apply", "transform"],
        examples: [("[1, 2].map(x => x * 2)", "[2, 4]")]
      ) { vm, values, function in try mapped(vm.values(of: values.object), function, vm) },
      Native(
        "filter", "A new list of the elements for which a function gives true.",
        Param<List>("values", receiver),
        Param<Callable>("function", "Called with each element; gives a bool."),
        returns: "list", seeAlso: ["map"], search: ["select", "where"],
        examples: [("[1, 2].filter(x => x > 1)", "[2]")]
      ) { vm, values, function in try filtered(vm.values(of: values.object), function, vm) },
    ]
  }

  private static func position(
    of value: Value, in list: ListObject, _ start: Int, _ end: Int, _ vm: VM
  ) throws -> Int? {
    var index = start
    while index < Swift.min(end, list.count) {
      if try Comparison.equal(list[index], value, vm) { return index }
      index += 1
      try vm.checkInterrupt(turn: index)
    }
    return nil
  }

  private static func absent(_ value: Value) -> Fault {
    Fault(.value, "\(Representation.brief(value)) is not in the list", hint: "ask first: `x in xs`")
      .atArgument(1)
  }
}
