import Foundation
import GRDB
import Testing

/// A run store that another process, the test, holds.
@Suite struct StoreWaitTests {
  private static let notice = "runs.sqlite, which another process holds"

  /// A folder with a script that has run before, and a connection that holds its record.
  private func held() throws -> (Binary, DatabaseQueue) {
    let place = try Binary()
    try place.write("param n = 1\nprint(n)", to: "s.fl")
    try #require(try place.run(["s.fl"]).status == 0)
    return (place, try hold(place))
  }

  private func hold(_ place: Binary) throws -> DatabaseQueue {
    var configuration = Configuration()
    // The transaction stays open.
    configuration.allowsUnsafeTransactions = true
    configuration.busyMode = .timeout(20)
    let holder = try DatabaseQueue(
      path: place.folder + "/.fairlead/runs.sqlite", configuration: configuration)
    try holder.inDatabase { try $0.execute(sql: "BEGIN EXCLUSIVE") }
    return holder
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func aSignalEndsTheWait(signal: Int32) throws {
    let (place, holder) = try held()
    let running = try place.start(["s.fl"])
    #expect(running.waitForErrors(containing: Self.notice))
    running.send(signal)
    let sent = Date()
    let outcome = running.finish()
    #expect(outcome.status == 130 && outcome.output.isEmpty, "\(outcome)")
    #expect(Date().timeIntervalSince(sent) < 8)
    try holder.close()
  }

  @Test func aTimeLimitEndsTheWait() throws {
    let (place, holder) = try held()
    let outcome = try place.run(["run", "s.fl", "--time-limit", "3"])
    #expect(outcome.status == 1 && outcome.output.isEmpty, "\(outcome)")
    #expect(
      outcome.errors.contains(Self.notice) && outcome.errors.contains("ran longer than"),
      "\(outcome.errors)")
    try holder.close()
  }

  @Test func theRunGoesOnWhenTheStoreIsFree() throws {
    let (place, holder) = try held()
    let running = try place.start(["s.fl"])
    #expect(running.waitForErrors(containing: Self.notice))
    try holder.close()
    let outcome = running.finish()
    #expect(outcome.status == 0 && outcome.output == "1\n", "\(outcome)")
    #expect(!outcome.errors.contains("not recorded") && outcome.errors.contains("as in run 1"))
  }

  /// What a sweep says that it has recorded is there.
  @Test func aSweepCountsWhatIsRecorded() throws {
    let place = try Binary()
    try place.write("print(sweep a in 0..60 { sys.sleep(0.1)\n{b: a} })", to: "s.fl")
    let running = try place.start(["s.fl"])
    #expect(running.waitForErrors(containing: "2/60"))
    let holder = try hold(place)
    #expect(running.waitForErrors(containing: Self.notice))
    running.send(SIGINT)
    let outcome = running.finish()
    try holder.close()
    #expect(outcome.status == 130 && outcome.errors.contains("kept in memory"), "\(outcome)")
    let told = try #require(
      outcome.errors.firstMatch(of: #/interrupted; (\d+) of 60 trials/#)?.output.1)
    let listing = try place.run(["runs"]).output
    #expect(listing.contains("\(told)/60"), "\(told): \(listing)")
  }

  @Test func aSweepThatCannotBeRecordedSaysSoOnce() throws {
    let (place, holder) = try held()
    try place.write("print(sweep a in 0..3 { {b: a} })", to: "w.fl")
    let outcome = try place.run(["w.fl"])
    #expect(outcome.status == 1 && outcome.output.isEmpty, "\(outcome)")
    #expect(
      outcome.errors.matches(of: #/another process holds its runs\.sqlite/#).count == 1,
      "\(outcome.errors)")
    // A script that sees to the error itself does not keep silent of the rest.
    try place.write("try { sweep a in 0..3 { {b: a} } } catch e { print(1) }", to: "c.fl")
    let caught = try place.run(["c.fl"])
    #expect(caught.status == 0 && caught.output == "1\n", "\(caught)")
    #expect(caught.errors.contains("this run is not recorded"), "\(caught.errors)")
    try holder.close()
  }
}
