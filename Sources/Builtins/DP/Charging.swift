import Foundations
import Privacy
import Runtime

/// The ledgers in force where something runs: those of the `with` blocks around it, the outermost first.
private final class LedgerScope {
  let ledgers: [LedgerHandle]
  init(_ ledgers: [LedgerHandle]) { self.ledgers = ledgers }
}

/// Private operations and the ledgers that are in force.
extension VM {
  /// The ledgers of the `with` blocks around what runs now. Of several parts of one ledger the innermost counts: what
  /// runs in there looks at no other data.
  var ledgersInForce: [LedgerHandle] {
    (services[ObjectIdentifier(LedgerScope.self)] as? LedgerScope)?.ledgers ?? []
  }

  /// Begins a `with` block. Trials that run beside each other each have scopes of their own.
  func enter(_ ledger: LedgerHandle) {
    services[ObjectIdentifier(LedgerScope.self)] = LedgerScope(ledgersInForce + [ledger])
  }

  /// Ends the innermost one.
  func exitLedger() {
    let outer = ledgersInForce.dropLast()
    services[ObjectIdentifier(LedgerScope.self)] = outer.isEmpty ? nil : LedgerScope(Array(outer))
  }

  /// Charges what an operation is about to spend to the ledgers in force; nothing outside of any.
  ///
  /// To be called before the operation looks at the data.
  /// - Parameters:
  ///   - event: all that the operation will spend.
  ///   - operation: the function's name in scripts, such as `dp.mean`.
  /// - Throws: `privacy` where it would overrun a budget, or protects another unit or other neighbours than the ledger.
  func charge(_ event: Event, _ operation: String) throws {
    let charged = ledgersToCharge
    if charged.count > 1 {
      // What one of them refuses is not to be charged to another.
      for handle in charged {
        try handle.ledger.check(event, operation: operation, part: handle.part)
      }
    }
    for handle in charged {
      defer { for text in handle.ledger.takeNotes() { note(text) } }
      try handle.ledger.charge(
        event, operation: operation, place: callPlace ?? "", part: handle.part)
    }
  }

  /// Those in force, each once, the innermost first.
  private var ledgersToCharge: [LedgerHandle] {
    var result: [LedgerHandle] = []
    for handle in ledgersInForce.reversed()
    where !result.contains(where: { $0.ledger === handle.ledger }) {
      result.append(handle)
    }
    return result
  }

  /// The same for a run that may go on from checkpoints: each ledger is charged for what the passes to come need beyond
  /// what it was charged before.
  func charge(_ run: PlannedRun, _ operation: String) throws {
    let charged = ledgersToCharge
    if charged.count > 1 {
      for handle in charged {
        try handle.ledger.check(run, operation: operation, part: handle.part)
      }
    }
    for handle in charged {
      defer { for text in handle.ledger.takeNotes() { note(text) } }
      let found = try handle.ledger.charge(
        run, operation: operation, place: callPlace ?? "", part: handle.part)
      guard run.done > 0 else { continue }
      let again = NumberText.counted(found.passes, "pass", "passes")
      note(
        !found.isKnown
          ? "the ledger knows nothing of the run that this checkpoint is of: charged for \(again)"
          : found.passes == 0
            ? "the run goes on within what the ledger was charged for it"
            : "the run goes on: charged for \(again) more than before")
    }
  }

  /// Tells the ledgers that a pass of `run` begins, before it looks at any data.
  func begin(passOf run: PlannedRun, _ operation: String) throws {
    for handle in ledgersToCharge {
      defer { for text in handle.ledger.takeNotes() { note(text) } }
      let isCharged = try handle.ledger.begin(
        passOf: run, operation: operation, place: callPlace ?? "", part: handle.part)
      if isCharged {
        note("another run goes on from the same checkpoint: charged for one pass more")
      }
    }
  }

  /// Whether a ledger is in force: noise then comes from the operating system alone.
  var isInLedger: Bool { !ledgersInForce.isEmpty }

  /// How neighbouring data sets differ: as the ledger in force says, else by one unit more or less.
  var neighbours: Neighbours { ledgersInForce.last?.ledger.terms.neighbours ?? .addOrRemoveOne }

  /// What a recorded trial must have run under to be taken up: a ledger of the same kind, in which all noise was the
  /// operating system's; nil outside of any.
  public var ledgerTerms: String? {
    let ledgers = ledgersInForce.map { handle in
      let terms = handle.ledger.terms
      return
        "\(terms.unit.rawValue) \(terms.neighbours.rawValue) \(terms.delta) \(handle.ledger.path ?? "")"
    }
    return ledgers.isEmpty ? nil : "ledger " + ledgers.joined(separator: ", ")
  }

  /// The delta of the ledger in force, which operations take where none is given; nil outside of any.
  var ledgerDelta: Double? { ledgersInForce.last?.ledger.terms.delta }
}
