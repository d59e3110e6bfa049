// Whether `her` means `his` or `him`: a part-of-speech rule over the words around it.
//
// The words that can follow an object pronoun are mostly closed classes (prepositions, determiners, conjunctions,
// auxiliaries, pronouns, adverbs) or punctuation; nearly everything else starts a noun phrase, so that the pronoun is
// its determiner. The verbs before it correct this: `let her go`, `gave her money`, `made her happy`,
// `saw her walking`. All features are the same before and after a reversal.

/// The pronouns whose counterpart depends on context.
enum Pronoun: String, CaseIterable, Sendable {
  case her, hers, him, his

  /// What takes this pronoun's place. In every context `her` and one masculine pronoun lead to each other; the rest
  /// leads there one way only, or (`hers` in front of a noun phrase that is not its own) stays.
  func partner(in context: PronounContext) -> Pronoun {
    switch (self, context) {
    case (.her, .determiner): .his
    case (.her, _): .him
    case (.his, .object): .hers
    case (.his, _): .her
    case (.him, _): .her
    case (.hers, .objectBeforeNoun): .hers
    case (.hers, _): .his
    }
  }
}

enum PronounContext {
  /// In front of a noun phrase that it belongs to: `her book`.
  case determiner
  /// On its own: `saw her.`, `to her and`, `it was his.`
  case object
  /// An object with a noun phrase of its own behind it: `gave her money`.
  case objectBeforeNoun
}

/// Reads the context of a pronoun.
struct ContextReader {
  let neighbours: NeighbourReader

  /// The context of the pronoun at `start..<end`.
  func context(start: Int, end: Int) -> PronounContext { read(start: start, end: end).context }

  /// The context of the pronoun at `start..<end`, and whether it begins a couple that has no way back.
  func read(start: Int, end: Int) -> (context: PronounContext, isConflict: Bool) {
    let before = neighbours.backward(from: start)
    var place = neighbours.closing(start: start, end: end)
    var next = neighbours.forward(&place)
    if next.kind == .word, has(next, .joining), let couple = couple(start: start, end: end) {
      return (
        couple.isSameGender || couple.isConflict ? .object : .determiner, couple.isConflict
      )
    }
    // `his or her book`: what follows the last of several pronouns decides for all.
    for _ in 0..<4 {
      if neighbours.isBracketed(next), next.number >= 0, info(next).pronoun != nil {
        // `his (her) dog`
        place = next.end + 1
        next = neighbours.forward(&place)
        continue
      }
      let isSlash = next.kind == .slash
      guard isSlash || has(next, .joining) else { break }
      var further = place
      var word = neighbours.forward(&further)
      // `him and/or her`
      if word.kind == .slash { word = neighbours.forward(&further) }
      if has(word, .joining) { word = neighbours.forward(&further) }
      guard word.number >= 0 else { break }
      if info(word).pronoun == nil {
        // `his/their dog`, `her or my dog`
        guard has(word, .possessive), isSlash || !neighbours.isWord(next, "and") else { break }
      }
      place = neighbours.closing(start: word.start, end: word.end)
      next = neighbours.forward(&place)
    }
    let second = neighbours.forward(&place)
    return (decide(before: before, next: next, second: second), false)
  }

  /// Two pronouns joined by `and` or `or` in front of a noun.
  struct Couple {
    /// `him and his brother`: the second is no alternative to the first, which stands alone. Reversal changes both, so
    /// that it stays so.
    var isSameGender: Bool
    /// `him and her dog`, which has no way back: `her and his dog` could come from `his and her dog` as well.
    var isConflict: Bool
  }

  /// The couple that begins with the pronoun at `start..<end`.
  func couple(start: Int, end: Int) -> Couple? {
    guard let first = pronoun(start, end), let joint = joint(end),
      !has(neighbours.backward(from: start), .joining)
    else { return nil }
    var place = joint.place
    let other = neighbours.forward(&place)
    guard let second = pronoun(other.start, other.end), neighbours.isBare(other) else { return nil }
    let next = neighbours.forward(&place)
    guard next.kind == .word, !has(next, .joining) else { return nil }
    let third = neighbours.forward(&place)
    guard second == .her || second == .his,
      decide(before: joint.word, next: next, second: third) == .determiner
    else { return nil }
    let isSameGender = (first == .him || first == .his) == (second == .his)
    return Couple(
      isSameGender: isSameGender,
      isConflict: !isSameGender && (first == .him || first == .hers))
  }

