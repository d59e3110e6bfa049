import Foundation
import Testing

/// The experiment on private statistics at a small size: it runs and keeps to what its table says.
@Suite struct PrivateStatisticsExperimentTests {
  @Test func runsAndPlots() throws {
    let binary = try Binary()
    let outcome = try binary.run(
      ["run", "std.experiments.private_statistics", "-p", "patients=400", "--seed", "1"],
      endsAfter: 120)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let rows = outcome.output.split(separator: "\n").map {
      $0.split(separator: " ").map(String.init)
    }
    let patients = try #require(rows.first { $0.first == "patients" })
    // Noise of scale 2.5 is beyond 100 with a chance of e^-40.
    let value = try #require(Double(patients[2]))
    #expect(abs(value - 400) < 100)
    for kind in ["hip", "heart", "lungs", "rare"] {
      #expect(rows.contains { $0.first == kind }, "\(kind)")
    }
    #expect(try binary.text("private_means.svg").contains("</svg>"))
  }
}
