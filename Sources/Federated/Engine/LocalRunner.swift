import Foundations
import Learning
import Synchronization
import Tensors

/// Computes the clients of a round on threads of this process, one model a worker.
///
/// The cohort, in the order of keys, is cut into blocks whose number depends on the cohort and the model alone. A
/// worker takes a block at a time, the one with the most examples first, and sums its clients in order; then the blocks
/// are summed in order. So neither the number of workers nor who is faster changes a bit.
final class LocalRunner: RoundRunner {
  private let workers: [ClientWork]
  private var blocks: [RoundBlock] = []

  /// Partial sums of a round at most.
  private static let mostBlocks = 32
  /// Partial sums that a round has even where that leaves a client or less for each: workers need something to share.
  private static let fewestBlocks = 16
  /// Numbers that all partial sums together may have, but for two.
  private static let mostNumbers = 1 << 28

  /// - Parameter workers: one for each client that is computed at once.
  init(_ workers: [ClientWork]) { self.workers = workers }

  func run(_ work: RoundWork) throws -> RoundOutcome {
    cut(work)
    let order = blocks.indices.sorted {
      (blocks[$1].examples, $0) < (blocks[$0].examples, $1)
    }
    let queue = BlockQueue(work.clients.count)
    let used = min(workers.count, order.count)
    if used <= 1 {
      serve(workers[0], order, queue, work)
    } else {
      Parallel.each(used) { worker in
        Parallel.serially {
          // What can be stopped on the thread that waits for this one can be stopped here as well.
          Cancellation.when(work.shouldStop) { serve(workers[worker], order, queue, work) }
        }
      }
    }
    if let failure = blocks.compactMap(\.failure).min(by: { $0.client < $1.client }) {
      throw failure.error
    }
    return try outcome(work)
  }

  private func cut(_ work: RoundWork) {
    let count = work.clients.count
    let most = max(2, LocalRunner.mostNumbers / max(1, work.server.model.count))
    // Every partial sum is one more to be added up: two clients share one.
    let wanted = max(LocalRunner.fewestBlocks, count / 2)
    let number = min(count, wanted, LocalRunner.mostBlocks, most)
    while blocks.count < number { blocks.append(RoundBlock()) }
    blocks.removeLast(blocks.count - number)
    for (index, block) in blocks.enumerated() {
      block.begin(work, index * count / number..<(index + 1) * count / number)
    }
  }

  private func serve(
    _ worker: ClientWork, _ order: [Int], _ queue: BlockQueue, _ work: RoundWork
  ) {
    while let turn = queue.take(order.count) { blocks[order[turn]].run(work, worker, queue) }
  }

  private func outcome(_ work: RoundWork) throws -> RoundOutcome {
    var outcome = RoundOutcome(
      clients: blocks.flatMap(\.clients), failures: blocks.flatMap(\.left), sum: nil,
      updates: blocks.flatMap(\.updates))
    for block in blocks { block.release() }
    guard work.sums, let first = blocks.firstIndex(where: { $0.sum.clients > 0 }) else {
      return outcome
    }
    try blocks[first].sum.add(blocks[(first + 1)...].map(\.sum))
    let (clients, examples) = (blocks[first].sum.clients, blocks[first].sum.examples)
    // Weights were relative to all that were asked; now it is known who came through.
    let factor: Double =
      switch work.weighting {
      case .samples: Double(work.examples) / Double(examples)
      case .equal: Double(work.clients.count) / Double(clients)
      case .sum: 1
      }
    if factor != 1 { try blocks[first].sum.scale(by: factor) }
    let sum = blocks[first].sum
    outcome.sum = RoundSum(
      vectors: sum.vectors, numbers: sum.numbers, clients: sum.clients, examples: sum.examples)
    return outcome
  }
}

/// Which block is next, and from which client on nothing needs to be computed.
private final class BlockQueue: Sendable {
  private let next = Atomic<Int>(0)
  private let limit: Atomic<Int>

  init(_ clients: Int) { limit = Atomic(clients) }

  func take(_ count: Int) -> Int? {
    let turn = next.add(1, ordering: .relaxed).oldValue
    return turn < count ? turn : nil
  }

  /// The first client, in the order of keys, that has failed: those before it are still computed, so that the same one
  /// is told of however threads run.
  var firstFailure: Int { limit.load(ordering: .relaxed) }
  func fail(_ client: Int) { limit.min(client, ordering: .relaxed) }
}

/// Some clients of a round, one after the other in the order of keys. One worker is at it at a time.
private final class RoundBlock {
  private var range = 0..<0
  private(set) var examples = 0
  var sum = BlockSum()
  private(set) var clients: [RoundOutcome.Client] = []
  private(set) var left: [(key: DeviceKey, message: String)] = []
  private(set) var updates: [ClientUpdate] = []
  private(set) var failure: (client: Int, error: any Error)?
  /// All examples of the round, and its clients.
  private var total = (examples: 0, clients: 0)

  func begin(_ work: RoundWork, _ range: Range<Int>) {
    self.range = range
    examples = work.clients[range].reduce(0) { $0 + $1.examples.count }
    total = (work.examples, work.clients.count)
    sum.begin()
    release()
    failure = nil
  }

  /// Lets go of what the round's end has taken; the memory of the sum stays.
  func release() {
    clients.removeAll(keepingCapacity: true)
    left.removeAll(keepingCapacity: true)
    updates.removeAll(keepingCapacity: true)
  }

  func run(_ work: RoundWork, _ worker: ClientWork, _ queue: BlockQueue) {
    for index in range where index < queue.firstFailure {
      let client = work.clients[index]
      do {
        if work.shouldStop() { throw DomainError(.interrupt, "interrupted") }
        if let (update, state) = try worker.update(client, work) {
          try add(update, state, client, work)
          if !work.holdsUpdates { worker.recycle(update) }
        }
      } catch {
        // What a script's function throws is the script's business.
        if work.skipsFailures, let error = error as? DomainError, error.kind != .interrupt {
          left.append((client.key, error.message))
          continue
        }
        failure = (index, error.of(client.key, work.server.round))
        queue.fail(index)
        return
      }
    }
  }

  private func add(
    _ update: ClientUpdate, _ state: [String: ParameterVector], _ client: RoundWork.Client,
    _ work: RoundWork
  ) throws {
    if work.holdsUpdates { updates.append(update) }
    if work.sums {
      let weight: Double =
        switch work.weighting {
        case .samples: Double(update.examples) / Double(total.examples)
        case .equal: 1 / Double(total.clients)
        case .sum: 1
        }
      try sum.add(update, weight: weight * client.factor)
    }
    clients.append(
      RoundOutcome.Client(
        device: client.device, examples: update.examples, steps: update.steps, loss: update.loss,
        bytes: update.byteCount, state: state, factor: client.factor))
  }
}

extension Error {
  /// The same with whose it was; an interrupt, and what is no error of a domain, stay as they are.
  fileprivate func of(_ key: DeviceKey, _ round: Int) -> any Error {
    guard let error = self as? DomainError, error.kind != .interrupt else { return self }
    return DomainError(
      error.kind, "device \(key) failed in round \(round + 1): \(error.message)", hint: error.hint)
  }
}
