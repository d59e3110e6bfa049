import Foundation
import Runtime

/// Small forms of text that several values show.
enum TextForm {
  /// A number with a few significant digits: 2.597, 0.0012, inf.
  static func digits(_ value: Double, _ count: Int) -> String {
    value.isFinite ? String(format: "%.\(count)g", value) : Formatting.float(value)
  }
}
