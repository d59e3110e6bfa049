import Runtime

/// Sorting by what a script's function gives.
enum SortingByKey {
  static func sorted(_ values: [Value], _ key: Callable?, _ reverse: Bool, _ vm: VM) throws
    -> [Value]
  {
    guard let key else { return try vm.sorted(values, descending: reverse) }
    try CoreBuiltins.keep(values, vm)
    var keys: [Value] = []
    keys.reserveCapacity(values.count)
    for (index, value) in values.enumerated() {
      let result = try key.call(value)
      vm.keep(result)
      keys.append(result)
      try vm.checkInterrupt(turn: index)
    }
    return try vm.sorted(values, by: keys, descending: reverse)
  }
}
