/// What a run prints, kept for its record: all of a little, the beginning and the end of much.
struct PrintedText {
  /// Bytes that are kept of the beginning, and as many of the end.
  static let limit = 1 << 16

  private var beginning: [UInt8] = []
  private var end: [UInt8] = []
  private(set) var count = 0

  mutating func append(_ text: String) {
    var bytes = Array(text.utf8)[...]
    count += bytes.count
    let room = PrintedText.limit - beginning.count
    if room > 0 {
      beginning += bytes.prefix(room)
      bytes = bytes.dropFirst(room)
    }
    end += bytes
    // Not at each turn: moving the end to the front costs its length.
    if end.count > 4 * PrintedText.limit { end.removeFirst(end.count - PrintedText.limit) }
  }

  var text: String {
    let shown = end.suffix(PrintedText.limit)
    let left = count - beginning.count - shown.count
    let mark = left > 0 ? "\n… \(left) bytes are left out here …\n" : ""
    return String(decoding: beginning, as: UTF8.self) + mark
      + String(decoding: shown, as: UTF8.self)
  }
}
