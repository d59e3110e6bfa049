import Foundation
import Foundations
import Learning

/// How a strategy's clients work where the server does not wait for all of them.
public struct Asynchrony: Sendable {
  /// How long clients take where no trace of devices says so.
  public enum Durations: String, Sendable, CaseIterable {
    /// Random, with mean 1 and an exponential distribution.
    case exponential
    /// All as long.
    case equal
  }

  /// How many updates a step of the server waits for.
  public let buffer: Int
  public let durations: Durations

  public init(buffer: Int, durations: Durations) {
    self.buffer = buffer
    self.durations = durations
  }

  /// What an update counts that is so many steps of the server late.
  public func weight(staleness: Int) -> Double { 1 / Double(1 + staleness).squareRoot() }
}

/// Who trains when, in simulated time: always as many clients as the simulation asks for, each from the step of the
/// server at which it began until its time is over. Depends on nothing that clients compute, so that a resumed
/// simulation runs it again from the beginning.
struct AsynchronousClock {
  /// A client that trains, or has trained.
  struct Start: Sendable, Equatable {
    let device: Int
    /// The step of the server, counted from 0, whose model it began with.
    let round: Int
  }

  private struct Running {
    let start: Start
    let end: Double
  }

  /// Chooses at most so many devices that are not in the set, in ascending order. Called several times for a round,
  /// with the number of the call from 0.
  typealias Choice = (
    _ wanted: Int, _ busy: Set<Int>, _ round: Int, _ call: Int
  ) throws -> [Int]

  private let buffer: Int
  private let concurrency: Int
  private var running: [Running] = []
  private(set) var time = 0.0
  /// Steps of the server that have been made up.
  private(set) var rounds = 0

  /// - Parameter concurrency: how many clients train at a time.
  init(buffer: Int, concurrency: Int) {
    self.buffer = buffer
    self.concurrency = concurrency
  }

  /// The clients whose updates the next step of the server takes, each device once at most, in the order of devices:
  /// fewer than the buffer holds only where there are not as many devices.
  /// - Parameter seconds: how long a client takes that begins now.
  mutating func next(choosing: Choice, seconds: (Start) throws -> Double) throws -> [Start] {
    var arrived: [Start] = []
    var calls = 0
    while arrived.count < buffer {
      if running.count < concurrency {
        let busy = Set(running.map(\.start.device) + arrived.map(\.device))
        for device in try choosing(concurrency - running.count, busy, rounds, calls) {
          let start = Start(device: device, round: rounds)
          running.append(Running(start: start, end: time + (try seconds(start))))
        }
        calls += 1
      }
      // Those who end at the same time arrive before anybody else begins.
      guard let end = running.map(\.end).min() else { break }
      time = end
      let ready = running.filter { $0.end == end }.sorted { $0.start.device < $1.start.device }
      let taken = Set(ready.prefix(buffer - arrived.count).map(\.start.device))
      arrived += ready.map(\.start).filter { taken.contains($0.device) }
      running.removeAll { taken.contains($0.start.device) }
      try Cancellation.check()
    }
    rounds += 1
    return arrived.sorted { $0.device < $1.device }
  }

  /// The steps whose models somebody still trains with.
  var versions: Set<Int> { Set(running.map(\.start.round)) }
}

extension ServerState {
  private static let past = "asynchrony.model."

  /// Keeps the model as it stands for clients that have begun with it, and drops those that nobody needs any more.
  /// Called before the server moves.
  mutating func keepModels(_ versions: Set<Int>) {
    let names = Set(versions.map { "\(ServerState.past)\($0)" })
    for name in vectors.keys where name.hasPrefix(ServerState.past) && !names.contains(name) {
      vectors[name] = nil
    }
    if versions.contains(round) { vectors["\(ServerState.past)\(round)"] = model }
  }

  /// The server as it was for a client that began at a step: with the model of then.
  func asOf(_ version: Int) throws -> ServerState {
    guard version != round else { return self }
    var state = self
    state.model = try vector("\(ServerState.past)\(version)")
    return state
  }
}
