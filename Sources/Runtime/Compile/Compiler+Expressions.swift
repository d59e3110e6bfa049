import Syntax

extension Compiler {
  /// Compiles `value` into any register: a local variable's own, or a new intermediate one.
  func operand(_ value: Expr) throws(Fault) -> Int {
    if case .name(let name) = value.kind, case .local(let register) = try resolve(name, value.span)
    {
      return register
    }
    let register = try push(value.span)
    try expression(value, to: register)
    return register
  }

  /// As `operand`, safe against what `later` may do to a variable while it is evaluated.
  func operand(_ value: Expr, before later: Expr) throws(Fault) -> Int {
    if case .name(let name) = value.kind, mayChange(name, later) {
      let register = try push(value.span)
      try expression(value, to: register)
      return register
    }
    return try operand(value)
  }

  /// Whether evaluating `value` may assign to the local variable `name`.
  private func mayChange(_ name: String, _ value: Expr) -> Bool {
    switch value.kind {
    case .nil, .bool, .int, .float, .string, .name, .lambda: return false
    case .unary(_, let value): return mayChange(name, value)
    case .binary(_, let left, let right): return mayChange(name, left) || mayChange(name, right)
    case .member(let value, _, _): return mayChange(name, value)
    case .index(let value, let subscripts):
      return mayChange(name, value)
        || subscripts.contains {
          if case .index(let index) = $0 { return mayChange(name, index) }
          return true
        }
    case .call(let callee, let arguments, _):
      return assignedInside.contains(name) || mayChange(name, callee)
        || arguments.contains { mayChange(name, $0.value) }
    default: return true
    }
  }

  /// Whether compiling `value` into a variable's register writes there only at the end.
  func writesOnce(_ value: Expr) -> Bool {
    switch value.kind {
    case .nil, .bool, .int, .float, .string, .name, .unary, .binary, .call, .index, .member,
      .lambda:
      return true
    default: return false
    }
  }

  /// Compiles `value` into `register`, which nothing else uses before the value is there.
  func expression(_ value: Expr, to register: Int) throws(Fault) {
    let saved = state.free
    defer { state.free = saved }
    let span = value.span
    switch value.kind {
    case .nil: state.emit(.loadNil, register, at: span)
    case .bool(let bool): state.emit(bool ? .loadTrue : .loadFalse, register, at: span)
    case .int(let int):
      if Int16(exactly: int) != nil {
        state.emitWide(.loadInt, register, int, at: span)
      } else {
        try load(state.constant(int), to: register, span)
      }
    case .float(let float): try load(state.constant(float), to: register, span)
    case .string(let text): try load(state.constant(text), to: register, span)
    case .name(let name): try self.name(name, to: register, span)
    case .format(let parts): try format(parts, to: register, span)
    case .list(let items): try list(items, to: register, span)
    case .map(let entries): try map(entries, to: register, span)
    case .range(let lower, let upper, let closed, let step):
      let base = try push(span, count: step == nil ? 2 : 3)
      try expression(lower, to: base)
      try expression(upper, to: base + 1)
      if let step { try expression(step, to: base + 2) }
      state.emit(.makeRange, register, base, (closed ? 1 : 0) | (step == nil ? 0 : 2), at: span)
    case .listComprehension(let item, let clauses):
      try listComprehension(item, clauses, to: register, span)
    case .mapComprehension(let key, let item, let clauses):
      try mapComprehension(key, item, clauses, to: register, span)
    case .unary(let op, let operand): try unary(op, operand, value, to: register)
    case .binary: try binary(value, to: register)
    case .comparison(let operands, let operators):
      try comparison(operands, operators, to: register, span)
    case .and(let left, let right): try logical(left, right, isAnd: true, to: register, span)
    case .or(let left, let right): try logical(left, right, isAnd: false, to: register, span)
    case .coalesce(let left, let right):
      try expression(left, to: register)
      let given = state.emitJump(.jumpIfNotNil, register, at: span)
      try expression(right, to: register)
      state.patch(given)
    case .call(let callee, let arguments, _): try call(callee, arguments, to: register, span)
    case .index(let object, let subscripts): try index(object, subscripts, to: register, span)
    case .member(let object, let name, let nameSpan):
      if let member = nativeMember(value) {
        try load(state.constant(member), to: register, span)
      } else {
        let object = try operand(object)
        state.emit(.getMember, register, object, 0, at: nameSpan)
        state.emitWord(state.constant(name))
      }
    case .lambda(let function): try closure(function, name: nil, to: register)
    case .if(let branches, let otherwise): try conditional(branches, otherwise, to: register, span)
    case .block(let block): try self.block(block, to: register)
    case .try(let item): try tryExpression(item, to: register, span)
    case .sweep(let item): try sweep(item, to: register, span)
    }
  }

