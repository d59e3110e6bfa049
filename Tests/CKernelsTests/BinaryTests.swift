import CKernels
import Foundation
import Testing

private typealias F = UnsafePointer<Float>?
private typealias M = UnsafeMutablePointer<Float>?

private struct Operation: Sendable {
  var name: String
  var reference: @Sendable (Double, Double) -> Double
  var vv: @Sendable (Int, F, F, M) -> Void
  var vs: @Sendable (Int, F, Float, M) -> Void
  var sv: @Sendable (Int, Float, F, M) -> Void
  var vr: @Sendable (Int, Int, F, F, M) -> Void
  var rv: @Sendable (Int, Int, F, F, M) -> Void
  var vc: @Sendable (Int, Int, F, F, M) -> Void
  var cv: @Sendable (Int, Int, F, F, M) -> Void
}

private func larger(_ a: Double, _ b: Double) -> Double {
  a.isNaN || b.isNaN ? .nan : max(a, b)
}
private func smaller(_ a: Double, _ b: Double) -> Double {
  a.isNaN || b.isNaN ? .nan : min(a, b)
}

private let operations: [Operation] = [
  Operation(
    name: "add", reference: { $0 + $1 }, vv: fl_add_vv_f32, vs: fl_add_vs_f32, sv: fl_add_sv_f32,
    vr: fl_add_vr_f32, rv: fl_add_rv_f32, vc: fl_add_vc_f32, cv: fl_add_cv_f32),
  Operation(
    name: "sub", reference: { $0 - $1 }, vv: fl_sub_vv_f32, vs: fl_sub_vs_f32, sv: fl_sub_sv_f32,
    vr: fl_sub_vr_f32, rv: fl_sub_rv_f32, vc: fl_sub_vc_f32, cv: fl_sub_cv_f32),
  Operation(
    name: "mul", reference: { $0 * $1 }, vv: fl_mul_vv_f32, vs: fl_mul_vs_f32, sv: fl_mul_sv_f32,
    vr: fl_mul_vr_f32, rv: fl_mul_rv_f32, vc: fl_mul_vc_f32, cv: fl_mul_cv_f32),
  Operation(
    name: "div", reference: { $0 / $1 }, vv: fl_div_vv_f32, vs: fl_div_vs_f32, sv: fl_div_sv_f32,
    vr: fl_div_vr_f32, rv: fl_div_rv_f32, vc: fl_div_vc_f32, cv: fl_div_cv_f32),
  Operation(
    name: "min", reference: smaller, vv: fl_min_vv_f32, vs: fl_min_vs_f32, sv: fl_min_sv_f32,
    vr: fl_min_vr_f32, rv: fl_min_rv_f32, vc: fl_min_vc_f32, cv: fl_min_cv_f32),
  Operation(
    name: "max", reference: larger, vv: fl_max_vv_f32, vs: fl_max_vs_f32, sv: fl_max_sv_f32,
    vr: fl_max_vr_f32, rv: fl_max_rv_f32, vc: fl_max_vc_f32, cv: fl_max_cv_f32),
  Operation(
    name: "pow", reference: { pow($0, $1) }, vv: fl_pow_vv_f32, vs: fl_pow_vs_f32,
    sv: fl_pow_sv_f32, vr: fl_pow_vr_f32, rv: fl_pow_rv_f32, vc: fl_pow_vc_f32, cv: fl_pow_cv_f32),
]

extension KernelTests {
  @Suite struct Binary {
    @Test(arguments: operations.map(\.name)) func allFormsAgree(name: String) throws {
      let op = try #require(operations.first { $0.name == name })
      let f = { (a: Float, b: Float) in op.reference(Double(a), Double(b)) }
      var numbers = Numbers(4)
      for n in tailLengths {
        let a = numbers.array(n, 0.1, 3)
        let b = numbers.array(n, -3, 3)
        sameOnEveryLevel(name) {
          let vv = output(n) { op.vv(n, a, b, $0) }
          let vs = output(n) { op.vs(n, a, 1.7, $0) }
          let sv = output(n) { op.sv(n, 1.7, b, $0) }
          expectClose(vv, zip(a, b).map(f), name)
          expectClose(vs, a.map { f($0, 1.7) }, name)
          expectClose(sv, b.map { f(1.7, $0) }, name)
          let inPlace = output(n, initial: a) { op.vv(n, $0, b, $0) }
          #expect(inPlace.map(\.bitPattern) == vv.map(\.bitPattern))
          return vv + vs + sv
        }
      }
      for (rows, columns) in [(1, 1), (3, 5), (4, 16), (5, 33), (0, 4), (4, 0)] {
        let matrix = numbers.array(rows * columns, 0.1, 3)
        let row = numbers.array(columns, 0.1, 3)
        let column = numbers.array(rows, 0.1, 3)
        onEveryLevel { _ in
          let each = { (g: (Int, Int) -> Double) -> [Double] in
            (0..<rows * columns).map { g($0 / columns, $0 % columns) }
          }
          let count = rows * columns
          expectClose(
            output(count) { op.vr(rows, columns, matrix, row, $0) },
            each { f(matrix[$0 * columns + $1], row[$1]) })
          expectClose(
            output(count) { op.rv(rows, columns, row, matrix, $0) },
            each { f(row[$1], matrix[$0 * columns + $1]) })
          expectClose(
            output(count) { op.vc(rows, columns, matrix, column, $0) },
            each { f(matrix[$0 * columns + $1], column[$0]) })
          expectClose(
            output(count) { op.cv(rows, columns, column, matrix, $0) },
            each { f(column[$0], matrix[$0 * columns + $1]) })
        }
      }
    }

