import Foundation
import Testing

/// The record of runs: what a kill, a full disk or a folder that cannot be written leave of it.
@Suite struct RunResumeTests {
  private static func sweep(pausing seconds: Double) -> String {
    """
    let t = sweep a in [0.5, inf], s in 0..6 {
      sys.sleep(\(seconds))
      {value: a * (s + 1) + 0.1, drawn: tensor.randn([1]).sum(), seen: [a, nil, f"{s}"]}
    }
    print(t.csv())
    """
  }

  @Test(arguments: [1, 3])
  func aKilledSweepGoesOnWhereItWas(workers: Int) throws {
    let killed = try Binary()
    let undisturbed = try Binary()
    for place in [killed, undisturbed] {
      try place.write(Self.sweep(pausing: 0.15), to: "s.fl")
    }
    let running = try killed.start(["s.fl", "--workers", "\(workers)"])
    #expect(running.waitForErrors(containing: "3/12"))
    running.send(SIGKILL)
    #expect(running.finish().status == 128 + SIGKILL)
    #expect(try killed.run(["runs"]).output.contains("killed"))
    let again = try killed.run(["s.fl"])
    #expect(again.status == 0)
    let found = again.errors.firstMatch(of: #/sweep: ([0-9]+) of 12 trials found/#)
    #expect(found.flatMap { Int($0.1) }.map { (3..<12).contains($0) } == true, "\(again.errors)")
    // The undisturbed run takes the same seed, and another number of workers.
    let page = try killed.run(["runs", "show", "1"]).output
    let seed = try #require(page.firstMatch(of: #/seed +([0-9]+)/#)).1
    let whole = try undisturbed.run(["s.fl", "--workers", "2", "--seed", String(seed)])
    #expect(again.output == whole.output && whole.output.split(separator: "\n").count == 13)
    let third = try killed.run(["s.fl"])
    #expect(third.output == whole.output && third.errors.contains("12 of 12 trials found"))
    let listing = try killed.run(["runs"])
    #expect(listing.output.contains("finished") && listing.output.contains("12/12"))
    #expect(page.contains("sweep a in [0.5, inf]"))
    #expect(try killed.run(["runs", "show", "9"]).status == 1)
  }

  @Test func aKilledRunWithoutASweepLeavesATrace() throws {
    let fairlead = try Binary()
    try fairlead.write("param n = 3\nsys.sleep(60)", to: "s.fl")
    try fairlead.write("a,b\n1,2\n", to: "rows.csv")
    let running = try fairlead.start(["s.fl", "-p", "n=4"])
    let deadline = Date() + 60
    while try !fairlead.run(["runs"]).output.contains("running"), Date() < deadline {}
    running.send(SIGKILL)
    #expect(running.finish().status == 128 + SIGKILL)
    let listing = try fairlead.run(["runs"]).output
    #expect(listing.contains("killed") && listing.contains("n=4"), "\(listing)")
    // One that ends says so, with what it has read.
    try fairlead.write("param n = 3\nprint(len(data.table(\"rows.csv\")))", to: "s.fl")
    #expect(try fairlead.run(["s.fl", "-p", "n=5"]).output == "1\n")
    let page = try fairlead.run(["runs", "show", "2"]).output
    #expect(
      page.contains("finished") && page.contains("rows.csv") && page.contains("n=5"), "\(page)")
  }

  @Test func aDiskThatIsFullFromTheStartIsToldBeforeTheWork() throws {
    let fairlead = try Binary()
    try fairlead.write(Self.sweep(pausing: 0), to: "s.fl")
    let outcome = try fairlead.run(["s.fl"], after: "ulimit -f 8")
    #expect(outcome.status == 1 && outcome.output.isEmpty)
    #expect(outcome.errors.contains("the run store"), "\(outcome.errors)")
    // Afterwards it is as if nothing had been.
    #expect(try fairlead.run(["s.fl"]).status == 0)
  }

