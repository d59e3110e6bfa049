/// Takes down what something is made of, so that equal things give equal bytes in every process: natives describe their
/// values with it (`NativeType.content`), `ContentWalk` those of the language. Every part is written with its length or
/// kind, so that no two contents run into one another.
public final class ContentWriter {
  /// Whether all of the content was written. What has no content that can be told (a closure of Swift, foreign memory)
  /// says so by `incomplete()`.
  public private(set) var isWhole = true
  private var buffer: [UInt8] = []
  private let sink: ((UnsafeRawBufferPointer) -> Void)?
  /// Takes down a value of the language inside a native one.
  var visit: ((Value) -> Void)?

  private static let capacity = 1 << 16

  /// - Parameter sink: gets the bytes piece by piece; nil keeps them (`bytes`).
  public init(to sink: ((UnsafeRawBufferPointer) -> Void)? = nil) { self.sink = sink }

  /// What was written and not yet given to the sink.
  public var bytes: [UInt8] { buffer }

  /// Gives what is left to the sink.
  public func flush() {
    guard let sink, !buffer.isEmpty else { return }
    buffer.withUnsafeBytes(sink)
    buffer.removeAll(keepingCapacity: true)
  }

  /// Says that something here has content that could not be written.
  public func incomplete() { isWhole = false }

  public func write(_ number: Int) {
    withUnsafeBytes(of: UInt64(bitPattern: Int64(number)).littleEndian) { append($0) }
  }

  public func write(_ number: Double) {
    withUnsafeBytes(of: number.bitPattern.littleEndian) { append($0) }
  }

  public func write(_ flag: Bool) { write(flag ? 1 : 0) }

  public func write(_ text: String) {
    var text = text
    text.withUTF8 { write(UnsafeRawBufferPointer($0)) }
  }

  public func write(_ texts: [String]) {
    write(texts.count)
    for text in texts { write(text) }
  }

  /// Memory, with its length.
  public func write(_ memory: UnsafeRawBufferPointer) {
    write(memory.count)
    append(memory)
  }

  /// Numbers as they lie in memory.
  public func write<Number: BitwiseCopyable>(_ numbers: [Number]) {
    numbers.withUnsafeBytes { write($0) }
  }

  /// A value of the language that is part of a native one.
  public func write(_ value: Value) {
    if let visit { visit(value) } else { incomplete() }
  }

  /// What another writer has kept.
  public func append(contentsOf other: ContentWriter) {
    if !other.isWhole { isWhole = false }
    other.buffer.withUnsafeBytes { write($0) }
  }

  private func append(_ memory: UnsafeRawBufferPointer) {
    if let sink, memory.count >= ContentWriter.capacity {
      flush()
      sink(memory)
      return
    }
    buffer.append(contentsOf: memory)
    if buffer.count >= ContentWriter.capacity { flush() }
  }
}
