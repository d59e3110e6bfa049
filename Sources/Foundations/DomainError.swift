/// What the domain libraries throw: an error that a person caused and can mend. The bridge to the language adds the
/// place; a broken promise of our own is a `precondition` instead.
public struct DomainError: Error, Sendable, Hashable {
  /// The kinds that a script can see as `e.kind`; raw values are the language's.
  public enum Kind: String, Sendable, CaseIterable {
    case syntax, name, type, value, shape, index, key, io, parse, data, privacy, limit, interrupt,
      assert, user
  }

  public var kind: Kind
  /// One sentence without a final full stop: what is wrong, with the values.
  public var message: String
  /// What stands beside the underlined place, where that is more than the message; several lines are allowed.
  public var detail: String
  /// What to type instead, where that is known.
  public var hint: String?

  public init(_ kind: Kind, _ message: String, detail: String = "", hint: String? = nil) {
    self.kind = kind
    self.message = message
    self.detail = detail
    self.hint = hint
  }
}

extension DomainError: CustomStringConvertible {
  public var description: String {
    var text = "\(kind.rawValue): \(message)"
    if !detail.isEmpty { text += "\n" + detail }
    if let hint { text += "\nhint: " + hint }
    return text
  }
}
