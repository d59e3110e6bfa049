import Builtins
import Foundation
import Foundations
import Sessions

/// The commands of the prompt, which are no part of the language.
struct ColonCommand {
  let name: String
  let usage: String
  let summary: String
  let body: (_ argument: String, _ prompt: ReadEvalPrint) -> Void

  nonisolated(unsafe) private static let all: [ColonCommand] = [
    // Immutable; the closures capture nothing.
    ColonCommand(
      name: "help", usage: ":help", summary: "shows these commands",
      body: { _, prompt in print(listing(prompt)) }),
    ColonCommand(
      name: "vars", usage: ":vars", summary: "lists the variables of this session",
      body: { _, prompt in
        let variables = prompt.session.variables
        if variables.isEmpty { print("no variables yet") }
        let width = variables.map { DisplayWidth.of($0.name) }.max() ?? 0
        let typeWidth = variables.map { DisplayWidth.of($0.type) }.max() ?? 0
        for variable in variables {
          print(
            "  " + DisplayWidth.padded(variable.name, to: width) + "  "
              + prompt.dim(DisplayWidth.padded(variable.type, to: typeWidth)) + "  "
              + variable.text)
        }
      }),
    ColonCommand(
      name: "time", usage: ":time expression", summary: "runs it and says how long it took",
      body: { argument, prompt in
        let started = ProcessInfo.processInfo.systemUptime
        let reply = prompt.session.execute(argument)
        let seconds = ProcessInfo.processInfo.systemUptime - started
        prompt.show(reply)
        print(prompt.dim(ColonCommand.duration(seconds)))
      }),
    ColonCommand(
      name: "budget", usage: ":budget", summary: "what the session's ledgers have spent",
      body: { _, prompt in
        let budgets = prompt.session.budgets
        if budgets.isEmpty { print("no ledger yet: `let ledger = dp.ledger(epsilon: 2)`") }
        for budget in budgets { print(budget) }
      }),
    ColonCommand(
      name: "doc", usage: ":doc name", summary: "what a name is and how to use it, as ?name",
      body: { argument, prompt in prompt.showHelp(argument) }),
    ColonCommand(
      name: "load", usage: ":load file", summary: "runs a script in this session",
      body: { argument, prompt in
        guard let path = ColonCommand.path(argument, ":load script.fl") else { return }
        prompt.show(prompt.session.load(path))
      }),
    ColonCommand(
      name: "save", usage: ":save file", summary: "writes the cells that ran well into a script",
      body: { argument, prompt in
        guard let path = ColonCommand.path(argument, ":save script.fl") else { return }
        do {
          let count = try prompt.session.save(path)
          print("\(count) cell\(count == 1 ? "" : "s") written to \(path)")
        } catch {
          print("cannot write \(path): \(error.localizedDescription)")
        }
      }),
    ColonCommand(
      name: "reset", usage: ":reset", summary: "forgets all variables",
      body: { _, prompt in
        prompt.session.reset()
        print("all variables are forgotten")
      }),
    ColonCommand(
      name: "history", usage: ":history [count]", summary: "shows earlier inputs",
      body: { argument, _ in
        for text in LineEditor.history(Int(argument) ?? 20) { print(text) }
      }),
    ColonCommand(
      name: "quit", usage: ":quit", summary: "leaves, as Ctrl-D does",
      body: { _, prompt in prompt.leave() }),
  ]

  /// Runs a command line without its colon. A command may be cut short as long as it stays the only one.
  static func run(_ line: String, _ prompt: ReadEvalPrint) {
    let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
    let word = parts.first ?? "help"
    let argument = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
    let matches =
      all.filter { $0.name == word }.isEmpty
      ? all.filter { $0.name.hasPrefix(word) } : all.filter { $0.name == word }
    if matches.count == 1 {
      matches[0].body(argument, prompt)
    } else if matches.isEmpty {
      print("there is no command :\(word); :help shows them all")
    } else {
      print(":\(word) may be " + matches.map { ":" + $0.name }.joined(separator: ", "))
    }
  }

  private static func listing(_ prompt: ReadEvalPrint) -> String {
    let others = [
      ("?name", "what a name is and how to use it"),
      ("_, _3", "the last result, the result of cell 3"),
      ("Tab, Ctrl-C", "completes what is typed; stops what runs"),
    ]
    return (all.map { ($0.usage, $0.summary) } + others).map { usage, summary in
      "  " + DisplayWidth.padded(usage, to: 18) + prompt.dim(summary)
    }.joined(separator: "\n")
  }

  static func completions(_ text: String) -> Completions {
    let typed = text.dropFirst()
    return Completions(
      range: 1..<text.utf8.count,
      candidates: all.filter { $0.name.hasPrefix(typed) }.map {
        Completions.Candidate($0.name, .keyword, detail: $0.usage + "   " + $0.summary)
      })
  }

  private static func path(_ argument: String, _ example: String) -> String? {
    let path = argument.trimmingCharacters(in: CharacterSet(charactersIn: "\"'"))
    if path.isEmpty { print("name a file: \(example)") }
    return path.isEmpty ? nil : path
  }

  static func duration(_ seconds: Double) -> String {
    switch seconds {
    case ..<1e-3: String(format: "%.0f µs", seconds * 1e6)
    case ..<1: String(format: "%.1f ms", seconds * 1e3)
    case ..<100: String(format: "%.2f s", seconds)
    default: String(format: "%.0f s", seconds)
    }
  }
}
