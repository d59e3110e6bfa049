// The abstract syntax tree. Nodes are values; every node has the span of its text. Sugar that changes no meaning
// (`x |> f(a)`, Python's spellings) is resolved by the parser, so that the compiler sees one form of each thing.

public struct Expr: Sendable {
  public indirect enum Kind: Sendable {
    case `nil`
    case bool(Bool)
    case int(Int)
    case float(Double)
    case string(String)
    /// `f"…"`: literal pieces and formatted values in order.
    case format([FormatPart])
    case name(String)
    case list([Expr])
    case map([MapEntry])
    /// `a..b`, `a..=b`, `a..b by step`.
    case range(lower: Expr, upper: Expr, closed: Bool, step: Expr?)
    case listComprehension(Expr, [ComprehensionClause])
    case mapComprehension(key: Expr, value: Expr, [ComprehensionClause])
    case unary(UnaryOperator, Expr)
    case binary(BinaryOperator, Expr, Expr)
    /// `a < b <= c` and single comparisons: `operands.count == operators.count + 1`; each operand is evaluated once.
    case comparison(operands: [Expr], operators: [ComparisonOperator])
    case and(Expr, Expr)
    case or(Expr, Expr)
    /// `a ?? b`.
    case coalesce(Expr, Expr)
    /// `f(a, name: b)`; `x |> f(a)` arrives as `f(x, a)` with `piped` set.
    case call(callee: Expr, arguments: [Argument], piped: Bool)
    /// `x[1:3, :, -1]`: one subscript or several.
    case index(Expr, [Subscript])
    case member(Expr, String, nameSpan: Span)
    case lambda(Function)
    case `if`([Branch], else: Block?)
    case block(Block)
    case `try`(Try)
    case sweep(Sweep)
  }

  public var kind: Kind
  public var span: Span

  public init(_ kind: Kind, _ span: Span) {
    self.kind = kind
    self.span = span
  }
}

public enum UnaryOperator: String, Sendable {
  case negate = "-"
  case not = "not"
}

public enum BinaryOperator: String, Sendable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case floorDivide = "//"
  case modulo = "%"
  case matmul = "@"
  case power = "**"
  /// `&` and `|`: two bools, or masks element by element. Both sides are evaluated.
  case both = "&"
  case either = "|"

  /// Whether its operands are bools and masks rather than numbers.
  public var isLogical: Bool { self == .both || self == .either }
}

public enum ComparisonOperator: String, Sendable {
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessEqual = "<="
  case greater = ">"
  case greaterEqual = ">="
  case `in` = "in"
  case notIn = "not in"
}

public enum FormatPart: Sendable {
  case literal(String)
  /// `{value:spec}`; the spec may itself hold `{…}` parts as in Python. `debug` is the text of `{x=}` ("x="), else nil.
  case value(Expr, spec: [FormatPart], conversion: Conversion, debug: String?)
  public enum Conversion: Sendable { case none, repr }
}

public struct MapEntry: Sendable {
  /// A string literal for `name:` and `"any key":`; any expression in `[expr]: value` form.
  public var key: Expr
  public var value: Expr
  public init(key: Expr, value: Expr) {
    self.key = key
    self.value = value
  }
}

public enum ComprehensionClause: Sendable {
  case `for`(Pattern, in: Expr)
  case `if`(Expr)
}

public struct Argument: Sendable {
  /// The name in `name: value`, with its span; nil for a positional argument.
  public var name: String?
  public var nameSpan: Span
  public var value: Expr
  public init(name: String?, nameSpan: Span, value: Expr) {
    self.name = name
    self.nameSpan = nameSpan
    self.value = value
  }
}

public enum Subscript: Sendable {
  case index(Expr)
  /// `start:stop:step`, each part optional.
  case slice(Expr?, Expr?, Expr?, Span)
  case ellipsis(Span)
}

/// What a value is taken apart into by `let`, `for`, parameters of comprehensions and destructuring assignment.
public struct Pattern: Sendable {
  public indirect enum Kind: Sendable {
    case name(String)
    /// `[a, b]`; also the bare `a, b` of a `for`.
    case list([Pattern])
    /// `{accuracy, auc: leak}`: the key, and the pattern that its value is bound to.
    case map([(key: String, pattern: Pattern)])
    /// `_`: the value is dropped.
    case ignore
  }
  public var kind: Kind
  public var span: Span
  public init(_ kind: Kind, _ span: Span) {
    self.kind = kind
    self.span = span
  }
}

public struct Parameter: Sendable {
  public var name: String
  public var span: Span
  public var defaultValue: Expr?
  /// `batch: 64` and `batch:` in a declaration: may be given by name only.
  public var namedOnly: Bool
  public init(name: String, span: Span, defaultValue: Expr?, namedOnly: Bool) {
    self.name = name
    self.span = span
    self.defaultValue = defaultValue
    self.namedOnly = namedOnly
  }
}

