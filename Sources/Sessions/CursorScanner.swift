/// Goes through an unfinished text up to the cursor and remembers what values end, and what brackets are open there.
struct CursorScanner {
  private typealias Literal = CursorContext.Literal

  private struct Bracket {
    var byte: UInt8
    var place: Int
    /// The names in front of it.
    var chain: [String]?
    /// Where the value in front of it starts that is called, or an element of which is taken.
    var base: Int?
    /// The literal that ends with it, where it is one.
    var literal: Literal?
    /// The names of the arguments so far, and that of the one which the scan is in.
    var names: [String] = []
    var name: String?
    var commas = 0
    var firstEnd: Int?

    var isCall: Bool { byte == UInt8(ascii: "(") && base != nil }
    var isIndex: Bool { byte == UInt8(ascii: "[") && base != nil }
  }

  private let bytes: [UInt8]
  private var index = 0
  private var brackets: [Bracket] = []
  /// The chain of names that ends where the scan is, `a.b.c`; nil after anything else.
  private var chain: [String]?
  /// What ends where the scan is, where it is a literal.
  private var literal: Literal?
  /// Where the value starts that ends where the scan is; nil where none does.
  private var base: Int?
  /// The last byte that is no space.
  private var last: UInt8 = 0
  /// The last name that no point stands before, and whether the names that are being read stand behind `import`.
  private var previousWord = ""
  private var isImport = false
  private var found: CursorContext

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    found = CursorContext(start: bytes.count)
  }

  mutating func context() -> CursorContext {
    while index < bytes.count {
      let byte = bytes[index]
      switch byte {
      case UInt8(ascii: "#"): comment()
      case UInt8(ascii: "\""), UInt8(ascii: "'"): string()
      case _ where CursorContext.isNameStart(byte): name()
      case 48...57: number()
      case 0x20, 0x09, 0x0A, 0x0D: space()
      default: sign(byte)
      }
      if index > 0, index <= bytes.count, bytes[index - 1] > 0x20 { last = bytes[index - 1] }
    }
    found.call = call
    return found
  }

  /// The innermost call that is open, with no block inside.
  private var call: CursorContext.Call? {
    guard
      let open = brackets.last(where: {
        $0.byte == UInt8(ascii: "(") || $0.byte == UInt8(ascii: "{")
      }), open.isCall, let base = open.base
    else { return nil }
    return CursorContext.Call(
      callee: open.chain, text: base..<open.place, names: open.names, name: open.name,
      position: open.commas - (open.names.count - (open.name == nil ? 0 : 1)),
      first: open.firstEnd.map { open.place + 1..<$0 })
  }

  private mutating func forget() { (chain, literal, base) = (nil, nil, nil) }

  // MARK: Tokens

  private mutating func comment() {
    let end = bytes[index...].firstIndex(of: 0x0A) ?? bytes.count
    if end == bytes.count { found.place = .nothing }
    index = end
    forget()
  }

  private mutating func string() {
    let (end, isClosed) = CursorScanner.string(bytes, from: index)
    guard isClosed else { return open(contentAt: min(end.start, bytes.count)) }
    // The letter of `f"…"` and `r"…"` belongs to it.
    let hasLetter = index > 0 && CursorContext.isNamePart(bytes[index - 1])
    base = hasLetter ? base ?? index : index
    (chain, literal) = (nil, .string)
    index = end.next
  }

  /// The cursor is inside of a string.
  private mutating func open(contentAt start: Int) {
    let content = bytes[start...]
    let inner = brackets.last
    let isListed =
      inner?.literal == .list && (last == UInt8(ascii: "[") || last == UInt8(ascii: ","))
    let owner = isListed ? brackets.dropLast().last : inner
    if let owner, owner.isIndex, isListed || last == UInt8(ascii: "["), let base = owner.base {
      found.place = .key(owner.chain)
      found.base = base..<owner.place
      found.prefix = String(decoding: content, as: UTF8.self)
      found.start = start
    } else {
      let word = content.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? start
      found.place = .string(String(decoding: content, as: UTF8.self))
      found.prefix = String(decoding: bytes[word...], as: UTF8.self)
      found.start = word
    }
    index = bytes.count
  }

  private mutating func name() {
    var end = index
    while end < bytes.count, CursorContext.isNamePart(bytes[end]) { end += 1 }
    let word = String(decoding: bytes[index..<end], as: UTF8.self)
    let isMember = index > 0 && bytes[index - 1] == UInt8(ascii: ".") && !isRange(at: index - 1)
    if end == bytes.count {
      found.prefix = word
      found.start = index
      if isMember {
        member(at: index - 1)
      } else {
        found.place = previousWord == "import" ? .module([]) : .name
      }
    } else {
      isImport = isMember ? isImport : previousWord == "import"
      if !isMember {
        previousWord = word
        base = index
      }
      chain = isMember ? chain.map { $0 + [word] } : [word]
      literal = nil
    }
    index = end
  }

  /// The cursor is behind the point at `point`.
  private mutating func member(at point: Int) {
    found.place =
      literal.map { .method($0) } ?? (isImport ? chain.map { .module($0) } : nil) ?? .member(chain)
    found.base = base.map { $0..<point }
  }

  private func isRange(at point: Int) -> Bool {
    point > 0 && bytes[point - 1] == UInt8(ascii: ".")
  }

  private mutating func number() {
    var end = index
    while end < bytes.count,
      CursorContext.isNamePart(bytes[end])
        || (bytes[end] == UInt8(ascii: ".") && end + 1 < bytes.count
          && bytes[end + 1] != UInt8(ascii: "."))
    {
      end += 1
    }
    if end == bytes.count { found.place = .nothing }
    index = end
    forget()
  }

  /// A value goes on behind space only with a point, on the same line also with a call.
  private mutating func space() {
    var end = index
    var isLineEnd = false
    while end < bytes.count, bytes[end] <= 0x20 {
      if bytes[end] == 0x0A { isLineEnd = true }
      end += 1
    }
    index = end
    guard end < bytes.count else { return }
    let isPoint =
      bytes[end] == UInt8(ascii: ".")
      && !(end + 1 < bytes.count && bytes[end + 1] == UInt8(ascii: "."))
    if isPoint { return }
    literal = nil
    if isLineEnd || bytes[end] != UInt8(ascii: "(") || chain == nil { forget() }
  }

  private mutating func sign(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"):
      var bracket = Bracket(byte: byte, place: index, chain: chain)
      bracket.literal = startedLiteral(byte)
      if byte != UInt8(ascii: "{") { bracket.base = base }
      brackets.append(bracket)
      forget()
    case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
      let bracket = brackets.popLast()
      forget()
      literal = bracket?.literal
      if let bracket, byte != UInt8(ascii: "}") || literal == .map {
        base = bracket.base ?? bracket.place
      }
    case UInt8(ascii: ":"):
      if let name = chain, name.count == 1, brackets.last?.isCall == true {
        brackets[brackets.count - 1].names.append(name[0])
        brackets[brackets.count - 1].name = name[0]
      }
      forget()
    case UInt8(ascii: ","):
      if let place = brackets.indices.last {
        brackets[place].commas += 1
        brackets[place].name = nil
        brackets[place].firstEnd = brackets[place].firstEnd ?? index
      }
      forget()
    case UInt8(ascii: "."):
      if isRange(at: index) { forget() }
      if index + 1 == bytes.count {
        // A block has a value, too, of which nothing is known.
        let follows = base != nil || index > 0 && bytes[index - 1] == UInt8(ascii: "}")
        if follows { member(at: index) } else { found.place = .nothing }
      }
    default: forget()
    }
    index += 1
  }

  /// The literal that a bracket begins, where it begins one and not an index, a call or a block.
  private func startedLiteral(_ bracket: UInt8) -> Literal? {
    guard chain == nil else { return nil }
    switch bracket {
    case UInt8(ascii: "["): return base != nil || ")]}\"'".utf8.contains(last) ? nil : .list
    case UInt8(ascii: "{"): return last == 0 || "=([,:".utf8.contains(last) ? .map : nil
    default: return nil
    }
  }

  /// The end of a string literal: where its content starts, the byte after it, and whether it is closed.
  private static func string(_ bytes: [UInt8], from index: Int) -> ((start: Int, next: Int), Bool) {
    let quote = bytes[index]
    let isRaw = index > 0 && bytes[index - 1] == UInt8(ascii: "r")
    let isLong =
      quote == UInt8(ascii: "\"") && index + 2 < bytes.count && bytes[index + 1] == quote
      && bytes[index + 2] == quote
    var place = index + (isLong ? 3 : 1)
    let start = place
    while place < bytes.count {
      if bytes[place] == UInt8(ascii: "\\"), !isRaw {
        place += 2
      } else if bytes[place] == quote {
        if !isLong { return ((start, place + 1), true) }
        if place + 2 < bytes.count, bytes[place + 1] == quote, bytes[place + 2] == quote {
          return ((start, place + 3), true)
        }
        place += 1
      } else if bytes[place] == 0x0A, !isLong {
        return ((start, place), true)
      } else {
        place += 1
      }
    }
    return ((start, bytes.count), false)
  }
}
