// Regular expressions without going back: each is turned into an automaton whose states are lists of places in the
// expression in the order of preference (Cox 2010, "Regular Expression Matching in the Wild"; the order gives the
// matches of engines that go back). A look at the next code point is taken when that is read. The automaton is built
// whole when an expression is read, so that matching takes a step a character and no memory.

import Foundations

/// A regular expression that finds the pieces of a text.
public final class Pattern: Sendable, Equatable {
  /// As it was written.
  public let text: String
  let dialect: PatternDialect
  private let classes: [UInt8]
  private let classCount: Int
  /// By state and class of the next code point: the next state twice, plus one where a match ends before the code
  /// point. State 0 leads nowhere. The last class is the end of the text.
  private let table: [Int32]

  public static func == (left: Pattern, right: Pattern) -> Bool {
    left.text.isSpelt(right.text) && left.dialect == right.dialect
  }

  /// - Throws: `data` for an expression that is malformed, matches the empty text, is too large or asks for what is not
  ///   supported.
  init(_ text: String, dialect: PatternDialect, place: String) throws(DomainError) {
    self.text = text
    self.dialect = dialect
    let node = try PatternParser.parse(text, dialect, place: place)
    func refused(_ what: String) -> DomainError {
      DomainError(.data, "\(place): the regular expression `\(text.prefix(60))` \(what)")
    }
    guard !node.isNullable else {
      throw refused("matches the empty text, which is not supported")
    }
    guard node.isFreeOfPossession(before: CodePointSet()) else {
      throw refused("holds back what could match what follows (`++`), which is not supported")
    }
    var program = PatternProgram()
    guard program.add(node) else { throw refused("is too large") }
    program.finish()
    let partition = CodePointPartition(program.sets)
    guard let partition else { throw refused("tells too many kinds of characters apart") }
    classes = partition.classes
    classCount = partition.count + 1
    guard let table = try program.automaton(partition) else { throw refused("is too large") }
    self.table = table
  }

  /// Where the match that starts at `start` ends; nil where none does.
  @inline(__always)
  func matchEnd(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, to limit: Int) -> Int? {
    table.withUnsafeBufferPointer { table in
      classes.withUnsafeBufferPointer { classes in
        var state = 1
        var position = start
        var found = -1
        while position < limit {
          let (scalar, length) = UTF8Decoder.scalar(bytes, position)
          let next = Int(table[state &* classCount &+ Int(classes[Int(scalar)])])
          if next & 1 != 0 { found = position }
          state = next >> 1
          if state == 0 { return found < 0 ? nil : found }
          position &+= length
        }
        if table[state &* classCount &+ classCount &- 1] & 1 != 0 { found = limit }
        return found < 0 ? nil : found
      }
    }
  }

  /// The span that starts at `start`: a match, or all up to the next match.
  @inline(__always)
  func span(
    _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, to limit: Int
  ) -> (end: Int, isMatch: Bool) {
    if let end = matchEnd(bytes, from: start, to: limit) { return (end, true) }
    var position = start
    var turn = 0
    while position < limit {
      position += UTF8Decoder.scalar(bytes, position).1
      if position >= limit { break }
      turn &+= 1
      if Parallel.isAbandoned(turn: turn) { return (limit, false) }
      if matchEnd(bytes, from: position, to: limit) != nil { return (position, false) }
    }
    return (limit, false)
  }
}

extension PatternNode {
  /// Whether it matches the empty text.
  var isNullable: Bool {
    switch self {
    case .empty, .look, .end: true
    case .set: false
    case .sequence(let nodes): nodes.allSatisfy(\.isNullable)
    case .choice(let nodes): nodes.contains(where: \.isNullable)
    case .repetition(let node, let least, let most, _): least == 0 || most == 0 || node.isNullable
    }
  }

  /// Code points with which a match may start, looks included.
  var firsts: CodePointSet {
    switch self {
    case .empty, .end(ofLine: false): return CodePointSet()
    case .end(ofLine: true): return CodePointSet(0x0A)
    case .set(let set): return set
    case .look(let set, let isNegated): return isNegated ? set.inverted : set
    case .sequence(let nodes):
      var result = CodePointSet()
      for node in nodes {
        result = result.union(node.firsts)
        if !node.isNullable { break }
      }
      return result
    case .choice(let nodes): return nodes.reduce(CodePointSet()) { $0.union($1.firsts) }
    case .repetition(let node, _, _, _): return node.firsts
    }
  }

  /// Whether each possessive repetition means the same as a greedy one, because what follows starts with nothing that
  /// it repeats.
  ///
  /// - Parameter follow: what may follow.
  func isFreeOfPossession(before follow: CodePointSet) -> Bool {
    switch self {
    case .empty, .set, .look, .end: return true
    case .choice(let nodes):
      return nodes.allSatisfy { $0.isFreeOfPossession(before: follow) }
    case .sequence(let nodes):
      var follow = follow
      for node in nodes.reversed() {
        guard node.isFreeOfPossession(before: follow) else { return false }
        follow = node.isNullable ? follow.union(node.firsts) : node.firsts
      }
      return true
    case .repetition(let node, _, let most, let greed):
      let repeated = most == 1 ? follow : follow.union(node.firsts)
      guard node.isFreeOfPossession(before: repeated) else { return false }
      guard greed == .possessive else { return true }
      guard case .set(let set) = node else { return false }
      return set.intersection(follow).isEmpty
    }
  }
}

/// Code points in classes of which no set of an expression tells two members apart.
struct CodePointPartition {
  /// The class of each code point.
  private(set) var classes: [UInt8]
  private(set) var count: Int
  /// By set, which classes are in it.
  private(set) var members: [[Bool]]

  /// Nil where there are more than 250.
  init?(_ sets: [CodePointSet]) {
    guard sets.count <= 500 else { return nil }
    var bounds: Set<UInt32> = [0]
    for set in sets {
      for range in set.ranges {
        bounds.insert(range.lowerBound)
        if range.upperBound < CodePointSet.end { bounds.insert(range.upperBound) }
      }
    }
    let starts = bounds.sorted()
    var places = [Int](repeating: 0, count: sets.count)
    var numbers: [[Bool]: Int] = [:]
    classes = [UInt8](repeating: 0, count: Int(CodePointSet.end))
    var signatures: [[Bool]] = []
    for (i, start) in starts.enumerated() {
      var signature = [Bool](repeating: false, count: sets.count)
      for (k, set) in sets.enumerated() {
        while places[k] < set.ranges.count, set.ranges[places[k]].upperBound <= start {
          places[k] += 1
        }
        signature[k] = places[k] < set.ranges.count && set.ranges[places[k]].contains(start)
      }
      let number = numbers[signature] ?? numbers.count
      if number == signatures.count {
        guard number < 250 else { return nil }
        numbers[signature] = number
        signatures.append(signature)
      }
      let end = i + 1 < starts.count ? Int(starts[i + 1]) : Int(CodePointSet.end)
      classes.withUnsafeMutableBufferPointer {
        $0[Int(start)..<end].update(repeating: UInt8(number))
      }
    }
    count = signatures.count
    members = sets.indices.map { k in signatures.map { $0[k] } }
  }
}
