// Sentences of words with their part-of-speech tags, from CoNLL files and from tables.

import Files
import Foundations

/// A sentence whose words are tagged; a word whose tag is not known has none.
public struct TaggedSentence: Sendable, Equatable {
  public var words: [String]
  /// `tags.count == words.count`.
  public var tags: [String?]

  public init(words: [String], tags: [String?]) throws(DomainError) {
    guard words.count == tags.count else {
      throw DomainError(.value, "a sentence of \(words.count) words has \(tags.count) tags")
    }
    self.words = words
    self.tags = tags
  }

  private init(unchecked words: [String], _ tags: [String?]) {
    self.words = words
    self.tags = tags
  }

  /// Reads a CoNLL file (one word a line, columns divided by tabs or spaces, a blank line between sentences, `#` for
  /// comments in tab-divided files), packed by gzip or not. Columns count from 0: 1 and 3 for the UPOS of CoNLL-U, 0
  /// and 1 for CoNLL-2003.
  ///
  /// Ranges and empty nodes of CoNLL-U (`1-2`, `1.1`) are left out, and so are the `-DOCSTART-` lines of CoNLL-2003.
  ///
  /// - Throws: `io`, and `parse` with the line that has too few columns.
  public static func readCoNLL(_ path: String, wordColumn: Int, tagColumn: Int) throws(DomainError)
    -> [TaggedSentence]
  {
    guard wordColumn >= 0, tagColumn >= 0 else {
      throw DomainError(.value, "columns count from 0, got \(wordColumn) and \(tagColumn)")
    }
    let bytes = try InputFile.textBytes(path)
    var result: [TaggedSentence] = []
    var words: [String] = []
    var tags: [String?] = []
    func close() {
      if !words.isEmpty { result.append(TaggedSentence(unchecked: words, tags)) }
      words = []
      tags = []
    }
    for (number, line) in DelimitedReader.lines(bytes).enumerated() {
      let hasTabs = line.contains(UInt8(ascii: "\t"))
      guard line.contains(where: { $0 > 0x20 }) else {
        close()
        continue
      }
      let columns = line.split(
        separator: hasTabs ? UInt8(ascii: "\t") : 0x20, omittingEmptySubsequences: !hasTabs)
      if !hasTabs, line.first == UInt8(ascii: "#"),
        columns.count <= max(wordColumn, tagColumn) || wordColumn > 0
      {
        continue
      }
      guard columns.count > max(wordColumn, tagColumn) else {
        throw DomainError(
          .parse,
          "\(path), line \(number + 1): expected a word in column \(wordColumn) and a tag in column \(tagColumn), found \(columns.count) columns"
        )
      }
      if wordColumn > 0,
        columns[0].contains(UInt8(ascii: "-")) || columns[0].contains(UInt8(ascii: "."))
      {
        continue
      }
      let word = String(decoding: columns[wordColumn], as: UTF8.self)
      if word == "-DOCSTART-" { continue }
      let tag = String(decoding: columns[tagColumn], as: UTF8.self)
      words.append(word)
      tags.append(tag == "_" && word != "_" ? nil : tag)
    }
    close()
    return result
  }

  /// Reads rows whose columns hold a sentence's words and tags, each divided by spaces.
  ///
  /// - Throws: `io`, `parse`, and `data` where a column is missing or a row has another number of tags than of words.
  public static func readTable(
    _ path: String, words: String = "tokens", tags: String = "upos"
  ) throws(DomainError) -> [TaggedSentence] {
    let records = try Records.read(path)
    let wordColumn = try records.index(of: words)
    let tagColumn = try records.index(of: tags)
    var result: [TaggedSentence] = []
    result.reserveCapacity(records.rows.count)
    for (index, row) in records.rows.enumerated() {
      let words = row[wordColumn].split(separator: " ").map(String.init)
      let tags = row[tagColumn].split(separator: " ").map(String.init)
      guard words.count == tags.count else {
        throw DomainError(
          .data,
          "\(path), line \(records.lines[index]): \(words.count) words have \(tags.count) tags")
      }
      result.append(TaggedSentence(unchecked: words, tags))
    }
    return result
  }
}
