// Properties of code points as the `tokenizers` package knows them (Scripts/unicode_tables.py says why it must be that
// package).

import CUnicode

/// What a code point counts as.
struct UnicodeFlags: OptionSet {
  let rawValue: UInt16

  /// `\p{L}` and `\p{N}` of the pattern of GPT-2.
  static let letter = UnicodeFlags(rawValue: 1 << 0)
  static let number = UnicodeFlags(rawValue: 1 << 1)
  static let whitespace = UnicodeFlags(rawValue: 1 << 2)
  /// `\w`, where an added token must be a word of its own and in the `Whitespace` pre-tokenizer.
  static let word = UnicodeFlags(rawValue: 1 << 3)
  /// What the `Digits` pre-tokenizer sets apart.
  static let numeric = UnicodeFlags(rawValue: 1 << 4)
  static let punctuation = UnicodeFlags(rawValue: 1 << 5)
  /// What BERT's cleaning throws away.
  static let removed = UnicodeFlags(rawValue: 1 << 6)
  /// What BERT's stripping of accents throws away.
  static let nonSpacingMark = UnicodeFlags(rawValue: 1 << 7)
  /// What `StripAccents` throws away.
  static let mark = UnicodeFlags(rawValue: 1 << 8)
  /// Has a canonical decomposition or a combining class.
  static let decomposes = UnicodeFlags(rawValue: 1 << 9)
  static let lowers = UnicodeFlags(rawValue: 1 << 10)
}

enum UnicodeTable {
  /// Flags by code point, for all of them; built when first asked for (0.3 ms).
  nonisolated(unsafe) static let flags: UnsafePointer<UInt16> = {
    let table = UnsafeMutablePointer<UInt16>.allocate(capacity: 0x110000)
    let runs = buffer(fl_unicode_flags())
    for i in 0..<runs.count {
      let first = Int(runs[i] >> 11)
      let end = i + 1 < runs.count ? Int(runs[i + 1] >> 11) : 0x110000
      (table + first).initialize(repeating: UInt16(runs[i] & 0x7FF), count: end - first)
    }
    return UnsafePointer(table)
  }()

  static func flags(_ scalar: UInt32) -> UnicodeFlags {
    UnicodeFlags(rawValue: flags[Int(scalar)])
  }

  /// The canonical combining class.
  static func combiningClass(_ scalar: UInt32) -> UInt8 {
    // Below are no combining marks; this keeps most texts from the search.
    if scalar < 0x300 { return 0 }
    let runs = buffer(fl_unicode_classes())
    var low = 0
    var high = runs.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if runs[middle] >> 8 <= scalar { low = middle } else { high = middle }
    }
    return UInt8(truncatingIfNeeded: runs[low])
  }

  /// The full canonical decomposition; nil where there is none (or the scalar is a Hangul syllable, which decomposes by
  /// rule).
  static func decomposition(_ scalar: UInt32) -> UnsafeBufferPointer<UInt32>? {
    find(scalar, in: fl_unicode_decompositions())
  }

  /// The full compatibility decomposition where it differs from the canonical one.
  static func compatibleDecomposition(_ scalar: UInt32) -> UnsafeBufferPointer<UInt32>? {
    find(scalar, in: fl_unicode_compatible())
  }

  static func lowercase(_ scalar: UInt32) -> UnsafeBufferPointer<UInt32>? {
    find(scalar, in: fl_unicode_lower())
  }

  /// The one code point that a canonical composition makes of two.
  static func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
    let triples = buffer(fl_unicode_compositions())
    let wanted = UInt64(first) << 32 | UInt64(second)
    var low = 0
    var high = triples.count / 3
    while low < high {
      let middle = (low + high) / 2
      let key = UInt64(triples[3 * middle]) << 32 | UInt64(triples[3 * middle + 1])
      if key == wanted { return triples[3 * middle + 2] }
      if key < wanted { low = middle + 1 } else { high = middle }
    }
    return nil
  }

  private static func find(
    _ scalar: UInt32, in table: fl_numbers
  ) -> UnsafeBufferPointer<UInt32>? {
    let pairs = buffer(table)
    var low = 0
    var high = pairs.count / 2
    while low < high {
      let middle = (low + high) / 2
      let code = pairs[2 * middle]
      if code == scalar {
        let place = Int(pairs[2 * middle + 1] >> 5)
        let length = Int(pairs[2 * middle + 1] & 31)
        return UnsafeBufferPointer(rebasing: buffer(fl_unicode_text())[place..<place + length])
      }
      if code < scalar { low = middle + 1 } else { high = middle }
    }
    return nil
  }

  private static func buffer(_ numbers: fl_numbers) -> UnsafeBufferPointer<UInt32> {
    UnsafeBufferPointer(start: numbers.start, count: numbers.count)
  }
}
