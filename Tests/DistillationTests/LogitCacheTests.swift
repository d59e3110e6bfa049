import Foundation
import Foundations
import Learning
import Tensors
import Testing

@testable import Distillation

@Suite struct LogitCacheTests {
  private let rows = [3, 1, 5, 2, 4, 4, 1]
  private let vocabulary = 50

  /// Logits of an example: the same whenever they are asked for.
  private func teacher(_ examples: [Int], extra: Int = 2) throws -> Tensor {
    let time = (examples.map { rows[$0] }.max() ?? 0) + extra
    let parts = try examples.map { example in
      var random = RandomStream(RandomKey(seed: 1).derived(example))
      let whole = try Tensor.normal([20, vocabulary], deviation: 4, &random)
      return try whole.sliced(axis: 0, from: 0, to: time)
    }
    return try Tensor.stacked(parts)
  }

  private func cache(
    _ folder: TemporaryFolder, _ format: LogitFormat, shardBytes: Int = 500, key: String = "a"
  ) throws -> LogitCache {
    try LogitCache(
      folder: folder.path, key: String(repeating: key, count: 64), rows: rows,
      vocabulary: vocabulary, format: format, shardBytes: shardBytes)
  }

  private func check(_ cache: LogitCache, tolerance: Double) throws {
    let order = [4, 0, 6, 2]
    guard case .full(let found) = try cache.logits(of: order, time: 6, temperature: 1) else {
      Issue.record("not full")
      return
    }
    #expect(found.shape == [4, 6, vocabulary])
    for (row, example) in order.enumerated() {
      let expected = try teacher([example])
      for t in 0..<6 {
        let at = (row * 6 + t) * vocabulary
        let own = (0..<vocabulary).map { expected.floats[min(t, rows[example]) * vocabulary + $0] }
        for c in 0..<vocabulary {
          guard t < rows[example] else {
            #expect(found.floats[at + c] == 0)
            continue
          }
          let z = Double(own[c]) - Double(own.max() ?? 0)
          #expect(abs(Double(found.floats[at + c]) - z) <= tolerance * max(1, abs(z)))
        }
      }
    }
  }

  @Test func storesAllLogits() throws {
    for (precision, tolerance) in [(LogitFormat.Precision.half, 0x1p-11), (.single, 1e-6)] {
      let folder = try TemporaryFolder()
      let cache = try cache(folder, LogitFormat(precision: precision))
      #expect(!cache.isComplete && cache.progress().done == 0)
      try cache.fill(batch: 2) { try teacher($0) }
      #expect(cache.isComplete && cache.progress() == (7, 7))
      try check(cache, tolerance: tolerance)
      // Another process reads it without any teacher.
      let other = try self.cache(folder, LogitFormat(precision: precision))
      #expect(other.isComplete)
      try check(other, tolerance: tolerance)
    }
  }

