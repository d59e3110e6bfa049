import Foundations
import Runtime
import Tensors

extension Native {
  /// For a native of which nothing stays but the result: once the run is to stop, its loops leave out the rest. It may
  /// not call functions of the script but through `ApartCall`, nor change its arguments.
  func abandonable() -> Native { running { try Cancellation.abandonable($0) } }
}

extension [Native] {
  /// All of them, `abandonable`.
  func abandonable() -> [Native] { map { $0.abandonable() } }
}
