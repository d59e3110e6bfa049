import CKernels
import Foundation
import Testing

private func stream(_ generator: Int) -> fl_stream {
  fl_stream(key: 99, key_high: 7, stream: 3, generator: UInt32(generator))
}

/// PyTorch's formulas in Double, one element: (parameter, state…) after a step.
private struct Reference {
  static func adam(_ h: fl_adam, _ g: Double, _ s: [Double]) -> [Double] {
    var (p, g) = (s[0], g)
    if h.decoupled != 0 { p *= 1 - h.rate * h.weight_decay } else { g += h.weight_decay * p }
    let m = h.beta1 * s[1] + (1 - h.beta1) * g
    let v = h.beta2 * s[2] + (1 - h.beta2) * g * g
    let denominator = v.squareRoot() / h.correction2.squareRoot() + h.epsilon
    return [p - h.rate / h.correction1 * m / denominator, m, v]
  }

  static func sgd(_ h: fl_sgd, _ g: Double, _ s: [Double]) -> [Double] {
    let d = g + h.weight_decay * s[0]
    if s.count == 1 { return [s[0] - h.rate * d] }
    let m = h.momentum * s[1] + (1 - h.dampening) * d
    let update = h.nesterov != 0 ? d + h.momentum * m : m
    return [s[0] - h.rate * update, m]
  }

  /// State: square, then average if centered, then momentum if any.
  static func rmsprop(_ h: fl_rmsprop, _ g: Double, _ s: [Double], centered: Bool) -> [Double] {
    var s = s
    let d = g + h.weight_decay * s[0]
    s[1] = h.alpha * s[1] + (1 - h.alpha) * d * d
    var variance = s[1]
    if centered {
      s[2] = h.alpha * s[2] + (1 - h.alpha) * d
      variance -= s[2] * s[2]
    }
    var update = d / (variance.squareRoot() + h.epsilon)
    if h.momentum != 0 {
      let k = centered ? 3 : 2
      s[k] = h.momentum * s[k] + update
      update = s[k]
    }
    s[0] -= h.rate * update
    return s
  }

  static func adagrad(_ h: fl_adagrad, _ g: Double, _ s: [Double]) -> [Double] {
    let d = g + h.weight_decay * s[0]
    let sum = s[1] + d * d
    return [s[0] - h.rate * d / (sum.squareRoot() + h.epsilon), sum]
  }
}

/// An optimizer: its arrays, how to run it, and the reference of one element.
private struct Optimizer {
  var name: String
  var arrays: Int
  var run: (Int, UnsafePointer<fl_gradient>, [UnsafeMutablePointer<Float>]) -> Void
  var reference: (Double, [Double]) -> [Double]
}

private func optimizers() -> [Optimizer] {
  var all: [Optimizer] = []
  for (decay, decoupled) in [(0.0, 0), (0.1, 0), (0.1, 1)] {
    let h = fl_adam(
      rate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weight_decay: decay,
      decoupled: Int32(decoupled), correction1: 0.271, correction2: 0.03)
    all.append(
      Optimizer(
        name: "adam \(decay) \(decoupled)", arrays: 3,
        run: { n, g, a in withUnsafePointer(to: h) { fl_adam_f32(n, g, $0, a[0], a[1], a[2]) } },
        reference: { Reference.adam(h, $0, $1) }))
  }
  for (momentum, nesterov) in [(0.0, 0), (0.9, 0), (0.9, 1)] {
    let h = fl_sgd(
      rate: 0.1, momentum: momentum, dampening: nesterov == 1 ? 0 : 0.2, weight_decay: 0.01,
      nesterov: Int32(nesterov))
    all.append(
      Optimizer(
        name: "sgd \(momentum) \(nesterov)", arrays: momentum == 0 ? 1 : 2,
        run: { n, g, a in
          withUnsafePointer(to: h) { fl_sgd_f32(n, g, $0, a[0], a.count > 1 ? a[1] : nil) }
        }, reference: { Reference.sgd(h, $0, $1) }))
  }
  for (momentum, centered) in [(0.0, false), (0.5, false), (0.0, true), (0.5, true)] {
    let h = fl_rmsprop(
      rate: 0.01, alpha: 0.9, epsilon: 1e-8, weight_decay: 0.01, momentum: momentum)
    all.append(
      Optimizer(
        name: "rmsprop \(momentum) \(centered)",
        arrays: 2 + (centered ? 1 : 0) + (momentum != 0 ? 1 : 0),
        run: { n, g, a in
          withUnsafePointer(to: h) {
            fl_rmsprop_f32(
              n, g, $0, a[0], a[1], centered ? a[2] : nil, momentum != 0 ? a[a.count - 1] : nil)
          }
        }, reference: { Reference.rmsprop(h, $0, $1, centered: centered) }))
  }
  let h = fl_adagrad(rate: 0.1, epsilon: 1e-10, weight_decay: 0.01)
  all.append(
    Optimizer(
      name: "adagrad", arrays: 2,
      run: { n, g, a in withUnsafePointer(to: h) { fl_adagrad_f32(n, g, $0, a[0], a[1]) } },
      reference: { Reference.adagrad(h, $0, $1) }))
  return all
}

