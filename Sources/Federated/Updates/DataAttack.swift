import Foundations
import Learning
import Tensors

/// What an attacking device does to its own examples before it trains on them.
public protocol DataAttack: UpdateStep {
  /// - Parameter device: its place in the order of keys.
  func relabel(_ batch: Batch, device: Int) throws -> Batch
}

/// The batches of attackers have their classes turned around: class k of n becomes n - 1 - k (Tolpegin, Truex, Gursoy,
/// Liu 2020, arXiv 2007.08432, for all classes at once). Labels below 0, which stand for none, stay.
struct LabelFlip: DataAttack {
  private var attackers: Attackers
  private var classes = 0

  init(share: Double) throws { attackers = try Attackers(share: share) }

  var fingerprint: String { "attack(label_flip, \(attackers.share))" }

  func bound(to devices: DeviceSet, key: RandomKey) throws -> any UpdateStep {
    guard let classes = devices.classes, let most = classes.max(), most >= 1 else {
      throw DomainError(
        .value, "an attack on labels needs examples of at least two classes",
        hint: "`fed.attack(\"sign_flip\", …)` works on any examples")
    }
    var copy = self
    copy.attackers = attackers.drawn(of: devices.count, key: key)
    copy.classes = Int(most) + 1
    return copy
  }

  func apply(_ update: inout ClientUpdate, _ sender: inout Sender) throws {}

  func relabel(_ batch: Batch, device: Int) throws -> Batch {
    guard try attackers.contains(device) else { return batch }
    guard batch.labels.dtype == .i64 else {
      throw DomainError(
        .value,
        "an attack on labels needs classes as whole numbers, got labels of \(batch.labels.dtype)")
    }
    let from = try batch.labels.detached.contiguous()
    let to = try Tensor.uninitialized(from.shape, .i64)
    let (a, b) = (from.pointer(Int64.self), to.pointer(Int64.self))
    let last = Int64(classes - 1)
    for index in 0..<from.count {
      b[index] = (0...last).contains(a[index]) ? last - a[index] : a[index]
    }
    withExtendedLifetime(from) {}
    var flipped = batch
    flipped.labels = to.with(lengths: batch.labels.lengths)
    return flipped
  }
}
