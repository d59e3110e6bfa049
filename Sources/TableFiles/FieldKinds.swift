import Foundations
import Tables

/// The types that a text can be read as.
struct FieldKinds: OptionSet {
  let rawValue: UInt8
  static let bool = FieldKinds(rawValue: 1)
  static let int = FieldKinds(rawValue: 2)
  static let float = FieldKinds(rawValue: 4)
  static let date = FieldKinds(rawValue: 8)
  static let datetime = FieldKinds(rawValue: 16)
  static let string = FieldKinds(rawValue: 32)
  static let all: FieldKinds = [.bool, .int, .float, .date, .datetime, .string]

  /// All that one text fits.
  init(of field: UnsafeBufferPointer<UInt8>) {
    let text = FieldKinds.trimmed(field)
    self = .string
    guard let first = text.first else { return }
    switch first {
    case UInt8(ascii: "t"), UInt8(ascii: "T"), UInt8(ascii: "f"), UInt8(ascii: "F"):
      if FieldKinds.bool(text) != nil { insert(.bool) }
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "i"), UInt8(ascii: "I"), UInt8(ascii: "n"), UInt8(ascii: "N"):
      if NumberField.int(text) != nil { insert(.int) }
      if NumberField.float(text) != nil { insert(.float) }
      if CalendarTime.date(text) != nil {
        formUnion([.date, .datetime])
      } else if CalendarTime.moment(text) != nil {
        insert(.datetime)
      }
    default: break
    }
  }

  init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The narrowest type of those left.
  var narrowest: Series.Kind {
    contains(.bool)
      ? .bool
      : contains(.int)
        ? .int
        : contains(.float)
          ? .float : contains(.date) ? .date : contains(.datetime) ? .datetime : .string
  }

  /// Without spaces and tabs around it.
  @inline(__always)
  static func trimmed(_ text: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    guard let first = text.first, let last = text.last, first <= 0x20 || last <= 0x20 else {
      return text
    }
    var start = 0
    var end = text.count
    while start < end, text[start] == 0x20 || text[start] == 0x09 { start += 1 }
    while end > start, text[end - 1] == 0x20 || text[end - 1] == 0x09 { end -= 1 }
    return UnsafeBufferPointer(rebasing: text[start..<end])
  }

  /// `true` and `false` in the three ways of writing them that programs have.
  static func bool(_ text: UnsafeBufferPointer<UInt8>) -> Bool? {
    func isWord(_ word: StaticString) -> Bool {
      text.count == word.utf8CodeUnitCount
        && text.elementsEqual(
          UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }
    if isWord("true") || isWord("True") || isWord("TRUE") { return true }
    if isWord("false") || isWord("False") || isWord("FALSE") { return false }
    return nil
  }
}
