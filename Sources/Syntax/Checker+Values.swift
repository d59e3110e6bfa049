// What is certain of values: the members they have, the arguments that calls take, what operators and formats do with
// them. All messages are those of the run. Where nothing is certain, nothing is said.

extension Checker {
  /// The parts of a call that has been visited.
  struct Call {
    let arguments: [Argument]
    /// What is known of each argument.
    let values: [Known]
    let span: Span
    let calleeSpan: Span
  }

  /// Reports what is certain to fail when it is reached, unless a `catch` waits for it.
  func report(_ problem: Diagnostic, at span: Span) {
    guard caughtDepth == 0 else { return }
    var problem = problem
    problem.labels = [.init(source, span)]
    report(problem)
  }

  // MARK: Names

  /// Notes what a name stands for from its declaration on.
  func bind(_ binding: Binding?, _ value: Known) {
    guard let binding, let holdings else { return }
    let plain = value.type.whateverItHolds
    if let assigned = holdings.assigned[binding.name] {
      binding.known = Known(plain == assigned ? plain : .any)
    } else if holdings.changing.contains(binding.name) || options.isImported && scopes.count == 1 {
      binding.known = Known(plain, plain == value.type ? value.constant : nil)
      if case .list = plain { binding.known.constant = nil }
      if case .map = plain { binding.known.constant = nil }
    } else {
      let limit = holdings.depth[binding.name] ?? .max
      binding.known = Known(value.type.certain(below: limit), value.constant?.shallow)
    }
  }

  /// The same for a pattern; of what is taken apart only types are known.
  func bind(_ pattern: Pattern, _ value: Known) {
    switch pattern.kind {
    case .name(let name): bind(scopes[scopes.count - 1].bindings[name], value)
    case .list(let parts):
      guard case .list(let element, let items) = value.type else { return }
      for (place, part) in parts.enumerated() {
        bind(part, Known(items?.count == parts.count ? items?[place] ?? element : element))
      }
    case .map(let parts):
      guard case .map(let keys) = value.type else {
        for (key, inner) in parts { member(of: value, key, inner.span, isCalled: false) }
        return
      }
      guard let keys else { return }
      for (key, part) in parts { bind(part, Known(keys[key] ?? .any)) }
    case .ignore: break
    }
  }

  /// Whether what is called, which is not the script's own, keeps no argument and changes none.
  static func isReader(_ callee: Expr, _ environment: CheckEnvironment) -> Bool {
    let entity: Entity?
    switch callee.kind {
    case .name(let name): entity = environment.globals[name]
    case .member(let base, let name, _):
      guard case .name(let module) = base.kind,
        case .module(let members, _)? = environment.globals[module]
      else { return false }
      entity = members[name]
    default: entity = nil
    }
    guard case .function(let signature)? = entity,
      !signature.parameters.contains(where: \.isChanged)
    else { return false }
    switch signature.result {
    case .any: return ["sum", "sorted", "enumerate", "zip", "len"].contains(signature.name)
    case .map, .function: return false
    default: return true
    }
  }

  // MARK: Calls

  /// Checks a call against what it calls, and gives what is known of its result.
  func result(of call: Call, _ signature: Signature, receiver: StaticType? = nil) -> Known {
    var own = signature
    if receiver != nil {
      // That a value is of the type which has the method is certain; whether the call is meant to fail is not.
      if caughtDepth > 0 { return Known(signature.result) }
      own.parameters.removeFirst()
    }
    guard check(call.arguments, against: own, call.span, call.calleeSpan), holdings != nil else {
      return Known(signature.result)
    }
    var values: [String: Known] = [:]
    var spans: [String: Span] = [:]
    if let receiver { values[signature.parameters[0].name] = Known(receiver) }
    let positional = own.parameters.filter { !$0.namedOnly && !$0.variadic }
    var count = 0
    var more: [Known] = []
    for (argument, value) in zip(call.arguments, call.values) {
      let parameter: Signature.Parameter
      if let name = argument.name {
        guard let found = own.parameters.first(where: { $0.name == name }) else { continue }
        parameter = found
      } else {
        count += 1
        guard count <= positional.count else {
          guard let rest = own.parameters.first(where: \.variadic) else { continue }
          if options.judges, let problem = rest.problem?(value) {
            report(problem, at: argument.value.span)
            return Known(signature.result)
          }
          more.append(value)
          values[rest.name] = more.count == 1 ? value : nil
          spans[rest.name] = argument.value.span
          continue
        }
        parameter = positional[count - 1]
      }
      values[parameter.name] = value
      spans[parameter.name] = argument.value.span
      if options.judges, let problem = parameter.problem?(value) {
        report(problem, at: argument.value.span)
        return Known(signature.result)
      }
    }
    guard let insight = signature.insight else { return Known(signature.result) }
    let arguments = CallArguments(values: values, rest: more)
    for (parameter, problem) in options.judges ? insight.problems(arguments) : [] {
      report(problem, at: spans[parameter] ?? call.calleeSpan)
    }
    return Known(insight.result(arguments) ?? signature.result)
  }

