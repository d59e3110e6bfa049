import Federated
import Foundations
import Runtime
import Tables

/// What federated analytics are of: a list of the values of each device, or devices of `fed.partition` with one value
/// an example. How many devices there are is public; their values are looked at after the charge only.
struct DeviceValues: Bindable {
  static let typeName = "devices or list of lists"

  private enum Form {
    case lists([Value])
    case devices(DeviceSet)
  }
  private let form: Form
  private let value: Value

  static func decode(_ value: Value, _ vm: VM) throws -> DeviceValues? {
    if let set = try DeviceSet.decode(value, vm) {
      return DeviceValues(form: .devices(set), value: value)
    }
    guard ListObject.decode(value, vm) != nil, let lists = try vm.elements(of: value) else {
      return nil
    }
    return DeviceValues(form: .lists(lists), value: value)
  }

  func encode(_ vm: VM) -> Value { value }

  var count: Int {
    switch form {
    case .lists(let lists): lists.count
    case .devices(let set): set.count
    }
  }

  /// - Throws: `value` where values are given beside lists that hold them.
  func check(_ values: PrivateData?) throws {
    if case .lists = form, values != nil {
      throw Fault(
        .value, "`values` are of the examples of `fed.partition`'s devices: lists hold their own")
    }
  }

  /// The values of each device; missing ones are left out.
  /// - Parameter values: one for each example of devices; nil: their classes.
  func cells(_ values: PrivateData?, _ vm: VM) throws -> [[Cell]] {
    switch form {
    case .lists(let lists):
      return try lists.enumerated().map { place, list in
        guard let data = try PrivateData.decode(list, vm), data.table == nil else {
          throw Fault(
            .type, "device \(place) has \(Representation.described(list)), not a list of values"
          ).atArgument(0)
        }
        let series = try data.items(vm)
        return (0..<series.count).filter { !series.isMissing($0) }.map { series[$0] }
      }
    case .devices(let set):
      let all: [Cell?]
      if let values {
        let series = try values.items(vm)
        all = (0..<series.count).map { series.isMissing($0) ? nil : series[$0] }
      } else if let classes = set.classes {
        all = classes.map { .int(Int($0)) }
      } else {
        throw Fault(
          .value, "these examples have no classes: say what to count with `values`, one an example")
      }
      guard all.count == set.source.count else {
        throw Fault(
          .value, "there are \(all.count) `values` for \(set.source.count) examples of the devices")
      }
      return (0..<set.count).map { device in set.examples(device).compactMap { all[Int($0)] } }
    }
  }
}
