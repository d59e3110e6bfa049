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
  /// Gives what an import exports; throws a `Diagnostic` (without labels) where it cannot be found or read.
  public var resolveImport: @Sendable (Import.Path) throws -> Entity

  public init(
    globals: [String: Entity],
    assignable: Set<String> = [],
    resolveImport: @escaping @Sendable (Import.Path) throws -> Entity = { _ in .value }
  ) {
    self.globals = globals
    self.assignable = assignable
    self.resolveImport = resolveImport
  }
}
