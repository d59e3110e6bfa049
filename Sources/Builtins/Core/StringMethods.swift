import Runtime
import Syntax

// The methods of strings, with the meaning that Python gives them: positions count code points, nothing is changed in
// place. Case and classes of characters are in StringMethods+Case.swift.

extension CoreBuiltins {
  private static let receiver = "The string."

  static var searching: [Native] {
    [
      find(
        "find", "The position of the first occurrence, or -1.", #""abcabc".find("c")"#, "2",
        last: false),
      find(
        "rfind", "The position of the last occurrence, or -1.", #""abcabc".rfind("c")"#, "5",
        last: true),
      index(
        "index", "The position of the first occurrence; an error where there is none.",
        #""abc".index("b")"#, "1", last: false),
      index(
        "rindex", "The position of the last occurrence; an error where there is none.",
        #""aba".rindex("a")"#, "2", last: true),
      Native(
        "count", "How often a text occurs, without overlaps.",
        Param<StringArgument>("text", receiver), Param<StringArgument>("part", "What to look for."),
        Param<Int?>("start", "Where to start.", default: nil),
        Param<Int?>("end", "Where to end.", default: nil),
        returns: "int", seeAlso: ["string.find"], examples: [(#""banana".count("an")"#, "2")]
      ) { vm, text, part, start, end in
        guard var range = text.byteRange(start, end) else { return 0 }
        if part.bytes.isEmpty {
          return text.object.characterIndex(ofByte: range.upperBound)
            - text.object.characterIndex(ofByte: range.lowerBound) + 1
        }
        var count = 0
        while let found = try TextSearch.first(part.bytes, in: text.bytes, range, vm) {
          count += 1
          try vm.checkInterrupt(turn: count)
          range = found + part.bytes.count..<range.upperBound
        }
        return count
      },
      affix(
        "startswith", "Whether the text starts with a prefix, or with one of several.",
        #""train.csv".startswith("train")"#, TextSearch.hasPrefix),
      affix(
        "endswith", "Whether the text ends with a suffix, or with one of several.",
        #""train.csv".endswith([".csv", ".tsv"])"#, TextSearch.hasSuffix),
      Native(
        "replace", "The text with every occurrence of one part replaced by another.",
        Param<StringArgument>("text", receiver), Param<StringArgument>("old", "What is replaced."),
        Param<StringArgument>("new", "What takes its place."),
        Param<Int>(
          "count", "How many at most, from the left; all where it is negative.", default: -1),
        returns: "string", search: ["substitute"],
        examples: [(#""a-b-c".replace("-", "+")"#, "a+b+c")]
      ) { vm, text, old, new, count in try replaced(text, old, new, count, vm) },
    ]
  }

  private static func find(
    _ name: String, _ summary: String, _ code: String, _ result: String, last: Bool
  ) -> Native {
    Native(
      name, summary, Param<StringArgument>("text", receiver),
      Param<StringArgument>("part", "What to look for."),
      Param<Int?>("start", "Where to start.", default: nil),
      Param<Int?>("end", "Where to end.", default: nil),
      returns: "int", seeAlso: ["string.index", "string.count"], search: ["search", "position"],
      examples: [(code, result)]
    ) { vm, text, part, start, end in
      try position(of: part, in: text, start, end, last, vm) ?? -1
    }
  }

  private static func index(
    _ name: String, _ summary: String, _ code: String, _ result: String, last: Bool
  ) -> Native {
    Native(
      name, summary, Param<StringArgument>("text", receiver),
      Param<StringArgument>("part", "What to look for."),
      Param<Int?>("start", "Where to start.", default: nil),
      Param<Int?>("end", "Where to end.", default: nil),
      returns: "int", seeAlso: ["string.find"], search: ["search", "position"],
      examples: [(code, result)]
    ) { vm, text, part, start, end in
      guard let found = try position(of: part, in: text, start, end, last, vm) else {
        throw Fault(
          .value,
          "\(Representation.brief(Value(part.object))) does not occur in \(Representation.brief(Value(text.object)))",
          hint: "`find` gives -1 instead"
        ).atArgument(1)
      }
      return found
    }
  }

  private static func position(
    of part: StringArgument, in text: StringArgument, _ start: Int?, _ end: Int?, _ last: Bool,
    _ vm: VM
  ) throws -> Int? {
    if let start, start > text.count { return nil }
    guard let range = text.byteRange(start, end) else { return nil }
    let found =
      try last
      ? TextSearch.last(part.bytes, in: text.bytes, range, vm)
      : TextSearch.first(part.bytes, in: text.bytes, range, vm)
    return found.map(text.object.characterIndex(ofByte:))
  }

  private static func affix(
    _ name: String, _ summary: String, _ code: String,
    _ check: @escaping @Sendable (StringArgument.Bytes, StringArgument.Bytes, Range<Int>) -> Bool
  ) -> Native {
    Native(
      name, summary, Param<StringArgument>("text", receiver),
      Param<Value>("part", "A string or a list of strings."),
      Param<Int?>("start", "Where the text starts.", default: nil),
      Param<Int?>("end", "Where the text ends.", default: nil),
      returns: "bool", search: ["prefix", "suffix"], examples: [(code, "true")]
    ) { vm, text, part, start, end in
      let parts: [StringArgument]
      if let one = StringArgument.decode(part, vm) {
        parts = [one]
      } else if let several = try [StringArgument].decode(part, vm) {
        parts = several
      } else {
        throw Fault(
          .type, "`part` must be a string or a list of strings, found \(Representation.brief(part))"
        ).atArgument(1)
      }
      if let start, start > text.count { return Value.bool(false) }
      guard let range = text.byteRange(start, end) else { return Value.bool(false) }
      return Value.bool(parts.contains { check($0.bytes, text.bytes, range) })
    }
  }

  private static func replaced(
    _ text: StringArgument, _ old: StringArgument, _ new: StringArgument, _ count: Int, _ vm: VM
  )
    throws -> Value
  {
    let bytes = text.bytes
    var remaining = count < 0 ? Int.max : count
    if old.bytes.isEmpty { return try interleaved(text, new, remaining, vm) }
    let all = 0..<bytes.count
    guard remaining > 0, var found = try TextSearch.first(old.bytes, in: bytes, all, vm) else {
      return Value(text.object)
    }
    var builder = TextBuilder(vm, capacity: bytes.count)
    var offset = 0
    while true {
      try builder.append(bytes[offset..<found])
      try builder.append(new.bytes)
      offset = found + old.bytes.count
      remaining -= 1
      try vm.checkInterrupt(turn: remaining)
      guard remaining > 0,
        let next = try TextSearch.first(old.bytes, in: bytes, offset..<bytes.count, vm)
      else { break }
      found = next
    }
    try builder.append(bytes[offset...])
    try TextBuilder.check(builder.bytes.count, vm)
    return builder.finish()
  }

  /// `"ab".replace("", "-")` is `-a-b-`.
  private static func interleaved(
    _ text: StringArgument, _ new: StringArgument, _ limit: Int, _ vm: VM
  ) throws
    -> Value
  {
    let (size, overflow) = (text.count + 1).multipliedReportingOverflow(by: new.bytes.count)
    try TextBuilder.check(overflow ? .max : size, vm)
    var builder = TextBuilder(vm)
    var offset = 0
    var remaining = limit
    let bytes = text.bytes
    while offset < bytes.count {
      if remaining > 0 {
        try builder.append(new.bytes)
        remaining -= 1
      }
      let next = TextSearch.scalar(bytes, at: offset).next
      try builder.append(bytes[offset..<next])
      offset = next
    }
    if remaining > 0 { try builder.append(new.bytes) }
    return builder.finish()
  }

  // MARK: Splitting and joining

  static var splitting: [Native] {
    [
      Native(
        "split", "The parts between separators, or the words between spaces.",
        Param<StringArgument>("text", receiver),
        Param<StringArgument?>(
          "separator", "What stands between parts; nil for any run of spaces.", default: nil),
        Param<Int>("count", "How many splits at most; all where it is negative.", default: -1),
        returns: "list of string",
        seeAlso: ["string.join", "string.splitlines", "string.partition"],
        search: ["tokenize", "words"],
        examples: [
          (#""a,b,,c".split(",")"#, #"["a", "b", "", "c"]"#),
          (#"" a  b ".split()"#, #"["a", "b"]"#),
        ]
      ) { vm, text, separator, count in
        guard let separator else { return try words(text, count, vm) }
        return try parts(text, separator, count, vm)
      },
      Native(
        "rsplit", "As `split`, with the splits counted from the right.",
        Param<StringArgument>("text", receiver),
        Param<StringArgument?>(
          "separator", "What stands between parts; nil for any run of spaces.", default: nil),
        Param<Int>("count", "How many splits at most; all where it is negative.", default: -1),
        returns: "list of string", seeAlso: ["string.split"],
        examples: [(#""a.b.c".rsplit(".", 1)"#, #"["a.b", "c"]"#)]
      ) { vm, text, separator, count in
        guard let separator else { return try wordsFromRight(text, count, vm) }
        return try partsFromRight(text, separator, count, vm)
      },
      Native(
        "join", "The strings of a list with the text between them.",
        Param<StringArgument>("separator", "What stands between two strings."),
        Param<Value>("words", "A list of strings."),
        returns: "string", seeAlso: ["string.split"], search: ["concatenate"],
        examples: [(#"", ".join(["a", "b"])"#, "a, b")]
      ) { vm, separator, words in try joined(separator, words, vm) },
      Native(
        "splitlines", "The lines of the text.",
        Param<StringArgument>("text", receiver),
        Param<Bool>("keep_ends", "Whether lines keep their line breaks.", default: false),
        returns: "list of string", seeAlso: ["string.split"], search: ["lines"],
        examples: [(#""a\nb\n".splitlines()"#, #"["a", "b"]"#)]
      ) { vm, text, keepEnds in try lines(text, keepEnds, vm) },
      partition(
        "partition", "The text before the first separator, the separator, and the text after it.",
        #""k=v=w".partition("=")"#, #"["k", "=", "v=w"]"#, last: false),
      partition(
        "rpartition", "The text before the last separator, the separator, and the text after it.",
        #""a.b.c".rpartition(".")"#, #"["a.b", ".", "c"]"#, last: true),
    ]
  }

  private static func parts(
    _ text: StringArgument, _ separator: StringArgument, _ count: Int, _ vm: VM
  ) throws
    -> Value
  {
    try checkSeparator(separator)
    let result = ListObject()
    let list = vm.adopt(result)
    var remaining = count < 0 ? Int.max : count
    var offset = 0
    let bytes = text.bytes
    while remaining > 0,
      let found = try TextSearch.first(separator.bytes, in: bytes, offset..<bytes.count, vm)
    {
      try vm.append(offset..<found, of: text.object, to: result)
      offset = found + separator.bytes.count
      remaining -= 1
      try vm.checkInterrupt(turn: remaining)
    }
    try vm.append(offset..<bytes.count, of: text.object, to: result)
    return list
  }

  private static func partsFromRight(
    _ text: StringArgument, _ separator: StringArgument, _ count: Int, _ vm: VM
  )
    throws -> Value
  {
    try checkSeparator(separator)
    let result = ListObject()
    let list = vm.adopt(result)
    var remaining = count < 0 ? Int.max : count
    var end = text.bytes.count
    while remaining > 0,
      let found = try TextSearch.last(separator.bytes, in: text.bytes, 0..<end, vm)
    {
      try vm.append(found + separator.bytes.count..<end, of: text.object, to: result)
      end = found
      remaining -= 1
      try vm.checkInterrupt(turn: remaining)
    }
    try vm.append(0..<end, of: text.object, to: result)
    var parts = result.values
    parts.reverse()
    return list
  }

  private static func checkSeparator(_ separator: StringArgument) throws {
    guard separator.bytes.isEmpty else { return }
    throw Fault(
      .value, "the separator is empty", hint: "the characters of a string are `list(text)`"
    ).atArgument(1)
  }

  private static func words(_ text: StringArgument, _ count: Int, _ vm: VM) throws -> Value {
    let result = ListObject()
    let list = vm.adopt(result)
    var remaining = count < 0 ? Int.max : count
    let bytes = text.bytes
    var offset = 0
    while true {
      offset = try TextSearch.endOfRun(bytes, from: offset, spaces: true, vm)
      guard offset < bytes.count else { break }
      let end =
        remaining == 0
        ? try TextSearch.stripSpaces(bytes, left: false, right: true, vm).upperBound
        : try TextSearch.endOfRun(bytes, from: offset, spaces: false, vm)
      try vm.append(offset..<end, of: text.object, to: result)
      if remaining == 0 { break }
      remaining -= 1
      offset = end
      try vm.checkInterrupt(turn: remaining)
    }
    return list
  }

  private static func wordsFromRight(_ text: StringArgument, _ count: Int, _ vm: VM) throws -> Value
  {
    let result = ListObject()
    let list = vm.adopt(result)
    var remaining = count < 0 ? Int.max : count
    let bytes = text.bytes
    var end = bytes.count
    var turn = 0
    while true {
      while end > 0 {
        let (scalar, start) = TextSearch.scalar(bytes, before: end)
        guard TextSearch.isSpace(scalar) else { break }
        end = start
        turn += 1
        try vm.checkInterrupt(turn: turn)
      }
      guard end > 0 else { break }
      var start = end
      if remaining == 0 {
        start = try TextSearch.stripSpaces(bytes, left: true, right: false, vm).lowerBound
      } else {
        while start > 0 {
          let (scalar, before) = TextSearch.scalar(bytes, before: start)
          if TextSearch.isSpace(scalar) { break }
          start = before
          turn += 1
          try vm.checkInterrupt(turn: turn)
        }
      }
      try vm.append(start..<end, of: text.object, to: result)
      if remaining == 0 { break }
      remaining -= 1
      end = start
    }
    var parts = result.values
    parts.reverse()
    return list
  }

  private static func joined(_ separator: StringArgument, _ words: Value, _ vm: VM) throws -> Value
  {
    // A list is looked at as it is: nothing runs meanwhile that could change it.
    let list = List.decode(words, vm)?.object
    let others = try list == nil ? vm.elements(of: words) : nil
    guard list != nil || others != nil else {
      throw Fault(
        .type, "`words` must be a list of strings, found \(Representation.brief(words))",
        hint: "the separator stands first: `\", \".join(words)`"
      ).atArgument(1)
    }
    func join(_ values: UnsafeBufferPointer<Value>) throws -> Value {
      var size = 0
      var characters = 0
      for (index, value) in values.enumerated() {
        guard let word = StringArgument.decode(value, vm) else {
          throw Fault(
            .type, "`join` needs strings, item \(index) is \(Representation.brief(value))",
            hint: "turn them into strings: `[string(x) for x in xs]`"
          ).atArgument(1)
        }
        size += word.object.byteLength
        characters += word.object.count
        try vm.checkInterrupt(turn: index)
      }
      if values.count == 1 { return values[0] }
      let between = separator.bytes
      let gaps = Swift.max(0, values.count - 1)
      let (extra, overflow) = between.count.multipliedReportingOverflow(by: gaps)
      try TextBuilder.check(overflow ? .max : size + extra, vm)
      let result = try StringObject(
        byteCount: size + extra, characterCount: characters + separator.count * gaps
      ) { target throws(Fault) in
        var place = target
        for (index, value) in values.enumerated() {
          if index > 0, let address = between.baseAddress {
            try vm.copy(address, between.count, to: place)
            place += between.count
          }
          guard let word = value.stringBytes, let address = word.baseAddress else { continue }
          try vm.copy(address, word.count, to: place)
          place += word.count
          try vm.checkInterrupt(turn: index)
        }
      }
      return vm.adopt(result)
    }
    if let list { return try join(UnsafeBufferPointer(list.values)) }
    return try (others ?? []).withUnsafeBufferPointer(join)
  }

  /// The line breaks are those of Python's `splitlines`.
  private static func lines(_ text: StringArgument, _ keepEnds: Bool, _ vm: VM) throws -> Value {
    let result = ListObject()
    let list = vm.adopt(result)
    let bytes = text.bytes
    var start = 0
    var offset = 0
    var turn = 0
    while offset < bytes.count {
      var (scalar, next) = TextSearch.scalar(bytes, at: offset)
      switch scalar.value {
      case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029:
        if scalar == "\r", next < bytes.count, bytes[next] == UInt8(ascii: "\n") { next += 1 }
        try vm.append(start..<(keepEnds ? next : offset), of: text.object, to: result)
        start = next
      default: break
      }
      offset = next
      turn += 1
      try vm.checkInterrupt(turn: turn)
    }
    if start < bytes.count { try vm.append(start..<bytes.count, of: text.object, to: result) }
    return list
  }

  private static func partition(
    _ name: String, _ summary: String, _ code: String, _ result: String, last: Bool
  ) -> Native {
    Native(
      name, summary, Param<StringArgument>("text", receiver),
      Param<StringArgument>("separator", "What to look for."),
      returns: "list of string", seeAlso: ["string.split"], examples: [(code, result)]
    ) { vm, text, separator in
      try checkSeparator(separator)
      let all = 0..<text.bytes.count
      let found =
        try last
        ? TextSearch.last(separator.bytes, in: text.bytes, all, vm)
        : TextSearch.first(separator.bytes, in: text.bytes, all, vm)
      guard let found else {
        let empty = vm.makeString("")
        return vm.makeList(
          last ? [empty, empty, Value(text.object)] : [Value(text.object), empty, empty])
      }
      return vm.makeList([
        text.part(0..<found, vm), Value(separator.object),
        text.part(found + separator.bytes.count..<text.bytes.count, vm),
      ])
    }
  }

  // MARK: Trimming and padding

  static var trimming: [Native] {
    [
      strip(
        "strip", "The text without spaces, or other characters, at both ends.", #""  a ".strip()"#,
        "a", left: true, right: true),
      strip(
        "lstrip", "The text without spaces, or other characters, at its start.",
        #""xxa".lstrip("x")"#, "a", left: true, right: false),
      strip(
        "rstrip", "The text without spaces, or other characters, at its end.", #""a\n".rstrip()"#,
        "a", left: false, right: true),
      pad("ljust", "The text padded on the right to a width.", #""ab".ljust(4, ".")"#, "ab..") {
        missing in (0, missing)
      },
      pad("rjust", "The text padded on the left to a width.", #""ab".rjust(4, ".")"#, "..ab") {
        missing in (missing, 0)
      },
      Native(
        "center", "The text padded on both sides to a width.",
        Param<StringArgument>("text", receiver), Param<Int>("width", "In characters."),
        Param<StringArgument>(
          "fill", "One character.", default: StringArgument(object: StringObject(" ")),
          text: "\" \""),
        returns: "string", seeAlso: ["string.ljust", "string.rjust"],
        examples: [(#""ab".center(6, "*")"#, "**ab**")]
      ) { vm, text, width, fill in
        let missing = width &- text.count
        // As Python does: of an odd number the larger half goes left where the width is odd.
        let left = missing > 0 ? missing / 2 + (missing & width & 1) : 0
        return try padded(text, width, fill, (left, missing - left), vm)
      },
      Native(
        "zfill", "The text padded with zeros on the left, after a sign.",
        Param<StringArgument>("text", receiver), Param<Int>("width", "In characters."),
        returns: "string", seeAlso: ["string.rjust"], examples: [(#""-7".zfill(4)"#, "-007")]
      ) { vm, text, width in
        let missing = width &- text.count
        guard missing > 0 else { return Value(text.object) }
        try TextBuilder.check(width, vm)
        let hasSign = text.bytes.first == UInt8(ascii: "-") || text.bytes.first == UInt8(ascii: "+")
        var builder = TextBuilder(vm, capacity: text.bytes.count + missing)
        if hasSign { try builder.append(text.bytes[0]) }
        for _ in 0..<missing { try builder.append(UInt8(ascii: "0")) }
        try builder.append(text.bytes[(hasSign ? 1 : 0)...])
        return builder.finish()
      },
      removeAffix(
        "removeprefix", "The text without a prefix, where it has it.",
        #""train_x".removeprefix("train_")"#, "x"
      ) { text, part in
        TextSearch.hasPrefix(part.bytes, text.bytes, 0..<text.bytes.count)
          ? part.bytes.count..<text.bytes.count : 0..<text.bytes.count
      },
      removeAffix(
        "removesuffix", "The text without a suffix, where it has it.",
        #""a.csv".removesuffix(".csv")"#, "a"
      ) { text, part in
        TextSearch.hasSuffix(part.bytes, text.bytes, 0..<text.bytes.count)
          ? 0..<text.bytes.count - part.bytes.count : 0..<text.bytes.count
      },
    ]
  }

  private static func removeAffix(
    _ name: String, _ summary: String, _ code: String, _ result: String,
    _ range: @escaping @Sendable (StringArgument, StringArgument) -> Range<Int>
  ) -> Native {
    Native(
      name, summary, Param<StringArgument>("text", receiver),
      Param<StringArgument>("part", "What to take off."),
      returns: "string", examples: [(code, result)]
    ) { vm, text, part in text.part(range(text, part), vm) }
  }

  private static func strip(
    _ name: String, _ summary: String, _ code: String, _ result: String, left: Bool, right: Bool
  ) -> Native {
    Native(
      name, summary, Param<StringArgument>("text", receiver),
      Param<StringArgument?>(
        "characters", "The characters to take off; nil for spaces.", default: nil),
      returns: "string", seeAlso: ["string.removeprefix", "string.removesuffix"], search: ["trim"],
      examples: [(code, result)]
    ) { vm, text, characters in
      guard let characters else {
        return text.part(
          try TextSearch.stripSpaces(text.bytes, left: left, right: right, vm), vm)
      }
      let set = Set(characters.object.text.unicodeScalars)
      return text.part(
        try TextSearch.strip(text.bytes, left: left, right: right, vm) { set.contains($0) }, vm)
    }
  }

  private static func pad(
    _ name: String, _ summary: String, _ code: String, _ result: String,
    _ sides: @escaping @Sendable (Int) -> (Int, Int)
  ) -> Native {
    Native(
      name, summary, Param<StringArgument>("text", receiver), Param<Int>("width", "In characters."),
      Param<StringArgument>(
        "fill", "One character.", default: StringArgument(object: StringObject(" ")), text: "\" \""),
      returns: "string", seeAlso: ["string.center", "string.zfill"], search: ["pad", "align"],
      examples: [(code, result)]
    ) { vm, text, width, fill in
      try padded(text, width, fill, sides(Swift.max(0, width &- text.count)), vm)
    }
  }

  private static func padded(
    _ text: StringArgument, _ width: Int, _ fill: StringArgument, _ sides: (left: Int, right: Int),
    _ vm: VM
  ) throws -> Value {
    guard fill.count == 1 else {
      throw Fault(
        .value, "`fill` must be one character, found \(Representation.brief(Value(fill.object)))"
      ).atArgument(2)
    }
    guard width > text.count else { return Value(text.object) }
    let (size, overflow) = width.multipliedReportingOverflow(by: fill.bytes.count)
    try TextBuilder.check(overflow ? .max : size, vm)
    guard let piece = fill.bytes.baseAddress else { return Value(text.object) }
    let (left, right) = (Swift.max(0, sides.left), Swift.max(0, sides.right))
    let bytes = text.bytes
    let result = try StringObject(
      byteCount: bytes.count + (left + right) * fill.bytes.count,
      characterCount: text.count + left + right
    ) { target throws(Fault) in
      try vm.fill(target, with: piece, fill.bytes.count, times: left)
      let middle = target + left * fill.bytes.count
      if let address = bytes.baseAddress { try vm.copy(address, bytes.count, to: middle) }
      try vm.fill(middle + bytes.count, with: piece, fill.bytes.count, times: right)
    }
    return vm.adopt(result)
  }
}
