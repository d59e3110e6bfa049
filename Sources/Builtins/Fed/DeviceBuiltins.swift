import Federated
import Foundations
import Runtime
import Syntax
import Tables
import Tensors

extension DeviceSet: NativeValue {
  public static let nativeType = NativeType<DeviceSet>(
    "devices", "Devices with their examples."
  ) { type in
    type.representation = { devices, _ in "\(devices.count) devices" }
    type.length = { $0.count }
    type.field("sizes", "How many examples each holds.") { $0.sizes }
  }
}

enum DeviceBuiltins {
  static let natives: [Native] = [
    Native(
      "partition", "Puts examples onto devices, as many on each.",
      Param<TrainingExamples>("examples", "A part of a dataset, or {inputs, labels}."),
      Param<Int>("clients", "How many devices.", .positive, named: true), returns: "devices",
      context: { (vm: VM, examples: TrainingExamples, clients: Int) in
        try DeviceSet(
          source: examples.source,
          assignments: UniformPartition().assign(
            examples.source.count, clients: clients, classes: nil,
            random: vm.randomKey("partition")), count: clients)
      })
  ]
}
