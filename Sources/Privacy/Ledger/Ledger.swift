// A privacy budget for all that is done to one set of data: filter and odometer (Rogers, Roth, Ullman, Vadhan 2016,
// "Privacy odometers and filters"). Each operation is charged before it looks at the data, and one that would overrun
// is refused. What is charged is never given back.
//
// By default the events' loss distributions are composed (Koskela, Jälkö, Honkela 2020; Zhu, Dong, Wang 2022,
// proposition 10), the tightest bound: it presupposes that which mechanisms run, and with how much noise, was not
// chosen by what was released before. With `isAdaptive` the budget is a filter that holds in any case
// (`AdaptiveFilter`).

import Foundation
import Foundations
import Synchronization

/// The ledger of one set of data, in memory or in a file; may be used from several threads.
public final class Ledger: Sendable {
  public let terms: LedgerTerms
  /// The path of its file, as it was given.
  public let path: String?
  private let file: LedgerFile?
  private let filter: AdaptiveFilter?
  private let state: Mutex<Books>
  private let now: @Sendable () -> Double

  struct Books {
    var file = LedgerFile.State()
    var splits = 0
    var spent: ComposedCost?

    var entries: [LedgerEntry] { file.entries }
  }

  /// How far, relative to it, a budget may be overrun by rounding: ten times 0.1 are within 1.
  private static let tolerance = 1e-9

