import Runtime
import Syntax
import Tables

/// Values that are written outside of scripts, as in `-p rates=[0.1, 0.2]`.
enum LiteralReader {
  /// The value that `text` writes as a literal of the language (numbers, strings, lists, maps, `inf`, `true`, `nil`);
  /// any other text is a string as it stands.
  static func value(_ text: String) -> Cell {
    let source = Source(name: "-p", text: text)
    guard let program = try? Parsing.parse(source), program.statements.count == 1,
      case .expression(let expression) = program.statements[0].kind,
      let cell = cell(expression)
    else { return .string(text) }
    return cell
  }

  private static func cell(_ expression: Expr) -> Cell? {
    switch expression.kind {
    case .nil: return .null
    case .bool(let value): return .bool(value)
    case .int(let value): return .int(value)
    case .float(let value): return .float(value)
    case .string(let value): return .string(value)
    case .name("inf"): return .float(.infinity)
    case .name("nan"): return .float(.nan)
    case .unary(.negate, let operand):
      switch cell(operand) {
      case .int(let value): return value == .min ? nil : .int(-value)
      case .float(let value): return .float(-value)
      default: return nil
      }
    case .list(let items):
      let cells = items.compactMap(cell)
      return cells.count == items.count ? .list(cells) : nil
    case .map(let entries):
      let cells = entries.compactMap { entry -> Cell.Entry? in
        guard let key = cell(entry.key), let value = cell(entry.value) else { return nil }
        return Cell.Entry(key: key, value: value)
      }
      return cells.count == entries.count ? .map(cells) : nil
    default: return nil
    }
  }
}