    @Test func delicateNumbersFollowTheRules() {
      let pairs = delicate.flatMap { a in delicate.map { (a, $0) } }
      let a = pairs.map(\.0)
      let b = pairs.map(\.1)
      for op in operations {
        let results = sameOnEveryLevel(op.name) { output(a.count) { op.vv(a.count, a, b, $0) } }
        for (i, result) in results.enumerated() {
          let expected = op.reference(Double(a[i]), Double(b[i]))
          #expect(
            unitsInLastPlace(result, expected) <= 1, "\(op.name)(\(a[i]), \(b[i])) = \(result)")
        }
      }
    }

    @Test func powersAreAccurate() {
      var numbers = Numbers(5)
      let a = (0..<5000).map { _ in exp(numbers.uniform(-20, 20)) }
      let b = numbers.array(5000, -6, 6)
      let whole = b.map { $0.rounded() }
      let negative = a.map { -$0 }
      for (x, y) in [(a, b), (a, whole), (negative, whole), (negative, b)] {
        let results = sameOnEveryLevel { output(5000) { fl_pow_vv_f32(5000, x, y, $0) } }
        for i in 0..<5000 {
          let expected = pow(Double(x[i]), Double(y[i]))
          #expect(unitsInLastPlace(results[i], expected) <= 1, "pow(\(x[i]), \(y[i]))")
        }
      }
      for exponent: Float in [2, -1, 0, 1, 0.5, 3] {
        onEveryLevel { _ in
          expectClose(
            output(delicate.count) { fl_pow_vs_f32(delicate.count, delicate, exponent, $0) },
            delicate.map { Double(Float(pow(Double($0), Double(exponent)))) })
        }
      }
    }

    @Test func comparisonsGiveBytes() {
      let a = delicate + delicate.reversed()
      let b = Array(delicate.dropFirst(3)) + delicate + delicate.prefix(3)
      let n = a.count
      let cases:
        [(
          (Int, F, F, UnsafeMutablePointer<UInt8>?) -> Void,
          (Int, F, Float, UnsafeMutablePointer<UInt8>?) -> Void, (Float, Float) -> Bool
        )] = [
          (fl_eq_vv_f32, fl_eq_vs_f32, { $0 == $1 }), (fl_ne_vv_f32, fl_ne_vs_f32, { $0 != $1 }),
          (fl_lt_vv_f32, fl_lt_vs_f32, { $0 < $1 }), (fl_le_vv_f32, fl_le_vs_f32, { $0 <= $1 }),
          (fl_gt_vv_f32, fl_gt_vs_f32, { $0 > $1 }), (fl_ge_vv_f32, fl_ge_vs_f32, { $0 >= $1 }),
        ]
      onEveryLevel { _ in
        for (vv, vs, reference) in cases {
          for count in [0, 1, 15, 16, 17, 40, n] {
            var result = [UInt8](repeating: 7, count: n + 1)
            vv(count, a, b, &result)
            #expect((0..<count).allSatisfy { result[$0] == (reference(a[$0], b[$0]) ? 1 : 0) })
            #expect(result[count] == 7)
            vs(count, a, 0.5, &result)
            #expect((0..<count).allSatisfy { result[$0] == (reference(a[$0], 0.5) ? 1 : 0) })
          }
        }
      }
    }

