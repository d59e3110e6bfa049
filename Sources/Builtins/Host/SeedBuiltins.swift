import Runtime

/// `with seed(7) { … }`: all randomness inside follows from the number.
final class SeedScope {
  let number: Int
  /// What was in force outside, for each time that it was entered.
  private var saved: [(RandomState, AnyObject?)] = []

  init(_ number: Int) { self.number = number }

  fileprivate func enter(_ vm: VM) {
    let id = ObjectIdentifier(SeedScope.self)
    saved.append((vm.random, vm.services[id]))
    vm.services[id] = self
    vm.random = RandomState(
      key: UInt64(bitPattern: Int64(number)) &* 0x9E37_79B9_7F4A_7C15 ^ 0x7365_6564)
  }

  fileprivate func exit(_ vm: VM) {
    guard let (random, outer) = saved.popLast() else { return }
    vm.random = random
    vm.services[ObjectIdentifier(SeedScope.self)] = outer
  }
}

extension SeedScope: NativeValue {
  static let nativeType = NativeType<SeedScope>(
    "seed", "A context in which all randomness follows from a number."
  ) { type in
    type.representation = { scope, _ in "seed(\(scope.number))" }
    type.equals = { $0.number == $1.number }
    type.content = { $1.write($0.number) }
    type.field("number", "The seed.") { $0.number }
    type.enter = { scope, vm in
      scope.enter(vm)
      return nil
    }
    type.exit = { scope, _, vm in scope.exit(vm) }
  }
}

extension VM {
  /// Whether a script has fixed the randomness of what runs now by `with seed(n)`.
  var isSeeded: Bool { fixedSeed != nil }

  /// The number of the innermost `with seed(n)` around what runs now.
  public var fixedSeed: Int? {
    (services[ObjectIdentifier(SeedScope.self)] as? SeedScope)?.number
  }
}

enum SeedBuiltins {
  static let natives = [
    Native(
      "seed", "Fixes all randomness of a block: `with seed(7) { … }` draws the same each time.",
      Param<Int>("number", "Any number."), returns: "seed", search: ["random", "reproducible"],
      examples: [("seed(7)", "seed(7)")]
    ) { SeedScope($0) }
  ]
}
