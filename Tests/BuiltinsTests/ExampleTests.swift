import Runtime
import Syntax
import Testing

@testable import Builtins

/// Every example in the declaration of a native gives what the declaration says.
@Suite struct ExampleTests {
  static var natives: [Native] {
    CoreBuiltins.globals { _, _, _ in nil }.flatMap(\.self)
      + CoreBuiltins.stringMethods.flatMap(\.self) + CoreBuiltins.listMethods.flatMap(\.self)
      + CoreBuiltins.mapMethods
  }

  @Test func examplesGiveWhatTheySay() {
    var failures: [String] = []
    for native in Self.natives {
      for example in native.signature.examples {
        let result = run("print(\(example.code))")
        let found = result.errors.first.map { "error: \($0.message)" } ?? result.output
        let shown = found.hasSuffix("\n") ? String(found.dropLast()) : found
        // A result is written as `print` or as `repr` shows it.
        let quoted = run(example.code).value
        if shown != example.result && quoted != example.result {
          failures.append("\(example.code) gives \(shown), the example says \(example.result)")
        }
      }
    }
    #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
  }

  @Test func everyNativeIsDescribed() {
    for native in Self.natives {
      let signature = native.signature
      #expect(signature.summary.hasSuffix("."), "\(signature.name)")
      for parameter in signature.parameters {
        #expect(!parameter.summary.isEmpty, "\(signature.name): \(parameter.name)")
      }
    }
  }
}
