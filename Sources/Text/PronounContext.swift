// Whether `her` means `his` or `him`: a part-of-speech rule over the words around it.
//
// The words that can follow an object pronoun are mostly closed classes (prepositions, determiners, conjunctions, auxiliaries, pronouns,
// adverbs) or punctuation; nearly everything else starts a noun phrase, so that the pronoun is its determiner. The verbs before it correct
// this: `let her go`, `gave her money`, `made her happy`, `saw her walking`. All features are the same before and after a swap (see GenderSwap).

/// The pronouns whose counterpart depends on context.
enum Pronoun: String, CaseIterable, Sendable {
  case her, hers, him, his

  /// What takes this pronoun's place; nil where it stays.
  func partner(in context: PronounContext) -> Pronoun? {
    switch (self, context) {
    case (.her, .determiner): .his
    case (.her, _): .him
    case (.his, .determiner): .her
    case (.his, .object): .hers
    case (.his, .objectBeforeNoun): nil
    case (.him, .determiner): nil
    case (.him, _): .her
    case (.hers, .object): .his
    case (.hers, _): nil
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

  /// The context of the pronoun at `bytes[start..<end]`.
  static func of(
    _ bytes: UnsafeBufferPointer<UInt8>, start: Int, end: Int, table: WordTable
  ) -> PronounContext {
    guard let base = bytes.baseAddress else { return .object }
    let text = NeighbourReader(base: base, count: bytes.count, table: table)
    let before = text.backward(from: start)
    var place = end
    var next = text.forward(&place)
    // `his or her book`: what follows the last of several pronouns decides for all.
    for _ in 0..<4 {
      guard next.joins else { break }
      var further = place
      guard case .word(let word) = text.forward(&further), word.isCasePronoun else { break }
      place = further
      next = text.forward(&place)
    }
    let second = text.forward(&place)
    return decide(before: before, next: next, second: second)
  }

  /// - Parameters:
  ///   - before: the word in front, where nothing but spaces stands between.
  ///   - next, second: the two words behind, likewise.
  private static func decide(before: Neighbour, next: Neighbour, second: Neighbour)
    -> PronounContext
  {
    let verb = before.verb
    let word: Neighbour.Word
    switch next {
    case .boundary: return .object
    case .number: return verb.contains(.giving) ? .objectBeforeNoun : .determiner
    case .word(let found): word = found
    }
    if word.isCompound { return .determiner }
    switch word.group {
    case .noun: return .determiner
    case .pronoun, .function: return .object
    case .determinerOnly: return .determiner
    case .place:
      // `call her back`, `took her home`; but `her back hurts`, `her home in Leeds`.
      guard second.endsPhrase else { return .determiner }
      return word.text == "home" && !verb.contains(.moving) ? .determiner : .object
    case .adverb:
      // `saw her last week`; but `in her last week`.
      if second.isTime { return before.isPreposition ? .determiner : .object }
      return second.endsPhrase ? .object : .determiner
    case .quantity:
      // `told her more`, `gave her one.`; but `her two sons`.
      if verb.contains(.giving) { return .objectBeforeNoun }
      return second.endsPhrase ? .object : .determiner
    case .baseVerb:
      if verb.contains(.letting) { return .object }
      if verb.contains(.helping) {
        return word.isAlsoNoun && second.endsPhrase ? .determiner : .object
      }
      return .determiner
    case .open: return decideOpen(word, verb, second)
    }
  }

  private static func decideOpen(_ word: Neighbour.Word, _ verb: VerbGroup, _ second: Neighbour)
    -> PronounContext
  {
    if verb.contains(.letting) { return .object }
    if word.text.hasSuffix("ly"), !word.isCapital {
      return second.endsPhrase ? .object : .determiner
    }
    if verb.contains(.naming), word.isCapital { return .object }
    let length = word.text.utf8.count
    if verb.contains(.perceiving), length > 5, word.text.hasSuffix("ing") { return .object }
    if verb.contains(.making), second.endsPhrase {
      if word.looksAdjective || length > 4 && word.text.hasSuffix("ed") { return .object }
    }
    if verb.contains(.making), word.text == "much" || word.text == "completely" { return .object }
    return verb.contains(.giving) && word.isGift ? .objectBeforeNoun : .determiner
  }
}

/// What stands beside a pronoun.
enum Neighbour {
  /// Punctuation, a sum of money, or the end of the text.
  case boundary
  case number
  case word(Word)

  struct Word {
    /// In lower case; empty for a word of the lexicon, whose two forms must look alike here.
    var text: String
    var group: WordGroup
    var isCapital: Bool
    /// Joined to more by a hyphen: `her ex-husband`.
    var isCompound: Bool
    /// One of her, hers, him, his.
    var isCasePronoun = false

    var isAlsoNoun: Bool { WordGroup.nounsThatAreVerbs.contains(text) }
    var looksAdjective: Bool { WordGroup.adjectives.contains(text) }
    var isGift: Bool { WordGroup.gifts.contains(text) }
  }

  /// Whether the phrase that began before ends here: nothing that could be its noun follows.
  var endsPhrase: Bool {
    switch self {
    case .boundary: true
    case .number: false
    case .word(let word): word.group == .function || word.group == .pronoun
    }
  }

  var verb: VerbGroup {
    guard case .word(let word) = self else { return [] }
    return VerbGroup.of[word.text] ?? []
  }

  /// `and`, `or` between pronouns.
  var joins: Bool {
    guard case .word(let word) = self else { return false }
    return word.text == "or" || word.text == "and" || word.text == "/"
  }

  var isTime: Bool {
    guard case .word(let word) = self else { return false }
    return WordGroup.times.contains(word.text)
  }

  var isPreposition: Bool {
    guard case .word(let word) = self else { return false }
    return WordGroup.prepositions.contains(word.text)
  }
}

/// Reads words and boundaries around a place in a text.
struct NeighbourReader {
  let base: UnsafePointer<UInt8>
  let count: Int
  let table: WordTable

  /// The neighbour behind `place`, which moves behind it.
  func forward(_ place: inout Int) -> Neighbour {
    var lineEnds = 0
    let gap = place
    while place < count, isSpace(base[place]) {
      if base[place] == newline { lineEnds += 1 }
      place += 1
    }
    if place < count, base[place] == UInt8(ascii: "/") {
      place += 1
      return .word(.init(text: "/", group: .function, isCapital: false, isCompound: false))
    }
    let follows = gap > 0 && base[gap - 1] == UInt8(ascii: "/")
    guard place < count, place > gap || follows, lineEnds < 2 else { return .boundary }
    guard skipOpening(&place) else { return .boundary }
    let start = place
    while place < count, WordScanner.isWordByte(base, place, count) { place += 1 }
    guard place > start else { return .boundary }
    if base[start] &- 0x30 < 10 { return .number }
    let joined =
      place + 1 < count && base[place] == UInt8(ascii: "-")
      && WordScanner.isWordByte(base, place + 1, count)
    return .word(word(start, place, compound: joined))
  }

  /// The neighbour in front of `start`.
  func backward(from start: Int) -> Neighbour {
    var place = start
    while place > 0, isSpace(base[place - 1]) { place -= 1 }
    guard place < start else { return .boundary }
    let end = place
    while place > 0, WordScanner.isWordByte(base, place - 1, count) { place -= 1 }
    guard place < end else { return .boundary }
    if base[place] &- 0x30 < 10 { return .number }
    return .word(word(place, end, compound: false))
  }

  /// Steps over an opening quote or bracket or a sign in front of a word: her "friend", her (late) aunt. False at a closing one.
  private func skipOpening(_ place: inout Int) -> Bool {
    guard place + 1 < count else { return true }
    switch base[place] {
    case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "<"), UInt8(ascii: "$"),
      UInt8(ascii: "#"):
      place += 1
    case UInt8(ascii: "`"):
      while place < count, base[place] == UInt8(ascii: "`") { place += 1 }
    case UInt8(ascii: "\""):
      // Closing where the line has an odd number of quotes before it.
      var quotes = 0
      var back = place
      while back > 0, place - back < 2_000, base[back - 1] != newline {
        back -= 1
        if base[back] == UInt8(ascii: "\"") { quotes += 1 }
      }
      if quotes % 2 == 1 { return false }
      place += 1
    case 0xE2:
      // “ and ‘ open; everything else of that block ends the phrase.
      guard place + 3 < count, base[place + 1] == 0x80 else { return true }
      guard base[place + 2] == 0x9C || base[place + 2] == 0x98 else { return false }
      place += 3
    default: return true
    }
    if place < count, base[place] == 0x20 { place += 1 }
    return true
  }

  private func word(_ start: Int, _ end: Int, compound: Bool) -> Neighbour.Word {
    let length = end - start
    let isCapital = WordScanner.isUpper(base[start])
    var result = Neighbour.Word(text: "", group: .open, isCapital: isCapital, isCompound: compound)
    if length <= WordKey.longest {
      let found = table.find(WordKey(base + start, length: length, available: count - start))
      if found >= 0 {
        result.group = WordGroup.ofLexicon(table.words[Int(found)])
        if case .pronoun = table.roles[Int(found)] { result.isCasePronoun = true }
        return result
      }
    }
    result.text = String(
      decoding: UnsafeBufferPointer(start: base + start, count: length).map {
        WordScanner.isUpper($0) ? $0 | 0x20 : $0
      }, as: UTF8.self)
    result.group = WordGroup.of[result.text] ?? .open
    return result
  }

  private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte >= 0x09 && byte <= 0x0D }
}

