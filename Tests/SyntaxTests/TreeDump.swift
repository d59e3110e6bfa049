// Writes a tree as S-expressions without spans, so that tests can compare trees as text.

@testable import Syntax

enum TreeDump {
  static func program(_ program: Program) -> String {
    program.statements.map(statement).joined(separator: "\n")
  }

  static func block(_ block: Block) -> String {
    "{" + block.statements.map(statement).joined(separator: "; ") + "}"
  }

  static func statement(_ statement: Stmt) -> String {
    switch statement.kind {
    case .expression(let value): expression(value)
    case .let(let target, let value, let doc):
      "(let \(pattern(target)) \(expression(value))\(documentation(doc)))"
    case .assign(let target, let value): "(= \(expression(target)) \(expression(value)))"
    case .compoundAssign(let target, let operation, let value):
      "(\(operation.rawValue)= \(expression(target)) \(expression(value)))"
    case .function(let value): function(value)
    case .return(let value): "(return\(value.map { " " + expression($0) } ?? ""))"
    case .break: "(break)"
    case .continue: "(continue)"
    case .for(let target, let sequence, let body):
      "(for \(pattern(target)) \(expression(sequence)) \(block(body)))"
    case .while(let condition, let body): "(while \(expression(condition)) \(block(body)))"
    case .throw(let value): "(throw \(expression(value)))"
    case .assert(let condition, let message):
      "(assert \(expression(condition))\(message.map { " " + expression($0) } ?? ""))"
    case .with(let context, let name, _, let body):
      "(with \(expression(context)) \(name ?? "_") \(block(body)))"
    case .import(let value):
      "(import \(value.path) as \(value.name) \(value.parameters.map(entry)))"
    case .param(let value):
      "(param \(value.name) \(expression(value.defaultValue))"
        + "\(value.domain.map { " in " + expression($0) } ?? "")\(documentation(value.doc)))"
    case .test(let name, let body): "(test \(quoted(name)) \(block(body)))"
    case .cell(let title): "(cell \(title))"
    }
  }

  static func documentation(_ doc: String?) -> String { doc.map { " ##" + quoted($0) } ?? "" }

  static func quoted(_ text: String) -> String { String(reflecting: text) }

  static func function(_ value: Function) -> String {
    let parameters = value.parameters.map { parameter in
      let mark = parameter.namedOnly ? ":" : ""
      return parameter.name + mark + (parameter.defaultValue.map { "=" + expression($0) } ?? "")
    }
    return
      "(fn \(value.name ?? "")(\(parameters.joined(separator: " "))) \(block(value.body))"
      + "\(documentation(value.doc)))"
  }

  static func pattern(_ value: Pattern) -> String {
    switch value.kind {
    case .name(let name): name
    case .ignore: "_"
    case .list(let parts): "[" + parts.map(pattern).joined(separator: " ") + "]"
    case .map(let parts):
      "{" + parts.map { "\($0.key): \(pattern($0.pattern))" }.joined(separator: " ") + "}"
    }
  }

  static func entry(_ entry: MapEntry) -> String {
    "\(expression(entry.key)): \(expression(entry.value))"
  }

  static func parts(_ parts: [FormatPart]) -> String {
    parts.map { part in
      switch part {
      case .literal(let text): quoted(text)
      case .value(let value, let spec, let conversion, let debug):
        "<\(debug.map { quoted($0) + " " } ?? "")\(expression(value))"
          + "\(conversion == .repr ? " !r" : "")\(spec.isEmpty ? "" : " :" + self.parts(spec))>"
      }
    }.joined(separator: " ")
  }

  static func clauses(_ clauses: [ComprehensionClause]) -> String {
    clauses.map { clause in
      switch clause {
      case .for(let target, let sequence): "for \(pattern(target)) \(expression(sequence))"
      case .if(let condition): "if \(expression(condition))"
      }
    }.joined(separator: " ")
  }

  static func subscripts(_ value: Subscript) -> String {
    switch value {
    case .index(let index): expression(index)
    case .ellipsis: "..."
    case .slice(let start, let stop, let step, _):
      [start, stop, step].map { $0.map(expression) ?? "" }.joined(separator: ":")
    }
  }

  static func expression(_ value: Expr) -> String {
    switch value.kind {
    case .nil: return "nil"
    case .bool(let value): return "\(value)"
    case .int(let value): return "\(value)"
    case .float(let value): return "\(value)"
    case .string(let text): return quoted(text)
    case .format(let parts): return "(f \(self.parts(parts)))"
    case .name(let name): return name
    case .list(let elements): return "[" + elements.map(expression).joined(separator: " ") + "]"
    case .map(let entries): return "{" + entries.map(entry).joined(separator: " ") + "}"
    case .range(let lower, let upper, let closed, let step):
      return "(\(closed ? "..=" : "..") \(expression(lower)) \(expression(upper))"
        + "\(step.map { " " + expression($0) } ?? ""))"
    case .listComprehension(let element, let clauses):
      return "[\(expression(element)) \(self.clauses(clauses))]"
    case .mapComprehension(let key, let value, let clauses):
      return "{\(expression(key)): \(expression(value)) \(self.clauses(clauses))}"
    case .unary(let operation, let operand):
      return "(\(operation.rawValue) \(expression(operand)))"
    case .binary(let operation, let left, let right):
      return "(\(operation.rawValue) \(expression(left)) \(expression(right)))"
    case .comparison(let operands, let operators):
      var text = "(" + expression(operands[0])
      for (operation, operand) in zip(operators, operands.dropFirst()) {
        text += " \(operation.rawValue) \(expression(operand))"
      }
      return text + ")"
    case .and(let left, let right): return "(and \(expression(left)) \(expression(right)))"
    case .or(let left, let right): return "(or \(expression(left)) \(expression(right)))"
    case .coalesce(let left, let right): return "(?? \(expression(left)) \(expression(right)))"
    case .call(let callee, let arguments, let piped):
      let texts = arguments.map { ($0.name.map { $0 + ":" } ?? "") + expression($0.value) }
      return "(\(piped ? "|>" : "")\(([expression(callee)] + texts).joined(separator: " ")))"
    case .index(let base, let subscripts):
      return
        "(index \(expression(base)) \(subscripts.map(self.subscripts).joined(separator: ", ")))"
    case .member(let base, let name, _): return "\(expression(base)).\(name)"
    case .lambda(let value): return function(value)
    case .if(let branches, let otherwise):
      let texts = branches.map { "\(expression($0.condition)) \(block($0.body))" }
      return "(if \(texts.joined(separator: " "))\(otherwise.map { " else " + block($0) } ?? ""))"
    case .block(let body): return block(body)
    case .try(let value):
      return "(try \(block(value.body))"
        + "\(value.catchBody.map { " catch \(value.catchName ?? "_") \(block($0))" } ?? "")"
        + "\(value.finallyBody.map { " finally \(block($0))" } ?? ""))"
    case .sweep(let value):
      let axes = value.axes.map { "\($0.name) \(expression($0.values))" }
      return "(sweep \(axes.joined(separator: " "))"
        + "\(value.condition.map { " where " + expression($0) } ?? "") \(block(value.body)))"
    }
  }
}

/// The tree of a text, or its rendered errors.
func parsed(_ text: String) -> String {
  let source = Source(name: "t.fl", text: text)
  do {
    return TreeDump.program(try Parsing.parse(source))
  } catch {
    return Rendering.render(error.all)
  }
}
