import Foundation
import Foundations

/// The values of each series at each category: what box, violin and strip plots draw. Without a column for x, every
/// column of values is a category.
struct CategoryGroups {
  struct Group {
    let series: Int
    /// Of its place along x, where 1 is from one category to the next.
    let centre: Double
    let width: Double
    /// Never nan.
    let values: [Double]
  }

  private(set) var groups: [Group] = []

  static func prepare(_ scene: inout Scene, _ data: PlotData) throws {
    try data.requireValues()
    if let x = data.xName {
      scene.x.name = x
      scene.x.scale = try data.places(x, axis: "x", asCategories: true).scale
    } else {
      guard !data.options.log.contains("x") else {
        throw DomainError(.value, "a \(data.kind.name) has categories along x: not logarithmic")
      }
      scene.x.scale = .categories(data.options.by.isEmpty ? data.valueNames : [""])
    }
    scene.y.name = data.valueNames.count == 1 ? data.valueNames[0] : ""
    scene.y.scale = try data.valueScale()
    scene.keyStyle = .range
    // The categories say what a legend would.
    if data.xName == nil, data.options.by.isEmpty { scene.hidesLegend = true }
  }

  init(_ parts: [PlotPart], _ scene: inout Scene, _ data: PlotData) throws {
    let isSpread = data.xName == nil && data.options.by.isEmpty
    let places = try data.xName.map {
      try data.places($0, axis: "x", asCategories: true).values
    }
    let slots = isSpread ? 1 : max(1, parts.count)
    for (index, part) in parts.enumerated() {
      data.noteGaps(part.column, part.rows, &scene)
      var values: [Int: [Double]] = [:]
      var lost = 0
      for (turn, row) in part.rows.enumerated() {
        try Cancellation.check(turn: turn)
        guard let value = part.column.numbers[row], !value.isNaN else { continue }
        guard let places else {
          values[isSpread ? index : 0, default: []].append(value)
          continue
        }
        if places[row].isNaN {
          lost += 1
        } else {
          values[Int(places[row]), default: []].append(value)
        }
      }
      scene.count(lost, "of `\(data.xName ?? "x")`", .missing)
      let width = 0.9 / Double(slots)
      let shift = isSpread ? 0 : width * (Double(index) - Double(slots - 1) / 2)
      for (place, own) in values.sorted(by: { $0.key < $1.key }) {
        scene.y.extent.include(own)
        groups.append(
          Group(series: part.series, centre: Double(place) + shift, width: width, values: own))
      }
    }
  }

  static func log(_ value: Double) -> Double { log10(value) }
  static func power(_ value: Double) -> Double { pow(10, value) }
}
