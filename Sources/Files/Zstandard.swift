import CZstd
import Foundations

/// Unpacks what zstd has packed (RFC 8878), with the system's libzstd. Frames may be joined end to end.
final class ZstandardSource: ByteSource {
  private let source: any ByteSource
  private let stream: OpaquePointer
  private let input = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 17)
  private var filled = 0
  private var used = 0
  private var taken = 0
  /// Whether a frame has begun and not ended.
  private var isInside = false
  /// Whether the last call filled the buffer, so that more may be waiting.
  private var isWaiting = false
  var name: String { source.name }

  init(_ source: any ByteSource) throws(DomainError) {
    self.source = source
    guard let stream = ZSTD_createDStream() else {
      throw DomainError(.limit, "no memory to unpack \(source.name)")
    }
    self.stream = stream
  }

  deinit {
    ZSTD_freeDStream(stream)
    input.deallocate()
  }

  func read(into buffer: UnsafeMutableBufferPointer<UInt8>) throws(DomainError) -> Int {
    while true {
      if used == filled, !isWaiting {
        filled = try source.read(into: input)
        used = 0
        taken += filled
        if filled == 0 {
          if !isInside { return 0 }
          throw DomainError(
            .data, "\(name) is cut off: its zstd frame stops after \(taken) bytes without its end",
            hint: "copy or download the file again")
        }
      }
      var from = ZSTD_inBuffer(src: input.baseAddress, size: filled, pos: used)
      var to = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
      let code = ZSTD_decompressStream(stream, &to, &from)
      guard ZSTD_isError(code) == 0 else {
        throw DomainError(
          .data, "\(name) is not a sound zstd file: \(String(cString: ZSTD_getErrorName(code)))")
      }
      used = from.pos
      isInside = code != 0
      isWaiting = isInside && to.pos == to.size
      if to.pos > 0 { return to.pos }
    }
  }
}

/// Packs bytes with the system's libzstd.
final class ZstandardPacker: Packer {
  private let stream: OpaquePointer
  private let output = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 18)

  init() throws(DomainError) {
    guard let stream = ZSTD_createCCtx() else {
      throw DomainError(.limit, "no memory to pack with zstd")
    }
    self.stream = stream
  }

  deinit {
    ZSTD_freeCCtx(stream)
    output.deallocate()
  }

  func pack(
    _ bytes: UnsafeRawBufferPointer, isLast: Bool,
    to sink: (UnsafeRawBufferPointer) throws(DomainError) -> Void
  ) throws(DomainError) {
    var from = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
    while true {
      var to = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
      let left = ZSTD_compressStream2(stream, &to, &from, isLast ? ZSTD_e_end : ZSTD_e_continue)
      guard ZSTD_isError(left) == 0 else {
        throw DomainError(.limit, "zstd: \(String(cString: ZSTD_getErrorName(left)))")
      }
      try sink(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(output)[..<to.pos]))
      if isLast ? left == 0 : from.pos == from.size { return }
    }
  }
}

/// Blocks that are packed each for itself, as in Parquet files.
public enum ZstandardBlock {
  /// Nil where the block is damaged or does not hold `count` bytes.
  public static func unpacked(_ packed: UnsafeRawBufferPointer, count: Int) -> [UInt8]? {
    var isSound = false
    let result = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      let got = ZSTD_decompress(buffer.baseAddress, count, packed.baseAddress, packed.count)
      isSound = ZSTD_isError(got) == 0 && got == count
      filled = isSound ? count : 0
    }
    return isSound ? result : nil
  }

  /// Nil where there is no memory for it.
  public static func packed(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
    let most = ZSTD_compressBound(bytes.count)
    guard ZSTD_isError(most) == 0 else { return nil }
    var isDone = false
    let result = [UInt8](unsafeUninitializedCapacity: most) { buffer, filled in
      let got = ZSTD_compress(buffer.baseAddress, most, bytes.baseAddress, bytes.count, 1)
      isDone = ZSTD_isError(got) == 0
      filled = isDone ? got : 0
    }
    return isDone ? result : nil
  }
}
