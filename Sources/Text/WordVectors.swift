import Files
import Foundations

/// Vectors of words, as word2vec, GloVe and fastText write them in text form.
public struct WordVectors: Sendable {
  /// In the order of the file.
  public let words: [String]
  /// Numbers of a vector.
  public let width: Int
  /// [words, width].
  public let values: [Float]
  private let places: [Spelling: Int]

  public var count: Int { words.count }

  /// The vector of a word; nil where there is none.
  public subscript(word: String) -> ArraySlice<Float>? {
    places[word].map { values[$0 * width..<($0 + 1) * width] }
  }

  /// The number of a word in `words`; nil where it has no vector.
  public func place(of word: String) -> Int? { places[word] }

  /// - Throws: `shape` where lengths differ, `value` where there is no vector.
  public init(_ vectors: [(word: String, vector: [Float])]) throws(DomainError) {
    guard let first = vectors.first, !first.vector.isEmpty else {
      throw DomainError(.value, "there are no word vectors")
    }
    var reader = Reader(width: first.vector.count)
    for (word, vector) in vectors {
      guard vector.count == reader.width else {
        throw DomainError(
          .shape,
          "the vector of `\(word)` has \(vector.count) numbers, that of `\(first.word)` \(reader.width)"
        )
      }
      reader.add(word, vector)
    }
    self.init(reader)
  }

  /// Reads a UTF-8 file, packed by gzip or not: a word and its numbers on each line, set apart by spaces or tabs,
  /// perhaps behind a line with the counts of words and of numbers. Of a word that is there twice the first vector
  /// counts.
  ///
  /// - Throws: `io` where the file cannot be read, `parse` that names the line where one does not hold as many numbers
  ///   as the first, or one that is not finite.
  public init(contentsOf path: String) throws(DomainError) {
    let bytes = try InputFile.textBytes(path)
    var reader: Reader?
    var number = 0
    for line in DelimitedReader.lines(bytes) {
      number += 1
      let fields = line.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
      if fields.isEmpty || number == 1 && fields.count == 2 { continue }
      let width = reader?.width ?? fields.count - 1
      // A word may hold spaces itself: the numbers are the last fields.
      guard width > 0, fields.count > width else {
        throw DomainError(
          .parse,
          "\(path):\(number): a line has a word and its numbers, got \(fields.count) fields"
            + (reader == nil ? "" : " where the first has \(width) numbers"))
      }
      var vector: [Float] = []
      vector.reserveCapacity(width)
      for field in fields.suffix(width) {
        let text = String(decoding: field, as: UTF8.self)
        guard let value = Float(text), value.isFinite else {
          throw DomainError(.parse, "\(path):\(number): `\(text.prefix(40))` is not a number")
        }
        vector.append(value)
      }
      let word = fields.dropLast(width).map { String(decoding: $0, as: UTF8.self) }
      if reader == nil { reader = Reader(width: width) }
      reader?.add(word.joined(separator: " "), vector)
    }
    guard let reader else { throw DomainError(.data, "\(path) holds no word vectors") }
    self.init(reader)
  }

  private init(_ reader: Reader) {
    words = reader.words
    width = reader.width
    values = reader.values
    places = reader.places
  }

  /// The words whose vectors have the largest cosine with that of `word`, itself left out.
  ///
  /// - Throws: `key` where it has no vector.
  public func nearest(to word: String, count: Int) throws(DomainError) -> [(
    word: String, cosine: Double
  )] {
    guard let vector = self[word] else { throw missing(word) }
    func norm(_ vector: ArraySlice<Float>) -> Double {
      vector.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
    let length = norm(vector)
    var found: [(word: String, cosine: Double)] = []
    for (place, other) in words.enumerated() where other != word {
      let candidate = values[place * width..<(place + 1) * width]
      let product = zip(vector, candidate).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      let lengths = length * norm(candidate)
      if lengths > 0 { found.append((other, product / lengths)) }
    }
    found.sort { ($1.cosine, $0.word) < ($0.cosine, $1.word) }
    return Array(found.prefix(max(0, count)))
  }

  public func missing(_ word: String) -> DomainError {
    DomainError(.key, "there is no vector for `\(word)`")
  }

  private struct Reader {
    let width: Int
    var words: [String] = []
    var values: [Float] = []
    var places: [Spelling: Int] = [:]

    init(width: Int) { self.width = width }

    mutating func add(_ word: String, _ vector: [Float]) {
      guard places[word] == nil else { return }
      places[word] = words.count
      words.append(word)
      values += vector
    }
  }
}