    @Test func integersWrapAndCompare() {
      let a: [Int64] = [1, -5, .max, .min, 0, 7, 1 << 40]
      let b: [Int64] = [2, 3, 1, -1, 0, 7, 1 << 40]
      let n = a.count
      onEveryLevel { _ in
        var y = [Int64](repeating: 0, count: n)
        fl_add_vv_i64(n, a, b, &y)
        #expect(y == zip(a, b).map { $0 &+ $1 })
        fl_sub_vs_i64(n, a, 3, &y)
        #expect(y == a.map { $0 &- 3 })
        fl_sub_sv_i64(n, 3, a, &y)
        #expect(y == a.map { 3 &- $0 })
        fl_mul_vv_i64(n, a, b, &y)
        #expect(y == zip(a, b).map { $0 &* $1 })
        fl_min_vv_i64(n, a, b, &y)
        #expect(y == zip(a, b).map { min($0, $1) })
        fl_max_vs_i64(n, a, 2, &y)
        #expect(y == a.map { max($0, 2) })
        var mask = [UInt8](repeating: 0, count: n)
        fl_lt_vv_i64(n, a, b, &mask)
        #expect(mask == zip(a, b).map { $0 < $1 ? 1 : 0 })
        fl_ge_vs_i64(n, a, 0, &mask)
        #expect(mask == a.map { $0 >= 0 ? 1 : 0 })
        fl_select_i64(n, mask, a, b, &y)
        #expect(y == (0..<n).map { mask[$0] != 0 ? a[$0] : b[$0] })
        #expect(fl_sum_i64(n, a) == a.reduce(0, &+))
        #expect(fl_max_i64(n, a) == .max && fl_min_i64(n, a) == .min)
      }
    }

    @Test func selectionAndLogic() {
      var numbers = Numbers(6)
      for n in tailLengths {
        let a = numbers.array(n)
        let b = numbers.array(n)
        let mask = (0..<n).map { _ in UInt8(truncatingIfNeeded: numbers.word() % 3) }
        let other = (0..<n).map { _ in UInt8(truncatingIfNeeded: numbers.word() % 2) }
        sameOnEveryLevel {
          let y = output(n) { fl_select_f32(n, mask, a, b, $0) }
          #expect(y == (0..<n).map { mask[$0] != 0 ? a[$0] : b[$0] })
          return y
        }
        onEveryLevel { _ in
          var y = [UInt8](repeating: 9, count: n)
          fl_and_u8(n, mask, other, &y)
          #expect(y == (0..<n).map { mask[$0] != 0 && other[$0] != 0 ? 1 : 0 })
          fl_or_u8(n, mask, other, &y)
          #expect(y == (0..<n).map { mask[$0] != 0 || other[$0] != 0 ? 1 : 0 })
          fl_xor_u8(n, mask, other, &y)
          #expect(y == (0..<n).map { (mask[$0] != 0) != (other[$0] != 0) ? 1 : 0 })
          fl_not_u8(n, mask, &y)
          #expect(y == mask.map { $0 == 0 ? 1 : 0 })
        }
        #expect((fl_any_u8(n, mask) != 0) == mask.contains { $0 != 0 })
        #expect((fl_all_u8(n, mask) != 0) == mask.allSatisfy { $0 != 0 })
        #expect(fl_count_u8(n, mask) == mask.count { $0 != 0 })
      }
    }

    @Test func scaledSums() {
      var numbers = Numbers(7)
      for n in tailLengths {
        let x = numbers.array(n)
        let y = numbers.array(n)
        let z = numbers.array(n)
        sameOnEveryLevel {
          let axpy = output(n, initial: y) { fl_axpy_f32(n, 0.3, x, $0) }
          expectClose(axpy, zip(x, y).map { Double(Float(0.3)) * Double($0) + Double($1) })
          let axpby = output(n, initial: y) { fl_axpby_f32(n, 0.3, x, 0.5, $0) }
          expectClose(axpby, zip(x, y).map { 0.3 * Double($0) + 0.5 * Double($1) })
          let fresh = output(n, initial: y.map { _ in .nan }) { fl_axpby_f32(n, 0.3, x, 0, $0) }
          expectClose(fresh, x.map { 0.3 * Double($0) })
          let scaled = output(n) { fl_scale_f32(n, -2, x, $0) }
          #expect(scaled == x.map { $0 * -2 })
          let products = output(n, initial: z) { fl_multiply_accumulate_f32(n, x, y, $0) }
          expectClose(products, (0..<n).map { Double(x[$0]) * Double(y[$0]) + Double(z[$0]) })
          let filled = output(n) { fl_fill_f32(n, 4.5, $0) }
          #expect(filled.allSatisfy { $0 == 4.5 })
          return axpy + axpby + scaled + products
        }
      }
      let weights: [Float] = [2, -1, 0.5]
      let x = numbers.array(3 * 19)
      sameOnEveryLevel {
        let y = output(57, initial: x) { fl_axpy_rows_f32(3, 19, weights, x, $0) }
        expectClose(y, (0..<57).map { Double(x[$0]) * (1 + Double(weights[$0 / 19])) })
        return y
      }
      var totals = [Double](repeating: 1, count: 57)
      fl_accumulate_f64(57, 0.1, x, &totals)
      #expect((0..<57).allSatisfy { (totals[$0] - (1 + 0.1 * Double(x[$0]))).magnitude < 1e-12 })
    }
  }
}