  func load(_ constant: Int, to register: Int, _ span: Span) throws(Fault) {
    guard constant <= 0xFFFF else {
      throw fail(.limit, "this function has more than 65,535 constants", span)
    }
    state.emitWide(.loadConstant, register, constant, at: span)
  }

  func name(_ name: String, to register: Int, _ span: Span) throws(Fault) {
    switch try resolve(name, span) {
    case .local(let source): if source != register { state.emit(.move, register, source, at: span) }
    case .captured(let index): state.emit(.getCell, register, index, at: span)
    case .global(let slot): state.emitWide(.getGlobal, register, slot, at: span)
    case .native(let value): try load(state.constant(value), to: register, span)
    }
  }

  // MARK: Operators

  /// The number that an expression of literals stands for, where computing it now cannot fail.
  private func folded(_ value: Expr) -> Value? {
    switch value.kind {
    case .int(let int): return .int(int)
    case .float(let float): return .float(float)
    case .unary(.negate, let operand):
      switch folded(operand) {
      case .int(let int)?: return int == .min ? nil : .int(-int)
      case .float(let float)?: return .float(-float)
      default: return nil
      }
    case .binary(let op, let left, let right):
      guard op != .matmul, let left = folded(left), let right = folded(right) else { return nil }
      return Arithmetic.fold(op, left, right)
    default: return nil
    }
  }

  private func constant(_ value: Value) -> Int { state.constant(value) }

  /// The index of a numeric literal among the first 256 constants; nil where the expression is none.
  private func constantOperand(_ value: Expr) -> Int? {
    guard let number = folded(value) else { return nil }
    let index = state.constant(number)
    return index <= 0xFF ? index : nil
  }

  private func loadFolded(_ number: Value, to register: Int, _ span: Span) throws(Fault) {
    if case .int(let int) = number, Int16(exactly: int) != nil {
      state.emitWide(.loadInt, register, int, at: span)
    } else {
      try load(state.constant(number), to: register, span)
    }
  }

  private func unary(_ op: UnaryOperator, _ operand: Expr, _ whole: Expr, to register: Int)
    throws(Fault)
  {
    if let number = folded(whole) { return try loadFolded(number, to: register, whole.span) }
    let source = try self.operand(operand)
    state.emit(op == .negate ? .negate : .not, register, source, at: whole.span)
  }

  /// A chain such as `a + b * c - d` grows on its left operands: they are followed in a loop, and all results but the
  /// last go through one register.
  private func binary(_ whole: Expr, to register: Int) throws(Fault) {
    try checkDepth(whole.span)
    var links: [(op: BinaryOperator, right: Expr, span: Span)] = []
    var first = whole
    while case .binary(let op, let left, let right) = first.kind {
      links.append((op, right, first.span))
      first = left
    }
    links.reverse()
    // What consists of literals is computed now.
    var number = folded(first)
    var next = 0
    while next < links.count, let left = number, links[next].op != .matmul,
      let right = folded(links[next].right),
      let value = Arithmetic.fold(links[next].op, left, right)
    {
      number = value
      next += 1
    }
    if let number, next == links.count {
      return try loadFolded(number, to: register, whole.span)
    }
    let results = links.count - next > 1 ? try push(whole.span) : register
    var left: Int?
    for (index, link) in links.enumerated().dropFirst(next) {
      let saved = state.free
      let target = index == links.count - 1 ? register : results
      if let withInt = Compiler.intRight[link.op], case .int(let int)? = folded(link.right),
        let small = Int8(exactly: int)
      {
        let source: Int
        if let left { source = left } else { source = try self.first(first, number) }
        state.emit(withInt, target, source, Int(small), at: link.span)
      } else if let withConstant = Compiler.constantRight[link.op],
        let constant = constantOperand(link.right)
      {
        let source: Int
        if let left { source = left } else { source = try self.first(first, number) }
        state.emit(withConstant, target, source, constant, at: link.span)
      } else if left == nil, let number, let withConstant = Compiler.constantLeft[link.op],
        case let constant = state.constant(number), constant <= 0xFF
      {
        state.emit(withConstant, target, constant, try operand(link.right), at: link.span)
      } else {
        let source: Int
        if let left {
          source = left
        } else {
          source = try self.first(first, number, before: link.right)
        }
        state.emit(Compiler.opcode(link.op), target, source, try operand(link.right), at: link.span)
      }
      left = target
      state.free = saved
    }
  }

