import Foundation
import Foundations
import Tables
import Testing

@testable import TableFiles

/// Files of pyarrow, made by Scripts/oracles/parquet_files.py.
@Suite struct ParquetTests {
  static let golden: [String: Cell] = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent()
    guard let data = try? Data(contentsOf: root.appending(path: "Golden/parquet.json")),
      case .map(let entries)? = (try? JSONCell.parse(Array(data), source: "parquet.json"))?.cell
    else { return [:] }
    return Dictionary(entries.map { ($0.key.text, $0.value) }, uniquingKeysWith: { a, _ in a })
  }()

  static func entries(_ key: String) -> [(name: String, value: Cell)] {
    guard case .map(let entries)? = golden[key] else { return [] }
    return entries.map { ($0.key.text, $0.value) }
  }

  static func bytes(_ cell: Cell) throws -> [UInt8] {
    Array(try #require(Data(base64Encoded: cell.text)))
  }

  /// As JSON has it.
  private func simple(_ cell: Cell) -> Cell {
    switch cell {
    case .date, .datetime: .string(cell.text)
    case .float(let value) where !value.isFinite: .string(NumberText.shortest(value))
    case .list(let items): .list(items.map(simple))
    default: cell
    }
  }

  @Test func filesOfPyarrow() throws {
    let files = Self.entries("files")
    let columns = Self.entries("columns")
    #expect(files.count == 10 && columns.count == 22)
    for (name, content) in files {
      let table = try TableFile.table(
        try Self.bytes(content), source: "f", .parquet, ReadingOptions()
      ).table
      #expect(table.names == columns.map(\.name), "\(name)")
      for (column, expected) in columns {
        let found = Cell.list(try table.column(column).cells.map(simple))
        #expect(found == expected, "\(name), \(column): \(found.text)")
      }
    }
  }

  @Test func whatIsNotReadIsNamed() throws {
    let refused = Self.entries("refused")
    #expect(refused.count == 7)
    for (what, content) in refused {
      let bytes = try Self.bytes(content)
      let error = #expect(throws: DomainError.self) {
        try TableFile.table(bytes, source: "f", .parquet, ReadingOptions())
      }
      #expect(error?.message.contains(what) == true, "\(what): \(error?.message ?? "")")
    }
  }

  /// Every cut and many a changed byte of a file gives a table or an error.
  @Test func damagedFiles() throws {
    let content = try #require(Self.entries("files").first { $0.name == "snappy 1.0" })
    let bytes = try Self.bytes(content.value)
    for end in stride(from: 0, to: bytes.count, by: 61) {
      #expect(throws: DomainError.self) {
        try TableFile.table(Array(bytes[..<end]), source: "f", .parquet, ReadingOptions())
      }
    }
    for place in stride(from: 4, to: bytes.count, by: 37) {
      var changed = bytes
      changed[place] ^= 0xFF
      do { _ = try TableFile.table(changed, source: "f", .parquet, ReadingOptions()) } catch {
        #expect(error is DomainError)
      }
    }
  }

  @Test func groupsOfRows() throws {
    let count = 300_000
    let table = try Table(columns: [
      Table.Column("i", Series(.int(Array(0..<count)))),
      Table.Column(
        "b",
        Series(.bool((0..<count).map { $0 % 3 == 0 }), missing: (0..<count).map { $0 % 7 == 0 })),
    ])
    let path = NSTemporaryDirectory() + "fairlead-\(UUID().uuidString).parquet"
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(try TableFile.write(table, to: path).isEmpty)
    #expect(try TableFile.read(path).table == table)
  }

  @Test func snappyRepeats() {
    // A literal of two bytes and a copy of six that overlaps itself.
    let packed: [UInt8] = [8, 1 << 2, 0x61, 0x62, 2 << 2 | 1, 2]
    let unpacked = packed.withUnsafeBytes { Snappy.unpacked($0, count: 8) }
    #expect(unpacked == Array("abababab".utf8))
    for damaged: [UInt8] in [
      [8, 1 << 2, 0x61, 0x62, 2 << 2 | 1, 3], [8, 1 << 2, 0x61], [9, 1 << 2, 0x61, 0x62], [],
    ] {
      #expect(damaged.withUnsafeBytes { Snappy.unpacked($0, count: 8) } == nil)
    }
  }
}
