import Runtime
import Syntax

// The methods of maps, as Python defines those of dict.

extension CoreBuiltins {
  private static let receiver = "The map."

  static var mapMethods: [Native] { mapReads + mapChanges + mapWholes }

  private static var mapReads: [Native] {
    [
      Native(
        "keys", "The keys, in the order in which they were put in.", Param<Map>("map", receiver),
        returns: "list", seeAlso: ["map.values", "map.items"],
        examples: [(#"{a: 1, b: 2}.keys()"#, #"["a", "b"]"#)]
      ) { vm, map in try listed(map, vm) { key, _ in key } },
      Native(
        "values", "The values, in the order in which their keys were put in.",
        Param<Map>("map", receiver), returns: "list", seeAlso: ["map.keys", "map.items"],
        examples: [("{a: 1, b: 2}.values()", "[1, 2]")]
      ) { vm, map in try listed(map, vm) { _, value in value } },
      Native(
        "items", "Pairs of key and value, in order.", Param<Map>("map", receiver),
        returns: "list", seeAlso: ["map.keys", "map.values"], search: ["entries", "pairs"],
        examples: [("{a: 1}.items()", #"[["a", 1]]"#)]
      ) { vm, map in
        let result = ListObject()
        let list = vm.adopt(result)
        for (key, value) in map.object {
          try vm.append(pair: key, value, to: result)
          try vm.checkInterrupt(turn: result.count)
        }
        return list
      },
      Native(
        "get", "The value of a key, or a default where the key is missing.",
        Param<Map>("map", receiver), Param<Value>("key", "What to look up."),
        Param<Value>("default", "What to give where the key is missing.", default: .nothing),
        returns: "any", seeAlso: ["map.setdefault"], search: ["lookup"],
        examples: [("{a: 1}.get(\"b\", 0)", "0")]
      ) { map, key, fallback in
        try requireKey(key)
        return map.object[key] ?? fallback
      },
    ]
  }

  private static var mapChanges: [Native] {
    [
      Native(
        "setdefault", "The value of a key, which is put in with a default where it is missing.",
        Param<Map>("map", receiver, mutates: true), Param<Value>("key", "What to look up."),
        Param<Value>("default", "What to put in where the key is missing.", default: .nothing),
        returns: "any", seeAlso: ["map.get"]
      ) { vm, map, key, fallback in
        try requireKey(key)
        if let value = map.object[key] { return value }
        map.object.set(key, fallback)
        try vm.grew(by: 40)
        return fallback
      },
      Native(
        "pop", "Take a key out and give its value, or a default where the key is missing.",
        dynamic: [
          .init("map", summary: receiver, type: "map"),
          .init("key", summary: "What to take out.", type: "any"),
          .init(
            "default",
            summary: "What to give where the key is missing; without it that is an error.",
            type: "any", defaultText: "…"),
        ], returns: "any", seeAlso: ["map.remove"], search: ["delete"],
        examples: [("{a: 1}.pop(\"a\")", "1")]
      ) { call in
        let map = try changeable(call)
        let key = call.argument(1) ?? .nothing
        try requireKey(key)
        if let value = map.object.remove(key) { return value }
        if let fallback = call.argument(2) { return fallback }
        throw missing(key, map)
      },
      Native(
        "remove", "Take a key out; an error where it is missing.",
        Param<Map>("map", receiver, mutates: true), Param<Value>("key", "What to take out."),
        seeAlso: ["map.pop"], search: ["delete"]
      ) { map, key in
        try requireKey(key)
        guard map.object.remove(key) != nil else { throw missing(key, map) }
      },
      Native(
        "update", "Put in all entries of another map; its values win.",
        Param<Map>("map", receiver, mutates: true), Param<Map>("other", "Whose entries to take."),
        search: ["merge"]
      ) { vm, map, other in
        guard map.object !== other.object else { return }
        try vm.grew(by: other.object.count * 40)
        for (index, entry) in other.object.enumerated() {
          map.object.set(entry.key, entry.value)
          try vm.checkInterrupt(turn: index)
        }
      },
    ]
  }

  private static var mapWholes: [Native] {
    [
      Native(
        "copy", "A new map with the same entries.", Param<Map>("map", receiver),
        returns: "map", examples: [("{a: 1}.copy()", "{a: 1}")]
      ) { vm, map in
        try vm.reserve(map.object.count * 40)
        let result = MapObject(capacity: map.object.count)
        let value = vm.adopt(result)
        for (key, item) in map.object {
          result.set(key, item)
          try vm.checkInterrupt(turn: result.count)
        }
        return value
      },
      Native(
        "clear", "Take all entries out.", Param<Map>("map", receiver, mutates: true)
      ) { map in map.object.removeAll() },
    ]
  }

  private static func listed(
    _ map: Map, _ vm: VM, _ part: (Value, Value) -> Value
  ) throws -> Value {
    try vm.reserve(map.object.count * MemoryLayout<Value>.stride)
    let result = ListObject(capacity: map.object.count)
    for (key, value) in map.object {
      result.append(part(key, value))
      try vm.checkInterrupt(turn: result.count)
    }
    return vm.adopt(result)
  }

  private static func changeable(_ call: NativeCall) throws -> Map {
    guard let value = call.argument(0), let map = Map.decode(value, call.vm) else {
      throw Fault(.type, "`map` must be a map").atArgument(0)
    }
    try call.vm.requireOwned(map.object)
    return map
  }

  private static func requireKey(_ key: Value) throws {
    guard MapObject.isKey(key) else {
      throw Fault(
        .type, "\(key.typeWithArticle) cannot be a key",
        hint: "keys are strings, numbers, bools and nil"
      ).atArgument(1)
    }
  }

  private static func missing(_ key: Value, _ map: Map) -> Fault {
    let names = map.object.compactMap(\.key.string)
    return Fault(
      .key, "the map has no key \(Representation.brief(key))",
      hint: key.string.flatMap { Suggest.hint(for: $0, in: names) }
    ).atArgument(1)
  }
}