  /// The first operand of a chain in a register: a variable's own, or a new one. `number` is what it and the literals
  /// after it come to, where that is known.
  private func first(_ value: Expr, _ number: Value?, before later: Expr? = nil) throws(Fault)
    -> Int
  {
    guard let number else {
      if let later { return try operand(value, before: later) }
      return try operand(value)
    }
    let register = try push(value.span)
    try loadFolded(number, to: register, value.span)
    return register
  }

  private static let constantRight: [BinaryOperator: Op] = [
    .add: .addK, .subtract: .subtractK, .multiply: .multiplyK, .divide: .divideK,
    .floorDivide: .floorDivideK, .modulo: .moduloK, .power: .powerK,
  ]
  private static let intRight: [BinaryOperator: Op] = [.add: .addInt, .subtract: .subtractInt]
  private static let constantLeft: [BinaryOperator: Op] = [
    .add: .addLeft, .subtract: .subtractLeft, .multiply: .multiplyLeft, .divide: .divideLeft,
  ]

  static func opcode(_ op: BinaryOperator) -> Op {
    switch op {
    case .add: .add
    case .subtract: .subtract
    case .multiply: .multiply
    case .divide: .divide
    case .floorDivide: .floorDivide
    case .modulo: .modulo
    case .matmul: .matmul
    case .power: .power
    case .both: .both
    case .either: .either
    }
  }

  private func logical(_ left: Expr, _ right: Expr, isAnd: Bool, to register: Int, _ span: Span)
    throws(Fault)
  {
    try expression(left, to: register)
    let asking = isAnd ? VM.Asking.and : VM.Asking.or
    let done = state.emitJump(.jumpIf, register, isAnd ? 0 : 1, asking, at: left.span)
    try expression(right, to: register)
    state.patch(done)
    // Either operand may be a native bool, which becomes a plain one here.
    state.emit(.requireBool, register, 0, asking, at: right.span)
  }

  private func comparison(
    _ operands: [Expr], _ operators: [ComparisonOperator], to register: Int, _ span: Span
  ) throws(Fault) {
    guard operators.count == 1 else {
      let isFalse = try chain(operands, operators, jumpIf: false, span)
      state.emit(.loadTrue, register, at: span)
      let done = state.emitJump(.jump, at: span)
      state.patch(isFalse)
      state.emit(.loadFalse, register, at: span)
      state.patch(done)
      return
    }
    let first = try operand(operands[0], before: operands[1])
    let second = try operand(operands[1])
    emitComparison(operators[0], first, second, to: register, span)
  }

  private func emitComparison(
    _ op: ComparisonOperator, _ first: Int, _ second: Int, to register: Int, _ span: Span
  ) {
    switch op {
    case .equal: state.emit(.equal, register, first, second, at: span)
    case .notEqual: state.emit(.notEqual, register, first, second, at: span)
    case .less: state.emit(.less, register, first, second, at: span)
    case .lessEqual: state.emit(.lessEqual, register, first, second, at: span)
    case .greater: state.emit(.less, register, second, first, at: span)
    case .greaterEqual: state.emit(.lessEqual, register, second, first, at: span)
    case .in: state.emit(.isIn, register, first, second, at: span)
    case .notIn: state.emit(.isNotIn, register, first, second, at: span)
    }
  }

  // MARK: Conditions

  /// Jumps when a condition is `flag`; gives the jumps to patch.
  func condition(_ value: Expr, jumpIf flag: Bool) throws(Fault) -> [Int] {
    let saved = state.free
    defer { state.free = saved }
    switch value.kind {
    case .unary(.not, let operand): return try condition(operand, jumpIf: !flag)
    case .and(let left, let right), .or(let left, let right):
      try checkDepth(value.span)
      var isAnd = false
      if case .and = value.kind { isAnd = true }
      // `and` is decided by a false operand, `or` by a true one.
      if isAnd != flag {
        return try condition(left, jumpIf: flag) + condition(right, jumpIf: flag)
      }
      let decided = try condition(left, jumpIf: !flag)
      let jumps = try condition(right, jumpIf: flag)
      state.patch(decided)
      return jumps
    case .comparison(let operands, let operators):
      return try chain(operands, operators, jumpIf: flag, value.span)
    case .bool(let bool):
      return bool == flag ? [state.emitJump(.jump, at: value.span)] : []
    default:
      let register = try operand(value)
      return [state.emitJump(.jumpIf, register, flag ? 1 : 0, at: value.span)]
    }
  }

