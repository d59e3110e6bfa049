import Foundations
import Tensors
import Text

/// Which tokens of a vocabulary are gendered words, and which are their counterparts: what turns predictions about R(x)
/// into predictions about x (counterfactual role reversal, Gupta et al. 2022).
///
/// Most words have one counterpart. Him, his, her and hers do not: they form one group, and what one side of a group
/// weighs in total goes over to the other side as a whole. Words that are not one token stay as they are.
public struct CounterpartTokens: Sendable, Equatable {
  /// Tokens of one meaning, masculine and feminine.
  public struct Group: Sendable, Equatable {
    public var masculine: [Int32]
    public var feminine: [Int32]

    public init(masculine: [Int32], feminine: [Int32]) {
      self.masculine = masculine
      self.feminine = feminine
    }
  }

  public let groups: [Group]
  /// Pairs of words of which no form is one token on both sides.
  public let unmapped: [String]

  /// No gendered words.
  public static let none = CounterpartTokens()

  private init() {
    groups = []
    unmapped = []
  }

  /// - Throws: `value` where a token is in two places or a group lacks a side.
  public init(groups: [Group], unmapped: [String] = []) throws(DomainError) {
    var seen: Set<Int32> = []
    for group in groups {
      guard !group.masculine.isEmpty, !group.feminine.isEmpty else {
        throw DomainError(.value, "a group of counterparts needs tokens on both sides")
      }
      for token in group.masculine + group.feminine {
        guard token >= 0, seen.insert(token).inserted else {
          throw DomainError(
            .value, "the token \(token) is in two groups of counterparts, or is no token")
        }
      }
    }
    self.groups = groups
    self.unmapped = unmapped
  }

  /// The groups of a vocabulary: words that the lexicon exchanges with each other, directly or through a third (mom and
  /// mum with dad), and him, his, her and hers. Words that are gendered in some contexts only are left out.
  ///
  /// - Parameter reader: knows which strings are one token.
  public init(lexicon: GenderLexicon = .standard, reader: TokenReader) throws(DomainError) {
    var groups: [Group] = []
    var unmapped: [String] = []
    var taken: Set<Int32> = []
    for words in CounterpartTokens.wordGroups(lexicon) {
      var found = false
      for form in reader.wordForms {
        let m = words.masculine.compactMap { reader.single(form.apply($0)) }
        let f = words.feminine.compactMap { reader.single(form.apply($0)) }
        // A vocabulary without case gives one token for several forms.
        guard !m.isEmpty, !f.isEmpty, taken.isDisjoint(with: m + f),
          Set(m + f).count == (m + f).count
        else { continue }
        taken.formUnion(m + f)
        groups.append(Group(masculine: m, feminine: f))
        found = true
      }
      if !found { unmapped.append(words.masculine[0] + "/" + words.feminine[0]) }
    }
    try self.init(groups: groups, unmapped: unmapped)
  }

  /// Words that hang together by the lexicon's rows, both sides in the order of the rows.
  private static func wordGroups(_ lexicon: GenderLexicon) -> [(
    masculine: [String], feminine: [String]
  )] {
    var groups: [(masculine: [String], feminine: [String])] = [(["him", "his"], ["her", "hers"])]
    var place: [Spelling: Int] = ["him": 0, "his": 0, "her": 0, "hers": 0]
    for row in lexicon.rows where row.condition == .anywhere {
      let (m, f) = (row.masculine, row.feminine)
      let (first, second) = (place[m], place[f])
      let target = first ?? second ?? groups.count
      if target == groups.count { groups.append(([], [])) }
      if let first, let second, first != second {
        // Two groups become one; the emptied one stays behind.
        groups[first].masculine += groups[second].masculine
        groups[first].feminine += groups[second].feminine
        for word in groups[second].masculine + groups[second].feminine { place[word] = first }
        groups[second] = ([], [])
        continue
      }
      if first == nil { groups[target].masculine.append(m) }
      if second == nil { groups[target].feminine.append(f) }
      place[m] = target
      place[f] = target
    }
    return groups.filter { !$0.masculine.isEmpty && !$0.feminine.isEmpty }
  }

  /// The largest token.
  var limit: Int32 { groups.reduce(-1) { max($0, ($1.masculine + $1.feminine).max() ?? -1) } }

  /// Exchanges the two sides of every group in `counterpart`, logits about R(x), so that they speak of x. What a side
  /// weighs is divided among the tokens of the other in the proportions that `own`, logits about x, gives them.
  func exchange(
    _ counterpart: UnsafeMutablePointer<Float>, own: UnsafePointer<Float>
  ) {
    for group in groups {
      if group.masculine.count == 1, group.feminine.count == 1 {
        let (m, f) = (Int(group.masculine[0]), Int(group.feminine[0]))
        (counterpart[m], counterpart[f]) = (counterpart[f], counterpart[m])
        continue
      }
      let masculine = logSumExp(counterpart, group.masculine)
      let feminine = logSumExp(counterpart, group.feminine)
      let (ownMasculine, ownFeminine) = (
        logSumExp(own, group.masculine), logSumExp(own, group.feminine)
      )
      share(feminine, among: group.masculine, counterpart, own, ownMasculine)
      share(masculine, among: group.feminine, counterpart, own, ownFeminine)
    }
  }

  /// Divides a mass (as logarithm) in the proportions of `own`, whose total is given; evenly where that is nothing.
  private func share(
    _ mass: Float, among tokens: [Int32], _ target: UnsafeMutablePointer<Float>,
    _ own: UnsafePointer<Float>, _ total: Float
  ) {
    let even = -Scalar.log(Float(tokens.count))
    for token in tokens {
      target[Int(token)] = mass + (total > -.infinity ? own[Int(token)] - total : even)
    }
  }

  private func logSumExp(_ logits: UnsafePointer<Float>, _ tokens: [Int32]) -> Float {
    let top = tokens.reduce(-Float.infinity) { max($0, logits[Int($1)]) }
    guard top > -.infinity else { return top }
    return top + Scalar.log(tokens.reduce(0) { $0 + Scalar.exp(logits[Int($1)] - top) })
  }
}
