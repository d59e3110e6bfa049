import Testing

@testable import Tensors

@Test func rowsAreAligned() throws {
  let x = try Tensor(
    [2.41, 0.13, -0.97, 0.13, 5.02, 1.4, -0.97, 1.4, 3.66] as [Float], shape: [3, 3])
  #expect(
    x.description == """
      tensor f32 [3, 3]
      [[ 2.41,  0.13, -0.97],
       [ 0.13,  5.02,  1.40],
       [-0.97,  1.40,  3.66]]
      """)
}

@Test func everyTypeHasItsForm() throws {
  #expect(try Tensor([1, 2] as [Float]).description == "tensor f32 [2]\n[1.0, 2.0]")
  #expect(try Tensor(ints: [1, -20]).description == "tensor i64 [2]\n[  1, -20]")
  #expect(try Tensor([true, false]).description == "tensor bool [2]\n[ true, false]")
  #expect(try Tensor([0.6, 0.8] as [Float]).inlineDescription == "tensor([0.6, 0.8])")
  #expect(try Tensor.scalar(0.1).description == "0.1")
  #expect(try Tensor.scalar(1e-5).description == "1e-05")
  #expect(try Tensor.scalar(16_777_216).description == "16777216.0")
  #expect(try Tensor.scalar(integer: 3).description == "3")
  #expect(try Tensor.zeros([0, 3]).description == "tensor f32 [0, 3]")
  #expect(
    try Tensor([Float.nan, Float.infinity, -Float.infinity, 1]).description
      == "tensor f32 [4]\n[ nan,  inf, -inf,  1.0]")
  #expect(
    try Tensor([1e10, 1.5] as [Float]).description == "tensor f32 [2]\n[1.0e+10, 1.5e+00]")
  #expect(
    try Tensor([1.0 / 3, 100] as [Float]).description == "tensor f32 [2]\n[  0.3333, 100.0000]")
  #expect(
    try Tensor.arange(integers: 0, 8).reshaped([2, 2, 2]).description == """
      tensor i64 [2, 2, 2]
      [[[0, 1],
        [2, 3]],

       [[4, 5],
        [6, 7]]]
      """)
}

@Test func largeTensorsAreCutShort() throws {
  #expect(
    try Tensor.arange(integers: 0, 2000).description
      == "tensor i64 [2000]\n[   0,    1,    2, …, 1997, 1998, 1999]")
  let square = try Tensor.zeros([100, 100]).description
  #expect(square.split(separator: "\n").count == 8)
  #expect(square.contains("[0.0, 0.0, 0.0, …, 0.0, 0.0, 0.0]"))
}

@Test func fixedTextRounds() {
  #expect(FixedText.fixed(0.125, 2) == "0.12")
  #expect(FixedText.fixed(0.375, 2) == "0.38")
  #expect(FixedText.fixed(-1.999, 2) == "-2.00")
  #expect(FixedText.fixed(0.9999, 2) == "1.00")
  #expect(FixedText.fixed(3, 0) == "3")
}
