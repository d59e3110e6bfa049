import Foundation
import GRDB
import Testing

/// What the record says of runs that failed, were killed, or only print.
@Suite struct RecordTests {
  @Test func aSweepWithoutAnyResultIsAFailure() throws {
    let place = try Binary()
    try place.write(
      "let t = sweep x in 0..3 { assert x > 5; {y: x} }\nprint(t.error[0])\nprint(len(t))",
      to: "s.fl")
    let outcome = try place.run(["s.fl"])
    #expect(outcome.status == 1 && outcome.output.hasSuffix("\n3\n"))
    #expect(outcome.errors.contains("sweep: all 3 trials of this sweep failed"))
    #expect(outcome.errors.contains("error: all 3 trials of this sweep failed"))
    #expect(outcome.errors.contains("s.fl:1:9"), "\(outcome.errors)")
    #expect(try place.run(["runs"]).output.contains("failed"))
  }

  @Test(arguments: [
    ("print(t)", 1), ("print(t.y)", 1), ("print(t.filter(r => r.x > 0))", 1),
    ("t.save(\"t.csv\")", 1),
    ("print(len(t.failures))", 0), ("print(t.error)", 0), ("print(t[\"error\"])", 0),
    ("print(\"error\" in t)", 0), ("print(t.without(\"error\"))", 0),
    ("print(t.filter(r => r.error == nil))", 0), ("for r in t { print(r.error) }", 0),
    ("let u = sweep x in 0..3 { assert x > 1; {y: x} }\nprint(t.failures)", 1),
    ("let u = sweep x in 0..3 { assert x > 1; {y: x} }\nprint(t.failures, u.failures)", 0),
  ])
  func failuresAreSeenToByWhoReadsThem(use: String, status: Int) throws {
    let place = try Binary()
    try place.write("let t = sweep x in 0..3 { assert x > 0; {y: x} }\n" + use, to: "s.fl")
    let outcome = try place.run(["s.fl"])
    #expect(outcome.status == Int32(status), "\(use): \(outcome.errors)")
    #expect(outcome.errors.contains("1 of 3 trials of this sweep failed"))
    #expect(try place.run(["runs"]).output.contains(status == 0 ? "finished" : "failed"))
  }

  @Test func aSweepWhoseTrialsAllEndWellHasNoFailures() throws {
    let place = try Binary()
    try place.write(
      "let t = sweep x in 0..3 { {y: x} }\nprint(len(t.failures), t.failures.columns)",
      to: "s.fl")
    let outcome = try place.run(["s.fl"])
    #expect(outcome.status == 0 && outcome.output == "0 [\"x\"]\n", "\(outcome.errors)")
  }

  @Test func aMeasuredErrorIsNoFailure() throws {
    let place = try Binary()
    try place.write(
      "let t = sweep x in 0..2 { assert x > 0; {error: 0.5} }\nprint(t.columns, t.failures.columns)",
      to: "s.fl")
    let outcome = try place.run(["s.fl"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output == "[\"x\", \"trial_error\", \"error\"] [\"x\", \"trial_error\"]\n")
  }

  @Test func whatARunPrintsIsKept() throws {
    let place = try Binary()
    try place.write("param epochs = 1\nprint(\"accuracy\", 0.5 + epochs)\nprint(\"ü\")", to: "s.fl")
    #expect(try place.run(["s.fl"]).status == 0)
    let page = try place.run(["runs", "show", "1"]).output
    #expect(page.contains("printed\naccuracy 1.5\nü\n"), "\(page)")
    // Of much the beginning and the end.
    try place.write(
      "param n = 60000\nfor i in 0..n { print(\"line\", i) }\nthrow error(\"value\", \"late\")",
      to: "l.fl")
    #expect(try place.run(["l.fl"]).status == 1)
    let long = try place.run(["runs", "show", "2"]).output
    #expect(
      long.contains("line 0\n") && long.contains("line 59999\n") && !long.contains("line 30000\n"))
    #expect(long.contains("bytes are left out here") && long.contains("failed: late"))
    #expect(long.utf8.count < 200_000)
  }

  @Test func aLongRunIsRecordedWithoutParametersOrData() throws {
    let place = try Binary()
    try place.write("print(1)", to: "short.fl")
    #expect(try place.run(["short.fl"]).status == 0)
    #expect(!FileManager.default.fileExists(atPath: place.folder + "/.fairlead"))
    try place.write("print(\"begun\")\nsys.sleep(60)", to: "long.fl")
    let running = try place.start(["long.fl"])
    let deadline = Date() + 60
    while try !place.run(["runs"]).output.contains("running"), Date() < deadline {}
    running.send(SIGKILL)
    _ = running.finish()
    #expect(try place.run(["runs"]).output.contains("killed"))
  }

