import Foundation
import Foundations

/// One axis of a plot: where a value stands between 0 and 1, and which values are labelled.
///
/// Values that no scale can hold get a place of their own beyond it: ∞ after the right end, −∞ (and 0 on a
/// logarithmic axis) before the left end, each parted from the scale by a gap.
struct PlotAxis {
  struct Tick {
    var position: Double
    var label: String
    var isBeyond = false
  }

  let low: Double
  let high: Double
  let isLogarithmic: Bool
  let hasLeftSlot: Bool
  let hasRightSlot: Bool
  private let slot: Double
  private(set) var ticks: [Tick] = []

  /// - Parameters:
  ///   - values: everything that has to fit.
  ///   - maximumTicks: how many labels there is room for.
  ///   - padded: leave some room between the outermost values and the ends.
  ///   - fixed: label these values themselves where they are few (the axis of an experiment).
  init(
    values: [Double], isLogarithmic: Bool, maximumTicks: Int, slot: Double = 0.1, padded: Bool,
    labelsValues: Bool, categories: [String]? = nil
  ) {
    self.isLogarithmic = isLogarithmic
    self.slot = slot
    let known = values.filter { !$0.isNaN }
    let finite = known.filter { $0.isFinite && (!isLogarithmic || $0 > 0) }
    hasRightSlot = known.contains(.infinity)
    hasLeftSlot = known.contains { $0 == -.infinity || (isLogarithmic && $0 == 0) }
    var lower = finite.min() ?? (isLogarithmic ? 1 : 0)
    var upper = finite.max() ?? (isLogarithmic ? 10 : 1)
    if isLogarithmic {
      if lower == upper {
        lower /= 2
        upper *= 2
      }
      let margin = padded ? pow(upper / lower, 0.05) : 1
      if margin.isFinite {
        lower /= margin
        upper *= margin
      }
    } else {
      if lower == upper {
        let margin = lower == 0 ? 1 : abs(lower) * 0.1
        lower -= margin
        upper += margin
      }
      let margin = padded ? (upper / 2 - lower / 2) * 0.1 : 0
      lower -= margin
      upper += margin
    }
    low = isLogarithmic ? max(lower, .leastNormalMagnitude) : max(lower, -.greatestFiniteMagnitude)
    high = min(upper, .greatestFiniteMagnitude)
    ticks = makeTicks(finite, maximumTicks, labelsValues, categories)
    if hasLeftSlot {
      let zero = isLogarithmic && known.contains(0)
      ticks.insert(Tick(position: slot * 0.35, label: zero ? "0" : "−∞", isBeyond: true), at: 0)
    }
    if hasRightSlot {
      ticks.append(Tick(position: 1 - slot * 0.35, label: "∞", isBeyond: true))
    }
  }

  private var start: Double { hasLeftSlot ? slot : 0 }
  private var end: Double { hasRightSlot ? 1 - slot : 1 }

  /// Where the scale is broken before a place of its own, as positions.
  var breaks: [Double] {
    (hasLeftSlot ? [slot * 0.7] : []) + (hasRightSlot ? [1 - slot * 0.7] : [])
  }

  /// The position of a value in 0...1; nil for `nan`. Values outside of the scale are held at its ends.
  func position(_ value: Double) -> Double? {
    if value.isNaN { return nil }
    if value == .infinity { return hasRightSlot ? 1 - slot * 0.35 : 1 }
    if value == -.infinity || (isLogarithmic && value <= 0) { return hasLeftSlot ? slot * 0.35 : 0 }
    let fraction =
      isLogarithmic
      ? (log(value) - log(low)) / (log(high) - log(low))
      : (value / 2 - low / 2) / (high / 2 - low / 2)
    return start + (end - start) * min(1, max(0, fraction))
  }

  private func makeTicks(
    _ values: [Double], _ maximum: Int, _ labelsValues: Bool, _ categories: [String]?
  ) -> [Tick] {
    if let categories {
      let step = max(1, (categories.count + maximum - 1) / max(1, maximum))
      return stride(from: 0, to: categories.count, by: step).compactMap { place in
        position(Double(place)).map { Tick(position: $0, label: categories[place]) }
      }
    }
    if labelsValues {
      let distinct = Array(Set(values)).sorted()
      let places = distinct.compactMap(position)
      let apart = zip(places, places.dropFirst()).allSatisfy { $1 - $0 >= 0.8 / Double(maximum) }
      if !distinct.isEmpty, distinct.count <= maximum, apart {
        return zip(distinct, places).map { Tick(position: $1, label: NumberText.brief($0)) }
      }
    }
    let chosen = isLogarithmic ? logarithmicTicks(maximum) : linearTicks(maximum)
    let labels = PlotAxis.labels(chosen, isLogarithmic: isLogarithmic)
    return zip(chosen, labels).compactMap { value, label in
      position(value).map { Tick(position: $0, label: label) }
    }
  }

  /// Multiples of 1, 2, 2.5 or 5 times a power of ten.
  private func linearTicks(_ maximum: Int) -> [Double] {
    let span = high - low
    guard span.isFinite, span > 0 else { return [low, high] }
    let rough = span / Double(max(1, maximum))
    let power = pow(10, floor(log10(rough)))
    let step =
      [1, 2, 2.5, 5, 10].map { $0 * power }.first { span / $0 <= Double(maximum) } ?? rough
    guard step > 0, step.isFinite else { return [low, high] }
    let first = (low / step - 1e-9).rounded(.up)
    let last = (high / step + 1e-9).rounded(.down)
    guard last - first < 1000, last >= first else { return [low, high] }
    return stride(from: first, through: last, by: 1).map { $0 == 0 ? 0 : $0 * step }
  }

  /// Powers of ten, with 2 and 5 between them where there is room, or every second, third… where there is not.
  private func logarithmicTicks(_ maximum: Int) -> [Double] {
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
    return decades.count >= 2 ? decades : linearTicks(maximum).filter { $0 > 0 }
  }

  /// Ticks of one axis with as many decimals as the finest of them needs.
  private static func labels(_ values: [Double], isLogarithmic: Bool) -> [String] {
    let largest = values.map(abs).max() ?? 0
    if isLogarithmic || largest >= 1e6 || (largest < 1e-3 && largest > 0) {
      return values.map { NumberText.brief($0) }
    }
    let decimals =
      values.map { value -> Int in
        (0...6).first {
          abs(value - (value * pow(10, Double($0))).rounded() / pow(10, Double($0))) < 1e-9
        } ?? 6
      }.max() ?? 0
    return values.map { NumberText.fixed($0, decimals: decimals) }
  }
}
