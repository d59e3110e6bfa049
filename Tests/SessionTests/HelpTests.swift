import Builtins
import Synchronization
import Syntax
import Testing

@testable import Sessions

private final class Printed: Sendable {
  private let all = Mutex("")
  var text: String { all.withLock { $0 } }
  func add(_ more: String) { all.withLock { $0 += more } }
}

/// What `?name` and `fairlead doc` say, and what they offer where there is nothing of that name.
@Suite struct HelpTests {
  private static func session() -> Session {
    var options = SessionOptions()
    options.seed = 1
    options.recordsRuns = false
    return Session(options: options)
  }

  private let session = HelpTests.session()

  private func help(_ name: String) -> String {
    session.help(for: name, width: 80, isColoured: false) ?? "none"
  }

  @Test func everyWordOfTheLanguageHasHelp() {
    for word in keywords + ["by", "test"] {
      #expect(SyntaxForm.all.contains { $0.names.contains(word) }, "\(word)")
      #expect(help(word) != "none", "\(word)")
    }
    #expect(help("sweep").hasPrefix("sweep name in values"))
    #expect(help("where") == help("sweep"))
  }

  @Test func examplesOfWordsGiveWhatTheySay() {
    for form in SyntaxForm.all {
      let printed = Printed()
      var options = SessionOptions()
      options.seed = 1
      options.recordsRuns = false
      options.print = { printed.add($0) }
      options.remark = { _ in }
      let session = Session(options: options)
      let reply = session.execute(form.example.code)
      session.flushOutput()
      #expect(reply.diagnostics.isEmpty, "\(form.names[0]): \(reply.diagnostics.map(\.message))")
      let found = printed.text.isEmpty ? reply.text ?? "" : String(printed.text.dropLast())
      #expect(found == form.example.result, "\(form.names[0])")
    }
  }

  /// The value before the point is the method's, and needs no line of its own.
  @Test func methodsAreShownAsTheyAreCalled() {
    #expect(help("table.group").hasPrefix("table.group(by…)"))
    #expect(!help("table.group").contains("\n  table"))
    #expect(help("list.append").hasPrefix("list.append(value)"))
    _ = session.execute("let xs = [1]\nlet add = xs.append")
    #expect(help("xs.append") == help("list.append") && help("add") == help("list.append"))
  }

  @Test func valuesAreShownByTheirTypes() {
    _ = session.execute("let n = 3\nlet x = 0.5\nlet r = 0..3\nlet b = true")
    #expect(help("n").hasPrefix("int\n\n  A whole number"))
    #expect(help("x").hasPrefix("float\n\n"))
    #expect(help("r").hasPrefix("range\n\n"))
    #expect(help("b").hasPrefix("bool\n\n"))
  }

  @Test func namesNearAreOffered() {
    _ = session.execute("let xs = [1]\nlet m = {alpha: 1}")
    for (name, first) in [
      ("list.apend", "list.append"), ("xs.apend", "xs.append"), ("m.alpa", "m.alpha"),
      ("str.split", "string.split"), ("swep", "sweep"), ("stats.maen", "stats.mean"),
      ("recipes", "std.recipes"),
    ] { #expect(session.suggestions(for: name).first == first, "\(name)") }
    #expect(session.suggestions(for: "set.train").contains("dataset.train"))
    #expect(session.suggestions(for: "").isEmpty && session.suggestions(for: ".").isEmpty)
  }

  @Test func theStandardLibraryHasHelpWithoutAnImport() {
    #expect(help("std.recipes").hasPrefix("recipes\n\n"))
    #expect(help("std.recipes.bag_classifier").hasPrefix("bag_classifier(vocabulary, classes"))
    #expect(help("std.nothing") == "none" && help("recipes") == "none")
  }

  @Test func helpTakesNames() {
    let printed = Printed()
    var options = SessionOptions()
    options.recordsRuns = false
    options.print = { printed.add($0) }
    let session = Session(options: options)
    _ = session.execute("help(\"stats.mean\")")
    session.flushOutput()
    #expect(printed.text.hasPrefix("stats.mean(values) -> float"))
  }
}
