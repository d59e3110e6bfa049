import Foundation
import Foundations
import Testing

@testable import Files

@Suite struct PackedFileTests {
  private func inFolder(_ body: (String) throws -> Void) throws {
    let folder = NSTemporaryDirectory() + "fairlead-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  @Test(arguments: ["", ".gz", ".zst"])
  func packedFilesComeBack(_ ending: String) throws {
    try inFolder { folder in
      let path = folder + "/t.txt" + ending
      for size in [0, 1, 1000, 700_000] {
        let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 / 7 + $0 % 5) }
        try PackedFile.write(path) { file in
          try file.append(Array(content.prefix(size / 3)))
          try file.append(Array(content.dropFirst(size / 3)))
        }
        #expect(try InputFile.bytes(path) == content)
        #expect(try InputFile.source(path).contents(atMost: 1 << 30) == content)
      }
    }
  }

  @Test(arguments: [".gz", ".zst"])
  func damageIsNamed(_ ending: String) throws {
    try inFolder { folder in
      let path = folder + "/t.txt" + ending
      try PackedFile.write(path) {
        try $0.append((0..<50_000).map { UInt8(truncatingIfNeeded: $0 * $0 >> 3) })
      }
      let packed = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
      try Data(packed.dropLast(9)).write(to: URL(fileURLWithPath: path))
      #expect(failure { _ = try InputFile.bytes(path) }?.message.contains("is cut off") == true)
      try Data(Array("plain text".utf8)).write(to: URL(fileURLWithPath: path))
      #expect(
        failure { _ = try InputFile.bytes(path) }?.message.contains("although its name says so")
          == true)
      try Data(packed + packed).write(to: URL(fileURLWithPath: path))
      #expect(try InputFile.bytes(path).count == 100_000)
    }
  }

  private func failure(_ body: () throws -> Void) -> DomainError? {
    do { try body() } catch { return error as? DomainError }
    return nil
  }

  @Test func linesOneAfterTheOther() throws {
    try inFolder { folder in
      let path = folder + "/t.txt"
      let long = String(repeating: "é", count: 100_000)
      try Data("\u{FEFF}a\r\n\nb \(long)\nlast".utf8).write(to: URL(fileURLWithPath: path))
      let lines = LineSource(try InputFile.source(path))
      var found: [String] = []
      while let line = try lines.next() { found.append(line) }
      #expect(found == ["a", "", "b \(long)", "last"])
      try Data([0x61, 0x0A, 0xFF, 0x0A]).write(to: URL(fileURLWithPath: path))
      let bad = LineSource(try InputFile.source(path))
      #expect(try bad.next() == "a")
      #expect(
        failure { _ = try bad.next() }?.message.hasSuffix("line 2: the byte 0xff is not UTF-8")
          == true)
    }
  }
}
