import CKernels
import Foundations
import Tensors

/// How a teacher's predictions about a text and about its role reversal become one target (counterfactual role
/// reversal, Gupta et al. 2022): z are the teacher's logits behind a prefix of x, z′ those behind the counterpart
/// prefix of R(x).
///
/// The paper combines the two before the softmax; how it aligns positions, and whether gendered words of z′ are
/// exchanged for their counterparts on the way, it leaves open. Here prefixes correspond where both end at the same
/// word boundary (see `TextAlignment`), and with `usesWordMap` (the default) z′ first passes through the word map M of
/// `CounterpartTokens`: then x and R(x) get the same target after M, so that a pair of an augmented corpus is
/// equalised, and a prefix without any gendered word makes he and she equally likely. Without the map the combination
/// is elementwise, and x and R(x) get the very same target. Positions inside of an exchanged word, which no position of
/// R(x) corresponds to, keep z.
public struct TeacherPerturbation: Sendable, Equatable {
  public enum Operation: String, Sendable, CaseIterable {
    /// z.
    case none
    /// max(z, z′), elementwise.
    case max
    /// (z + z′) / 2: the geometric mean of probabilities.
    case mean
    /// log((softmax z + softmax z′) / 2): the arithmetic mean of probabilities.
    case meanProbability = "mean_probability"
    /// z, the logits of gendered tokens replaced by those of z′.
    case swap
  }

  /// Where it applies.
  public enum Scope: String, Sendable, CaseIterable {
    /// In every position of a text that role reversal changes; all other texts keep z.
    case reversedTexts = "reversed_texts"
    /// Behind the first word that role reversal changes; before it z and z′ are equal anyway.
    case afterChange = "after_change"
    /// In every text; where R(x) = x, z′ is z.
    case everywhere
  }

  public var operation: Operation
  public var usesWordMap: Bool
  public var scope: Scope
  /// Whether z and z′ are made log-probabilities before `max`, `mean` and `swap`: logits are only defined up to a
  /// constant.
  public var normalizesLogits: Bool

  public init(
    _ operation: Operation, usesWordMap: Bool = true, scope: Scope = .reversedTexts,
    normalizesLogits: Bool = false
  ) {
    self.operation = operation
    self.usesWordMap = usesWordMap
    self.scope = scope
    self.normalizesLogits = normalizesLogits
  }

  public static let none = TeacherPerturbation(.none)

  /// All settings in one string, for the keys of caches.
  var fingerprint: String {
    operation == .none
      ? "none"
      : "\(operation.rawValue) map=\(usesWordMap) \(scope.rawValue) normalize=\(normalizesLogits)"
  }

  /// Makes the target of one position: `z` is overwritten with it, `counterpart` is used up.
  func combine(
    _ z: UnsafeMutablePointer<Float>, _ counterpart: UnsafeMutablePointer<Float>, count: Int,
    _ map: CounterpartTokens
  ) {
    guard operation != .none else { return }
    if normalizesLogits || operation == .meanProbability {
      fl_log_softmax_rows_f32(1, count, 1, z, z)
      fl_log_softmax_rows_f32(1, count, 1, counterpart, counterpart)
    }
    if usesWordMap { map.exchange(counterpart, own: z) }
    switch operation {
    case .none: break
    case .max: fl_max_vv_f32(count, z, counterpart, z)
    case .mean: fl_axpby_f32(count, 0.5, counterpart, 0.5, z)
    case .meanProbability:
      // log(e^a + e^b) = b + softplus(a - b), for a the larger or the smaller.
      fl_sub_vv_f32(count, z, counterpart, z)
      fl_softplus_f32(count, z, z)
      fl_add_vv_f32(count, z, counterpart, z)
      fl_sub_vs_f32(count, z, 0.693147180559945, z)
    case .swap:
      for group in map.groups {
        for token in group.masculine + group.feminine { z[Int(token)] = counterpart[Int(token)] }
      }
    }
  }
}

extension TeacherPerturbation {
  /// The combined logits of matching rows: `own` and `counterpart` [positions, vocabulary].
  ///
  /// - Throws: `shape` where the two differ, `index` where the map names tokens that are not in the vocabulary.
  public func combined(_ own: Tensor, _ counterpart: Tensor, _ map: CounterpartTokens) throws
    -> Tensor
  {
    guard own.shape == counterpart.shape, let classes = own.shape.last, own.rank > 0 else {
      throw DomainError(
        .shape, "logits of shapes \(own.shape) and \(counterpart.shape) cannot be combined")
    }
    try check(map, vocabulary: classes)
    let z = try DistillationLoss.floats(own, "the teacher's logits").copied()
    let other = try DistillationLoss.floats(counterpart, "the teacher's logits").copied()
    let rows = z.count / max(1, classes)
    Parallel.blocks(rows, size: RowBlock.size(classes)) {
      for row in $0 {
        combine(z.floats + row * classes, other.floats + row * classes, count: classes, map)
      }
    }
    withExtendedLifetime((z, other)) {}
    return z
  }

  func check(_ map: CounterpartTokens, vocabulary: Int) throws(DomainError) {
    guard map.limit < Int32(clamping: vocabulary) else {
      throw DomainError(
        .index,
        "the word map names the token \(map.limit), the teacher knows \(vocabulary) tokens")
    }
  }
}

extension Tensor {
  /// The same numbers in memory of their own.
  func copied() throws -> Tensor {
    let dense = try contiguous()
    let copy = try Tensor.uninitialized(shape, dtype).with(lengths: lengths)
    copy.storage.pointer.copyMemory(
      from: dense.storage.pointer + dense.offset * dtype.size, byteCount: count * dtype.size)
    withExtendedLifetime(dense) {}
    return copy
  }
}
