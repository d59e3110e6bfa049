import Testing

@testable import Text

@Suite struct TextAlignmentTests {
  /// Where the pieces end: words with the space in front, cut further into pieces of at most `longest` bytes.
  private func ends(_ text: String, longest: Int) -> [Int] {
    var result: [Int] = []
    var length = 0
    let bytes = Array(text.utf8)
    for (i, byte) in bytes.enumerated() {
      if length > 0, byte == 0x20 || length == longest {
        result.append(i)
        length = 0
      }
      length += 1
    }
    if length > 0 { result.append(bytes.count) }
    return result
  }

  @Test func offsetsMapAtWordBoundaries() {
    let result = RoleReversal.standard.reversal(of: "Yes: she saw him.")
    #expect(result.text == "Yes: he saw her.")
    let alignment = result.alignment
    #expect(alignment.words.map(\.source) == [5..<8, 13..<16])
    #expect(alignment.words.map(\.target) == [5..<7, 12..<15])
    let expected: [Int?] = [
      0, 1, 2, 3, 4, 5, nil, nil, 7, 8, 9, 10, 11, 12, nil, nil, 15, 16,
    ]
    #expect((0...17).map { alignment.target(ofSource: $0) } == expected)
    #expect(alignment.target(ofSource: -1) == nil && alignment.target(ofSource: 18) == nil)
  }

  @Test func tokensOfOtherCountsLeaveHoles() throws {
    // " grandmother" in two tokens, " grandfather" in three.
    let source = "My grandmother saw her."
    let result = RoleReversal.standard.reversal(of: source)
    #expect(result.text == "My grandfather saw him.")
    let positions = try result.alignment.tokenPositions(
      sourceEnds: [0, 2, 8, 14, 18, 22, 23], targetEnds: [0, 2, 7, 10, 14, 18, 22, 23])
    #expect(positions == [0, 1, nil, 4, 5, 6, 7])
  }

  /// The prefix of R(x) at the matching position is R of the prefix of x, up to what a pronoun's context behind the
  /// prefix decides.
  @Test(arguments: [3, 5, 64])
  func prefixesAreCounterparts(_ longest: Int) throws {
    let text =
      "The chairwoman told her uncle that she, herself a mother, gave Mr. Jones his book; the actress is fianc\u{e9}e of a policeman named Ann."
    let result = RoleReversal.standard.reversal(of: text)
    let sourceEnds = ends(text, longest: longest)
    let targetEnds = ends(result.text, longest: longest)
    let positions = try result.alignment.tokenPositions(
      sourceEnds: sourceEnds, targetEnds: targetEnds)
    #expect(positions.count == sourceEnds.count)
    var found = 0
    for (position, match) in positions.enumerated() {
      let end = sourceEnds[position]
      let isInside = result.changes.contains {
        $0.source.lowerBound < end && end < $0.source.upperBound
      }
      guard let match else {
        #expect(isInside || longest < 64)
        continue
      }
      #expect(!isInside)
      found += 1
      var rebuilt: [UInt8] = []
      var copied = 0
      for change in result.changes where change.source.upperBound <= end {
        rebuilt += Array(text.utf8)[copied..<change.source.lowerBound] + Array(change.to.utf8)
        copied = change.source.upperBound
      }
      rebuilt += Array(text.utf8)[copied..<end]
      #expect(Array(result.text.utf8)[..<targetEnds[match]] == rebuilt[...])
    }
    #expect(found * 3 >= positions.count)
    #expect(longest < 64 || found == positions.count)
  }

  @Test func sameTextsMatchOneToOne() throws {
    let result = RoleReversal.standard.reversal(of: "Nothing here, \u{1F600}!")
    #expect(result.changes.isEmpty && result.isInvertible && result.alignment.words.isEmpty)
    // Three tokens share the bytes of the emoji, and two marks without text stand at both ends.
    let ends = [0, 7, 12, 13, 18, 18, 18, 19, 19]
    #expect(
      try result.alignment.tokenPositions(sourceEnds: ends, targetEnds: ends)
        == Array(0..<9).map(Optional.some))
    #expect(try result.alignment.tokenPositions(sourceEnds: [], targetEnds: ends) == [])
    #expect(try result.alignment.tokenPositions(sourceEnds: [7], targetEnds: []) == [nil])
  }

  @Test func endsThatFallAreRefused() {
    let alignment = RoleReversal.standard.reversal(of: "she").alignment
    for ends in [[2, 1], [-1], [4], [Int.max], [Int.min]] {
      #expect(
        failure { _ = try alignment.tokenPositions(sourceEnds: ends, targetEnds: [2]) }?.kind
          == .value)
    }
    #expect(
      failure { _ = try alignment.tokenPositions(sourceEnds: [3], targetEnds: [3]) }?.kind == .value
    )
  }
}
