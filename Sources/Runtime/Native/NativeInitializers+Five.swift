// The initialisers of `Native` for 5 to 7 parameters; see NativeInitializers.swift.

import Syntax

extension Native {
  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable, R: ValueEncodable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    _ e: Param<E>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    _ body: @escaping @Sendable (A, B, C, D, E) throws -> R
  ) {
    self.init(
      name, summary,
      parameters: [a.described(), b.described(), c.described(), d.described(), e.described()],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search, examples: examples
    ) { call in
      try body(call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3), call.take(e, 4))
        .encode(call.vm)
    }
  }

  @inlinable
  public convenience init<A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable>(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    _ e: Param<E>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    _ body: @escaping @Sendable (A, B, C, D, E) throws -> Void
  ) {
    self.init(
      name, summary,
      parameters: [a.described(), b.described(), c.described(), d.described(), e.described()],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search, examples: examples
    ) { call in
      try body(call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3), call.take(e, 4))
      return .nothing
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable, R: ValueEncodable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    _ e: Param<E>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    context body: @escaping @Sendable (VM, A, B, C, D, E) throws -> R
  ) {
    self.init(
      name, summary,
      parameters: [a.described(), b.described(), c.described(), d.described(), e.described()],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search, examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3), call.take(e, 4)
      ).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable>(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    _ e: Param<E>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    context body: @escaping @Sendable (VM, A, B, C, D, E) throws -> Void
  ) {
    self.init(
      name, summary,
      parameters: [a.described(), b.described(), c.described(), d.described(), e.described()],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search, examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3), call.take(e, 4)
      )
      return .nothing
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable, F: Bindable, R: ValueEncodable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    _ e: Param<E>,
    _ f: Param<F>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    _ body: @escaping @Sendable (A, B, C, D, E, F) throws -> R
  ) {
    self.init(
      name, summary,
      parameters: [
        a.described(), b.described(), c.described(), d.described(), e.described(), f.described(),
      ],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search, examples: examples
    ) { call in
      try body(
        call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3), call.take(e, 4),
        call.take(f, 5)
      ).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable, F: Bindable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    _ e: Param<E>,
    _ f: Param<F>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    _ body: @escaping @Sendable (A, B, C, D, E, F) throws -> Void
  ) {
    self.init(
      name, summary,
      parameters: [
        a.described(), b.described(), c.described(), d.described(), e.described(), f.described(),
      ],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search, examples: examples
    ) { call in
      try body(
        call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3), call.take(e, 4),
        call.take(f, 5))
      return .nothing
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable, F: Bindable, R: ValueEncodable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    _ e: Param<E>,
    _ f: Param<F>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    context body: @escaping @Sendable (VM, A, B, C, D, E, F) throws -> R
  ) {
    self.init(
      name, summary,
      parameters: [
        a.described(), b.described(), c.described(), d.described(), e.described(), f.described(),
      ],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search, examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3),
        call.take(e, 4), call.take(f, 5)
      ).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable, F: Bindable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    _ e: Param<E>,
    _ f: Param<F>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    context body: @escaping @Sendable (VM, A, B, C, D, E, F) throws -> Void
  ) {
    self.init(
      name, summary,
      parameters: [
        a.described(), b.described(), c.described(), d.described(), e.described(), f.described(),
      ],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search, examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3),
        call.take(e, 4), call.take(f, 5))
      return .nothing
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable, F: Bindable, G: Bindable,
    R: ValueEncodable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    _ e: Param<E>,
    _ f: Param<F>,
    _ g: Param<G>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    _ body: @escaping @Sendable (A, B, C, D, E, F, G) throws -> R
  ) {
    self.init(
      name, summary,
      parameters: [
        a.described(), b.described(), c.described(), d.described(), e.described(), f.described(),
        g.described(),
      ],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search, examples: examples
    ) { call in
      try body(
        call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3), call.take(e, 4),
        call.take(f, 5), call.take(g, 6)
      ).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable, F: Bindable, G: Bindable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    _ e: Param<E>,
    _ f: Param<F>,
    _ g: Param<G>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    _ body: @escaping @Sendable (A, B, C, D, E, F, G) throws -> Void
  ) {
    self.init(
      name, summary,
      parameters: [
        a.described(), b.described(), c.described(), d.described(), e.described(), f.described(),
        g.described(),
      ],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search, examples: examples
    ) { call in
      try body(
        call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3), call.take(e, 4),
        call.take(f, 5), call.take(g, 6))
      return .nothing
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable, F: Bindable, G: Bindable,
    R: ValueEncodable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    _ e: Param<E>,
    _ f: Param<F>,
    _ g: Param<G>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    context body: @escaping @Sendable (VM, A, B, C, D, E, F, G) throws -> R
  ) {
    self.init(
      name, summary,
      parameters: [
        a.described(), b.described(), c.described(), d.described(), e.described(), f.described(),
        g.described(),
      ],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search, examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3),
        call.take(e, 4), call.take(f, 5), call.take(g, 6)
      ).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable, F: Bindable, G: Bindable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    _ e: Param<E>,
    _ f: Param<F>,
    _ g: Param<G>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    context body: @escaping @Sendable (VM, A, B, C, D, E, F, G) throws -> Void
  ) {
    self.init(
      name, summary,
      parameters: [
        a.described(), b.described(), c.described(), d.described(), e.described(), f.described(),
        g.described(),
      ],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search, examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3),
        call.take(e, 4), call.take(f, 5), call.take(g, 6))
      return .nothing
    }
  }
}
