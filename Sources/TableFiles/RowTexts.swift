import Files
import Foundations
import Tables

/// Rows as text, block by block: several at once, written in their order.
enum RowTexts {
  private static let rows = 8192
  /// Blocks that are made before they are written.
  private static let wave = 16

  /// Writes what `text` makes of blocks of rows.
  static func write(_ count: Int, to file: any ByteSink, _ text: (Range<Int>) throws -> [UInt8])
    throws
  {
    var start = 0
    while start < count {
      try Cancellation.check()
      let blocks = min(wave, (count - start + rows - 1) / rows)
      var parts = [Result<[UInt8], any Error>](repeating: .success([]), count: blocks)
      parts.withUnsafeMutableBufferPointer { parts in
        Parallel.each(blocks) { block in
          let first = start + block * rows
          parts[block] = Result { try text(first..<min(first + rows, count)) }
        }
      }
      try AbandonableWork.requireWhole()
      for part in parts { try file.append(try part.get()) }
      start += blocks * rows
    }
  }

  /// The texts of some rows of each column, put together row by row.
  /// - Parameters:
  ///   - before: what stands in front of each column's text.
  ///   - end: what ends each row.
  static func interleaved(_ columns: [Texts], before: [[UInt8]], end: [UInt8], rows: Int) -> [UInt8]
  {
    var result: [UInt8] = []
    let own = columns.reduce(0) { $0 + $1.bytes.count }
    result.reserveCapacity(own + rows * (before.reduce(0) { $0 + $1.count } + end.count))
    for row in 0..<rows {
      for (column, texts) in columns.enumerated() {
        result.append(contentsOf: before[column])
        texts.withBytes(row) { result.append(contentsOf: $0) }
      }
      result.append(contentsOf: end)
    }
    return result
  }
}

/// The values of a column as texts of a file.
struct FieldTexts {
  /// How strings are written.
  var string: (UnsafeBufferPointer<UInt8>, inout Texts) -> Void
  /// How days and moments are.
  var time: (String, inout Texts) -> Void
  /// What a float is that is no finite number.
  var special: (Double) -> String
  /// What stands for a missing value.
  var missing: [UInt8]
  /// How lists and the like are.
  var cell: (Cell) throws -> String

  func texts(_ series: Series, _ range: Range<Int>) throws -> Texts {
    var texts = Texts()
    texts.reserve(count: range.count, bytes: range.count * 8)
    let flags = series.missing
    func each(_ write: (Int) throws -> Void) rethrows {
      for row in range {
        if let flags, flags[row] {
          missing.withUnsafeBufferPointer { texts.append($0) }
        } else {
          try write(row)
        }
      }
    }
    switch series.values {
    case .bool(let items): each { texts.append(items[$0] ? "true" : "false") }
    case .int(let items):
      withNumberBuffer { buffer, end in
        each { row in
          let count = NumberText.digitCount(items[row])
          NumberText.write(items[row], endingAt: end)
          texts.append(UnsafeBufferPointer(start: end - count, count: count))
        }
      }
    case .float(let items):
      withNumberBuffer { buffer, _ in
        each { row in
          let value = items[row]
          guard value.isFinite else { return texts.append(special(value)) }
          let count = NumberText.write(value, to: buffer)
          texts.append(UnsafeBufferPointer(start: buffer, count: count))
        }
      }
    case .string(let items): each { row in items.withBytes(row) { string($0, &texts) } }
    case .category(let codes, let levels):
      each { row in levels.withBytes(Int(codes[row])) { string($0, &texts) } }
    case .date(let items): each { time(CalendarTime.dateText(Int(items[$0])), &texts) }
    case .datetime(let items): each { time(CalendarTime.momentText(items[$0]), &texts) }
    case .cells(let items): try each { texts.append(try cell(items[$0])) }
    }
    return texts
  }

  private func withNumberBuffer(
    _ body: (UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<UInt8>) -> Void
  ) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { buffer in
      guard let base = buffer.baseAddress else { return }
      body(base, base + 64)
    }
  }
}
