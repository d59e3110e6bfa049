import Foundation
import Foundations
import Testing

@testable import Privacy

/// Epsilons and noise multipliers of dp-accounting and Opacus beside the checkout, used where they are there.
enum ReferenceFigures {
  static let folder: URL = {
    if let given = ProcessInfo.processInfo.environment["FAIRLEAD_DATA"] {
      return URL(fileURLWithPath: given).deletingLastPathComponent()
        .appendingPathComponent("bench")
    }
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return root.deletingLastPathComponent().appendingPathComponent("shared/bench")
  }()

  static func file(_ name: String) -> URL { folder.appendingPathComponent("\(name).csv") }
  static func has(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: file(name).path)
  }

  /// The rows of a file, by the names of its columns.
  static func rows(_ name: String) throws -> [[String: Double]] {
    let lines = try String(contentsOf: file(name), encoding: .utf8)
      .split(whereSeparator: \.isNewline)
    let names = lines[0].split(separator: ",").map(String.init)
    return try lines.dropFirst().map { line in
      let numbers = try line.split(separator: ",").map { try #require(Double($0)) }
      return Dictionary(uniqueKeysWithValues: zip(names, numbers))
    }
  }
}

@Suite struct ReferenceAccountantTests {
  /// The loss distributions' epsilon is inside of the bounds of prv-accountant, so not below the truth by more than
  /// those, and no more than a thousandth above that of dp-accounting, which rounds up on a grid of its own. Rényi
  /// orders never say less.
  @Test(
    .enabled(
      if: ReferenceFigures.has("accountant_oracles"), "there is no ../shared/bench beside the root")
  )
  func epsilons() throws {
    let rows = try ReferenceFigures.rows("accountant_oracles")
    #expect(rows.count >= 33)
    for row in rows {
      let (noise, rate) = (try #require(row["sigma"]), try #require(row["q"]))
      let (steps, delta) = (Int(try #require(row["T"])), try #require(row["delta"]))
      func epsilon(_ accountant: Accountant) throws -> Double {
        try accountant.epsilon(noiseMultiplier: noise, rate: rate, steps: steps, delta: delta)
      }
      let found = try epsilon(.pld)
      #expect(found <= (try #require(row["epsilon_PLD"])) * (1 + 1e-3), "\(row): \(found)")
      #expect(found >= (try #require(row["epsilon_PRV_lower"])), "\(row): \(found)")
      #expect(found <= (try #require(row["epsilon_PRV_upper"])), "\(row): \(found)")
      let orders = try epsilon(.rdp)
      #expect(orders >= found, "\(row): \(orders)")
      #expect(
        isClose(orders, try #require(row["epsilon_RDP"]), relative: 1e-3), "\(row): \(orders)")
      // The truth is not below what the own bounds from below say: they meet those from above within 0.02.
      var bounds = PRVAccountant()
      try bounds.spend(.sampledGaussian(rate: rate, noiseMultiplier: noise, steps: steps))
      let interval = try bounds.epsilon(delta: delta)
      #expect(interval.low <= found && found <= interval.high, "\(row): \(interval)")
    }
  }

  /// The least noise for a budget: no more than a thousandth above dp-accounting's, and the budget holds.
  @Test(
    .enabled(
      if: ReferenceFigures.has("accountant_calibration"),
      "there is no ../shared/bench beside the root"))
  func noiseMultipliers() throws {
    let rows = try ReferenceFigures.rows("accountant_calibration")
    #expect(rows.count >= 12)
    for row in rows {
      let (budget, rate) = (try #require(row["epsilon"]), try #require(row["q"]))
      let (steps, delta) = (Int(try #require(row["T"])), try #require(row["delta"]))
      for (accountant, column) in [
        (TrainingAccountant.pld, "sigma_PLD_dpacc"), (.rdp, "sigma_RDP_dpacc"),
      ] {
        func event(_ noise: Double) -> Event {
          .sampledGaussian(rate: rate, noiseMultiplier: noise, steps: steps)
        }
        let noise = try accountant.noiseMultiplier(epsilon: budget, delta: delta, event: event)
          .noise
        let reference = try #require(row[column])
        #expect(noise <= reference * (1 + 1e-3), "\(row): \(noise)")
        #expect(try accountant.epsilon(of: event(noise), delta: delta) <= budget)
        // Somewhat less noise does not do: by the bounds from below for loss distributions, by itself for orders.
        let less = event(noise * 0.99)
        if accountant == .pld {
          var sum = PLDAccountant()
          try sum.spend(less)
          #expect(try sum.interval(delta: delta).low > budget, "\(row): \(noise)")
        } else {
          #expect(try accountant.epsilon(of: less, delta: delta) > budget, "\(row): \(noise)")
        }
      }
    }
  }
}
