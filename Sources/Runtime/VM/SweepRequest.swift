import Syntax

/// A sweep that was reached: its axes, the combinations that its `where` lets through, and the way to run one.
///
/// `runTrial` may be called from several threads at once, in any order. Each trial runs on its own `VM` with its own
/// heap and sees its surroundings read-only; the heap of the sweep's surroundings is not collected meanwhile.
public final class SweepRequest: @unchecked Sendable {
  // The surroundings' values are only read while trials run.
  /// A sweep with more trials is refused.
  static let maximumCount = 1_000_000

  /// A name that the results' table has already.
  static let reservedName = "failures"

  public let axes: [String]
  /// The values of the axes, one list a combination, in the order of the loops: the last axis changes fastest.
  public let combinations: [[Value]]
  public let source: Source
  public let span: Span
  private let body: Value
  private let parent: VM

  init(axes: [String], combinations: [[Value]], body: Value, source: Source, span: Span, parent: VM)
  {
    self.axes = axes
    self.combinations = combinations
    self.body = body
    self.source = source
    self.span = span
    self.parent = parent
  }

  /// Takes down all that a trial depends on but its own values and its random stream: the body's code, and what that
  /// reaches.
  /// - Returns: the natives that it can call, by their whole names (`sys.env`).
  public func writeBody(to writer: ContentWriter) -> Set<String> {
    let walk = ContentWalk(parent.interpreter, writer)
    walk.take(body)
    return walk.natives
  }

  /// Takes down the values of one combination.
  /// - Returns: the natives that they can call.
  public func writeValues(of index: Int, to writer: ContentWriter) -> Set<String> {
    let walk = ContentWalk(parent.interpreter, writer)
    for value in combinations[index] { walk.take(value) }
    return walk.natives
  }

  /// Whether the values of one combination are all told by their text: numbers, strings, bools and nil.
  public func hasPlainValues(_ index: Int) -> Bool {
    combinations[index].allSatisfy { value in
      if case .object(let reference) = value { reference.kind == .string } else { true }
    }
  }

  /// Runs the body for one combination on this thread.
  /// - Parameters:
  ///   - random: the trial's own random stream, derived from the run's seed and the trial's values.
  ///   - configure: sets up the trial's interpreter (services) before it starts.
  /// - Returns: the body's map, outside all heaps.
  /// - Throws: the `Fault` that ended the trial.
  public func runTrial(
    _ index: Int, random: RandomState, configure: (VM) throws -> Void = { _ in }
  ) throws -> Snapshot {
    let trial = VM(
      interpreter: parent.interpreter, interrupt: parent.interrupt, random: random,
      limits: parent.limits, isTrial: true)
    trial.services = parent.services
    trial.collectsAlways = parent.collectsAlways
    do {
      return try trial.enter {
        try configure(trial)
        let result = try trial.call(body, combinations[index])
        guard case .object(let reference) = result, reference.kind == .map else {
          throw Fault(
            .type,
            "the body of a sweep must give a map, it gave \(Representation.described(result))",
            hint: "end it with `{name: value}`")
        }
        if reference.map.contains(where: { $0.key.string == SweepRequest.reservedName }) {
          throw Fault(
            .name, "the table of a sweep has `failures` already: the trials that failed",
            hint: "call this value something else")
        }
        for (axis, swept) in zip(axes, combinations[index]) {
          let given = reference.map.compactMap { $0.key.string == axis ? $0.value : nil }.first
          if let given, try !Comparison.equal(given, swept, trial) {
            throw Fault(
              .value,
              "the table has a column `\(axis)` already, for the values that are swept",
              hint: "call this value something else")
          }
        }
        try trial.settleMemory()
        return .map(
          try reference.map.map { key, value in
            do {
              return (try trial.snapshot(key), try trial.snapshot(value))
            } catch let fault as Fault where fault.kind == .value {
              throw SweepRequest.unrecorded(key.string ?? Representation.brief(key), fault.message)
            }
          })
      }
    } catch {
      let fault = Fault(error)
      // What it carries goes away with the trial's heap.
      if case .object = fault.data { _ = fault.withData(.nothing) }
      throw fault
    }
  }

  /// The error of a result that cannot be kept whole.
  /// - Parameters:
  ///   - path: where it stands in the body's map.
  ///   - reason: why it cannot.
  public static func unrecorded(_ path: String, _ reason: String) -> Fault {
    Fault(
      .type,
      "`\(path)` of the result cannot be recorded, because \(reason): give what is wanted of it as numbers, strings, lists, maps, tensors or tables"
    )
  }

  /// Runs all trials one after the other and gives the list of their maps, the swept values first.
  public func runInOrder(_ vm: VM) throws -> Value {
    var results: [Snapshot] = []
    for (index, combination) in combinations.enumerated() {
      let random = RandomState(key: vm.random.key &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15)
      guard case .map(let entries) = try runTrial(index, random: random) else { continue }
      let swept = try zip(axes, combination).map {
        (key: Snapshot.string($0), value: try vm.snapshot($1))
      }
      results.append(.map(swept + entries))
    }
    return vm.value(of: .list(results))
  }
}
