import Foundation
import Foundations
import Tables
import Testing

@testable import Sessions

/// What the record and standard error tell of private trainings.
@Suite struct RunEventsTests {
  /// What a script wrote to standard error, and the page of its run.
  private struct Told {
    var remarks: String
    var page: String
    var events: [RecordedEvent]
  }

  private final class Lines: @unchecked Sendable {
    let lock = NSLock()
    var text = ""
    func append(_ more: String) { lock.withLock { text += more } }
  }

  private static let training = """
    let x = {inputs: tensor.ones([40, 2]), labels: tensor.zeros([40], "i64")}
    fn train(epsilon, noise = "auto", method = "dp-sgd") {
      dp.train(nn.linear(2, 2), x, epsilon: epsilon, delta: 1e-3, batch: 10, epochs: 1, noise: noise, method: method)
    }

    """

  private func tell(
    _ script: String, in directory: TemporaryDirectory? = nil, workers: Int = 1
  ) throws -> Told {
    let directory = try directory ?? TemporaryDirectory()
    let remarks = Lines()
    var options = SessionOptions()
    options.workingDirectory = directory.path
    options.storeDirectory = directory.path + "/.fairlead"
    options.seed = 7
    options.workers = workers
    options.print = { _ in }
    options.remark = { remarks.append($0) }
    try (Self.training + script).write(
      toFile: directory.path + "/s.fl", atomically: true, encoding: .utf8)
    let session = Session(options: options)
    let reply = session.run(path: directory.path + "/s.fl")
    #expect(reply.status == .success, "\(reply.diagnostics.map(\.message))")
    let detail = try session.host.detail(1)
    return Told(
      remarks: remarks.text, page: try RunListing.page(detail, width: nil, coloured: false),
      events: detail.events)
  }

  @Test func aRunWithoutASweepListsItsTrainings() throws {
    let told = try tell("train(1)\ntrain(2, \"seeded\", \"edp-sgd\")\ntrain(inf)")
    #expect(told.events.map { $0.fact("method")?.text } == ["dp-sgd", "edp-sgd", "dp-sgd"])
    #expect(told.events.map { $0.fact("noise")?.text } == ["secure", "seeded", "none"])
    #expect(told.events.map { $0.fact("delta")?.number } == [1e-3, 1e-3, 1e-3])
    #expect(told.events[1].fact("epsilon_paper") != nil && told.events[0].axes == nil)
    #expect(told.events[2].fact("epsilon") == .float(.infinity))
    let first = try #require(told.events[0].fact("epsilon")?.number)
    #expect(first <= 1 && first > 0.99)
    #expect(told.page.contains("private trainings"))
    #expect(told.page.contains("together they spent more"))
    // Never below what was spent, also in print.
    #expect(told.page.contains(NumberText.roundedUp(first)))
  }

  @Test func aRunAgainHasSpentAgain() throws {
    let directory = try TemporaryDirectory()
    #expect(try tell("train(1)", in: directory).events.count == 1)
    #expect(try tell("train(1)", in: directory).events.count == 2)
  }

  @Test(arguments: [1, 2]) func eachTrialIsListed(workers: Int) throws {
    let directory = try TemporaryDirectory()
    let script = "sweep e in [1, 2, 3] { {spent: train(e).epsilon} }"
    let told = try tell(script, in: directory, workers: workers)
    #expect(Set(told.events.map { $0.axes?.first?.value }) == [.int(1), .int(2), .int(3)])
    #expect(told.events.allSatisfy { $0.fact("noise") == .string("seeded") })
    #expect(told.page.contains("e 2"))
    // The note is made by every trial and heard once.
    #expect(told.remarks.components(separatedBy: "protects nobody").count == 2, "\(told.remarks)")
    // What is found in the record has not been trained again.
    #expect(try tell(script, in: directory, workers: workers).events.count == 3)
  }

  @Test func everySweepIsToldOnItsOwn() throws {
    let told = try tell(
      "sweep e in [1, 2] { {s: train(e).epsilon} }\nsweep e in [3, 4] { {s: train(e).epsilon} }")
    #expect(told.remarks.components(separatedBy: "protects nobody").count == 3)
  }

  @Test func secureNoiseInASweepDoesNotRepeatAndSaysSo() throws {
    let told = try tell("sweep e in [1, 2] { {s: train(e, \"secure\").epsilon} }")
    #expect(told.remarks.components(separatedBy: "does not repeat bit for bit").count == 2)
    #expect(told.events.map { $0.fact("noise")?.text } == ["secure", "secure"])
    let block = try tell("with seed(3) { print(train(1, \"secure\").notes) }")
    #expect(block.remarks.contains("does not repeat bit for bit"))
  }

  @Test func aFailedTrainingHasSpentToo() throws {
    let told = try tell(
      """
      try { dp.train(nn.linear(2, 2), x, epsilon: 1, delta: 1e-3, batch: 10, epochs: 50, optimizer: optim.sgd(1e38)) } catch e { print(e) }
      """)
    #expect(told.events.map { $0.fact("status")?.text } == ["failed"])
    let spent = try #require(told.events.first?.fact("epsilon")?.number)
    #expect(spent > 0 && spent < 1)
  }
}
