import Foundation

/// How numbers become colours in a heat map.
struct ColourScale: Sendable, Equatable {
  /// Of red, green and blue between 0 and 1.
  struct Colour: Sendable, Equatable {
    var red: Double
    var green: Double
    var blue: Double

    init(_ red: Double, _ green: Double, _ blue: Double) {
      self.red = red
      self.green = green
      self.blue = blue
    }

    /// As `#0072B2`.
    init(hex: String) {
      let value = Int(hex.dropFirst(), radix: 16) ?? 0
      self.init(
        Double(value >> 16 & 255) / 255, Double(value >> 8 & 255) / 255, Double(value & 255) / 255)
    }

    var hex: String {
      let parts = [red, green, blue].map { Int(($0 * 255).rounded()) }
      return "#" + parts.map { String($0 + 256, radix: 16).dropFirst() }.joined()
    }

    /// Relative luminance as WCAG 2.1 (2018) defines it.
    var luminance: Double {
      func linear(_ part: Double) -> Double {
        part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4)
      }
      return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    /// The contrast of two colours, from 1 to 21 (WCAG 2.1).
    func contrast(with other: Colour) -> Double {
      let pair = [luminance, other.luminance].sorted()
      return (pair[1] + 0.05) / (pair[0] + 0.05)
    }
  }

  let low: Double
  let high: Double
  /// From one hue over a neutral middle at 0 to another, where values lie on both sides of 0.
  let isDiverging: Bool

  /// The scale of these values; nil where none is finite.
  init?(_ values: [Double]) {
    let finite = values.lazy.filter(\.isFinite)
    guard let least = finite.min(), let most = finite.max() else { return nil }
    isDiverging = least < 0 && most > 0
    let far = max(-least, most)
    (low, high) = isDiverging ? (-far, far) : (least, most)
  }

  /// Cividis (Nuñez, Anderton and Renslow 2018), whose lightness rises evenly for all kinds of colour vision.
  private static let sequential = [
    "#00204D", "#00306F", "#2A406C", "#48526B", "#5E626E", "#727374", "#878479", "#9E9677",
    "#B6A971", "#D0BE67", "#EAD357", "#FFEA46",
  ].map(Colour.init(hex:))
  /// From blue over near white to orange brown (Brewer's PuOr, its sides in the palette's hues).
  private static let diverging = [
    "#08519C", "#3182BD", "#6BAED6", "#BDD7E7", "#F5F5F0", "#FDD0A2", "#F79040", "#D9580D",
    "#99370A",
  ].map(Colour.init(hex:))

  /// Where a value stands between the ends, from 0 to 1.
  func fraction(_ value: Double) -> Double {
    if value == .infinity { return 1 }
    if value == -.infinity { return 0 }
    guard high > low else { return 0.5 }
    return min(1, max(0, (value / 2 - low / 2) / (high / 2 - low / 2)))
  }

  func colour(_ value: Double) -> Colour {
    let anchors = isDiverging ? ColourScale.diverging : ColourScale.sequential
    let place = fraction(value) * Double(anchors.count - 1)
    let index = min(anchors.count - 2, Int(place))
    let part = place - Double(index)
    let (from, to) = (anchors[index], anchors[index + 1])
    return Colour(
      from.red + (to.red - from.red) * part, from.green + (to.green - from.green) * part,
      from.blue + (to.blue - from.blue) * part)
  }

  /// Black or white, whichever reads better on a colour.
  static func ink(on colour: Colour) -> Colour {
    let (black, white) = (Colour(0.07, 0.07, 0.07), Colour(1, 1, 1))
    return colour.contrast(with: black) >= colour.contrast(with: white) ? black : white
  }
}
