// Given names that role reversal may exchange: a bijective pairing (name intervention, Hall Maudslay et al. 2019, section 3.2). A name is not
// a role, and reversing it changes who is spoken of, so that names stay unless a pairing is given.

import Spelling
import Tensor

/// A one-to-one pairing of masculine and feminine given names.
public struct GivenNames: Sendable, Equatable {
  /// Words in front of a name that say who it is: `the Virgin Mary`, `St. Paul`.
  public static let usualFixingWords: Set<String> = [
    "virgin", "saint", "saints", "st", "san", "santa",
  ]

  public let pairs: [Pair]
  /// A name behind one of these words (in lower case) stays.
  public let fixingWords: Set<String>

  public struct Pair: Sendable, Equatable {
    public var masculine: String
    public var feminine: String

    public init(_ masculine: String, _ feminine: String) {
      self.masculine = masculine
      self.feminine = feminine
    }
  }

  /// - Parameter pairs: names in any case.
  /// - Throws: `data` where a name stands in two pairs or is not one word of letters.
  public init(_ pairs: [Pair], fixingWords: Set<String> = usualFixingWords) throws(DomainError) {
    var seen: Set<Spelling> = []
    var lowered: [Pair] = []
    for pair in pairs {
      let low = Pair(pair.masculine.lowercased(), pair.feminine.lowercased())
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
    self.fixingWords = Set(fixingWords.map { $0.lowercased() })
  }

  /// Pairs two lists by rank: the most frequent masculine name with the most frequent feminine one, and so on, as far as the shorter list goes.
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

  /// Reads lines of two names divided by a tab, masculine first; `#` begins a line of comment.
  ///
  /// - Throws: `parse` or `data` with the file and the line.
  public init(
    parsing text: String, source: String, fixingWords: Set<String> = usualFixingWords
  ) throws(DomainError) {
    var pairs: [Pair] = []
    var lines: [Spelling: Int] = [:]
    for (line, columns) in TabbedLines.read(text) {
      guard columns.count == 2 else {
        throw DomainError(
          .parse,
          "\(source), line \(line): expected two names divided by a tab, found \(columns.count) columns"
        )
      }
      for name in columns.map({ $0.lowercased() }) {
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
      pairs.append(Pair(columns[0], columns[1]))
    }
    try self.init(pairs, fixingWords: fixingWords)
  }

  /// Reads a file of pairs (UTF-8, packed by gzip or not).
  public init(file path: String) throws(DomainError) {
    let bytes = try InputFile.textBytes(path)
    try self.init(parsing: String(decoding: bytes, as: UTF8.self), source: path)
  }

  /// The pairing that ships with Fairlead: common names, the ones that are words or borne by all genders left out.
  public static let standard: GivenNames = {
    do {
      return try GivenNames(
        parsing: GenderLexicon.embeddedText("data/given_names.tsv"), source: "given_names.tsv")
    } catch {
      // The file is part of the binary; a test reads it.
      preconditionFailure("the embedded names are malformed: \(error)")
    }
  }()

  private static func isName(_ name: String) -> Bool {
    name.first?.isASCII == true && name.allSatisfy(\.isLetter) && WordScanner.isOneWord(name)
      && name.utf8.count <= WordKey.longest
  }
}
