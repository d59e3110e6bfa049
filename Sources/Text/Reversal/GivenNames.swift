// Given names that role reversal may exchange: a bijective pairing (name intervention, Hall Maudslay et al. 2019,
// section 3.2). A name is not a role, and reversing it changes who is spoken of, so that names stay unless a pairing is
// given.

import Files
import Foundations

/// A one-to-one pairing of masculine and feminine given names.
public struct GivenNames: Sendable, Equatable {
  /// Words in front of a name that say who it is: `the Virgin Mary`, `St. Paul`.
  public static let usualFixingWords: Set<String> = [
    "virgin", "saint", "saints", "st", "san", "santa",
  ]

  public let pairs: [Pair]
  /// Names that are borne by all genders and stay, with their origins.
  public let unisex: [Unisex]
  /// A name behind one of these words (in lower case) stays.
  public let fixingWords: Set<String>

  public struct Pair: Sendable, Equatable {
    public var masculine: String
    public var feminine: String
    /// Where the names are common (`hispanic`); "" where that is not said.
    public var origin: String

    public init(_ masculine: String, _ feminine: String, origin: String = "") {
      self.masculine = masculine
      self.feminine = feminine
      self.origin = origin
    }
  }

  /// A name that stays.
  public struct Unisex: Sendable, Equatable {
    public var name: String
    public var origin: String

    public init(_ name: String, origin: String = "") {
      self.name = name
      self.origin = origin
    }
  }

  /// - Parameters:
  ///   - pairs: names in any case.
  ///   - unisex: names that are known and stay.
  /// - Throws: `data` where a name stands in two places or is not one word of letters.
  public init(
    _ pairs: [Pair], unisex: [Unisex] = [], fixingWords: Set<String> = usualFixingWords
  ) throws(DomainError) {
    var seen: Set<Spelling> = []
    var lowered: [Pair] = []
    for pair in pairs {
      let low = Pair(
        pair.masculine.lowercased(), pair.feminine.lowercased(), origin: pair.origin)
      for name in [low.masculine, low.feminine] {
        guard GivenNames.isName(name), CaseRule.holds(name) else {
          throw DomainError(
            .data,
            "the given name `\(name)` is not one word of at most \(WordKey.longest) bytes that begins with an ASCII letter and has another one"
          )
        }
        guard seen.add(name) else {
          throw DomainError(
            .data, "the given name `\(name)` stands in two pairs",
            hint: "a pairing of names is one to one; leave one of the pairs out")
        }
      }
      lowered.append(low)
    }
    self.pairs = lowered
    var staying: [Unisex] = []
    for entry in unisex {
      let low = Unisex(entry.name.lowercased(), origin: entry.origin)
      guard GivenNames.isName(low.name), seen.add(low.name) else {
        throw DomainError(
          .data, "the given name `\(low.name)` stands in two places, or is not one word of letters")
      }
      staying.append(low)
    }
    self.unisex = staying
    self.fixingWords = Set(fixingWords.map { $0.lowercased() })
  }

  /// Pairs two lists by rank: the most frequent masculine name with the most frequent feminine one, and so on, as far
  /// as the shorter list goes.
  ///
  /// - Parameters:
  ///   - masculine, feminine: names, the most frequent (or otherwise first) in front; a repeated one counts once.
  ///   - unisex: names that stay; those in both lists stay anyhow.
  /// - Throws: `data` where a name is not one word of letters.
  public init(
    pairing masculine: [String], with feminine: [String], unisex: [String] = [],
    fixingWords: Set<String> = usualFixingWords
  ) throws(DomainError) {
    let left = masculine.map { $0.lowercased() }
    let right = feminine.map { $0.lowercased() }
    var taken = Set(spelt: left).intersection(Set(spelt: right)).union(
      Set(spelt: unisex.map { $0.lowercased() }))
    func ranked(_ names: [String]) -> [String] {
      names.filter { taken.add($0) }
    }
    try self.init(
      zip(ranked(left), ranked(right)).map { Pair($0, $1) }, fixingWords: fixingWords)
  }

  /// Reads lines of two names divided by a tab, masculine first, and, optionally, their origin; `#` begins a line of
  /// comment. A name in both columns is borne by all genders and stays.
  ///
  /// - Throws: `parse` or `data` with the file and the line.
  public init(
    parsing text: String, source: String, fixingWords: Set<String> = usualFixingWords
  ) throws(DomainError) {
    var pairs: [Pair] = []
    var unisex: [Unisex] = []
    var lines: [Spelling: Int] = [:]
    for (line, columns) in TabbedLines.read(text) {
      guard columns.count == 2 || columns.count == 3 else {
        throw DomainError(
          .parse,
          "\(source), line \(line): expected two names divided by a tab, found \(columns.count) columns",
          hint: "a line is a masculine name, a feminine one, and their origin or nothing")
      }
      let names = columns.prefix(2).map { $0.lowercased() }
      for name in Spelling(names[0]) == Spelling(names[1]) ? [names[0]] : names {
        guard GivenNames.isName(name), CaseRule.holds(name) else {
          throw DomainError(
            .parse,
            "\(source), line \(line): `\(name)` is not one word of letters that begins with an ASCII letter and has another one"
          )
        }
        if let earlier = lines.updateValue(line, forKey: Spelling(name)) {
          throw DomainError(
            .data,
            "\(source), line \(line): the given name `\(name)` is in line \(earlier) already",
            hint: "a pairing of names is one to one; leave one of the lines out")
        }
      }
      let origin = columns.count == 3 ? columns[2] : ""
      if Spelling(names[0]) == Spelling(names[1]) {
        unisex.append(Unisex(names[0], origin: origin))
      } else {
        pairs.append(Pair(names[0], names[1], origin: origin))
      }
    }
    try self.init(pairs, unisex: unisex, fixingWords: fixingWords)
  }

  /// Reads a file of pairs (UTF-8, packed by gzip or not).
  public init(file path: String) throws(DomainError) {
    let bytes = try InputFile.textBytes(path)
    try self.init(parsing: String(decoding: bytes, as: UTF8.self), source: path)
  }

  /// The pairing that ships with Fairlead: common names of six origins, the ones that are words left out.
  public static let standard: GivenNames = {
    do {
      return try Cancellation.finishing {
        try GivenNames(
          parsing: GenderLexicon.embeddedText("data/given_names.tsv"), source: "given_names.tsv")
      }
    } catch {
      // The file is part of the binary; a test reads it.
      preconditionFailure("the embedded names are malformed: \(error)")
    }
  }()

  private static func isName(_ name: String) -> Bool {
    // `jean-luc` is one name.
    let parts = name.split(separator: "-", omittingEmptySubsequences: false)
    return name.first?.isASCII == true && name.utf8.count <= WordKey.longest
      && parts.allSatisfy { part in
        !part.isEmpty && part.allSatisfy(\.isLetter) && WordScanner.isOneWord(String(part))
      }
  }
}
