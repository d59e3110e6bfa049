import CThreads
import Glibc
import Synchronization

/// Parallel loops over blocks. How the work is cut depends on the problem only, never on the number of threads, so that
/// results are the same bits for any number of them; threads only take blocks as they come.
public enum Parallel {
  private static let threadCount = Atomic<Int>(Int(fl_core_count()))

  /// How many threads a loop may use, the caller included. At first the cores that this process may use.
  public static var threads: Int {
    get { threadCount.load(ordering: .relaxed) }
    set { threadCount.store(max(1, min(newValue, 256)), ordering: .relaxed) }
  }

  /// Cores that this process may use.
  public static var cores: Int { Int(fl_core_count()) }

  /// Runs loops inside of `body` on this thread alone: for workers that are parallel on the outside already.
  public static func serially<R>(_ body: () throws -> R) rethrows -> R {
    fl_thread().pointee.serial += 1
    defer { fl_thread().pointee.serial -= 1 }
    return try body()
  }

  /// Cuts `0..<count` into blocks of `size` (the last may be shorter) and calls `body` once for each, on several
  /// threads where there are several blocks. Blocks run in any order; a nested call runs inline. Abandoned work leaves
  /// blocks out.
  @inlinable
  public static func blocks(_ count: Int, size: Int, _ body: (Range<Int>) -> Void) {
    guard count > 0 else { return }
    if count <= size {
      body(0..<count)
      return
    }
    if fl_thread().pointee.serial > 0 || threads == 1 {
      var start = 0
      while start < count, !isAbandoned {
        body(start..<min(start + size, count))
        start += size
      }
      return
    }
    spread(count, size, body)
  }

  /// Calls `body(i)` for each `i` in `0..<count`, each its own block.
  @inlinable
  public static func each(_ count: Int, _ body: (Int) -> Void) {
    blocks(count, size: 1) { for i in $0 { body(i) } }
  }

  @usableFromInline
  static func spread(_ count: Int, _ size: Int, _ body: (Range<Int>) -> Void) {
    withoutActuallyEscaping(body) { body in
      var job = Job(count: count, size: size, body: body, helpersAllowed: threads - 1)
      withUnsafeMutablePointer(to: &job) { ThreadPool.shared.run($0) }
    }
  }
}

/// One loop in progress; lives on its caller's stack until the caller has seen the last helper leave.
private struct Job: ~Copyable {
  let count: Int
  let size: Int
  let body: (Range<Int>) -> Void
  let helpersAllowed: Int
  /// Of its caller, see `AbandonableWork`.
  let abandonable = fl_thread().pointee.finishing > 0 ? nil : fl_thread().pointee.abandonable
  let blockCount: Int
  let next = Atomic<Int>(0)
  /// Helpers that ever joined; guarded by the pool's lock.
  var joined = 0
  /// Where it stands in the pool's table.
  var slot = 0

  init(count: Int, size: Int, body: @escaping (Range<Int>) -> Void, helpersAllowed: Int) {
    self.count = count
    self.size = size
    self.body = body
    self.helpersAllowed = helpersAllowed
    blockCount = (count + size - 1) / size
  }

  borrowing func work() {
    while true {
      let block = next.add(1, ordering: .relaxed).oldValue
      guard block < blockCount, !Parallel.isAbandoned else { return }
      let start = block * size
      body(start..<min(start + size, count))
    }
  }
}

/// Threads that live as long as the process. An idle one spins for some microseconds and then sleeps.
private final class ThreadPool: @unchecked Sendable {
  static let shared = ThreadPool()
  private static let spins = 2000
  private static let slotCount = 64

  // Invariant: `slots`, `taken`, `used` and `started` are touched with `lock` held only.
  private let lock = Mutex(())
  private let slots: UnsafeMutablePointer<UnsafeMutablePointer<Job>?>
  /// A slot is taken until its last helper has left, longer than its job can be joined.
  private let taken: UnsafeMutablePointer<Bool>
  private var used = 0
  private var started = 0
  /// Grows with each posted job; idle threads sleep on it.
  private let epoch: UnsafeMutablePointer<Atomic<UInt32>>
  private let sleepers = Atomic<Int>(0)
  /// For each slot the helpers at work on its job now; a caller sleeps on its own.
  private let helpers: UnsafeMutablePointer<Atomic<UInt32>>

