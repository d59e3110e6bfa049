// The header of a safetensors file, which is untrusted: everything that the format promises is checked before any of it
// is used.
//
// u64 little-endian N | N bytes of JSON | data. The JSON object maps a tensor's name to its type, shape and range of
// bytes in the data; `__metadata__` maps strings to strings. (safetensors 0.8, safetensors/src/tensor.rs; we refuse
// more: repeated names, unknown fields.)

import Foundations
import JSONValues
import Tensors

/// One tensor of a safetensors file.
public struct SafeTensorEntry: Sendable, Equatable {
  public let name: String
  public let type: SafeTensorType
  public let shape: [Int]
  /// Where its bytes lie behind the header.
  public let bytes: Range<Int>

  /// The number of elements.
  public var count: Int { shape.reduce(1, *) }  // Was checked not to overflow.
}

/// What a safetensors file says about its tensors.
public struct SafeTensorHeader: Sendable {
  /// The most bytes of a header, as in the reference.
  public static let largestSize = 100_000_000
  /// The most tensors of one file: more than any model has, few enough that the table of them cannot fill the memory.
  public static let largestCount = 1 << 20

  /// In the order of the data.
  public private(set) var entries: [SafeTensorEntry] = []
  public private(set) var metadata: [(name: String, value: String)] = []
  private var places: [Spelling: Int] = [:]

  public subscript(name: String) -> SafeTensorEntry? { places[name].map { entries[$0] } }

  /// Reads and checks a header.
  ///
  /// - Parameters:
  ///   - json: the bytes of the JSON object, padding included.
  ///   - dataByteCount: how many bytes follow it in the file.
  ///   - source: what errors call the file.
  /// - Throws: `data` where anything is not as the format demands; the message says what and for which tensor.
  public init(
    _ json: UnsafeBufferPointer<UInt8>, dataByteCount: Int, source: String
  ) throws(DomainError) {
    var reader = SafeTensorHeaderReader(scanner: JSONScanner(json))
    do throws(JSONProblem) {
      guard json.first == UInt8(ascii: "{") else {
        throw JSONProblem(message: "the header must begin with `{`", position: 0)
      }
      if let place = UTF8Check.firstInvalid(json) {
        throw JSONProblem(message: "the header is not UTF-8", position: place)
      }
      try reader.read()
    } catch {
      throw SafeTensorHeader.unsound(
        source, "\(error.message) (byte \(error.position) of the header)")
    }
    entries = reader.entries.sorted {
      ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
    }
    metadata = reader.metadata
    var end = 0
    places.reserveCapacity(entries.count)
    for (i, entry) in entries.enumerated() {
      guard entry.bytes.lowerBound == end else {
        let trouble = entry.bytes.lowerBound < end ? "overlaps what is before it" : "leaves a hole"
        throw SafeTensorHeader.unsound(
          source,
          "tensor `\(entry.name)` begins at byte \(entry.bytes.lowerBound) and \(trouble), which ends at \(end)"
        )
      }
      end = entry.bytes.upperBound
      places[entry.name] = i
    }
    guard end == dataByteCount else {
      throw SafeTensorHeader.unsound(
        source, "its tensors fill \(end) bytes, and \(dataByteCount) follow the header",
        hint: end > dataByteCount ? "the file is cut off: copy or download it again" : nil)
    }
  }

  static func unsound(_ source: String, _ message: String, hint: String? = nil) -> DomainError {
    DomainError(.data, "\(source) is not a sound safetensors file: \(message)", hint: hint)
  }
}

/// Walks over the JSON of a header once, without building values.
private struct SafeTensorHeaderReader {
  var scanner: JSONScanner
  var entries: [SafeTensorEntry] = []
  var metadata: [(name: String, value: String)] = []
  private var names: Set<Spelling> = []

  init(scanner: JSONScanner) { self.scanner = scanner }

  mutating func read() throws(JSONProblem) {
    var hasMetadata = false
    try members { (reader, name, start) throws(JSONProblem) in
      if name == "__metadata__" {
        guard !hasMetadata else { throw Self.twice(name, start) }
        hasMetadata = true
        try reader.readMetadata()
        return
      }
      guard reader.names.add(name) else { throw Self.twice(name, start) }
      guard reader.entries.count < SafeTensorHeader.largestCount else {
        throw JSONProblem(
          message: "there are more than \(SafeTensorHeader.largestCount) tensors", position: start)
      }
      reader.entries.append(try reader.entry(name))
    }
    scanner.skipSpace()
    guard scanner.isAtEnd else { throw scanner.problem("text behind the end of the header") }
  }

