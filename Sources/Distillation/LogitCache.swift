import Files
import Foundations
import Learning
import Synchronization
import Tensors

/// A teacher's targets on disk, so that a sweep pays for the teacher once, and teacher and student need not be in
/// memory together.
///
/// A cache is a folder named by a hash of everything that its numbers depend on: the teacher's weights, the tokenizer
/// and the texts, the perturbation, the format. Its `index.json` says so in words, and how the examples are cut into
/// shards; each shard is one file, written under a temporary name and renamed. A process may be killed at any moment:
/// what is complete stays, the rest is computed when it is filled next. A shard that is cut off or damaged is found by
/// its checksum and computed again.
public final class LogitCache: @unchecked Sendable {
  // Invariant: `shards` is touched with its lock held only.
  public let folder: String
  public let format: LogitFormat
  /// The name of the folder.
  public let key: String
  let record: LogitRecord
  /// Positions of each example.
  private let rows: [Int]
  private let layout: [LogitShard]
  /// The first example of each shard, and one more.
  private let starts: [Int]
  private let shards: Mutex<ShardFiles>
  /// Shards are read on threads that have no door of their own.
  private let door = Door.current

  private struct ShardFiles {
    /// What was looked at and found sound.
    var sound: [FileVersion?]
    /// The files that were opened last: a process may have some hundreds open.
    var open: [(number: Int, file: OpenedFile)] = []
    static let mostOpen = 32
  }

  /// The aim for the size of a shard: what a kill loses at most, and what is in memory while filling.
  static let shardBytes = 32 << 20

  /// The cache of one teacher and one corpus below `folder`; it may be empty, partly filled or complete.
  ///
  /// - Throws: `io` where the folder cannot be made or written to; `limit` where it would be larger than any disk.
  public convenience init(
    folder: String, teacher: Layer, perturbation: TeacherPerturbation = .none,
    corpus: DistillationCorpus, vocabulary: Int, format: LogitFormat
  ) throws {
    var hash = FingerprintWriter("teacher logits 1")
    var ofTeacher = FingerprintWriter("teacher")
    try ofTeacher.add(teacher)
    let weights = ofTeacher.fingerprint.description
    hash.add(weights)
    hash.add(corpus.fingerprint)
    hash.add(perturbation.fingerprint)
    hash.add(format.fingerprint)
    hash.add(String(vocabulary))
    try self.init(
      folder: folder, key: hash.fingerprint.description, rows: corpus.texts.map(\.positionCount),
      vocabulary: vocabulary, format: format,
      about: [
        ("teacher", weights), ("corpus", corpus.fingerprint),
        ("perturbation", perturbation.fingerprint),
      ])
  }

  init(
    folder: String, key: String, rows: [Int], vocabulary: Int, format: LogitFormat,
    about: [(String, String)] = [], shardBytes: Int = LogitCache.shardBytes
  ) throws {
    let record = try LogitRecord(format, vocabulary: vocabulary)
    var starts = [0]
    var size = 0
    for (example, count) in rows.enumerated() {
      let (bytes, overflow) = count.multipliedReportingOverflow(by: record.byteCount)
      guard !overflow, bytes < 1 << 40 else {
        throw DomainError(
          .limit, "example \(example) needs \(count) records: too large for a cache")
      }
      if size > 0, size + bytes > shardBytes {
        starts.append(example)
        size = 0
      }
      size += bytes
    }
    if rows.count > 0 { starts.append(rows.count) }
    layout = starts.indices.dropLast().map {
      LogitShard(
        key: key, number: $0, rows: Array(rows[starts[$0]..<starts[$0 + 1]]),
        recordBytes: record.byteCount)
    }
    self.folder = folder + (folder.hasSuffix("/") ? "" : "/") + key
    self.key = key
    self.format = format
    self.record = record
    self.rows = rows
    self.starts = starts
    shards = Mutex(ShardFiles(sound: Array(repeating: nil, count: layout.count)))
    try Folder.make(self.folder)
    Folder.removeAbandoned(in: self.folder)
    try writeIndex(vocabulary, about)
  }

  /// How many examples have their logits on disk, and how many there are; opens and checks every shard that was not
  /// yet.
  public func progress() -> (done: Int, of: Int) {
    let done = layout.indices.reduce(0) { $0 + (open($1) == nil ? 0 : layout[$1].rows.count) }
    return (done, rows.count)
  }

  public var isComplete: Bool { layout.indices.allSatisfy { open($0) != nil } }
  /// Bytes of all shards when complete.
  public var byteCount: Int { layout.reduce(0) { $0 + $1.byteCount } }

  // MARK: Filling

