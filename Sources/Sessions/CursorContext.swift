import Runtime

/// What stands around the cursor in an unfinished text: what completion and inspection look at.
///
/// The text is scanned forwards once, knowing strings, comments and brackets but no grammar, because a text that is
/// being typed seldom has one.
struct CursorContext: Equatable {
  enum Place: Equatable {
    /// A name, perhaps still empty.
    case name
    /// A member: the names before the last point, `["dp"]` in `dp.ep`. Nil where what comes before is no plain name
    /// (a call's result).
    case member([String]?)
    /// A member of a literal, `"abc".up`.
    case method(Literal)
    /// A part of a module's name behind `import`: the parts before it, `["std"]` in `import std.re`.
    case module([String])
    /// Inside the string of an index, `m["ke`: the names before the bracket.
    case key([String])
    /// Inside a string: what it holds so far.
    case string(String)
    /// In a comment or a number: nothing to complete.
    case nothing
  }

  enum Literal: Equatable { case string, list, map }

  var place: Place
  /// What is typed already of the word at the cursor.
  var prefix: String
  /// The byte offset at which the word starts.
  var start: Int
  /// The called name, `["dp", "train"]`, and the arguments' names given so far, where the cursor is inside a call.
  var call: (callee: [String], names: [String])?

  static func == (left: CursorContext, right: CursorContext) -> Bool {
    left.place == right.place && left.prefix == right.prefix && left.start == right.start
      && left.call?.callee == right.call?.callee && left.call?.names == right.call?.names
  }

  private struct Bracket {
    var byte: UInt8
    /// The names in front of it.
    var chain: [String]?
    /// The literal that ends with it, where it is one.
    var literal: Literal?
    var names: [String] = []

    var callee: [String]? { byte == UInt8(ascii: "(") ? chain : nil }
  }

  /// - Parameter cursor: a byte offset into the UTF-8 of `text`.
  init(_ text: String, cursor: Int) {
    let bytes = Array(text.utf8.prefix(max(0, cursor)))
    var index = 0
    var brackets: [Bracket] = []
    /// The chain of names that ends where the scan is, `a.b.c`; nil after anything else.
    var chain: [String]?
    /// What ends where the scan is, where it is a literal.
    var literal: Literal?
    /// The last byte that is no space.
    var last: UInt8 = 0
    /// The last name that no point stands before, and whether the names that are being read stand behind `import`.
    var previousWord = ""
    var isImport = false
    place = .name
    prefix = ""
    start = bytes.count
    while index < bytes.count {
      let byte = bytes[index]
      defer {
        if index > 0, index <= bytes.count, bytes[index - 1] > 0x20 { last = bytes[index - 1] }
      }
      if byte == UInt8(ascii: "#") {
        let end = bytes[index...].firstIndex(of: 0x0A) ?? bytes.count
        if end == bytes.count { place = .nothing }
        index = end
        (chain, literal) = (nil, nil)
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        let (end, closed) = CursorContext.string(bytes, from: index)
        if !closed {
          let content = Array(bytes[min(end.start, bytes.count)...])
          if last == UInt8(ascii: "["), let names = brackets.last?.chain {
            place = .key(names)
            prefix = String(decoding: content, as: UTF8.self)
            start = bytes.count - content.count
            break
          }
          let word = content.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
          place = .string(String(decoding: content, as: UTF8.self))
          prefix = String(decoding: content[word...], as: UTF8.self)
          start = bytes.count - (content.count - word)
          break
        }
        index = end.next
        (chain, literal) = (nil, .string)
      } else if CursorContext.isNameStart(byte) {
        var end = index
        while end < bytes.count, CursorContext.isNamePart(bytes[end]) { end += 1 }
        let word = String(decoding: bytes[index..<end], as: UTF8.self)
        let isMember = index > 0 && bytes[index - 1] == UInt8(ascii: ".")
        if end == bytes.count {
          prefix = word
          start = index
          place =
            !isMember
            ? (previousWord == "import" ? .module([]) : .name)
            : literal.map { .method($0) }
              ?? (isImport ? chain.map { .module($0) } : nil) ?? .member(chain)
          break
        }
        isImport = isMember ? isImport : previousWord == "import"
        if !isMember { previousWord = word }
        chain = isMember ? chain.map { $0 + [word] } : [word]
        literal = nil
        index = end
      } else if (48...57).contains(byte) {
        var end = index
        while end < bytes.count,
          CursorContext.isNamePart(bytes[end])
            || (bytes[end] == UInt8(ascii: ".") && end + 1 < bytes.count
              && bytes[end + 1] != UInt8(ascii: "."))
        {
          end += 1
        }
        if end == bytes.count { place = .nothing }
        index = end
        (chain, literal) = (nil, nil)
      } else {
        switch byte {
        case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"):
          brackets.append(
            Bracket(byte: byte, chain: chain, literal: CursorContext.literal(byte, chain, last)))
          (chain, literal) = (nil, nil)
        case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
          (chain, literal) = (nil, brackets.popLast()?.literal)
        case UInt8(ascii: ":"):
          if let name = chain, name.count == 1, brackets.last?.callee != nil {
            brackets[brackets.count - 1].names.append(name[0])
          }
          chain = nil
        case UInt8(ascii: "."):
          if index + 1 == bytes.count {
            let before = index > 0 ? bytes[index - 1] : 0
            let follows =
              chain != nil || before == UInt8(ascii: ")") || before == UInt8(ascii: "]")
              || before == UInt8(ascii: "\"") || before == UInt8(ascii: "}")
            place =
              literal.map { .method($0) } ?? (isImport ? chain.map { .module($0) } : nil)
              ?? (follows ? .member(chain) : .nothing)
          }
        case 0x20, 0x09:
          if chain != nil, index + 1 < bytes.count, bytes[index + 1] != UInt8(ascii: "(") {
            chain = nil
          }
          if index + 1 < bytes.count, bytes[index + 1] != UInt8(ascii: ".") { literal = nil }
        default: (chain, literal) = (nil, nil)
        }
        index += 1
      }
    }
    if let open = brackets.last(where: {
      $0.byte == UInt8(ascii: "(") || $0.byte == UInt8(ascii: "{")
    }),
      let callee = open.callee
    {
      call = (callee, open.names)
    }
  }

  /// The literal that a bracket begins, where it begins one and not an index, a call or a block.
  private static func literal(_ bracket: UInt8, _ chain: [String]?, _ last: UInt8) -> Literal? {
    guard chain == nil else { return nil }
    switch bracket {
    case UInt8(ascii: "["): return ")]}\"'".utf8.contains(last) ? nil : .list
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

  static func isNameStart(_ byte: UInt8) -> Bool {
    (65...90).contains(byte) || (97...122).contains(byte) || byte == 95 || byte >= 0x80
  }

  static func isNamePart(_ byte: UInt8) -> Bool { isNameStart(byte) || (48...57).contains(byte) }
}

extension CursorContext.Literal {
  /// What the literal makes.
  var kind: ObjectKind {
    switch self {
    case .string: .string
    case .list: .list
    case .map: .map
    }
  }
}
