import Federated
import Runtime

enum SettingBuiltins {
  static let natives: [Native] = []
}
