/// What is known of a function from its declaration, native or written in Fairlead: the checker, the call, help,
/// completion and the reference pages all read this one value.
public struct Signature: Sendable {
  public struct Parameter: Sendable {
    public var name: String
    /// One sentence for help; empty where the author wrote none.
    public var summary: String
    /// The type as help shows it: `tensor`, `int`, `float`, `string`, `list`, `function`, `any`, …
    public var type: String
    /// The default as it is written in a script; nil where the argument is required.
    public var defaultText: String?
    /// May be given by name only.
    public var namedOnly: Bool
    /// Takes all further positional arguments (at most one parameter, the last positional one).
    public var variadic: Bool
    /// The rule on its values as help shows it: `> 0`, `one of "poisson", "shuffle"`; nil where there is none.
    public var rule: String?
    /// Whether the call changes the argument.
    public var isChanged = false
    /// What the call would say of an argument, without a place; nil where that is right, or not certain to be wrong.
    public var problem: (@Sendable (Known) -> Diagnostic?)?

    public init(
      _ name: String, summary: String = "", type: String = "any", defaultText: String? = nil,
      namedOnly: Bool = false, variadic: Bool = false, rule: String? = nil
    ) {
      self.name = name
      self.summary = summary
      self.type = type
      self.defaultText = defaultText
      self.namedOnly = namedOnly
      self.variadic = variadic
      self.rule = rule
    }

    public var isRequired: Bool { defaultText == nil && !variadic }
  }

  /// Hints for calls that people make from habit; nil shows the usage.
  public struct Misuse: Sendable {
    /// For an argument of a name that no parameter has.
    public var argument: @Sendable (_ name: String) -> String?
    /// For more arguments than there are parameters.
    public var excess: String?

    public init(
      argument: @escaping @Sendable (String) -> String? = { _ in nil }, excess: String? = nil
    ) {
      self.argument = argument
      self.excess = excess
    }
  }

  public struct Example: Sendable {
    public var code: String
    /// What printing the value of `code` shows.
    public var result: String
    public init(_ code: String, _ result: String) {
      self.code = code
      self.result = result
    }
  }

  /// As a script writes it, with its module: `dp.train`, `len`, `fit`.
  public var name: String
  public var summary: String
  public var parameters: [Parameter]
  /// What the result is, in words or as a shape; empty where nothing is said.
  public var returns: String
  /// The type of the result, as far as it is the same for all calls.
  public var result = StaticType.any
  /// What depends on the arguments of a call together.
  public var insight: CallInsight?
  /// What to write instead of calls that do not fit.
  public var misuse = Misuse()
  public var examples: [Example]
  public var seeAlso: [String]
  /// Other words that a person may search for.
  public var search: [String]

  public init(
    name: String, summary: String = "", parameters: [Parameter], returns: String = "",
    examples: [Example] = [],
    seeAlso: [String] = [], search: [String] = []
  ) {
    self.name = name
    self.summary = summary
    self.parameters = parameters
    self.returns = returns
    self.examples = examples
    self.seeAlso = seeAlso
    self.search = search
  }
}
