import Foundations
import Tables

/// Finds out how a file separates its fields where its name promises something else.
struct DialectSniffer {
  let bytes: UnsafeBufferPointer<UInt8>
  let source: String
  let separator: UInt8
  let quoting: Bool
  let options: ReadingOptions

  private static let rows = 20
  private static let sampleBytes = 1 << 16
  private static let candidates: [(byte: UInt8, name: String)] = [
    (UInt8(ascii: ","), "commas"), (UInt8(ascii: "\t"), "tabs"), (UInt8(ascii: ";"), "semicolons"),
    (UInt8(ascii: "|"), "bars"),
  ]

  func dialect() throws(DomainError) -> (Dialect, [String]) {
    var notes: [String] = []
    var dialect = Dialect(
      separator: try given() ?? separator, isQuoted: options.quoting ?? quoting,
      comment: Array((options.comment ?? "").utf8),
      missing: MissingMarks(options.missing ?? ReadingOptions.usualMissing))
    if options.separator == nil, counts(dialect).first ?? 0 == 0,
      let found = otherSeparator(dialect)
    {
      dialect.separator = found.byte
      // What is separated otherwise may be quoted, too.
      if options.quoting == nil { dialect.isQuoted = true }
      notes.append("\(source) is read as separated by \(found.name)")
    }
    if hasSpaces(dialect) {
      dialect.skipsSpace = true
      notes.append("\(source): the spaces behind separators are left out")
    }
    return (dialect, notes)
  }

  private func given() throws(DomainError) -> UInt8? {
    guard let text = options.separator else { return nil }
    guard text.utf8.count == 1, let byte = text.utf8.first, byte < 0x80, byte != 0x0A, byte != 0x0D,
      byte != FieldScanner.quote
    else {
      throw DomainError(
        .value, "a separator is one character of ASCII, found \(Quoting.literal(text))",
        hint: "`separator: \";\"`, or \"\\t\" for tabs")
    }
    return byte
  }

  private var sample: Range<Int> { 0..<min(bytes.count, DialectSniffer.sampleBytes) }

  /// How many separators each of the first rows has; a row that the sample cuts off is none of them.
  private func counts(_ dialect: Dialect) -> [Int] {
    var scanner = FieldScanner(bytes, sample, dialect, ScratchBytes())
    var counts: [Int] = []
    while counts.count < DialectSniffer.rows, scanner.nextRow() {
      var count = 0
      while (try? scanner.next()) != nil, !scanner.endsRow { count += 1 }
      if scanner.place >= sample.upperBound, sample.upperBound < bytes.count, !counts.isEmpty {
        break
      }
      counts.append(count)
      if !scanner.endsRow { break }
    }
    return counts
  }

  /// The separator that all first rows have equally often.
  private func otherSeparator(_ dialect: Dialect) -> (byte: UInt8, name: String)? {
    DialectSniffer.candidates.first { candidate in
      guard candidate.byte != dialect.separator else { return false }
      var other = dialect
      other.separator = candidate.byte
      other.isQuoted = options.quoting ?? true
      let counts = counts(other)
      guard let first = counts.first, first > 0 else { return false }
      return counts.allSatisfy { $0 == first }
    }
  }

  /// Whether a space stands behind each separator of the first rows.
  private func hasSpaces(_ dialect: Dialect) -> Bool {
    guard dialect.separator != 0x20, dialect.separator != 0x09 else { return false }
    var scanner = FieldScanner(bytes, sample, dialect, ScratchBytes())
    var row = 0
    var separators = 0
    while row < DialectSniffer.rows, scanner.nextRow() {
      row += 1
      repeat {
        guard (try? scanner.next()) != nil else { return separators > 0 && false }
        if scanner.endsRow { break }
        separators += 1
        guard scanner.place < bytes.count, bytes[scanner.place] == 0x20 else { return false }
      } while true
    }
    return separators > 0
  }
}
