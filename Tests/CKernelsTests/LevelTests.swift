import CKernels
import Testing

extension KernelTests {
  @Suite struct Levels {
    @Test func levelsAreLimitedByTheProcessor() {
      let best = fl_best_cpu_level()
      #expect(fl_set_cpu_level(-5) == Int32(FL_LEVEL_PLAIN))
      #expect(fl_cpu_level() == Int32(FL_LEVEL_PLAIN))
      #expect(fl_set_cpu_level(99) == best)
      #expect(fl_cpu_level() == best)
    }

    @Test func peakMeasurementCountsOperations() {
      onEveryLevel { _ in #expect(fl_fma_peak(1000) >= 1000 * 32) }
    }
  }
}
