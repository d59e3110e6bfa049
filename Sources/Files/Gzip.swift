import CZlib
import Foundations

/// Unpacks what gzip has packed, with the system's zlib. Streams may be joined end to end and padded with zeros.
final class GzipSource: ByteSource {
  private let source: any ByteSource
  // zlib keeps the address of its stream.
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  private let input = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 16)
  private var taken = 0
  private var isWhole = false
  private var isBetweenStreams = false
  var name: String { source.name }

  init(_ source: any ByteSource) throws(DomainError) {
    self.source = source
    guard czlib_open_gzip(stream) == Z_OK else {
      throw DomainError(.limit, "no memory to unpack \(source.name)")
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    input.deallocate()
  }

  /// Whether there is input; false at its end.
  private func refill() throws(DomainError) -> Bool {
    if stream.pointee.avail_in > 0 { return true }
    let count = try source.read(into: input)
    stream.pointee.next_in = input.baseAddress
    stream.pointee.avail_in = UInt32(count)
    taken += count
    return count > 0
  }

  func read(into buffer: UnsafeMutableBufferPointer<UInt8>) throws(DomainError) -> Int {
    // zlib counts in 32 bits.
    let capacity = min(buffer.count, 1 << 30)
    while !isWhole {
      guard try refill() else {
        if isBetweenStreams { break }
        throw DomainError(
          .data,
          "\(name) is cut off: its gzip stream stops after \(taken) bytes without its end",
          hint: "copy or download the file again")
      }
      if isBetweenStreams, try !startNext() { continue }
      stream.pointee.next_out = buffer.baseAddress
      stream.pointee.avail_out = UInt32(capacity)
      let code = inflate(stream, Z_NO_FLUSH)
      guard code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR else {
        throw damaged(stream.pointee.msg.map { String(cString: $0) } ?? "code \(code)")
      }
      if code == Z_STREAM_END { isBetweenStreams = true }
      let count = capacity - Int(stream.pointee.avail_out)
      if count > 0 { return count }
    }
    isWhole = true
    return 0
  }

  /// Passes the zeros behind a stream; false where all input has been used up.
  private func startNext() throws(DomainError) -> Bool {
    while stream.pointee.avail_in > 0, stream.pointee.next_in.pointee == 0 {
      stream.pointee.next_in += 1
      stream.pointee.avail_in -= 1
    }
    guard stream.pointee.avail_in > 0 else { return false }
    guard stream.pointee.next_in.pointee == 0x1F else {
      var rest = 0
      repeat {
        rest += Int(stream.pointee.avail_in)
        stream.pointee.avail_in = 0
      } while try refill()
      throw damaged("\(rest) bytes that are not gzip follow its end")
    }
    guard inflateReset(stream) == Z_OK else { throw damaged("a second part cannot be read") }
    isBetweenStreams = false
    return true
  }

  private func damaged(_ why: String) -> DomainError {
    DomainError(.data, "\(name) is not a sound gzip file: \(why)")
  }
}

/// Packs bytes with the system's zlib, the same bytes for the same content.
final class GzipPacker: Packer {
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  private let output = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 18)

  init() throws(DomainError) {
    guard czlib_open_gzip_writer(stream) == Z_OK else {
      throw DomainError(.limit, "no memory to pack with gzip")
    }
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
    output.deallocate()
  }

  func pack(
    _ bytes: UnsafeRawBufferPointer, isLast: Bool,
    to sink: (UnsafeRawBufferPointer) throws(DomainError) -> Void
  ) throws(DomainError) {
    var place = 0
    repeat {
      let count = min(bytes.count - place, 1 << 30)
      stream.pointee.next_in = bytes.baseAddress.map {
        UnsafeMutablePointer(
          mutating: ($0 + place).assumingMemoryBound(to: UInt8.self))
      }
      stream.pointee.avail_in = UInt32(count)
      place += count
      let flush = isLast && place == bytes.count ? Z_FINISH : Z_NO_FLUSH
      repeat {
        stream.pointee.next_out = output.baseAddress
        stream.pointee.avail_out = UInt32(output.count)
        _ = deflate(stream, flush)
        try sink(
          UnsafeRawBufferPointer(
            rebasing: UnsafeRawBufferPointer(output)[
              ..<(output.count - Int(stream.pointee.avail_out))]))
      } while stream.pointee.avail_out == 0
    } while place < bytes.count
  }
}