  @Test func twoProcessesHaveARecordEach() throws {
    let place = try Binary()
    try place.write(
      "param n = 1\nlet t = sweep x in 0..4 { sys.sleep(0.3); {y: x} }\nprint(len(t))", to: "s.fl")
    let first = try place.start(["s.fl", "--seed", "1"])
    #expect(first.waitForErrors(containing: "1/4"))
    let second = try place.start(["s.fl", "--seed", "1"])
    #expect(second.waitForErrors(containing: "/4"))
    let listing = try place.run(["runs"]).output
    #expect(listing.matches(of: #/running/#).count == 2, "\(listing)")
    second.send(SIGKILL)
    _ = second.finish()
    #expect(first.finish().status == 0)
    let after = try place.run(["runs"]).output
    #expect(after.contains("finished") && after.contains("killed"), "\(after)")
    // The killed one is taken up where everything is found.
    #expect(try place.run(["s.fl"]).errors.contains("4 of 4 trials found"))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: place.folder + "/.fairlead/running")
        .isEmpty)
  }

  @Test(arguments: [false, true])
  func aStoreThatIsTakenAwayIsToldAndWrittenAnew(isReplaced: Bool) throws {
    let place = try Binary()
    try place.write("let t = sweep x in 0..5 { sys.sleep(0.3); {y: x} }\nprint(t.y)", to: "s.fl")
    let running = try place.start(["s.fl", "--seed", "1"])
    #expect(running.waitForErrors(containing: "2/5"))
    try FileManager.default.moveItem(
      atPath: place.folder + "/.fairlead", toPath: place.folder + "/old")
    if isReplaced {
      try place.write("let t = sweep x in 0..1 { {z: 1} }\nprint(t.z)", to: "other.fl")
      #expect(try place.run(["other.fl"]).status == 0)
    }
    let outcome = running.finish()
    #expect(outcome.status == 0 && outcome.output == "[0, 1, 2, 3, 4]\n", "\(outcome.errors)")
    #expect(
      outcome.errors.contains("was deleted or replaced while it was in use"), "\(outcome.errors)")
    #expect(try place.run(["runs"]).output.contains("5/5"))
    #expect(try place.run(["s.fl"]).errors.contains("5 of 5 trials found"))
  }

  @Test func whereNoNewStoreCanBeMadeTheResultsAreStillPrinted() throws {
    let place = try Binary()
    try place.write("let t = sweep x in 0..4 { sys.sleep(0.3); {y: x} }\nprint(t.y)", to: "s.fl")
    let store = place.folder + "/store"
    let running = try place.start(["s.fl", "--store", store])
    #expect(running.waitForErrors(containing: "1/4"))
    try FileManager.default.removeItem(atPath: store)
    try place.write("in the way", to: "store")
    let outcome = running.finish()
    #expect(outcome.status == 1 && outcome.output == "[0, 1, 2, 3]\n", "\(outcome.errors)")
    #expect(outcome.errors.contains("kept in memory") && outcome.errors.contains("not recorded"))
  }

  /// The run goes on and says that nothing stays of it, why, and what to do.
  @Test(arguments: [
    ("mkdir .fairlead; seq 1000 > .fairlead/runs.sqlite", "damaged or no database", "move it away"),
    ("mkdir .fairlead; mkfifo .fairlead/runs.sqlite", "is no file", "move it away"),
    ("mkdir other; ln -s other .fairlead", "is a link to other", "another folder with --store"),
  ])
  func aRunThatCannotBeRecordedSaysSo(preparation: String, reason: String, hint: String) throws {
    let place = try Binary()
    try place.write("param n = 1\nparam m = 2\nprint(n + m)", to: "s.fl")
    let outcome = try place.run(["s.fl"], after: preparation)
    #expect(outcome.status == 0 && outcome.output == "3\n", "\(outcome)")
    #expect(outcome.errors.matches(of: #/this run is not recorded: the run store/#).count == 1)
    #expect(outcome.errors.contains(reason) && outcome.errors.contains(hint), "\(outcome.errors)")
    // What is not to be recorded misses nothing.
    #expect(try place.run(["-e", "print(1)"]).errors.isEmpty)
    #expect(try place.run(["s.fl", "--no-store"]).errors.isEmpty)
  }

  @Test func aRecordOfANewerVersionIsToldToBeOne() throws {
    let place = try Binary()
    try place.write("param n = 1\nprint(n)", to: "s.fl")
    #expect(try place.run(["s.fl"]).errors.isEmpty)
    try DatabaseQueue(path: place.folder + "/.fairlead/runs.sqlite").write {
      try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('later')")
    }
    let outcome = try place.run(["s.fl"])
    #expect(outcome.status == 0 && outcome.output == "1\n", "\(outcome)")
    #expect(
      outcome.errors.contains("this run is not recorded")
        && outcome.errors.contains("newer version"),
      "\(outcome.errors)")
  }

  @Test func aFileInPlaceOfTheRecordIsTold() throws {
    let place = try Binary()
    try place.write("in the way", to: ".fairlead")
    try place.write("param n = 1\nprint(n)", to: "s.fl")
    let outcome = try place.run(["s.fl"])
    #expect(outcome.status == 0 && outcome.output == "1\n", "\(outcome)")
    #expect(
      outcome.errors.contains(
        "is no folder; this run is recorded in \(place.folder)/data/fairlead"),
      "\(outcome.errors)")
    #expect(try place.run(["runs"]).output.contains("finished"))
  }

  @Test func leftoversOfKilledProcessesAreRemoved() throws {
    let place = try Binary()
    try place.write("let t = sweep x in 0..2 { {y: x} }\nprint(t.y)", to: "s.fl")
    #expect(try place.run(["s.fl"]).status == 0)
    // A number that no process has: they end at 2²².
    let dead = place.folder + "/.fairlead/artefacts/abc.fairlead-part-99999999-xyz"
    let own = place.folder + "/.fairlead/artefacts/abc.fairlead-part-\(getpid())-xyz"
    let mark = place.folder + "/.fairlead/running/123-abc"
    let beside = place.folder + "/t.csv.fairlead-part-99999999-xyz"
    try place.write(
      "let t = sweep x in 0..2 { {y: x} }\nt.save(\"t.csv\")\nprint(t.y)", to: "s.fl")
    for path in [dead, own, mark, beside] {
      try Data("x".utf8).write(to: URL(fileURLWithPath: path))
    }
    #expect(try place.run(["s.fl"]).status == 0)
    let files = FileManager.default
    for path in [dead, mark, beside] { #expect(!files.fileExists(atPath: path), "\(path)") }
    #expect(files.fileExists(atPath: own))
  }
}
