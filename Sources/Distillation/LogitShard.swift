import CZlib
import Files
import Foundations
import Glibc
import Tensors

/// One file of a cache: the records of some examples, checked by a checksum behind them.
///
/// Layout (little-endian): magic `FLLOGIT1` (8 bytes), the cache's key (64 hexadecimal digits), number of the shard, of
/// its examples and of bytes per record (u64 each), padding to 128 bytes; the positions of each example (u32); the
/// records; CRC-32 of all before (u32).
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

  /// The shard's file; nil where it is not this shard in full.
  ///
  /// - Parameter known: a version of the file that was looked at before and found sound.
  func open(_ path: String, _ door: Door, known: FileVersion?) throws(DomainError) -> OpenedFile? {
    // What a run has computed itself is no data of its.
    let file = try door.open(path, counts: false)
    if file.version == known { return file }
    guard file.size == byteCount else { return nil }
    let head = head()
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(head.count, 1 << 20), alignment: 16)
    defer { buffer.deallocate() }
    guard let base = buffer.baseAddress else { return nil }
    var sum: UInt32 = 0
    var offset = 0
    let end = byteCount - 4
    while offset < end {
      // The head, then a megabyte at a time.
      let count = offset == 0 ? head.count : min(end - offset, buffer.count)
      guard try file.read(from: offset, count, into: base) else { return nil }
      if offset == 0, !buffer.starts(with: head) { return nil }
      sum = LogitShard.crc(sum, UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      offset += count
    }
    guard try file.read(from: end, 4, into: base) else { return nil }
    return sum == UInt32(littleEndian: base.loadUnaligned(as: UInt32.self)) ? file : nil
  }
}
