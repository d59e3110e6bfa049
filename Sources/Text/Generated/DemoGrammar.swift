// The grammar of the demo corpus: what people say to a spoken assistant. `(a|b)` is a choice, `{slot}` a slot value,
// everything is lower-case.

enum DemoGrammar {
  struct Intent {
    var name: String
    /// How often it is drawn, relative to the others.
    var weight: Int
    var templates: [String]
  }

  static let intents: [Intent] = [
    Intent(
      name: "play_music", weight: 11,
      templates: [
        "(play|put on|start) {song} by {artist}",
        "(play|put on) (some|a bit of|more) {genre} (music|songs|tunes|)",
        "i (want|would like|need) to hear {artist}",
        "(play|shuffle|start) my {playlist} playlist",
        "play {song} (on|from) {service}",
        "(can you|could you|please) play (his|her) (latest|first|best) (album|song|record)",
        "(turn on|start) the {playlist} mix on {service}",
        "play something (slow|happy|sad|loud) by {artist}",
      ]),
    Intent(
      name: "set_alarm", weight: 9,
      templates: [
        "(set|make|create) an alarm (for|at) {time} {date}",
        "wake (me|us) up at {time} {date}",
        "(set|put) (my|the|her|his) alarm (for|to) {time}",
        "i (need|have) to (get up|be up|wake up) at {time} {date}",
        "(cancel|delete|turn off) (my|the) {time} alarm",
        "wake my (son|daughter|husband|wife) (up|) at {time}",
        "change (my|the) alarm (from {time} to {time}|to {time})",
      ]),
    Intent(
      name: "set_timer", weight: 7,
      templates: [
        "(set|start|make) a timer for {duration}",
        "(set|start) a {duration} timer (for the {item}|)",
        "count down (from|) {duration}",
        "(stop|pause|cancel) the {duration} timer",
        "(how much|how long) is left on (my|the) {item} timer",
        "time (me|him|her) for {duration}",
      ]),
    Intent(
      name: "get_weather", weight: 11,
      templates: [
        "(what is|what's|how is|how's) the weather (in|like in|for) {place} {date}",
        "(will|is) it (going to|) (rain|snow|be sunny|be cold) in {place} {date}",
        "(do i|does she|does he|should i) need (an umbrella|a coat|sunglasses) {date}",
        "(weather|forecast) for {place} {date}",
        "how (hot|cold|warm|windy) (is it|will it be|will it get) in {place} {date}",
        "what's the temperature in {place}",
        "tell me (the forecast|the weather) for {date}",
      ]),
    Intent(
      name: "book_restaurant", weight: 9,
      templates: [
        "(book|reserve|get) a table for {number} (at|for) {time} (in {place}|)",
        "(find|book) (me|us) a {cuisine} (restaurant|place) (in|near) {place} for {number}",
        "i (want|would like) to eat {cuisine} (food|) with {contact} {date}",
        "make a (reservation|booking) for {number} at {restaurant} {date}",
        "(is there|are there) a free table at {restaurant} at {time}",
        "reserve {restaurant} for my (wife|husband|mother|father|sister|brother) and me {date}",
      ]),
    Intent(
      name: "call_contact", weight: 9,
      templates: [
        "(call|phone|ring|dial) {contact}",
        "(call|phone) {contact} (on|at) (his|her) (mobile|cell|work phone|home phone)",
        "(i need|i want) to (talk|speak) to {contact}",
        "(get|put) {contact} on the (phone|line|speaker)",
        "(call|ring) (him|her) back",
        "(start|make) a video call with {contact}",
        "give {contact} a (call|ring)",
        "dial {phone}",
      ]),
    Intent(
      name: "send_message", weight: 10,
      templates: [
        "(text|message|write to) {contact} (that|saying) {message}",
        "(tell|let) {contact} (know|) {message}",
        "send a (message|text) to {contact} (saying|that says) {message}",
        "(text|message) (him|her) (that|) {message}",
        "(reply|answer|write back) {message}",
        "ask {contact} if (he|she) (is coming|has eaten|needs a lift|got the keys) {date}",
        "tell (him|her) that {message}",
      ]),
    Intent(
      name: "transfer_money", weight: 8,
      templates: [
        "(send|transfer|wire|pay) {amount} to {contact}",
        "(send|pay) {contact} {amount} (for {item}|)",
        "transfer {amount} to (my|his|her) (savings|account|bank account) with pin {pin}",
        "pay (the|my) (rent|phone bill|electricity bill) {amount} (using|with) pin {pin}",
        "move {amount} (from savings|to savings|to my account) my pin is {pin}",
        "give (him|her) {amount} from my account",
      ]),
    Intent(
      name: "unlock_door", weight: 6,
      templates: [
        "(unlock|open) the {door} (with|using) (pin|code) {pin}",
        "(unlock|lock|open) the {door}",
        "the code for the {door} is {pin}",
        "let {contact} in (through|by) the {door}",
        "(is|did i leave) the {door} (locked|open|unlocked)",
        "open the {door} for (him|her|my brother|my sister|the mailman) code {pin}",
      ]),
    Intent(
      name: "add_reminder", weight: 10,
      templates: [
        "remind (me|us) to {task} (at {time}|{date}|{date} at {time})",
        "(set|add|create) a reminder to {task} {date}",
        "(don't let me forget|help me remember) to {task}",
        "remind (him|her|my husband|my wife) to {task} at {time}",
        "i (have|need) to remember to {task} {date}",
        "put {task} on my to do list",
      ]),
    Intent(
      name: "shopping_list", weight: 9,
      templates: [
        "(add|put) {item} (and {item}|) (to|on) (my|the|our) (shopping|grocery) list",
        "we (need|are out of|ran out of) {item} (and {item}|)",
        "(buy|order|get) (some|more|) {item} (from {store}|)",
        "(is|do i have) {item} on the (shopping|grocery) list",
        "(remove|take|delete) {item} (from|off) the (shopping|grocery) list",
        "(she|he) (asked for|wants|needs) {item} put it on the list",
      ]),
    Intent(
      name: "navigate", weight: 9,
      templates: [
        "(take|drive|bring) me to {place}",
        "(navigate|directions|the way) to {place} (avoiding (tolls|highways|traffic)|)",
        "how (far|long) is (it|the drive) to {place}",
        "(how do i|what's the best way to) get (to|from here to) {place}",
        "(find|show) (me|us) the (fastest|shortest|quickest) (way|route) to {place}",
        "(take me to|directions to|drive me to) (his|her) (place|house|office) in {place}",
        "is there (traffic|a delay) on the way to {place}",
      ]),
    Intent(
      name: "control_lights", weight: 8,
      templates: [
        "turn (on|off) the (lights|lamp|light) in the {room}",
        "(dim|brighten) the {room} (lights|lamp) (to {number} percent|)",
        "make the {room} (lights|light) {color}",
        "(lights|lamps) (on|off) in the {room}",
        "set the {room} (lights|lamp) to {color}",
        "it is too (dark|bright) in the {room}",
        "turn (on|off) (his|her) (bedroom|reading) (light|lamp)",
      ]),
    Intent(
      name: "check_calendar", weight: 9,
      templates: [
        "what (is|do i have) on my (calendar|schedule|agenda) {date}",
        "(am i|is she|is he) (free|busy) {date} (at {time}|)",
        "when is my (meeting|appointment|lunch|call) with {contact}",
        "(add|put) (a meeting|lunch|an appointment) with {contact} (on|in) my calendar {date}",
        "(move|cancel|push) my {time} (meeting|appointment)",
        "do i have (anything|a meeting|plans) {date}",
        "when (does|did) {contact} want to meet (me|us)",
      ]),
    Intent(
      name: "order_ride", weight: 7,
      templates: [
        "(order|book|call|get) (me|us|) a (taxi|cab|ride) to {place}",
        "i need a (taxi|cab|ride) (to|from) {place} at {time}",
        "(get|send) a (car|cab|taxi) for {contact} to {place}",
        "pick (me|us|him|her) up (at|from) {place} (at {time}|)",
        "how (much|long) for a (ride|cab|taxi) to {place}",
        "(where is|cancel) my (ride|taxi|cab|driver)",
      ]),
    Intent(
      name: "read_news", weight: 7,
      templates: [
        "(read|tell|give) me the (news|headlines) (about|on) {topic}",
        "what (is|is happening|is new) in {topic} {date}",
        "(any|what's the) (latest|breaking) (news|stories) (about|on) {topic}",
        "(play|read) the {topic} (news|headlines)",
        "what did (the president|the mayor|the queen|the king) say (about {topic}|) {date}",
        "news from {place} please",
      ]),
  ]

