import Learning

/// Where the labels that a device learns from come from. Devices seldom hold right labels of their own: people do not
/// write down the class of what they said.
public protocol Labelling: Sendable {
  /// Everything that decides what it does, in words.
  var fingerprint: String { get }
  /// - Parameters:
  ///   - source: the store of all examples.
  ///   - examples: the numbers of those that a device holds.
  ///   - model: the server's, as the device got it.
  /// - Returns: which of the examples are learnt from, and the class of each.
  func labels(_ source: any BatchSource, examples: [Int], model: Layer) throws -> (
    examples: [Int], labels: [Int]
  )
}
