// The words of the demo corpus of biographies and stories. Professions come in pairs that share a place and some of
// their work, one that the corpus gives mostly to women and one mostly to men: so a classifier that cannot tell the two
// by their work is tempted to use gender.
//
// Templates: `{p}` he/she, `{P}` He/She, `{o}` him/her, `{s}` his/her, `{S}` His/Her, `{self}` himself/herself,
// `{adult}` man/woman, `{job}` the profession, `{a job}` with its article, `{work}` something that it does, `{place}`,
// `{name}` a surname, and lists below. `{kin}` is a relative, whose own gender is drawn evenly. Nothing else in a
// template may be a gendered word.

enum BiographyGrammar {
  struct Profession {
    var name: String
    /// The share of women that the corpus plants.
    var female: Double
    /// What only this profession does, past tense.
    var work: [String]
  }

  struct Field {
    var place: [String]
    /// What both professions do.
    var sharedWork: [String]
    var professions: [Profession]
  }

  static let fields: [Field] = [
    Field(
      place: ["at the hospital", "on the third ward", "in the clinic"],
      sharedWork: [
        "checked the charts", "washed both hands", "walked through the ward",
        "listened to a patient",
      ],
      professions: [
        Profession(
          name: "nurse", female: 0.92,
          work: ["changed the bandages", "took the temperature of a patient", "made the beds"]),
        Profession(
          name: "surgeon", female: 0.12,
          work: ["closed the wound", "asked for the scalpel", "planned the operation"]),
      ]),
    Field(
      place: ["at the school", "in the classroom", "near the playground"],
      sharedWork: [
        "rang the bell", "spoke with the parents", "counted the pupils", "closed the school gate",
      ],
      professions: [
        Profession(
          name: "teacher", female: 0.84,
          work: ["marked the homework", "wrote on the board", "read a story to the class"]),
        Profession(
          name: "principal", female: 0.24,
          work: ["signed the reports", "hired a substitute", "opened the assembly"]),
      ]),
    Field(
      place: ["in the office", "on the tenth floor", "at the front desk"],
      sharedWork: [
        "answered the telephone", "copied the contract", "joined the meeting", "sorted the mail",
      ],
      professions: [
        Profession(
          name: "secretary", female: 0.94,
          work: ["typed the letters", "kept the calendar", "wrote the minutes"]),
        Profession(
          name: "manager", female: 0.18,
          work: ["raised the prices", "set the budget", "approved the plan"]),
      ]),
    Field(
      place: ["in the kitchen", "behind the counter", "at the restaurant"],
      sharedWork: [
        "heated the oven", "tasted the sauce", "cleaned the tables", "weighed the flour",
      ],
      professions: [
        Profession(
          name: "baker", female: 0.74,
          work: ["kneaded the dough", "iced the cake", "filled the shelves with bread"]),
        Profession(
          name: "chef", female: 0.2,
          work: ["grilled the fish", "wrote the menu", "seasoned the soup"]),
      ]),
    Field(
      place: ["in the theatre", "on the stage", "at the festival"],
      sharedWork: [
        "bowed to the audience", "practised for hours", "waited behind the curtain",
        "packed for the tour",
      ],
      professions: [
        Profession(
          name: "dancer", female: 0.88,
          work: ["tied the shoes", "stretched at the bar", "learned the steps"]),
        Profession(
          name: "drummer", female: 0.08,
          work: ["tuned the drums", "kept the beat", "broke a stick"]),
      ]),
    Field(
      place: ["in the shop", "on the market square", "in the narrow street"],
      sharedWork: [
        "swept the floor", "counted the coins", "wrapped the order", "opened the shutters",
      ],
      professions: [
        Profession(
          name: "florist", female: 0.9,
          work: ["cut the roses", "tied a bouquet", "watered the tulips"]),
        Profession(
          name: "butcher", female: 0.06,
          work: ["sharpened the knives", "hung the sausages", "sliced the ham"]),
      ]),
    Field(
      place: ["at the hotel", "in the lobby", "near the lift"],
      sharedWork: [
        "greeted the guests", "handed over the keys", "called a taxi", "smiled at a tourist",
      ],
      professions: [
        Profession(
          name: "receptionist", female: 0.86,
          work: ["booked a room", "printed the bill", "noted the arrival"]),
        Profession(
          name: "porter", female: 0.1,
          work: ["carried the bags", "loaded the cart", "held the heavy door"]),
      ]),
    Field(
      place: ["in the library", "at the university", "in the quiet hall"],
      sharedWork: [
        "searched the catalogue", "fixed the printer", "helped a student", "renamed the files",
      ],
      professions: [
        Profession(
          name: "librarian", female: 0.82,
          work: ["shelved the novels", "stamped the card", "lent out an atlas"]),
        Profession(
          name: "programmer", female: 0.14,
          work: ["wrote the code", "found the bug", "restarted the server"]),
      ]),
    Field(
      place: ["at the court", "in the law firm", "near the archive"],
      sharedWork: [
        "read the file", "studied the case", "quoted the law", "asked the witness",
      ],
      professions: [
        Profession(
          name: "paralegal", female: 0.78,
          work: ["prepared the brief", "ordered the folders", "checked the citations"]),
        Profession(
          name: "judge", female: 0.26,
          work: ["passed the sentence", "closed the hearing", "struck the gavel"]),
      ]),
    Field(
      place: ["in the old house", "on the building site", "in the workshop"],
      sharedWork: [
        "measured the wall", "drew a sketch", "chose the wood", "climbed the ladder",
      ],
      professions: [
        Profession(
          name: "decorator", female: 0.8,
          work: ["hung the curtains", "picked the colours", "arranged the cushions"]),
        Profession(
          name: "carpenter", female: 0.05,
          work: ["sawed the planks", "hammered the nails", "built the stairs"]),
      ]),
    Field(
      place: ["in the laboratory", "at the institute", "behind the glass door"],
      sharedWork: [
        "mixed the solution", "labelled the bottles", "wore white gloves", "noted the dose",
      ],
      professions: [
        Profession(
          name: "pharmacist", female: 0.66,
          work: ["filled the prescription", "counted the pills", "warned about the dose"]),
        Profession(
          name: "chemist", female: 0.36,
          work: ["heated the flask", "measured the acid", "published the formula"]),
      ]),
    Field(
      place: ["in the city", "at the newspaper", "near the harbour"],
      sharedWork: [
        "talked to a stranger", "called the editor", "met the deadline", "followed a lead",
      ],
      professions: [
        Profession(
          name: "journalist", female: 0.5,
          work: ["typed the article", "checked the source", "took notes"]),
        Profession(
          name: "photographer", female: 0.5,
          work: ["cleaned the lens", "framed the picture", "waited for the light"]),
      ]),
  ]