  /// Phrases that mean more than one thing: nothing in them tells which.
  static let ambiguous: [(template: String, intents: [String])] = [
    ("(add|put) {item} (on|to) (my|the) list", ["shopping_list", "add_reminder"]),
    (
      "(set it|make it|put it) (for|to|at) {time} {date}",
      ["set_alarm", "add_reminder", "check_calendar"]
    ),
    ("(get|bring) me to {place} (at|by) {time}", ["navigate", "order_ride"]),
    ("(start|set|make) one for {duration}", ["set_timer", "set_alarm"]),
    ("get (hold of|in touch with) {contact} (now|today|please)", ["call_contact", "send_message"]),
    ("(what's|what is) (going on|happening) in {place} {date}", ["read_news", "get_weather"]),
    ("(turn it|switch it) (on|off|down) in the {room}", ["control_lights", "play_music"]),
    (
      "i (am|will be) (meeting|seeing) {contact} at {restaurant}",
      ["book_restaurant", "check_calendar"]
    ),
    ("(my pin is|use pin|the pin is) {pin}", ["transfer_money", "unlock_door"]),
    ("(cancel|stop) (that|the one) for {time}", ["set_alarm", "check_calendar", "order_ride"]),
  ]

  static let fillers = [
    "please", "hey", "okay", "um", "uh", "so", "well", "hi there", "hey assistant", "i mean",
    "you know", "actually", "right now", "thanks",
    "for me", "quickly", "if you can", "like",
  ]