  private func chain(
    _ operands: [Expr], _ operators: [ComparisonOperator], jumpIf flag: Bool, _ span: Span
  ) throws(Fault) -> [Int] {
    if operators.count == 1 {
      return [try comparisonJump(operands[0], operators[0], operands[1], jumpIf: flag, span)]
    }
    var isFalse: [Int] = []
    var jumps: [Int] = []
    // Each operand is compared with the one before it: two registers, in turn, hold them.
    var left = try push(operands[0].span)
    var right = try push(operands[0].span)
    try expression(operands[0], to: left)
    for (index, op) in operators.enumerated() {
      try expression(operands[index + 1], to: right)
      let isLast = index == operators.count - 1
      let saved = state.free
      let jump = try registerJump(left, op, right, jumpIf: isLast ? flag : false, span)
      state.free = saved
      if isLast && flag { jumps.append(jump) } else { isFalse.append(jump) }
      swap(&left, &right)
    }
    if flag {
      state.patch(isFalse)
      return jumps
    }
    return isFalse
  }

  private func comparisonJump(
    _ first: Expr, _ op: ComparisonOperator, _ second: Expr, jumpIf flag: Bool, _ span: Span
  ) throws(Fault) -> Int {
    if case .int(let number)? = folded(second), let small = Int8(exactly: number),
      let (opcode, inverted) = Compiler.smallComparison[op]
    {
      let register = try operand(first)
      return state.emitJump(opcode, register, Int(small), flag != inverted ? 1 : 0, at: span)
    }
    let left = try operand(first, before: second)
    let right = try operand(second)
    return try registerJump(left, op, right, jumpIf: flag, span)
  }

  private static let smallComparison: [ComparisonOperator: (Op, Bool)] = [
    .equal: (.jumpEqualInt, false), .notEqual: (.jumpEqualInt, true), .less: (.jumpLessInt, false),
    .lessEqual: (.jumpLessEqualInt, false), .greater: (.jumpGreaterInt, false),
    .greaterEqual: (.jumpGreaterEqualInt, false),
  ]

  private func registerJump(
    _ left: Int, _ op: ComparisonOperator, _ right: Int, jumpIf flag: Bool, _ span: Span
  ) throws(Fault) -> Int {
    let bit = flag ? 1 : 0
    switch op {
    case .equal: return state.emitJump(.jumpEqual, left, right, bit, at: span)
    case .notEqual: return state.emitJump(.jumpEqual, left, right, 1 - bit, at: span)
    case .less: return state.emitJump(.jumpLess, left, right, bit, at: span)
    case .lessEqual: return state.emitJump(.jumpLessEqual, left, right, bit, at: span)
    case .greater: return state.emitJump(.jumpLess, right, left, bit, at: span)
    case .greaterEqual: return state.emitJump(.jumpLessEqual, right, left, bit, at: span)
    case .in, .notIn:
      let register = try push(span)
      state.emit(op == .in ? .isIn : .isNotIn, register, left, right, at: span)
      return state.emitJump(.jumpIf, register, bit, at: span)
    }
  }

  private func conditional(
    _ branches: [Branch], _ otherwise: Block?, to register: Int, _ span: Span
  ) throws(Fault) {
    try checkDepth(span)
    var done: [Int] = []
    for branch in branches {
      let skip = try condition(branch.condition, jumpIf: false)
      try block(branch.body, to: register)
      done.append(state.emitJump(.jump, at: branch.body.span))
      state.patch(skip)
    }
    if let otherwise {
      try block(otherwise, to: register)
    } else {
      state.emit(.loadNil, register, at: span)
    }
    state.patch(done)
  }

  // MARK: Literals

  /// How many values are gathered in registers before they are put into a list or map.
  private static let batch = 32

  private func list(_ items: [Expr], to register: Int, _ span: Span) throws(Fault) {
    try checkDepth(span)
    // The list is built beside `register` where it takes several steps, because a later item may still need what is
    // there.
    let isLong = items.count > Compiler.batch
    let target = isLong ? try push(span) : register
    let base = state.free
    var start = 0
    var isNew = true
    repeat {
      let end = min(items.count, start + Compiler.batch)
      for item in items[start..<end] { try expression(item, to: try push(item.span)) }
      state.emit(isNew ? .newList : .appendList, target, base, end - start, at: span)
      isNew = false
      state.free = base
      start = end
    } while start < items.count
    if isLong { state.emit(.move, register, target, at: span) }
  }

  private func map(_ entries: [MapEntry], to register: Int, _ span: Span) throws(Fault) {
    try checkDepth(span)
    let target = try push(span)
    state.emit(.newMap, target, min(entries.count, 0xFF), at: span)
    let base = state.free
    var start = 0
    while start < entries.count {
      let end = min(entries.count, start + Compiler.batch / 2)
      for entry in entries[start..<end] {
        try expression(entry.key, to: try push(entry.key.span))
        try expression(entry.value, to: try push(entry.value.span))
      }
      state.emit(.putMap, target, base, end - start, at: span)
      state.free = base
      start = end
    }
    state.emit(.move, register, target, at: span)
  }

