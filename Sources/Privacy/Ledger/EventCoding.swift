import Foundations
import JSONValues

// Events as JSON, for the file of a ledger.

extension Event {
  var json: JSON {
    .object([
      "mechanism": mechanism.json, "neighbours": .string(neighbours.rawValue),
      "unit": .string(unit.rawValue),
    ])
  }

  /// - Throws: `parse` where it is no event.
  init(_ json: JSON) throws(DomainError) {
    guard let mechanism = json["mechanism"],
      let neighbours = json["neighbours"]?.string.flatMap(Neighbours.init(rawValue:)),
      let unit = json["unit"]?.string.flatMap(PrivacyUnit.init(rawValue:))
    else { throw Mechanism.noEvent(json) }
    self.init(try Mechanism(mechanism, depth: 0), neighbours: neighbours, unit: unit)
    try validate()
  }
}

extension Mechanism {
  var json: JSON {
    switch self {
    case .none: .object(["kind": "none"])
    case .nonPrivate: .object(["kind": "non_private"])
    case .gaussian(let noise):
      .object(["kind": "gaussian", "noise_multiplier": Self.number(noise)])
    case .laplace(let noise):
      .object(["kind": "laplace", "noise_multiplier": Self.number(noise)])
    case .discreteGaussian(let sigma, let sensitivity):
      .object([
        "kind": "discrete_gaussian", "sigma": Self.number(sigma),
        "sensitivity": .integer(sensitivity),
      ])
    case .discreteLaplace(let epsilon, let sensitivity):
      .object([
        "kind": "discrete_laplace", "epsilon": Self.number(epsilon),
        "sensitivity": .integer(sensitivity),
      ])
    case .pure(let epsilon): .object(["kind": "pure", "epsilon": Self.number(epsilon)])
    case .approximate(let epsilon, let delta):
      .object([
        "kind": "approximate", "epsilon": Self.number(epsilon), "delta": Self.number(delta),
      ])
    case .concentrated(let rho): .object(["kind": "concentrated", "rho": Self.number(rho)])
    case .tree(let noise, let steps, let passes):
      .object([
        "kind": "tree", "noise_multiplier": Self.number(noise), "steps": .integer(steps),
        "passes": .integer(passes),
      ])
    case .fixedSizeSampled(let rate, let inner):
      .object(["kind": "fixed_size_sampled", "rate": Self.number(rate), "of": inner.json])
    case .poissonSampled(let rate, let inner):
      .object(["kind": "poisson_sampled", "rate": Self.number(rate), "of": inner.json])
    case .repeated(let inner, let times):
      .object(["kind": "repeated", "times": .integer(times), "of": inner.json])
    case .composed(let parts):
      .object(["kind": "composed", "parts": .array(parts.map(\.json))])
    }
  }

  /// JSON has no infinity.
  private static func number(_ value: Double) -> JSON {
    value.isFinite ? .number(value) : .string(value > 0 ? "inf" : "nan")
  }

  private static func readNumber(_ json: JSON, _ name: String) throws(DomainError) -> Double {
    if json[name]?.string == "inf" { return .infinity }
    guard let number = json[name]?.number else { throw noEvent(json) }
    return number
  }

  private static func readInteger(_ json: JSON, _ name: String) throws(DomainError) -> Int {
    guard let number = json[name]?.integer else { throw noEvent(json) }
    return number
  }

  static func noEvent(_ json: JSON) -> DomainError {
    DomainError(
      .parse, "\(Quoting.literal(String(((try? json.text()) ?? "").prefix(80)))) is no event")
  }

  /// Events nest a few levels: a repeated sample of a mechanism, in a composition.
  private static let deepest = 12

  fileprivate init(_ json: JSON, depth: Int) throws(DomainError) {
    func number(_ name: String) throws(DomainError) -> Double {
      try Self.readNumber(json, name)
    }
    func integer(_ name: String) throws(DomainError) -> Int { try Self.readInteger(json, name) }
    func inner() throws(DomainError) -> Mechanism {
      guard let inner = json["of"], depth < Self.deepest else { throw Self.noEvent(json) }
      return try Mechanism(inner, depth: depth + 1)
    }
    switch json["kind"]?.string {
    case "none": self = .none
    case "non_private": self = .nonPrivate
    case "gaussian": self = .gaussian(noiseMultiplier: try number("noise_multiplier"))
    case "laplace": self = .laplace(noiseMultiplier: try number("noise_multiplier"))
    case "discrete_gaussian":
      self = .discreteGaussian(
        sigma: try number("sigma"), sensitivity: try integer("sensitivity"))
    case "discrete_laplace":
      self = .discreteLaplace(
        epsilon: try number("epsilon"), sensitivity: try integer("sensitivity"))
    case "pure": self = .pure(epsilon: try number("epsilon"))
    case "approximate":
      self = .approximate(epsilon: try number("epsilon"), delta: try number("delta"))
    case "concentrated": self = .concentrated(rho: try number("rho"))
    case "tree":
      self = .tree(
        noiseMultiplier: try number("noise_multiplier"), steps: try integer("steps"),
        passes: try integer("passes"))
    case "fixed_size_sampled":
      self = .fixedSizeSampled(rate: try number("rate"), try inner())
    case "poisson_sampled": self = .poissonSampled(rate: try number("rate"), try inner())
    case "repeated": self = .repeated(try inner(), times: try integer("times"))
    case "composed":
      guard let parts = json["parts"]?.array, depth < Self.deepest else {
        throw Self.noEvent(json)
      }
      var mechanisms: [Mechanism] = []
      for part in parts { mechanisms.append(try Mechanism(part, depth: depth + 1)) }
      self = .composed(mechanisms)
    default: throw Self.noEvent(json)
    }
  }
}
