import Testing

@testable import Runtime

@Suite struct LanguageTests {
  @Test func arithmetic() {
    #expect(value("1 + 2 * 3") == "7")
    #expect(
      value("let x = 7\nlet y = -2\n[x // y, x % y, x / y, x ** 2, x - y]")
        == "[-4, -1, -3.5, 49, 9]")
  }

  @Test func functions() {
    #expect(
      value("fn fib(n) { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }\nfib(20)") == "6765")
  }
}
