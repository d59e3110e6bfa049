import Runtime

/// What stands around the cursor in an unfinished text: what completion and inspection look at.
///
/// The text is scanned forwards once (`CursorScanner`), knowing strings, comments and brackets but no grammar, because
/// a text that is being typed seldom has one.
struct CursorContext: Equatable {
  enum Place: Equatable {
    /// A name, perhaps still empty.
    case name
    /// A member: the names before the last point, `["dp"]` in `dp.ep`. Nil where what comes before is no plain name
    /// (a call's result); `base` is what it is.
    case member([String]?)
    /// A member of a literal, `"abc".up`.
    case method(Literal)
    /// A part of a module's name behind `import`: the parts before it, `["std"]` in `import std.re`.
    case module([String])
    /// Inside the string of an index, `m["ke` and `m[["a", "b`: the names before the bracket, nil where they are not
    /// all; `base` is what is before it.
    case key([String]?)
    /// Inside a string: what it holds so far.
    case string(String)
    /// In a comment or a number: nothing to complete.
    case nothing
  }

  enum Literal: Equatable { case string, list, map }

  /// A call that the cursor is inside of.
  struct Call: Equatable {
    /// The called name, `["dp", "train"]`; nil where it is not all names.
    var callee: [String]?
    /// The bytes of what is called, `t.head(3).group`.
    var text: Range<Int>
    /// The names of the arguments given so far.
    var names: [String] = []
    /// The name of the argument at the cursor; nil where it has none.
    var name: String?
    /// How many arguments without a name stand before it.
    var position = 0
    /// The bytes of the first argument, where it has ended.
    var first: Range<Int>?
  }

  var place: Place = .name
  /// What is typed already of the word at the cursor.
  var prefix = ""
  /// The byte offset at which the word starts.
  var start: Int
  /// The bytes of the value whose member or element is at the cursor.
  var base: Range<Int>?
  var call: Call?

  /// - Parameter cursor: a byte offset into the UTF-8 of `text`.
  init(_ text: String, cursor: Int) {
    var scanner = CursorScanner(Array(text.utf8.prefix(max(0, cursor))))
    self = scanner.context()
  }

  init(start: Int) { self.start = start }

  static func isNameStart(_ byte: UInt8) -> Bool {
    (65...90).contains(byte) || (97...122).contains(byte) || byte == 95 || byte >= 0x80
  }

  static func isNamePart(_ byte: UInt8) -> Bool { isNameStart(byte) || (48...57).contains(byte) }
}

extension CursorContext.Literal {
  /// What the literal makes.
  var kind: ObjectKind {
    switch self {
    case .string: .string
    case .list: .list
    case .map: .map
    }
  }
}
