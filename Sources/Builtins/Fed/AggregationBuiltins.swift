import Federated
import Runtime

enum AggregationBuiltins {
  static let natives: [Native] = []
}