  /// - Parameters:
  ///   - path: a file, made where it is missing, that keeps what was spent; nil keeps it in memory.
  ///   - shown: what errors and results call the file.
  ///   - isMoved: see `LedgerFile.open`.
  ///   - memory: what the machine remembers of ledgers.
  ///   - now: seconds since 1970. Records show them; nothing else depends on them.
  /// - Throws: `io`, `parse` or `privacy` where the file is not one of these terms.
  public init(
    _ terms: LedgerTerms, path: String? = nil, shownAs shown: String? = nil,
    isMoved: Bool = false, memory: LedgerMemory? = nil,
    now: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 }
  ) throws {
    self.terms = terms
    self.path = shown ?? path
    self.now = now
    filter = terms.isAdaptive ? AdaptiveFilter(terms) : nil
    guard let path else {
      file = nil
      state = Mutex(Books())
      return
    }
    let file = try LedgerFile(path, shownAs: shown ?? path, terms, memory)
    self.file = file
    var books = Books()
    books.file = try file.exclusively { try file.open(terms, isMoved: isMoved) }
    let initial = books
    state = Mutex(initial)
  }

  /// What was found and mended when the file was opened, or since; each is told once.
  public func takeNotes() -> [String] {
    state.withLock { books in
      defer { books.file.notes = [] }
      return books.file.notes
    }
  }

  // MARK: Charging

  /// Charges an operation: it has been written down when this returns.
  ///
  /// - Parameter part: the disjoint part of the data that it looks at.
  /// - Throws: `privacy` where it would overrun the budget, or makes another promise than the ledger; nothing is
  ///   charged then.
  public func charge(
    _ event: Event, operation: String, place: String = "", part: [Int] = []
  ) throws {
    let event = try terms.checked(event, operation)
    try exclusively { books in
      let entry = LedgerEntry(
        event: event, operation: operation, place: place, time: now(), part: part)
      try write(entry, &books)
    }
  }

  /// Writes down what fits the budget. To be called in `exclusively`.
  func write(_ entry: LedgerEntry, _ books: inout Books) throws {
    let cost = try fittingCost(entry, &books)
    var charged = entry
    charged.epsilon = cost.high
    if let file {
      // Neither an interrupt nor a limit comes between a record and its count.
      try Cancellation.finishing { try file.append(charged, &books.file) }
    } else {
      books.file.entries.append(charged)
    }
    books.spent = cost
  }

  /// Seconds since 1970, for a record.
  var time: Double { now() }

  /// - Throws: what `charge` would throw for this event.
  public func check(_ event: Event, operation: String, part: [Int] = []) throws {
    let event = try terms.checked(event, operation)
    try exclusively { books in
      let entry = LedgerEntry(
        event: event, operation: operation, place: "", time: 0, part: part)
      _ = try fittingCost(entry, &books)
    }
  }

  /// Whether the budget leaves room for `event`.
  public func allows(_ event: Event, part: [Int] = []) throws -> Bool {
    do {
      try check(event, operation: "an operation", part: part)
      return true
    } catch let error as DomainError where error.kind == .privacy {
      return false
    }
  }

  /// With the file's newest content.
  func exclusively<Result: Sendable>(
    _ body: @Sendable (inout Books) throws -> Result
  ) throws -> Result {
    try state.withLock { books in
      guard let file else { return try body(&books) }
      return try file.exclusively {
        let before = books.file.count
        try file.refresh(&books.file, terms)
        if books.file.count != before { books.spent = nil }
        return try body(&books)
      }
    }
  }

  func fittingCost(_ entry: LedgerEntry, _ books: inout Books) throws -> ComposedCost {
    // What costs nothing fits in any case.
    if entry.event.mechanism == .none { return try spent(&books) }
    let cost = try cost(of: books.entries + [entry])
    guard cost.high <= terms.epsilon * (1 + Self.tolerance) else {
      throw try refusal(entry, &books)
    }
    return cost
  }

  private func cost(of entries: [LedgerEntry]) throws(DomainError) -> ComposedCost {
    var worst = ComposedCost(low: 0, value: 0, high: 0, delta: terms.delta, accountant: .pld)
    for events in DisjointParts.ways(entries) where !events.isEmpty {
      let cost =
        if let filter { try filter.cost(of: events) } else {
          try ComposedCost(of: events, delta: terms.delta * (1 + Self.tolerance))
        }
      if cost.high > worst.high || worst.high == 0 {
        worst.value = max(worst.value, cost.value)
        worst.high = max(worst.high, cost.high)
        worst.accountant = cost.accountant
      }
      worst.low = max(worst.low, cost.low)
    }
    return worst
  }

  private func spent(_ books: inout Books) throws(DomainError) -> ComposedCost {
    if let spent = books.spent { return spent }
    let spent = try cost(of: books.entries)
    books.spent = spent
    return spent
  }

  private func refusal(_ entry: LedgerEntry, _ books: inout Books) throws -> DomainError {
    let spent = try spent(&books)
    let needs = try cost(of: [entry]).high
    let past =
      spent.high.isFinite
      ? "spent \(Self.text(up: spent.high)) of \(Self.text(terms.epsilon))"
      : "all of \(Self.text(terms.epsilon)) counts as spent, since a record was cut off"
    var deltas = BasicComposition()
    for old in books.entries { deltas.add(old.event.mechanism) }
    let delta = deltas.delta
    deltas.add(entry.event.mechanism)
    if deltas.delta > terms.delta * (1 + Self.tolerance), deltas.delta > delta {
      return DomainError(
        .privacy,
        """
        this would exceed the budget's delta: spent \(NumberText.brief(delta)) of \(NumberText.brief(terms.delta)), \
        this needs \(NumberText.brief(deltas.delta - delta))
        """,
        hint: "give `\(entry.operation)` a smaller `delta:`, or what needs none")
    }
    guard needs.isFinite else {
      return DomainError(
        .privacy,
        """
        this would exceed the budget: \(past), and `\(entry.operation)` has no finite epsilon at delta \
        \(NumberText.brief(terms.delta))
        """,
        hint: terms.delta == 0
          ? "a ledger of delta 0 allows only pure operations: open one with a `delta:`"
          : "give it more noise")
    }
    let left = Self.text(down: max(0, terms.epsilon - spent.high))
    return DomainError(
      .privacy, "this would exceed the budget: \(past), this needs \(Self.text(up: needs))",
      hint:
        "\(left) is left for `\(entry.operation)`: give a smaller epsilon, or end here; what was spent stays spent"
    )
  }

  /// A few digits, never below the number, but for the billionth that a budget may be off.
  public static func text(up value: Double) -> String {
    guard value.isFinite, abs(value) < 1e6 else { return NumberText.roundedUp(value) }
    let scale = value >= 0.1 || value == 0 ? 100.0 : 1e4
    // What is above by no more than the arithmetic's own rounding is not shown as a hundredth more.
    let rounded = (value * scale * (1 - 1e-9)).rounded(.up) / scale
    return scale == 100 ? String(format: "%.2f", rounded) : NumberText.roundedUp(value)
  }

  /// A few digits, never above the number, but for that.
  public static func text(down value: Double) -> String {
    String(format: value >= 0.1 ? "%.2f" : "%.4f", (value * 1e4 * (1 + 1e-9)).rounded(.down) / 1e4)
  }

  private static func text(_ value: Double) -> String {
    value == (value * 100).rounded() / 100 ? String(format: "%.2f", value) : "\(value)"
  }

  // MARK: Looking

  /// What has been spent, at the ledger's delta.
  public func spent() throws -> ComposedCost {
    try exclusively { try spent(&$0) }
  }

  /// What one disjoint part of the data has spent: with what was done to all data.
  public func spent(part: [Int]) throws -> ComposedCost {
    part.isEmpty ? try spent() : try cost(of: entries(part: part))
  }

  /// The charges in order: all, or those of what may have looked at a unit of a part.
  public func entries(part: [Int] = []) throws -> [LedgerEntry] {
    try exclusively { $0.entries }.filter { !DisjointParts.areDisjoint($0.part, part) }
  }

  // MARK: Parts

  /// The number of a new split of the data, or of a part of it, into disjoint ones: a part's path is its number after
  /// this one.
  ///
  /// - Throws: `privacy` where one unit is replaced, which may leave one part and come into another.
  public func split() throws -> Int {
    guard terms.neighbours == .addOrRemoveOne else {
      throw DomainError(
        .privacy,
        """
        parts of the data do not share a budget where one \(terms.unit.rawValue) is replaced: it may leave one part \
        and come into another
        """,
        hint: "open the ledger with `adjacency: \"add_remove\"`")
    }
    return try exclusively { books in
      let numbers = books.entries.flatMap { entry in
        entry.part.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
      }
      books.splits = max(books.splits, (numbers.max() ?? -1) + 1)
      defer { books.splits += 1 }
      return books.splits
    }
  }
}
