// The initialisers of `Native` for 8 to 10 parameters; see NativeInitializers.swift.

import Syntax

extension Native {
  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable, F: Bindable, G: Bindable,
    H: Bindable, R: ValueEncodable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    _ e: Param<E>,
    _ f: Param<F>,
    _ g: Param<G>,
    _ h: Param<H>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    _ body: @escaping @Sendable (A, B, C, D, E, F, G, H) throws -> R
  ) {
    self.init(
      name, summary,
      parameters: [
        a.described(), b.described(), c.described(), d.described(), e.described(), f.described(),
        g.described(), h.described(),
      ],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search, examples: examples
    ) { call in
      try body(
        call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3), call.take(e, 4),
        call.take(f, 5), call.take(g, 6), call.take(h, 7)
      ).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable, F: Bindable, G: Bindable,
    H: Bindable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    _ e: Param<E>,
    _ f: Param<F>,
    _ g: Param<G>,
    _ h: Param<H>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    _ body: @escaping @Sendable (A, B, C, D, E, F, G, H) throws -> Void
  ) {
    self.init(
      name, summary,
      parameters: [
        a.described(), b.described(), c.described(), d.described(), e.described(), f.described(),
        g.described(), h.described(),
      ],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search, examples: examples
    ) { call in
      try body(
        call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3), call.take(e, 4),
        call.take(f, 5), call.take(g, 6), call.take(h, 7))
      return .nothing
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable, F: Bindable, G: Bindable,
    H: Bindable, R: ValueEncodable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    _ e: Param<E>,
    _ f: Param<F>,
    _ g: Param<G>,
    _ h: Param<H>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    context body: @escaping @Sendable (VM, A, B, C, D, E, F, G, H) throws -> R
  ) {
    self.init(
      name, summary,
      parameters: [
        a.described(), b.described(), c.described(), d.described(), e.described(), f.described(),
        g.described(), h.described(),
      ],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search, examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3),
        call.take(e, 4), call.take(f, 5), call.take(g, 6), call.take(h, 7)
      ).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable, F: Bindable, G: Bindable,
    H: Bindable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    _ e: Param<E>,
    _ f: Param<F>,
    _ g: Param<G>,
    _ h: Param<H>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    context body: @escaping @Sendable (VM, A, B, C, D, E, F, G, H) throws -> Void
  ) {
    self.init(
      name, summary,
      parameters: [
        a.described(), b.described(), c.described(), d.described(), e.described(), f.described(),
        g.described(), h.described(),
      ],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search, examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3),
        call.take(e, 4), call.take(f, 5), call.take(g, 6), call.take(h, 7))
      return .nothing
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable, F: Bindable, G: Bindable,
    H: Bindable, I: Bindable, R: ValueEncodable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    _ e: Param<E>,
    _ f: Param<F>,
    _ g: Param<G>,
    _ h: Param<H>,
    _ i: Param<I>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    _ body: @escaping @Sendable (A, B, C, D, E, F, G, H, I) throws -> R
  ) {
    self.init(
      name, summary,
      parameters: [
        a.described(), b.described(), c.described(), d.described(), e.described(), f.described(),
        g.described(), h.described(), i.described(),
      ],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search, examples: examples
    ) { call in
      try body(
        call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3), call.take(e, 4),
        call.take(f, 5), call.take(g, 6), call.take(h, 7), call.take(i, 8)
      ).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable, F: Bindable, G: Bindable,
    H: Bindable, I: Bindable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    _ e: Param<E>,
    _ f: Param<F>,
    _ g: Param<G>,
    _ h: Param<H>,
    _ i: Param<I>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    _ body: @escaping @Sendable (A, B, C, D, E, F, G, H, I) throws -> Void
  ) {
    self.init(
      name, summary,
      parameters: [
        a.described(), b.described(), c.described(), d.described(), e.described(), f.described(),
        g.described(), h.described(), i.described(),
      ],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search, examples: examples
    ) { call in
      try body(
        call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3), call.take(e, 4),
        call.take(f, 5), call.take(g, 6), call.take(h, 7), call.take(i, 8))
      return .nothing
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable, F: Bindable, G: Bindable,
    H: Bindable, I: Bindable, R: ValueEncodable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    _ e: Param<E>,
    _ f: Param<F>,
    _ g: Param<G>,
    _ h: Param<H>,
    _ i: Param<I>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    context body: @escaping @Sendable (VM, A, B, C, D, E, F, G, H, I) throws -> R
  ) {
    self.init(
      name, summary,
      parameters: [
        a.described(), b.described(), c.described(), d.described(), e.described(), f.described(),
        g.described(), h.described(), i.described(),
      ],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search, examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3),
        call.take(e, 4), call.take(f, 5), call.take(g, 6), call.take(h, 7), call.take(i, 8)
      ).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable, F: Bindable, G: Bindable,
    H: Bindable, I: Bindable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    _ e: Param<E>,
    _ f: Param<F>,
    _ g: Param<G>,
    _ h: Param<H>,
    _ i: Param<I>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    context body: @escaping @Sendable (VM, A, B, C, D, E, F, G, H, I) throws -> Void
  ) {
    self.init(
      name, summary,
      parameters: [
        a.described(), b.described(), c.described(), d.described(), e.described(), f.described(),
        g.described(), h.described(), i.described(),
      ],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search, examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3),
        call.take(e, 4), call.take(f, 5), call.take(g, 6), call.take(h, 7), call.take(i, 8))
      return .nothing
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable, F: Bindable, G: Bindable,
    H: Bindable, I: Bindable, J: Bindable, R: ValueEncodable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    _ e: Param<E>,
    _ f: Param<F>,
    _ g: Param<G>,
    _ h: Param<H>,
    _ i: Param<I>,
    _ j: Param<J>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    _ body: @escaping @Sendable (A, B, C, D, E, F, G, H, I, J) throws -> R
  ) {
    self.init(
      name, summary,
      parameters: [
        a.described(), b.described(), c.described(), d.described(), e.described(), f.described(),
        g.described(), h.described(), i.described(), j.described(),
      ],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search, examples: examples
    ) { call in
      try body(
        call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3), call.take(e, 4),
        call.take(f, 5), call.take(g, 6), call.take(h, 7), call.take(i, 8), call.take(j, 9)
      ).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable, F: Bindable, G: Bindable,
    H: Bindable, I: Bindable, J: Bindable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    _ e: Param<E>,
    _ f: Param<F>,
    _ g: Param<G>,
    _ h: Param<H>,
    _ i: Param<I>,
    _ j: Param<J>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    _ body: @escaping @Sendable (A, B, C, D, E, F, G, H, I, J) throws -> Void
  ) {
    self.init(
      name, summary,
      parameters: [
        a.described(), b.described(), c.described(), d.described(), e.described(), f.described(),
        g.described(), h.described(), i.described(), j.described(),
      ],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search, examples: examples
    ) { call in
      try body(
        call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3), call.take(e, 4),
        call.take(f, 5), call.take(g, 6), call.take(h, 7), call.take(i, 8), call.take(j, 9))
      return .nothing
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable, F: Bindable, G: Bindable,
    H: Bindable, I: Bindable, J: Bindable, R: ValueEncodable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    _ e: Param<E>,
    _ f: Param<F>,
    _ g: Param<G>,
    _ h: Param<H>,
    _ i: Param<I>,
    _ j: Param<J>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    context body: @escaping @Sendable (VM, A, B, C, D, E, F, G, H, I, J) throws -> R
  ) {
    self.init(
      name, summary,
      parameters: [
        a.described(), b.described(), c.described(), d.described(), e.described(), f.described(),
        g.described(), h.described(), i.described(), j.described(),
      ],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search, examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3),
        call.take(e, 4), call.take(f, 5), call.take(g, 6), call.take(h, 7), call.take(i, 8),
        call.take(j, 9)
      ).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable, F: Bindable, G: Bindable,
    H: Bindable, I: Bindable, J: Bindable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    _ e: Param<E>,
    _ f: Param<F>,
    _ g: Param<G>,
    _ h: Param<H>,
    _ i: Param<I>,
    _ j: Param<J>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    context body: @escaping @Sendable (VM, A, B, C, D, E, F, G, H, I, J) throws -> Void
  ) {
    self.init(
      name, summary,
      parameters: [
        a.described(), b.described(), c.described(), d.described(), e.described(), f.described(),
        g.described(), h.described(), i.described(), j.described(),
      ],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search, examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3),
        call.take(e, 4), call.take(f, 5), call.take(g, 6), call.take(h, 7), call.take(i, 8),
        call.take(j, 9))
      return .nothing
    }
  }

}
