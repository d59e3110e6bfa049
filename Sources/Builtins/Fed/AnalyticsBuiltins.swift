import Federated
import Runtime

enum AnalyticsBuiltins {
  static let natives: [Native] = []
}