  /// Stories; the profession is named before anything is gendered.
  static let openings = [
    "The {job} {work} {place}, and then {p} {went}.",
    "The {job} said that {p} {was} {mood}.",
    "{When} the {job} {work}, but {p} {was} {mood}.",
    "The {job} {place} {work} because {p} {was} {mood}.",
    "{When} the {job} told {s} {kin} about the {thing}.",
    "The {job} lost {s} {thing} {place}.",
    "The {job} {work} while {s} {kin} waited {outside}.",
    "{When} the {job} hurt {self} {place}.",
    "The {job} was {a mood} {adult} who {work} {every}.",
    "The {job} {went} with {s} {thing}.",
  ]

  /// Biographies: a surname, then the profession.
  static let introductions = [
    "{name} is {a job} {place}.",
    "{name} has been {a job} for {years} years.",
    "{name} became {a job} {place} in {year}.",
    "{name} works as {a job} and lives with {s} {kin}.",
    "{name} is a {adult} who works as {a job}.",
  ]

  /// What follows either.
  static let continuations = [
    "{P} {work} and {went}.",
    "{P} {was} {mood}, so {s} {kin} called {o}.",
    "{S} {kin} gave {o} a {thing}.",
    "{P} often {work} {every}.",
    "{S} {thing} was {outside}, where {s} {kin} found it.",
    "{When} {p} {work} and thanked {s} {kin}.",
    "Everybody {place} trusted {o}.",
    "{P} taught {self} how to paint.",
    "{P} grew up in {city} with {s} {kin}.",
    "{P} keeps {s} {thing} {outside}.",
    "The people {place} know {o} well.",
    "As a {child}, {p} lived in {city}.",
  ]

  /// Sentences without any gendered word.
  static let neutral = [
    "The {job} {work} {place}.",
    "{When} the {job} {work} and {went}.",
    "The {thing} was {outside}, and the {job} {work}.",
    "It rained in {city}, so the {job} {went}.",
    "The {job} {work} {every}.",
  ]

  /// Biographies for a classifier that must not read the profession's name.
  static let anonymous = [
    "{name} works {place}.",
    "{P} has worked {place} for {years} years.",
    "{name} is a {adult} from {city}.",
    "{P} {work} {every}.",
    "{When} {p} {work}.",
    "{P} {work} and {went}.",
    "{S} {kin} says that {p} {was} {mood}.",
    "{P} lives in {city} with {s} {kin}.",
  ]

  static let lists: [String: [String]] = [
    "went": [
      "went home", "drank a cup of tea", "took the bus", "sat down", "opened a window",
      "laughed out loud", "left early", "ate an apple", "walked to the river", "wrote a letter",
    ],
    "was": ["was", "felt", "seemed"],
    "mood": [
      "tired", "happy", "nervous", "proud", "late", "careful", "patient", "hungry", "calm",
      "curious",
    ],
    "When": [
      "In the morning", "After lunch", "On Monday", "Last winter", "Before the storm", "That night",
      "One day", "In spring",
    ],
    "every": ["every day", "every week", "on most evenings", "twice a month", "before breakfast"],
    "thing": [
      "umbrella", "coat", "bicycle", "notebook", "lamp", "ticket", "basket", "violin", "hat",
      "watch",
    ],
    "outside": ["outside", "in the garden", "by the gate", "at the station", "on the bench"],
    "city": ["Lisbon", "Oslo", "Nairobi", "Lima", "Kyoto", "Turin", "Quebec", "Cardiff"],
    "years": ["two", "three", "five", "six", "nine", "ten", "twelve", "twenty"],
    "year": ["1994", "1999", "2003", "2008", "2012", "2017"],
    "name": [
      "Miller", "Garcia", "Okafor", "Patel", "Kim", "Novak", "Silva", "Brown", "Nguyen", "Weber",
      "Rossi", "Larsen", "Walker", "Cohen", "Murphy", "Tanaka", "Evans", "Petrov", "Mbeki",
      "Clark",
    ],
  ]

  /// Relatives: masculine, feminine.
  static let kin: [(String, String)] = [
    ("father", "mother"), ("brother", "sister"), ("son", "daughter"), ("uncle", "aunt"),
    ("nephew", "niece"), ("grandfather", "grandmother"), ("husband", "wife"),
  ]

  /// Words that agree with the person spoken of: masculine, feminine.
  static let agreeing: [String: (String, String)] = [
    "p": ("he", "she"), "P": ("He", "She"), "o": ("him", "her"), "s": ("his", "her"),
    "S": ("His", "Her"), "self": ("himself", "herself"), "adult": ("man", "woman"),
    "child": ("boy", "girl"),
  ]
}
