// The words by which the context of a pronoun is read, and those that tell English from other languages. Our own lists; nearly all of them are
// closed classes. Which words belong where was settled on the training and development parts of the English Web Treebank.

/// Groups of words by what they say about a pronoun in front of them.
enum WordGroup: UInt8 {
  case open, noun, pronoun, function, place, adverb, quantity, determinerOnly, baseVerb
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
}

/// Further properties of words.
struct WordTraits: OptionSet {
  let rawValue: UInt16
  /// Verbs that are nouns as well: `her look`.
  static let nounToo = WordTraits(rawValue: 1)
  static let adjective = WordTraits(rawValue: 2)
  /// What is given: `gave her money`.
  static let gift = WordTraits(rawValue: 4)
  static let time = WordTraits(rawValue: 8)
  static let preposition = WordTraits(rawValue: 16)
  /// `and`, `or`.
  static let joining = WordTraits(rawValue: 32)
  static let title = WordTraits(rawValue: 64)
  /// Frequent in English, in hardly any other language.
  static let english = WordTraits(rawValue: 128)
  /// Frequent in another language written with Latin letters, in English hardly ever.
  static let foreign = WordTraits(rawValue: 256)
  /// Behind `made her`, an adjective follows: `much happier`.
  static let degree = WordTraits(rawValue: 512)
  /// `her very own`
  static let own = WordTraits(rawValue: 2048)
  /// `at her best`
  static let superlative = WordTraits(rawValue: 4096)
  /// Auxiliaries that are nouns as well: `against her will`.
  static let modalNoun = WordTraits(rawValue: 8192)
  static let home = WordTraits(rawValue: 1024)
}

enum ContextWords {
  struct Features {
    var group = WordGroup.open
    var verbs: VerbGroup = []
    var traits: WordTraits = []
  }

  /// All words in lower case with what is known of them.
  static let all: [String: Features] = {
    var features: [String: Features] = [:]
    func each(_ words: String, _ change: (inout Features) -> Void) {
      for word in words.split(whereSeparator: \.isWhitespace) {
        change(&features[String(word), default: Features()])
      }
    }
    func add(_ group: WordGroup, _ words: String) { each(words) { $0.group = group } }
    func add(_ verbs: VerbGroup, _ words: String) { each(words) { $0.verbs.formUnion(verbs) } }
    func add(_ traits: WordTraits, _ words: String) { each(words) { $0.traits.formUnion(traits) } }
    addGroups(add)
    addVerbs(add)
    addTraits(add)
    return features
  }()

  private static func addGroups(_ add: (WordGroup, String) -> Void) {
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
      .noun,
      """
      family belly ally reply supply rally assembly bully jelly folly monopoly anomaly gully homily underbelly tally
      """)
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
  }

  private static func addVerbs(_ add: (VerbGroup, String) -> Void) {
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
  }

  private static func addTraits(_ add: (WordTraits, String) -> Void) {
    add(
      .nounToo,
      """
      look use try turn start run move hold change lead watch stop love offer report call show work help play need talk deal fight drive face
      return rest drop escape cut kill pass cry laugh smile dance sleep drink read walk win wait stay fall raise catch fix figure pick set place
      """)
    add(
      .adjective,
      """
      happy sad angry mad crazy famous rich poor sick ill well safe free busy warm cold hot dry wet clean alive dead awake quiet responsible
      guilty innocent aware available comfortable uncomfortable nervous anxious proud jealous miserable insane nuts bad good better worse great
      useful useless worthy unfit fit able unable eligible liable accountable hostage captive prisoner likely unlikely ready hungry thirsty tired
      upset blind deaf unconscious pregnant attractive beautiful interesting boring honest lovely elderly friendly ugly silly lonely lively deadly costly curly holy jolly daily weekly monthly yearly likely orderly
      healthy complicit white black red green blue hot dear young great little crown royal noble big small nice full extra dishonest strong weak smart stupid dumb foolish
      """)
    add(
      .gift,
      """
      money cash credit permission time advice information access food water help flowers chocolate dinner lunch breakfast medicine drugs
      shelter support trouble pain happiness joy hope love sex power control honour honor respect hell life death details directions orders
      instructions pictures photos photographs letters emails email gifts presents pleasure satisfaction comfort peace strength courage freedom
      immunity asylum custody damages compensation dollars millions thousands hundreds luck success english french german spanish latin math
      maths mathematics music medication treatment room praise blame poison milk candy ice stories lies jokes proof evidence reason cause
      questions toys tips treats fluids bread rice feedback identification newspaper suggestions homework cards flowers books equal some
      """)
    add(
      .time,
      """
      week month year night summer winter spring autumn fall weekend time monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november december
      """)
    add(
      .preposition,
      """
      in of for during since until before after with from about on at by into over through without against under despite
      """)
    add(.joining, "and or")
    add(.degree, "much very so too quite really rather far")
    add(.own, "own first last best")
    add(.superlative, "best worst")
    add(.modalNoun, "will might can must")
    add(.home, "home")
    add(.title, "dr prof rev st sen gov gen capt lt sgt hon")
    add(
      .english,
      """
      the of and to is was that with for it you are this have not my by at from said were they be been being will would there their what who when
      which how we your our has had but can could should then than them these those because about does did into
      """)
    add(
      .foreign,
      """
      de la le les el los las und der das ist nicht ein eine einen het een van och att som det que en un una por para con du des et est pas di che
      sus per dem den mit auf sich auch zu von im av ett ikke har bir bu için da eu não uma os nos del al ne vous nous sur dans qui aux sind wir
      ich sie wird wenn dass kann für über à é hij zij niet maar ook voor jeg ikke på er ve ile daha olarak çok su lo se y sono della nel il gli
      """)
  }
}
