// The words by which the context of a pronoun is read, and those that tell English from other languages. Our own lists;
// nearly all of them are closed classes. Which words belong where was settled on the training and development parts of
// the English Web Treebank.

/// Groups of words by what they say about a pronoun in front of them.
enum WordGroup: UInt8 {
  case open, noun, pronoun, function, place, adverb, quantity, determinerOnly, baseVerb, particular
}

/// Words of closed classes that each have a use in which they are part of the noun phrase behind a determiner.
enum ParticularWord: UInt8 {
  case none
  /// `her only son`
  case only
  /// `her every move`
  case every
  /// `gave her all`
  case all
  /// `her once great career`
  case once
  /// `her looks`
  case looks
  /// `her past`
  case past
  /// `her being there`
  case being
  /// `against her will`
  case will
}

/// What a verb in front of a pronoun lets follow.
struct VerbGroup: OptionSet {
  let rawValue: UInt16
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
  /// `gave her all`
  static let exerting = VerbGroup(rawValue: 128)
  /// `turned her back`
  static let straining = VerbGroup(rawValue: 2048)
  /// `knows her best`
  static let knowing = VerbGroup(rawValue: 256)
  /// An adjective with one of the usual endings: `made her invincible`.
  static let turning = VerbGroup(rawValue: 512)
  /// An infinitive with an object of its own: `helped her solve the riddle`.
  static let aiding = VerbGroup(rawValue: 1024)
}

/// Further properties of words.
struct WordTraits: OptionSet {
  let rawValue: UInt32
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
  static let home = WordTraits(rawValue: 1024)
  /// What begins a noun phrase of its own: articles, demonstratives, pronouns.
  static let article = WordTraits(rawValue: 8192)
  /// `my`, `their`: alternatives to a pronoun in front of a noun.
  static let possessive = WordTraits(rawValue: 1 << 14)
  /// `minutes`, `times`: `call her two times`.
  static let unit = WordTraits(rawValue: 1 << 15)
  /// Forms of `be`, `have` and the modal verbs.
  static let auxiliary = WordTraits(rawValue: 1 << 16)
  /// Where something is: `on her back`, `behind her laughed`.
  static let position = WordTraits(rawValue: 1 << 17)
  /// `the man behind her laughed`
  static let beside = WordTraits(rawValue: 1 << 22)
  /// What follows a span of time: `hours later`.
  static let later = WordTraits(rawValue: 1 << 23)
  /// What a person is addressed by: `Madam Secretary`.
  static let office = WordTraits(rawValue: 1 << 24)
  /// The last word of a place's name: `Kings Cross`.
  static let site = WordTraits(rawValue: 1 << 26)
  /// Of names of other languages: `de la Fuente`.
  static let particle = WordTraits(rawValue: 1 << 25)
  /// `nobody but her knew`
  static let excepting = WordTraits(rawValue: 1 << 18)
  /// Irregular forms of the past that are hardly ever nouns or adjectives.
  static let pastVerb = WordTraits(rawValue: 1 << 19)
  /// `nobody but her cares`
  static let presentVerb = WordTraits(rawValue: 1 << 20)
  /// Nouns that end as a participle: `her wedding`.
  static let ingNoun = WordTraits(rawValue: 1 << 21)
}

enum ContextWords {
  /// Titles that have a point behind.
  static let abbreviations: Set<String> = ["mr", "ms", "mrs"]

  struct Features {
    var group = WordGroup.open
    var verbs: VerbGroup = []
    var traits: WordTraits = []
    var particular = ParticularWord.none
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
    for (kind, words) in particularWords {
      each(words) {
        $0.group = .particular
        $0.particular = kind
      }
    }
    // Nearly all words by which contexts are read are English ones only.
    let shared = Set(wordsOfManyLanguages.split(whereSeparator: \.isWhitespace).map(String.init))
    for word in features.keys where features[word]?.traits.contains(.foreign) == false {
      if !shared.contains(word) { features[word]?.traits.insert(.english) }
    }
    return features
  }()

