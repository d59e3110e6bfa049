import Foundations
import Learning

/// What makes a vector small to send.
protocol Compressor: Sendable {
  var fingerprint: String { get }
  /// - Parameter key: names its random numbers.
  /// - Returns: what the server gets, and how many bits it takes to send it.
  func compress(_ vector: ParameterVector, key: RandomKey) throws -> (
    sent: ParameterVector, bits: Int
  )
}

/// Compresses each vector of an update on the client. Numbers beside the vectors are sent as they are, in four bytes
/// each.
///
/// With error feedback the device keeps what was left out, and adds it to what it sends the next time (Karimireddy,
/// Rebjock, Stich, Jaggi 2019, arXiv 1901.09847, algorithm 2; Stich, Cordonnier, Jaggi 2018, arXiv 1809.07599): what is
/// sent over all rounds is then what was learnt, but for the last remainder.
struct Compression: UpdateStep {
  let compressor: any Compressor
  let hasFeedback: Bool

  /// The remainder of the first vector in a device's state; of others with their number.
  static let stateName = "error feedback"

  var fingerprint: String {
    "compress(\(compressor.fingerprint), \(hasFeedback ? "error feedback" : "no feedback"))"
  }

  func apply(_ update: inout ClientUpdate, _ sender: inout Sender) throws {
    var bytes = 4 * update.numbers.count
    for index in update.vectors.indices {
      let name = index == 0 ? Self.stateName : "\(Self.stateName) \(index)"
      var vector = update.vectors[index]
      if hasFeedback, let left = sender.state[name] { try vector.add(left) }
      guard vector.squaredNorm.isFinite else {
        throw DomainError(
          .value, "an update that is not finite cannot be compressed",
          hint: "lower the learning rate of clients")
      }
      let (sent, bits) = try compressor.compress(
        vector, key: sender.random.derived("compression", index))
      if hasFeedback { sender.state[name] = try vector - sent }
      update.vectors[index] = sent
      bytes += (bits + 7) / 8
    }
    update.bytes = bytes
  }
}

extension Int {
  /// Bits that tell this many things apart.
  var bitsToTellApart: Int { self > 1 ? Int.bitWidth - (self - 1).leadingZeroBitCount : 0 }
}
