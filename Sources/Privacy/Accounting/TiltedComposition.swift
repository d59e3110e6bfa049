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

/// The composed loss of steps in one direction.
struct TiltedComposition {
  private let losses: [StepLoss]
  private let sketches: [LossSketch]
  private let times: [Double]
  private let delta: Double
  /// What delta leaves for losses that are not infinite.
  private let finiteDelta: Double
  /// The largest loss that all steps together can have; infinite where there is none.
  private let largestLoss: Double

  /// The largest number of grid points, and of the cells of one step.
  static let largestGrid = 1 << 20

  /// Nil where a part has no dominating pair.
  init?(_ parts: [StepPart], removes: Bool, delta: Double) {
    let steps = parts.reduce(0) { $0 + Double($1.times) }
    let negligible = max(delta * 1e-10 / steps, 1e-290)
    losses = parts.compactMap { StepLoss($0, removes: removes, negligible: negligible) }
    guard losses.count == parts.count else { return nil }
    times = parts.map { Double($0.times) }
    largestLoss = zip(losses, times).reduce(0) { $0 + $1.0.largest * $1.1 }
    // A step with a loss below that brings the sum below 0 whatever the others do: how far below does not matter.
    let least = -largestLoss
    sketches = losses.map { $0.sketch(atLeast: least) }
    self.delta = delta
    let logFinite = zip(losses, times).reduce(0) { $0 + $1.1 * log1p(-$1.0.infinite) }
    finiteDelta = Self.left(delta, logFinite)
  }

  /// What delta leaves when the probability of infinite losses is taken off, rounded down.
  private static func left(_ delta: Double, _ logFinite: Double) -> Double {
    logFinite < 0 ? delta * (1 - 1e-14) + expm1(logFinite) : delta
  }

  /// The least epsilon found at which `delta` is kept: never below the true one. Infinite where none was found.
  func epsilon() -> Double {
    guard finiteDelta > 0 else { return .infinity }
    // Total variations add up at most: where delta covers them, nothing is spent.
    let variation = zip(losses, times).reduce(0) { $0 + $1.0.variation * $1.1 }
    if variation * (1 + 1e-12) <= delta { return 0 }
    var t = saddlePoint()
    var center = cumulants(t).mean
    var best = Double.infinity
    // Where the tail is far from a normal one, again from where it turned out to be: a coarse grid tells.
    for _ in 0..<5 {
      let found = solve(tilt: t, around: center, isCoarse: true)
      best = min(best, found)
      guard best.isFinite, best > 0 else { break }
      if abs(best - center) <= 0.3 * cumulants(t).variance.squareRoot() { break }
      center = best
      t = tilt(forMean: center)
    }
    return min(best, solve(tilt: t, around: center))
  }

