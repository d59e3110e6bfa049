import Federated
import Runtime

enum CohortBuiltins {
  static let natives: [Native] = []
}