  @Test func storesTheLargestWithTheMassOfTheOthers() throws {
    let folder = try TemporaryFolder()
    let cache = try cache(
      folder, LogitFormat(precision: .single, largest: 8, temperatures: [1, 2.5]))
    try cache.fill(batch: 3) { try teacher($0) }
    let objective = try Objective.hinton(temperature: 2.5)
    var random = RandomStream(seed: 6)
    let student = try Tensor.normal([2, 5, vocabulary], &random)
    let labels = try Tensor.integers([2, 5], from: 0, below: vocabulary, &random)
    let examples = [2, 5]
    let stored = try cache.logits(of: examples, time: 5, temperature: 2.5)
    let direct = try TeacherLogits.largest(
      of: teacher(examples, extra: 0), count: 8, temperature: 2.5)
    let a = try DistillationLoss.rows(student: student, teacher: stored, labels: labels, objective)
    let b = try DistillationLoss.rows(student: student, teacher: direct, labels: labels, objective)
    for row in 0..<2 {
      for t in 0..<rows[examples[row]] {
        #expect(abs(a.floats[row * 5 + t] - b.floats[row * 5 + t]) < 1e-4)
      }
    }
    // A temperature that was not listed has no tail, and says so.
    let other = try cache.logits(of: examples, time: 5, temperature: 3)
    #expect(throws: DomainError.self) {
      try DistillationLoss.rows(
        student: student, teacher: other, labels: labels, .hinton(temperature: 3))
    }
  }

  /// Interrupted, killed while writing, cut off, damaged: what is complete stays, the rest is computed again.
  @Test func resumes() throws {
    let folder = try TemporaryFolder()
    let format = try LogitFormat()
    var asked: [Int] = []
    struct Kill: Error {}
    let first = try cache(folder, format)
    #expect(throws: Kill.self) {
      try first.fill(batch: 1) {
        if asked.count == 4 { throw Kill() }
        asked += $0
        return try teacher($0)
      }
    }
    let done = first.progress().done
    #expect(done > 0 && done < 7)
    // A process that was killed while writing leaves a temporary file; its number is of no living process.
    let shards = { () throws -> [String] in
      try FileManager.default.contentsOfDirectory(atPath: first.folder)
        .filter { $0.hasPrefix("shard") }.sorted()
    }
    let left = first.folder + "/shard-000005.fairlead-part-4194303-1"
    try Data([1, 2, 3]).write(to: URL(filePath: left))
    var again: [Int] = []
    let second = try cache(folder, format)
    #expect(!FileManager.default.fileExists(atPath: left))
    try second.fill(batch: 1) {
      again += $0
      return try teacher($0)
    }
    #expect(again == Array(done..<7) && second.isComplete)
    try check(second, tolerance: 0x1p-11)
    // Cut off, one bit turned, empty, of another cache.
    let names = try shards()
    #expect(names.count >= 4)
    let damages: [(Data) -> Data] = [
      { $0.dropLast(5) },
      { data in
        var data = data
        data[data.count / 2] ^= 1
        return data
      },
      { _ in Data() },
      { data in
        var data = data
        data[20] = 98
        return data
      },
    ]
    for (name, damage) in zip(names, damages) {
      let url = URL(filePath: second.folder + "/" + name)
      let sound = try Data(contentsOf: url)
      try damage(sound).write(to: url)
      let third = try cache(folder, format)
      #expect(!third.isComplete)
      var redone = 0
      try third.fill(batch: 4) {
        redone += $0.count
        return try teacher($0)
      }
      #expect(redone > 0 && redone < 7 && third.isComplete)
      #expect(try Data(contentsOf: url) == sound)
    }
  }

  /// Whoever cuts a shard off while it is in use gets an error from it, and no crash.
  @Test func shardsThatChangeAreAnErrorOnReading() throws {
    let folder = try TemporaryFolder()
    let cache = try cache(folder, LogitFormat(), shardBytes: 1 << 20)
    try cache.fill(batch: 4) { try teacher($0) }
    _ = try cache.logits(of: [0], time: 5, temperature: 1)
    let shard = try #require(
      try FileManager.default.contentsOfDirectory(atPath: cache.folder)
        .first { $0.hasPrefix("shard") })
    let path = cache.folder + "/" + shard
    let sound = try Data(contentsOf: URL(filePath: path))
    // Written over in place: other numbers must not pass.
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.write(contentsOf: Data(repeating: 1, count: sound.count))
    #expect(throws: DomainError.self) { try cache.logits(of: [0], time: 5, temperature: 1) }
    try handle.truncate(atOffset: 0)
    #expect(throws: DomainError.self) { try cache.logits(of: [6], time: 5, temperature: 1) }
  }

  @Test func missingShardsAreAnErrorOnReading() throws {
    let folder = try TemporaryFolder()
    let cache = try cache(folder, LogitFormat())
    #expect(throws: DomainError.self) { try cache.logits(of: [0], time: 5, temperature: 1) }
    try cache.fill(batch: 4) { try teacher($0) }
    #expect(throws: DomainError.self) { try cache.logits(of: [7], time: 5, temperature: 1) }
    #expect(throws: DomainError.self) { try cache.logits(of: [2], time: 4, temperature: 1) }
  }

  @Test func fullDisks() throws {
    let folder = try TemporaryFolder()
    let cache = try cache(folder, LogitFormat())
    var asked = 0
    do {
      try cache.fill(batch: 4, room: { _ in 1000 }) {
        asked += 1
        return try teacher($0)
      }
      Issue.record("there is no room")
    } catch let error as DomainError {
      #expect(error.kind == .io && error.hint != nil && asked == 0)
    }
  }

  @Test func interruption() throws {
    let folder = try TemporaryFolder()
    let cache = try cache(folder, LogitFormat())
    var count = 0
    #expect(throws: DomainError(.interrupt, "caching the teacher's logits was interrupted")) {
      try cache.fill(
        batch: 1,
        shouldStop: {
          count += 1
          return count > 3
        }
      ) { try teacher($0) }
    }
    #expect(cache.progress().done > 0)
  }

  @Test func refusesLogitsThatAreNotFinite() throws {
    let folder = try TemporaryFolder()
    let cache = try cache(folder, LogitFormat())
    #expect(throws: DomainError.self) {
      try cache.fill(batch: 4) { try teacher($0) * .nan }
    }
    #expect(throws: DomainError.self) { try LogitFormat(largest: 0) }
    #expect(throws: DomainError.self) { try self.cache(folder, LogitFormat(largest: 51)) }
  }
}
