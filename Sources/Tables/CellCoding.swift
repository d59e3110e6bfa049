import Foundation
import Foundations

/// Cells as JSON text and back, exactly: integers stay integers, floats keep every bit, the order of a map's entries is
/// kept.
///
/// What JSON cannot say is an object with one key that starts with `$`: `{"$float": "inf"}`, `{"$map": [[k, v], …]}`
/// for a map whose keys are not all plain strings, `{"$opaque": "text"}`,
/// `{"$tensor": ["f32", [2, 3], null, "base64"]}`, `{"$date": "2026-11-29"}`,
/// `{"$table": [["name", "axis", [cells]], …]}`.
public enum CellCoding {
  public static func encode(_ cell: Cell) -> String {
    var text = ""
    append(cell, to: &text)
    return text
  }

  private static func append(_ cell: Cell, to text: inout String) {
    switch cell {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .int(let value): text += String(value)
    case .float(let value):
      if value.isFinite {
        text += value.description
      } else {
        text += "{\"$float\":\(Quoting.json(NumberText.shortest(value)))}"
      }
    case .string(let value): text += Quoting.json(value)
    case .opaque(let value):
      text += "{\"$opaque\":\(Quoting.json(value))}"
    case .date: text += "{\"$date\":\(Quoting.json(cell.text))}"
    case .datetime: text += "{\"$datetime\":\(Quoting.json(cell.text))}"
    case .list(let cells):
      text += "["
      for (index, cell) in cells.enumerated() {
        if index > 0 { text += "," }
        append(cell, to: &text)
      }
      text += "]"
    case .map(let entries): append(entries, to: &text)
    case .tensor(let tensor):
      text += "{\"$tensor\":[\(Quoting.json(tensor.element.rawValue)),"
      append(ints(tensor.shape), to: &text)
      text += ","
      append(tensor.lengths.map(ints) ?? .null, to: &text)
      text += ",\"\(Data(tensor.bytes).base64EncodedString())\"]}"
    case .table(let table):
      text += "{\"$table\":"
      let columns = table.columns.map { column in
        Cell.list([.string(column.name), .string(column.role.word), .list(column.series.cells)])
      }
      append(.list(columns), to: &text)
      text += "}"
    }
  }

  private static func ints(_ values: [Int]) -> Cell { .list(values.map { .int($0) }) }

  private static func append(_ entries: [Cell.Entry], to text: inout String) {
    let plain = entries.allSatisfy { entry in
      if case .string(let name) = entry.key { !name.hasPrefix("$") } else { false }
    }
    if plain {
      text += "{"
      for (index, entry) in entries.enumerated() {
        if index > 0 { text += "," }
        text += Quoting.json(entry.key.text) + ":"
        append(entry.value, to: &text)
      }
      text += "}"
    } else {
      text += "{\"$map\":["
      for (index, entry) in entries.enumerated() {
        if index > 0 { text += "," }
        text += "["
        append(entry.key, to: &text)
        text += ","
        append(entry.value, to: &text)
        text += "]"
      }
      text += "]}"
    }
  }

  /// - Throws: `DomainError` of kind `parse`, with the byte at which the text stops being a cell.
  public static func decode(_ text: String) throws -> Cell {
    var parser = CellParser(bytes: Array(text.utf8))
    let cell = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.place == parser.bytes.count else { throw parser.failure("the end") }
    return cell
  }
}

private struct CellParser {
  let bytes: [UInt8]
  var place = 0
  static let depthLimit = 500

  init(bytes: [UInt8]) { self.bytes = bytes }

  func failure(_ expected: String) -> DomainError {
    DomainError(.parse, "a recorded value is damaged: expected \(expected) at byte \(place)")
  }

  var next: UInt8? { place < bytes.count ? bytes[place] : nil }

  mutating func skipSpace() {
    while let byte = next, byte == 0x20 || (0x09...0x0D).contains(byte) { place += 1 }
  }

  mutating func take(_ character: Character) -> Bool {
    skipSpace()
    guard next == character.asciiValue else { return false }
    place += 1
    return true
  }

