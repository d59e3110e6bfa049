import CKernels
import Testing

extension KernelTests {
  @Suite struct Moving {
    @Test func transposes() {
      var numbers = Numbers(8)
      for (rows, columns) in [(1, 1), (16, 16), (17, 15), (5, 70), (33, 48), (0, 3), (3, 0)] {
        let stride = columns + 3
        let x = numbers.array(rows * stride)
        sameOnEveryLevel {
          let y = output(rows * columns) { fl_transpose_f32(rows, columns, x, stride, $0, rows) }
          let expected: [Float] = (0..<rows * columns).map { x[$0 % rows * stride + $0 / rows] }
          #expect(y == expected)
          return y
        }
      }
    }

    @Test func copiesWithStrides() {
      let x: [Float] = (0..<24).map(Float.init)
      // The transpose of a 4 x 6 matrix, a broadcast row, a reversed row.
      let transposed: [Float] = (0..<24).map { x[$0 % 4 * 6 + $0 / 4] }
      #expect(output(24) { fl_copy_strided_b4(6, 4, x, 1, 6, $0, 4, 1) } == transposed)
      let broadcast: [Float] = (0..<18).map { x[$0 % 6] }
      #expect(output(18) { fl_copy_strided_b4(3, 6, x, 0, 1, $0, 6, 1) } == broadcast)
      let reversed = x.withUnsafeBufferPointer { x in
        output(6) { fl_copy_strided_b4(1, 6, x.baseAddress! + 5, 0, -1, $0, 6, 1) }  // Not empty.
      }
      #expect(reversed == [5, 4, 3, 2, 1, 0])
      let integers: [Int64] = (0..<12).map { $0 << 33 }
      var moved = [Int64](repeating: 0, count: 12)
      fl_copy_strided_b8(3, 4, integers, 4, 1, &moved, 1, 3)
      let expectedIntegers: [Int64] = (0..<12).map { integers[$0 % 3 * 4 + $0 / 3] }
      #expect(moved == expectedIntegers)
      let bytes: [UInt8] = Array(0..<12)
      var movedBytes = [UInt8](repeating: 0, count: 12)
      fl_copy_strided_b1(3, 4, bytes, 4, 1, &movedBytes, 1, 3)
      let expectedBytes: [UInt8] = (0..<12).map { bytes[$0 % 3 * 4 + $0 / 3] }
      #expect(movedBytes == expectedBytes)
    }

    @Test func conversionsSaturate() {
      let x: [Float] =
        delicate + [9.3e18, -9.3e18, 9.2e18, 2_147_483_648, -2_147_483_648, 1.9, -1.9]
      let n = x.count
      onEveryLevel { _ in
        var long = [Int64](repeating: 0, count: n)
        fl_convert_f32_i64(n, x, &long)
        let expectedLong: [Int64] = x.map { v -> Int64 in
          if v.isNaN { return 0 }
          if v >= 0x1p63 { return .max }
          return v < -0x1p63 ? .min : Int64(v)
        }
        #expect(long == expectedLong)
        var short = [Int32](repeating: 0, count: n)
        fl_convert_f32_i32(n, x, &short)
        let expectedShort: [Int32] = x.map { v -> Int32 in
          if v.isNaN { return 0 }
          if v >= 0x1p31 { return .max }
          return v <= -0x1p31 ? .min : Int32(v)
        }
        #expect(short == expectedShort)
        fl_convert_i64_i32(n, long, &short)
        #expect(short == long.map { Int32(clamping: $0) })
        #expect(output(n) { fl_convert_i64_f32(n, long, $0) } == long.map(Float.init))
        #expect(output(n) { fl_convert_i32_f32(n, short, $0) } == short.map(Float.init))
        fl_convert_i32_i64(n, short, &long)
        #expect(long == short.map(Int64.init))
        var double = [Double](repeating: 0, count: n)
        fl_convert_f32_f64(n, x, &double)
        #expect(zip(double, x).allSatisfy { $0 == Double($1) || $1.isNaN })
        let back = output(n) { fl_convert_f64_f32(n, double, $0) }
        #expect(zip(back, x).allSatisfy { $0 == $1 || $1.isNaN })
        var truth = [UInt8](repeating: 9, count: n)
        fl_convert_f32_u8(n, x, &truth)
        #expect(truth == x.map { $0 == 0 ? 0 : 1 })
        #expect(output(n) { fl_convert_u8_f32(n, truth, $0) } == truth.map(Float.init))
        fl_convert_u8_i64(n, truth, &long)
        #expect(long == truth.map(Int64.init))
        fl_convert_i64_u8(n, long, &truth)
        #expect(truth == long.map { $0 == 0 ? 0 : 1 })
      }
      var filled = [Int64](repeating: 0, count: 5)
      fl_fill_i64(5, -3, &filled)
      #expect(filled == [-3, -3, -3, -3, -3])
    }
  }
}
