import Testing

@testable import Builtins

/// Global functions on columns.
@Suite struct ColumnMathTests {
  static let cases: [(String, String)] = [
    ("sum(table({v: [1, nil, 2]}).v)", "3"), ("sum(table({v: [true, true, nil]}).v)", "2"),
    ("min(table({v: [3, nil, 2]}).v)", "2"), ("max(table({v: [\"b\", \"c\"]}).v)", "\"c\""),
    ("max(table({v: [nil, nil]}).v)", "nil"), ("min(table({v: [nil]}).v, default: 7)", "7"),
    ("len(table({v: [3, nil, 2]}).v)", "3"),
    ("sorted(table({v: [3, 1, 2]}).v)", "[1, 2, 3]"),
    ("list(table({v: [3, nil]}).v)", "[3, nil]"),
    ("enumerate(table({v: [3, nil]}).v)", "[[0, 3], [1, nil]]"),
    ("zip(table({v: [3, 4]}).v, [\"a\", \"b\"])", "[[3, \"a\"], [4, \"b\"]]"),
    ("abs(table({v: [-3, nil, 2]}).v)", "[3, nil, 2]"),
    ("abs(table({v: [-0.5, nan]}).v)", "[0.5, nan]"),
    ("sign(table({v: [-3, 0, nil]}).v)", "[-1, 0, nil]"),
    ("round(table({v: [2.5, -1.2, nil]}).v)", "[2.0, -1.0, nil]"),
    ("round(table({v: [2.675, nil]}).v, 2)", "[2.67, nil]"),
    ("round(table({v: [1234, nil]}).v, -2)", "[1200, nil]"),
    ("floor(table({v: [1.5, nil]}).v)", "[1.0, nil]"), ("ceil(table({v: [3]}).v)", "[3]"),
    ("exp(table({v: [0, nil]}).v)", "[1.0, nil]"),
    ("log(table({v: [1.0, 0.0, -1.0]}).v)", "[0.0, -inf, nan]"),
    ("log(table({v: [8, nil, 2]}).v, 2)", "[3.0, nil, 1.0]"),
    ("sqrt(table({v: [4, 9]}).v)", "[2.0, 3.0]"),
    ("isnan(table({v: [nan, 1.0, nil]}).v)", "[true, false, nil]"),
    ("isfinite(table({v: [inf, 1.0]}).v)", "[false, true]"),
    ("exp(table({v: []}).v)", "[]"), ("exp(table({v: [nil]}).v)", "[nil]"),
    ("tensor(table({v: [1, 2]}).v)", "tensor i64 [2]\n[1, 2]"),
    ("tensor(table({v: [1, 2], w: [0.5, 1.5]}))", "tensor f32 [2, 2]\n[[1.0, 0.5],\n [2.0, 1.5]]"),
    ("tensor(table({v: [1, nil]}).v, dtype: \"f32\")", "tensor f32 [2]\n[1.0, nan]"),
  ]

  @Test(arguments: cases) func gives(_ code: String, _ expected: String) {
    let host = RecordingHost()
    let result = run(code, name: "column", DeclarationTests.interpreter(host), host)
    #expect(result.value == expected, "\(code): \(result.errors.first?.message ?? "")")
  }

  static let errors: [(String, String)] = [
    ("exp(table({v: [\"a\"]}).v)", "`exp` needs numbers, found a column of type string"),
    ("sum(table({v: [\"a\"]}).v)", "`sum` needs numbers, found a column of type string"),
    ("abs(table({v: [true]}).v)", "`abs` needs numbers, found a column of type bool"),
    (
      "abs(table({v: [-9223372036854775807 - 1]}).v)",
      "the absolute value of -9223372036854775808 does not fit into a 64-bit int"
    ),
    ("round(table({v: [9223372036854775807]}).v, -19)", "9223372036854775807 rounded to -19"),
    ("tensor(table({v: [\"a\"]}))", "a column of type string is no tensor"),
  ]

  @Test(arguments: errors) func refuses(_ code: String, _ expected: String) {
    let host = RecordingHost()
    let result = run(code, name: "column", DeclarationTests.interpreter(host), host)
    #expect(result.errors.first?.message.contains(expected) == true, "\(result.errors)")
  }
}
