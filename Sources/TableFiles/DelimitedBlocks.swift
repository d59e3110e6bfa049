import Foundations
import Glibc

/// Where long texts are cut into blocks of whole rows. The cuts depend on the text alone.
enum DelimitedBlocks {
  static let size = 1 << 21

  /// The ranges of blocks of whole rows from `start` on.
  static func ranges(
    _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, _ dialect: Dialect, size: Int = size
  ) throws(DomainError) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var first = start
    var walk = QuoteWalk(bytes: bytes, place: start, dialect: dialect)
    while first < bytes.count {
      try Cancellation.check()
      var cut = min(first + size, bytes.count)
      if cut < bytes.count { cut = walk.rowEnd(from: cut) }
      ranges.append(first..<cut)
      first = cut
    }
    return ranges
  }
}

/// Follows the quotes of a text from one to the next, so that the ends of rows are told from those within fields.
private struct QuoteWalk {
  let bytes: UnsafeBufferPointer<UInt8>
  /// Up to here the quotes are known.
  var place: Int
  var isInside = false
  let dialect: Dialect

  init(bytes: UnsafeBufferPointer<UInt8>, place: Int, dialect: Dialect) {
    self.bytes = bytes
    self.place = place
    self.dialect = dialect
  }

  private func nextQuote(before limit: Int) -> Int? {
    guard place < limit, let base = bytes.baseAddress,
      let found = memchr(base + place, Int32(FieldScanner.quote), limit - place)
    else { return nil }
    return UnsafeRawPointer(base).distance(to: found)
  }

  /// Whether a quote here opens a field.
  private func opens(_ quote: Int) -> Bool {
    var before = quote - 1
    if dialect.skipsSpace { while before >= 0, bytes[before] == 0x20 { before -= 1 } }
    return before < 0 || bytes[before] == dialect.separator || bytes[before] == 0x0A
      || bytes[before] == 0x0D
  }

  private mutating func advance(to limit: Int) {
    guard dialect.isQuoted else {
      place = limit
      return
    }
    while let quote = nextQuote(before: limit) {
      if !isInside {
        isInside = opens(quote)
        place = quote + 1
      } else if quote + 1 < bytes.count, bytes[quote + 1] == FieldScanner.quote {
        // Both are passed at once, also where the second stands behind the limit.
        place = quote + 2
      } else {
        isInside = false
        place = quote + 1
      }
    }
    place = max(place, limit)
  }

  /// The start of the first row that begins at or behind `target`.
  mutating func rowEnd(from target: Int) -> Int {
    var target = target
    while true {
      advance(to: target)
      if isInside {
        // The field that the target stands in ends with the next lone quote.
        guard let quote = nextQuote(before: bytes.count) else { return bytes.count }
        target = min(quote + 2, bytes.count)
        if target >= bytes.count, quote + 1 >= bytes.count { return bytes.count }
        continue
      }
      target = place
      while target < bytes.count, bytes[target] != 0x0A, bytes[target] != 0x0D,
        !(dialect.isQuoted && bytes[target] == FieldScanner.quote)
      {
        target += 1
      }
      guard target < bytes.count else { return bytes.count }
      if bytes[target] == FieldScanner.quote, dialect.isQuoted {
        advance(to: target + 1)
        target = place
        continue
      }
      let isPair =
        bytes[target] == 0x0D && target + 1 < bytes.count && bytes[target + 1] == 0x0A
      let end = target + (isPair ? 2 : 1)
      place = max(place, end)
      return end
    }
  }
}
