import Testing

@testable import Runtime

/// The short way of formatting gives what the long one gives, or nothing.
@Suite struct QuickFormatTests {
  private func short(_ value: Value, _ specification: String) -> String? {
    let object = StringObject(specification)
    return withExtendedLifetime(object) { QuickFormat.formatted(value, object.utf8)?.text }
  }

  @Test func agreesWithWhatPythonGives() {
    var count = 0
    for (value, specification, text) in FormattingTests.floats {
      guard let result = short(.float(value), specification) else { continue }
      count += 1
      #expect(result == text, "\(value) \(specification)")
    }
    for (value, specification, text) in FormattingTests.ints {
      guard let result = short(.int(value), specification) else { continue }
      count += 1
      #expect(result == text, "\(value) \(specification)")
    }
    #expect(count > 50)
    #expect(short(.int(.min), "") == "-9223372036854775808")
    #expect(short(.int(-7), "05") == "-0007" && short(.int(7), "^6") == "  7   ")
  }

  /// C's printf rounds exactly, as this must.
  @Test func decimalsAreRoundedExactly() {
    var generator = SystemRandomNumberGenerator()
    var values: [Double] = [
      0, 0.5, 1.5, 2.5, 0.125, 0.375, 1.005, 2.675, 1e15, 4_503_599_627_370_496.5, 1e18, 9.2e18,
      .leastNonzeroMagnitude, .leastNormalMagnitude, 999.9999999, 0.05, 0.95, 0.0009765625,
    ]
    for _ in 0..<20_000 {
      values.append(Double.random(in: 0...1000, using: &generator))
      values.append(Double.random(in: 0...1e-3, using: &generator))
      values.append(Double(Int.random(in: 0...100_000, using: &generator)) / 64)
      values.append(Double(bitPattern: UInt64.random(in: 0..<(0x44 << 52), using: &generator)))
    }
    var count = 0
    let specifications = (0...17).map { (StringObject(".\($0)f"), $0) }
    for (index, value) in values.enumerated() {
      let (object, decimals) = specifications[index % specifications.count]
      guard let text = QuickFormat.formatted(.float(value), object.utf8)?.text else { continue }
      count += 1
      let expected = Formatting.fixed(value, decimals)
      if text != expected { Issue.record("\(value) with \(decimals): \(text), not \(expected)") }
    }
    #expect(count > 20_000)
  }

  @Test func theShortestTextReadsBack() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<50_000 {
      let value = Double(bitPattern: UInt64.random(in: .min ... .max, using: &generator))
      let text = StringOperations.string(of: value).text
      if text != Formatting.float(value) {
        Issue.record("\(text) is not \(Formatting.float(value))")
      }
      let small = Double(Int.random(in: -1_000_000...1_000_000, using: &generator)) / 100
      let other = StringOperations.string(of: small).text
      if Double(other) != small || other != Formatting.float(small) { Issue.record("\(other)") }
    }
  }
}

/// Texts that grow by `+` share their bytes; nobody can tell.
@Suite struct GrowingTextTests {
  @Test func everyStepKeepsItsText() throws {
    let script = """
      let steps = []
      let s = "0123456789"
      for i in 0..300 {
        s += f"é{i}"
        steps.append(s)
      }
      let other = steps[200] + "x"
      let third = steps[200] + "y" + "z"
      let own = steps[299] + steps[299]
      let wrong = 0
      let t = "0123456789"
      for i in 0..300 {
        t = f"{t}é{i}"
        if t != steps[i] or len(t) != len(steps[i]) { wrong += 1 }
      }
      [wrong, other == steps[200] + "x", third[-2:], other[-1], steps[201][-3:], len(own) == 2 * len(s), own[len(s):] == s]
      """
    let expected = #"[0, true, "yz", "x", "201", true, true]"#
    #expect(value(script) == expected)
    // With a collection before every allocation, what is shared is freed once and not too early.
    let interpreter = makeInterpreter()
    interpreter.vm.collectAlways()
    #expect(
      try Representation.text(of: interpreter.run(parse(script)), quoted: true, nil) == expected)
  }

  @Test func takesTimeThatGrowsWithTheText() throws {
    let clock = ContinuousClock()
    let time = clock.measure {
      #expect(
        value("let s = \"\"\nfor i in 0..400000 { s += \"abcdé\" }\n[len(s), s[-1]]")
          == #"[2000000, "é"]"#)
    }
    // To copy the text at every step would move half a terabyte.
    #expect(time < .seconds(20))
  }

  @Test func aTrialMayGoOnWithItsParentsText() {
    let script = """
      let s = "0123456789"
      for i in 0..100 { s += f"-{i}" }
      let t = sweep a in [1, 2, 3] {
        let own = s
        for i in 0..100 { own += f"+{a}" }
        {text: own[-4:], size: len(own)}
      }
      [t, s[-3:]]
      """
    let rows = (1...3).map { "{a: \($0), text: \"+\($0)+\($0)\", size: 500}" }
    #expect(value(script) == "[[\(rows.joined(separator: ", "))], \"-99\"]")
  }
}

/// Indexing texts that are not ASCII.
@Suite struct CharacterPlacesTests {
  @Test func everyPlaceIsThatOfTheCodePoint() {
    var generator = SystemRandomNumberGenerator()
    let letters = ["a", "é", "漢", "😀", "\u{301}"]
    for count in [0, 1, 20, 31, 32, 33, 63, 64, 65, 100, 300, 1000, 1025] {
      let text = (0..<count).map { _ in letters.randomElement(using: &generator)! }.joined()
      let object = StringObject(text)
      let scalars = Array(text.unicodeScalars)
      #expect(object.count == count)
      var offset = 0
      for index in 0...count {
        if object.byteOffset(of: index) != offset { Issue.record("\(index) of \(count)") }
        if object.characterIndex(ofByte: offset) != index { Issue.record("byte \(offset)") }
        if index < count { offset += String(scalars[index]).utf8.count }
      }
    }
  }

  @Test func takesTheSameTimeAnywhere() {
    let clock = ContinuousClock()
    let time = clock.measure {
      #expect(
        value(
          """
          let s = "héllo wörld " * 20000
          let n = 0
          for i in 0..len(s) { if s[i] == "ö" and s[i:i + 2] == "ör" { n += 1 } }
          n
          """) == "20000")
    }
    #expect(time < .seconds(30))
  }
}
