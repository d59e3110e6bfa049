import Federated
import Foundations
import Runtime
import Tables

/// What a federated simulation did, in a script.
final class FederatedHistory {
  let history: SimulationHistory
  private let keys: [[DeviceKey]]
  /// What is measured when it is first asked for; nil where the simulation was interrupted.
  private let measure: (() throws -> [ActivityBucket])?
  private var measured: [ActivityBucket]?

  /// - Parameter measure: gives the final model's quality by activity.
  init(
    _ history: SimulationHistory, _ devices: DeviceSet,
    measure: (() throws -> [ActivityBucket])?
  ) {
    self.history = history
    self.measure = measure
    keys = history.rounds.map { $0.cohort.map { devices.key(Int($0)) } }
  }

  private init(_ other: FederatedHistory, _ measured: [ActivityBucket]?) {
    history = other.history
    keys = other.keys
    measure = nil
    self.measured = measured
  }

  /// What another heap may hold: all is measured.
  func settled() throws -> FederatedHistory {
    FederatedHistory(self, measure == nil ? measured : try activity())
  }

  func activity() throws -> [ActivityBucket] {
    if let measured { return measured }
    guard let measure else {
      throw Fault(.value, "the simulation was interrupted: nothing was measured by activity")
    }
    let found = try measure()
    measured = found
    return found
  }

  var table: Table {
    get throws {
      let rounds = history.rounds
      func number(_ value: Double?) -> Cell { value.map { .float($0) } ?? .null }
      return try Table(columns: [
        Table.Column("round", rounds.map { .int($0.number) }, role: .axis),
        Table.Column("loss", rounds.map { number($0.loss) }),
        Table.Column("accuracy", rounds.map { number($0.accuracy) }),
        Table.Column(
          "train_loss", rounds.map { $0.trainLoss.isNaN ? .null : .float($0.trainLoss) }),
        Table.Column("clients", rounds.map { .int($0.cohort.count) }),
        Table.Column("bytes_up", rounds.map { .int($0.bytesUp) }),
        Table.Column("bytes_down", rounds.map { .int($0.bytesDown) }),
        Table.Column("epsilon", rounds.map { number($0.epsilon) }),
        Table.Column("seconds", rounds.map { .float($0.seconds) }),
      ])
    }
  }

  var last: Row? {
    get throws {
      let table = try table
      return table.rowCount > 0 ? Row(columns: table.columns, index: table.rowCount - 1) : nil
    }
  }

  var activityTable: Table {
    get throws {
      let buckets = try activity()
      return try Table(columns: [
        Table.Column("devices", buckets.map { .int($0.devices) }),
        Table.Column("examples", buckets.map { .int($0.examples) }),
        Table.Column("accuracy", buckets.map { $0.accuracy.map { .float($0) } ?? .null }),
        Table.Column("loss", buckets.map { $0.loss.map { .float($0) } ?? .null }),
      ])
    }
  }

  var cohorts: [[DeviceKey]] { keys }
}

extension DeviceKey: ValueEncodable {
  public func encode(_ vm: VM) -> Value {
    switch self {
    case .number(let number): .int(number)
    case .real(let number): .float(number)
    case .text(let text): vm.makeString(text)
    }
  }
}

extension FederatedHistory: NativeValue {
  static let nativeType = NativeType<FederatedHistory>(
    "history", "What a federated simulation did, round by round."
  ) { type in
    type.representation = { value, _ in
      let history = value.history
      var text = "history: \(history.rounds.count) rounds"
      if let last = history.rounds.last {
        if !last.trainLoss.isNaN {
          text += ", train loss \(TextForm.digits(last.trainLoss, 4))"
        }
        if let accuracy = last.accuracy { text += ", accuracy \(TextForm.digits(accuracy, 4))" }
      }
      if let epsilon = history.epsilon { text += ", epsilon \(NumberText.roundedUp(epsilon))" }
      return text + (history.isStopped ? ", stopped early" : "")
    }
    type.transfer = .copy { try $0.settled() }
    type.equals = { $0 === $1 }
    type.length = { $0.history.rounds.count }
    type.field(
      "table",
      "A table with a row a round. Its columns: round (from 1), loss and accuracy of `evaluate` (nil where it was not measured), train_loss (the mean over the round's examples before each client's first step), clients (that came through), bytes_up and bytes_down of the round, epsilon (so far; nil without privacy), seconds. Losses of training and who took part are not private."
    ) { try $0.table }
    type.field("last", "The table's last row; nil without rounds.") { try $0.last }
    type.field("cohorts", "For each round the keys of the devices that came through.") {
      $0.cohorts
    }
    type.field(
      "by_activity",
      "A table of the last model's quality on groups of devices, the lightest devices first. Its columns: devices, examples (on which it was measured), accuracy, loss. Measured on the devices' own examples that they still hold, or on those of `evaluate` where that is devices of the same keys. Not private."
    ) { try $0.activityTable }
    type.field(
      "epsilon", "What the rounds cost each device in privacy, rounded up; nil without privacy."
    ) { $0.history.epsilon }
    type.field("sigma", "The noise multiplier; nil without privacy.") { $0.history.sigma }
    type.field("notes", "What a reader should know, in sentences.") { $0.history.notes }
    type.methods([
      Native(
        "rounds_to",
        "The first round after which `evaluate` showed this accuracy at least; nil where none did.",
        Param<FederatedHistory>("history"),
        Param<Double>("accuracy", "From 0 to 1.", .within(0, 1), named: true),
        returns: "int or nil"
      ) { history, accuracy in history.history.rounds(to: accuracy) }
    ])
  }
}