/// Runs a step on copies of `arrays`; gives the changed arrays, one after another.
private func step(
  _ optimizer: Optimizer, _ arrays: [[Float]], _ gradient: fl_gradient
) -> [Float] {
  let n = arrays[0].count
  return output(n * arrays.count, initial: arrays.flatMap { $0 }) { start in
    withUnsafePointer(to: gradient) {
      optimizer.run(n, $0, (0..<arrays.count).map { start + $0 * n })
    }
  }
}

extension KernelTests {
  @Suite struct Optimizers {
    @Test(arguments: 0..<optimizers().count) func stepFollowsTheFormula(index: Int) {
      let optimizer = optimizers()[index]
      var numbers = Numbers(UInt64(60 + index))
      for n in [0, 1, 15, 16, 33, 64, 100, 257] {
        var arrays = [numbers.array(n)]
        // A centered RMSprop needs square > average^2.
        for k in 1..<max(2, optimizer.arrays) where optimizer.arrays > 1 {
          arrays.append(
            k == 1 && optimizer.name.hasPrefix("rms") || k == 2 && index < 3
              ? numbers.array(n, 1, 2) : numbers.array(n, 0.1, 0.9))
        }
        let values = numbers.array(n)
        for hasValues in [true, false] {
          for (scale, deviation, generator) in [
            (Float(1), Float(0), 0), (0.5, 0, 0), (0.25, 1.5, 0), (0.25, 1.5, 1),
          ] {
            for offset: UInt64 in deviation == 0 ? [0] : [0, 13, 64] {
              var gradient = fl_gradient()
              gradient.scale = scale
              gradient.noise_deviation = deviation
              gradient.stream = stream(generator)
              gradient.offset = offset
              var s = gradient.stream
              let z = output(n) { fl_random_normal_f32(n, 0, 1, &s, offset, $0) }
              var expected = [[Double]](repeating: [], count: optimizer.arrays)
              for i in 0..<n {
                let sum = (hasValues ? Double(values[i]) : 0) + Double(deviation) * Double(z[i])
                let result = optimizer.reference(
                  sum * Double(scale), arrays.map { Double($0[i]) })
                for k in result.indices { expected[k].append(result[k]) }
              }
              sameOnEveryLevel(optimizer.name) {
                values.withUnsafeBufferPointer { buffer in
                  gradient.values = hasValues ? buffer.baseAddress : nil
                  let result = step(optimizer, arrays, gradient)
                  expectClose(
                    result, expected.flatMap { $0 }, relative: 3e-6, absolute: 2e-6, optimizer.name)
                  return result
                }
              }
            }
          }
        }
      }
    }

    @Test func tablesTakeTheGradientsOfTheirRows() {
      var numbers = Numbers(80)
      for width in [1, 16, 50, 64, 128, 200] {
        let rows = 13
        let n = rows * width
        let compact = numbers.array(4 * width)
        let map: [Int32] = [-1, 2, -1, -1, 0, 3, -1, 1, -1, -1, -1, 2, -1]
        var dense = [Float](repeating: 0, count: n)
        for r in 0..<rows where map[r] >= 0 {
          for c in 0..<width { dense[r * width + c] = compact[Int(map[r]) * width + c] }
        }
        for optimizer in optimizers().prefix(4) {
          let arrays = (0..<optimizer.arrays).map { _ in numbers.array(n, 0.1, 1) }
          for (deviation, offset) in [(Float(0), UInt64(0)), (1, 0), (1, 77), (1, 1 << 35)] {
            sameOnEveryLevel("width \(width)") {
              compact.withUnsafeBufferPointer { compact in
                map.withUnsafeBufferPointer { map in
                  dense.withUnsafeBufferPointer { dense in
                    var gradient = fl_gradient()
                    gradient.scale = 0.5
                    gradient.noise_deviation = deviation
                    gradient.offset = offset
                    gradient.values = dense.baseAddress
                    let expected = step(optimizer, arrays, gradient)
                    gradient.values = compact.baseAddress
                    gradient.row_map = map.baseAddress
                    gradient.width = width
                    let result = step(optimizer, arrays, gradient)
                    #expect(result == expected)
                    var (a, b) = ([Float](), [Float]())
                    a = output(n) { fl_gradient_f32(n, &gradient, $0) }
                    gradient.row_map = nil
                    gradient.values = dense.baseAddress
                    b = output(n) { fl_gradient_f32(n, &gradient, $0) }
                    #expect(a == b)
                    return result + a
                  }
                }
              }
            }
          }
        }
      }
    }

