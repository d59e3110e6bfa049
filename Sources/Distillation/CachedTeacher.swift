import Foundations
import Learning
import Tensors

/// A teacher that is read from disk: its logits for a corpus and, where the corpus is augmented, for the reversed
/// texts, which have a cache of their own. So one teacher's pass over each serves all ratios of augmentation, seeds,
/// temperatures and students of a sweep.
public final class CachedTeacher: TeacherSource {
  public let own: LogitCache
  /// Nil without augmentation.
  public let reversals: LogitCache?
  /// How many examples are in `own`; those behind them are the `chosen` of `reversals`.
  private let ownCount: Int
  private let chosen: [Int]

  private init(own: LogitCache, ownCount: Int, reversals: LogitCache?, chosen: [Int]) {
    self.own = own
    self.ownCount = ownCount
    self.reversals = reversals
    self.chosen = chosen
  }

  /// Computes what the caches below `folder` lack, and returns the corpus to train on and its teacher; the model is not
  /// needed afterwards.
  ///
  /// - Parameters:
  ///   - corpus: before augmentation.
  ///   - augmentation: the ratio of reversed texts (see `DistillationCorpus.augmented`); 0 adds none.
  ///   - seed: which texts are reversed where not all are.
  ///   - batch: examples that the teacher sees at a time.
  ///   - onProgress: examples done and in all.
  ///   - shouldStop: asked between batches; true throws an interrupt, and what is complete stays.
  /// - Throws: as `LogitCache.fill` does, and `data` where perturbation or augmentation finds no gendered word.
  public static func prepare(
    folder: String, teacher: Layer, corpus: DistillationCorpus, vocabulary: Int,
    augmentation: Double = 0, seed: UInt64 = 1, perturbation: TeacherPerturbation = .none,
    map: CounterpartTokens? = nil, format: LogitFormat, batch: Int = 16,
    onProgress: (_ done: Int, _ of: Int) throws -> Void = { _, _ in },
    shouldStop: () -> Bool = { false }
  ) throws -> (corpus: DistillationCorpus, teacher: CachedTeacher) {
    let augmented = try corpus.augmented(ratio: augmentation, seed: seed)
    let parts = augmentation > 0 ? [corpus, try corpus.reversals()] : [corpus]
    let caches = try parts.map {
      try LogitCache(
        folder: folder, teacher: teacher, perturbation: perturbation, corpus: $0,
        vocabulary: vocabulary, format: format)
    }
    let all = parts.reduce(0) { $0 + $1.count }
    var before = 0
    for (part, cache) in zip(parts, caches) {
      let live = try LiveTeacher(teacher, perturbation: perturbation, corpus: part, map: map)
      try cache.fill(
        from: part, teacher: live, batch: batch,
        onProgress: { done, _ in try onProgress(before + done, all) },
        shouldStop: shouldStop)
      before += part.count
    }
    let chosen =
      augmentation > 0 ? corpus.chosenReversals(ratio: augmentation, seed: seed) : []
    return (
      augmented,
      CachedTeacher(
        own: caches[0], ownCount: corpus.count, reversals: caches.count > 1 ? caches[1] : nil,
        chosen: chosen)
    )
  }

  public func logits(for batch: Batch, temperature: Double) throws -> TeacherLogits {
    guard let examples = batch.examples, batch.inputs.rank == 2 else {
      throw DomainError(
        .value, "the batch does not say which texts of the corpus its examples are")
    }
    let time = batch.inputs.shape[1]
    let places = try examples.map { example in
      guard let reversals, example >= ownCount, chosen.indices.contains(example - ownCount) else {
        return try own.place(of: example, time: time)
      }
      return try reversals.place(of: chosen[example - ownCount], time: time)
    }
    return try own.record.logits(at: places, time: time, temperature: temperature)
  }
}
