/// What data a device holds in a round: all of them from the start (`StaticSetting`), or samples that arrive by period
/// and are deleted by a policy.
public protocol DataSetting: Sendable {
  /// Everything that decides what it does, in words.
  var fingerprint: String { get }
  /// The setting for these devices: what it needs to know of all examples is found here, once before the first round.
  func prepared(for devices: DeviceSet) throws -> any DataSetting
  /// The period of a round, both counted from 0.
  func period(of round: Int, rounds: Int) -> Int
  /// The numbers of the examples that the device holds in a period, in the order of arrival.
  func examples(of device: Int, in devices: DeviceSet, period: Int) -> ArraySlice<Int32>
  /// How many they are, which the selection by activity asks of every device.
  func size(of device: Int, in devices: DeviceSet, period: Int) -> Int
}

extension DataSetting {
  public func prepared(for devices: DeviceSet) throws -> any DataSetting { self }
}

/// Every device holds all of its examples from the first round on.
public struct StaticSetting: DataSetting {
  public init() {}
  public var fingerprint: String { "static" }
  public func period(of round: Int, rounds: Int) -> Int { 0 }
  public func examples(of device: Int, in devices: DeviceSet, period: Int) -> ArraySlice<Int32> {
    devices.examples(device)
  }
  public func size(of device: Int, in devices: DeviceSet, period: Int) -> Int {
    devices.size(device)
  }
}
