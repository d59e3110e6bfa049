import CKernels
import Testing

@Test func theBestLevelIsALevel() {
  #expect((0...2).contains(FL_LEVEL_PLAIN))
}