  mutating func value(depth: Int) throws -> Cell {
    guard depth < CellParser.depthLimit else { throw failure("a shallower value") }
    skipSpace()
    switch next {
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "["): return .list(try list(depth: depth))
    case UInt8(ascii: "{"): return try object(depth: depth)
    default: return try number()
    }
  }

  mutating func word(_ text: String, _ cell: Cell) throws -> Cell {
    let end = place + text.utf8.count
    guard end <= bytes.count, bytes[place..<end].elementsEqual(text.utf8) else {
      throw failure("`\(text)`")
    }
    place = end
    return cell
  }

  mutating func number() throws -> Cell {
    let start = place
    while let byte = next,
      (48...57).contains(byte) || byte == 43 || byte == 45 || byte == 46 || byte | 0x20 == 101
    {
      place += 1
    }
    let text = String(decoding: bytes[start..<place], as: UTF8.self)
    if let value = Int(text) { return .int(value) }
    if let value = Double(text), value.isFinite { return .float(value) }
    place = start
    throw failure("a value")
  }

  mutating func string() throws -> String {
    guard take("\"") else { throw failure("a string") }
    var result: [UInt8] = []
    while let byte = next {
      place += 1
      if byte == UInt8(ascii: "\"") {
        guard let text = String(validating: result, as: UTF8.self) else {
          throw failure("UTF-8 before here")
        }
        return text
      }
      guard byte == UInt8(ascii: "\\") else {
        result.append(byte)
        continue
      }
      guard let escape = next else { break }
      place += 1
      switch escape {
      case UInt8(ascii: "n"): result.append(0x0A)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "r"): result.append(0x0D)
      case UInt8(ascii: "b"): result.append(0x08)
      case UInt8(ascii: "f"): result.append(0x0C)
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(escape)
      case UInt8(ascii: "u"): result.append(contentsOf: String(try escapedScalar()).utf8)
      default: throw failure("a known escape")
      }
    }
    throw failure("the end of a string")
  }

  private mutating func escapedScalar() throws -> Character {
    let high = try hexadecimal()
    if (0xD800..<0xDC00).contains(high) {
      guard take("\\"), take("u") else { throw failure("the second half of a character") }
      let low = try hexadecimal()
      guard (0xDC00..<0xE000).contains(low),
        let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
      else { throw failure("the second half of a character") }
      return Character(scalar)
    }
    guard let scalar = Unicode.Scalar(high) else { throw failure("a character") }
    return Character(scalar)
  }

  private mutating func hexadecimal() throws -> UInt32 {
    guard place + 4 <= bytes.count,
      let value = UInt32(String(decoding: bytes[place..<(place + 4)], as: UTF8.self), radix: 16)
    else { throw failure("four hexadecimal digits") }
    place += 4
    return value
  }

  mutating func list(depth: Int) throws -> [Cell] {
    guard take("[") else { throw failure("a list") }
    var cells: [Cell] = []
    if take("]") { return cells }
    repeat { cells.append(try value(depth: depth + 1)) } while take(",")
    guard take("]") else { throw failure("`]`") }
    return cells
  }

  mutating func object(depth: Int) throws -> Cell {
    guard take("{") else { throw failure("an object") }
    var entries: [Cell.Entry] = []
    if take("}") { return .map([]) }
    repeat {
      skipSpace()
      let key = try string()
      guard take(":") else { throw failure("`:`") }
      entries.append(Cell.Entry(key: .string(key), value: try value(depth: depth + 1)))
    } while take(",")
    guard take("}") else { throw failure("`}`") }
    guard entries.count == 1, case .string(let tag) = entries[0].key, tag.hasPrefix("$") else {
      return .map(entries)
    }
    return try tagged(tag, entries[0].value)
  }

  private func tagged(_ tag: String, _ value: Cell) throws -> Cell {
    switch (tag, value) {
    case ("$float", .string("inf")): return .float(.infinity)
    case ("$float", .string("-inf")): return .float(-.infinity)
    case ("$float", .string("nan")): return .float(.nan)
    case ("$opaque", .string(let text)): return .opaque(text)
    case ("$date", .string(let text)):
      guard let day = text.withBytes(CalendarTime.date) else { throw failure("a date") }
      return .date(day)
    case ("$datetime", .string(let text)):
      guard let moment = text.withBytes(CalendarTime.moment) else { throw failure("a moment") }
      return .datetime(moment)
    case ("$map", .list(let pairs)):
      return .map(
        try pairs.map { pair in
          guard case .list(let both) = pair, both.count == 2 else { throw failure("a pair") }
          return Cell.Entry(key: both[0], value: both[1])
        })
    case ("$tensor", .list(let parts)): return .tensor(try tensor(parts))
    case ("$table", .list(let columns)):
      return .table(try Table(columns: try columns.map(column)))
    default: throw failure("a known tag, found `\(tag)`")
    }
  }

  private func tensor(_ parts: [Cell]) throws -> TensorCell {
    func ints(_ cell: Cell) -> [Int]? {
      guard case .list(let items) = cell else { return nil }
      let values = items.compactMap { if case .int(let value) = $0 { value } else { nil } }
      return values.count == items.count ? values : nil
    }
    guard parts.count == 4, case .string(let name) = parts[0], let shape = ints(parts[1]),
      case .string(let base64) = parts[3], let data = Data(base64Encoded: base64),
      let element = TensorCell.Element(rawValue: name),
      let tensor = TensorCell(
        element: element, shape: shape, lengths: ints(parts[2]), bytes: Array(data))
    else { throw failure("a tensor") }
    return tensor
  }

  private func column(_ cell: Cell) throws -> Table.Column {
    guard case .list(let parts) = cell, parts.count == 3, case .string(let name) = parts[0],
      case .string(let word) = parts[1], let role = Table.Column.Role(word: word),
      case .list(let cells) = parts[2]
    else { throw failure("a column") }
    return Table.Column(name, cells, role: role)
  }
}

extension Table.Column.Role {
  /// As it is recorded; which sweep failed is told only within a run.
  fileprivate var word: String {
    switch self {
    case .value: "value"
    case .axis: "axis"
    case .failure: "failure"
    }
  }

  fileprivate init?(word: String) {
    switch word {
    case "value": self = .value
    case "axis": self = .axis
    case "failure": self = .failure(sweep: -1)
    default: return nil
    }
  }
}
