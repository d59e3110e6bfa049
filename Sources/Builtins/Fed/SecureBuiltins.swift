import Federated
import Runtime

enum SecureBuiltins {
  static let natives: [Native] = []
}
