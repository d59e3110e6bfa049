import Foundation
import Syntax
import Testing

@testable import Builtins
@testable import Runtime

/// What declarations say of themselves is true, for every function, method, module and type that there is.
@Suite struct DeclarationTests {
  static let host = RecordingHost()

  /// A session's language, all of it.
  static func interpreter(_ host: RecordingHost = RecordingHost()) -> Interpreter {
    let interpreter = Interpreter(host: host, seed: 1)
    Library.install(in: interpreter)
    return interpreter
  }

  let pages = Reference(of: DeclarationTests.interpreter()).pages

  var signatures: [Signature] { pages.flatMap { $0.functions + ($0.call.map { [$0] } ?? []) } }

  @Test func thereAreManyOfEach() {
    #expect(pages.filter { $0.subject == .module }.count >= 10)
    #expect(pages.filter { $0.subject == .type }.count >= 20)
    #expect(signatures.count >= 380)
  }

  @Test func examplesGiveWhatTheySay() {
    var failures: [String] = []
    for signature in signatures {
      for example in signature.examples {
        // A result is written as `print` or as `repr` shows it.
        let printed = Self.shown("print(\(example.code))").text
        let (text, value) = Self.shown(example.code)
        let found = [printed, value, text].map { $0.hasSuffix("\n") ? String($0.dropLast()) : $0 }
        if !found.contains(example.result) {
          failures.append("\(example.code) gives \(found[0]), the example says \(example.result)")
        }
      }
    }
    #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
  }

  /// What a script prints and its last value, or its error twice.
  private static func shown(_ code: String) -> (text: String, value: String) {
    let host = RecordingHost()
    let result = run(code, name: "example", interpreter(host), host)
    if let error = result.errors.first { return ("error: \(error.message)", "error") }
    return (result.output, result.value)
  }

  @Test func seeAlsoLeadsSomewhere() {
    let reference = Reference(of: Self.interpreter())
    var failures: [String] = []
    for signature in signatures {
      for name in signature.seeAlso where reference.entries(named: name).isEmpty {
        failures.append("\(signature.name): \(name)")
      }
    }
    #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
  }

  @Test func firstSentencesAreShortSentences() {
    var failures: [String] = []
    func check(_ name: String, _ summary: String) {
      let sentence = HelpText.firstSentence(of: summary)
      let startsWell = sentence.first.map { $0.isUppercase || "`0123456789".contains($0) } ?? false
      if !startsWell || !sentence.hasSuffix(".") || sentence.count > 100 {
        failures.append("\(name) (\(sentence.count)): \(sentence)")
      }
    }
    for signature in signatures { check(signature.name, signature.summary) }
    for page in pages {
      check(page.name, page.summary)
      for field in page.fields { check("\(page.name).\(field.name)", field.summary) }
    }
    #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
  }

  @Test func everyParameterIsDescribed() {
    var failures: [String] = []
    for page in pages {
      for signature in page.functions + (page.call.map { [$0] } ?? []) {
        // The value of a method is described by its type.
        for parameter in signature.parameters.dropFirst(page.subject == .type ? 1 : 0)
        where !parameter.summary.hasSuffix(".") {
          failures.append("\(signature.name): \(parameter.name): \(parameter.summary)")
        }
      }
    }
    #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
  }

  @Test func everyPlaceIsFoundByItsName() {
    let reference = Reference(of: Self.interpreter())
    for page in pages {
      #expect(!reference.entries(named: page.name).isEmpty, "\(page.name)")
      for signature in page.functions {
        #expect(!reference.entries(named: signature.name).isEmpty, "\(signature.name)")
      }
      for field in page.fields {
        let name = page.subject == .globals ? field.name : "\(page.name).\(field.name)"
        #expect(!reference.entries(named: name).isEmpty, "\(name)")
      }
    }
  }

  @Test func thePagesInTheDocumentationAreCurrent() throws {
    let folder = testsFolder.deletingLastPathComponent()
      .appending(path: "Sources/fairlead/fairlead.docc/Reference")
    var expected = ["Reference.md": ReferenceMarkdown.index(of: pages)]
    for page in pages {
      expected[ReferenceMarkdown.fileName(of: page)] = ReferenceMarkdown.text(of: page)
    }
    let found = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(
      Set(found) == Set(expected.keys), "write them again: fairlead doc --markdown \(folder.path)")
    for (name, text) in expected {
      let written = try? String(contentsOf: folder.appending(path: name), encoding: .utf8)
      #expect(written == text, "\(name) is not current: fairlead doc --markdown \(folder.path)")
    }
  }
}
