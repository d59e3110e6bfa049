import Foundations

/// Packs a stream of bytes.
protocol Packer: AnyObject {
  /// - Parameter isLast: whether nothing comes behind these bytes.
  func pack(
    _ bytes: UnsafeRawBufferPointer, isLast: Bool,
    to sink: (UnsafeRawBufferPointer) throws(DomainError) -> Void
  ) throws(DomainError)
}

/// A file that is written in pieces, whole or not at all, packed as its name says: `.gz`, `.zst`.
public final class PackedFile {
  private let file: AtomicFile
  private let packer: (any Packer)?

  private init(_ file: AtomicFile, _ packer: (any Packer)?) {
    self.file = file
    self.packer = packer
  }

  /// Writes the file at `path` with what `body` gives to it.
  ///
  /// - Throws: `io` where it cannot be written, and what `body` throws; the old file is untouched then.
  public static func write(_ path: String, _ body: (PackedFile) throws -> Void) throws {
    let packer: (any Packer)? =
      switch Packing(path: path) {
      case .gzip: try GzipPacker()
      case .zstd: try ZstandardPacker()
      case nil: nil
      }
    try AtomicFile.write(path) { file in
      let packed = PackedFile(file, packer)
      try body(packed)
      try packer?.pack(UnsafeRawBufferPointer(start: nil, count: 0), isLast: true) {
        (bytes) throws(DomainError) in try file.append(bytes)
      }
    }
  }

  /// Appends bytes.
  public func append(_ bytes: UnsafeRawBufferPointer) throws(DomainError) {
    guard let packer else { return try file.append(bytes) }
    try packer.pack(bytes, isLast: false) { [file] (packed) throws(DomainError) in
      try file.append(packed)
    }
  }

  /// Appends bytes.
  public func append(_ bytes: [UInt8]) throws(DomainError) {
    try bytes.withUnsafeBufferPointer { (bytes) throws(DomainError) in
      try append(UnsafeRawBufferPointer(bytes))
    }
  }
}