/// What a verb in front of a pronoun lets follow.
struct VerbGroup: OptionSet {
  let rawValue: UInt8
  /// An infinitive, and hardly ever a noun phrase: `let her go`.
  static let letting = VerbGroup(rawValue: 1)
  /// An infinitive without `to`: `helped her move`, `saw her leave`.
  static let helping = VerbGroup(rawValue: 2)
  /// A present participle: `saw her walking`.
  static let perceiving = VerbGroup(rawValue: 4)
  /// An adjective or past participle: `made her happy`, `got her fired`.
  static let making = VerbGroup(rawValue: 8)
  /// A second object: `gave her money`.
  static let giving = VerbGroup(rawValue: 16)
  /// A name: `called her Ann`.
  static let naming = VerbGroup(rawValue: 32)
  /// A goal: `took her home`.
  static let moving = VerbGroup(rawValue: 64)

  static let of: [String: VerbGroup] = {
    var groups: [String: VerbGroup] = [:]
    func add(_ group: VerbGroup, _ words: String) {
      for word in words.split(whereSeparator: \.isWhitespace) {
        groups[String(word), default: []].insert(group)
      }
    }
    add(.letting, "let lets letting")
    add(
      .helping,
      "help helps helped helping make makes made making have had has having bid watch watches watched saw see sees heard hear hears felt hoped"
    )
    add(
      .perceiving,
      """
      with see sees saw seeing watch watches watched watching hear hears heard hearing feel feels felt find finds found catch catches caught keep keeps
      kept leave leaves left want wants wanted spotted spot remember remembers remembered stop stops stopped start started got get gets imagine
      picture discovered
      """)
    add(
      .making,
      """
      make makes made making find finds found keep keeps kept keeping leave leaves left get gets got getting had consider considers considered
      render rendered drive drives drove deem deemed declare declared call calls called calling turn turned hold held want wants wanted rate
      rated set showing
      """)
    add(
      .giving,
      """
      give gives gave given giving offer offers offered offering send sends sent sending pay pays paid paying lend lent owe owes owed owing grant
      granted hand handed buy bought buying bring brought bringing sell sold cost costs wish wished wishing wishes teach teaches taught feed
      fed feeding earn earned charge charged show shows showed shown showing tell tells told telling deny denied award awarded serve served
      promise promised ask asks asked asking cause caused save saved get gets got getting make made provide provides provided recommend
      recommended win won
      """)
    add(.naming, "named name naming called call dubbed nicknamed")
    add(
      .moving,
      "take takes took taking bring brings brought drive drives drove send sent follow follows followed walk walked get got see saw invite invited"
    )
    return groups
  }()
}

