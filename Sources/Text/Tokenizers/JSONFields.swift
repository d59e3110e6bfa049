import Foundations
import JSONValues

/// The members of one JSON object of a configuration, read one by one; what nobody asked for is an error, so that no
/// setting passes unheeded.
struct JSONFields {
  let object: JSON.Object
  /// What messages call the object: `tokenizer.json: model`.
  let place: String
  private var asked: Set<String> = []

  init(_ value: JSON, place: String) throws(DomainError) {
    guard let object = value.object else {
      throw DomainError(.data, "\(place) must be an object, but is \(value.kindName)")
    }
    self.object = object
    self.place = place
  }

  func wrong(_ name: String, _ wanted: String, _ value: JSON?) -> DomainError {
    DomainError(
      .data,
      "\(place): `\(name)` must be \(wanted), but is \(value.map(\.kindName) ?? "missing")")
  }

  /// Any value; nil where it is missing or null.
  mutating func value(_ name: String) -> JSON? {
    asked.insert(name)
    guard let value = object[name], !value.isNull else { return nil }
    return value
  }

  mutating func string(_ name: String) throws(DomainError) -> String? {
    guard let value = value(name) else { return nil }
    guard let text = value.string else { throw wrong(name, "a string", value) }
    return text
  }

  mutating func requiredString(_ name: String) throws(DomainError) -> String {
    guard let text = try string(name) else { throw wrong(name, "a string", nil) }
    return text
  }

  mutating func bool(_ name: String) throws(DomainError) -> Bool? {
    guard let value = value(name) else { return nil }
    guard let truth = value.bool else { throw wrong(name, "true or false", value) }
    return truth
  }

  mutating func bool(_ name: String, default fallback: Bool) throws(DomainError) -> Bool {
    try bool(name) ?? fallback
  }

  /// An integer from 0 that fits 31 bits.
  mutating func natural(_ name: String) throws(DomainError) -> Int? {
    guard let value = value(name) else { return nil }
    guard let number = value.integer, (0...Int(Int32.max)).contains(number) else {
      throw DomainError(.data, "\(place): `\(name)` must be an integer from 0 to \(Int32.max)")
    }
    return number
  }

  mutating func array(_ name: String) throws(DomainError) -> [JSON]? {
    guard let value = value(name) else { return nil }
    guard let items = value.array else { throw wrong(name, "a list", value) }
    return items
  }

  /// Members of an inner object.
  mutating func fields(_ name: String) throws(DomainError) -> JSONFields? {
    guard let value = value(name) else { return nil }
    return try JSONFields(value, place: "\(place): \(name)")
  }

  /// - Throws: `data` where a member was never asked for.
  func finish() throws(DomainError) {
    for name in object.names where !asked.contains(name) {
      throw DomainError(.data, "\(place): the field `\(name)` is not supported")
    }
  }

  func unsupported(_ what: String) -> DomainError {
    DomainError(.data, "\(place): \(what) is not supported")
  }
}