  /// A call of a value: a method, or something that can be called itself.
  /// - Parameter field: the name behind the point, where it is called as a method.
  func call(value: Known, _ call: Call, field: String? = nil) -> Known {
    if let (signature, receiver) = value.method {
      return result(of: call, signature, receiver: receiver)
    }
    guard let name = value.type.name, value.type != .function,
      let description = environment.judge?.description(ofType: name)
    else { return .anything }
    if let signature = description.call {
      return result(of: call, signature, receiver: value.type)
    }
    report(
      Diagnostic(
        .type, "\(value.type.withArticle) cannot be called",
        hint: field.map { "it is a field: write `.\($0)` without `(…)`" }), at: call.calleeSpan)
    return .anything
  }

  // MARK: Members

  /// `value.name`.
  func member(
    _ base: Expr, _ value: Known, _ name: String, _ nameSpan: Span, isCalled: Bool
  ) -> Known {
    if case .module(let members, _)? = module(base) {
      switch members[name] {
      case nil: missingMember(base, name, nameSpan, of: members)
      case .function?: return Known(.function)
      default: break
      }
      return .anything
    }
    return member(of: value, name, nameSpan, isCalled: isCalled)
  }

  @discardableResult
  func member(of value: Known, _ name: String, _ nameSpan: Span, isCalled: Bool) -> Known {
    guard let typeName = value.type.name, value.type != .function,
      let description = environment.judge?.description(ofType: typeName)
    else { return .anything }
    var known: Set<String> = []
    switch value.type {
    case .map(nil): return .anything
    case .map(let keys?):
      if let found = keys[name] {
        return isCalled && description.methods[name] != nil ? .anything : Known(found)
      }
      known = Set(keys.keys)
    case .object(_, let parts):
      // A call means the method, whatever the columns are called.
      let isMethod = isCalled && description.methods[name] != nil
      if !isMethod, let parts, let found = description.insight?.field(name, parts) {
        return Known(found)
      }
      if let field = description.fields[name] { return Known(field) }
      if !isMethod, let parts, parts.contains(name) { return .anything }
      // What other tools call a method is none, whatever the columns: a column cannot be called.
      let isForeign = isCalled && description.foreignNames[name] != nil
      if description.hasParts, parts == nil, description.methods[name] == nil, !isForeign {
        return .anything
      }
      known = parts ?? []
    default: if let field = description.fields[name] { return Known(field) }
    }
    if let method = description.methods[name] {
      var result = Known(.function)
      result.method = (method, value.type)
      return result
    }
    let names = known.union(description.fields.keys).union(description.methods.keys)
    var isMap = false
    if case .map = value.type { isMap = true }
    var parts: Set<String> = []
    if case .object(_, let known?) = value.type { parts = known }
    let message =
      isMap && !isCalled
      ? "the map has no key `\(name)`"
      : "\(value.type.withArticle) has no \(isCalled ? "method" : "field") `\(name)`"
    report(
      Diagnostic(
        isMap && !isCalled ? .key : value.type.isPlain ? .type : .name, message,
        hint: Suggest.member(
          name, isCalled: isCalled, among: names.sorted(), of: Array(description.methods.values),
          foreign: description.foreignNames,
          globals: value.type.isPlain ? [:] : environment.globals)
          ?? (isCalled ? nil : Suggest.parts(parts.sorted()))), at: nameSpan)
    return .anything
  }

