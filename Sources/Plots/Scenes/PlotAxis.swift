import Foundation
import Foundations
import Statistics

/// One axis of a plot on some medium: where a value stands between 0 and 1, and which values are labelled.
///
/// Values that no scale can hold get a place of their own beyond it: ∞ after the right end, −∞ (and 0 on a
/// logarithmic axis) before the left end, each parted from the scale by a gap.
struct PlotAxis {
  struct Tick {
    var position: Double
    var label: String
    var isBeyond = false
  }

  let description: AxisDescription
  let low: Double
  let high: Double
  let hasLeftSlot: Bool
  let hasRightSlot: Bool
  private let slot: Double
  private let transformedLow: Double
  private let transformedHigh: Double
  private(set) var ticks: [Tick] = []
  /// Every which category has a label; 1 where all do.
  private(set) var labelStride = 1
  /// What stands behind the name: what the labels are short of.
  private(set) var nameSuffix = ""

  /// - Parameters:
  ///   - maximumTicks: how many labels there is room for.
  ///   - slot: the part of the axis that a place beyond the scale takes.
  init(_ description: AxisDescription, maximumTicks: Int, slot: Double = 0.1) {
    self.description = description
    self.slot = slot
    let extent = description.extent
    switch description.scale {
    case .logarithmic:
      hasLeftSlot = extent.hasZero || extent.hasNegativeInfinity
      hasRightSlot = extent.hasInfinity
    case .normalDeviate:
      hasLeftSlot = extent.hasZero
      hasRightSlot = extent.hasOne
    default:
      hasLeftSlot = extent.hasNegativeInfinity
      hasRightSlot = extent.hasInfinity
    }
    (low, high) = PlotAxis.ends(description)
    transformedLow = PlotAxis.transformed(low, description.scale)
    transformedHigh = PlotAxis.transformed(high, description.scale)
    ticks = makeTicks(maximumTicks)
    if case .logarithmic = description.scale {
      nameSuffix += " (log scale)"
    } else if case .normalDeviate = description.scale {
      nameSuffix += " (normal deviate scale)"
    }
    addTicksBeyond()
  }

  /// The name with what its labels are short of.
  var title: String {
    description.name.isEmpty && nameSuffix.hasPrefix(" (") ? "" : description.name + nameSuffix
  }

  /// The ends of the scale.
  private static func ends(_ description: AxisDescription) -> (Double, Double) {
    let extent = description.extent
    var lower: Double
    var upper: Double
    switch description.scale {
    case .categories(let names): return (-0.5, max(1, Double(names.count)) - 0.5)
    case .logarithmic: (lower, upper) = logarithmicEnds(description)
    case .normalDeviate:
      lower = extent.lowestPositive.isFinite ? extent.lowestPositive : 0.01
      upper = extent.highestBelowOne > 0 ? extent.highestBelowOne : 0.5
      lower = min(lower * 0.8, 0.4)
      upper = max(min(upper + (1 - upper) * 0.1, 1 - 1e-12), 0.5)
    default: (lower, upper) = linearEnds(description)
    }
    lower = description.limits.low ?? lower
    upper = description.limits.high ?? upper
    if lower >= upper {
      // One end was asked for, and all values lie on its other side.
      let room = max(1, abs(lower), abs(upper)) * 0.1
      if description.limits.low != nil { upper = lower + room } else { lower = upper - room }
      if description.isLogarithmic, description.limits.low == nil { lower = upper / 10 }
    }
    return (lower, upper)
  }

  private static func logarithmicEnds(_ description: AxisDescription) -> (Double, Double) {
    let extent = description.extent
    let hasValues = extent.lowestPositive.isFinite
    var lower = hasValues ? extent.lowestPositive : 1
    var upper = hasValues ? extent.high : 10
    if lower == upper {
      lower /= 2
      upper *= 2
    }
    let margin = description.isPadded ? pow(upper / lower, 0.05) : 1
    if margin.isFinite {
      lower /= margin
      upper *= margin
    }
    return (max(lower, .leastNormalMagnitude), min(upper, .greatestFiniteMagnitude))
  }

