// The words that role reversal exchanges, as data: `Stdlib/data/gender_lexicon.tsv`, or a table of the same form that a
// person gives.
//
// A table is checked when it is read, so that what R(x) promises holds for any of them: the rows that exchange both
// ways are a perfect matching (no word stands in two pairs), and a word that is changed one way only leads to a word of
// that matching, never to a third one.

import CStdlib
import Files
import Foundations

/// Pairs of gendered words.
public struct GenderLexicon: Sendable, Equatable {
  /// The two sides of the table.
  public enum Gender: String, Sendable, CaseIterable {
    case masculine, feminine
  }

  /// Which of a row's words are changed.
  public enum Direction: String, Sendable {
    case both
    /// The feminine word has a partner that belongs to another one: `mum` becomes `dad`, but `dad` becomes `mom`.
    case feminineOnly = "feminine-only"
    case masculineOnly = "masculine-only"
  }

  /// Where a row applies.
  public enum Condition: String, Sendable {
    case anywhere
    /// As a title: Capitalised, one space, a capital letter (`Miss Jones`).
    case beforeName = "before-name"
    /// Not Capitalised behind a Capitalised word, where it is likely a surname (`Stephen King`).
    case notAfterName = "not-after-name"
    /// The row is a phrase of two or three words that stays as it is (`mother tongue`).
    case kept
    /// Not Capitalised in front of a comma where a sentence begins (`Man, that was close!`).
    case notExclaimed = "not-exclaimed"
  }

  /// How a phrase that is kept has to be written. A Capitalised word in it stands for that spelling only
  /// (`Father Time`).
  public enum Writing: String, Sendable, CaseIterable {
    /// With spaces or hyphens.
    case plain = "kept"
    /// With hyphens only (`man-eating`).
    case hyphen = "kept-hyphen"
    /// Without hyphens only where no article or adjective begins another phrase (`built man made lakes`;
    /// `the man made a cake`).
    case compound = "kept-compound"
    /// Without hyphens only in front of a noun (`a king sized bed`; `the king sized him up`).
    case adjective = "kept-adjective"
    /// Not where somebody's is given something (`our mother earth`; `lent her mother earth and seeds`).
    case name = "kept-name"
    /// Without hyphens only where no other noun phrase follows (`a witch hunt`; `the witch hunts them`).
    case noun = "kept-noun"
  }

  /// One row of the table.
  public struct Row: Sendable, Equatable {
    public var masculine: String
    public var feminine: String
    /// What the report of a reversal says (`kinship`, `title`, …); any word.
    public var category: String
    public var direction: Direction = .both
    public var condition: Condition = .anywhere
    /// Where the condition is `kept`, how.
    public var writing: Writing = .plain
    /// Where the row was read: `FILE, line N`.
    public var place: String

    public init(
      _ masculine: String, _ feminine: String, category: String, direction: Direction = .both,
      condition: Condition = .anywhere, writing: Writing = .plain, place: String = "a given row"
    ) {
      self.masculine = masculine
      self.feminine = feminine
      self.category = category
      self.direction = direction
      self.condition = condition
      self.writing = writing
      self.place = place
    }
  }

  public let rows: [Row]

  /// - Throws: `data` where a row is malformed or contradicts another one; the message names both places.
  public init(_ rows: [Row]) throws(DomainError) {
    try LexiconChecker.check(rows)
    self.rows = rows
  }

  /// Reads a table: lines of `masculine`, `feminine`, category and, optionally, a direction and a condition (divided by
  /// a space), divided by tabs; `#` begins a line of comment.
  ///
  /// - Parameter source: the file's name, for errors.
  /// - Throws: `parse` for a malformed line, `data` for rows that contradict each other; both name the file and the
  ///   line.
  public init(parsing text: String, source: String) throws(DomainError) {
    var rows: [Row] = []
    for (line, columns) in TabbedLines.read(text) {
      let place = "\(source), line \(line)"
      guard columns.count == 3 || columns.count == 4 else {
        throw DomainError(
          .parse,
          "\(place): expected 3 or 4 columns divided by tabs, found \(columns.count)",
          hint:
            "a line is the masculine word, the feminine word, a category, and a condition or nothing"
        )
      }
      var row = Row(columns[0], columns[1], category: columns[2], place: place)
      if columns.count == 4 {
        for word in columns[3].split(separator: " ").map(String.init) {
          if let direction = Direction(rawValue: word), direction != .both {
            row.direction = direction
          } else if let writing = Writing(rawValue: word) {
            row.condition = .kept
            row.writing = writing
          } else if let condition = Condition(rawValue: word), condition != .anywhere {
            row.condition = condition
          } else {
            throw DomainError(
              .parse, "\(place): the fourth column says `\(columns[3])`",
              hint:
                "it can say feminine-only or masculine-only, before-name, not-after-name or not-exclaimed, or one of \(Writing.allCases.map(\.rawValue).joined(separator: ", ")), or be left out"
            )
          }
        }
      }
      rows.append(row)
    }
    try self.init(rows)
  }

