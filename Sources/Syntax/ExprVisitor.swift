// A walk over all statements and expressions of a tree that recurses no deeper than brackets and blocks nest.

package protocol ExprVisitor {
  /// Called for each statement before its parts.
  mutating func enter(_ statement: Stmt)
  /// Called for each expression after its chain operand and before its other parts.
  mutating func enter(_ expression: Expr)
  /// Called for an expression with the operands it grows on, the outermost first, before any of them is entered.
  mutating func enter(chain: [Expr])
}

extension ExprVisitor {
  package mutating func enter(_ statement: Stmt) {}
  package mutating func enter(_ expression: Expr) {}
  package mutating func enter(chain: [Expr]) {}

  package mutating func block(_ block: Block?) {
    for statement in block?.statements ?? [] { self.statement(statement) }
  }

  package mutating func statement(_ statement: Stmt) {
    enter(statement)
    switch statement.kind {
    case .expression(let value), .let(_, let value, _), .throw(let value): expression(value)
    case .assign(let target, let value), .compoundAssign(let target, _, let value):
      expression(target)
      expression(value)
    case .function(let function): self.function(function)
    case .return(let value): expression(value)
    case .break, .continue, .cell: break
    case .for(_, let value, let body), .while(let value, let body),
      .with(let value, _, _, let body):
      expression(value)
      block(body)
    case .assert(let condition, let message):
      expression(condition)
      expression(message)
    case .import(let value): entries(value.parameters)
    case .param(let param):
      expression(param.defaultValue)
      expression(param.domain)
    case .test(_, let body): block(body)
    }
  }

  package mutating func function(_ function: Function) {
    for parameter in function.parameters { expression(parameter.defaultValue) }
    block(function.body)
  }

  package mutating func entries(_ entries: [MapEntry]) {
    for entry in entries {
      expression(entry.key)
      expression(entry.value)
    }
  }

  package mutating func expression(_ value: Expr?) {
    guard let value else { return }
    var chain: [Expr] = [value]
    while let operand = chain[chain.count - 1].chainOperand { chain.append(operand) }
    enter(chain: chain)
    for node in chain.reversed() {
      enter(node)
      parts(node)
    }
  }

  /// The parts of an expression other than its chain operand.
  private mutating func parts(_ value: Expr) {
    switch value.kind {
    case .nil, .bool, .int, .float, .string, .name, .member: break
    case .format(let pieces): format(pieces)
    case .list(let elements): for element in elements { expression(element) }
    case .map(let entries): self.entries(entries)
    case .range(let lower, let upper, _, let step):
      expression(lower)
      expression(upper)
      expression(step)
    case .listComprehension(let element, let clauses):
      self.clauses(clauses)
      expression(element)
    case .mapComprehension(let key, let element, let clauses):
      self.clauses(clauses)
      expression(key)
      expression(element)
    case .unary(_, let operand): expression(operand)
    case .binary(_, _, let right), .and(_, let right), .or(_, let right), .coalesce(_, let right):
      expression(right)
    case .comparison(let operands, _): for operand in operands { expression(operand) }
    case .call(let callee, let arguments, let piped):
      if piped { expression(callee) }
      for argument in arguments.dropFirst(piped ? 1 : 0) { expression(argument.value) }
    case .index(_, let subscripts): for item in subscripts { self.item(item) }
    case .lambda(let function): self.function(function)
    case .if, .block, .try, .sweep: blocks(value)
    }
  }

  private mutating func blocks(_ value: Expr) {
    switch value.kind {
    case .if(let branches, let otherwise):
      for branch in branches {
        expression(branch.condition)
        block(branch.body)
      }
      block(otherwise)
    case .block(let body): block(body)
    case .try(let value):
      block(value.body)
      block(value.catchBody)
      block(value.finallyBody)
    case .sweep(let value):
      for axis in value.axes { expression(axis.values) }
      expression(value.condition)
      block(value.body)
    default: break
    }
  }

  private mutating func format(_ pieces: [FormatPart]) {
    for case .value(let value, let spec, _, _) in pieces {
      expression(value)
      format(spec)
    }
  }

  private mutating func clauses(_ clauses: [ComprehensionClause]) {
    for clause in clauses {
      switch clause {
      case .for(_, let sequence): expression(sequence)
      case .if(let condition): expression(condition)
      }
    }
  }

  private mutating func item(_ item: Subscript) {
    switch item {
    case .index(let index): expression(index)
    case .slice(let start, let stop, let step, _):
      expression(start)
      expression(stop)
      expression(step)
    case .ellipsis: break
    }
  }
}
