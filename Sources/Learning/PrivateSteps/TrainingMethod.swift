/// How a step trains.
public enum TrainingMethod: Sendable {
  case plain
  case `private`(PrivateOptions)
  case microBatch(MicroBatchOptions)

  public var isPrivate: Bool {
    if case .plain = self { return false }
    return true
  }

  /// σ of the present epoch; nil without privacy.
  public var noiseMultiplier: Double? {
    get {
      switch self {
      case .plain: nil
      case .private(let options): options.noiseMultiplier
      case .microBatch(let options): options.noiseMultiplier
      }
    }
    set {
      guard let newValue else { return }
      switch self {
      case .plain: break
      case .private(var options):
        options.noiseMultiplier = newValue
        self = .private(options)
      case .microBatch(var options):
        options.noiseMultiplier = newValue
        self = .microBatch(options)
      }
    }
  }
}