  /// Whether `delta` is kept at `epsilon`: exact but for the direction of safety.
  func keeps(epsilon: Double) -> Bool {
    if epsilon >= largestLoss { return true }
    guard finiteDelta > 0 else { return false }
    let t = tilt(forMean: epsilon)
    // Mostly the other direction costs much less, and a coarse grid shows it.
    return solve(tilt: t, around: epsilon, isCoarse: true) <= epsilon
      || solve(tilt: t, around: epsilon) <= epsilon
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
      return log - t * mean + Self.logExcess(t * spread, spread) > Foundation.log(finiteDelta)
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

  /// The sum of all steps on a grid, tilted.
  private struct Sum {
    /// Around a ring: place i at i modulo the size.
    var masses: [Double]
    var bottom: Int
    /// Where e^(-t·loss) counts as 1.
    var origin: Int
    var tilt: Double
    var interval: Double
    /// log M(θ) of all steps.
    var logTotal: Double
    /// A bound of the error of `masses` in the Euclidean norm.
    var rounding: Double
    /// The probability of what lies above the grid, infinite losses aside.
    var beyond: Double
    /// log of the probability that no loss is infinite.
    var logFinite: Double
  }

  /// The sum tilted by `t`, on a grid around a loss; nil where it has no spread.
  private func sum(tilt t: Double, around center: Double, isCoarse: Bool = false) -> Sum? {
    let total = cumulants(t)
    guard total.variance > 0, total.variance.isFinite, total.log.isFinite else { return nil }
    let (low, high, chernoff) = window(t, total, center)
    guard high > low, (high - low).isFinite else { return nil }
    let floors = zip(sketches, times).map { $0.floor(t, share: 1e-11 / $1) }
    let scale = max(center, 0.01 * total.variance.squareRoot())
    let (interval, size) = grid(low, high, scale, t, floors, isCoarse)
    // Places on the grid are whole numbers that doubles hold.
    let reach = sketches.reduce(max(abs(low), abs(high))) {
      max($0, abs($1.losses[0]), abs($1.losses[$1.losses.count - 1]))
    }
    guard interval > 0, reach / interval < 1e15 else { return nil }
    let steps = zip(losses, floors).map { $0.onGrid(floor: $1, interval: interval) }
    // M(θ) of the masses themselves, so that taking the tilt back is exact.
    let logMoments = steps.map { $0.logMoment(t, interval) }
    var logBeyond = 0.0
    var logFinite = 0.0
    for (step, times) in zip(steps, times) {
      logBeyond += times * step.logMoment(chernoff, interval)
      logFinite += times * log1p(-step.infinite)
    }
    let tilted = zip(steps, logMoments).map {
      $0.tilted(t, interval, logMoment: $1, size: size)
    }
    let (masses, rounding) = Self.composed(tilted, times)
    let bottom = Int((low / interval).rounded(.down))
    return Sum(
      masses: masses, bottom: bottom, origin: Int((center / interval).rounded()), tilt: t,
      interval: interval, logTotal: zip(times, logMoments).reduce(0) { $0 + $1.0 * $1.1 },
      rounding: rounding,
      beyond: exp(logBeyond - chernoff * Double(bottom + size) * interval) * (1 + 1e-6),
      logFinite: logFinite)
  }

  /// A relative error of a step's masses of at most this: quadrature and the like.
  private var slack: Double { times.reduce(0, +) * 2e-12 }

  /// The least epsilon with the sum tilted by `t`, on a grid around a loss.
  private func solve(tilt t: Double, around center: Double, isCoarse: Bool = false) -> Double {
    guard let sum = sum(tilt: t, around: center, isCoarse: isCoarse) else { return .infinity }
    let target = Self.left(delta, sum.logFinite) - sum.beyond
    guard target > 0 else { return .infinity }
    let scaled = log(target) - sum.logTotal - slack + t * Double(sum.origin) * sum.interval
    guard abs(scaled) < 690 else { return .infinity }
    return Self.crossing(sum, target: exp(scaled))
  }

  /// An epsilon that does not hold, or 0: near to `found`, which does.
  ///
  /// Losses on the grid, Y', and true ones, Y, can be drawn together such that a step's differ by at most h. Connecting
  /// the dots keeps the mean of e^(-Y), so that a step's Y' is larger in the mean by at most (1 + h)·h²/8, and by
  /// Hoeffding's inequality all of them by more than w = T·(1 + h)·h²/8 + h·√(T/2·log(1/η)) with a probability of at
  /// most η. Thus δ(ε) ≥ δ'(ε + w) - η (as in Gopi, Lee, Wutschitz 2021, arXiv 2106.02848, for another discretisation).
  func lowerBound(near found: Double) -> Double {
    guard finiteDelta > 0, found > 0, found.isFinite,
      let sum = sum(tilt: tilt(forMean: found), around: found)
    else { return 0 }
    let share = delta * 1e-3
    let target = delta + share + expm1(sum.logFinite)
    guard target > 0 else { return 0 }
    let scaled =
      log(target) - sum.logTotal + slack + sum.tilt * Double(sum.origin) * sum.interval
    guard abs(scaled) < 690 else { return 0 }
    let reached = Self.lowCrossing(sum, target: exp(scaled) * (1 + 1e-9))
    var mean = 0.0
    var squares = 0.0
    for (loss, times) in zip(losses, times) {
      for width in [sum.interval, loss.resolution] {
        mean += times * ((1 + width) * width * width / 8 + 1e-8 * width)
      }
      let width = sum.interval + loss.resolution
      squares += times * width * width
    }
    let moved = mean + (squares / 2 * log(1 / share)).squareRoot()
    return max(0, (reached - moved) * (1 - 1e-9))
  }

  /// The distribution of the sum of all steps, around a ring, and a bound of its error in the Euclidean norm.
  static func composed(_ steps: [[Double]], _ times: [Double]) -> ([Double], Double) {
    if times == [1] { return (steps[0], 0) }
    let size = steps[0].count
    let transform = FourierTransform(count: size / 2)
    var logMagnitude = [Double](repeating: 0, count: size / 2 + 1)
    var angle = logMagnitude
    // Of a transform by Higham (2002, theorem 24.2), of logarithm and angle a few units; a power multiplies both.
    let unit = Double.ulpOfOne / 2
    let ofTransform = 12 * log2(Double(size)) * unit
    var rounding = ofTransform + 8 * unit
    for (step, times) in zip(steps, times) {
      let (real, imaginary) = transform.forward(real: step)
      for k in 0...(size / 2) {
        logMagnitude[k] += times * 0.5 * log(real[k] * real[k] + imaginary[k] * imaginary[k])
        angle[k] += times * atan2(imaginary[k], real[k])
      }
      rounding += times * (ofTransform + 8 * unit)
    }
    var real = [Double](repeating: 0, count: size / 2 + 1)
    var imaginary = real
    // What has vanished stays 0.
    for k in 0...(size / 2) where logMagnitude[k] > -745 {
      let magnitude = exp(logMagnitude[k])
      real[k] = magnitude * cos(angle[k])
      imaginary[k] = magnitude * sin(angle[k])
    }
    return (transform.inverse(real: real, imaginary: imaginary), rounding)
  }

  /// A bound of what the error of the masses makes of δ, over e^(-t·loss).
  private static func error(_ sum: Sum) -> Double {
    // The Euclidean norm of (1 - e^(-jh))·e^(-tjh), j = 1, 2 …: each factor at most 1 and at most jh.
    let h = sum.interval
    let ratio = exp(-2 * sum.tilt * h)
    let rest = -expm1(-2 * sum.tilt * h)
    let size = Double(sum.masses.count)
    let plain = rest > 0 ? min(size, ratio / rest) : size
    let steep = rest > 0 ? h * h * ratio * (1 + ratio) / (rest * rest * rest) : .infinity
    return sum.rounding * min(plain, steep).squareRoot()
  }

  /// The loss at which Σ (1 - e^(ε-ℓ))⁺·e^(-t(ℓ-origin))·mass(ℓ) comes to `target`, looked for from above.
  private static func crossing(_ sum: Sum, target: Double) -> Double {
    let size = sum.masses.count
    let h = sum.interval
    let shrink = exp(-h)
    let step = -expm1(-h)
    let error = error(sum)
    // δ, and Σ m·e^(ε-ℓ) over the losses above (`above`) and from (`from`) the present one: all sums of positive terms.
    var excess = 0.0
    var from = 0.0
    var place = sum.bottom + size - 1
    while place >= sum.bottom {
      let above = shrink * from
      excess += step * from
      let exponent = -sum.tilt * h * Double(place - sum.origin)
      guard exponent < 700 else { return Double(place + 1) * h }
      let weight = exp(exponent)
      let bound = excess + error * weight
      if bound > target {
        // Between this place and the next above it, where δ = excess - above·(e^(ε - ℓ) - 1).
        guard above > 0 else { return Double(place + 1) * h }
        return Double(place) * h + min(h, log1p((bound - target) / above))
      }
      if place <= 0 { return 0 }
      from = above + max(0, sum.masses[place & (size - 1)]) * weight
      place -= 1
    }
    return max(0, Double(sum.bottom) * h)
  }

  /// The largest loss on the grid at which δ is above `target` for certain, or 0.
  private static func lowCrossing(_ sum: Sum, target: Double) -> Double {
    let size = sum.masses.count
    let shrink = exp(-sum.interval)
    let step = -expm1(-sum.interval)
    // What comes around from below, and what was raised to the floors, are shares of the tilted sum.
    let error = error(sum) + 1e-10
    var excess = 0.0
    var from = 0.0
    for place in stride(from: sum.bottom + size - 1, through: max(1, sum.bottom), by: -1) {
      excess += step * from
      let exponent = -sum.tilt * sum.interval * Double(place - sum.origin)
      guard exponent < 700 else { return 0 }
      let weight = exp(exponent)
      if excess - error * weight > target { return Double(place) * sum.interval }
      from = shrink * from + sum.masses[place & (size - 1)] * weight
    }
    return 0
  }

  /// From where to where the tilted sum has to be known, and the tilt of the Chernoff bound for what lies above.
  private func window(
    _ t: Double, _ total: (log: Double, mean: Double, variance: Double), _ center: Double
  ) -> (low: Double, high: Double, chernoff: Double) {
    let spread = total.variance.squareRoot()
    var high = Double.infinity
    var low = -Double.infinity
    var chernoff = t
    let least = log(finiteDelta) - 20
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
    _ low: Double, _ high: Double, _ scale: Double, _ t: Double, _ floors: [Double],
    _ isCoarse: Bool
  ) -> (interval: Double, size: Int) {
    let magnitudes = sketches.map { $0.meanMagnitude(t) }
    var size = 1 << 13
    var interval = (high - low) / Double(size - 2)
    while size < Self.largestGrid {
      var added = 0.0
      for (times, magnitude) in zip(times, magnitudes) {
        added += times * min(interval * interval / 6, interval * magnitude)
      }
      let allowed = size < 1 << 16 ? 1e-5 : size < 1 << 17 ? 2e-5 : size < 1 << 18 ? 4e-5 : 1e-4
      let cost = (t + 1) / 2 * added
      if isCoarse, cost < 2e-3 * scale || size >= 1 << 16 { break }
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
}
