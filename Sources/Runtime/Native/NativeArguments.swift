import Foundations
import Syntax

/// A parameter of any type, for lists of them.
public protocol AnyParam: Sendable {
  var signatureParameter: Signature.Parameter { get }
}

extension Param: AnyParam where T: Bindable {
  public var signatureParameter: Signature.Parameter { described() }
}

/// The arguments of a call, decoded one by one.
public struct Arguments {
  private var call: NativeCall

  init(_ call: NativeCall) { self.call = call }

  public var vm: VM { call.vm }

  /// Whether the call says something for the parameter of this name.
  public func isGiven(_ name: String) -> Bool {
    call.native.signature.parameters.firstIndex { $0.name.isSpelt(name) }
      .flatMap { call.argument($0) } != nil
  }

  /// The argument for one of the native's own parameters, checked as it declares.
  public mutating func callAsFunction<T: Bindable>(_ parameter: Param<T>) throws -> T {
    let index = call.native.signature.parameters.firstIndex { $0.name == parameter.name }
    guard let index else {
      preconditionFailure("`\(parameter.name)` is no parameter of this native")
    }
    return try call.take(parameter, index)
  }
}

extension Native {
  /// A native with more parameters than the written-out initialisers take: the body asks for each by its declaration.
  public convenience init<R: ValueEncodable>(
    _ name: String, _ summary: String, parameters: [any AnyParam], returns: String = "",
    seeAlso: [String] = [], search: [String] = [], examples: [(String, String)] = [],
    arguments body: @escaping @Sendable (inout Arguments) throws -> R
  ) {
    self.init(
      name, summary, parameters: parameters.map(\.signatureParameter), result: R.staticType,
      returns: returns,
      seeAlso: seeAlso, search: search, examples: examples
    ) { call in
      var arguments = Arguments(call)
      return try body(&arguments).encode(call.vm)
    }
  }
}