  /// Computes what is missing.
  ///
  /// - Parameters:
  ///   - teacher: its target logits for a batch of the corpus.
  ///   - batch: examples in memory at a time; fewer where a shard is smaller.
  ///   - onProgress: examples done and in all.
  ///   - shouldStop: asked between batches; true throws an interrupt, and what is complete stays.
  /// - Throws: `io` where there is not room enough, before the teacher runs, or the disk fills up meanwhile.
  public func fill(
    from corpus: DistillationCorpus, teacher: LiveTeacher, batch: Int = 16,
    onProgress: (_ done: Int, _ of: Int) throws -> Void = { _, _ in },
    shouldStop: () -> Bool = { false }
  ) throws {
    try fill(
      batch: batch, onProgress: onProgress, shouldStop: shouldStop, room: Folder.freeBytes
    ) { try teacher.logits(for: corpus.batch($0)) }
  }

  /// `compute` gives logits [examples, positions, vocabulary]; positions behind an example's own are not read.
  func fill(
    batch: Int, onProgress: (Int, Int) throws -> Void = { _, _ in },
    shouldStop: () -> Bool = { false }, room: (String) -> Int? = { _ in nil },
    compute: ([Int]) throws -> Tensor
  ) throws {
    let missing = layout.indices.filter { open($0) == nil }
    let needed = missing.reduce(0) { $0 + layout[$1].byteCount }
    if let free = room(folder), free < needed {
      throw DomainError(
        .io,
        "the teacher's logits need \(megabytes(needed)) MB more in \(folder), which has room for \(megabytes(free)) MB",
        hint: "keep the largest logits only (`largest: 64`), or give another folder")
    }
    var done = rows.count - missing.reduce(0) { $0 + layout[$1].rows.count }
    try onProgress(done, rows.count)
    for number in missing {
      try make(number, batch: max(1, batch), shouldStop: shouldStop, compute: compute)
      done += layout[number].rows.count
      try onProgress(done, rows.count)
    }
  }

  private func megabytes(_ bytes: Int) -> Int { bytes / 1_000_000 + 1 }

  private func make(
    _ number: Int, batch: Int, shouldStop: () -> Bool, compute: ([Int]) throws -> Tensor
  ) throws {
    let shard = layout[number]
    let storage = try Storage(byteCount: max(1, shard.payloadBytes))
    var offset = 0
    let examples = Array(starts[number]..<starts[number + 1])
    for start in stride(from: 0, to: examples.count, by: batch) {
      if shouldStop() {
        throw DomainError(.interrupt, "caching the teacher's logits was interrupted")
      }
      let part = Array(examples[start..<min(start + batch, examples.count)])
      let logits = try compute(part)
      guard logits.rank == 3, logits.shape[0] == part.count, logits.shape[2] == record.vocabulary,
        part.allSatisfy({ rows[$0] <= logits.shape[1] })
      else {
        throw DomainError(
          .shape,
          "the teacher gave logits \(logits.shape), the cache is for \(record.vocabulary) tokens")
      }
      let time = logits.shape[1]
      let wanted = part.enumerated().flatMap { row, example in
        (0..<rows[example]).map { row * time + $0 }
      }
      try record.encode(logits, rows: wanted, to: storage.pointer + offset)
      offset += wanted.count * record.byteCount
    }
    try shard.write(
      UnsafeRawBufferPointer(start: storage.pointer, count: shard.payloadBytes),
      to: path(number))
    guard open(number) != nil else {
      throw DomainError(
        .io, "\(path(number)) was written but does not read back", hint: "check the disk")
    }
  }

  private func path(_ number: Int) -> String {
    let digits = String(number)
    return folder + "/shard-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
  }

  /// The shard's file; nil where it is not there in full.
  private func open(_ number: Int) -> OpenedFile? {
    let (known, opened) = shards.withLock { shards in
      (shards.sound[number], shards.open.first { $0.number == number }?.file)
    }
    if let opened, (try? opened.requireUnchanged()) != nil { return opened }
    // What cannot be read is not there: computing it anew says what is wrong where it still is.
    guard let file = try? layout[number].open(path(number), door, known: known) else { return nil }
    shards.withLock { shards in
      shards.sound[number] = file.version
      shards.open.removeAll { $0.number == number }
      if shards.open.count == ShardFiles.mostOpen { shards.open.removeFirst() }
      shards.open.append((number, file))
    }
    return file
  }

  private func writeIndex(_ vocabulary: Int, _ about: [(String, String)]) throws {
    var lines = about.map { "  \"\($0.0)\": \"\($0.1)\"," }
    lines += [
      "  \"format\": \"\(format.fingerprint)\",", "  \"vocabulary\": \(vocabulary),",
      "  \"examples\": \(rows.count),", "  \"positions\": \(rows.reduce(0, +)),",
      "  \"bytes_per_position\": \(record.byteCount),",
      "  \"first_example_of_each_shard\": [\(starts.dropLast().map(String.init).joined(separator: ", "))]",
    ]
    try AtomicFile.write(
      folder + "/index.json", ("{\n" + lines.joined(separator: "\n") + "\n}\n").utf8)
  }