  private static func linearEnds(_ description: AxisDescription) -> (Double, Double) {
    let extent = description.extent
    let hasValues = extent.low <= extent.high
    var lower = hasValues ? extent.low : 0
    var upper = hasValues ? extent.high : 1
    if let base = description.base {
      lower = min(lower, base)
      upper = max(upper, base)
    }
    let (first, last) = (lower, upper)
    if lower == upper {
      let margin =
        description.scale == .time
        ? 43_200 : (lower == 0 ? 1 : max(abs(lower) * 0.1, Double.leastNonzeroMagnitude))
      lower -= margin
      upper += margin
    }
    let margin = description.isPadded ? (upper / 2 - lower / 2) * 0.1 : 0
    lower -= margin
    upper += margin
    if let base = description.base {
      if first == base { lower = base }
      if last == base, first != base { upper = base }
    }
    return (max(lower, -.greatestFiniteMagnitude), min(upper, .greatestFiniteMagnitude))
  }

  private static func transformed(_ value: Double, _ scale: AxisDescription.Scale) -> Double {
    switch scale {
    case .logarithmic: log(value)
    // What is no chance stands at an end: no double is farther out than 40.
    case .normalDeviate: min(max(NormalIntegral.quantile(min(max(value, 0), 1)), -40), 40)
    // Halved, because the ends may be farther apart than any number.
    default: value / 2
    }
  }

  /// The ends of the scale, as positions, in ascending order.
  var start: Double { (description.isReversed ? hasRightSlot : hasLeftSlot) ? slot : 0 }
  var end: Double { (description.isReversed ? hasLeftSlot : hasRightSlot) ? 1 - slot : 1 }

  /// Where the scale is broken before a place of its own, as positions.
  var breaks: [Double] {
    ((hasLeftSlot ? [slot * 0.7] : []) + (hasRightSlot ? [1 - slot * 0.7] : [])).map {
      description.isReversed ? 1 - $0 : $0
    }
  }

  /// The position of a value, between 0 and 1 unless it lies outside of limits; nil for `nan`.
  func position(_ value: Double) -> Double? {
    if value.isNaN { return nil }
    let ascending = ascendingPosition(value)
    return description.isReversed ? 1 - ascending : ascending
  }

  private func ascendingPosition(_ value: Double) -> Double {
    let isShare = description.scale == .normalDeviate
    if value == .infinity || isShare && value >= 1 { return hasRightSlot ? 1 - slot * 0.35 : 1 }
    if value == -.infinity || description.isLogarithmic && value <= 0 || isShare && value <= 0 {
      return hasLeftSlot ? slot * 0.35 : 0
    }
    let span = transformedHigh - transformedLow
    let fraction =
      span > 0
      ? (PlotAxis.transformed(value, description.scale) - transformedLow) / span : 0.5
    let (first, last) = (hasLeftSlot ? slot : 0, hasRightSlot ? 1 - slot : 1)
    return first + (last - first) * fraction
  }

  /// Whether a value has a place on the axis: on the scale between its ends, or beyond it.
  func shows(_ value: Double) -> Bool {
    if value.isNaN { return false }
    if description.isBeyond(value) { return true }
    guard description.limits.low != nil || description.limits.high != nil else { return true }
    return value >= low && value <= high
  }
}

// MARK: Ticks

