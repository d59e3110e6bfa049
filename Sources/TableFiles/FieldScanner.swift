import Foundations
import Glibc

/// Walks over delimited text field by field. Lines end with LF, CRLF or CR; within quotes they do not end.
struct FieldScanner {
  typealias Bytes = UnsafeBufferPointer<UInt8>

  let base: UnsafePointer<UInt8>
  let end: Int
  let dialect: Dialect
  private let separator: UInt8
  private let isQuoted: Bool
  var place: Int
  /// The field last given: its text, whether it stood in quotes, whether its line ends behind it.
  private(set) var field = Bytes(start: nil, count: 0)
  private(set) var wasQuoted = false
  private(set) var endsRow = false
  private let scratch: ScratchBytes

  static let quote = UInt8(ascii: "\"")

  init(_ bytes: Bytes, _ range: Range<Int>, _ dialect: Dialect, _ scratch: ScratchBytes) {
    base = bytes.baseAddress ?? UnsafePointer(scratch.pointer)
    place = range.lowerBound
    end = range.upperBound
    self.dialect = dialect
    separator = dialect.separator
    isQuoted = dialect.isQuoted
    self.scratch = scratch
  }

  /// Moves to the start of the next row, past empty lines and comments; false at the end.
  mutating func nextRow() -> Bool {
    while place < end {
      let byte = base[place]
      if byte == 0x0A || byte == 0x0D {
        place += 1
      } else if !dialect.comment.isEmpty, startsComment {
        while place < end, base[place] != 0x0A, base[place] != 0x0D { place += 1 }
      } else {
        return true
      }
    }
    return false
  }

  private var startsComment: Bool {
    place + dialect.comment.count <= end
      && memcmp(base + place, dialect.comment, dialect.comment.count) == 0
  }

  /// Reads the next field of a row.
  /// - Throws: `DelimitedProblem` where a quoted field has no end, or text behind its end.
  @inline(__always)
  mutating func next() throws(DelimitedProblem) {
    if dialect.skipsSpace { while place < end, base[place] == 0x20 { place += 1 } }
    if isQuoted, place < end, base[place] == FieldScanner.quote { return try nextQuoted() }
    let start = place
    var stop = start
    while stop < end {
      let byte = base[stop]
      if byte == separator || byte == 0x0A || byte == 0x0D { break }
      stop += 1
    }
    field = Bytes(start: base + start, count: stop - start)
    wasQuoted = false
    leave(stop)
  }

  /// Passes what stands behind a field.
  @inline(__always)
  private mutating func leave(_ stop: Int) {
    endsRow = stop >= end || base[stop] != separator
    // The LF of a CRLF is passed as an empty line.
    place = min(stop + 1, end)
  }

  private mutating func nextQuoted() throws(DelimitedProblem) {
    let opened = place
    var start = place + 1
    var isCopied = false
    while true {
      guard start <= end,
        let found = memchr(base + start, Int32(FieldScanner.quote), end - start)
      else { throw DelimitedProblem(.endlessQuote, opened) }
      let stop = UnsafeRawPointer(base).distance(to: found)
      let text = isCopied ? start : opened + 1
      if stop + 1 < end, base[stop + 1] == FieldScanner.quote {
        if !isCopied { scratch.count = 0 }
        scratch.append(base + text, stop + 1 - text)
        isCopied = true
        start = stop + 2
        continue
      }
      if isCopied {
        scratch.append(base + text, stop - text)
        field = Bytes(start: scratch.pointer, count: scratch.count)
      } else {
        field = Bytes(start: base + text, count: stop - text)
      }
      wasQuoted = true
      var behind = stop + 1
      if separator != 0x20 { while behind < end, base[behind] == 0x20 { behind += 1 } }
      guard
        behind >= end || base[behind] == separator || base[behind] == 0x0A || base[behind] == 0x0D
      else { throw DelimitedProblem(.textBehindQuote, stop) }
      return leave(behind)
    }
  }

}

/// Bytes for fields that are not in the file as they are.
final class ScratchBytes {
  private(set) var pointer = UnsafeMutablePointer<UInt8>.allocate(capacity: 1 << 12)
  private var capacity = 1 << 12
  var count = 0

  deinit { pointer.deallocate() }

  func append(_ bytes: UnsafePointer<UInt8>, _ more: Int) {
    if count + more > capacity {
      capacity = max(2 * capacity, count + more)
      let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
      larger.update(from: pointer, count: count)
      pointer.deallocate()
      pointer = larger
    }
    (pointer + count).update(from: bytes, count: more)
    count += more
  }
}

/// What is wrong with delimited text, and at which byte.
struct DelimitedProblem: Error {
  enum Kind {
    case endlessQuote, textBehindQuote
    /// Fields found, where so many were expected.
    case ragged(Int, Int)
    /// A field of a column (by its place) that is not of the column's type.
    case wrongType(Int, String)
    case notUTF8(UInt8)
    case zeroByte
    case memory(DomainError)
  }
  var kind: Kind
  var place: Int

  init(_ kind: Kind, _ place: Int) {
    self.kind = kind
    self.place = place
  }
}
