import Foundations
import Learning

/// Attackers send their update times a factor: below 0 it drives the model away from what they learnt (sign flip), far
/// above 1 it lets them outweigh all others (model replacement: Bagdasaryan, Veit, Hua, Estrin, Shmatikov 2020, arXiv
/// 1807.00459).
struct ScaleAttack: UpdateStep {
  let name: String
  let factor: Double
  private var attackers: Attackers

  /// - Throws: `value` for a share or factor that is none.
  init(_ name: String, factor: Double, share: Double) throws {
    guard factor.isFinite, Float(factor).isFinite else {
      throw DomainError(.value, "an attack's factor is a finite number, got \(factor)")
    }
    self.name = name
    self.factor = factor
    attackers = try Attackers(share: share)
  }

  var fingerprint: String { "attack(\(name), \(attackers.share), \(factor))" }

  func bound(to devices: DeviceSet, key: RandomKey) throws -> any UpdateStep {
    var copy = self
    copy.attackers = attackers.drawn(of: devices.count, key: key)
    return copy
  }

  func apply(_ update: inout ClientUpdate, _ sender: inout Sender) throws {
    guard try attackers.contains(sender.device) else { return }
    for index in update.vectors.indices { try update.vectors[index].scale(by: Float(factor)) }
  }
}