extension PlotAxis {
  private mutating func makeTicks(_ maximum: Int) -> [Tick] {
    if let categories = description.categories {
      labelStride = max(1, (categories.count + maximum - 1) / max(1, maximum))
      return stride(from: 0, to: categories.count, by: labelStride).compactMap { place in
        position(Double(place)).map { Tick(position: $0, label: categories[place]) }
      }
    }
    if description.labelsValues, let few = description.extent.few, description.scale != .time {
      let distinct = few.filter { shows($0) && !description.isBeyond($0) }.sorted()
      let places = distinct.compactMap(position)
      let apart = zip(places, places.dropFirst()).allSatisfy { $1 - $0 >= 0.8 / Double(maximum) }
      let labels = distinct.map { NumberText.brief($0) }
      if !distinct.isEmpty, distinct.count <= maximum, apart, Set(labels).count == labels.count,
        zip(distinct, labels).allSatisfy({ abs($0 - (Double($1) ?? .nan)) <= abs($0) * 1e-9 })
      {
        return zip(labels, places).map { Tick(position: $1, label: $0) }
      }
    }
    let (values, labels) = scaleTicks(maximum)
    return zip(values, labels).compactMap { value, label in
      position(value).map { Tick(position: $0, label: label) }
    }
  }

  private mutating func scaleTicks(_ maximum: Int) -> ([Double], [String]) {
    switch description.scale {
    case .logarithmic:
      if let decades = logarithmicTicks(maximum) {
        return (decades, decades.map { NumberText.brief($0) })
      }
    case .normalDeviate:
      let values = normalTicks(maximum)
      return (values, values.map { NumberText.brief($0 * 100) + "%" })
    case .time:
      if let ticks = TimeTicks(from: low, to: high, maximum: maximum) {
        nameSuffix = " (\(ticks.context))"
        return (ticks.values, ticks.labels)
      }
      nameSuffix = " (seconds since 1970)"
    default: break
    }
    let values = linearTicks(maximum)
    let (labels, offset) = TickLabels.linear(values)
    if let offset { nameSuffix = TickLabels.suffix(offset) + nameSuffix }
    return (values, labels)
  }

  private mutating func addTicksBeyond() {
    let extent = description.extent
    func add(_ label: String, _ place: Double, at index: Int) {
      ticks.insert(
        Tick(
          position: description.isReversed ? 1 - place : place, label: label, isBeyond: true),
        at: index)
    }
    if hasLeftSlot {
      let isShare = description.scale == .normalDeviate
      let zero = (description.isLogarithmic || isShare) && extent.hasZero
      let label = zero ? (extent.hasNegativeInfinity ? "−∞, 0" : (isShare ? "0%" : "0")) : "−∞"
      add(label, slot * 0.35, at: 0)
    }
    if hasRightSlot {
      add(
        description.scale == .normalDeviate ? "100%" : "∞", 1 - slot * 0.35, at: ticks.count)
    }
  }

  /// Multiples of 1, 2, 2.5 or 5 times a power of ten.
  private func linearTicks(_ maximum: Int) -> [Double] {
    let span = high - low
    guard span.isFinite, span > 1e-13 * max(abs(low), abs(high)), span > 1e-300 else {
      return [low, high]
    }
    let rough = span / Double(max(1, maximum))
    let power = pow(10, floor(log10(rough)))
    let steps = [0.2, 0.25, 0.5, 1, 2, 2.5, 5, 10].map { $0 * power }
    var chosen = steps.firstIndex { span / $0 <= Double(maximum) } ?? steps.count - 1
    // One tick alone tells no scale.
    func ends() -> (Double, Double) {
      let step = steps[chosen]
      return ((low / step - 1e-9).rounded(.up), (high / step + 1e-9).rounded(.down))
    }
    while chosen > 0, ends().1 - ends().0 < 1 { chosen -= 1 }
    let (step, (first, last)) = (steps[chosen], ends())
    guard step > 0, step.isFinite, last - first < 1000, last >= first else { return [low, high] }
    return stride(from: first, through: last, by: 1).map { $0 == 0 ? 0 : $0 * step }
  }

