import Syntax

extension VM {
  /// Where the script's innermost function that runs now has got to, as `clinic.fl:12`; nil where none runs.
  public var callPlace: String? {
    let frame = machine.pointee.frame
    guard frame > machine.pointee.frames else { return nil }
    let prototype = frame.pointee.closure.closure.prototype
    let span = prototype.span(at: frame.pointee.pc - UnsafePointer(prototype.code) - 1)
    let line = prototype.source.position(of: Int(span.start)).line
    return "\(prototype.source.name):\(line)"
  }
}
