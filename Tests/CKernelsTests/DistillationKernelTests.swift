import CKernels
import Foundation
import Testing

extension KernelTests {
  @Suite struct Distillation {
    private let shapes = [(1, 1), (3, 2), (2, 16), (3, 37), (2, 100)]
    private let divergences: [(Int, Float)] = [
      (FL_FORWARD_KL, 0), (FL_REVERSE_KL, 0), (FL_JENSEN_SHANNON, 0.5), (FL_JENSEN_SHANNON, 0.1),
      (FL_SKEW_KL, 0.1), (FL_SKEW_REVERSE_KL, 0.2),
    ]

    private func settings(
      _ divergence: (Int, Float), temperature: Float, soft: Float, hard: Float, tail: Bool = true
    ) -> fl_distillation {
      fl_distillation(
        divergence: Int32(divergence.0), parameter: divergence.1, temperature: temperature,
        soft_weight: soft, hard_weight: hard, tail_bucket: tail ? 1 : 0, ignore_index: -100)
    }

    /// The divergence by its definition.
    private func value(_ divergence: (Int, Float), _ p: [Double], _ q: [Double]) -> Double {
      let a = Double(divergence.1)
      func kl(_ p: [Double], _ q: [Double]) -> Double {
        zip(p, q).reduce(0) { $0 + ($1.0 == 0 ? 0 : $1.0 * log($1.0 / $1.1)) }
      }
      func mix(_ x: [Double], _ y: [Double]) -> [Double] { zip(x, y).map { a * $0 + (1 - a) * $1 } }
      switch divergence.0 {
      case FL_REVERSE_KL: return kl(q, p)
      case FL_JENSEN_SHANNON: return a * kl(p, mix(p, q)) + (1 - a) * kl(q, mix(p, q))
      case FL_SKEW_KL: return kl(p, mix(p, q))
      case FL_SKEW_REVERSE_KL: return kl(q, mix(q, p))
      default: return kl(p, q)
      }
    }

    /// Weighted loss of a row in f64, for values and central differences.
    private func loss(
      _ s: fl_distillation, _ divergence: (Int, Float), _ x: [Double], _ t: [Double], label: Int,
      kept: [Int]? = nil
    ) -> Double {
      let temperature = Double(s.temperature)
      var q = softmaxOf(x.map { $0 / temperature })
      var p = softmaxOf(t.map { $0 / temperature })
      if let kept {
        func merged(_ d: [Double]) -> [Double] {
          let some = kept.map { d[$0] }
          let sum = some.reduce(0, +)
          return s.tail_bucket != 0 ? some + [1 - sum] : some.map { $0 / sum }
        }
        (p, q) = (merged(p), merged(q))
      }
      return Double(s.soft_weight) * value(divergence, p, q)
        - Double(s.hard_weight) * log(softmaxOf(x)[label])
    }

    private func softmaxOf(_ x: [Double]) -> [Double] {
      let top = x.max() ?? 0
      let e = x.map { exp($0 - top) }
      return e.map { $0 / e.reduce(0, +) }
    }

    private func central(_ x: [Double], _ f: ([Double]) -> Double) -> [Double] {
      x.indices.map { i in
        var (up, down) = (x, x)
        up[i] += 1e-5
        down[i] -= 1e-5
        return (f(up) - f(down)) / 2e-5
      }
    }

