// How likely is it that the losses of many steps add up to more than epsilon? For a delta of 1e-12 the answer lies far
// out in the tail, where a plain Fourier transform gives nothing but rounding errors. So the distribution p of a step's
// loss is tilted first, p(ℓ)·e^(θℓ)/M(θ), such that the sum of all steps lies around the epsilon that is sought (the
// saddle point); the composition of the tilted ones is the tilted composition, and taking the tilt back costs no
// accuracy: p*(ℓ) = M(θ)^T·e^(-θℓ)·p_θ*(ℓ). Every delta then has about twelve right digits, and the grid needs to hold
// only what lies around epsilon. (Tilting privacy losses to the saddle point: Alghamdi et al. 2022, arXiv 2208.09595,
// who then approximate where this computes.)
//
// Bounds. A step's loss is put on the grid h·ℤ by connecting the dots (Doroshenko et al. 2022, arXiv 2207.04380): what
// lies between two grid points goes to both such that the probabilities p of the data and q of its neighbour stay what
// they are. The result dominates the true distribution. What lies beyond the grid's top is bounded by Chernoff's
// inequality over the same step distributions and added, what comes back around from below only makes losses larger,
// and the rounding errors of the transforms are bounded and added too.

import Foundation

/// Some steps of one kind.
struct StepPart: Sendable, Equatable {
  var rate: Double
  var noise: Double
  var times: Int
}

/// The composed loss of steps in one direction.
struct TiltedComposition {
  private let losses: [SampledGaussianLoss]
  private let sketches: [LossSketch]
  private let times: [Double]
  private let range: [ClosedRange<Double>]
  private let delta: Double
  /// The largest loss that all steps together can have; infinite where there is none.
  private let largestLoss: Double

  /// The largest number of grid points, and of the cells of one step.
  static let largestGrid = 1 << 20

  init(_ parts: [StepPart], removes: Bool, delta: Double) {
    let steps = parts.reduce(0) { $0 + Double($1.times) }
    losses = parts.map {
      SampledGaussianLoss(rate: $0.rate, noiseMultiplier: $0.noise, removes: removes)
    }
    let negligible = max(delta * 1e-10 / steps, 1e-290)
    range = losses.map { $0.range(beyond: negligible) }
    times = parts.map { Double($0.times) }
    largestLoss = zip(losses, times).reduce(0) { sum, part in
      sum + (part.0.removes || part.0.rate == 1 ? .infinity : -log1p(-part.0.rate) * part.1)
    }
    // A step with a loss below that brings the sum below 0 whatever the others do: how far below does not matter.
    let least = -largestLoss
    sketches = zip(losses, range).map { LossSketch($0, within: $1, atLeast: least) }
    self.delta = delta
  }

  /// The least epsilon found at which `delta` is kept: never below the true one. Infinite where none was found.
  func epsilon() -> Double {
    var t = saddlePoint()
    var center = cumulants(t).mean
    var best = Double.infinity
    // Where the tail is far from a normal one, again from where it turned out to be.
    for _ in 0..<5 {
      let found = solve(tilt: t, around: center)
      best = min(best, found)
      guard best.isFinite, best > 0 else { break }
      if abs(best - center) <= 0.3 * cumulants(t).variance.squareRoot() { break }
      center = best
      t = tilt(forMean: center)
    }
    return best
  }

  /// Whether `delta` is kept at `epsilon`: exact but for the direction of safety.
  func keeps(epsilon: Double) -> Bool {
    epsilon >= largestLoss || solve(tilt: tilt(forMean: epsilon), around: epsilon) <= epsilon
  }

  // MARK: Choosing the tilt

  private func cumulants(_ t: Double) -> (log: Double, mean: Double, variance: Double) {
    var sum = (log: 0.0, mean: 0.0, variance: 0.0)
    for (sketch, times) in zip(sketches, times) {
      let part = sketch.cumulants(t)
      sum.log += times * part.log
      sum.mean += times * part.mean
      sum.variance += times * part.variance
    }
    return sum
  }

  /// The tilt whose mean is about the epsilon of `delta`, by the normal approximation of the tilted sum.
  private func saddlePoint() -> Double {
    bisect { t in
      let (log, mean, variance) = cumulants(t)
      let spread = variance.squareRoot()
      return log - t * mean + Self.logExcess(t * spread, spread) > Foundation.log(delta)
    }
  }

  private func tilt(forMean epsilon: Double) -> Double {
    bisect { t in cumulants(t).mean < epsilon }
  }