  private func format(_ parts: [FormatPart], to register: Int, _ span: Span) throws(Fault) {
    try checkDepth(span)
    if parts.isEmpty { return try load(state.constant(""), to: register, span) }
    let base = state.free
    for part in parts {
      if state.free - base >= Compiler.batch {
        state.emit(.join, base, base, state.free - base, at: span)
        state.free = base + 1
      }
      switch part {
      case .literal(let text): try load(state.constant(text), to: try push(span), span)
      case .value(let value, let specification, let conversion, let debug):
        if let debug { try load(state.constant(debug), to: try push(span), span) }
        let place = try push(value.span)
        try expression(value, to: place)
        if conversion == .repr || (debug != nil && specification.isEmpty) {
          state.emit(.represent, place, place, at: value.span)
        }
        if !specification.isEmpty {
          let text = try push(value.span)
          try format(specification, to: text, value.span)
          state.emit(.format, place, place, text, at: value.span)
          state.free = text
        }
      }
    }
    state.emit(.join, register, base, state.free - base, at: span)
  }

  // MARK: Comprehensions

  private func listComprehension(
    _ item: Expr, _ clauses: [ComprehensionClause], to register: Int, _ span: Span
  ) throws(Fault) {
    let target = try push(span)
    state.emit(.newList, target, target, 0, at: span)
    try comprehension(clauses[...], span) { () throws(Fault) in
      let value = try push(item.span)
      try expression(item, to: value)
      state.emit(.appendList, target, value, 1, at: item.span)
    }
    state.emit(.move, register, target, at: span)
  }

  private func mapComprehension(
    _ key: Expr, _ item: Expr, _ clauses: [ComprehensionClause], to register: Int, _ span: Span
  ) throws(Fault) {
    let target = try push(span)
    state.emit(.newMap, target, 0, at: span)
    try comprehension(clauses[...], span) { () throws(Fault) in
      let place = try push(span, count: 2)
      try expression(key, to: place)
      try expression(item, to: place + 1)
      state.emit(.putMap, target, place, 1, at: span)
    }
    state.emit(.move, register, target, at: span)
  }

  private func comprehension(
    _ clauses: ArraySlice<ComprehensionClause>, _ span: Span, _ body: () throws(Fault) -> Void
  ) throws(Fault) {
    try checkDepth(span)
    let saved = state.free
    switch clauses.first {
    case nil: try body()
    case .if(let condition)?:
      let skip = try self.condition(condition, jumpIf: false)
      try comprehension(clauses.dropFirst(), span, body)
      state.patch(skip)
    case .for(let pattern, let sequence)?:
      try loop(pattern, sequence, span) { () throws(Fault) in
        try comprehension(clauses.dropFirst(), span, body)
      }
    }
    state.free = saved
  }

  // MARK: Subscripts

  private func index(_ object: Expr, _ subscripts: [Subscript], to register: Int, _ span: Span)
    throws(Fault)
  {
    if subscripts.count == 1, case .index(let index) = subscripts[0] {
      if case .int(let number)? = folded(index), let small = Int8(exactly: number) {
        let source = try operand(object)
        state.emit(.getIndexInt, register, source, Int(small), at: span)
      } else {
        let source = try operand(object, before: index)
        let place = try operand(index)
        state.emit(.getIndex, register, source, place, at: span)
      }
      return
    }
    let base = try push(span)
    try expression(object, to: base)
    let pattern = try subscriptValues(subscripts)
    state.emit(.getSubscripts, register, base, 0, at: span)
    state.emitWord(pattern)
  }

  /// Evaluates the parts of a subscript into new registers; gives the index of the pattern.
  func subscriptValues(_ subscripts: [Subscript]) throws(Fault) -> Int {
    var pattern: [SubscriptPattern] = []
    for item in subscripts {
      switch item {
      case .index(let value):
        try expression(value, to: try push(value.span))
        pattern.append(.index)
      case .slice(let start, let stop, let step, _):
        for part in [start, stop, step] {
          if let part { try expression(part, to: try push(part.span)) }
        }
        pattern.append(.slice(start: start != nil, stop: stop != nil, step: step != nil))
      case .ellipsis: pattern.append(.ellipsis)
      }
    }
    state.subscripts.append(pattern)
    return state.subscripts.count - 1
  }
}