    @Test(arguments: [Float(1), 2, 3.5])
    func agreesWithItsDefinition(temperature: Float) {
      var numbers = Numbers(31)
      for (rows, n) in shapes {
        for divergence in divergences {
          for hard in [Float(0), 0.75] {
            let student = numbers.array(rows * n, -5, 5)
            let teacher = numbers.array(rows * n, -5, 5)
            let labels = (0..<rows).map { Int64($0 % n) }
            let scales = numbers.array(rows, 0.1, 2)
            let s = settings(divergence, temperature: temperature, soft: 1.5, hard: hard)
            var values: [Double] = []
            var gradients: [Double] = []
            for r in 0..<rows {
              let x = student[(r * n)..<(r * n + n)].map(Double.init)
              let t = teacher[(r * n)..<(r * n + n)].map(Double.init)
              let f = { (x: [Double]) in
                self.loss(s, divergence, x, t, label: Int(labels[r]))
              }
              values.append(f(x))
              gradients += central(x, f).map { $0 * Double(scales[r]) }
            }
            sameOnEveryLevel("\(divergence)") {
              var scratch = [Float](repeating: 0, count: 2 * n)
              var soft = [Float](repeating: 0, count: rows)
              var cross = [Float](repeating: 0, count: rows)
              let g = output(rows * n) { g in
                withUnsafePointer(to: s) {
                  let result = fl_distillation_f32(
                    rows, n, student, teacher, labels, $0, scales, &scratch, &soft, &cross, g)
                  #expect(result.counted == rows && result.invalid == 0)
                }
              }
              let found = zip(soft, cross).map { 1.5 * $0 + hard * $1 }
              expectClose(found, values, relative: 1e-5, absolute: 2e-6)
              expectClose(g, gradients, relative: 1e-4, absolute: 3e-6)
              return g + found
            }
          }
        }
      }
    }

    @Test(arguments: [true, false])
    func largestLogitsAgreeWithMergedClasses(tail: Bool) {
      var numbers = Numbers(32)
      let (n, k) = (37, 5)
      for divergence in divergences {
        let student = numbers.array(n, -4, 4)
        let teacher = numbers.array(n, -4, 4)
        let s = settings(divergence, temperature: 2, soft: 4, hard: 0.5, tail: tail)
        let order = (0..<n).sorted { teacher[$0] > teacher[$1] }
        let x = student.map(Double.init)
        let f = { (x: [Double]) in
          self.loss(
            s, divergence, x, teacher.map(Double.init), label: 7, kept: Array(order[..<k]))
        }
        sameOnEveryLevel("\(divergence)") {
          var ids = [Int32](repeating: -1, count: k)
          var values = [Float](repeating: 0, count: k)
          fl_largest_rows_f32(1, n, k, teacher, &ids, &values)
          #expect(ids.map(Int.init) == Array(order[..<k]))
          var scratch = [Float](repeating: 0, count: n + 5 * (k + 1))
          var tails: [Float] = [0]
          fl_tail_logsumexp_f32(1, n, k, teacher, ids, 2, &scratch, &tails)
          var soft: [Float] = [0]
          var hard: [Float] = [0]
          let g = output(n) { g in
            withUnsafePointer(to: s) {
              _ = fl_distillation_top_f32(
                1, n, student, k, ids, values, tails, [7], $0, nil, &scratch, &soft, &hard, g)
            }
          }
          expectClose([4 * soft[0] + 0.5 * hard[0]], [f(x)], relative: 1e-5, absolute: 2e-6)
          expectClose(g, central(x, f), relative: 1e-4, absolute: 3e-6)
          return g + soft + hard
        }
      }
    }

    @Test func ignoredAndInvalidRows() {
      let s = settings((FL_FORWARD_KL, 0), temperature: 2, soft: 1, hard: 1)
      onEveryLevel { _ in
        var scratch: [Float] = [0, 0, 0, 0]
        var soft: [Float] = [9, 9, 9]
        let g = output(6) { g in
          withUnsafePointer(to: s) {
            let result = fl_distillation_f32(
              3, 2, [1, 2, 3, 4, 1, 2], [0, 0, 0, 0, 0, 0], [-100, 2, 1], $0, nil, &scratch, &soft,
              nil, g)
            #expect(result.counted == 1 && result.invalid == 1)
          }
        }
        #expect(soft[0] == 0 && soft[1] == 0 && soft[2] > 0)
        #expect(g[..<4].allSatisfy { $0 == 0 } && g[4] != 0)
      }
      // A teacher that excludes classes costs nothing there.
      let plain = settings((FL_FORWARD_KL, 0), temperature: 1, soft: 1, hard: 0)
      onEveryLevel { _ in
        var scratch = [Float](repeating: 0, count: 6)
        withUnsafePointer(to: plain) {
          let result = fl_distillation_f32(
            1, 3, [0, 0, 0], [0, -.infinity, -.infinity], nil, $0, nil, &scratch, nil, nil, nil)
          #expect((result.soft - log(3)).magnitude < 1e-6)
        }
      }
    }