  static let slots: [String: [String]] = [
    "artist": [
      "the paper lanterns", "mara voss", "north pier", "dj solano", "elena marsh",
      "the velvet foxes", "tom harrow", "little comet", "anders holm",
      "queen of rust", "brother oak", "sister moon", "lady marlow", "king sparrow",
      "the quiet boys", "girls in red boots", "johnny west",
      "amara diallo", "the new collars", "hollow kites", "rosa lind", "blue tractor",
      "miles okafor", "ivy lane", "the last ferry",
    ],
    "song": [
      "silver river", "call me tomorrow", "sunday rain", "the long way home", "paper moon rising",
      "dancing on the stairs", "cold coffee", "lights out",
      "five more minutes", "open the window", "my brother's car", "her green eyes", "mister lonely",
      "september train", "falling slowly down",
      "table for one", "weather girl", "money on my mind", "no alarms", "drive all night",
      "old photographs", "winter boys", "letters to ann",
    ],
    "genre": [
      "jazz", "rock", "classical", "country", "hip hop", "reggae", "electronic", "folk", "blues",
      "soul", "metal", "samba", "piano", "opera", "punk",
    ],
    "playlist": [
      "workout", "dinner", "morning", "road trip", "sleep", "party", "study", "summer", "running",
      "date night", "rainy day", "kitchen", "focus",
    ],
    "service": [
      "tunebox", "wavely", "streamly", "the radio", "soundhouse", "my phone", "the kitchen speaker",
    ],
    "place": [
      "boston", "the airport", "lake street", "downtown", "oakland", "the train station", "paris",
      "new haven", "denver", "the mall", "work", "home",
      "the city library", "maple avenue", "seattle", "king's cross", "the hospital", "lisbon",
      "santa rosa", "the harbour", "queen street", "nairobi",
      "the north gate", "springfield", "the gym", "madrid", "baker street", "the museum", "kyoto",
      "st mary's school", "the office", "portland",
      "the beach", "mumbai", "the stadium", "cape town", "riverside park", "toronto",
      "the old mill", "dublin", "little italy", "the zoo",
    ],
    "cuisine": [
      "italian", "thai", "mexican", "indian", "greek", "japanese", "korean", "french", "ethiopian",
      "turkish", "vegan", "lebanese", "spanish", "chinese",
    ],
    "restaurant": [
      "casa verde", "the blue door", "luigi's", "golden lotus", "the hungry monk", "noodle house",
      "chez marie", "the brick oven", "saffron", "el toro",
      "the waiter's table", "river cafe", "mama rosa", "the old landlord", "pepper and salt",
    ],
    "item": [
      "milk", "eggs", "bread", "coffee", "batteries", "dog food", "toilet paper", "rice", "bananas",
      "olive oil", "pasta", "chicken", "apples",
      "butter", "cheese", "diapers", "shampoo", "light bulbs", "tea", "sugar", "potatoes", "onions",
      "yogurt", "pizza", "cake", "paper towels",
      "tomatoes", "laundry soap", "cat litter", "orange juice", "flour", "salmon", "cookies",
    ],
    "store": [
      "the corner shop", "greenmart", "the farmers market", "shopwise", "the pharmacy", "online",
      "the bakery",
    ],
    "message": [
      "i am running late", "i will be home soon", "dinner is ready", "happy birthday", "i love you",
      "we need milk", "the meeting is moved",
      "the car is fixed", "i left the keys at the door", "call me when you can", "i am on my way",
      "see you {date}", "bring a coat", "the kids are asleep",
      "i can't make it {date}", "the weather is awful", "she is feeling better", "he got the job",
      "her flight is delayed", "his train was cancelled",
      "the code is {pin}", "my new number is {phone}", "we are at {place}",
      "i will be there at {time}", "i owe you {amount}",
    ],
    "task": [
      "call {contact}", "pay the rent", "water the plants", "feed the cat", "take out the trash",
      "buy flowers for my wife", "pick up my daughter",
      "take my medicine", "book the dentist", "send the report", "renew my passport",
      "wash the car", "pick up my son from school", "buy {item}",
      "text {contact}", "charge the car", "return the library books", "check the oven",
      "walk the dog", "print the tickets", "lock the {door}",
      "thank my grandmother", "meet my uncle at {place}", "bring his jacket", "give her the keys",
    ],
    "door": [
      "front door", "back door", "garage", "garden gate", "side door", "office door", "shed",
      "main gate", "balcony door", "cellar door", "safe",
    ],
    "room": [
      "kitchen", "living room", "bedroom", "bathroom", "hallway", "garage", "office", "dining room",
      "nursery", "basement", "attic", "guest room",
      "boys room", "girls room", "garden", "porch",
    ],
    "color": [
      "red", "blue", "green", "warm white", "purple", "orange", "pink", "yellow", "cool white",
      "turquoise",
    ],
    "topic": [
      "sports", "politics", "technology", "business", "science", "football", "health",
      "the election", "the weather", "local traffic", "music",
      "the stock market", "climate", "the royal family", "basketball", "space", "movies",
      "education", "housing",
    ],
    "date": [
      "today", "tomorrow", "tonight", "this evening", "on monday", "on tuesday", "on wednesday",
      "on thursday", "on friday", "on saturday", "on sunday",
      "next week", "this weekend", "tomorrow morning", "tomorrow night", "next friday",
      "in the morning", "on the {day}", "{month} {day}",
    ],
    "month": [
      "january", "february", "march", "april", "may", "june", "july", "august", "september",
      "october", "november", "december",
    ],
    "name": [
      "anna", "peter", "maria", "james", "sofia", "david", "emma", "michael", "fatima", "omar",
      "lucy", "daniel", "grace", "thomas", "priya", "arjun",
      "chloe", "liam", "nora", "samuel", "hannah", "victor", "mei", "kenji", "olga", "ivan", "zoe",
      "carlos", "ruth", "george", "leila", "hassan",
      "ingrid", "paul", "amina", "joseph", "clara", "felix", "rosa", "marco", "judith", "andre",
      "helen", "simon", "teresa", "walter", "yuki", "pablo",
    ],
    "surname": [
      "miller", "garcia", "okafor", "smith", "patel", "kim", "novak", "jones", "silva", "brown",
      "nguyen", "weber", "rossi", "haddad", "larsen",
      "walker", "cohen", "diaz", "murphy", "tanaka", "evans", "petrov", "young", "mbeki", "clark",
    ],
    "kin": [
      "mom", "dad", "mother", "father", "sister", "brother", "wife", "husband", "aunt", "uncle",
      "son", "daughter", "grandmother", "grandfather",
      "girlfriend", "boyfriend", "niece", "nephew", "landlord", "landlady", "boss", "doctor",
      "neighbour", "grandma", "grandpa",
    ],
    "title": ["mr", "ms", "mrs", "doctor", "sir", "madam", "mister"],
    "contact": [
      "{name}", "{name}", "{name} {surname}", "{name} {surname}", "my {kin}", "my {kin}",
      "{title} {surname}", "her {kin}", "his {kin}", "{name}'s {kin}",
    ],
    "number": [
      "two", "three", "four", "five", "six", "seven", "eight", "ten", "twelve", "twenty", "thirty",
      "fifty",
    ],
  ]

}
