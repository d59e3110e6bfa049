import Foundation
import Syntax

@testable import Builtins
@testable import Runtime

/// Collects what a script prints.
final class RecordingHost: Runtime.ScriptHost, @unchecked Sendable {
  private let lock = NSLock()
  private var text = ""

  var output: String { lock.withLock { text } }
  func print(_ text: String) { lock.withLock { self.text += text } }
}

struct ScriptResult {
  var output: String
  /// The value of the last statement as `repr` shows it.
  var value: String
  var errors: [Diagnostic]
}

/// Checks and runs a script with the natives of the language; under torture garbage is collected at every opportunity.
func run(_ text: String, name: String = "test.fl", torture: Bool = false) -> ScriptResult {
  let host = RecordingHost()
  let interpreter = Interpreter(host: host, seed: 1)
  CoreBuiltins.install(into: interpreter)
  if torture { interpreter.vm.collectAlways() }
  return run(text, name: name, interpreter, host)
}

func run(_ text: String, name: String, _ interpreter: Interpreter, _ host: RecordingHost)
  -> ScriptResult
{
  let before = host.output.count
  func result(_ value: String, _ errors: [Diagnostic]) -> ScriptResult {
    ScriptResult(
      output: String(host.output.dropFirst(before)), value: value, errors: errors)
  }
  do {
    let program = try Parsing.parse(Source(name: name, text: text))
    let environment = CheckEnvironment(
      globals: interpreter.entities, judge: interpreter.judge())
    let errors = interpreter.whileChecking {
      Checking.check(program, in: environment).filter { $0.severity == .error }
    }
    if !errors.isEmpty { return result("", errors) }
    let value = try interpreter.run(program)
    return result(try Representation.text(of: value, quoted: true, interpreter.vm), [])
  } catch let fault as Fault {
    return result("", [fault.diagnostic])
  } catch let diagnostics as Diagnostics {
    return result("", diagnostics.all)
  } catch {
    return result("", [Diagnostic(.value, "\(error)")])
  }
}

let testsFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent()