  /// Powers of ten, with 2 and 5 between them where there is room, or every second, third… where there is not; nil
  /// where the scale is too short for two of them.
  private func logarithmicTicks(_ maximum: Int) -> [Double]? {
    let first = Int(floor(log10(low) + 1e-9))
    let last = Int(ceil(log10(high) - 1e-9))
    func inside(_ value: Double) -> Bool { value >= low * 0.999999 && value <= high * 1.000001 }
    for multiples in [[1.0, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]] {
      let candidates = (first...max(first, last)).flatMap { power in
        multiples.map { $0 * pow(10, Double(power)) }
      }.filter(inside)
      if candidates.count <= maximum, candidates.count >= 2 { return candidates }
    }
    let step = max(1, (last - first + maximum) / max(1, maximum))
    let decades = stride(from: first, through: last, by: step).map { pow(10, Double($0)) }
      .filter(inside)
    return decades.count >= 2 ? decades : nil
  }

  private func normalTicks(_ maximum: Int) -> [Double] {
    let lower = [1e-6, 1e-5, 1e-4, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4]
    let all =
      (lower + [0.6, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9999]).filter {
        $0 >= low && $0 <= high
      }
    let step = max(1, (all.count + maximum - 1) / max(1, maximum))
    let chosen = stride(from: 0, to: all.count, by: step).map { all[$0] }
    return chosen.isEmpty ? [low, high] : chosen
  }
}

/// Labels that tell neighbouring ticks apart, however far they lie from 0 and however close to each other.
enum TickLabels {
  /// Longer numbers are written by their distance from an offset that they share.
  private static let longest = 12

  /// - Parameter values: of ticks, in ascending order.
  /// - Returns: the labels, and what is to be added to each of them.
  static func linear(_ values: [Double]) -> (labels: [String], offset: Double?) {
    let largest = values.map(abs).max() ?? 0
    guard largest > 0 else { return (values.map { _ in "0" }, nil) }
    let gap = zip(values, values.dropFirst()).map { $1 - $0 }.min() ?? largest
    guard gap > 0, gap.isFinite else { return (values.map { NumberText.brief($0) }, nil) }
    // The distance of 0.3 and 0.4 is a little less than 0.1.
    let gapExponent = NumberText.decimalExponent(gap * (1 + 1e-9))
    // 2.5 has a digit more than its first.
    let isFine = abs(gap / pow(10, Double(gapExponent)) - 2.5) < 1e-6
    let digits = NumberText.decimalExponent(largest) - gapExponent + (isFine ? 2 : 1)
    if largest >= 1e6 || largest < 1e-3, digits <= 4 {
      return (values.map { NumberText.brief($0) }, nil)
    }
    let decimals = max(0, -gapExponent + (isFine ? 1 : 0))
    if decimals <= 15, largest < 1e15 {
      let labels = values.map { NumberText.fixed($0, decimals: decimals) }
      let negativeZero = NumberText.fixed(-0.0, decimals: decimals)
      if labels.allSatisfy({ $0.count <= longest }), Set(labels).count == labels.count {
        return (labels.map { $0 == negativeZero ? String($0.dropFirst()) : $0 }, nil)
      }
    }
    // As round as the length of the axis allows.
    let span = values[values.count - 1] - values[0]
    let unit = pow(10, Double(NumberText.decimalExponent(span) + 1))
    let rounded = unit > 0 ? (values[values.count / 2] / unit).rounded() * unit : 0
    let offset = rounded.isFinite && rounded != 0 ? rounded : values[0]
    let labels = values.map { value in
      let distance = value - offset
      return distance == 0 ? "0" : (distance > 0 ? "+" : "") + NumberText.brief(distance)
    }
    // Only a scale about as long as its distance from 0 has no use for an offset.
    return Set(labels).count == labels.count && offset != 0
      ? (labels, offset) : (values.map { NumberText.shortest($0) }, nil)
  }

  /// What follows the name of an axis whose labels are short of an offset.
  static func suffix(_ offset: Double) -> String {
    let isWhole = abs(offset) < 1e15 && offset == offset.rounded()
    let text = isWhole ? NumberText.fixed(abs(offset), decimals: 0) : "\(abs(offset))"
    return (offset < 0 ? " + " : " − ") + text
  }
}