  /// The signal that would end the process is ignored, so that the write fails.
  @Test func aLimitOnTheSizeOfFilesIsAnErrorAndKeepsTheOldFile() throws {
    let fairlead = try Binary()
    try fairlead.write("a\n1\n", to: "t.csv")
    let outcome = try fairlead.run(
      ["run", "--no-store", "-e", "table([{a: i} for i in 10000..20000]).save(\"t.csv\")"],
      after: "ulimit -f 4")
    #expect(outcome.status == 1)
    #expect(
      outcome.errors.contains("raise the limit on the size of files (`ulimit -f`)"),
      "\(outcome.errors)")
    let left = try fairlead.run(["run", "--no-store", "-e", "print(data.table(\"t.csv\")[\"a\"])"])
    #expect(left.output.contains("1"), "\(left.errors)")
  }

  @Test func aDiskThatFillsHalfWayLosesNoResult() throws {
    let fairlead = try Binary()
    try fairlead.write(Self.sweep(pausing: 0), to: "s.fl")
    #expect(try fairlead.run(["s.fl", "--seed", "1"]).status == 0)
    let database = try FileManager.default.attributesOfItem(
      atPath: fairlead.folder + "/.fairlead/runs.sqlite")[.size]
    // The log of changes grows by some pages a trial, until it meets the limit (in blocks of 512 bytes).
    let blocks = (try #require(database as? Int) + 24_000) / 512
    let outcome = try fairlead.run(["s.fl", "--seed", "2"], after: "ulimit -f \(blocks)")
    #expect(outcome.status == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains("warning:") && outcome.errors.contains("kept in memory"))
    #expect(outcome.errors.contains("finished trials are not recorded"), "\(outcome.errors)")
    #expect(outcome.output.split(separator: "\n").count == 13)
    // With room again, only what is missing is done, and the table is the same.
    let again = try fairlead.run(["s.fl", "--seed", "2"])
    #expect(again.status == 0 && again.output == outcome.output)
    let found = again.errors.firstMatch(of: #/sweep: ([0-9]+) of 12 trials found/#)
    #expect(found.flatMap { Int($0.1) }.map { (1..<12).contains($0) } == true, "\(again.errors)")
  }

  @Test func aFolderThatCannotBeWrittenHasItsRecordAtHome() throws {
    let fairlead = try Binary()
    try fairlead.write(Self.sweep(pausing: 0), to: "s.fl")
    let script = fairlead.folder + "/s.fl"
    let outcome = try fairlead.run([script], directory: "/proc")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(
      FileManager.default.fileExists(atPath: fairlead.folder + "/data/fairlead/runs.sqlite"))
    // Where there is no place at all, it is said before the work, with the way out.
    let nowhere = ["XDG_DATA_HOME": "/proc/none"]
    let refused = try fairlead.run([script], environment: nowhere, directory: "/proc")
    #expect(refused.status == 1 && refused.errors.contains("the run store"), "\(refused.errors)")
    #expect(refused.errors.contains("--no-store"), "\(refused.errors)")
    let unrecorded = try fairlead.run(
      [script, "--no-store"], environment: nowhere, directory: "/proc")
    #expect(unrecorded.status == 0)
  }

  @Test func anUnreadableRecordIsToldAndKept() throws {
    let fairlead = try Binary()
    try fairlead.write(Self.sweep(pausing: 0), to: "s.fl")
    mkdir(fairlead.folder + "/.fairlead", 0o755)
    let rubbish = String(repeating: "this is no database. ", count: 500)
    try fairlead.write(rubbish, to: ".fairlead/runs.sqlite")
    let outcome = try fairlead.run(["s.fl"])
    #expect(outcome.status == 1 && outcome.errors.contains("the run store"), "\(outcome.errors)")
    #expect(try fairlead.text(".fairlead/runs.sqlite") == rubbish)
  }

  @Test func theListOfRunsIsEmptyWhereNothingRan() throws {
    let fairlead = try Binary()
    let outcome = try fairlead.run(["runs"])
    #expect(outcome.status == 0 && outcome.output == "no runs are recorded here yet\n")
    #expect(!FileManager.default.fileExists(atPath: fairlead.folder + "/.fairlead"))
  }
}