    @Test func blocksOfAStepGiveTheWholeStep() {
      var numbers = Numbers(81)
      let n = 1000
      let optimizer = optimizers()[0]
      let arrays = (0..<3).map { _ in numbers.array(n, 0.1, 1) }
      let values = numbers.array(n)
      sameOnEveryLevel {
        values.withUnsafeBufferPointer { buffer in
          var gradient = fl_gradient()
          gradient.scale = 0.5
          gradient.noise_deviation = 2
          gradient.offset = 100
          gradient.values = buffer.baseAddress
          let whole = step(optimizer, arrays, gradient)
          let pieces = output(3 * n, initial: arrays.flatMap { $0 }) { start in
            for (a, b) in [(0, 37), (37, 512), (512, 999), (999, 1000)] {
              var piece = gradient
              piece.values = buffer.baseAddress! + a  // Not empty.
              piece.offset += UInt64(a)
              optimizer.run(b - a, &piece, [start + a, start + n + a, start + 2 * n + a])
            }
          }
          #expect(pieces == whole)
          return whole
        }
      }
    }

    /// Dense and noisy gradients, tables, and counts and offsets at which groups of noise are cut.
    @Test func sumsOfSquaresAreThoseOfTheNewParameter() {
      var numbers = Numbers(82)
      let width = 24
      for (n, offset, deviation) in [
        (1, 0, Float(0)), (15, 0, 0.5), (130, 0, 0), (999, 100, 2), (1024, 128, 0.5), (300, 77, 1),
        (960, 256, 0), (960, 64, 1),
      ] {
        let arrays = (0..<3).map { _ in numbers.array(n, 0.1, 1) }
        let values = numbers.array(max(n, 16 * width))
        let map = (0..<(n / width + 1)).map { Int32($0 % 3 == 0 ? -1 : $0 % 16) }
        for optimizer in optimizers() where optimizer.arrays <= 3 {
          for isTable in [false, true] where !isTable || n % width == 0 {
            sameOnEveryLevel {
              var found = -1.0
              let result = values.withUnsafeBufferPointer { buffer in
                map.withUnsafeBufferPointer { map in
                  var gradient = fl_gradient()
                  gradient.scale = 0.5
                  gradient.noise_deviation = deviation
                  gradient.offset = UInt64(offset)
                  gradient.values = buffer.baseAddress
                  if isTable { (gradient.row_map, gradient.width) = (map.baseAddress, width) }
                  return withUnsafeMutablePointer(to: &found) {
                    gradient.squared_norm = $0
                    return step(optimizer, Array(arrays[..<optimizer.arrays]), gradient)
                  }
                }
              }
              let expected = result[..<n].reduce(0.0) { $0 + Double($1) * Double($1) }
              #expect(abs(found - expected) <= 1e-5 * expected)
              return [Float(found)]
            }
          }
        }
      }
    }

    @Test func notANumberStaysVisible() {
      let adam = optimizers()[0]
      onEveryLevel { _ in
        [Float.nan, 1, .infinity].withUnsafeBufferPointer { buffer in
          var gradient = fl_gradient()
          gradient.scale = 1
          gradient.values = buffer.baseAddress
          let zeros: [Float] = [0, 0, 0]
          let result = step(adam, [zeros, zeros, zeros], gradient)
          #expect(result[0].isNaN && result[3].isNaN && result[6].isNaN)
          #expect(result[1] < 0 && !result[2].isFinite)
        }
      }
    }
  }
}
