// Role reversal R(x): every gendered word of an English text is exchanged for its counterpart, all else stays byte for
// byte (counterfactual role reversal, Gupta et al. 2022, section 3.1; counterfactual augmentation, Zhao et al. 2018).
//
// A word is replaced through a table (`GenderLexicon`); its case pattern (lower, Title, UPPER) is kept, any other
// pattern is left alone. English has four words for the forms of him and his, and two of them meet in `her`, so that
// their exchange depends on context (`PronounContext`, or a `PronounTagger` where one is given). A context is read from
// features that a reversal cannot change, so the way back meets the same decision:
//
//   before a noun         her ↔ his    him → her
//   not before a noun     her ↔ him    his ↔ hers
//   object before a noun  her ↔ him    his → her       ("gave her money")
//
// A possessive goes with its word (`the ladies' room`, `the gentlemen's room`), a title with its point (`Miss Lee`,
// `Mr. Lee`). Words that share a counterpart take each other's place where they stand together (`Mr. and Mrs. Lee`).
//
// The domain on which R is an involution, R(R(x)) = x: texts without a word that is changed one way only (an arrow
// above, or a one-way row of the table, as `mum` → `dad`). The report says whether a text is one (`isInvertible`).
// Every R(x) is one, so that R(R(R(x))) = R(x) for every text. With `.invertible`, such words stay, and R(R(x)) = x
// holds for every text.

import Foundations

/// Exchanges gendered words.
public struct RoleReversal: Sendable {
  /// What happens to words whose counterpart would not lead back to them.
  public enum OneWay: String, Sendable, CaseIterable {
    /// They are changed, since a counterfactual with `Mrs.` left in it is none; the report marks them.
    case change
    /// They stay, so that R(R(x)) = x for every text.
    case keep
  }

  /// What is left alone in a text although it holds gendered words.
  public struct Exemptions: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Web and mail addresses, file names and paths, #tags and @names.
    public static let links = Exemptions(rawValue: 1)
    /// Between backticks.
    public static let code = Exemptions(rawValue: 2)
    /// Lines that are in another language written with Latin letters: more of their first 40 words are frequent in that
    /// language than in English, and at least two, those in names (`Joel de la Fuente`) not counted.
    public static let foreign = Exemptions(rawValue: 4)
    public static let all: Exemptions = [.links, .code, .foreign]
  }

  /// The lexicon that ships with Fairlead; names stay, rules decide about pronouns.
  public static let standard = embedded(names: nil)
  /// As `standard`, and the pairing of given names that ships with Fairlead.
  public static let standardWithNames = embedded(names: .standard)

  private static func embedded(names: GivenNames?) -> RoleReversal {
    do {
      return try Cancellation.finishing { try RoleReversal(names: names) }
    } catch {
      // What is embedded contradicts nothing; a test builds these values.
      preconditionFailure("\(error)")
    }
  }

  public let lexicon: GenderLexicon
  public let names: GivenNames?
  public var oneWay: OneWay
  public var exemptions: Exemptions
  let tagger: PronounTagger?
  let table: LexiconTable

  /// - Parameters:
  ///   - names: a pairing of given names; nil leaves all names alone.
  ///   - tagger: what decides about `her`, `his`, `him` and `hers` instead of the rules.
  /// - Throws: `data` where a given name is also a word of the lexicon.
  public init(
    lexicon: GenderLexicon = .standard, names: GivenNames? = nil, tagger: PronounTagger? = nil,
    oneWay: OneWay = .change, exemptions: Exemptions = .all
  ) throws(DomainError) {
    self.lexicon = lexicon
    self.names = names
    self.tagger = tagger
    self.oneWay = oneWay
    self.exemptions = exemptions
    table = try LexiconTable(lexicon: lexicon, names: names)
  }

  /// R(x).
  public func reverse(_ text: String) -> String {
    var text = text
    return text.withUTF8 { bytes in
      var pass = ReversalPass(bytes: bytes, reversal: self)
      var output: [UInt8] = []
      pass.run(into: &output, report: nil)
      return String(decoding: output, as: UTF8.self)
    }
  }

  /// R(x) of each text, on several threads; the same as one by one.
  public func reverse(_ texts: [String]) -> [String] { mapped(texts) { self.reverse($0) } }

  /// R(x) with what changed, and how the positions of the two texts belong together.
  public func reversal(of text: String) -> Reversal {
    var text = text
    return text.withUTF8 { bytes in
      var pass = ReversalPass(bytes: bytes, reversal: self)
      var output: [UInt8] = []
      let report = ReversalReport()
      pass.run(into: &output, report: report)
      return Reversal(
        text: String(decoding: output, as: UTF8.self), changes: report.changes, kept: report.kept,
        sourceCount: bytes.count, targetCount: output.count)
    }
  }

  /// The reversals of texts, on several threads; the same as one by one.
  public func reversals(of texts: [String]) -> [Reversal] {
    mapped(texts) { self.reversal(of: $0) }
  }

  /// R(x) of UTF-8 bytes, appended to `output`. Bytes that are not UTF-8 stay.
  ///
  /// - Returns: how many words were replaced.
  @discardableResult
  public func reverse(_ bytes: UnsafeBufferPointer<UInt8>, into output: inout [UInt8]) -> Int {
    var pass = ReversalPass(bytes: bytes, reversal: self)
    return pass.run(into: &output, report: nil)
  }

  private func mapped<Result: Sendable>(
    _ texts: [String], _ body: @Sendable (String) -> Result
  ) -> [Result] {
    // What is abandoned stays nil, and so does the work of whoever asked.
    var results = [Result?](repeating: nil, count: texts.count)
    results.withUnsafeMutableBufferPointer { buffer in
      // Each element is written by exactly one block, and read after the last block has ended.
      nonisolated(unsafe) let slots = buffer
      Parallel.blocks(texts.count, size: 16) { block in
        for i in block { slots[i] = body(texts[i]) }
      }
    }
    return results.compactMap { $0 }
  }
}