  /// Whether the pronoun at `start..<end` ends a couple that has no way back.
  func endsConflict(start: Int, end: Int) -> Bool {
    let joint = neighbours.backward(from: start)
    guard joint.kind == .word, has(joint, .joining) else { return false }
    let first = neighbours.backward(from: joint.start)
    guard first.kind == .word, pronoun(first.start, first.end) != nil else { return false }
    return couple(start: first.start, end: first.end)?.isConflict == true
  }

  private func joint(_ end: Int) -> (word: Neighbour, place: Int)? {
    var place = end
    let word = neighbours.forward(&place)
    guard word.kind == .word, has(word, .joining), neighbours.isBare(word), word.start == end + 1
    else { return nil }
    return (word, place)
  }

  private func pronoun(_ start: Int, _ end: Int) -> Pronoun? {
    guard end > start else { return nil }
    let number = neighbours.number(start, end)
    return number >= 0 ? neighbours.table.info[Int(number)].pronoun : nil
  }

  private func info(_ word: Neighbour) -> WordInfo {
    neighbours.table.info[Int(word.number)]
  }

  private func group(_ word: Neighbour) -> WordGroup {
    word.number >= 0 ? info(word).group : .open
  }

  private func has(_ word: Neighbour, _ trait: WordTraits) -> Bool {
    word.number >= 0 && !info(word).traits.isDisjoint(with: trait)
  }

  /// Whether a word of the closed classes begins a title: `his The Tempest`.
  private func isTitle(_ word: Neighbour, _ second: Neighbour) -> Bool {
    word.isCapital && second.isCapital && group(word) == .function && !has(word, .time)
      && WordScanner.letterCase(neighbours.base + word.start, length: word.end - word.start)
        == .title
      && word.end - word.start > 1
  }

  /// Whether the phrase that began before ends here: nothing that could be its noun follows.
  private func endsPhrase(_ word: Neighbour) -> Bool {
    switch word.kind {
    case .boundary, .slash: return true
    case .number: return false
    case .word:
      switch group(word) {
      case .function, .pronoun, .particular: return true
      default: return false
      }
    }
  }

  /// - Parameters:
  ///   - before: the word in front, where nothing but spaces stands between.
  ///   - next, second: the two words behind, likewise.
  private func decide(before: Neighbour, next: Neighbour, second: Neighbour) -> PronounContext {
    let verb = before.number >= 0 ? info(before).verbs : []
    switch next.kind {
    case .boundary, .slash: return .object
    case .number:
      // `call her 5 minutes later`; but `in her 20 years`.
      if has(second, .unit), neighbours.ends(second, "s"), !has(before, .preposition) {
        return .object
      }
      return verb.contains(.giving) && !second.isHyphen ? .objectBeforeNoun : .determiner
    case .word: break
    }
    // `made her very happy`; but `her very own`, and any -ly word as in `drove her completely mad`.
    if verb.contains(.making), has(next, .degree), !has(second, .own) { return .object }
    if next.isCompound || isTitle(next, second) { return .determiner }
    switch group(next) {
    case .noun: return .determiner
    case .pronoun, .function: return .object
    case .particular: return decideParticular(next, verb, second, before)
    case .determinerOnly:
      // `sat next to her next to the door`
      return neighbours.isWord(next, "next") && neighbours.isWord(second, "to")
        ? .object : .determiner
    case .place: return decidePlace(next, verb, second, before)
    case .adverb: return decideAdverb(next, verb, second, before)
    case .quantity:
      // `told her more`, `gave her one.`, `took her two hours`; but `her two sons`.
      if second.isHyphen { return .determiner }
      if verb.contains(.giving) { return .objectBeforeNoun }
      if has(second, .unit), verb.contains(.moving) { return .objectBeforeNoun }
      if has(second, .unit), neighbours.isWord(next, "one") { return .object }
      // `made her less happy`
      if verb.contains(.turning), neighbours.isWord(next, "more") || neighbours.isWord(next, "less")
      {
        return .object
      }
      return endsPhrase(second) ? .object : .determiner
    case .baseVerb:
      if verb.contains(.letting) { return .object }
      if verb.contains(.helping) {
        // `saw her face`, `made her move.`; but `made her call`, `help her work the farm`.
        let isNoun =
          verb.contains(.turning)
          ? second.kind == .boundary && neighbours.isWord(next, "move")
          : has(next, .nounToo) && endsPhrase(second) && !has(second, .article)
        return isNoun ? .determiner : .object
      }
      if verb.contains(.giving), has(next, .gift), endsPhrase(second) { return .objectBeforeNoun }
      return .determiner
    case .open: return decideOpen(next, verb, second, before)
    }
  }