  /// Reads the table in a file (UTF-8, packed by gzip or not).
  public init(file path: String) throws(DomainError) {
    let bytes = try InputFile.textBytes(path)
    try self.init(parsing: String(decoding: bytes, as: UTF8.self), source: path)
  }

  /// This table with the rows of another one behind.
  ///
  /// - Throws: `data` where the two contradict each other.
  public func adding(_ other: GenderLexicon) throws(DomainError) -> GenderLexicon {
    try GenderLexicon(rows + other.rows)
  }

  /// The table that ships with Fairlead.
  public static let standard: GenderLexicon = {
    do {
      return try Cancellation.finishing {
        try GenderLexicon(
          parsing: embeddedText("data/gender_lexicon.tsv"), source: "gender_lexicon.tsv")
      }
    } catch {
      // The file is part of the binary; a test reads it.
      preconditionFailure("the embedded lexicon is malformed: \(error)")
    }
  }()

  static func embeddedText(_ path: String) -> String {
    for index in 0..<fairlead_stdlib_count() {
      let file = fairlead_stdlib_at(index)
      guard String(cString: file.path) == path else { continue }
      return String(
        decoding: UnsafeBufferPointer(start: file.text, count: file.length), as: UTF8.self)
    }
    return ""
  }
}

extension GenderLexicon {
  /// The pronouns whose counterpart depends on context, by gender.
  static let contextualPronouns: [Gender: [String]] = [
    .masculine: ["him", "his"], .feminine: ["her", "hers"],
  ]

  /// How many pairs are exchanged both ways; him, his, her and hers not counted.
  public var pairCount: Int {
    rows.count { $0.direction == .both && $0.condition != .kept }
  }

  /// All words of a gender in the order of the table, the pronouns first: the vocabulary of polarity counts. Words that
  /// are gendered as titles only (`Master`, `Miss`) are left out: a count of words cannot tell the title from the verb.
  public func words(_ gender: Gender) -> [String] {
    var seen: Set<Spelling> = []
    var result: [String] = []
    let listed = rows.filter { $0.condition != .beforeName && $0.condition != .kept }.map {
      gender == .masculine ? $0.masculine : $0.feminine
    }
    for word in (GenderLexicon.contextualPronouns[gender] ?? []) + listed
    where seen.add(word) {
      result.append(word)
    }
    return result
  }
}

/// The lines of a small table: numbers from 1, comments and blank lines left out, columns divided by tabs.
enum TabbedLines {
  static func read(_ text: String) -> [(line: Int, columns: [String])] {
    // Any line end separates, so a file with CRLF has the same lines.
    text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
      .compactMap { index, line in
        guard !line.hasPrefix("#"), line.contains(where: { !$0.isWhitespace }) else { return nil }
        let columns = line.split(separator: "\t", omittingEmptySubsequences: false)
        return (index + 1, columns.map { String($0).trimmingSpaces })
      }
  }
}

extension String {
  fileprivate var trimmingSpaces: String {
    var part = self[...]
    while part.first == " " { part.removeFirst() }
    while part.last == " " { part.removeLast() }
    return String(part)
  }
}

/// When a pair can keep its pattern of capitals both ways: capitals are told by ASCII letters.
enum CaseRule {
  static let sentence =
    "both words of a pair begin with an ASCII letter and have another one, or neither has any"

  static func isASCII(_ word: String) -> Bool { word.utf8.contains { $0 < 0x80 } }

  static func holds(_ word: String) -> Bool {
    guard isASCII(word), let first = word.utf8.first else { return word.utf8.count >= 2 }
    return first < 0x80 && word.utf8.count { $0 < 0x80 && $0 != UInt8(ascii: "'") } >= 2
  }
}

