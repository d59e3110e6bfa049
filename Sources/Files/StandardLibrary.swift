import CStdlib
import Foundation

/// The standard library, modules and data, as it is embedded in the binary.
public enum StandardLibrary {
  /// The paths of all its files below Stdlib.
  public static var paths: [String] {
    (0..<fairlead_stdlib_count()).map { String(cString: fairlead_stdlib_at($0).path) }
  }

  /// The text of one file; nil where there is none of that path.
  public static func text(_ path: String) -> String? {
    for index in 0..<fairlead_stdlib_count() {
      let file = fairlead_stdlib_at(index)
      guard String(cString: file.path) == path else { continue }
      return String(
        decoding: UnsafeBufferPointer(start: file.text, count: file.length), as: UTF8.self)
    }
    return nil
  }

  /// The names of its modules as an import writes them: `recipes`, `experiments.epsilon_sweep`.
  public static var moduleNames: [String] {
    paths.filter { $0.hasSuffix(".fl") }.map {
      $0.replacing(".fl", with: "").replacing("/", with: ".")
    }
  }
}