  private static func addGroups(_ add: (WordGroup, String) -> Void) {
    add(
      .function,
      """
      to in for with at on of from by about into as after before over under off out up through during without within between among amongst
      against around toward towards upon since until till than via per despite behind beside besides near along across onto because while
      whilst when whenever where wherever why how what whatever who whom whose which that if whether though although unless once except
      regarding concerning including unlike throughout beyond beneath below above inside outside past
      and or but nor so yet plus & vs
      a an the this these those some any every each no all both another either neither such enough
      is was are were be been being am has had have do does did will would can could should may might must shall ought cannot
      isn wasn aren weren hasn hadn haven don doesn didn won wouldn couldn shouldn mustn ain ca wo ll ve re d s m t n
      not never always just only even also too again here there now then today tomorrow yesterday tonight soon later ever already instead
      together alone ago anyway anymore forever everywhere anywhere somewhere nowhere sometimes often twice thrice somehow maybe perhaps
      please however therefore apart aside asleep alive afterwards thereafter meanwhile ahead abroad aboard away altogether indeed though
      i you we they it me us them my your our their its mine yours ours theirs myself yourself ourselves themselves itself yourselves
      something nothing anything everything somebody nobody anybody everybody someone anyone everyone none
      says said say seem thinks knows wants wanted went goes came comes got gets took takes gave gives saw sees looks looked makes made
      became becomes seems seemed told tells asked asks felt feels began begins started starts decided decides keeps kept left stood sat ran
      ran who'd lol ok okay yes hi hello thanks sorry etc aka
      monday tuesday wednesday thursday friday saturday sunday like
      im ive id theyre youre dont doesnt didnt cant wont isnt wasnt thats cuz coz tho hes shes anyways sometime hence hither thence thither thus overboard downward downwards upward upwards
      outright goodbye alright irl online headlong sideways backwards forwards
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
      hear let begin seem want need talk deal cope recover relax enter join fight drive fly swim choose suffer finish breathe shine fix
      install solve clear marry teach pack cook clean wash dress climb shoot steal lie cheat graduate train
      practice study kick hug kiss rise apologize admit confess explain describe grieve heal adjust adapt regain retrieve defeat prepare locate
      determine identify knock murder vomit end swear plead vanish struggle yell scream shout whisper sigh snore stumble plan cease act bear borrow choose collect complete conquer continue convince cross dig discuss do
      figure avoid handle face save catch carry hide rest drop throw return escape survive succeed achieve develop improve pick forget train settle enjoy gain sustain
      """)
  }

  /// Words among the lists that are frequent in another language as well.
  private static let wordsOfManyLanguages = """
    a an in on no so me am or was at all has is we of over for till had do as but par plus us her his him he she die i it men man son war will rest
    mit den sin for by under tag art gut bald rot hat gift present pays place simple normal animal real final general total central social local
    moral color final sol van ten let len met per via ate come are dos mine ring ding wing star test land hand arm warm blind wild gold wind bring
    name winter sommer sport film park hotel bank taxi radio bus plan text moment hat hut mut bin bist sage alter also dann fast kind rat lot
    las los ser era fin pie sobre once sin red dice come pan mayor enter d m t s n re ve ll ca wo tho coz cuz data
    """

  private static let particularWords: [(ParticularWord, String)] = [
    (.only, "only"), (.every, "every"), (.all, "all"),
    (.once, "once ever now then always never soon often already sometimes"),
    (.looks, "looks likes"), (.past, "past"), (.being, "being"), (.will, "will might can must"),
  ]

  private static func addVerbs(_ add: (VerbGroup, String) -> Void) {
    add(.letting, "let lets letting")
    add(
      .exerting,
      """
      give gives gave given giving put puts pour pours poured
      """)
    add(
      .straining,
      """
      turn turns turned turning watch watches hurt hurts break breaks broke injure injured scratch scratched arch arched strain strained
      """)
    add(
      .knowing,
      """
      know knows knew known like likes liked love loves loved suit suits suited serve serves served fit fits please pleases treat treats
      describe describes described represent represents remember remembers remembered
      """)
    add(
      .turning,
      """
      make makes made making find finds found keep keeps kept render renders rendered deem deemed consider considers considered drive drives drove
      prove proves proved proven knock knocked beat leave leaves left call calls called calling
      """)
    add(
      .aiding,
      "help helps helped helping make makes made making watch watches watched watching hear hears heard see sees saw seen"
    )
    add(
      .helping,
      "help helps helped helping make makes made making have had has having bid seen watch watches watched saw see sees heard hear hears felt hoped"
    )
    add(
      .perceiving,
      """
      with see sees saw seeing watch watches watched watching hear hears heard hearing feel feels felt find finds found catch catches caught keep keeps
      kept leave leaves left want wants wanted spotted spot remember remembers remembered stop stops stopped start started got get gets imagine
      picture discovered seen send sends sent show shows showed shown notice noticed depict depicts include includes included involve involves
      involved avoid mind
      """)
    add(
      .making,
      """
      make makes made making find finds found keep keeps kept keeping leave leaves left get gets got getting had consider considers considered
      render rendered drive drives drove deem deemed declare declared call calls called calling turn turned hold held want wants wanted rate
      rated set showing prove proves proved proven knock knocked beat treat treats treated
      """)
    add(
      .giving,
      """
      give gives gave given giving offer offers offered offering send sends sent sending pay pays paid paying lend lent owe owes owed owing grant
      granted hand handed buy bought buying bring brought bringing cost costs wish wished wishing wishes teach teaches taught feed
      fed feeding earn earns earned charge charged show shows showed shown showing tell tells told telling deny denied award awarded serve served
      promise promised ask asks asked asking cause causes caused provide provides provided
      """)
    add(
      .naming,
      "elect elected appoint appointed crown crowned named name naming called call dubbed nicknamed"
    )
    add(
      .moving,
      "take takes took taking bring brings brought drive drives drove send sent follow follows followed walk walked get got see saw invite invited"
    )
  }

