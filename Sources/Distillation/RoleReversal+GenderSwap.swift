import Text

extension RoleReversal {
  /// The library's role reversal.
  public init(_ swap: GenderSwap = .standard, fingerprint: String = "standard") {
    self.init(fingerprint: "gender swap " + fingerprint) { text in
      let (reversed, changes) = swap.reversal(of: text)
      return (reversed, RoleReversal.words(changes, in: text))
    }
  }

  /// Changes by code points of the text as places by bytes of both texts.
  private static func words(_ changes: [GenderChange], in text: String) -> [ExchangedWord] {
    var words: [ExchangedWord] = []
    words.reserveCapacity(changes.count)
    var point = 0
    var byte = 0
    var scalars = text.unicodeScalars.makeIterator()
    var shift = 0
    for change in changes {
      while point < change.span.lowerBound, let scalar = scalars.next() {
        byte += UTF8.width(scalar)
        point += 1
      }
      let start = byte
      while point < change.span.upperBound, let scalar = scalars.next() {
        byte += UTF8.width(scalar)
        point += 1
      }
      let length = change.to.utf8.count
      words.append(
        ExchangedWord(source: start..<byte, target: (start + shift)..<(start + shift + length)))
      shift += length - (byte - start)
    }
    return words
  }
}
