extension Suggest {
  /// The hint where no name is near: what the value has of its own (the columns of a table).
  public static func parts(_ names: some Sequence<String>) -> String? {
    let names = Array(names)
    guard !names.isEmpty else { return nil }
    let listed = names.prefix(12).map { "`\($0)`" }.joined(separator: ", ")
    return "it has \(listed)\(names.count > 12 ? ", …" : "")"
  }

  /// The hint for a member that a value does not have, for the check and the run alike.
  /// - Parameters:
  ///   - names: the members that it has.
  ///   - methods: those of them that are methods, whose declarations list what other tools call them.
  ///   - foreign: what other tools call members that it does not have, with hints that say what to write here.
  ///   - globals: what every script sees, for `list.sorted()` where `sorted(list)` is meant; none for values that no
  ///     function is for.
  public static func member(
    _ name: String, isCalled: Bool, among names: [String], of methods: [Signature],
    foreign: [String: String] = [:],
    globals: @autoclosure () -> [String: Entity]
  ) -> String? {
    if let hint = foreign[name] { return hint }
    let near = hint(for: name, in: names)
    if !isCalled, let near { return near }
    let globals = globals()
    if case .function? = globals[name] { return "there is a function for that: `\(name)(…)`" }
    if let near { return near }
    let word = { (signature: Signature) in signature.search.contains(name) }
    if let method = methods.filter(word).compactMap({ $0.name.split(separator: ".").last }).min() {
      return "did you mean `\(method)`?"
    }
    let functions = globals.compactMap { name, entity -> String? in
      if case .function(let signature) = entity, word(signature) { name } else { nil }
    }
    return functions.min().map { "there is a function for that: `\($0)(…)`" }
  }
}