  /// The largest t ≥ 0 at which `isLow` still holds, roughly; 0 where it never does.
  private func bisect(_ isLow: (Double) -> Bool) -> Double {
    guard isLow(0) else { return 0 }
    var low = 0.0
    var high = 1.0 / max(cumulants(0).variance.squareRoot(), 1e-300)
    while isLow(high) {
      low = high
      high *= 4
      if high > 1e150 { return low }
    }
    for _ in 0..<40 where high - low > 1e-4 * high {
      let middle = (low + high) / 2
      if isLow(middle) { low = middle } else { high = middle }
    }
    return high
  }

  /// log E[(1 - e^(-U))⁺·e^(-tU)] of a normal U with mean 0 and spread w, s = t·w.
  private static func logExcess(_ s: Double, _ w: Double) -> Double {
    func mills(_ s: Double) -> Double {
      exp(s * s / 2 + SpecialFunctions.logNormalCDF(-s))
    }
    let peak = 1 / (2 * Double.pi).squareRoot()
    if s > 30 { return log(peak * w / (s * (s + w))) }
    if w < 1e-4 { return log(w * (peak - s * mills(s))) }
    let far = s + w > 30 ? peak / (s + w) : mills(s + w)
    return log(max(1e-300, mills(s) - far))
  }

  // MARK: Composing

  /// A step's masses from grid place `first` on.
  private struct Masses {
    var first: Int
    var values: [Double]
    var infinite: Double
  }

  /// The least epsilon with the sum tilted by `t`, on a grid around a loss.
  private func solve(tilt t: Double, around center: Double) -> Double {
    let total = cumulants(t)
    guard total.variance > 0, total.variance.isFinite, total.log.isFinite else { return .infinity }
    let (low, high, chernoff) = window(t, total, center)
    guard high > low, (high - low).isFinite else { return .infinity }
    let floors = zip(sketches, times).map { $0.floor(t, share: 1e-11 / $1) }
    let scale = max(center, 0.01 * total.variance.squareRoot())
    let (interval, size) = grid(low, high, scale, t, floors)
    let steps = losses.indices.map {
      masses(losses[$0], range[$0], floor: floors[$0], interval: interval)
    }
    // M(θ) of the masses themselves, so that taking the tilt back is exact.
    let logMoments = steps.map { Self.logMoment($0, t, interval) }
    var logTotal = zip(times, logMoments).reduce(0) { $0 + $1.0 * $1.1 }
    var logBeyond = 0.0
    var logFinite = 0.0
    for (step, times) in zip(steps, times) {
      logBeyond += times * Self.logMoment(step, chernoff, interval)
      logFinite += times * log1p(-step.infinite)
    }
    let tilted = zip(steps, logMoments).map { step, logMoment in
      var masses = [Double](repeating: 0, count: size)
      for (j, mass) in step.values.enumerated() where mass > 0 {
        let place = step.first + j
        masses[place & (size - 1)] += mass * exp(t * Double(place) * interval - logMoment)
      }
      return masses
    }
    let (sum, rounding) = Self.composed(tilted, times)
    // Quadrature and the like: a relative error of a step's masses of at most 2e-12 each.
    logTotal += times.reduce(0, +) * 2e-12
    let bottom = Int((low / interval).rounded(.down))
    let top = bottom + size
    let beyond = exp(logBeyond - chernoff * Double(top) * interval)
    let target = delta - beyond * (1 + 1e-6) + expm1(logFinite)
    guard target > 0 else { return .infinity }
    let origin = Int((center / interval).rounded())
    let scaled = log(target) - logTotal + t * Double(origin) * interval
    guard abs(scaled) < 690 else { return .infinity }
    return Self.crossing(
      sum, bottom: bottom, origin: origin, tilt: t, interval: interval, target: exp(scaled),
      rounding: rounding)
  }

  /// The distribution of the sum of all steps, around a ring, and a bound of its error in the Euclidean norm.
  private static func composed(_ steps: [[Double]], _ times: [Double]) -> ([Double], Double) {
    if times == [1] { return (steps[0], 0) }
    let size = steps[0].count
    let transform = FourierTransform(count: size)
    var logMagnitude = [Double](repeating: 0, count: size / 2 + 1)
    var angle = logMagnitude
    // Of a transform by Higham (2002, theorem 24.2), of logarithm and angle a few units; a power multiplies both.
    let unit = Double.ulpOfOne / 2
    let ofTransform = 12 * log2(Double(size)) * unit
    var rounding = ofTransform + 8 * unit
    for (step, times) in zip(steps, times) {
      var real = step
      var imaginary = [Double](repeating: 0, count: size)
      transform.forward(&real, &imaginary)
      for k in 0...(size / 2) {
        logMagnitude[k] += times * 0.5 * log(real[k] * real[k] + imaginary[k] * imaginary[k])
        angle[k] += times * atan2(imaginary[k], real[k])
      }
      rounding += times * (ofTransform + 8 * unit)
    }
    var real = [Double](repeating: 0, count: size)
    var imaginary = real
    for k in 0...(size / 2) {
      let magnitude = exp(logMagnitude[k])
      real[k] = magnitude * cos(angle[k])
      imaginary[k] = magnitude * sin(angle[k])
      // The masses are real: the other half mirrors this one.
      if k > 0, k < size / 2 {
        real[size - k] = real[k]
        imaginary[size - k] = -imaginary[k]
      }
    }
    transform.inverse(&real, &imaginary)
    return (real, rounding)
  }

