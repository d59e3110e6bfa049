import Federated
import Runtime

enum DeviceBuiltins {
  static let natives: [Native] = []
}