/// Groups of words by what they say about a pronoun in front of them.
enum WordGroup {
  case open, noun, pronoun, function, place, adverb, quantity, determinerOnly, baseVerb

  /// A word of the lexicon; both of a pair are in the same group.
  static func ofLexicon(_ word: [UInt8]) -> WordGroup {
    switch String(decoding: word, as: UTF8.self) {
    case "he", "she", "himself", "herself", "him", "his", "her", "hers": .pronoun
    default: .noun
    }
  }

  static let of: [String: WordGroup] = {
    var groups: [String: WordGroup] = [:]
    func add(_ group: WordGroup, _ words: String) {
      for word in words.split(whereSeparator: \.isWhitespace) { groups[String(word)] = group }
    }
    add(
      .function,
      """
      to in for with at on of from by about into as after before over under off out up through during without within between among amongst
      against around toward towards upon since until till than via per despite behind beside besides near along across onto because while
      whilst when whenever where wherever why how what whatever who whom whose which that if whether though although unless once except
      regarding concerning including like unlike throughout beyond beneath below above inside outside past
      and or but nor so yet plus & vs
      a an the this these those some any every each no all both another either neither such enough
      is was are were be been being am has had have do does did will would can could should may might must shall ought cannot
      isn wasn aren weren hasn hadn haven don doesn didn won wouldn couldn shouldn mustn ain ca wo ll ve re d s m t n
      not never always just only even also too again here there now then today tomorrow yesterday tonight soon later ever already instead
      together alone ago anyway anymore forever everywhere anywhere somewhere nowhere sometimes often twice thrice somehow maybe perhaps
      please however therefore apart aside asleep alive afterwards thereafter meanwhile ahead abroad aboard away altogether indeed though
      i you we they it me us them my your our their its mine yours ours theirs myself yourself ourselves themselves itself yourselves
      something nothing anything everything somebody nobody anybody everybody someone anyone everyone none
      says said say seem thinks thought knows wants wanted went goes came comes got gets took takes gave gives saw sees looks looked makes made
      became becomes seems seemed told tells asked asks felt feels began begins started starts decided decides keeps kept left stood sat ran
      ran who'd lol ok okay yes hi hello thanks sorry etc aka
      monday tuesday wednesday thursday friday saturday sunday
      """)
    add(.place, "back home down upstairs downstairs right left")
    add(
      .adverb,
      "very quite rather really almost still well first last next long much far better best most least less fast hard early late straight close once"
    )
    add(
      .quantity,
      "more one two three four five six seven eight nine ten many several few lots plenty half dozens less fewer"
    )
    add(
      .determinerOnly,
      "own entire whole latest newest oldest favorite favourite new old late former current next")
    add(
      .baseVerb,
      """
      go do get know take come find feel see look keep understand think say tell give use try ask turn start run move live believe hold bring
      happen write provide sit stand lose pay meet include continue set learn change lead watch follow stop create speak read allow add spend
      grow open walk win offer remember love consider appear buy wait serve die send expect build stay fall cut reach kill remain suggest raise
      pass sell require report decide pull become realize leave put eat drink sleep cry laugh smile dance sing play make help work call show
      hear let begin seem want need like talk deal cope recover relax enter join fight drive fly swim choose suffer finish breathe shine fix
      figure avoid handle face save catch carry hide rest drop throw return escape survive succeed achieve develop improve pick forget train settle enjoy gain sustain
      """)
    return groups
  }()

