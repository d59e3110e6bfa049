import Foundation
import Testing

/// What keeps the house in order: sizes, names, layout, and who may use whom. Exemptions stand here with their reasons.
@Suite struct TidyTests {
  /// A line may be longer where it is text for people or scripts and nothing else: one literal, behind a label or an
  /// operator at most, a regular expression, or a line of a literal of several lines. Such texts are found as they are
  /// read, and wrap by themselves where they are shown.
  @Test func linesAreShort() throws {
    var long: [String] = []
    for file in try Project.files(endings: [".swift", ".c", ".h"])
    where !TidyTests.longLines.contains(file.name) {
      var isInText = false
      for (index, line) in file.lines.enumerated() {
        let wasInText = isInText
        if line.contains("\"\"\""), line.components(separatedBy: "\"\"\"").count % 2 == 0 {
          isInText.toggle()
        }
        if line.utf8.count <= 120 || line.count <= 120 || isInText || wasInText { continue }
        if !TidyTests.isOneLiteral(line) {
          long.append("\(file.path):\(index + 1): \(line.count) columns")
        }
      }
    }
    #expect(long.isEmpty, "\(long.joined(separator: "\n"))")
  }

  /// Whether a line holds one literal; what stands in `\(…)` belongs to it, with the literals in there.
  static func isOneLiteral(_ line: String) -> Bool {
    if line.contains(#/^ *#\/.*\/#$/#) { return true }
    let start = line.prefixMatch(of: #/ *(?:[\w.]+: |return |[+?:] |\?\? |== )?#*"/#)
    guard let start else { return false }
    // The brackets that are open inside of each literal that is open, the outermost first.
    var open = [0]
    var isInLiteral = true
    var rest = line[start.range.upperBound...]
    while !open.isEmpty, let character = rest.popFirst() {
      switch (isInLiteral, character) {
      case (true, "\\"):
        if rest.popFirst() == "(" { (open, isInLiteral) = (open + [1], false) }
      case (true, "\""):
        open.removeLast()
        isInLiteral = false
      case (false, "\""):
        open.append(0)
        isInLiteral = true
      case (false, "("): open[open.count - 1] += 1
      case (false, ")"):
        open[open.count - 1] -= 1
        if open.last == 0 {
          open.removeLast()
          isInLiteral = true
        }
      default: break
      }
    }
    return open.isEmpty && rest.allSatisfy { "#,)]".contains($0) }
  }

  @Test func oneLiteralIsTold() {
    for line in [
      "    \"a text\",", "  name: \"of \\(x ?? \"none\") and \\(f(1)) more\")", "  ? \"a\"",
      "#\"a\"#",
    ] { #expect(TidyTests.isOneLiteral(line), "\(line)") }
    for line in ["  let a = \"a\"", "  \"a\" + b", "  f(\"a\")", "  \"a\", \"b\"", "  x"] {
      #expect(!TidyTests.isOneLiteral(line), "\(line)")
    }
  }

  /// A regular expression of the words that open files; tables that are written by scripts.
  private static let longLines = ["OneDoorTests.swift", "tables.c", "categories.c"]

  @Test func filesAreShort() throws {
    for file in try Project.files() {
      let most = TidyTests.longFiles[file.name] ?? 600
      #expect(file.lines.count <= most, "\(file.path) has \(file.lines.count) lines")
    }
  }

  private static let longFiles = [
    // Written by Scripts/native_initializers.py.
    "NativeInitializers.swift": 1300,
    // One switch over all instructions: a call for each would cost the interpreter a fifth of its speed.
    "Execute.swift": 850,
    // The methods of strings are one subject, and most of it is what help says of them.
    "StringMethods.swift": 620,
  ]

  @Test func functionsAreShort() throws {
    var long: [String] = []
    for file in try Project.files() {
      for function in Function.all(in: file)
      where function.lines > TidyTests.longFunctions["\(file.name): \(function.name)"] ?? 70 {
        long.append("\(file.path): \(function.name) has \(function.lines) lines")
      }
    }
    #expect(long.isEmpty, "\(long.joined(separator: "\n"))")
  }

  private static let longFunctions = [
    // The interpreter's one switch, and the one that checks what it may be given.
    "Execute.swift: execute": 830, "Verifier.swift: verify": 150,
    // A list of words for each trait.
    "ContextWords.swift: addTraits": 120,
    // Natives with many options: what each becomes.
    "DistillBuiltins.swift: run": 95,
    // Loops over the same blocks with many buffers; parts would pass all of them on.
    "AttentionKernel.swift: backward": 100, "AttentionKernel.swift: forward": 80,
    "SubstringSearch.swift: twoWay": 75,
    "ReversalPass.swift: replacement": 85,
    // What a tokenizer is made of is checked against each other.
    "SubwordTokenizer.swift: init": 75,
    // The hot path of a call, which must not be cut.
    "Calling.swift: callMethod": 85,
    // Tables of cases.
    "PackedSequencesTests.swift: outputsAndGradientsAreThoseOfSingleExamples": 85,
    "SafeTensorTests.swift: refusesWhatTheFormatForbids": 80, "TorchTests.swift: compute": 80,
    "LayerCopyTests.swift: layers": 100,
    "TokenizerFileTests.swift: refusals": 90,
    "NormalizationTests.swift: layerNormAndItsGradients": 75,
  ]

  @Test func exemptionsAreNeeded() throws {
    let files = try Project.files()
    for name in TidyTests.longFiles.keys {
      #expect(files.contains { $0.name == name && $0.lines.count > 600 }, "\(name)")
    }
    for key in TidyTests.longFunctions.keys {
      let isNeeded = files.contains { file in
        key.hasPrefix(file.name + ": ")
          && Function.all(in: file).contains { "\(file.name): \($0.name)" == key && $0.lines > 70 }
      }
      #expect(isNeeded, "\(key) is short enough, or gone")
    }
  }

  @Test func filesHaveNamesOfTheirOwn() throws {
    let byName = Dictionary(grouping: try Project.files(), by: \.name)
    for (name, files) in byName {
      #expect(files.count == 1, "\(name): \(files.map(\.path).joined(separator: ", "))")
    }
  }

  @Test func noTypeIsNamedLikeATarget() throws {
    let files = try Project.files(in: ["Sources"])
    let targets = Set(files.map(\.target))
    let kinds = ["struct ", "class ", "enum ", "actor ", "protocol ", "typealias "]
    for file in files {
      for line in file.lines where !line.hasPrefix(" ") && !line.hasPrefix("//") {
        for kind in kinds where line.hasPrefix(kind) || line.contains(" " + kind) {
          let name = line.components(separatedBy: kind)[1].prefix { $0.isLetter || $0.isNumber }
          #expect(!targets.contains(String(name)), "\(file.path): \(name)")
        }
      }
    }
  }

  @Test func nothingTrapsOnErrors() throws {
    for file in try Project.files(in: ["Sources"]) {
      for (index, line) in file.lines.enumerated() where !line.contains("//") {
        #expect(!line.contains("try!"), "\(file.path):\(index + 1)")
        #expect(!line.contains(" as! "), "\(file.path):\(index + 1)")
      }
    }
  }

  /// What scripts print goes through the host, so that a REPL, a notebook and a test can take it.
  @Test func onlyFrontEndsPrint() throws {
    let frontEnds: Set = ["Terminal", "FairleadCommands", "fairlead", "fairlead-bench"]
    for file in try Project.files(in: ["Sources"]) where !frontEnds.contains(file.target) {
      for (index, line) in file.lines.enumerated()
      where !line.contains("//") && line.contains("print(") {
        #expect(
          !line.contains(#/(^|[ {])(Swift\.)?print\(/#) || line.contains("func print("),
          "\(file.path):\(index + 1): \(line)")
      }
    }
  }

  @Test func sourcesAreLaidOutBySwiftFormat() throws {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.currentDirectoryURL = URL(fileURLWithPath: Project.root)
    process.arguments = [
      "swift", "format", "lint", "--strict", "-p", "-r", "Sources", "Tests", "Package.swift",
    ]
    process.standardError = output
    try process.run()
    let found = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(
      process.terminationStatus == 0, "swift format -i -r Sources Tests\n\(found.prefix(4000))")
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/python3")))
  func generatedSourcesAreCurrent() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.currentDirectoryURL = URL(fileURLWithPath: Project.root)
    process.arguments = ["/usr/bin/python3", "Scripts/native_initializers.py", "--check"]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "run Scripts/native_initializers.py")
  }
}
