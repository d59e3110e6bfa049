import Foundations
import Tables

/// A column in the making: values of one type behind each other, any of them missing. Blocks of a file are read into
/// builders of their own, which are then joined.
final class SeriesBuilder {
  // One thread fills it; checking each access as the language does by itself takes a quarter of the time of reading.
  @exclusivity(unchecked) private(set) var kind: Series.Kind?
  @exclusivity(unchecked) var bools: [Bool] = []
  @exclusivity(unchecked) var ints: [Int] = []
  @exclusivity(unchecked) var floats: [Double] = []
  @exclusivity(unchecked) var days: [Int32] = []
  @exclusivity(unchecked) var texts = Texts()
  @exclusivity(unchecked) var cells: [Cell] = []
  /// Empty as long as nothing is missing.
  @exclusivity(unchecked) private(set) var missing: [Bool] = []
  @exclusivity(unchecked) private(set) var count = 0

  /// - Parameter kind: the type; nil where the first value decides it.
  init(_ kind: Series.Kind? = nil) { self.kind = kind }

  func reserve(_ rows: Int) {
    switch kind {
    case .int, .datetime: ints.reserveCapacity(rows)
    case .float: floats.reserveCapacity(rows)
    case .string: texts.reserve(count: rows, bytes: rows * 8)
    case .bool: bools.reserveCapacity(rows)
    case .date: days.reserveCapacity(rows)
    default: break
    }
  }

  @inline(__always)
  private func added() {
    count += 1
    if !missing.isEmpty { missing.append(false) }
  }

  func appendMissing() {
    if missing.isEmpty { missing = [Bool](repeating: false, count: count) }
    missing.append(true)
    count += 1
    switch kind {
    case nil: break
    case .bool: bools.append(false)
    case .int, .datetime: ints.append(0)
    case .float: floats.append(0)
    case .date: days.append(0)
    case .string, .category: texts.append(UnsafeBufferPointer(start: nil, count: 0))
    case .list, .mixed: cells.append(.null)
    }
  }

  // MARK: Values of the builder's own type

  @inline(__always)
  func append(int value: Int) {
    ints.append(value)
    added()
  }

  @inline(__always)
  func append(float value: Double) {
    floats.append(value)
    added()
  }

  @inline(__always)
  func append(bool value: Bool) {
    bools.append(value)
    added()
  }

  @inline(__always)
  func append(day value: Int32) {
    days.append(value)
    added()
  }

  @inline(__always)
  func append(text: UnsafeBufferPointer<UInt8>) {
    texts.append(text)
    added()
  }

  func append(cell: Cell) {
    cells.append(cell)
    added()
  }

  // MARK: Values of any type

  /// Takes a value whatever its type: the column becomes what fits all of them, as `Series(cells:)` has it.
  func take(_ cell: Cell) {
    switch cell {
    case .null: appendMissing()
    case .int(let value): take(int: value)
    case .float(let value): take(float: value)
    case .bool(let value): if become(.bool) { append(bool: value) } else { append(cell: cell) }
    case .string(let value):
      guard become(.string) else { return append(cell: cell) }
      texts.append(value)
      added()
    default:
      become(cells: .mixed)
      append(cell: cell)
    }
  }

  func take(int value: Int) {
    if kind == .int { return append(int: value) }
    if kind == .float, Int(exactly: Double(value)) == value { return append(float: Double(value)) }
    if become(.int) { append(int: value) } else { append(cell: .int(value)) }
  }

  func take(float value: Double) {
    if kind == .float { return append(float: value) }
    if kind == .int, ints.allSatisfy({ Int(exactly: Double($0)) == $0 }) {
      floats = ints.map(Double.init)
      ints = []
      kind = .float
      return append(float: value)
    }
    if become(.float) { append(float: value) } else { append(cell: .float(value)) }
  }

  func take(text: UnsafeBufferPointer<UInt8>) {
    if become(.string) {
      append(text: text)
    } else {
      append(cell: .string(String(decoding: text, as: UTF8.self)))
    }
  }

