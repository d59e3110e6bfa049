import Foundations

/// A text and the one to be written for it.
public struct TextPairs: Sendable, Equatable {
  public var sources: [String] = []
  public var targets: [String] = []
  /// All other columns of the file.
  public var columns: [TaggedCorpus.Column] = []

  private static let sourceNames = ["source", "src", "input", "mr", "question", "document"]
  private static let targetNames = ["target", "tgt", "output", "ref", "answer", "summary"]

  /// Reads the pairs of a CSV, TSV or JSONL file.
  ///
  /// - Parameters:
  ///   - source, target: the columns; nil for the usual ones.
  /// - Throws: `io`, `parse`, and `key` where there is no such column.
  public static func read(_ path: String, source: String? = nil, target: String? = nil)
    throws(DomainError) -> TextPairs
  {
    let records = try Records.read(path)
    func place(_ name: String?, _ usual: [String], _ what: String) throws(DomainError) -> Int {
      for name in name.map({ [$0] }) ?? usual {
        if let place = records.columns.firstIndex(spelt: name) { return place }
      }
      throw DomainError(
        .key,
        "\(path) has no column for the \(what); its columns are \(Records.list(records.columns))",
        hint: "name it with `\(what):`")
    }
    let from = try place(source, sourceNames, "source")
    let to = try place(target, targetNames, "target")
    guard from != to else { throw DomainError(.value, "source and target are the same column") }
    guard !records.rows.isEmpty else { throw DomainError(.data, "\(path) holds no pair") }
    return TextPairs(
      sources: records.rows.map { $0[from] }, targets: records.rows.map { $0[to] },
      columns: records.columns.enumerated().filter { $0.offset != from && $0.offset != to }.map {
        place, name in
        TaggedCorpus.Column(name: name, values: records.rows.map { $0[place] })
      })
  }

  public init(sources: [String], targets: [String], columns: [TaggedCorpus.Column] = []) {
    self.sources = sources
    self.targets = targets
    self.columns = columns
  }
}

/// Pairs of texts as models take them.
public struct PairRows: Sendable {
  /// How a source and its target stand in a row.
  public enum Form: String, Sendable, CaseIterable {
    /// Sources in the first `sourceWidth` places and targets behind them, each filled up: for an encoder and a decoder.
    case split
    /// Source, separator, target, end without a gap: for a model of language, which learns the target only.
    case joined
  }

  public let inputs: TokenRows
  /// Split: [pairs, width of targets], the token behind each of the target's. Joined: as wide as the inputs. -100 where
  /// nothing is to be learnt.
  public let labels: TokenRows
  /// Split: how many places are the source's; 0 otherwise.
  public let sourceWidth: Int

  /// - Parameters:
  ///   - sourceLength, targetLength: the tokens kept of each, the marker at the target's end counted; nil keeps all.
  /// - Throws: `value` where the encoder lacks a marker.
  public init(
    _ pairs: TextPairs, form: Form, encoder: TaskEncoder, sourceLength: Int? = nil,
    targetLength: Int? = nil
  ) throws(DomainError) {
    var (sources, targets): ([[Int32]], [[Int32]]) = ([], [])
    let end = try encoder.number(of: .end)
    for (index, (source, target)) in zip(pairs.sources, pairs.targets).enumerated() {
      try Cancellation.check(turn: index)
      let read = try encoder.tokens(source)
      sources.append(Array(read.prefix(sourceLength ?? read.count)))
      let written = try encoder.tokens(target) + [end]
      targets.append(Array(written.prefix(targetLength ?? written.count)))
    }
    let ignored = TaggingRows.ignored
    switch form {
    case .split:
      let begin = try encoder.number(of: .begin)
      let read = TokenRows(sources, filling: encoder.padding, width: sourceLength)
      let written = TokenRows(
        targets.map { [begin] + $0.dropLast() }, filling: encoder.padding, width: targetLength)
      inputs = TokenRows(read, written)
      labels = TokenRows(targets, filling: ignored, width: targetLength)
      sourceWidth = read.width
    case .joined:
      let separator = try encoder.number(of: .separator)
      var (rows, next): ([[Int32]], [[Int32]]) = ([], [])
      for (source, target) in zip(sources, targets) {
        rows.append(source + [separator] + target.dropLast())
        next.append([Int32](repeating: ignored, count: source.count) + target)
      }
      inputs = TokenRows(rows, filling: encoder.padding)
      labels = TokenRows(next, filling: ignored)
      sourceWidth = 0
    }
  }
}
