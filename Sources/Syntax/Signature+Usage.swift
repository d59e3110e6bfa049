extension Signature {
  /// The call as help and errors show it: `fit(model, set, epochs = 3, batch: 64)`.
  public var usage: String {
    name + "(" + parameters.map(\.usage).joined(separator: ", ") + ")"
  }

  /// The signature of a function that is written in Fairlead, from its parameters and its `##` comment. Lines of the
  /// comment such as `rate: Step size.` describe a parameter, `returns: …` the result; the others are the summary.
  public init(of function: Function, named name: String, in source: Source) {
    var summary: [String] = []
    var texts: [String: String] = [:]
    var returns = ""
    let names = Set(function.parameters.map(\.name))
    for line in (function.doc ?? "").split(separator: "\n", omittingEmptySubsequences: false) {
      let parts = line.split(separator: ":", maxSplits: 1)
      let key = parts.first.map { $0.filter { $0 != " " && $0 != "`" && $0 != "-" } } ?? ""
      if parts.count == 2, names.contains(key) {
        texts[key] = String(parts[1].drop { $0 == " " })
      } else if parts.count == 2, key == "returns" {
        returns = String(parts[1].drop { $0 == " " })
      } else {
        summary.append(String(line))
      }
    }
    while summary.last == "" { summary.removeLast() }
    self.init(
      name: name, summary: summary.joined(separator: "\n"),
      parameters: function.parameters.map { parameter in
        Signature.Parameter(
          parameter.name, summary: texts[parameter.name] ?? "",
          defaultText: parameter.defaultValue.map { source.text($0.span) },
          namedOnly: parameter.namedOnly)
      }, returns: returns)
  }
}

extension Signature.Parameter {
  /// The parameter as a declaration writes it: `epochs = 3`, `batch: 64`, `batch:`, `values…`.
  public var usage: String {
    if variadic { return name + "…" }
    if namedOnly { return name + ":" + (defaultText.map { " " + $0 } ?? "") }
    return name + (defaultText.map { " = " + $0 } ?? "")
  }
}

extension Source {
  /// The text of a span.
  public func text(_ span: Span) -> String {
    let start = max(0, min(Int(span.start), bytes.count))
    let end = max(start, min(Int(span.end), bytes.count))
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }
}
