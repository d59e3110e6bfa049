// Which lists and maps stay as the text makes them: a light walk that knows no scopes.

/// What assignments and uses tell of names, whatever their scopes.
///
/// A list or map is certain to hold what it was made with only where its name does nothing but be read: `for x in xs`,
/// `m.key`, `xs[0]`, `f"{xs}"`, `len(xs)`. All other names are `changing`.
struct Holdings: ExprVisitor {
  /// The names whose lists and maps may be changed, or be reached under other names.
  private(set) var changing: Set<String> = []
  /// The type of all that is assigned to a name after its declaration; `any` where that differs or cannot be seen.
  private(set) var assigned: [String: StaticType] = [:]
  /// How many steps from a name (`m.key` is one, `xs[0].key` two) what it holds may be changed or get another name;
  /// none where that is nowhere.
  private(set) var depth: [String: Int] = [:]
  private let isReader: (Expr) -> Bool
  /// Where names stand that are only read there.
  private var read: Set<Int32> = []
  private var declared: Set<String> = []
  private var readBy: [(callee: String, argument: String)] = []

  /// - Parameter isReader: whether a function that is not the script's own keeps no argument and changes none.
  init(_ program: Program, isReader: @escaping (Expr) -> Bool) {
    self.isReader = isReader
    for statement in program.statements { self.statement(statement) }
    for call in readBy where declared.contains(call.callee) { changing.insert(call.argument) }
  }

  mutating func enter(_ statement: Stmt) {
    switch statement.kind {
    case .let(let pattern, let value, _):
      declare(pattern)
      switch pattern.kind {
      case .list, .map: goesThrough(value)
      case .name, .ignore: break
      }
    case .function(let function):
      if let name = function.name { declared.insert(name) }
      declare(function)
    case .for(let pattern, let sequence, _):
      declare(pattern)
      goesThrough(sequence)
    case .assign(let target, let value): assign(target, Holdings.plainType(value))
    case .compoundAssign(let target, let op, let value):
      // `s += "x"` keeps a string one and `n += 1` an int; `n /= 2` makes it a float.
      let type = Holdings.plainType(value)
      assign(target, op == .divide && type == .int ? .any : type)
    default: break
    }
  }

  mutating func enter(_ expression: Expr) {
    switch expression.kind {
    case .name(let name):
      if !read.contains(expression.span.start) { changing.insert(name) }
    case .format(let parts): for case .value(let value, _, _, _) in parts { reads(value) }
    case .comparison(let operands, _): for operand in operands { reads(operand) }
    case .listComprehension(_, let clauses), .mapComprehension(_, _, let clauses):
      for case .for(let pattern, let sequence) in clauses {
        declare(pattern)
        goesThrough(sequence)
      }
    case .sweep(let sweep):
      for axis in sweep.axes {
        declared.insert(axis.name)
        goesThrough(axis.values)
      }
    case .call(let callee, let arguments, _):
      for argument in arguments { reads(argument.value, by: callee) }
    case .lambda(let function): declare(function)
    default: break
    }
  }

  mutating func enter(chain: [Expr]) {
    for case .call(let callee, let arguments, true) in chain.lazy.map(\.kind) {
      if let first = arguments.first { reads(first.value, by: callee) }
    }
    // The steps from the name at the bottom of the chain.
    guard case .name(let name) = chain[chain.count - 1].kind else { return }
    var steps = 0
    for place in chain.indices.dropLast().reversed() {
      var isStep = true
      switch chain[place].kind {
      case .index: break
      case .member(_, let member, _):
        // A method that changes nothing gives what the value holds.
        if place > 0, case .call(_, _, false) = chain[place - 1].kind {
          isStep = Holdings.readingMethods.contains(member)
        }
      default: isStep = false
      }
      guard isStep else { break }
      steps += 1
    }
    guard steps > 0 else { return }
    reads(chain[chain.count - 1])
    reaches(name, steps)
  }

  private mutating func reaches(_ name: String, _ steps: Int) {
    depth[name] = min(depth[name] ?? steps, steps)
  }

  private mutating func declare(_ pattern: Pattern) {
    for (name, _) in pattern.names { declared.insert(name) }
  }

  private mutating func declare(_ function: Function) {
    for parameter in function.parameters { declared.insert(parameter.name) }
  }

  private mutating func reads(_ value: Expr) {
    if case .name = value.kind { read.insert(value.span.start) }
  }

  /// The same where its elements get other names.
  private mutating func goesThrough(_ value: Expr) {
    reads(value)
    if case .name(let name) = value.kind { reaches(name, 1) }
  }

  private mutating func reads(_ value: Expr, by callee: Expr) {
    guard case .name(let argument) = value.kind, isReader(callee) else { return }
    goesThrough(value)
    var base = callee
    while case .member(let next, _, _) = base.kind { base = next }
    if case .name(let name) = base.kind { readBy.append((name, argument)) }
  }

  private mutating func assign(_ target: Expr, _ type: StaticType) {
    switch target.kind {
    case .name(let name):
      assigned[name] = assigned[name].map { $0 == type ? type : .any } ?? type
    case .list(let targets): for target in targets { assign(target, .any) }
    case .index, .member:
      var base = target
      while let next = base.chainOperand { base = next }
      if case .name(let name) = base.kind { changing.insert(name) }
    default: break
    }
  }

  /// The type of a value that can be seen without knowing anything else.
  private static func plainType(_ value: Expr) -> StaticType {
    switch value.kind {
    case .nil: .nil
    case .bool, .comparison(_, [.in]), .comparison(_, [.notIn]): .bool
    case .int: .int
    case .float: .float
    case .string, .format: .string
    case .list, .listComprehension: .list(.any)
    case .map, .mapComprehension: .map(nil)
    default: .any
    }
  }

  /// Methods of lists and maps that change nothing and do not give the value itself.
  private static let readingMethods: Set<String> = [
    "keys", "values", "items", "get", "index", "count", "map", "filter", "join",
  ]
}
