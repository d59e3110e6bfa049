/// The one error type of the domain libraries: what kind of trouble, a sentence, and often what to do about it.
public struct DomainError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Kind: String, Sendable {
    case type, value, shape, index, key, io, parse, data, privacy, limit, interrupt
  }
  public var kind: Kind
  public var message: String
  public var hint: String?
  public init(_ kind: Kind, _ message: String, hint: String? = nil) {
    self.kind = kind
    self.message = message
    self.hint = hint
  }
  public var description: String { "\(kind.rawValue): \(message)" }
}
