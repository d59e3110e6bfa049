import Federated
import Runtime

enum StrategyBuiltins {
  static let natives: [Native] = []
}
