import CZlib
import Files
import Glibc
import Tensor

/// One file of a cache: the records of some examples, checked by a checksum behind them.
///
/// Layout (little-endian): magic `FLLOGIT1` (8 bytes), the cache's key (64 hexadecimal digits), number of the shard, of its examples and of
/// bytes per record (u64 each), padding to 128 bytes; the positions of each example (u32); the records; CRC-32 of all before (u32).
struct LogitShard {
  static let magic = Array("FLLOGIT1".utf8)
  static let headerSize = 128

  let key: String
  let number: Int
  /// Positions of each example in it.
  let rows: [Int]
  let recordBytes: Int

  var tableOffset: Int { LogitShard.headerSize }
  var recordOffset: Int { tableOffset + (rows.count * 4 + 63) / 64 * 64 }
  var rowCount: Int { rows.reduce(0, +) }
  var payloadBytes: Int { rowCount * recordBytes }
  var byteCount: Int { recordOffset + payloadBytes + 4 }

  /// Header and table, up to the first record.
  func head() -> [UInt8] {
    var bytes = LogitShard.magic + Array(key.utf8.prefix(64))
    bytes += Array(repeating: 0, count: max(0, 72 - bytes.count))
    for number in [number, rows.count, recordBytes] {
      withUnsafeBytes(of: UInt64(number).littleEndian) { bytes += Array($0) }
    }
    bytes += Array(repeating: 0, count: LogitShard.headerSize - bytes.count)
    for count in rows { withUnsafeBytes(of: UInt32(count).littleEndian) { bytes += Array($0) } }
    bytes += Array(repeating: 0, count: recordOffset - bytes.count)
    return bytes
  }

  /// Writes the shard; `payload` holds `payloadBytes`.
  func write(_ payload: UnsafeRawBufferPointer, to path: String) throws(DomainError) {
    let head = head()
    var sum = LogitShard.checksum(head.withUnsafeBytes { LogitShard.crc(0, $0) }, payload)
    var failure: DomainError?
    withUnsafeBytes(of: &sum) { tail in
      head.withUnsafeBytes { head in
        do throws(DomainError) {
          try AtomicFile.write(path, parts: [head, payload, UnsafeRawBufferPointer(tail)])
        } catch { failure = error }
      }
    }
    if let failure { throw failure }
  }

  private static func checksum(_ start: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
    crc(start, bytes).littleEndian
  }

  private static func crc(_ start: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
    UInt32(
      truncatingIfNeeded: crc32_z(
        UInt(start), bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count))
  }

  /// The file's bytes, mapped; nil where there is no file or it is not this shard in full.
  func map(_ path: String) -> MappedFile? {
    guard let file = MappedFile(path), file.bytes.count == byteCount else { return nil }
    let head = head()
    guard
      head.withUnsafeBytes({ memcmp($0.baseAddress!, file.bytes.baseAddress!, head.count) == 0 })
    else { return nil }  // Both have an address: neither is empty.
    let body = UnsafeRawBufferPointer(rebasing: file.bytes[..<(byteCount - 4)])
    let sum = file.bytes.loadUnaligned(fromByteOffset: byteCount - 4, as: UInt32.self)
    return LogitShard.crc(0, body) == UInt32(littleEndian: sum) ? file : nil
  }
}

/// A file in memory, read by the system when it is touched.
final class MappedFile: @unchecked Sendable {
  // Never written to.
  let bytes: UnsafeRawBufferPointer

  /// Nil where the file is empty or cannot be read.
  init?(_ path: String) {
    // What a run has computed itself is no data of its.
    guard let file = try? Door.current.open(path, counts: false), file.size > 0,
      let base = mmap(nil, file.size, PROT_READ, MAP_PRIVATE, file.number, 0), base != MAP_FAILED
    else { return nil }
    bytes = UnsafeRawBufferPointer(start: base, count: file.size)
  }

  deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }
}
