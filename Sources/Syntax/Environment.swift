/// What a name outside the checked source stands for, as far as a check needs to know.
public indirect enum Entity: Sendable {
  /// A value of which nothing is known before the run.
  case value
  case function(Signature)
  /// A native module or an imported file: its members, and the signature of calling the module itself
  /// (`tensor([1.0])`), where it can be called.
  case module([String: Entity], callable: Signature?)
}

/// The names that a source may use without declaring them, and how its imports are looked up.
public struct CheckEnvironment: Sendable {
  /// Native globals and modules, and in a session what earlier cells have declared.
  public var globals: [String: Entity]
  /// Those of `globals` that may be assigned to: what earlier cells of a session have declared.
  public var assignable: Set<String>
  /// What is asked of values in the text; nil where their types are not checked.
  public var judge: (any ValueJudge)?
  /// The types of those of `globals` whose values are there already, where somebody asks for types alone.
  public var known: [String: StaticType]
  /// Gives what an import exports; throws a `Diagnostic` (without labels) where it cannot be found or read.
  public var resolveImport: @Sendable (Import.Path) throws -> Entity

  public init(
    globals: [String: Entity],
    assignable: Set<String> = [], judge: (any ValueJudge)? = nil,
    known: [String: StaticType] = [:],
    resolveImport: @escaping @Sendable (Import.Path) throws -> Entity = { _ in .value }
  ) {
    self.globals = globals
    self.assignable = assignable
    self.judge = judge
    self.known = known
    self.resolveImport = resolveImport
  }
}

extension CheckEnvironment {
  /// A hint that names the functions whose declarations say that people look for them by `word`, which is what other
  /// tools call them: those of one module if there are any, else at most three of all.
  func hint(bySearching word: String, first module: String? = nil) -> String? {
    let word = word.lowercased()
    var names: [String] = []
    func note(_ entity: Entity, _ name: String) {
      if case .function(let signature) = entity, signature.search.contains(word) {
        names.append(name)
      }
    }
    for (name, entity) in globals {
      note(entity, name)
      if case .module(let members, _) = entity {
        for (inner, member) in members { note(member, "\(name).\(inner)") }
      }
    }
    names.sort()
    if let module {
      let own = names.filter { $0.hasPrefix(module + ".") }
      if !own.isEmpty { names = own }
    }
    guard !names.isEmpty else { return nil }
    return "see " + names.prefix(3).map { "`\($0)`" }.joined(separator: " or ")
  }
}
