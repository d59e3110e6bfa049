import Foundation
import Foundations
import TableFiles
import Tables

/// Readers given damaged files: whatever stands in them, a reader gives a table or an error, soon.
struct TableFuzz {
  /// The reader.
  let read: ([UInt8]) throws -> Table
  /// Sound files, which are then damaged.
  let seeds: [[UInt8]]
  private var random: SplitMix64

  init(seeds: [[UInt8]], seed: UInt64, read: @escaping ([UInt8]) throws -> Table) {
    self.seeds = seeds
    self.read = read
    random = SplitMix64(seed: seed)
  }

  struct Outcome {
    var tables = 0
    var errors = 0
    /// Of the slowest input.
    var seconds = 0.0
    /// What was wrong with a table, or an error that is none of the domain's.
    var faults: [String] = []
  }

  /// Text that decides something for one of the readers.
  private static let tokens =
    [
      "\"", "\"\"", ",", "\t", "\n", "\r", "\r\n", ";", "{", "}", "[", "]", ":", "null", "NaN", "-",
      "1e999", "\\ud800", "\u{FEFF}", "9223372036854775808", "0x1", "2026-02-30", "\u{0}", "PAR1",
    ].map { Array($0.utf8) } + [
      [0xFF], [0xC0, 0xAF], [0x7F, 0xFF, 0xFF, 0xFF], [0x80, 0x80, 0x80, 0x01],
    ]

  private mutating func number(below bound: Int) -> Int {
    bound <= 1 ? 0 : Int(random.next() % UInt64(bound))
  }

  /// A seed with some damages.
  private mutating func input() -> [UInt8] {
    var bytes = seeds[number(below: seeds.count)]
    for _ in 0..<(1 + number(below: 6)) {
      let place = number(below: bytes.count)
      switch number(below: 7) {
      case 0 where !bytes.isEmpty: bytes[place] ^= UInt8(1 << number(below: 8))
      case 1 where !bytes.isEmpty: bytes[place] = UInt8(number(below: 256))
      case 2:
        bytes.insert(contentsOf: TableFuzz.tokens[number(below: TableFuzz.tokens.count)], at: place)
      case 3:
        bytes.removeSubrange(place..<min(bytes.count, place + 1 + number(below: 16)))
      case 4:
        let part = Array(bytes[place..<min(bytes.count, place + 1 + number(below: 200))])
        bytes.insert(contentsOf: part, at: number(below: bytes.count))
      case 5: bytes.removeLast(min(bytes.count, number(below: 40)))
      default:
        // A part of another file.
        let other = seeds[number(below: seeds.count)]
        let start = number(below: other.count)
        bytes += other[start..<min(other.count, start + number(below: 300))]
      }
    }
    return bytes
  }

  mutating func run(seconds: Double) -> Outcome {
    var outcome = Outcome()
    let end = Date().addingTimeInterval(seconds)
    while Date() < end {
      let bytes = input()
      let start = Date()
      do {
        let table = try read(bytes)
        outcome.tables += 1
        for column in table.columns where column.series.count != table.rowCount {
          outcome.faults.append(
            "\(column.name) has \(column.series.count) of \(table.rowCount) rows")
        }
        // All of it can be looked at.
        for row in 0..<min(table.rowCount, 50) { _ = table.row(row).map(\.cell.sourceText) }
      } catch is DomainError {
        outcome.errors += 1
      } catch {
        outcome.faults.append("\(error)")
      }
      outcome.seconds = max(outcome.seconds, Date().timeIntervalSince(start))
    }
    return outcome
  }
}