  /// The loss at which Σ (1 - e^(ε-ℓ))⁺·e^(-t(ℓ-origin))·mass(ℓ) comes to `target`, looked for from above.
  private static func crossing(
    _ masses: [Double], bottom: Int, origin: Int, tilt t: Double, interval h: Double,
    target: Double, rounding: Double
  ) -> Double {
    let size = masses.count
    let shrink = exp(-h)
    let step = -expm1(-h)
    // The Euclidean norm of (1 - e^(-jh))·e^(-tjh), j = 1, 2 …: each factor at most 1 and at most jh.
    let ratio = exp(-2 * t * h)
    let rest = -expm1(-2 * t * h)
    let plain = rest > 0 ? min(Double(size), ratio / rest) : Double(size)
    let steep = rest > 0 ? h * h * ratio * (1 + ratio) / (rest * rest * rest) : .infinity
    let error = rounding * min(plain, steep).squareRoot()
    // δ, and Σ m·e^(ε-ℓ) over the losses above (`above`) and from (`from`) the present one: all sums of positive terms.
    var excess = 0.0
    var from = 0.0
    var place = bottom + size - 1
    while place >= bottom {
      let above = shrink * from
      excess += step * from
      let exponent = -t * h * Double(place - origin)
      guard exponent < 700 else { return Double(place + 1) * h }
      let weight = exp(exponent)
      let bound = excess + error * weight
      if bound > target {
        // Between this place and the next above it, where δ = excess - above·(e^(ε - ℓ) - 1).
        guard above > 0 else { return Double(place + 1) * h }
        return Double(place) * h + min(h, log1p((bound - target) / above))
      }
      if place <= 0 { return 0 }
      from = above + max(0, masses[place & (size - 1)]) * weight
      place -= 1
    }
    return max(0, Double(bottom) * h)
  }

  /// From where to where the tilted sum has to be known, and the tilt of the Chernoff bound for what lies above.
  private func window(
    _ t: Double, _ total: (log: Double, mean: Double, variance: Double), _ center: Double
  ) -> (low: Double, high: Double, chernoff: Double) {
    let spread = total.variance.squareRoot()
    var high = Double.infinity
    var low = -Double.infinity
    var chernoff = t
    let least = log(delta) - 20
    // What comes back around from above counts as much more than it is where it lands above epsilon.
    var width = Double.infinity
    var tilts = [0.25, 0.5, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 24].map { $0 / spread }
    // Rare large losses set another scale than the spread does.
    let largest = sketches.reduce(0) { max($0, $1.losses[$1.losses.count - 1]) }
    while let last = tilts.last, last * largest > 0.1, tilts.count < 60 {
      tilts.append(tilts.count == 14 ? tilts[0] / 2 : last / 2)
    }
    for s in tilts {
      let moment = cumulants(t + s).log
      let up = (moment - least) / (t + s)
      width = min(width, (moment - (t + s) * center - least) / s)
      if up < high {
        high = up
        chernoff = t + s
      }
      low = max(low, (total.log - cumulants(t - s).log - 25) / s)
    }
    low = min(low, center - spread)
    return (low, max(high, center + spread, low + width), chernoff)
  }

  /// A grid so fine that connecting the dots adds little to an epsilon of about `scale`: variance v of a sum tilted by
  /// θ costs (θ + 1)·v/2.
  private func grid(
    _ low: Double, _ high: Double, _ scale: Double, _ t: Double, _ floors: [Double]
  ) -> (interval: Double, size: Int) {
    let magnitudes = sketches.map { $0.meanMagnitude(t) }
    var size = 1 << 13
    var interval = (high - low) / Double(size - 2)
    while size < Self.largestGrid {
      var added = 0.0
      for (times, magnitude) in zip(times, magnitudes) {
        added += times * min(interval * interval / 6, interval * magnitude)
      }
      let allowed = size < 1 << 17 ? 4e-6 : size < 1 << 18 ? 2e-5 : 1e-4
      let cost = (t + 1) / 2 * added
      if cost < allowed * scale, interval < 1e-3 * scale || size >= 1 << 17 { break }
      size *= 2
      interval = (high - low) / Double(size - 2)
    }
    // No step may have too many cells.
    for (sketch, floor) in zip(sketches, floors) {
      let span = (sketch.losses.last ?? 0) - floor
      interval = max(interval, span / Double(Self.largestGrid))
    }
    while size > 1 << 12, Double(size / 2 - 2) * interval >= high - low { size /= 2 }
    return (interval, size)
  }

