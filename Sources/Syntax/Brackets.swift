// Pairs the brackets of a token stream before the parser starts, so that one missing bracket gives one error at the
// right place, and so that the parser can look past a pair of brackets in one step.

struct Brackets {
  /// For an opening bracket the index of the token that closes it, for a closing one that of its partner, else -1.
  var partner: [Int]
  /// Opening brackets that the text never closes, outermost first.
  var unclosed: [Int] = []
  var diagnostics: [Diagnostic] = []

  init(_ stream: TokenStream, _ source: Source) {
    partner = Array(repeating: -1, count: stream.tokens.count)
    var open: [Int] = []
    var suspicion: (open: Int, close: Int)?
    for (index, token) in stream.tokens.enumerated() {
      if token.kind == .fieldStart || token.kind == .fieldEnd {
        // The lexer has balanced fields; a bracket does not reach across their ends.
        if token.kind == .fieldStart {
          open.append(index)
        } else {
          while let last = open.popLast() {
            if stream.tokens[last].kind == .fieldStart { break }
            unclosed.append(last)
          }
        }
        continue
      }
      guard case .symbol(let symbol) = token.kind else { continue }
      if symbol.closing != nil {
        open.append(index)
      } else if symbol.isClosing {
        guard let last = open.last, case .symbol(let opener) = stream.tokens[last].kind else {
          diagnostics.append(
            Diagnostic(
              .syntax, "`\(symbol.rawValue)` closes nothing",
              labels: [.init(source, token.span)],
              hint: "delete it, or add the `\(Self.opening(symbol))` that it belongs to"))
          return
        }
        if opener.closing == symbol {
          open.removeLast()
          partner[last] = index
          partner[index] = last
          if suspicion == nil, symbol == .rightBrace,
            Self.disagree(stream.tokens[last], token, source)
          {
            suspicion = (last, index)
          }
        } else {
          diagnostics.append(
            Diagnostic(
              .syntax,
              "`\(opener.rawValue)` is closed by `\(symbol.rawValue)`",
              labels: [
                .init(source, token.span, "expected `\(opener.closing?.rawValue ?? "")`"),
                .init(source, stream.tokens[last].span, "opened here"),
              ]))
          return
        }
      }
    }
    unclosed += open.filter { stream.tokens[$0].kind != .fieldStart }
    guard diagnostics.isEmpty, let last = unclosed.last else { return }
    report(last, suspicion, stream, source)
  }

  private mutating func report(
    _ last: Int, _ suspicion: (open: Int, close: Int)?, _ stream: TokenStream, _ source: Source
  ) {
    // A `}` in another column than the line of its `{` shows where the missing one belongs.
    var culprit = last
    var labels: [Diagnostic.Label] = []
    if let suspicion, stream.tokens[last].kind == .symbol(.leftBrace) {
      culprit = suspicion.open
      labels = [
        .init(
          source, stream.tokens[suspicion.close].span,
          "this one closes it, but is indented otherwise")
      ]
    }
    guard case .symbol(let symbol) = stream.tokens[culprit].kind else { return }
    diagnostics.append(
      Diagnostic(
        .syntax, "this `\(symbol.rawValue)` is not closed",
        labels: [.init(source, stream.tokens[culprit].span)] + labels,
        hint: "add `\(symbol.closing?.rawValue ?? "")`"))
  }

  private static func opening(_ symbol: Symbol) -> String {
    switch symbol {
    case .rightParen: "("
    case .rightBracket: "["
    default: "{"
    }
  }

  /// A `}` that starts its line stands in the column where the line of its `{` starts.
  private static func disagree(_ open: Token, _ close: Token, _ source: Source) -> Bool {
    guard close.newlineBefore else { return false }
    return indentation(Int(open.span.start), source) != indentation(Int(close.span.start), source)
  }

  private static func indentation(_ offset: Int, _ source: Source) -> Int {
    let start = source.lineStarts[source.position(of: offset).line - 1]
    var index = start
    while index < source.bytes.count,
      source.bytes[index] == UInt8(ascii: " ") || source.bytes[index] == UInt8(ascii: "\t")
    {
      index += 1
    }
    return index - start
  }
}
