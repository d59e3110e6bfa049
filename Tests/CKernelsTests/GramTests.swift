import CKernels
import Testing

/// Joint norms are those of the parts, on every level.
@Suite(.serialized) struct GramTests {
  @Test(arguments: [1, 2, 3, 20, 70]) func jointNormsAreTheSumsOfTheParts(time: Int) {
    defer { _ = fl_set_cpu_level(fl_best_cpu_level()) }
    let examples = 3
    for (widths, outputs) in [([5], 7), ([17, 33], 40), ([16, 16, 1], 16), ([128, 128], 512)] {
      let parts = widths.enumerated().map { number, width in
        (0..<(examples * time * width)).map { Float(($0 * 7 + number) % 11) * 0.1 - 0.4 }
      }
      let g = (0..<(examples * time * outputs)).map { Float($0 * 5 % 13) * 0.1 - 0.5 }
      var expected = [Float](repeating: 1, count: examples)
      for (part, width) in zip(parts, widths) {
        fl_linear_example_norms_f32(examples, time, width, outputs, part, g, &expected)
      }
      for _ in 0..<2 { fl_bias_example_norms_f32(examples, time, outputs, g, &expected) }
      for level in [FL_LEVEL_PLAIN, FL_LEVEL_AVX2, FL_LEVEL_AVX512] {
        _ = fl_set_cpu_level(Int32(level))
        var found = [Float](repeating: 1, count: examples)
        let copies = parts.map { part in
          let copy = UnsafeMutablePointer<Float>.allocate(capacity: part.count)
          copy.initialize(from: part, count: part.count)
          return copy
        }
        defer { for copy in copies { copy.deallocate() } }
        let pointers = copies.map { UnsafePointer<Float>?($0) }
        fl_joint_example_norms_f32(
          examples, time, widths.count, pointers, widths, 2, outputs, g, &found)
        for example in 0..<examples {
          #expect(abs(found[example] - expected[example]) <= 2e-4 * expected[example])
        }
      }
    }
  }

  /// Σ_tt' (1.5 + a_t·a_t')(g_t·g_t') in f64: blocks on and off the diagonal, widths beyond one block of columns.
  @Test(arguments: [31, 32, 33, 65, 128, 129, 200]) func longNormsAreTheGradients(time: Int) {
    defer { _ = fl_set_cpu_level(fl_best_cpu_level()) }
    for (width, outputs) in [(130, 40), (300, 1100)] {
      let a = (0..<(2 * time * width)).map { Float(($0 &* 7919) % 23) * 0.05 - 0.5 }
      let g = (0..<(2 * time * outputs)).map { Float(($0 &* 6101) % 19) * 0.05 - 0.4 }
      var expected = [Double](repeating: 0, count: 2)
      for example in 0..<2 {
        func rows(_ x: [Float], _ t: Int, _ width: Int) -> ArraySlice<Float> {
          x[(example * time + t) * width..<(example * time + t + 1) * width]
        }
        func dot(_ x: ArraySlice<Float>, _ y: ArraySlice<Float>) -> Double {
          zip(x, y).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        for t in 0..<time {
          for s in 0...t {
            let left = dot(rows(a, t, width), rows(a, s, width)) + 1.5
            expected[example] +=
              (s == t ? 1 : 2) * left * dot(rows(g, t, outputs), rows(g, s, outputs))
          }
        }
      }
      for level in [FL_LEVEL_PLAIN, FL_LEVEL_AVX2, FL_LEVEL_AVX512] {
        _ = fl_set_cpu_level(Int32(level))
        var found = [Float](repeating: 0, count: 2)
        a.withUnsafeBufferPointer { part in
          fl_joint_example_norms_f32(
            2, time, 1, [part.baseAddress], [width], 1.5, outputs, g, &found)
        }
        for example in 0..<2 {
          #expect(abs(Double(found[example]) - expected[example]) <= 1e-4 * expected[example])
        }
      }
    }
  }
}
