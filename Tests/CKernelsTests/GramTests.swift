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
}