  private init() {
    slots = .allocate(capacity: ThreadPool.slotCount)
    slots.initialize(repeating: nil, count: ThreadPool.slotCount)
    taken = .allocate(capacity: ThreadPool.slotCount)
    taken.initialize(repeating: false, count: ThreadPool.slotCount)
    epoch = .allocate(capacity: 1)
    epoch.initialize(to: Atomic(0))
    helpers = .allocate(capacity: ThreadPool.slotCount)
    for i in 0..<ThreadPool.slotCount { (helpers + i).initialize(to: Atomic(0)) }
  }

  func run(_ job: UnsafeMutablePointer<Job>) {
    fl_thread().pointee.serial += 1
    defer { fl_thread().pointee.serial -= 1 }
    var slot = -1
    lock.withLock { _ in
      while started < job.pointee.helpersAllowed,
        BackgroundThread.start({ ThreadPool.shared.help() })
      { started += 1 }
      for i in 0..<ThreadPool.slotCount where !taken[i] {
        taken[i] = true
        slots[i] = job
        job.pointee.slot = i
        slot = i
        used = max(used, i + 1)
        break
      }
    }
    guard slot >= 0 else {
      // More callers than slots: there is no idle thread to be won anyway.
      job.pointee.work()
      return
    }
    epoch.pointee.add(1, ordering: .sequentiallyConsistent)
    let asleep = sleepers.load(ordering: .sequentiallyConsistent)
    if asleep > 0 {
      let wanted = min(asleep, job.pointee.helpersAllowed, job.pointee.blockCount - 1)
      fl_futex_wake(epoch, Int32(wanted))
    }
    job.pointee.work()
    // Nobody may join any more; wait for those who did.
    lock.withLock { _ in slots[slot] = nil }
    var spins = 0
    while true {
      let busy = helpers[slot].load(ordering: .acquiring)
      if busy == 0 { break }
      spins += 1
      if spins < ThreadPool.spins {
        fl_pause()
      } else {
        fl_futex_wait(helpers + slot, busy)
      }
    }
    lock.withLock { _ in
      taken[slot] = false
      while used > 0, !taken[used - 1] { used -= 1 }
    }
  }

  private func help() {
    fl_thread().pointee.serial = 1
    while true {
      let seen = epoch.pointee.load(ordering: .sequentiallyConsistent)
      if let job = join() {
        let slot = job.pointee.slot
        fl_thread().pointee.abandonable = job.pointee.abandonable
        job.pointee.work()
        fl_thread().pointee.abandonable = nil
        leave(slot)
        continue
      }
      var spins = 0
      while epoch.pointee.load(ordering: .relaxed) == seen {
        spins += 1
        if spins < ThreadPool.spins {
          fl_pause()
        } else {
          sleepers.add(1, ordering: .sequentiallyConsistent)
          fl_futex_wait(epoch, seen)
          sleepers.subtract(1, ordering: .sequentiallyConsistent)
        }
      }
    }
  }

  private func join() -> UnsafeMutablePointer<Job>? {
    lock.withLock { _ in
      for i in 0..<used {
        guard let job = slots[i], job.pointee.joined < job.pointee.helpersAllowed,
          job.pointee.next.load(ordering: .relaxed) < job.pointee.blockCount
        else { continue }
        job.pointee.joined += 1
        helpers[i].add(1, ordering: .relaxed)
        return job
      }
      return nil
    }
  }

  /// The job's memory may vanish as soon as the count is zero.
  private func leave(_ slot: Int) {
    if helpers[slot].subtract(1, ordering: .releasing).newValue == 0 {
      fl_futex_wake(helpers + slot, 1)
    }
  }
}