    @Test func largestAreInOrderAndTiesGoToTheFirst() {
      var numbers = Numbers(33)
      for n in 1...70 {
        let x = numbers.array(n, 0, 6).map { $0.rounded() }
        let k = 1 + n / 3
        let order = (0..<n).sorted { (x[$1], $0) < (x[$0], $1) }
        sameOnEveryLevel {
          var ids = [Int32](repeating: -1, count: k)
          let values = output(k) { fl_largest_rows_f32(1, n, k, x, &ids, $0) }
          #expect(ids.map(Int.init) == Array(order[..<k]))
          #expect(values == order[..<k].map { x[$0] })
          return values
        }
      }
    }

    @Test func cosineDistance() {
      var numbers = Numbers(34)
      for n in [1, 5, 16, 33] {
        let a = numbers.array(n, -1, 1)
        let b = numbers.array(n, -1, 1)
        let f = { (a: [Double]) -> Double in
          let dot = zip(a, b).reduce(0) { $0 + $1.0 * Double($1.1) }
          let aa = a.reduce(0) { $0 + $1 * $1 } + 1e-12
          let bb = b.reduce(0) { $0 + Double($1) * Double($1) } + 1e-12
          return 1 - dot / (aa * bb).squareRoot()
        }
        sameOnEveryLevel {
          var loss: [Float] = [0]
          let g = output(n) { fl_cosine_distance_f32(1, n, a, b, [2], &loss, $0) }
          expectClose(loss, [f(a.map(Double.init))], relative: 1e-6, absolute: 1e-6)
          expectClose(
            g, central(a.map(Double.init), f).map { 2 * $0 }, relative: 1e-4, absolute: 3e-6)
          return g + loss
        }
      }
    }

    @Test func halfPrecisionIsIEEE() {
      // Every half number keeps its value; every float goes where Float16 puts it.
      onEveryLevel { _ in
        let all = (0...UInt16.max).map { $0 }
        let floats = output(all.count) { fl_convert_f16_f32(all.count, all, $0) }
        for (bits, float) in zip(all, floats) {
          let value = halfValue(bits)
          #expect(value.isNaN ? float.isNaN : float == value && float.sign == value.sign)
        }
        var back = [UInt16](repeating: 0, count: all.count)
        fl_convert_f32_f16(all.count, floats, &back)
        for (bits, found) in zip(all, back) where !halfValue(bits).isNaN { #expect(found == bits) }
      }
      // To nearest, ties to even, infinite past the range.
      let cases: [(Float, UInt16)] = [
        (1 + 0x1p-11, 0x3C00), (1 + 0x1p-11 + 0x1p-20, 0x3C01), (1 + 3 * 0x1p-11, 0x3C02),
        (65519, 0x7BFF), (65520, 0x7C00), (-1e30, 0xFC00), (0x1p-25, 0), (0x1.8p-24, 2),
        (-0.0, 0x8000),
      ]
      onEveryLevel { _ in
        var found = [UInt16](repeating: 0, count: cases.count)
        fl_convert_f32_f16(cases.count, cases.map(\.0), &found)
        #expect(found == cases.map(\.1))
      }
    }

    /// By the definition of IEEE binary16.
    private func halfValue(_ bits: UInt16) -> Float {
      let sign: Float = bits >> 15 == 1 ? -1 : 1
      let exponent = Int(bits >> 10 & 31)
      let digits = Float(bits & 1023)
      if exponent == 31 { return digits == 0 ? sign * .infinity : .nan }
      if exponent == 0 { return sign * digits * 0x1p-24 }
      return sign * (1 + digits / 1024)
        * Float(sign: .plus, exponent: exponent - 15, significand: 1)
    }
  }
}
