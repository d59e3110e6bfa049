import Foundations
import Privacy
import Runtime

/// What the trials of a sweep spend of the ledgers around it: each trial looks at the data again, so tuning costs.
public final class SweepSpending {
  private let before: [(ledger: LedgerHandle, epsilon: Double, charges: Int)]
  /// Trials whose results were taken from the record: these spent nothing, as their results were released before.
  public var found = 0

  /// To be made before the first trial.
  public init(_ vm: VM) {
    before = vm.ledgersInForce.compactMap { handle in
      guard let spent = try? handle.spent().high, let charges = try? handle.ledger.entries().count
      else { return nil }
      return (handle, spent, charges)
    }
  }

  /// What is to be told after the last one, a sentence for each ledger.
  public func notes() -> [String] {
    before.compactMap { ledger, epsilon, charges in
      guard let spent = try? ledger.spent().high, let now = try? ledger.ledger.entries().count
      else { return nil }
      var text =
        "sweep: its trials made \(NumberText.counted(now - charges, "charge", "charges")); the ledger has spent epsilon \(Ledger.text(up: spent)) of \(NumberText.brief(ledger.ledger.terms.epsilon)), \(Ledger.text(up: epsilon)) before it"
      if found > 0 {
        text +=
          "; \(NumberText.counted(found, "trial", "trials")) from the run store charged nothing: what they found had been released"
      }
      return text
    }
  }
}
