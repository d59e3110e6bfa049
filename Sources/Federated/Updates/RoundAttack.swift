import Foundations
import Learning
import Statistics

/// Attackers that work together and know what the honest clients of a round send: they change their own updates before
/// the server sums.
public protocol RoundAttack: UpdateStep {
  /// - Parameters:
  ///   - updates: of the clients that came through, in the order of their keys.
  ///   - devices: whose they are.
  func corrupt(_ updates: inout [ClientUpdate], devices: [Int]) throws
}

/// An attack that sends one and the same update from all attackers, made of the honest ones.
struct CollusionAttack: RoundAttack {
  enum Kind: Sendable, Equatable {
    /// -factor times the honest mean: a small factor hides among the others and still turns the inner product of the
    /// sum with the true direction (Xie, Koyejo, Gupta 2020, "Fall of Empires", arXiv 1903.03936, section 4).
    case innerProduct(factor: Double)
    /// The honest mean minus z standard deviations, number by number (Baruch, Baruch, Goldberg 2019, "A Little Is
    /// Enough", arXiv 1902.06156, algorithm 3). nil: the largest z that hides among the honest clients: with n clients
    /// of which m attack and s = ⌊n/2 + 1⌋ - m, Φ(z) = (n - m - s)/(n - m).
    case littleIsEnough(z: Double?)
  }

  let kind: Kind
  private var attackers: Attackers

  init(_ kind: Kind, share: Double) throws {
    self.kind = kind
    attackers = try Attackers(share: share)
    let number: Double? =
      switch kind {
      case .innerProduct(let factor): factor
      case .littleIsEnough(let z): z
      }
    if let number, !number.isFinite {
      throw DomainError(.value, "an attack's factor is a finite number, got \(number)")
    }
  }

  var fingerprint: String {
    switch kind {
    case .innerProduct(let factor): "attack(inner_product, \(attackers.share), \(factor))"
    case .littleIsEnough(let z):
      "attack(alie, \(attackers.share), \(z.map { "\($0)" } ?? "by number"))"
    }
  }

  func bound(to devices: DeviceSet, key: RandomKey) throws -> any UpdateStep {
    var copy = self
    copy.attackers = attackers.drawn(of: devices.count, key: key)
    return copy
  }

  func apply(_ update: inout ClientUpdate, _ sender: inout Sender) throws {}

  func corrupt(_ updates: inout [ClientUpdate], devices: [Int]) throws {
    let bad = try devices.indices.filter { try attackers.contains(devices[$0]) }
    let honest = try devices.indices.filter { try !attackers.contains(devices[$0]) }
      .map { updates[$0] }
    // Without honest clients there is nothing to hide among: attackers send what they learnt.
    guard !bad.isEmpty, let first = honest.first else { return }
    try ClientUpdate.requireAlike(honest)
    let share = [Double](repeating: 1 / Double(honest.count), count: honest.count)
    for index in first.vectors.indices {
      let vectors = honest.map { $0.vectors[index] }
      let mean = ParameterVector.sum(of: vectors, share, length: vectors[0].count)
      let sent = vector(mean, vectors, bad.count)
      let vector = try ParameterVector(like: vectors[0], rounding: sent[...])
      for attacker in bad { updates[attacker].vectors[index] = vector }
    }
  }

  private func vector(_ mean: [Double], _ honest: [ParameterVector], _ attackers: Int) -> [Double] {
    switch kind {
    case .innerProduct(let factor): return mean.map { -factor * $0 }
    case .littleIsEnough(let given):
      let z = given ?? Self.z(clients: honest.count + attackers, attackers: attackers)
      var squares = [Double](repeating: 0, count: mean.count)
      for vector in honest {
        let tensor = vector.tensor
        let from = tensor.floats
        for index in squares.indices {
          let difference = Double(from[index]) - mean[index]
          squares[index] += difference * difference
        }
        withExtendedLifetime(tensor) {}
      }
      return mean.indices.map {
        mean[$0] - z * (squares[$0] / Double(honest.count)).squareRoot()
      }
    }
  }

  /// z_max of the paper; 0 where attackers are a majority, who need not hide.
  static func z(clients: Int, attackers: Int) -> Double {
    let supporters = clients / 2 + 1 - attackers
    let honest = clients - attackers
    let share = Double(honest - supporters) / Double(honest)
    guard share > 0, share < 1 else { return 0 }
    return NormalIntegral.quantile(share)
  }
}
