import Federated
import Runtime

enum LabelBuiltins {
  static let natives: [Native] = []
}
