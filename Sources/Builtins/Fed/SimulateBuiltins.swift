import Federated
import Runtime

enum SimulateBuiltins {
  static let natives: [Native] = []
}