  private static func logMoment(_ step: Masses, _ t: Double, _ interval: Double) -> Double {
    var largest = -Double.infinity
    for (j, mass) in step.values.enumerated() where mass > 0 {
      largest = max(largest, log(mass) + t * Double(step.first + j) * interval)
    }
    var sum = 0.0
    for (j, mass) in step.values.enumerated() where mass > 0 {
      sum += mass * exp(t * Double(step.first + j) * interval - largest)
    }
    return largest + log(sum)
  }

  // MARK: The loss of one step on the grid

  private func masses(
    _ loss: SampledGaussianLoss, _ range: ClosedRange<Double>, floor: Double, interval h: Double
  ) -> Masses {
    // x runs in the direction of rising losses.
    let sign = loss.removes ? 1.0 : -1.0
    let lowest = loss.removes ? range.lowerBound : range.upperBound
    let highest = loss.removes ? range.upperBound : range.lowerBound
    let cut = loss.place(ofLoss: floor)
    let start = cut.isFinite && sign * (cut - lowest) > 0 ? cut : lowest
    let first = Int((loss.loss(start) / h).rounded(.down))
    let last = max(first + 1, Int((loss.loss(highest) / h).rounded(.up)))
    var values = [Double](repeating: 0, count: last - first + 1)
    // Nothing may be lost where rounding moves a part of a cell: a little more than computed goes up.
    let more = 1 + max(1e-9, 16 * Double.ulpOfOne * Double(max(abs(first), abs(last))))
    var from = start
    for i in first..<last {
      var to = i + 1 == last ? highest : loss.place(ofLoss: Double(i + 1) * h)
      // Clamped to what is left.
      if sign * (to - highest) > 0 || to.isNaN { to = highest }
      if sign * (to - from) <= 0 { continue }
      let (mass, raised) = cell(loss, min(from, to), max(from, to), Double(i) * h, h)
      let upper = min(mass, raised * more)
      values[i - first] += mass - upper
      values[i - first + 1] += upper
      from = to
    }
    // All losses below count as the lowest cell's upper end: raising a loss is safe.
    values[1] += loss.removes ? loss.tail(below: start) : loss.tail(above: start)
    let above = loss.removes ? loss.tail(above: highest) : loss.tail(below: highest)
    // The quadrature's sum is 1 but for its error.
    let factor = (1 - above) / values.reduce(0, +)
    for i in values.indices { values[i] *= factor }
    return Masses(first: first, values: values, infinite: above)
  }

  /// The probability of an interval of x, and its part that goes to the upper of the two grid points.
  private func cell(
    _ loss: SampledGaussianLoss, _ low: Double, _ high: Double, _ bottom: Double, _ h: Double
  ) -> (mass: Double, raised: Double) {
    let sigma = loss.noiseMultiplier
    let pieces = max(1, ((high - low) / (0.08 * sigma)).rounded(.up))
    let width = (high - low) / pieces
    let rule: [(Double, Double)] =
      width < 5e-4 * sigma
      ? Self.twoPoints : width < 0.01 * sigma ? Self.threePoints : Self.fivePoints
    let scale = 1 / -expm1(-h)
    var mass = 0.0
    var raised = 0.0
    for piece in 0..<Int(pieces) {
      let middle = low + (Double(piece) + 0.5) * width
      for (node, weight) in rule {
        let x = middle + node * width / 2
        let density = loss.density(x) * weight * width / 2
        mass += density
        raised += density * min(1, max(0, -expm1(bottom - loss.loss(x)) * scale))
      }
    }
    return (mass, raised)
  }

  // Gauss and Legendre's rules on [-1, 1].
  private static let twoPoints = [(-0.5773502691896257, 1.0), (0.5773502691896257, 1)]
  private static let threePoints = [
    (-0.7745966692414834, 5.0 / 9), (0, 8.0 / 9), (0.7745966692414834, 5.0 / 9),
  ]
  private static let fivePoints = [
    (-0.906179845938664, 0.23692688505618908), (-0.5384693101056831, 0.47862867049936647),
    (0, 0.5688888888888889), (0.5384693101056831, 0.47862867049936647),
    (0.906179845938664, 0.23692688505618908),
  ]
}
