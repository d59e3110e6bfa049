import Foundations

/// Which devices attack: a share of all, drawn once, the same in every round.
struct Attackers: Sendable {
  let share: Double
  /// Places in the order of keys; nil before the devices are known.
  private var members: Set<Int32>?

  /// - Throws: `value` where the share is not above 0 and below 1.
  init(share: Double) throws {
    guard share > 0, share < 1 else {
      throw DomainError(
        .value, "a share above 0 and below 1 of the devices attacks, got \(share)")
    }
    self.share = share
  }

  /// round(share · devices) of them, at least one.
  func drawn(of devices: Int, key: RandomKey) -> Attackers {
    var stream = key.derived("attackers").stream
    let count = min(devices, max(1, Int((share * Double(devices)).rounded())))
    var copy = self
    copy.members = Set(stream.sample(count, of: devices).map(Int32.init))
    return copy
  }

  /// - Throws: `value` before the devices are known.
  func contains(_ device: Int) throws -> Bool {
    guard let members else {
      throw DomainError(.value, "an attack begins with a simulation, which draws who attacks")
    }
    return members.contains(Int32(device))
  }
}