  /// `value[subscripts]`, whose parts have been visited.
  func element(_ value: Known, _ subscripts: [Subscript], _ index: Known?, _ span: Span) -> Known {
    guard subscripts.count == 1 else { return .anything }
    if case .object(let name, let parts?) = value.type,
      let insight = environment.judge?.description(ofType: name)?.insight
    {
      guard let index else { return Known(value.type) }
      let (type, problem) = insight.index(index, parts)
      if let problem { report(problem, at: span) }
      return Known(type)
    }
    guard let index else {
      switch value.type {
      case .list, .string: return Known(value.type)
      default: return .anything
      }
    }
    if case .map(let keys?) = value.type, let key = index.constant?.string {
      if let type = keys[key] { return Known(type) }
      report(
        Diagnostic(
          .key, "the map has no key \"\(key)\"",
          hint: Suggest.hint(for: key, in: keys.keys.sorted())), at: span)
      return .anything
    }
    guard allows(.index, [value, index], span) else { return .anything }
    switch value.type {
    case .list(let element, let items) where index.type == .int:
      if let items, case .int(let place)? = index.constant, items.indices.contains(place) {
        return Known(items[place])
      }
      return Known(element)
    case .string where index.type == .int: return Known(.string)
    default: return .anything
    }
  }

  /// What `for x in value` goes through.
  func element(ofSequence value: Known) -> Known {
    guard case .object(let name, let parts?) = value.type else { return Known(value.type.element) }
    let insight = environment.judge?.description(ofType: name)?.insight
    return Known(insight?.element(parts) ?? .any)
  }

  /// What taking a value apart asks of it.
  func takeApart(_ value: Known, _ pattern: Pattern) {
    switch pattern.kind {
    case .list(let parts): allows(.unpack(parts.count), [value], pattern.span)
    case .map(let parts):
      guard case .map(let keys?) = value.type else { return }
      for (key, inner) in parts where keys[key] == nil {
        report(
          Diagnostic(
            .key, "the map has no key `\(key)`",
            hint: Suggest.hint(for: key, in: keys.keys.sorted())), at: inner.span)
      }
    case .name, .ignore: break
    }
  }

  /// The same for what a loop goes through. A map gives two names its keys and values.
  func takeApart(elementOf sequence: Known, _ pattern: Pattern) {
    if case .map = sequence.type { return }
    takeApart(element(ofSequence: sequence), pattern)
  }

  // MARK: Operators and formats

  /// Whether an operation may work; where it cannot, that is reported.
  @discardableResult
  func allows(_ operation: JudgedOperation, _ operands: [Known], _ span: Span) -> Bool {
    guard options.judges, let problem = environment.judge?.problem(operation, operands) else {
      return true
    }
    report(problem, at: span)
    return false
  }

  func negated(_ value: Known, _ whole: Expr) -> Known {
    guard let judge = environment.judge, allows(.negate, [value], whole.span) else {
      return .anything
    }
    return Known(value.type.isNumber ? value.type : .any, value.constant.flatMap(judge.negated))
  }

  func binary(_ op: BinaryOperator, _ left: Known, _ right: Known, _ whole: Expr) -> Known {
    guard let judge = environment.judge, allows(.binary(op), [left, right], whole.span) else {
      return .anything
    }
    if let a = left.constant, let b = right.constant, let value = judge.result(op, a, b) {
      return Known(value.type, value)
    }
    switch (op, left.type, right.type) {
    case (.both, let a, let b), (.either, let a, let b):
      return a == .bool && b == .bool ? Known(.bool) : .anything
    case (.divide, let a, let b) where a.isNumber && b.isNumber: return Known(.float)
    case (.power, .int, .int), (.matmul, _, _): return .anything
    case (_, .int, .int): return Known(.int)
    case (_, let a, let b) where a.isNumber && b.isNumber: return Known(.float)
    case (.add, .string, .string): return Known(.string)
    case (.add, .list(let a, _), .list(let b, _)): return Known(.list(a.joined(b)))
    case (.multiply, .string, .int), (.multiply, .int, .string): return Known(.string)
    case (.multiply, .list, .int), (.multiply, .int, .list): return Known(.list(.any))
    default: return .anything
    }
  }

