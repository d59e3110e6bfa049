import Foundations
import Privacy
import Runtime
import Tables

/// `dp.ledger` and the methods of ledgers.
enum LedgerBuiltins {
  static let natives = [
    Native(
      "ledger",
      "A privacy budget for one set of data. Inside `with ledger { … }` every private operation is charged before it looks at the data, and one that would overrun the budget is refused with the kind `privacy`. Nothing is ever given back, also where an operation fails or is interrupted. The events are composed by the tightest accountant that knows them all, which presupposes that which operations run, and with which epsilon, was settled before their results were seen; where each is chosen by the results before it, as at a prompt, `adaptive: true` counts so that the budget holds all the same. A file keeps what was spent over restarts and for several processes at once. That it is a copy, lacks records, was changed, or was put back to an earlier state on this machine is found; that somebody deletes it and begins another one, or keeps a second set of books, cannot be.",
      Param<Double>("epsilon", "The budget.", .positive, .finite, named: true),
      Param<Double>(
        "delta",
        "The chance that the promise fails; well below 1 / people. 0 allows only pure operations.",
        default: 1e-6, .within(0, 1), named: true),
      Param<String?>(
        "file", "A file that keeps what was spent; it is made where it is missing.", default: nil,
        named: true),
      Param<String>(
        "unit", "For whom the promise is.", default: "example",
        .oneOf(PrivacyUnit.allCases.map(\.rawValue)), named: true),
      Param<String>(
        "adjacency",
        "How neighbouring data differ: by one unit more or less, or by one unit's data exchanged.",
        default: "add_remove", .oneOf(Neighbours.allCases.map(\.rawValue)), named: true),
      Param<Bool>(
        "adaptive", "Whether operations may be chosen by the results of earlier ones.",
        default: false, named: true),
      Param<Bool>(
        "moved",
        "Takes a file for the ledger itself that is a copy of it, because the other one is gone.",
        default: false, named: true),
      returns: "ledger", seeAlso: ["dp.compose", "dp.mean", "dp.train"],
      search: ["budget", "accountant", "odometer", "filter", "odometer", "composition"],
      examples: [
        ("dp.ledger(epsilon: 2).left", "2.0"),
        ("dp.ledger(epsilon: 1, delta: 1e-7).allows(epsilon: 1.5)", "false"),
      ],
      context: {
        (
          vm: VM, epsilon: Double, delta: Double, file: String?, unit: String, adjacency: String,
          adaptive: Bool, moved: Bool
        ) in
        let terms = try LedgerTerms(
          epsilon: epsilon, delta: delta, unit: PrivacyUnit(rawValue: unit) ?? .example,
          neighbours: Neighbours(rawValue: adjacency) ?? .addOrRemoveOne, isAdaptive: adaptive)
        let path = try file.map { try vm.writablePath($0) }
        let ledger = try Ledger(
          terms, path: path, shownAs: file, isMoved: moved,
          memory: vm.hostServices.stateFolder.map { LedgerMemory(folder: $0 + "/ledgers") })
        for note in ledger.takeNotes() { vm.note(note) }
        let handle = LedgerHandle(ledger)
        LedgerRegister.of(vm).add(handle)
        return handle
      })
  ]

  private static let ledger = Param<LedgerHandle>("ledger", "The ledger.")

  static let methods = [
    Native(
      "report",
      "The charges in order. Each has its place in the script, time, operation, event, and the epsilon that was spent after it.",
      ledger, returns: "table",
      examples: [("len(dp.ledger(epsilon: 1).report())", "0")]
    ) { handle in try handle.report() },
    Native(
      "allows",
      "Whether there is room for an operation of this epsilon. Another process that shares the file may be quicker.",
      ledger, Param<Double>("epsilon", "What it would spend.", .nonNegative, named: true),
      returns: "bool", examples: [("dp.ledger(epsilon: 2).allows(epsilon: 2)", "true")]
    ) { handle, epsilon in
      let terms = handle.ledger.terms
      return try handle.ledger.allows(
        Event(.pure(epsilon: epsilon), neighbours: terms.neighbours, unit: terms.unit),
        part: handle.part)
    },
    Native(
      "split",
      "Ledgers over disjoint parts of the data. Each unit is in one of them at most, and which one follows from that unit alone. Each part may spend all that is left, and this ledger spends what the part spends that spends most (parallel composition, McSherry 2009). For `add_remove` neighbours only.",
      ledger, Param<Int>("parts", "How many.", .within(1, 1_000_000)),
      returns: "list of ledger", examples: [("len(dp.ledger(epsilon: 1).split(3))", "3")]
    ) { handle, parts in
      let split = try handle.ledger.split()
      return (0..<parts).map { LedgerHandle(handle.ledger, part: handle.part + [split, $0]) }
    },
  ]
}
