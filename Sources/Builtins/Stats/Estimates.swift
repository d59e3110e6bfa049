import Runtime
import Statistics
import Syntax

/// What scripts get wherever a number comes with uncertainty: a map {value, low, high}.
extension Estimate: ValueEncodable {
  public static var staticType: StaticType {
    .map(["value": .float, "low": .float, "high": .float])
  }

  public func encode(_ vm: VM) throws -> Value {
    try Record([("value", value), ("low", low), ("high", high)]).encode(vm)
  }
}
