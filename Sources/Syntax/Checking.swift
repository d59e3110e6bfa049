/// The check of a whole program before its first line runs.
public enum Checking {
  public struct Options: Sendable {
    /// The source is a script that is run, not imported: a top-level name that is never used is reported.
    public var isMainScript: Bool
    /// Whether to warn of unused names and unreachable code.
    public var warnings: Bool
    public init(isMainScript: Bool = false, warnings: Bool = true) {
      self.isMainScript = isMainScript
      self.warnings = warnings
    }
  }

  /// What is wrong with `program`, in the order of the text. Errors mean that it must not run; warnings do not stop it.
  public static func check(
    _ program: Program, in environment: CheckEnvironment, options: Options = Options()
  ) -> [Diagnostic] { [] }

  /// What an import of `program` gives: its top-level names that do not start with `_`.
  public static func exports(of program: Program) -> [String: Entity] { [:] }

  /// All top-level names of `program`, and the names from outside that it assigns to (as `.value`): what a session adds
  /// to `CheckEnvironment.globals` and `assignable` after a cell.
  public static func declarations(of program: Program) -> [String: Entity] { [:] }
}