  // MARK: Reading

  /// Where the records of an example begin, and how many there are.
  struct Place {
    fileprivate let cache: LogitCache
    fileprivate let shard: Int
    fileprivate let offset: Int
    let rows: Int
  }

  /// - Throws: `index` or `shape` where there is no such example or it is longer than `time`, `data` where its shard is
  ///   missing.
  func place(of example: Int, time: Int) throws(DomainError) -> Place {
    guard rows.indices.contains(example) else {
      throw DomainError(
        .index, "example \(example) is not one of the \(rows.count) in the cache \(folder)")
    }
    guard rows[example] <= time else {
      throw DomainError(
        .shape, "example \(example) has \(rows[example]) positions, the batch \(time)")
    }
    var low = 0
    var high = layout.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if starts[middle] <= example { low = middle } else { high = middle - 1 }
    }
    guard open(low) != nil else { throw missing(example) }
    let before = layout[low].rows[..<(example - starts[low])].reduce(0, +)
    return Place(
      cache: self, shard: low, offset: layout[low].recordOffset + before * record.byteCount,
      rows: rows[example])
  }

  private func missing(_ example: Int) -> DomainError {
    DomainError(
      .data, "the cache \(folder) has no logits for example \(example) yet, or they are damaged",
      hint: "fill it again: what is complete is not computed twice")
  }

  /// Reads a part of a shard.
  ///
  /// - Throws: `data` where it is not what it was when it was looked at, `io` where it cannot be read.
  fileprivate func read(
    shard: Int, from offset: Int, _ count: Int, into target: UnsafeMutableRawPointer
  ) throws(DomainError) {
    guard let file = open(shard) else { throw missing(starts[shard]) }
    let isWhole = try file.read(from: offset, count, into: target)
    try file.requireUnchanged()
    guard isWhole else { throw missing(starts[shard]) }
  }

  /// The stored logits of examples, padded to `time` positions with zeros.
  func logits(of examples: [Int], time: Int, temperature: Double) throws -> TeacherLogits {
    try record.logits(
      at: examples.map { try place(of: $0, time: time) }, time: time, temperature: temperature)
  }
}

extension LogitRecord {
  /// The logits of examples, padded to `time` positions with zeros.
  func logits(at places: [LogitCache.Place], time: Int, temperature: Double) throws
    -> TeacherLogits
  {
    let count = places.count
    let values = try Tensor.uninitialized([count, time, kept])
    guard format.largest != nil else {
      try each(places, time: time) { record, row in
        let to = values.floats + row * kept
        if let record { readValues(record, to: to) } else { to.update(repeating: 0, count: kept) }
      }
      return .full(values)
    }
    let ids = try Tensor.uninitialized([count, time, kept], .i32)
    let number = format.temperatures.firstIndex(of: temperature)
    let tails = try number.map { _ in try Tensor.uninitialized([count, time]) }
    try each(places, time: time) { record, row in
      let to = values.floats + row * kept
      let names = ids.pointer(Int32.self) + row * kept
      guard let record else {
        to.update(repeating: 0, count: kept)
        names.update(repeating: 0, count: kept)
        tails?.floats[row] = 0
        return
      }
      readValues(record, to: to)
      readIDs(record, to: names)
      if let number, let tails { tails.floats[row] = tail(record, number) }
    }
    return .largest(ids: ids, values: values, tails: tails)
  }

  /// Calls `body` with each position's record (nil for padding) and its row.
  ///
  /// - Throws: `io` and `data` where a shard cannot be read, or is not what it was when it was opened.
  private func each(
    _ places: [LogitCache.Place], time: Int, _ body: (UnsafeRawPointer?, Int) -> Void
  ) throws {
    let problem = Mutex<DomainError?>(nil)
    Parallel.blocks(places.count * time, size: RowBlock.size(kept)) { rows in
      let records = UnsafeMutableRawPointer.allocate(
        byteCount: rows.count * byteCount, alignment: 16)
      defer { records.deallocate() }
      var row = rows.lowerBound
      while row < rows.upperBound {
        let place = places[row / time]
        let t = row % time
        guard t < place.rows else {
          body(nil, row)
          row += 1
          continue
        }
        // The block's rows of this example lie one behind the other.
        let count = min(place.rows - t, rows.upperBound - row)
        do throws(DomainError) {
          try place.cache.read(
            shard: place.shard, from: place.offset + t * byteCount, count * byteCount,
            into: records)
        } catch {
          return problem.withLock { $0 = error }
        }
        for i in 0..<count { body(records + i * byteCount, row + i) }
        row += count
      }
    }
    if let problem = problem.withLock({ $0 }) { throw problem }
  }
}