/// What makes a table one on which role reversal is well defined.
private enum LexiconChecker {
  static func check(_ rows: [GenderLexicon.Row]) throws(DomainError) {
    var matched: [Spelling: GenderLexicon.Row] = [:]
    var titles: [Spelling: GenderLexicon.Row] = [:]
    var genders: [Spelling: (gender: GenderLexicon.Gender, row: GenderLexicon.Row)] = [:]
    for row in rows {
      try checkWords(row)
      guard row.condition != .kept else { continue }
      for (word, gender) in [
        (row.masculine, GenderLexicon.Gender.masculine), (row.feminine, .feminine),
      ] {
        if let other = genders[word], other.gender != gender {
          throw conflict(
            word, row, other.row, "is \(gender.rawValue) here and \(other.gender.rawValue) there")
        }
        genders[word] = (gender, row)
        guard row.direction == .both else { continue }
        let isTitle = row.condition == .beforeName
        if let other = isTitle ? titles[word] : matched[word] {
          throw conflict(word, row, other, "stands in two pairs")
        }
        if isTitle { titles[word] = row } else { matched[word] = row }
      }
    }
    var changed: [Spelling: GenderLexicon.Row] = [:]
    var changedTitles: [Spelling: GenderLexicon.Row] = [:]
    for row in rows where row.direction != .both && row.condition != .kept {
      let isFeminine = row.direction == .feminineOnly
      let (word, target) =
        isFeminine ? (row.feminine, row.masculine) : (row.masculine, row.feminine)
      let isTitle = row.condition == .beforeName
      if let other = isTitle
        ? titles[word] ?? changedTitles[word] : matched[word] ?? changed[word]
      {
        throw conflict(word, row, other, "is changed in two ways")
      }
      if isTitle { changedTitles[word] = row } else { changed[word] = row }
      guard matched[target] != nil else {
        throw DomainError(
          .data,
          "\(row.place): `\(word)` leads to `\(target)`, which is in no pair that is exchanged both ways",
          hint: "add a row for `\(target)`, or make this row one that exchanges both ways")
      }
    }
  }

  private static func conflict(
    _ word: String, _ row: GenderLexicon.Row, _ other: GenderLexicon.Row, _ trouble: String
  ) -> DomainError {
    DomainError(
      .data,
      "\(row.place): `\(word)` \(trouble) (\(row.masculine)/\(row.feminine), and \(other.masculine)/\(other.feminine) in \(other.place))",
      hint: "leave one of the two rows out, or say feminine-only or masculine-only in one")
  }

  private static func checkWords(_ row: GenderLexicon.Row) throws(DomainError) {
    guard row.masculine != row.feminine else {
      throw DomainError(.data, "\(row.place): both words are `\(row.masculine)`")
    }
    guard !row.category.isEmpty else {
      throw DomainError(.data, "\(row.place): the category is empty")
    }
    let pronouns = GenderLexicon.contextualPronouns.values.flatMap { $0 }
    for (word, isSource) in [
      (row.masculine, row.direction == .masculineOnly),
      (row.feminine, row.direction == .feminineOnly),
    ] {
      let parts = word.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
      if row.condition == .kept {
        let words = parts.map {
          ($0.hasSuffix("'s") ? String($0.dropLast(2)) : $0).lowercased()
        }
        guard parts.count == 2 || parts.count == 3, words.allSatisfy(isPlainWord) else {
          throw malformed(
            row, word,
            "a phrase that is kept has two or three words, divided by one space; a word but the last may end in 's"
          )
        }
        continue
      }
      let pieces = word.split(separator: "'", omittingEmptySubsequences: false).map(String.init)
      guard pieces.allSatisfy(isPlainWord), pieces.count == 1 || isSource && pieces.count == 2
      else {
        throw malformed(
          row, word,
          "a word has letters in lower case only, at most \(WordKey.longest) bytes; one that is changed one way only may hold one apostrophe"
        )
      }
      let partner = word == row.masculine ? row.feminine : row.masculine
      guard CaseRule.holds(word), CaseRule.isASCII(word) == CaseRule.isASCII(partner) else {
        throw malformed(row, word, CaseRule.sentence)
      }
      guard !pronouns.contains(word) else {
        throw malformed(row, word, "him, his, her and hers are resolved by their context")
      }
    }
  }

  private static func malformed(_ row: GenderLexicon.Row, _ word: String, _ rule: String)
    -> DomainError
  {
    DomainError(.data, "\(row.place): `\(word)` cannot be exchanged: \(rule)")
  }

  private static func isPlainWord(_ word: String) -> Bool {
    let isLetters = !word.isEmpty && word.allSatisfy { $0.isLetter } && word == word.lowercased()
    return isLetters && WordScanner.isOneWord(word) && word.utf8.count <= WordKey.longest
  }
}
