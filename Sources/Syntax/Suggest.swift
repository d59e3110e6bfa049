/// "Did you mean": the nearest of the names that could have been meant.
public enum Suggest {
  /// The candidate nearest to `name`, or nil where none is near enough: one that differs in case or underscores only,
  /// else the one with the smallest edit distance, if that is at most a third of the name's length (and at least one is
  /// allowed).
  public static func nearest(to name: String, in candidates: some Sequence<String>) -> String? {
    // A name of megabytes is near to nothing.
    guard name.utf8.count <= 400 else { return nil }
    let wanted = Array(name.unicodeScalars)
    guard !wanted.isEmpty, wanted.count <= 100 else { return nil }
    let folded = fold(name)
    let limit = max(1, wanted.count / 3)
    var best: (name: String, distance: Int)?
    for candidate in candidates where candidate != name {
      if fold(candidate) == folded {
        if best == nil || best?.distance != 0 || candidate < (best?.name ?? "") {
          best = (candidate, 0)
        }
        continue
      }
      let scalars = Array(candidate.unicodeScalars)
      guard abs(scalars.count - wanted.count) <= limit else { continue }
      let distance = editDistance(wanted, scalars, limit: limit)
      guard distance <= limit, distance < wanted.count else { continue }
      // Of equals the first in the alphabet, so that messages do not depend on the order of a dictionary.
      if let current = best, (current.distance, current.name) <= (distance, candidate) { continue }
      best = (candidate, distance)
    }
    return best?.name
  }

  /// The hint for an unknown name; nil where nothing is near.
  public static func hint(for name: String, in candidates: some Sequence<String>) -> String? {
    nearest(to: name, in: candidates).map { "did you mean `\($0)`?" }
  }

  private static func fold(_ name: String) -> String {
    String(name.lowercased().filter { $0 != "_" && $0 != "-" })
  }

  /// Damerau's distance (insertions, deletions, substitutions, swaps of neighbours), or anything above `limit` where it
  /// is larger than that.
  static func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar], limit: Int) -> Int {
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    var current = last
    for i in 1...a.count {
      current[0] = i
      var smallest = i
      for j in 1...b.count {
        let cost = a[i - 1] == b[j - 1] ? 0 : 1
        var value = min(last[j] + 1, current[j - 1] + 1, last[j - 1] + cost)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          value = min(value, beforeLast[j - 2] + 1)
        }
        current[j] = value
        smallest = min(smallest, value)
      }
      if smallest > limit { return limit + 1 }
      (beforeLast, last, current) = (last, current, beforeLast)
    }
    return last[b.count]
  }

  /// What a name of another language is called here, as a hint; nil where the name is not known as such.
  static func foreign(_ name: String) -> String? {
    foreignNames[name]
  }

  private static let foreignNames: [String: String] = [
    "null": "write `nil`", "NULL": "write `nil`", "undefined": "write `nil`",
    "nullptr": "write `nil`", "none": "write `nil`", "nothing": "write `nil`",
    "TRUE": "write `true`", "FALSE": "write `false`",
    "dict": "a map is written `{a: 1}`", "set": "a list is written `[a, b]`",
    "tuple": "a list is written `[a, b]`", "list": "a list is written `[a, b]`",
    "println": "write `print(…)`", "printf": "write `print(f\"…\")`",
    "console": "write `print(…)`", "echo": "write `print(…)`",
    "np": "the module `tensor` and the mathematical functions are in scope without an import",
    "numpy": "the module `tensor` and the mathematical functions are in scope without an import",
    "torch": "the modules `tensor`, `nn` and `optim` are in scope without an import",
    "jnp": "the module `tensor` and the mathematical functions are in scope without an import",
    "pd": "the module `data` is in scope without an import",
    "plt": "the module `plot` is in scope without an import",
    "math": "mathematical functions are in scope as they are: `exp(x)`",
    "random": "randomness comes from the functions themselves; fix it with `with seed(n) { … }`",
    "self": "there are no classes; a function that is made inside another one sees its variables",
    "this": "there are no classes; a function that is made inside another one sees its variables",
    "raise": "write `throw error(\"value\", \"what is wrong\")`",
    "pass": "an empty block is written `{}`", "elif": "write `else if`",
    "except": "write `catch e { … }`", "lambda": "write `x => …`",
    "def": "write `fn name(…) { … }`",
    "isinstance": "write `type(x) == \"list\"`", "open": "files are read by the module `data`",
    "input": "a script takes values by `param`",
    "exit": "a script ends at its last line, or with `throw`",
    "append": "write `xs.append(x)`", "join": "write `separator.join(words)`",
    "infinity": "write `inf`", "Infinity": "write `inf`", "Inf": "write `inf`",
    "NaN": "write `nan`", "NAN": "write `nan`", "length": "write `len(x)`",
    "if_else": "write `t.map(row => if row.v > 1 { 1 } else { 0 })`",
    "ifelse": "write `t.map(row => if row.v > 1 { 1 } else { 0 })`",
    "xor": "write `a != b`, of masks as well",
    "Exception": "write `error(\"value\", \"what is wrong\")`",
    "ValueError": "write `error(\"value\", \"what is wrong\")`",
  ]
}
