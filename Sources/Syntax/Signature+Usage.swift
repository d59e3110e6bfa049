extension Signature {
  /// The call as help and errors show it: `fit(model, set, epochs = 3, batch: 64)`.
  public var usage: String {
    name + "(" + parameters.map(\.usage).joined(separator: ", ") + ")"
  }

  /// What is wrong with a call that gives more positional arguments than there are parameters: "`f` takes at most 2
  /// arguments, but 3 are given".
  ///
  /// - Parameters:
  ///   - given: how many it gives, the receiver of a method among them.
  ///   - receivers: 1 for a method: what stands before its point is its first parameter, and nobody counts it.
  public func excess(_ given: Int, receivers: Int = 0) -> String {
    let positional = parameters.filter { !$0.namedOnly && !$0.variadic }
    let limit = positional.count - receivers
    let count = given - receivers
    let isExact = positional.allSatisfy { $0.defaultText == nil }
    let title = name.isEmpty ? "this function" : "`\(name)`"
    return title + " takes " + (limit == 0 ? "no " : isExact ? "\(limit) " : "at most \(limit) ")
      + (parameters.contains(where: \.namedOnly) ? "positional " : "")
      + "argument\(limit == 1 ? "" : "s"), but \(count) \(count == 1 ? "is" : "are") given"
  }

  /// The hint for more positional arguments than there are parameters.
  public var excessHint: String { misuse.excess ?? "`\(usage)`" }

  /// The hint for an argument that no parameter is called as.
  /// - Parameter names: those of the parameters that may be named.
  public func hint(forArgument name: String, in names: [String]) -> String {
    misuse.argument(name) ?? Suggest.hint(for: name, in: names) ?? "`\(usage)`"
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
