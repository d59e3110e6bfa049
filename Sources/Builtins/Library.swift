import ClassicalModels
import Federated
import Foundations
import Plots
import Privacy
import Runtime
import Tables
import Tensors
import Text

/// The bridge between the language and the libraries: everything that a script can call.
public enum Library {
  /// The version of Fairlead.
  public static let version = SysBuiltins.version

  /// Makes all modules, natives and types known to an interpreter.
  public static func install(in interpreter: Interpreter) {
    CoreBuiltins.install(into: interpreter) { function, arguments, vm in
      try TensorMath.overload(function, arguments, vm)
        ?? ColumnMath.overload(function, arguments, vm)
    }
    HostBuiltins.install(in: interpreter)
    TensorBuiltins.install(in: interpreter)
    interpreter.define(SeedBuiltins.natives)
    interpreter.define(module: "nn") { NNBuiltins.module }
    interpreter.define(module: "optim") { OptimBuiltins.module }
    interpreter.define(module: "data") { DataBuiltins.module }
    interpreter.define(module: "json") { JSONBuiltins.module }
    interpreter.define(module: "text") { TextBuiltins.module }
    interpreter.define(module: "ml") { MLBuiltins.module }
    interpreter.define(module: "dp") { DPBuiltins.module }
    interpreter.define(module: "fed") { FedBuiltins.module }
    interpreter.define(module: "fair") { FairBuiltins.module }
    interpreter.define(module: "distill") { DistillBuiltins.module }
    interpreter.nativeTypes = types
  }

  /// All native types that scripts can meet, by their names; each is described when it is first needed.
  static let types: [String: @Sendable () -> AnyNativeType] = [
    "tensor": { Tensor.nativeType }, "model": { Model.nativeType },
    "optimizer": { OptimizerSettings.nativeType }, "fit": { Fit.nativeType },
    "private fit": { PrivateTrainingResult.nativeType }, "attack": { AttackResult.nativeType },
    "ledger": { LedgerHandle.nativeType }, "event": { Event.nativeType },
    "audit": { AuditResult.nativeType }, "canary": { Canary.nativeType },
    "adept": { Adept.nativeType },
    "devices": { DeviceSet.nativeType }, "device": { Device.nativeType },
    "federated rule": { FedRule.nativeType }, "strategy": { StrategyValue.nativeType },
    "history": { FederatedHistory.nativeType },
    "update": { ModelUpdate.nativeType }, "updates": { ScriptUpdates.nativeType },
    "participant": { ScriptDevice.nativeType }, "round": { ScriptRound.nativeType },
    "seed": { SeedScope.nativeType }, "dataset": { IntentDataset.nativeType },
    "examples": { Examples.nativeType }, "vocabulary": { Vocabulary.nativeType },
    "tokenizer": { SubwordTokenizer.nativeType }, "word_vectors": { WordVectors.nativeType },
    "change": { RoleChange.nativeType }, "reverser": { Reverser.nativeType },
    "tagger": { Tagger.nativeType }, "lines": { TextLines.nativeType },
    "table": { Table.nativeType },
    "groups": { Grouping.nativeType }, "column": { Series.nativeType }, "row": { Row.nativeType },
    "date": { CalendarDate.nativeType }, "datetime": { CalendarMoment.nativeType },
    "plot": { Plot.nativeType }, "distribution": { DistributionValue.nativeType },
    "tabular": { TabularExamples.nativeType },
    "logistic_regression": { LogisticRegression.fittedType },
    "linear_regression": { LinearRegression.fittedType }, "tree": { TreeModel.fittedType },
    "boosting": { GradientBoosting.fittedType }, "kmeans": { KMeans.fittedType },
    "pca": { PrincipalComponents.fittedType },
  ]

  /// The type of what a sweep gives.
  public static var sweepType: String { Table.nativeType.name }

  /// The types whose values a trial of a sweep can record, beside the language's own plain ones.
  public static var recordedTypes: Set<String> {
    [
      Table.nativeType.name, Tensor.nativeType.name, Series.nativeType.name, Row.nativeType.name,
      CalendarDate.nativeType.name, CalendarMoment.nativeType.name,
    ]
  }
}

extension Library {
  /// How many threads numerical work uses.
  public static var threads: Int { Parallel.threads }
  public static func setThreads(_ count: Int) { Parallel.threads = count }
  /// Gives memory that is kept for further tensors back to the system.
  public static func freeMemory() { StoragePool.shared.trim() }
  /// Runs numerical work of `body` on this thread alone: trials that run side by side need no threads within.
  public static func serially<Result>(_ body: () throws -> Result) rethrows -> Result {
    try Parallel.serially(body)
  }
}
