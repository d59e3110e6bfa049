/// Drafts of what may follow, looked up in the sequence itself: what followed when its last tokens stood there before
/// (Saxena 2023, prompt lookup decoding). A model checks a draft in one pass over its weights, in the time that a token
/// takes; where its own choices are the drafted tokens, it has made several at once. So drafts change the speed and
/// never a token.
struct PromptLookup {
  /// The most tokens of a draft: with the token before it a pass takes eight, which still wait for memory and not for
  /// arithmetic.
  private static let longest = 7
  /// How many of the last tokens are looked for, the most first.
  private static let suffixes = [3, 2]

  private var sequence: [Int32]
  /// The length of the next draft: twice as long after one that was right, half as long after one that was not.
  private var length = 3

  init(_ sequence: [Int32]) { self.sequence = sequence }

  mutating func note(_ token: Int32) { sequence.append(token) }

  /// At most `room` tokens that may follow; none where the last tokens are new.
  func draft(room: Int) -> [Int32] {
    let count = sequence.count
    for size in PromptLookup.suffixes where count > size && room > 0 {
      let suffix = sequence[(count - size)...]
      // The latest place before the end itself.
      for start in stride(from: count - size - 1, through: 0, by: -1)
      where sequence[start..<(start + size)].elementsEqual(suffix) {
        // What follows may run into the end: then it goes round, as a loop does.
        let first = start + size
        return (0..<min(length, room)).map { sequence[first + $0 % (count - first)] }
      }
    }
    return []
  }

  mutating func learn(accepted: Int, of drafted: Int) {
    guard drafted > 0 else { return }
    length = accepted == drafted ? min(PromptLookup.longest, 2 * length + 1) : max(1, length / 2)
  }
}
