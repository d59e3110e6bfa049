import Foundations

/// The elements of an SVG document as text.
struct SVGDocument {
  private(set) var text = ""

  /// Hundredths are finer than any screen.
  static func number(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e9 else { return "0" }
    let hundredths = Int((value * 100).rounded())
    let (whole, rest) = hundredths.magnitude.quotientAndRemainder(dividingBy: 100)
    let sign = hundredths < 0 ? "-" : ""
    if rest == 0 { return "\(sign)\(whole)" }
    let digits = rest % 10 == 0 ? "\(rest / 10)" : (rest < 10 ? "0\(rest)" : "\(rest)")
    return "\(sign)\(whole).\(digits)"
  }

  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default:
        // XML 1.0 has no other control characters and none of these two; what turns the direction of writing would turn
        // the rest of the picture's texts.
        if scalar.value == 0xFFFE || scalar.value == 0xFFFF { continue }
        if !DisplayWidth.isDangerous(scalar) {
          result.unicodeScalars.append(scalar)
        } else if scalar == "\t" || scalar == "\n" {
          result += " "
        }
      }
    }
    return result
  }

  mutating func add(_ element: String) {
    text += element
    text += "\n"
  }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) {
    let n = SVGDocument.number
    add("<line x1=\"\(n(x1))\" y1=\"\(n(y1))\" x2=\"\(n(x2))\" y2=\"\(n(y2))\" \(style)/>")
  }

  mutating func rectangle(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ style: String
  ) {
    let n = SVGDocument.number
    add(
      "<rect x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(max(0, width)))\" height=\"\(n(max(0, height)))\" \(style)/>"
    )
  }

  mutating func write(_ content: String, _ x: Double, _ y: Double, _ style: String = "") {
    let n = SVGDocument.number
    add("<text x=\"\(n(x))\" y=\"\(n(y))\" \(style)>\(SVGDocument.escaped(content))</text>")
  }

  static func path(_ places: [(x: Double, y: Double)]) -> String {
    var text = ""
    for place in places {
      if !text.isEmpty { text += " " }
      text += number(place.x)
      text += ","
      text += number(place.y)
    }
    return text
  }

  mutating func polyline(_ places: [(x: Double, y: Double)], _ style: String) {
    add("<polyline points=\"\(SVGDocument.path(places))\" fill=\"none\" \(style)/>")
  }

  mutating func polygon(_ places: [(x: Double, y: Double)], _ style: String) {
    add("<polygon points=\"\(SVGDocument.path(places))\" \(style)/>")
  }
}
