/// From values to places on a panel: its two axes, and what lies within them. Places are parts of the panel's width and
/// height from its lower left corner.
struct Projection {
  let x: PlotAxis
  let y: PlotAxis
  private let left: Double
  private let right: Double
  private let bottom: Double
  private let top: Double

  init(x: PlotAxis, y: PlotAxis) {
    self.x = x
    self.y = y
    func clips(_ axis: PlotAxis) -> Bool {
      axis.description.limits.low != nil || axis.description.limits.high != nil
    }
    (left, right) = clips(x) ? (x.start, x.end) : (0, 1)
    (bottom, top) = clips(y) ? (y.start, y.end) : (0, 1)
  }

  /// Where a place is drawn; nil for what is no number or outside of the limits.
  func place(_ place: Place) -> Place? {
    guard x.shows(place.x), y.shows(place.y), let across = x.position(place.x),
      let up = y.position(place.y)
    else { return nil }
    return Place(x: across, y: up)
  }

  private func unclipped(_ place: Place) -> Place? {
    guard let across = x.position(place.x), let up = y.position(place.y) else { return nil }
    return Place(x: across, y: up)
  }

  /// The stretches of a line: parted where there is no number, and before what lies beyond the scale of x, which has no
  /// distance from the others that a line could show.
  func runs(_ path: [Place]) -> [[Place]] {
    var result: [[Place]] = []
    var run: [Place] = []
    func isFar(_ place: Place) -> Bool { x.description.isBeyond(place.x) }
    func end() {
      if run.count > 1 { result.append(run) }
      run = []
    }
    var last: (value: Place, drawn: Place)?
    for value in path {
      guard let drawn = unclipped(value) else {
        end()
        last = nil
        continue
      }
      defer { last = (value, drawn) }
      guard let before = last else { continue }
      let isApart =
        isFar(before.value) != isFar(value)
        || isFar(value) && x.position(before.value.x) != x.position(value.x)
      guard !isApart, let (from, to) = clipped(before.drawn, drawn) else {
        end()
        continue
      }
      if run.last != from {
        end()
        run = [from]
      }
      run.append(to)
    }
    end()
    return result
  }

  /// The part of a straight line that lies within the panel (Liang and Barsky 1984); nil where none does.
  func clipped(_ from: Place, _ to: Place) -> (Place, Place)? {
    var (first, last) = (0.0, 1.0)
    let (dx, dy) = (to.x - from.x, to.y - from.y)
    for (delta, distance) in [
      (-dx, from.x - left), (dx, right - from.x), (-dy, from.y - bottom), (dy, top - from.y),
    ] {
      if delta == 0 {
        // Rounding may put what stands on the edge a little outside.
        if distance < -1e-9 { return nil }
      } else {
        let part = distance / delta
        if delta < 0 { first = max(first, part) } else { last = min(last, part) }
      }
    }
    guard first <= last else { return nil }
    func at(_ part: Double) -> Place { Place(x: from.x + part * dx, y: from.y + part * dy) }
    return (first == 0 ? from : at(first), last == 1 ? to : at(last))
  }

  func stroke(_ from: Place, _ to: Place) -> (Place, Place)? {
    guard let from = unclipped(from), let to = unclipped(to) else { return nil }
    return clipped(from, to)
  }

  /// A rectangle's lower left and upper right corner; nil where nothing of it is within the panel.
  func box(_ box: Scene.Box) -> (Place, Place)? {
    guard let from = unclipped(box.from), let to = unclipped(box.to) else { return nil }
    let low = Place(x: max(left, min(from.x, to.x)), y: max(bottom, min(from.y, to.y)))
    let high = Place(x: min(right, max(from.x, to.x)), y: min(top, max(from.y, to.y)))
    return low.x <= high.x && low.y <= high.y ? (low, high) : nil
  }

  /// A closed area as far as it lies within the panel (Sutherland and Hodgman 1974).
  func area(_ corners: [Place]) -> [Place] {
    var result = corners.compactMap(unclipped)
    let edges: [(inside: (Place) -> Bool, cut: (Place, Place) -> Place)] = [
      ({ $0.x >= left }, { across($0, $1, at: left) }),
      ({ $0.x <= right }, { across($0, $1, at: right) }),
      ({ $0.y >= bottom }, { along($0, $1, at: bottom) }),
      ({ $0.y <= top }, { along($0, $1, at: top) }),
    ]
    for edge in edges where !result.allSatisfy(edge.inside) {
      let before = result
      result = []
      for (index, corner) in before.enumerated() {
        let previous = before[index == 0 ? before.count - 1 : index - 1]
        if edge.inside(previous) != edge.inside(corner) {
          result.append(edge.cut(previous, corner))
        }
        if edge.inside(corner) { result.append(corner) }
      }
    }
    return result
  }

  private func across(_ from: Place, _ to: Place, at x: Double) -> Place {
    Place(x: x, y: from.y + (to.y - from.y) * (x - from.x) / (to.x - from.x))
  }

  private func along(_ from: Place, _ to: Place, at y: Double) -> Place {
    Place(x: from.x + (to.x - from.x) * (y - from.y) / (to.y - from.y), y: y)
  }

  /// The areas between two lines, parted where either has no number.
  func band(_ x: [Double], _ low: [Double], _ high: [Double]) -> [[Place]] {
    var result: [[Place]] = []
    var lower: [Place] = []
    var upper: [Place] = []
    func end() {
      if lower.count > 1 { result.append(area(upper + lower.reversed())) }
      lower = []
      upper = []
    }
    for index in x.indices {
      guard !low[index].isNaN, !high[index].isNaN, !self.x.description.isBeyond(x[index]) else {
        end()
        continue
      }
      lower.append(Place(x: x[index], y: low[index]))
      upper.append(Place(x: x[index], y: high[index]))
    }
    end()
    return result.filter { $0.count > 2 }
  }
}
