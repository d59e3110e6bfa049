import Learning

/// Labels that devices make themselves: by a rule, by the model that they were sent, from their users' reactions. Asked
/// once on each client of a round, before it trains.
public protocol Labelling: Sendable {
  /// Everything that decides what it does, in words.
  var fingerprint: String { get }
  /// Whether it calls functions of the script: those run on one thread only.
  var callsScript: Bool { get }
  /// - Parameters:
  ///   - examples: the numbers of the device's examples in `source`.
  ///   - model: as the server sent it.
  /// - Returns: which of them are used, and a class for each of those. Who uses none is lost for the round.
  func labels(_ source: any BatchSource, examples: [Int], model: Layer) throws -> (
    examples: [Int], labels: [Int]
  )
}

extension Labelling {
  public var callsScript: Bool { false }
}

/// Some examples of a source with other labels than its own.
struct RelabelledSource: BatchSource {
  let source: any BatchSource
  let examples: [Int]
  let labels: [Int]

  var count: Int { examples.count }
  func length(_ index: Int) -> Int? { source.length(examples[index]) }

  func batch(_ indices: [Int]) throws -> Batch {
    var batch = try source.batch(indices.map { examples[$0] })
    batch.labels = try .init(ints: indices.map { labels[$0] })
    return batch
  }
}
