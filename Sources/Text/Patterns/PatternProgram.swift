import Foundations

/// An expression as steps, and the automaton made of them.
struct PatternProgram {
  private enum Step {
    /// Takes a code point of the set with this number.
    case take(Int)
    /// The first is tried first.
    case split(Int, Int)
    case jump(Int)
    case look(Int, isNegated: Bool)
    case end(lineEnd: Int?)
    case match
  }

  private var steps: [Step] = []
  private(set) var sets: [CodePointSet] = []

  private static let mostSteps = 4_000
  private static let mostStates = 2_000

  private mutating func number(of set: CodePointSet) -> Int {
    if let known = sets.firstIndex(of: set) { return known }
    sets.append(set)
    return sets.count - 1
  }

  /// Appends the steps of a node.
  ///
  /// - Returns: false where they are too many.
  mutating func add(_ node: PatternNode) -> Bool {
    guard steps.count <= Self.mostSteps else { return false }
    switch node {
    case .empty: return true
    case .set(let set): steps.append(.take(number(of: set)))
    case .look(let set, let isNegated):
      steps.append(.look(number(of: set), isNegated: isNegated))
    case .end(let ofLine):
      steps.append(.end(lineEnd: ofLine ? number(of: CodePointSet(0x0A)) : nil))
    case .sequence(let nodes): return nodes.allSatisfy { add($0) }
    case .choice(let nodes):
      var jumps: [Int] = []
      for (i, branch) in nodes.enumerated() {
        let fork = steps.count
        if i + 1 < nodes.count { steps.append(.jump(0)) }
        guard add(branch) else { return false }
        guard i + 1 < nodes.count else { break }
        jumps.append(steps.count)
        steps.append(.jump(0))
        steps[fork] = .split(fork + 1, steps.count)
      }
      for jump in jumps { steps[jump] = .jump(steps.count) }
    case .repetition(let inner, let least, let most, let greed):
      return addRepetition(inner, least, most, isLazy: greed == .lazy)
    }
    return true
  }

  private mutating func addRepetition(
    _ node: PatternNode, _ least: Int, _ most: Int?, isLazy: Bool
  ) -> Bool {
    for _ in 0..<least where !add(node) { return false }
    func split(_ into: Int, _ past: Int) -> Step {
      isLazy ? .split(past, into) : .split(into, past)
    }
    guard let most else {
      let loop = steps.count
      steps.append(.jump(0))
      guard add(node) else { return false }
      steps.append(.jump(loop))
      steps[loop] = split(loop + 1, steps.count)
      return true
    }
    var forks: [Int] = []
    for _ in least..<most {
      forks.append(steps.count)
      steps.append(.jump(0))
      guard add(node) else { return false }
    }
    for fork in forks { steps[fork] = split(fork + 1, steps.count) }
    return true
  }

  mutating func finish() { steps.append(.match) }

  /// The table of `Pattern`; nil where it would have too many states.
  func automaton(_ partition: CodePointPartition) throws(DomainError) -> [Int32]? {
    let width = partition.count + 1
    var numbers: [[Int]: Int] = [[]: 0, [0]: 1]
    var states: [[Int]] = [[], [0]]
    var table = [Int32](repeating: 0, count: 2 * width)
    var seen = [Int](repeating: -1, count: steps.count)
    var turn = 0
    var state = 1
    while state < states.count {
      try Cancellation.check(turn: state)
      for kind in 0..<width {
        turn += 1
        let (next, matches) = follow(
          states[state], kind, kind == partition.count, partition, &seen, turn)
        var number = numbers[next]
        if number == nil {
          guard states.count < Self.mostStates else { return nil }
          number = states.count
          numbers[next] = states.count
          states.append(next)
          table.append(contentsOf: repeatElement(0, count: width))
        }
        table[state * width + kind] = Int32((number ?? 0) << 1 | (matches ? 1 : 0))
      }
      state += 1
    }
    return table
  }

  /// From places that have just been reached, where a code point of class `kind` (or the end) leads, the preferred
  /// first, and whether a match ends before it.
  private func follow(
    _ places: [Int], _ kind: Int, _ isEnd: Bool, _ partition: CodePointPartition,
    _ seen: inout [Int], _ turn: Int
  ) -> (next: [Int], matches: Bool) {
    var next: [Int] = []
    var stack = Array(places.reversed())
    func holds(_ set: Int) -> Bool { !isEnd && partition.members[set][kind] }
    while let place = stack.popLast() {
      guard seen[place] != turn else { continue }
      seen[place] = turn
      switch steps[place] {
      case .take(let set): if holds(set), !next.contains(place + 1) { next.append(place + 1) }
      case .split(let first, let second):
        stack.append(second)
        stack.append(first)
      case .jump(let target): stack.append(target)
      case .look(let set, let isNegated):
        if holds(set) != isNegated { stack.append(place + 1) }
      case .end(let lineEnd):
        if isEnd || lineEnd.map(holds) == true { stack.append(place + 1) }
      // What is less preferred cannot win any more.
      case .match: return (next, true)
      }
    }
    return (next, false)
  }
}