  static let nounsThatAreVerbs: Set<String> = words(
    """
    look use try turn start run move hold change lead watch stop love offer report call show work help play need talk deal fight drive face
    return rest drop escape cut kill pass cry laugh smile dance sleep drink read walk win wait stay fall raise catch fix figure pick set place
    """)

  static let adjectives: Set<String> = words(
    """
    happy sad angry mad crazy famous rich poor sick ill well safe free busy warm cold hot dry wet clean alive dead awake quiet responsible
    guilty innocent aware available comfortable uncomfortable nervous anxious proud jealous miserable insane nuts bad good better worse great
    useful useless worthy unfit fit able unable eligible liable accountable hostage captive prisoner likely unlikely ready hungry thirsty tired
    upset blind deaf unconscious pregnant attractive beautiful interesting boring honest dishonest strong weak smart stupid dumb foolish
    """)

  static let gifts: Set<String> = words(
    """
    money cash credit permission time advice information access food water help flowers chocolate dinner lunch breakfast medicine drugs
    shelter support trouble pain happiness joy hope love sex power control honour honor respect hell life death details directions orders
    instructions pictures photos photographs letters emails email gifts presents pleasure satisfaction comfort peace strength courage freedom
    immunity asylum custody damages compensation dollars millions thousands hundreds luck success english french german spanish latin math
    maths mathematics music medication treatment attention praise blame poison milk candy ice stories lies jokes proof evidence reason cause
    questions toys tips treats fluids bread rice feedback identification newspaper suggestions homework cards flowers books equal some
    """)

  static let times: Set<String> = words(
    "week month year night summer winter spring autumn fall weekend time monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november december"
  )

  static let prepositions: Set<String> = words(
    """
    in of for during since until before after with from about on at by into over through
    """)

  private static func words(_ list: String) -> Set<String> {
    Set(list.split(whereSeparator: \.isWhitespace).map(String.init))
  }
}
