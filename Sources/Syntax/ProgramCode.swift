extension Program {
  /// The code of the program without comments and layout: what can have run when the top-level statement at `place`
  /// does, that is all up to its end, and the functions that are declared further on; everything where `place` is nil.
  public func code(until place: Span?) -> String {
    let end = place.flatMap { place in
      statements.last { $0.span.start <= place.start }?.span.end
    }
    var spans = statements.filter { statement in
      guard let end else { return true }
      if case .function = statement.kind { return true }
      return statement.span.end <= end
    }.map(\.span)[...]
    var text = ""
    for token in Lexer.tokenize(source).tokens {
      while let first = spans.first, first.end <= token.span.start { spans.removeFirst() }
      guard let statement = spans.first, statement.start <= token.span.start else { continue }
      text += token.newlineBefore ? "\n" : " "
      text += String(
        decoding: source.bytes[Int(token.span.start)..<Int(token.span.end)], as: UTF8.self)
    }
    return text
  }
}