  /// Words that begin or end a phrase mostly, each with a use in which it is part of a noun phrase: `her only son`,
  /// `gave his all`.
  private func decideParticular(
    _ word: Neighbour, _ verb: VerbGroup, _ second: Neighbour, _ before: Neighbour
  ) -> PronounContext {
    let isFollowedByNoun = !endsPhrase(second)
    switch neighbours.table.info[Int(word.number)].particular {
    case .none: return .object
    case .only: return isFollowedByNoun ? .determiner : .object
    case .every:
      // `saw her every day`, `gave her every chance`; but `watched her every move`.
      if verb.contains(.giving) { return .objectBeforeNoun }
      let isTime = has(second, .time) || has(second, .unit) || group(second) == .quantity
      return isFollowedByNoun && !isTime ? .determiner : .object
    case .all:
      // `gave her all for the team`, `did her all.`; but `gave her all the money`, `told her all about it`.
      let isNoun =
        second.kind == .boundary || has(second, .joining)
        || has(second, .preposition) && !neighbours.isWord(second, "of")
          && !neighbours.isWord(second, "about")
        || neighbours.isWord(second, "to")
      let isGiven = verb.contains(.exerting) || neighbours.isWord(before, "it")
      return isNoun && isGiven ? .determiner : .object
    case .once:
      // `her once great career`, `his then wife`; but `met her once again`.
      if neighbours.isWord(word, "soon"), neighbours.isWord(second, "to") { return .determiner }
      guard isFollowedByNoun, second.kind == .word, !second.isCapital,
        !neighbours.ends(second, "ly")
      else { return .object }
      switch group(second) {
      case .open: return has(second, .time) ? .object : .determiner
      case .noun: return .determiner
      default: return .object
      }
    case .looks:
      // `her looks faded`, `of her looks.`; but `everyone around her looks happy`.
      if before.kind != .word { return .determiner }
      return second.kind == .boundary || has(second, .joining) || has(second, .auxiliary)
        || has(before, .preposition) && !has(before, .position)
        ? .determiner : .object
    case .past:
      return has(second, .article) || verb.contains(.moving) && !has(before, .preposition)
        ? .object : .determiner
    case .being:
      // Her being there is as right as `him being there`.
      return verb.contains(.perceiving) && !has(before, .preposition) ? .object : .determiner
    case .will:
      // `against her will`, `her will to live`; but `those near her will agree`.
      let isNoun =
        second.kind == .boundary || has(second, .joining) || has(second, .auxiliary)
        || has(second, .preposition) || neighbours.isWord(second, "to")
      return isNoun ? .determiner : .object
    }
  }

  private func decidePlace(
    _ word: Neighbour, _ verb: VerbGroup, _ second: Neighbour, _ before: Neighbour
  ) -> PronounContext {
    // `call her back`, `took her home`; but `her back hurts`, `on her back`, `her home in Leeds`.
    if has(before, .excepting) { return .object }
    let isBack = neighbours.isWord(word, "back")
    let isSide = neighbours.isWord(word, "right") || neighbours.isWord(word, "left")
    if isBack, has(before, .position) || verb.contains(.straining) { return .determiner }
    if isSide {
      // `to her left.`, `her right to vote`; but `to her right away`.
      if neighbours.isWord(second, "to"), !verb.contains(.moving) { return .determiner }
      if has(before, .position), second.kind == .boundary || has(second, .joining) {
        return .determiner
      }
    }
    guard endsPhrase(second) || group(second) == .place || group(second) == .adverb else {
      return .determiner
    }
    return has(word, .home) && !verb.contains(.moving) ? .determiner : .object
  }

