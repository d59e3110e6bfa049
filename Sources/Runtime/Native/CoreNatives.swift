import Syntax

/// The natives without which the language's own statements cannot be used.
enum CoreNatives {
  static let all = [
    Native(
      "error", "An error to `throw`, with its kind, its message and any data.",
      Param<String>(
        "kind", "What sort of error it is.",
        .oneOf(Diagnostic.Kind.allCases.filter { $0 != .interrupt }.map(\.rawValue))),
      Param<String>("message", "One sentence: what is wrong."),
      Param<Value>("data", "Whatever helps who catches it.", default: .nothing),
      returns: "error", search: ["raise", "exception", "throw"]
    ) { kind, message, data in
      ErrorObject(Fault(Diagnostic.Kind(rawValue: kind) ?? .user, message).withData(data))
    }
  ]
}