  private static func addTraits(_ add: (WordTraits, String) -> Void) {
    add(
      .nounToo,
      """
      look use report call show work need offer face rest place return change help talk reply answer cover study practice
      beloved intended betrothed deceased
      """)
    add(
      .adjective,
      """
      happy sad angry mad crazy famous rich poor sick ill well safe free busy warm cold hot dry wet clean alive dead awake quiet responsible
      guilty innocent aware available comfortable uncomfortable nervous anxious proud jealous miserable insane nuts bad good better worse great
      useful useless worthy unfit fit able unable eligible liable accountable hostage captive prisoner likely unlikely ready hungry thirsty tired
      upset blind deaf unconscious pregnant attractive beautiful interesting boring honest lovely elderly friendly ugly silly lonely lively deadly costly curly holy jolly daily weekly monthly yearly likely orderly
      healthy complicit white black red green blue hot dear young great little crown royal noble big small nice full extra dishonest strong weak smart stupid dumb foolish
      wrong racist sexist homophobic gay black american hispanic muslim unconscious senseless invincible missing gone sane richer poorer happier stronger weaker older younger bigger smaller safer
      """)
    add(
      .gift,
      """
      money cash credit permission time advice information access food water help flowers chocolate dinner lunch breakfast medicine drugs
      shelter support trouble pain happiness joy hope love sex power control honour honor respect hell details directions orders
      instructions pictures photos photographs letters emails email gifts presents pleasure satisfaction comfort peace strength courage freedom
      immunity asylum custody damages compensation dollars millions thousands hundreds luck success english french german spanish latin math
      maths mathematics music medication treatment room praise blame poison milk candy ice stories lies jokes proof evidence reason cause
      questions toys tips treats fluids bread rice feedback identification newspaper suggestions homework cards flowers books equal some credibility guidance exposure probation passage fame space head birthday luck goods
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
    add(.home, "home")
    add(
      .article,
      """
      a an the this that these those some any each no another both either neither my your our their its i you we they it me us them what how where
      when why who whatever something nothing anything everything somebody nobody anybody someone anyone everyone he she himself him his her hers
      """)
    add(.possessive, "my your our their its theirs ours yours mine")
    add(
      .unit,
      "second seconds minute minutes hour hours day days week weeks month months year years time times decades"
    )
    add(
      .auxiliary,
      """
      is was are were be been am isn wasn aren weren has had have does did would could should shall may isnt wasnt
      """)
    add(
      .position,
      """
      on onto behind at to in into against from of near beneath under underneath over by around beside besides upon off between about before after
      above below beyond across through with without for toward towards alongside opposite
      """)
    add(.beside, "behind beside besides near around opposite alongside above below beneath under")
    add(.excepting, "but except than besides")
    add(
      .pastVerb,
      """
      knew saw came went said took gave got told became began ran ate drank drove flew fell grew heard kept knelt led made met paid rode rang rose
      sang sank slept spoke stole swam swore taught threw understood woke wore won wrote chose froze forgot forgave sought caught brought bought fought
      wept crept dealt meant sent spent built stood sat lay held fled believed laughed survived agreed cried died smiled escaped
      """)
    add(
      .presentVerb,
      """
      knows cares understands believes speaks comes goes gets lives laughs matters remembers wants thinks sees says seems has likes loves hates
      eats works sings smiles cries wins survives agrees helps calls knows uses
      """)
    add(
      .ingNoun,
      """
      thing things ring wing king being bring string spring sling swing sting wedding building painting drawing writing feeling meaning training
      beginning ending clothing earring stocking sibling darling offspring upbringing hearing meeting morning evening suffering earning ceiling
      wedding lightning pudding understanding standing learning breathing acting dancing singing cooking parking reading setting offering
      timing blessing calling greeting rating ranking wellbeing undoing
      """)
    add(.later, "later ago earlier before after away from afterwards into past")
    add(
      .office,
      """
      president secretary speaker chair chairman chairperson mayor ambassador justice chancellor governor minister vice prime commissioner senator
      treasurer
      """)
    add(
      .site,
      "college cross park road street boulevard county island lane court gate university school hospital counsel landing square bridge station"
    )
    add(.title, "dr prof rev st sen gov gen capt lt sgt hon")
    add(
      .english,
      """
      the of and to is was that with for it you are this have not my by at from said were they be been being will would there their what who when
      which how we your our has had but can could should then than them these those because about does did into
      """)
    add(
      .particle,
      "de la las los el del della di da das do dos du des le van von der den ter ten zu zum al bin ibn y e"
    )
    add(
      .foreign,
      """
      de la le les el los las und der das ist nicht ein eine einen het een van och att som det que en un una por para con du des et est pas di che
      sus per dem den mit auf sich auch zu von av ett ikke har bir bu için da eu não uma os nos del al ne vous nous sur dans qui aux sind wir
      ich sie wird wenn dass kann für über à é hij zij niet maar ook voor jeg ikke på er ve ile daha olarak çok su lo se y sono della nel il gli sua seu suo pela pelo
      """)
  }
}
