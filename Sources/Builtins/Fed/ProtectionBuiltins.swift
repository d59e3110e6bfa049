import Federated
import Runtime

enum ProtectionBuiltins {
  static let natives: [Native] = []
}
