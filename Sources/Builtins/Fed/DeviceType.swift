import Federated
import Foundations
import Runtime
import Tables
import Tensors

/// Devices with their examples, in a script.
extension DeviceSet: NativeValue {
  public static let nativeType = NativeType<DeviceSet>(
    "devices", "Devices that hold examples: what `fed.simulate` trains on."
  ) { type in
    type.representation = { set, _ in set.summary }
    type.transfer = .copy { DeviceSet(copying: $0) }
    type.hasContent()
    type.byteCount = { $0.members.count * 4 + $0.offsets.count * 8 + ($0.keys?.count ?? 0) * 32 }
    type.equals = { $0 === $1 }
    type.length = { $0.leftCount }
    type.index = DeviceBuiltins.item
    type.iterate = { set, _ in
      var next = 0
      return IteratorObject("devices") { vm in
        guard next < set.leftCount else { return nil }
        next += 1
        return vm.box(Device(set: set, place: set.place(ofLeft: next - 1)))
      }
    }
    type.contains = { set, value, vm in
      try DeviceKey(Cell(value, vm)).map { set.place(of: $0) != nil } ?? false
    }
    type.field("keys", "What the devices are called, in order.") { set in
      set.places.map { set.key($0).cell }
    }
    type.field("sizes", "How many examples each device holds.") { set in
      set.places.map(set.size)
    }
    type.methods(DeviceBuiltins.methods)
  }

  /// One line: how many devices, how many examples.
  var summary: String {
    let sizes = places.map(size)
    let devices = NumberText.counted(sizes.count, "device", "devices")
    let total = NumberText.counted(sizes.reduce(0, +), "example", "examples")
    guard let least = sizes.min(), let most = sizes.max() else { return "\(devices)" }
    let each =
      least == most
      ? NumberText.grouped(least) : "\(NumberText.grouped(least)) to \(NumberText.grouped(most))"
    return "\(devices) with \(total), \(each) each"
  }

  /// The examples of one device, as scripts and training take them.
  func part(_ place: Int) throws -> DeviceExamples {
    guard let source = source as? DeviceExamples else {
      throw Fault(.value, "these devices were not made by `fed.partition`")
    }
    return try source.selecting(examples(place).map(Int.init))
  }
}

/// One of them.
struct Device {
  let set: DeviceSet
  /// In the order of keys.
  let place: Int
}

extension Device: NativeValue {
  static let nativeType = NativeType<Device>("device", "One device with its examples.") { type in
    type.representation = { device, _ in
      "device \(device.set.key(device.place).quoted) with \(NumberText.counted(device.set.size(device.place), "example", "examples"))"
    }
    type.transfer = .copy { Device(set: DeviceSet(copying: $0.set), place: $0.place) }
    type.hasContent()
    type.equals = { $0.set === $1.set && $0.place == $1.place }
    type.length = { $0.set.size($0.place) }
    type.field("key", "What it is called: a number, or the value that its examples share.") {
      $0.set.key($0.place).cell
    }
    type.field("size", "How many examples it holds.") { $0.set.size($0.place) }
    type.field(
      "examples", "Its examples, of the kind that was partitioned: for `nn.train` and the like.",
      returns: "examples or table"
    ) { (vm: VM, device: Device) in try device.set.part(device.place).encode(vm) }
  }
}
