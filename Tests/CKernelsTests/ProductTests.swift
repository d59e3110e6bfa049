import CKernels
import Testing

/// op(A) op(B) in Double.
private func product(
  _ m: Int, _ n: Int, _ k: Int, _ a: (Int, Int) -> Float, _ b: (Int, Int) -> Float
) -> [Double] {
  var c = [Double](repeating: 0, count: m * n)
  for i in 0..<m {
    for t in 0..<k {
      let x = Double(a(i, t))
      for j in 0..<n { c[i * n + j] += x * Double(b(t, j)) }
    }
  }
  return c
}

extension KernelTests {
  @Suite struct Products {
    @Test func productsOfAllShapes() {
      var numbers = Numbers(90)
      let shapes = [
        (1, 1, 1), (2, 3, 4), (14, 32, 7), (15, 33, 16), (29, 31, 5), (13, 17, 300), (6, 16, 256),
        (70, 40, 257), (1, 64, 64), (64, 1, 64), (5, 48, 600), (3, 3, 0), (0, 4, 4), (4, 0, 4),
        // Packed on the left, too, with strips and columns of all widths.
        (29, 70, 263), (10, 128, 37), (200, 65, 8), (8, 72, 9),
      ]
      for (m, n, k) in shapes {
        for (ta, tb) in [(false, false), (true, false), (false, true), (true, true)] {
          let (lda, ldb, ldc) = ((ta ? m : k) + 1, (tb ? k : n) + 2, n + 3)
          let a = numbers.array((ta ? k : m) * lda)
          let b = numbers.array((tb ? n : k) * ldb)
          let c = numbers.array(m * ldc)
          let expected = product(
            m, n, k, { ta ? a[$1 * lda + $0] : a[$0 * lda + $1] },
            { tb ? b[$1 * ldb + $0] : b[$0 * ldb + $1] })
          onEveryLevel { _ in
            for (alpha, beta) in [(Float(1), Float(0)), (0.5, 1), (2, -0.5)] {
              // Where beta is 0, what is there must not matter.
              let start = beta == 0 ? c.map { _ in Float.nan } : c
              let result = output(m * ldc, initial: start) {
                fl_gemm_f32(
                  ta ? 1 : 0, tb ? 1 : 0, m, n, k, alpha, a, lda, b, ldb, beta, $0, ldc)
              }
              var (actual, wanted): ([Float], [Double]) = ([], [])
              for i in 0..<m {
                for j in 0..<n {
                  actual.append(result[i * ldc + j])
                  let old = beta == 0 ? 0 : Double(beta) * Double(c[i * ldc + j])
                  wanted.append(Double(alpha) * expected[i * n + j] + old)
                }
                for j in n..<ldc where beta != 0 {
                  #expect(result[i * ldc + j] == c[i * ldc + j])
                }
              }
              expectClose(actual, wanted, relative: 1e-5, absolute: 1e-4, "\(m) \(n) \(k)")
            }
          }
        }
      }
    }

    @Test func levelsWithFusedOperationsAgree() {
      guard fl_best_cpu_level() == Int32(FL_LEVEL_AVX512) else { return }
      var numbers = Numbers(91)
      let (m, n, k) = (37, 45, 300)
      let a = numbers.array(m * k)
      let b = numbers.array(k * n)
      let results = [FL_LEVEL_AVX2, FL_LEVEL_AVX512].map { level in
        fl_set_cpu_level(Int32(level))
        return output(m * n) { fl_gemm_f32(0, 0, m, n, k, 1, a, k, b, n, 0, $0, n) }
      }
      #expect(results[0] == results[1])
    }

    @Test func batches() {
      var numbers = Numbers(92)
      let a = numbers.array(3 * 20)
      let b = numbers.array(3 * 30)
      onEveryLevel { _ in
        let all = output(72) {
          fl_gemm_batch_f32(3, 0, 1, 4, 6, 5, 1, a, 5, 20, b, 5, 30, 0, $0, 6, 24)
        }
        for i in 0..<3 {
          let expected = product(
            4, 6, 5, { a[i * 20 + $0 * 5 + $1] }, { b[i * 30 + $1 * 5 + $0] })
          expectClose(Array(all[i * 24..<i * 24 + 24]), expected, relative: 1e-5, absolute: 1e-5)
        }
      }
    }

    /// The squared norm of each example's gradient, from the gradient itself.
    static func linearNorms(
      _ examples: Int, _ time: Int, _ inputs: Int, _ outputs: Int, _ a: [Float], _ g: [Float]
    ) -> [Double] {
      (0..<examples).map { e in
        let gradient = product(
          inputs, outputs, time, { a[(e * time + $1) * inputs + $0] },
          { g[(e * time + $0) * outputs + $1] })
        return 1 + gradient.reduce(0) { $0 + $1 * $1 }
      }
    }

    @Test func linearExampleNorms() {
      var numbers = Numbers(93)
      // T = 1, Gram matrices in one and in several blocks, instantiated gradients.
      for (time, inputs, outputs) in [
        (1, 9, 5), (5, 40, 30), (60, 300, 200), (40, 10, 70), (3, 2, 2),
      ] {
        let a = numbers.array(2 * time * inputs)
        let g = numbers.array(2 * time * outputs)
        let expected = Self.linearNorms(2, time, inputs, outputs, a, g)
        onEveryLevel { _ in
          let norms = output(2, initial: [1, 1]) {
            fl_linear_example_norms_f32(2, time, inputs, outputs, a, g, $0)
          }
          expectClose(norms, expected, relative: 2e-5)
        }
      }
    }

    @Test func biasAndLayerNormExampleNorms() {
      var numbers = Numbers(94)
      let (examples, time, columns) = (3, 5, 37)
      let n = examples * time * columns
      let dy = numbers.array(n)
      let x = numbers.array(n)
      let mean = numbers.array(examples * time)
      let rstd = numbers.array(examples * time, 0.5, 2)
      var (bias, layer, rms) = ([Double](), [Double](), [Double]())
      for e in 0..<examples {
        var norms = [0.0, 0.0, 0.0]
        for c in 0..<columns {
          var sums = [0.0, 0.0, 0.0]
          for t in e * time..<(e + 1) * time {
            let g = Double(dy[t * columns + c])
            let v = Double(x[t * columns + c])
            sums[0] += g
            sums[1] += g * (v - Double(mean[t])) * Double(rstd[t])
            sums[2] += g * v * Double(rstd[t])
          }
          for k in 0..<3 { norms[k] += sums[k] * sums[k] }
        }
        bias.append(norms[0])
        layer.append(norms[0] + norms[1])
        rms.append(norms[2])
      }
      let zeros: [Float] = [0, 0, 0]
      sameOnEveryLevel {
        let actualBias = output(3, initial: zeros) {
          fl_bias_example_norms_f32(examples, time, columns, dy, $0)
        }
        let actualLayer = output(3, initial: zeros) {
          fl_layernorm_example_norms_f32(examples, time, columns, dy, x, mean, rstd, $0)
        }
        let actualRms = output(3, initial: zeros) {
          fl_layernorm_example_norms_f32(examples, time, columns, dy, x, nil, rstd, $0)
        }
        expectClose(actualBias, bias, relative: 1e-5)
        expectClose(actualLayer, layer, relative: 1e-5)
        expectClose(actualRms, rms, relative: 1e-5)
        return actualBias + actualLayer + actualRms
      }
    }
  }
}
