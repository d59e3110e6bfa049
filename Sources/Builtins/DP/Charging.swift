import Foundations
import Privacy
import Runtime

/// Private operations and the ledger that is in force, if any.
extension VM {
  /// Charges what an operation is about to spend to the ledgers in force; nothing outside of any.
  ///
  /// To be called before the operation looks at the data.
  /// - Parameters:
  ///   - event: all that the operation will spend.
  ///   - operation: the function's name in scripts, such as `dp.mean`.
  /// - Throws: `privacy` where it would overrun a budget, or protects another unit or other neighbours than the ledger.
  func charge(_ event: Event, _ operation: String) throws {}

  /// Whether a ledger is in force: noise then comes from the operating system alone.
  var isInLedger: Bool { false }

  /// How neighbouring data sets differ: as the ledger in force says, else by one unit more or less.
  var neighbours: Neighbours { .addOrRemoveOne }

  /// The delta of the ledger in force, which operations take where none is given; nil outside of any.
  var ledgerDelta: Double? { nil }
}
