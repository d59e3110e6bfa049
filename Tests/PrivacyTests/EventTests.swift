import Foundations
import Tensors
import Testing

@testable import Privacy

@Suite struct EventTests {
  @Test func unitsAndNeighboursMustAgree() throws {
    let examples = Event.sampledGaussian(rate: 0.1, noiseMultiplier: 1, steps: 10)
    let clients = Event(.gaussian(noiseMultiplier: 2), unit: .client)
    let replaced = Event(.gaussian(noiseMultiplier: 2), neighbours: .replaceOne)
    for (other, message) in [
      (clients, "what protects one example does not add up with what protects one client"),
      (
        replaced,
        "a promise for \"add_remove\" neighbours does not add up with one for \"replace_one\""
      ),
    ] {
      let composing = failure { _ = try Event.composed([examples, other]) }
      #expect(composing?.kind == .privacy && composing?.message == message)
      var rdp = RDPAccountant()
      try rdp.spend(examples)
      let before = try rdp.epsilon(delta: 1e-5)
      #expect(failure { try rdp.spend(other) }?.message == message)
      var pld = PLDAccountant()
      try pld.spend(examples)
      let known = try pld.epsilon(delta: 1e-5)
      #expect(failure { try pld.spend(other) }?.message == message)
      // What was refused has cost nothing.
      #expect(try rdp.epsilon(delta: 1e-5) == before && pld.epsilon(delta: 1e-5) == known)
      // A fresh account takes it.
      rdp.reset()
      try rdp.spend(other)
    }
  }

  @Test func composedEventsKeepWhatTheyProtect() throws {
    let round = Event(.gaussian(noiseMultiplier: 2), unit: .client)
    let both = try Event.composed([round, round.poissonSampled(rate: 0.5)])
    #expect(both.unit == .client && both.neighbours == .addOrRemoveOne)
    #expect(
      both.description
        == "Gaussian noise 2.0, then Gaussian noise 2.0 on a Poisson sample of rate 0.5"
    )
    #expect(try Event.composed([]) == Event(.none))
    var one = RDPAccountant()
    try one.spend(both)
    var parts = RDPAccountant()
    try parts.spend(round)
    try parts.spend(round.poissonSampled(rate: 0.5))
    #expect(try one.epsilon(delta: 1e-5) == parts.epsilon(delta: 1e-5))
  }

  /// The formula for Poisson samples is one for neighbours that add or remove.
  @Test func poissonSamplesDoNotReplace() {
    let event = Event(
      .repeated(.poissonSampled(rate: 0.1, .gaussian(noiseMultiplier: 1)), times: 2),
      neighbours: .replaceOne, unit: .user)
    let message =
      "what a Poisson sample costs is known where one user is added or removed, not where one is replaced"
    var rdp = RDPAccountant()
    var pld = PLDAccountant()
    #expect(failure { try rdp.spend(event) }?.message == message)
    #expect(failure { try pld.spend(event) }?.message == message)
  }

  /// Both accountants know the same plain cases of samples.
  @Test func samplesOfNothing() throws {
    for (mechanism, epsilon) in [
      (Mechanism.poissonSampled(rate: 0.5, .none), 0), (.poissonSampled(rate: 0, .nonPrivate), 0),
      (.poissonSampled(rate: 0.5, .nonPrivate), Double.infinity),
    ] {
      var rdp = RDPAccountant()
      var pld = PLDAccountant()
      try rdp.spend(Event(mechanism))
      try pld.spend(Event(mechanism))
      #expect(try rdp.epsilon(delta: 1e-5).epsilon == epsilon, "\(mechanism)")
      #expect(try pld.epsilon(delta: 1e-5).epsilon == epsilon, "\(mechanism)")
    }
  }
}