  private static func twice(_ name: String, _ position: Int) -> JSONProblem {
    JSONProblem(message: "`\(name)` appears twice", position: position)
  }

  /// Calls `body` for each member of the object that begins here, with the reader in front of its value.
  private mutating func members(
    _ body: (inout Self, String, Int) throws(JSONProblem) -> Void
  ) throws(JSONProblem) {
    scanner.skipSpace()
    guard scanner.take("{") else { throw scanner.problem("expected an object") }
    scanner.skipSpace()
    if scanner.take("}") { return }
    repeat {
      scanner.skipSpace()
      let start = scanner.position
      let name = try scanner.key()
      scanner.skipSpace()
      try body(&self, name, start)
      scanner.skipSpace()
    } while scanner.take(",")
    guard scanner.take("}") else { throw scanner.problem("expected `,` or `}`") }
  }

  private mutating func readMetadata() throws(JSONProblem) {
    var known: Set<Spelling> = []
    try members { (reader, name, start) throws(JSONProblem) in
      guard known.add(name) else { throw Self.twice(name, start) }
      reader.metadata.append((name, try reader.string()))
    }
  }

  private mutating func entry(_ name: String) throws(JSONProblem) -> SafeTensorEntry {
    let place = scanner.position
    func problem(_ message: String) -> JSONProblem {
      JSONProblem(message: "tensor `\(name)` \(message)", position: place)
    }
    var type: SafeTensorType?
    var shape: [Int]?
    var offsets: [Int]?
    try members { (reader, field, start) throws(JSONProblem) in
      switch field {
      case "dtype" where type == nil:
        let text = try reader.string()
        type = SafeTensorType(rawValue: text)
        if type == nil { throw problem("has the unknown type \"\(text)\"") }
      case "shape" where shape == nil: shape = try reader.sizes()
      case "data_offsets" where offsets == nil: offsets = try reader.sizes()
      case "dtype", "shape", "data_offsets": throw Self.twice(field, start)
      default: throw problem("has the unknown field `\(field)`")
      }
    }
    guard let type, let shape, let offsets else {
      throw problem("needs the fields dtype, shape and data_offsets")
    }
    guard offsets.count == 2 else { throw problem("needs two data_offsets") }
    guard offsets[0] <= offsets[1] else {
      throw problem("ends at byte \(offsets[1]) before it begins at \(offsets[0])")
    }
    var bits = type.bits
    for size in shape {
      let (product, overflow) = bits.multipliedReportingOverflow(by: size)
      // Also where a later size is zero: the reference multiplies from the left too.
      guard !overflow else { throw problem("has a shape that is too large to count") }
      bits = product
    }
    guard bits % 8 == 0 else { throw problem("does not end on a whole byte") }
    guard bits / 8 == offsets[1] - offsets[0] else {
      throw problem(
        "takes \(bits / 8) bytes by its type and shape, and \(offsets[1] - offsets[0]) by its offsets"
      )
    }
    return SafeTensorEntry(name: name, type: type, shape: shape, bytes: offsets[0]..<offsets[1])
  }

  private mutating func string() throws(JSONProblem) -> String {
    guard scanner.peek == UInt8(ascii: "\"") else { throw scanner.problem("expected a string") }
    return try scanner.string()
  }

  /// A list of integers that are not negative.
  private mutating func sizes() throws(JSONProblem) -> [Int] {
    guard scanner.take("[") else { throw scanner.problem("expected a list of integers") }
    var sizes: [Int] = []
    scanner.skipSpace()
    if scanner.take("]") { return sizes }
    repeat {
      scanner.skipSpace()
      let start = scanner.position
      guard scanner.peek != UInt8(ascii: "-"), try scanner.number(),
        let size = Int(scanner.text(from: start))
      else {
        scanner.position = start
        throw scanner.problem("expected an integer from 0")
      }
      sizes.append(size)
      scanner.skipSpace()
    } while scanner.take(",")
    guard scanner.take("]") else { throw scanner.problem("expected `,` or `]`") }
    return sizes
  }
}