  private func decideAdverb(
    _ word: Neighbour, _ verb: VerbGroup, _ second: Neighbour, _ before: Neighbour
  ) -> PronounContext {
    // `saw her last week`; but `in her last week`, `at her best`.
    let isPrepositional = has(before, .preposition)
    if has(word, .superlative), isPrepositional { return .determiner }
    if has(second, .time), has(word, .own) || neighbours.isWord(word, "next") {
      return isPrepositional ? .determiner : .object
    }
    guard endsPhrase(second) else {
      // `finds her still living`
      if verb.contains(.perceiving), neighbours.ends(second, "ing") { return .object }
      return .determiner
    }
    if has(word, .degree) { return .object }
    // `does her best`, `wasn't her best`; but `knows her best`, `loves her most`.
    if neighbours.isWord(word, "best"), !verb.contains(.knowing) { return .determiner }
    let isRank = has(word, .own) || has(word, .superlative)
    // `her first ever script`
    if isRank, neighbours.isWord(second, "ever") { return .determiner }
    return isRank && (isPrepositional || has(before, .auxiliary)) ? .determiner : .object
  }

  private func decideOpen(
    _ word: Neighbour, _ verb: VerbGroup, _ second: Neighbour, _ before: Neighbour
  ) -> PronounContext {
    if verb.contains(.letting) {
      // `let her know`; but `let her dog run`, `let her guard down`.
      let isPlural = neighbours.ends(word, "s") && !neighbours.ends(word, "ss")
      let isNoun = isPlural || group(second) == .baseVerb || group(second) == .place
      return isNoun ? .determiner : .object
    }
    let isPrepositional = has(before, .preposition)
    if neighbours.ends(word, "ly"), !word.isCapital, !has(word, .adjective) {
      let describes = verb.contains(.making) || verb.contains(.perceiving)
      return describes && !isPrepositional || endsPhrase(second) ? .object : .determiner
    }
    // `called her Ann`, `elected her president`
    if verb.contains(.naming), word.isCapital || has(word, .office) && endsPhrase(second) {
      return .object
    }
    let length = word.end - word.start
    if neighbours.ends(word, "ing"), length >= 5,
      !has(word, .ingNoun) || neighbours.ends(second, "ly")
    {
      // `of her saying that`, `like her treating them`; but `of her training.`
      if has(second, .article), before.kind == .word { return .object }
      // `with her walking ahead`; but `with her bombing targets`.
      if verb.contains(.perceiving), !isPrepositional || endsPhrase(second) { return .object }
    }
    if isFiniteVerb(word, before, second) { return .object }
    if verb.contains(.making), endsPhrase(second) {
      if has(word, .adjective) || length > 4 && neighbours.ends(word, "ed") { return .object }
      if verb.contains(.turning), length >= 7, hasAdjectiveEnding(word) { return .object }
    }
    // `helped her solve the riddle`, `saw her murder him`
    if verb.contains(.aiding), has(second, .article), !neighbours.isWord(second, "that"),
      !neighbours.ends(word, "s"), !word.isCapital
    {
      return .object
    }
    guard verb.contains(.giving) else { return .determiner }
    // `gave her money`, `gave her white rice`.
    let isAdjective = has(word, .adjective) || hasAdjectiveEnding(word)
    return has(word, .gift) || isAdjective && has(second, .gift) ? .objectBeforeNoun : .determiner
  }

  /// Whether the pronoun ends a phrase of which this word is the verb: `nobody but her knew`,
  /// `the man behind her laughed`.
  private func isFiniteVerb(_ word: Neighbour, _ before: Neighbour, _ second: Neighbour) -> Bool {
    let ends = endsPhrase(second) || group(second) == .place || neighbours.ends(second, "ly")
    if has(before, .excepting) {
      return has(word, .pastVerb) || ends && (has(word, .presentVerb) || isParticiple(word))
    }
    guard ends else { return false }
    // `the woman who loved her died`
    let isObject = before.number >= 0 && info(before).verbs.contains(.knowing)
    return (isObject || has(before, .beside)) && has(word, .pastVerb)
      || has(before, .beside) && isParticiple(word)
  }

  private func isParticiple(_ word: Neighbour) -> Bool {
    // Not `deathbed` or `speed`.
    word.end - word.start >= 5 && neighbours.ends(word, "ed") && !neighbours.ends(word, "eed")
      && !neighbours.ends(word, "bed") && !has(word, .nounToo)
  }

  /// `unconscious`, `invincible`, `homophobic`
  private func hasAdjectiveEnding(_ word: Neighbour) -> Bool {
    neighbours.ends(word, "ous") || neighbours.ends(word, "ble") || neighbours.ends(word, "ful")
      || neighbours.ends(word, "less") || neighbours.ends(word, "etic")
      || neighbours.ends(word, "phobic") || neighbours.ends(word, "anic")
      || neighbours.ends(word, "rect")
  }
}