/// A function: `fn name(…) { … }` or a lambda `x => …`, whose body is a block of one expression statement.
public struct Function: Sendable {
  /// Nil for a lambda.
  public var name: String?
  public var nameSpan: Span
  public var parameters: [Parameter]
  public var body: Block
  /// The text of the `##` comment before it, without the marks; nil where there is none.
  public var doc: String?
  public var span: Span
  public init(
    name: String?, nameSpan: Span, parameters: [Parameter], body: Block, doc: String?, span: Span
  ) {
    self.name = name
    self.nameSpan = nameSpan
    self.parameters = parameters
    self.body = body
    self.doc = doc
    self.span = span
  }
}

/// Statements with a scope of their own; the value is that of the last one where it is an expression, else nil.
public struct Block: Sendable {
  public var statements: [Stmt]
  public var span: Span
  public init(_ statements: [Stmt], _ span: Span) {
    self.statements = statements
    self.span = span
  }
}

public struct Branch: Sendable {
  public var condition: Expr
  public var body: Block
  public init(condition: Expr, body: Block) {
    self.condition = condition
    self.body = body
  }
}

public struct Try: Sendable {
  public var body: Block
  /// `catch e { … }`; the name is nil in `catch { … }`.
  public var catchName: String?
  public var catchSpan: Span
  public var catchBody: Block?
  public var finallyBody: Block?
  public init(
    body: Block, catchName: String?, catchSpan: Span, catchBody: Block?, finallyBody: Block?
  ) {
    self.body = body
    self.catchName = catchName
    self.catchSpan = catchSpan
    self.catchBody = catchBody
    self.finallyBody = finallyBody
  }
}

/// `sweep epsilon in [1, 2], seed in 0..3 where epsilon > 1 { … }`.
public struct Sweep: Sendable {
  public struct Axis: Sendable {
    public var name: String
    public var span: Span
    public var values: Expr
    public init(name: String, span: Span, values: Expr) {
      self.name = name
      self.span = span
      self.values = values
    }
  }
  public var axes: [Axis]
  public var condition: Expr?
  public var body: Block
  public init(axes: [Axis], condition: Expr?, body: Block) {
    self.axes = axes
    self.condition = condition
    self.body = body
  }
}

public struct Stmt: Sendable {
  public indirect enum Kind: Sendable {
    case expression(Expr)
    case `let`(Pattern, Expr, doc: String?)
    /// `x = 1`, `x[0] = 1`, `m.key = 1`, `[a, b] = [b, a]`: the target is a name, index or member expression, or a list
    /// expression of such.
    case assign(target: Expr, value: Expr)
    /// `x += 1`; the parts of the target are evaluated once.
    case compoundAssign(target: Expr, BinaryOperator, value: Expr)
    case function(Function)
    case `return`(Expr?)
    case `break`
    case `continue`
    case `for`(Pattern, in: Expr, Block)
    case `while`(Expr, Block)
    case `throw`(Expr)
    case assert(Expr, message: Expr?)
    /// `with context as name { … }`.
    case with(Expr, name: String?, nameSpan: Span, Block)
    case `import`(Import)
    case param(Param)
    /// `test "name" { … }`: run by `fairlead test` only.
    case test(String, Block)
    /// `#%% title`: where a notebook cell starts.
    case cell(String)
  }
  public var kind: Kind
  public var span: Span
  public init(_ kind: Kind, _ span: Span) {
    self.kind = kind
    self.span = span
  }
}

public struct Import: Sendable {
  public enum Path: Sendable, Hashable {
    /// `import "helpers.fl"`, relative to the importing file.
    case file(String)
    /// `import std.recipes`: the part after `std.`, with dots.
    case standard(String)
  }
  public var path: Path
  public var pathSpan: Span
  /// The name it is bound to: what follows `as`, else the last part of the path without `.fl`.
  public var name: String
  public var nameSpan: Span
  /// `with {epochs: 2}`: parameters of the imported script.
  public var parameters: [MapEntry]
  public init(path: Path, pathSpan: Span, name: String, nameSpan: Span, parameters: [MapEntry]) {
    self.path = path
    self.pathSpan = pathSpan
    self.name = name
    self.nameSpan = nameSpan
    self.parameters = parameters
  }
}

/// `param epochs = 5 in 1..=100  ## doc`.
public struct Param: Sendable {
  public var name: String
  public var nameSpan: Span
  public var defaultValue: Expr
  /// The list or range that the value must lie in.
  public var domain: Expr?
  public var doc: String?
  public init(name: String, nameSpan: Span, defaultValue: Expr, domain: Expr?, doc: String?) {
    self.name = name
    self.nameSpan = nameSpan
    self.defaultValue = defaultValue
    self.domain = domain
    self.doc = doc
  }
}

/// A whole source.
public struct Program: Sendable {
  public var source: Source
  public var statements: [Stmt]
  /// The `##` comment at the top of the file that belongs to no declaration.
  public var doc: String?
  public init(source: Source, statements: [Stmt], doc: String?) {
    self.source = source
    self.statements = statements
    self.doc = doc
  }
}
