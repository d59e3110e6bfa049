import Foundations
import Privacy
import Runtime
import Synchronization
import Tables

/// A ledger, or the part of one that counts a disjoint part of the data, as scripts hold it.
public final class LedgerHandle: Sendable {
  public let ledger: Ledger
  /// Empty for all data.
  let part: [Int]

  init(_ ledger: Ledger, part: [Int] = []) {
    self.ledger = ledger
    self.part = part
  }

  func spent() throws -> ComposedCost { try ledger.spent(part: part) }

  /// Never more than is left.
  func left() throws -> Double { max(0, ledger.terms.epsilon - (try spent().high)) }

  /// What happened to this part of the data, or to all of it.
  ///
  /// That a pass began which was charged before is no charge.
  private func entries() throws -> [LedgerEntry] {
    try ledger.entries(part: part).filter { $0.run == nil || $0.event.mechanism != .none }
  }

  /// The charges as a table.
  public func report() throws -> Table {
    let entries = try entries()
    func column(_ name: String, _ cell: (LedgerEntry) -> Cell) -> Table.Column {
      Table.Column(name, entries.map(cell))
    }
    var columns = [
      column("place") { .string($0.place) },
      column("time") { $0.time > 0 ? .datetime(Int(min($0.time, 4e9) * 1e6)) : .null },
      column("operation") { .string($0.operation) },
      column("event") { .string($0.event.description) },
    ]
    if entries.contains(where: { !$0.part.isEmpty }) {
      columns.append(column("part") { .string(Self.name(of: $0.part)) })
    }
    columns.append(column("epsilon") { .float($0.epsilon) })
    return try Table(columns: columns)
  }

  /// `2` for the third part of a split, `2.0` for the first part of a split of it.
  static func name(of part: [Int]) -> String {
    part.isEmpty
      ? "all"
      : stride(from: 1, to: part.count, by: 2).map { String(part[$0]) }.joined(separator: ".")
  }

  /// One line: what was spent, of what, counted how.
  public func summary() throws -> String {
    let spent = try spent()
    let terms = ledger.terms
    let count = try entries().count
    var text =
      "spent epsilon \(Ledger.text(up: spent.high)) of \(NumberText.brief(terms.epsilon)) at delta \(NumberText.brief(terms.delta))"
    text += ", \(NumberText.counted(count, "charge", "charges"))"
    if count > 0 {
      text += " (\(spent.accountant.rawValue), at least \(Ledger.text(down: spent.low)))"
      text += ", \(Ledger.text(down: max(0, terms.epsilon - spent.high))) left"
    }
    text += ", one \(terms.unit.rawValue), \(terms.neighbours.rawValue)"
    if terms.isAdaptive { text += ", adaptive" }
    if let path = ledger.path { text += ", \(path)" }
    return text
  }
}

extension LedgerHandle: NativeValue {
  public static let nativeType = NativeType<LedgerHandle>(
    "ledger",
    "A privacy budget. What private operations inside `with ledger { … }` spend is charged to it before they look at any data, and one that would overrun it is refused."
  ) { type in
    type.representation = { handle, _ in
      let name = handle.part.isEmpty ? "ledger" : "ledger of part \(name(of: handle.part))"
      return "\(name): \(try handle.summary())"
    }
    type.transfer = .share
    type.equals = { $0.ledger === $1.ledger && $0.part == $1.part }
    type.enter = { handle, vm in
      vm.enter(handle)
      return nil
    }
    type.exit = { _, _, vm in vm.exitLedger() }
    type.field("epsilon", "The budget.") { $0.ledger.terms.epsilon }
    type.field("delta", "The chance that the promise fails.") { $0.ledger.terms.delta }
    type.field("unit", "For whom the promise is: one example, user or client.") {
      $0.ledger.terms.unit.rawValue
    }
    type.field("adjacency", "How neighbouring data differ: add_remove or replace_one.") {
      $0.ledger.terms.neighbours.rawValue
    }
    type.field("adaptive", "Whether the budget holds for operations chosen by earlier results.") {
      $0.ledger.terms.isAdaptive
    }
    type.field("file", "The path of its file; nil where it lives in memory only.") {
      $0.ledger.path
    }
    type.field(
      "spent",
      "What was spent so far. No epsilon below `low` holds, the one that is promised is `high`.",
      returns: "{low, value, high, delta, accountant}"
    ) { handle in
      let spent = try handle.spent()
      return Record([
        ("low", spent.low), ("value", spent.value), ("high", spent.high), ("delta", spent.delta),
        ("accountant", spent.accountant.rawValue),
      ])
    }
    type.field("left", "The epsilon that is left of the budget.") { try $0.left() }
    type.methods(LedgerBuiltins.methods)
  }
}

/// The ledgers that a session has opened, for its `:budget`.
public final class LedgerRegister: Sendable {
  private let known = Mutex<[LedgerHandle]>([])

  func add(_ handle: LedgerHandle) { known.withLock { $0.append(handle) } }

  public var ledgers: [LedgerHandle] { known.withLock { $0 } }

  /// That of an interpreter and of the trials of its sweeps.
  public static func of(_ vm: VM) -> LedgerRegister {
    let id = ObjectIdentifier(LedgerRegister.self)
    if let register = vm.services[id] as? LedgerRegister { return register }
    let register = LedgerRegister()
    vm.services[id] = register
    return register
  }
}