  /// `f"{value:spec}"`, where the specification is plain text.
  func format(_ value: Known, _ spec: [FormatPart], isRepresented: Bool, _ span: Span) {
    var text = ""
    for part in spec {
      guard case .literal(let piece) = part else { return }
      text += piece
    }
    guard options.judges, !text.isEmpty else { return }
    let shown = isRepresented ? Known(.string) : value
    if let problem = environment.judge?.problem(formatting: shown, text) {
      report(problem, at: span)
    }
  }

  /// What is wrong with the parts of a range.
  func checkRange(_ bounds: [Known], _ span: Span) {
    if case .int(0)? = bounds[2].constant {
      allows(.range, [Known(.int, .int(0)), Known(.int, .int(1)), bounds[2]], span)
    } else {
      // What is not known may be right.
      allows(.range, bounds.map { $0.type == .any ? Known(.int) : $0 }, span)
    }
  }

  // MARK: Params

  /// What stands behind `in`: there a range may be one of floats.
  func domain(_ value: Expr) -> Known {
    guard case .range(let lower, let upper, let closed, nil) = value.kind else {
      return expression(value)
    }
    let bounds = [expression(lower), expression(upper)]
    guard bounds.contains(where: { $0.type == .float }) else {
      return range(bounds + [Known(.int, .int(1))], closed, value.span)
    }
    let ends = bounds.compactMap(\.constant?.number)
    guard ends.count == 2 else { return .anything }
    return Known(.any, .interval(lower: ends[0], upper: ends[1], closed: closed))
  }

  func checkDomain(of param: Param, _ value: Known, _ domain: Known) {
    guard options.judges, let value = value.constant, let domain = domain.constant,
      let problem = environment.judge?.problem(ofParam: param.name, value, domain: domain)
    else { return }
    report(problem, at: param.defaultValue.span)
  }

  /// What is certain of a param, whose value may come from outside: it is of its default's kind, and among the values
  /// of its domain.
  func known(of param: Param, _ value: Known, _ domain: Known?) -> Known {
    if let domain {
      guard case .list(let items)? = domain.constant, let first = items.first,
        items.allSatisfy({ $0.type == first.type }), !first.type.isNumber
      else { return .anything }
      return Known(first.type.whateverItHolds)
    }
    switch value.type {
    case .bool, .string, .list, .map: return Known(value.type.whateverItHolds)
    default: return .anything
    }
  }
}

extension StaticType {
  /// What stays certain of a value whose parts may change from some depth on.
  func certain(below limit: Int, at level: Int = 0) -> StaticType {
    guard level < limit else { return whateverItHolds }
    switch self {
    case .list(let element, let items):
      return .list(
        element.certain(below: limit, at: level + 1),
        items: items?.map { $0.certain(below: limit, at: level + 1) })
    case .map(let keys):
      return .map(keys?.mapValues { $0.certain(below: limit, at: level + 1) })
    default: return self
    }
  }

  /// A type without anything inside.
  var isPlain: Bool {
    switch self {
    case .nil, .bool, .int, .float: true
    default: false
    }
  }
}

extension Constant {
  var number: Double? {
    switch self {
    case .int(let value): Double(value)
    case .float(let value): value
    default: nil
    }
  }

  public var type: StaticType {
    switch self {
    case .nil: .nil
    case .bool: .bool
    case .int: .int
    case .float: .float
    case .string: .string
    case .range: .range
    case .interval: .any
    case .list(let items):
      .list(
        items.first.map { first in items.dropFirst().reduce(first.type) { $0.joined($1.type) } }
          ?? .any)
    case .map(let entries): .map(entries.mapValues(\.type))
    }
  }

  /// Nil where a list or map is inside, which may be changed.
  var shallow: Constant? {
    func isFlat(_ value: Constant) -> Bool {
      switch value {
      case .list, .map: false
      default: true
      }
    }
    switch self {
    case .list(let items): return items.allSatisfy(isFlat) ? self : nil
    case .map(let entries): return entries.values.allSatisfy(isFlat) ? self : nil
    default: return self
    }
  }
}
