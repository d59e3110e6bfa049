import Builtins
import Files
import Runtime
import Syntax

extension Session {
  /// The help of the name or call at a byte offset; nil where there is none.
  public func inspect(_ text: String, cursor: Int, width: Int, isColoured: Bool) -> String? {
    let bytes = Array(text.utf8)
    var end = min(max(0, cursor), bytes.count)
    while end < bytes.count, CursorContext.isNamePart(bytes[end]) { end += 1 }
    let context = CursorContext(text, cursor: end)
    var chain: [String]?
    switch context.place {
    case .name where !context.prefix.isEmpty: chain = [context.prefix]
    case .member(let before?): chain = context.prefix.isEmpty ? before : before + [context.prefix]
    default: break
    }
    let help = HelpText(width: width, isColoured: isColoured)
    if case .method(let literal) = context.place,
      let method = interpreter.methods(of: literal.kind).first(where: { $0.name == context.prefix })
    {
      return help.text(method.signature.withoutReceiver)
    }
    for candidate in [chain, context.call?.callee] {
      if let candidate, let text = self.help(for: candidate, help) { return text }
    }
    return nil
  }

  /// The help of a name as it is written: `dp.train`.
  public func help(for name: String, width: Int, isColoured: Bool) -> String? {
    let chain = name.split(separator: ".", omittingEmptySubsequences: false).map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    let help = HelpText(width: width, isColoured: isColoured)
    return self.help(for: chain, help) ?? libraryHelp(for: chain, help)
  }

  /// Names near one that there is not: near in spelling, of the same last part, or functions that mention it among
  /// their search words; a value's methods and fields as they are written behind it.
  public func suggestions(for name: String) -> [String] {
    let parts = name.split(separator: ".").map(String.init)
    guard let last = parts.last else { return [] }
    let owner = parts.dropLast().joined(separator: ".")
    let reference = Reference(of: interpreter)
    let paths =
      reference.paths + declared.keys.sorted()
      + StandardLibrary.moduleNames.filter { !$0.contains(".") }.map { "std." + $0 }
    // Natives' names are those of types, too: `list`.
    let isOwn = declared[parts[0]] != nil || interpreter.entities[parts[0]] == nil
    if isOwn, !owner.isEmpty, let value = value(parts.dropLast()) {
      let members = interpreter.vm.memberNames(of: value)
      return Suggest.nearest(to: last, in: members).map { [owner + "." + $0] } ?? []
    }
    let near = Suggest.nearest(to: name, in: paths).map { [$0] } ?? []
    // `str.split` means `string.split` rather than `data.split`, `set.train` rather `dataset.train` than `nn.train`.
    let alike = paths.filter { $0.hasSuffix("." + last) }
    let related = alike.filter { path in
      let other = path.dropLast(last.count + 1)
      return !owner.isEmpty && (other.contains(owner) || owner.contains(other))
    }
    let mentioning = reference.pages.flatMap(\.functions).filter { $0.search.contains(last) }.map {
      $0.name.replacing(" ", with: "_")
    }
    var seen: Set<String> = []
    // Where the last part is right and near only what stands before it, what is related comes first.
    let nearest = near.first?.hasSuffix("." + last) == true ? related + near : near + related
    return Array((nearest + mentioning + alike).filter { seen.insert($0).inserted }.prefix(5))
  }

  private func help(for chain: [String], _ help: HelpText) -> String? {
    // What cells have declared comes before what all scripts see.
    if let first = chain.first, declared[first] == nil {
      let found = Reference(of: interpreter).entries(named: chain.joined(separator: "."))
      if !found.isEmpty { return found.map(help.text).joined(separator: "\n\n") }
    }
    if chain.count == 1, let value = interpreter.lookup(chain[0]) {
      return help.text(of: value, interpreter)
    }
    if case .function(let signature)? = entity(chain) { return help.text(signature) }
    // `set.train`, where `set` is a value of a cell.
    if let last = chain.last, let owner = value(chain.dropLast())?.object {
      let found = Reference(of: interpreter).entries(named: "\(owner.typeName).\(last)")
      if !found.isEmpty { return found.map(help.text).joined(separator: "\n\n") }
    }
    if chain.count > 1, let value = value(chain), value.object is Closure {
      return help.text(of: value, interpreter)
    }
    return nil
  }

  /// The help of a module of the standard library, `std.recipes`, or of one of its members. Experiments would run.
  private func libraryHelp(for chain: [String], _ help: HelpText) -> String? {
    guard chain.count > 1, chain[0] == "std", chain[1] != "experiments",
      StandardLibrary.moduleNames.contains(chain[1])
    else { return nil }
    var options = SessionOptions()
    options.recordsRuns = false
    let session = Session(options: options)
    _ = session.execute("import std.\(chain[1])")
    return session.help(for: Array(chain.dropFirst()), help)
  }
}