extension RoleReversal {
  /// The gender of a word by itself, in any case; nil where the lexicon (or the pairing of names) does not have it, and
  /// for words that are gendered as titles only.
  public func gender(of word: String) -> GenderLexicon.Gender? {
    var word = word
    return word.withUTF8 { bytes in
      guard let base = bytes.baseAddress, bytes.count <= WordKey.longest else { return nil }
      let number = table.find(base, length: bytes.count, available: bytes.count)
      return number >= 0 ? plainGender(number, isCapital: WordScanner.isUpper(bytes[0])) : nil
    }
  }

  /// How many masculine and feminine words a text holds: the counts from which a text's polarity is told.
  public func genderCounts(in text: String) -> (masculine: Int, feminine: Int) {
    var text = text
    return text.withUTF8 { bytes in
      var masculine = 0
      var feminine = 0
      guard let base = bytes.baseAddress else { return (0, 0) }
      let count = bytes.count
      var position = 0
      var turn = 0
      while position < count, !Parallel.isAbandoned(turn: turn) {
        turn += 1
        while position < count, !WordScanner.isWordByte(base, position, count) { position += 1 }
        let start = position
        while position < count, WordScanner.isWordByte(base, position, count) { position += 1 }
        let length = position - start
        guard length >= 2, length <= WordKey.longest else { continue }
        let number = table.find(base + start, length: length, available: count - start)
        guard number >= 0,
          let gender = plainGender(number, isCapital: WordScanner.isUpper(base[start]))
        else { continue }
        if gender == .masculine { masculine += 1 } else { feminine += 1 }
      }
      return (masculine, feminine)
    }
  }

  private func plainGender(_ number: Int32, isCapital: Bool) -> GenderLexicon.Gender? {
    let info = table.info[Int(number)]
    if info.flags.contains(.name), !isCapital { return nil }
    let isTitleOnly = info.partner < 0 && info.titlePartner >= 0
    return isTitleOnly ? nil : info.gender
  }
}
