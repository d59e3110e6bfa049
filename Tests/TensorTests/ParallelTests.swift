import Testing

@testable import Tensor

@Test func blocksCoverTheRange() {
  #expect(Parallel.cores >= 1)
}
