import Syntax

/// A private operation as it runs: of a function once for each call.
struct PrivateUse: Equatable {
  enum Ledger: Equatable {
    case none
    /// One that was made elsewhere, or shares a file.
    case shared
    /// One that is made there, by each way of `call`s anew, and where `isAgain` with each turn of a loop.
    case made(Span, call: [Span], isAgain: Bool)
  }

  var data: String
  var span: Span
  var isRepeated: Bool
  var ledger: Ledger
}

/// The private operations of a script, with those of its functions where they are called.
struct PrivateUses {
  private let outline: PrivacyOutline
  private var known: [String: [PrivateUse]] = [:]
  /// More operations of one function are not told apart.
  private static let most = 200

  init(_ outline: PrivacyOutline) { self.outline = outline }

  /// In the order of the text.
  var all: [PrivateUse] {
    var reader = self
    var uses = reader.uses(in: nil, [])
    // A function that only calls itself is not called.
    let called = Set(
      outline.calls.filter { call in
        !(outline.functions[call.name]?.span.contains(call.span) ?? false)
      }.map(\.name))
    for (name, function) in outline.functions.sorted(by: {
      $0.value.span.start < $1.value.span.start
    })
    where !called.contains(name) {
      // What is handed to others as a value runs who knows where: inside of a ledger if it is named in one.
      let isCounted = outline.isUsedInLedger(name)
      uses += reader.uses(in: (name, function), []).filter { !isCounted || $0.ledger != .none }
    }
    return uses.sorted { $0.span.start < $1.span.start }
  }

  private mutating func uses(
    in function: (name: String, function: PrivacyOutline.NamedFunction)?, _ stack: [String]
  ) -> [PrivateUse] {
    if let function {
      if let known = known[function.name] { return known }
      guard !stack.contains(function.name) else { return [] }
    }
    let stack = stack + (function.map { [$0.name] } ?? [])
    let parameters = function?.function.parameters ?? []
    var result: [PrivateUse] = []
    for operation in outline.operations where isOwn(operation.span, function?.function.span) {
      guard let root = outline.root(operation.data) else { continue }
      let data = parameters.contains(root) ? root : outline.original(root)
      result.append(
        PrivateUse(
          data: data, span: operation.span,
          isRepeated: isRepeated(operation.span, data, within: function?.function.span),
          ledger: ledger(at: operation.span, data, within: function?.function.span)))
    }
    for call in outline.calls where isOwn(call.span, function?.function.span) {
      guard let callee = outline.functions[call.name] else { continue }
      for use in uses(in: (call.name, callee), stack) {
        if let use = self.use(use, call, callee, parameters, within: function?.function.span) {
          result.append(use)
        }
      }
    }
    result = Array(result.prefix(Self.most))
    if let function { known[function.name] = result }
    return result
  }

  /// An operation of a function as one call of it runs it; nil where its data have no name.
  private func use(
    _ use: PrivateUse, _ call: (span: Span, name: String, arguments: [Argument]),
    _ callee: PrivacyOutline.NamedFunction, _ parameters: [String], within owner: Span?
  ) -> PrivateUse? {
    var use = use
    if let place = callee.parameters.firstIndex(of: use.data) {
      let positional = call.arguments.filter { $0.name == nil }
      let given =
        call.arguments.first { $0.name == use.data }?.value
        ?? (place < positional.count ? positional[place].value : nil)
      guard let root = given.flatMap({ outline.root($0) }) else { return nil }
      use.data = parameters.contains(root) ? root : outline.original(root)
    }
    let isAgain = isRepeated(call.span, use.data, within: owner)
    use.isRepeated = use.isRepeated || isAgain
    switch use.ledger {
    case .none: use.ledger = ledger(at: call.span, use.data, within: owner)
    case .shared: break
    case .made(let span, let calls, let wasAgain):
      // Inside of a ledger that all calls share the inner one makes nothing looser.
      if ledger(at: call.span, use.data, within: owner) == .shared {
        use.ledger = .shared
      } else {
        use.ledger = .made(span, call: calls + [call.span], isAgain: wasAgain || isAgain)
      }
    }
    // The call is what runs twice.
    use.span = call.span
    return use
  }

  /// Whether a place belongs to this function, or for nil to none that has a name.
  private func isOwn(_ span: Span, _ function: Span?) -> Bool {
    let around = outline.functions.values.map(\.span).filter { $0.contains(span) }
    guard let innermost = around.max(by: { $0.start < $1.start }) else { return function == nil }
    return innermost == function
  }

  /// Whether a loop runs it more than once on the same data; of a loop over the data each turn has its own.
  private func isRepeated(_ span: Span, _ data: String, within owner: Span?) -> Bool {
    outline.loops.contains { loop in
      loop.span.contains(span) && (owner?.contains(loop.span) ?? true)
        && !loop.names.contains(data)
    }
  }

  /// The ledger that counts what runs at a place, as far as the function shows it.
  private func ledger(at span: Span, _ data: String, within owner: Span?) -> PrivateUse.Ledger {
    let around = outline.blocks.filter {
      $0.span.contains(span) && (owner?.contains($0.span) ?? true)
    }
    var found = PrivateUse.Ledger.none
    for block in around {
      guard let made = maker(of: block), owner?.contains(made) ?? true else { return .shared }
      found = .made(made, call: [], isAgain: isRepeated(made, data, within: owner))
      // Of several around it the one that lasts longest counts all.
      if case .made(_, _, false) = found { break }
    }
    return found
  }

  /// Where a block's ledger is made; nil where that is not seen, or a file shares it.
  private func maker(of block: PrivacyOutline.Block) -> Span? {
    if PrivacyCheck.makesLedger(block.subject) { return block.subject.span }
    guard case .name(let name) = block.subject.kind, let values = outline.bindings[name],
      values.count == 1, let value = values[0], PrivacyCheck.makesLedger(value)
    else { return nil }
    return value.span
  }
}
