import Foundations
import Learning

/// A source of examples that have an order of their own, as by the time at which they were made.
public protocol OrderedSource: BatchSource {
  /// A number for each example that grows with its value in `column`; equal values have equal ones.
  /// - Throws: `key` where there is no such column, `value` where its values have no order.
  func ranks(by column: String) throws -> [Int32]
}

/// Examples that arrive period by period, as Dupuy et al. simulate it ("Learnings from Federated Learning in the Real
/// World", ICASSP 2022, arXiv 2202.03925): each device's examples are cut into as many parts as there are periods, of
/// which the first ones are larger by one where their number does not divide. A policy says which of those that have
/// arrived the device still holds.
public struct ContinualSetting: DataSetting {
  /// What of the arrived examples stays.
  public enum Keep: Sendable, Equatable {
    case all
    /// Those of the last so many periods.
    case window(Int)
    /// The last so many examples.
    case fifo(Int)
    /// Those of the running period alone.
    case delete
  }

  public let periods: Int
  public let keep: Keep
  /// The column in whose order examples arrive; nil: as they stand.
  public let order: String?
  /// The members of all devices in the order of arrival, where that is not theirs, and where each device's begin: those
  /// of devices that were forgotten meanwhile are still among them.
  private var arrived: (members: [Int32], offsets: [Int])?

  /// - Throws: `value` for less than one period, or a policy that keeps less than one.
  public init(periods: Int, keep: Keep = .all, order: String? = nil) throws {
    guard periods >= 1 else {
      throw DomainError(.value, "`periods` must be at least 1, got \(periods)")
    }
    switch keep {
    case .window(let count) where count < 1:
      throw DomainError(.value, "`window` must be at least 1 period, got \(count)")
    case .fifo(let count) where count < 1:
      throw DomainError(.value, "`cap` must be at least 1 example, got \(count)")
    default: break
    }
    self.periods = periods
    self.keep = keep
    self.order = order
  }

  public var fingerprint: String {
    let policy =
      switch keep {
      case .all: "\"all\""
      case .window(let count): "\"window\", window: \(count)"
      case .fifo(let count): "\"fifo\", cap: \(count)"
      case .delete: "\"delete\""
      }
    let column = order.map { ", order: \(Quoting.literal($0))" } ?? ""
    return "continual(periods: \(periods), keep: \(policy)\(column))"
  }

  public func prepared(for devices: DeviceSet) throws -> any DataSetting {
    guard let order else { return self }
    guard let source = devices.source as? any OrderedSource else {
      throw DomainError(.key, "these examples have no column `\(order)` to be ordered by")
    }
    let ranks = try source.ranks(by: order)
    var setting = self
    var arrived = devices.members
    for device in 0..<devices.count {
      try Cancellation.check(turn: device)
      let range = devices.offsets[device]..<devices.offsets[device + 1]
      // Of equal rank, the one that stands first comes first.
      let sorted = devices.members[range].sorted {
        (ranks[Int($0)], $0) < (ranks[Int($1)], $1)
      }
      arrived.replaceSubrange(range, with: sorted)
    }
    setting.arrived = (arrived, devices.offsets)
    return setting
  }

  /// Rounds are spread evenly over periods.
  public func period(of round: Int, rounds: Int) -> Int {
    guard rounds > 0 else { return 0 }
    let (product, overflow) = round.multipliedReportingOverflow(by: periods)
    let period = overflow ? Int(Double(round) / Double(rounds) * Double(periods)) : product / rounds
    return min(max(0, period), periods - 1)
  }

  /// Of a device's examples in the order of arrival those that it holds, as places from 0.
  func held(of count: Int, period: Int) -> Range<Int> {
    let end = start(of: period + 1, count)
    switch keep {
    case .all: return 0..<end
    case .window(let window):
      return start(of: max(0, period + 1 - min(window, periods)), count)..<end
    case .fifo(let cap): return max(0, end - cap)..<end
    case .delete: return start(of: period, count)..<end
    }
  }

  /// Where a period's part begins.
  private func start(of period: Int, _ count: Int) -> Int {
    let period = min(period, periods)
    return count / periods * period + min(period, count % periods)
  }

  public func examples(of device: Int, in devices: DeviceSet, period: Int) -> ArraySlice<Int32> {
    let range = held(of: devices.size(device), period: period)
    let offset = (arrived?.offsets ?? devices.offsets)[device]
    return (arrived?.members ?? devices.members)[
      (offset + range.lowerBound)..<(offset + range.upperBound)]
  }

  public func size(of device: Int, in devices: DeviceSet, period: Int) -> Int {
    held(of: devices.size(device), period: period).count
  }
}
