import Foundations
import Testing

@testable import Tables

@Suite struct NumberTextTests {
  @Test func boundsAreNeverShownBelowWhatTheyAre() {
    let values: [(Double, String)] = [
      (1.01171875, "1.012"), (0.99996, "1"), (9.9991, "10"), (2.5971, "2.598"), (1.0001, "1.001"),
      (0.00012341, "0.0001235"), (1e-9, "1e-09"), (123456, "1.235e+05"), (0, "0"), (1, "1"),
      (.infinity, "inf"), (12.0000001, "12.01"),
    ]
    for (value, text) in values { #expect(NumberText.roundedUp(value) == text, "\(value)") }
    var value = 1e-7
    while value < 1e9 {
      for digits in 1...6 {
        let shown = Double(NumberText.roundedUp(value, digits: digits)) ?? .nan
        #expect(shown >= value && shown <= value * (1 + 1.1 * pow10(1 - digits)))
      }
      value *= 1.0837
    }
  }

  @Test func columnsNeverRoundWholeParts() {
    #expect(NumberText.column([22222.5, 3]) == ["22222.5", "3.0"])
    #expect(NumberText.column([99999.5, 5509.5]) == ["99999.5", "5509.5"])
    #expect(NumberText.column([1234.56, 12.3456]) == ["1234.6 ", "12.35"])
    #expect(NumberText.column([22222, 1_000_000]) == ["22222", "1000000"])
    #expect(NumberText.column([0.12345, nil]) == ["0.1235", ""])
  }

  private func pow10(_ exponent: Int) -> Double {
    (0..<abs(exponent)).reduce(1) { result, _ in exponent < 0 ? result / 10 : result * 10 }
  }
}
