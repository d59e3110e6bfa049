import Foundations

/// A scene in words: the alternative text of pictures.
enum SceneWords {
  private static let mostNames = 8

  static func describe(_ scene: Scene, kind: Plot.Kind) -> String {
    var sentences = [opening(scene, kind)]
    if scene.isEmpty {
      sentences.append("There is nothing to draw.")
    } else {
      sentences += [range(scene.x, "Horizontal"), range(scene.y, "Vertical")].compactMap { $0 }
    }
    if let colours = scene.colours {
      sentences.append(
        "Values from \(NumberText.brief(least(scene) ?? colours.low)) to \(NumberText.brief(most(scene) ?? colours.high))."
      )
    }
    if scene.panels.count > 1 {
      sentences.append(
        "\(scene.panels.count) panels: \(list(scene.panels.map(\.title))).")
    }
    if scene.legend.count > 1 {
      let heading = scene.legendTitle.isEmpty ? "" : " of \(scene.legendTitle)"
      sentences.append("\(scene.legend.count) series\(heading): \(list(scene.legend.map(\.name))).")
    } else if let only = scene.legend.first {
      sentences.append("\(only.name).")
    }
    return sentences.joined(separator: " ")
  }

  private static func opening(_ scene: Scene, _ kind: Plot.Kind) -> String {
    let name = kind.name.prefix(1).uppercased() + kind.name.dropFirst()
    let (x, y) = (
      DisplayWidth.cut(scene.x.name, to: 200), DisplayWidth.cut(scene.y.name, to: 200)
    )
    switch (x.isEmpty, y.isEmpty) {
    case (false, false): return "\(name) of \(y) over \(x)."
    case (true, false): return "\(name) of \(y)."
    case (false, true): return "\(name) over \(x)."
    case (true, true): return "\(name)."
    }
  }

  private static func cells(_ scene: Scene) -> [Double] {
    scene.panels.flatMap { $0.layers }.flatMap { layer -> [Double] in
      if case .cells(let cells) = layer.shape { return cells.values.filter { !$0.isNaN } }
      return []
    }
  }

  private static func least(_ scene: Scene) -> Double? { cells(scene).min() }
  private static func most(_ scene: Scene) -> Double? { cells(scene).max() }

  private static func range(_ axis: AxisDescription, _ name: String) -> String? {
    if let categories = axis.categories {
      guard categories.count > 1 || !(categories.first ?? "").isEmpty else { return nil }
      return "\(name): \(list(categories))."
    }
    let extent = axis.extent
    guard extent.low <= extent.high else { return nil }
    let isTime = axis.scale == .time
    func text(_ value: Double) -> String { isTime ? moment(value) : NumberText.brief(value) }
    let low = extent.hasNegativeInfinity ? "−∞" : text(extent.low)
    let high = extent.hasInfinity ? "∞" : text(extent.high)
    let scale =
      axis.isLogarithmic
      ? ", logarithmic" : (axis.scale == .normalDeviate ? ", normal deviates" : "")
    return "\(name): \(low) to \(high)\(scale)."
  }

  /// A time as ISO 8601 writes it, without what is 0.
  private static func moment(_ seconds: Double) -> String {
    let time = TickTime(seconds: seconds)
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let date = "\(time.year)-\(two(time.month))-\(two(time.day))"
    guard time.hour != 0 || time.minute != 0 || time.second != 0 else { return date }
    return "\(date) \(two(time.hour)):\(two(time.minute)):\(two(Int(time.second)))"
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(mostNames).map { DisplayWidth.cut($0, to: 60) }
    let rest = names.count - shown.count
    return shown.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
  }
}