  /// Whether values of a type can be appended; where not, the column holds cells from now on.
  private func become(_ wanted: Series.Kind) -> Bool {
    if kind == wanted { return true }
    guard kind == nil else {
      become(cells: .mixed)
      return false
    }
    kind = wanted
    switch wanted {
    case .bool: bools = [Bool](repeating: false, count: count)
    case .int: ints = [Int](repeating: 0, count: count)
    case .float: floats = [Double](repeating: 0, count: count)
    default: for _ in 0..<count { texts.append(UnsafeBufferPointer(start: nil, count: 0)) }
    }
    return true
  }

  private func become(cells wanted: Series.Kind) {
    if kind == .mixed || kind == .list { return }
    cells = kind == nil ? [Cell](repeating: .null, count: count) : finished().cells
    kind = wanted
    (bools, ints, floats, days, texts) = ([], [], [], [], Texts())
  }

  // MARK: Together

  /// The column; what was gathered is given away.
  func finished() -> Series {
    let flags = missing.isEmpty ? nil : missing
    switch kind {
    case nil: return Series(repeating: .null, count: count)
    case .bool: return Series(.bool(bools), missing: flags)
    case .int: return Series(.int(ints), missing: flags)
    case .float: return Series(.float(floats), missing: flags)
    case .date: return Series(.date(days), missing: flags)
    case .datetime: return Series(.datetime(ints), missing: flags)
    case .string, .category: return Series(.string(texts), missing: flags)
    case .list, .mixed: return Series(.cells(cells), missing: flags)
    }
  }

  private func clear() {
    (bools, ints, floats, days, texts, cells) = ([], [], [], [], Texts(), [])
    missing = []
  }

  /// The values of all builders behind each other; they are emptied one by one, so that nothing lies in memory twice
  /// but what is being copied.
  /// - Throws: `limit` where the memory does not suffice.
  static func joined(_ parts: [SeriesBuilder], name: String) throws(DomainError) -> Series {
    if parts.count == 1 { return parts[0].finished() }
    let total = parts.reduce(0) { $0 + $1.count }
    let kinds = Set(parts.compactMap(\.kind))
    let whole = SeriesBuilder(kinds.count == 1 ? kinds.first : nil)
    let bytes = parts.reduce(0) { $0 + $1.texts.bytes.count }
    try MemoryRoom.require(total * (whole.kind == .string ? 8 : 9) + bytes, for: "`\(name)`")
    if kinds.count > 1 {
      for part in parts {
        for cell in part.finished().cells { whole.take(cell) }
        part.clear()
      }
      return whole.finished()
    }
    whole.reserve(total, bytes: bytes, hasMissing: parts.contains { !$0.missing.isEmpty })
    for part in parts {
      whole.append(contentsOf: part)
      part.clear()
    }
    return whole.finished()
  }

  private func reserve(_ rows: Int, bytes: Int, hasMissing: Bool) {
    reserve(kind == .string ? 0 : rows)
    if kind == .string || kind == .category { texts.reserve(count: rows, bytes: bytes) }
    if kind == .list || kind == .mixed { cells.reserveCapacity(rows) }
    if hasMissing { missing.reserveCapacity(rows) }
  }

  private func append(contentsOf part: SeriesBuilder) {
    if !part.missing.isEmpty || !missing.isEmpty {
      if missing.isEmpty { missing.append(contentsOf: repeatElement(false, count: count)) }
      if part.missing.isEmpty {
        missing.append(contentsOf: repeatElement(false, count: part.count))
      } else {
        missing.append(contentsOf: part.missing)
      }
    }
    if part.kind == nil, kind != nil {
      // Nothing but missing values, of which the flags have been taken.
      let flags = missing
      for _ in 0..<part.count { appendMissing() }
      missing = flags
      return
    }
    count += part.count
    bools.append(contentsOf: part.bools)
    ints.append(contentsOf: part.ints)
    floats.append(contentsOf: part.floats)
    days.append(contentsOf: part.days)
    texts.append(contentsOf: part.texts)
    cells.append(contentsOf: part.cells)
  }
}
