import Foundations

extension Layer {
  /// Freezes everything but what `kept` name: a parameter's path ("head.bias"), the path of a layer, whose parameters
  /// are all meant, or a pattern in which `*` stands for any text ("*.bias").
  ///
  /// - Throws: a key error for a name that nothing has; nothing is changed then.
  public func freeze(except kept: [String]) throws {
    let named = namedParameters
    var isKept = Array(repeating: false, count: named.count)
    for name in kept {
      let matches = named.indices.filter {
        Self.matches(named[$0].name, name) || named[$0].name.hasPrefix(name + ".")
      }
      guard !matches.isEmpty else {
        throw DomainError(
          .key, "no parameter is called `\(name)`",
          hint: named.isEmpty
            ? nil
            : "there are " + named.prefix(4).map { "`\($0.name)`" }.joined(separator: ", ")
              + (named.count > 4 ? " and \(named.count - 4) more" : ""))
      }
      for place in matches { isKept[place] = true }
    }
    for (place, entry) in named.enumerated() { entry.parameter.requiresGradient = isKept[place] }
  }

  /// Whether a name is one that `pattern` describes, by its parts between the stars in order.
  static func matches(_ name: String, _ pattern: String) -> Bool {
    let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
    guard parts.count > 1, let first = parts.first, let last = parts.last else {
      return name.isSpelt(pattern)
    }
    var rest = Substring(name)
    guard rest.hasPrefix(first) else { return false }
    rest = rest.dropFirst(first.count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let place = rest.firstRange(of: part) else { return false }
      rest = rest[place.upperBound...]
    }
    return rest.hasSuffix(last)
  }
}
