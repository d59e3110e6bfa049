import Foundations

/// What a device is called: its number, or the value of the natural key that its examples share. Sums over devices run
/// in the order of keys: numbers by size first, then texts by code points.
public enum DeviceKey: Hashable, Comparable, Sendable, CustomStringConvertible {
  case number(Int)
  case real(Double)
  case text(String)

  public var description: String {
    switch self {
    case .number(let number): "\(number)"
    case .real(let number): "\(number)"
    case .text(let text): text
    }
  }

  /// As a script writes it.
  public var quoted: String {
    if case .text(let text) = self { Quoting.literal(text) } else { description }
  }

  private var rank: (Int, Double) {
    switch self {
    case .number(let number): (0, Double(number))
    case .real(let number): (0, number)
    case .text: (1, 0)
    }
  }

  public static func < (a: DeviceKey, b: DeviceKey) -> Bool {
    switch (a, b) {
    case (.number(let a), .number(let b)): a < b
    case (.text(let a), .text(let b)): a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars)
    default: a.rank < b.rank
    }
  }
}
