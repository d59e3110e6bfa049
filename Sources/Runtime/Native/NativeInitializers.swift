// Written by Scripts/native_initializers.py: change that, not this.
//
// The initialisers of `Native` for 0 to 10 parameters, written out: a parameter pack costs 95 ns a call, this 4 ns.
// Each number has four: with and without the running context (`context: { vm, a in … }`), giving a value or nothing.
// More parameters: NativeArguments.swift.

import Syntax

extension Native {
  @inlinable
  public convenience init<R: ValueEncodable>(
    _ name: String, _ summary: String,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    _ body: @escaping @Sendable () throws -> R
  ) {
    self.init(
      name, summary,
      parameters: [],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body().encode(call.vm)
    }
  }

  @inlinable
  public convenience init(
    _ name: String, _ summary: String,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    _ body: @escaping @Sendable () throws -> Void
  ) {
    self.init(
      name, summary,
      parameters: [],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body()
      return .nothing
    }
  }

  @inlinable
  public convenience init<R: ValueEncodable>(
    _ name: String, _ summary: String,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    context body: @escaping @Sendable (VM) throws -> R
  ) {
    self.init(
      name, summary,
      parameters: [],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(call.vm).encode(call.vm)
    }
  }

  @inlinable
  public convenience init(
    _ name: String, _ summary: String,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    context body: @escaping @Sendable (VM) throws -> Void
  ) {
    self.init(
      name, summary,
      parameters: [],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(call.vm)
      return .nothing
    }
  }

  @inlinable
  public convenience init<A: Bindable, R: ValueEncodable>(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    _ body: @escaping @Sendable (A) throws -> R
  ) {
    self.init(
      name, summary,
      parameters: [a.described()],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(call.take(a, 0)).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<A: Bindable>(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    _ body: @escaping @Sendable (A) throws -> Void
  ) {
    self.init(
      name, summary,
      parameters: [a.described()],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(call.take(a, 0))
      return .nothing
    }
  }

  @inlinable
  public convenience init<A: Bindable, R: ValueEncodable>(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    context body: @escaping @Sendable (VM, A) throws -> R
  ) {
    self.init(
      name, summary,
      parameters: [a.described()],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(call.vm, call.take(a, 0)).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<A: Bindable>(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    context body: @escaping @Sendable (VM, A) throws -> Void
  ) {
    self.init(
      name, summary,
      parameters: [a.described()],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(call.vm, call.take(a, 0))
      return .nothing
    }
  }

  @inlinable
  public convenience init<A: Bindable, B: Bindable, R: ValueEncodable>(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    _ body: @escaping @Sendable (A, B) throws -> R
  ) {
    self.init(
      name, summary,
      parameters: [a.described(), b.described()],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(call.take(a, 0), call.take(b, 1)).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<A: Bindable, B: Bindable>(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    _ body: @escaping @Sendable (A, B) throws -> Void
  ) {
    self.init(
      name, summary,
      parameters: [a.described(), b.described()],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(call.take(a, 0), call.take(b, 1))
      return .nothing
    }
  }

  @inlinable
  public convenience init<A: Bindable, B: Bindable, R: ValueEncodable>(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    context body: @escaping @Sendable (VM, A, B) throws -> R
  ) {
    self.init(
      name, summary,
      parameters: [a.described(), b.described()],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(call.vm, call.take(a, 0), call.take(b, 1)).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<A: Bindable, B: Bindable>(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    context body: @escaping @Sendable (VM, A, B) throws -> Void
  ) {
    self.init(
      name, summary,
      parameters: [a.described(), b.described()],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(call.vm, call.take(a, 0), call.take(b, 1))
      return .nothing
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, R: ValueEncodable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    _ body: @escaping @Sendable (A, B, C) throws -> R
  ) {
    self.init(
      name, summary,
      parameters: [a.described(), b.described(), c.described()],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(call.take(a, 0), call.take(b, 1), call.take(c, 2)).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<A: Bindable, B: Bindable, C: Bindable>(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    _ body: @escaping @Sendable (A, B, C) throws -> Void
  ) {
    self.init(
      name, summary,
      parameters: [a.described(), b.described(), c.described()],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(call.take(a, 0), call.take(b, 1), call.take(c, 2))
      return .nothing
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, R: ValueEncodable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    context body: @escaping @Sendable (VM, A, B, C) throws -> R
  ) {
    self.init(
      name, summary,
      parameters: [a.described(), b.described(), c.described()],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2)
      ).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<A: Bindable, B: Bindable, C: Bindable>(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    context body: @escaping @Sendable (VM, A, B, C) throws -> Void
  ) {
    self.init(
      name, summary,
      parameters: [a.described(), b.described(), c.described()],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2)
      )
      return .nothing
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, R: ValueEncodable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    _ body: @escaping @Sendable (A, B, C, D) throws -> R
  ) {
    self.init(
      name, summary,
      parameters: [a.described(), b.described(), c.described(), d.described()],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3)
      ).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    _ body: @escaping @Sendable (A, B, C, D) throws -> Void
  ) {
    self.init(
      name, summary,
      parameters: [a.described(), b.described(), c.described(), d.described()],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3)
      )
      return .nothing
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, R: ValueEncodable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    context body: @escaping @Sendable (VM, A, B, C, D) throws -> R
  ) {
    self.init(
      name, summary,
      parameters: [a.described(), b.described(), c.described(), d.described()],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2),
        call.take(d, 3)
      ).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable
  >(
    _ name: String, _ summary: String,
    _ a: Param<A>,
    _ b: Param<B>,
    _ c: Param<C>,
    _ d: Param<D>,
    returns: String = "", seeAlso: [String] = [], search: [String] = [],
    examples: [(String, String)] = [],
    context body: @escaping @Sendable (VM, A, B, C, D) throws -> Void
  ) {
    self.init(
      name, summary,
      parameters: [a.described(), b.described(), c.described(), d.described()],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2),
        call.take(d, 3)
      )
      return .nothing
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable,
    R: ValueEncodable
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
      parameters: [
        a.described(), b.described(), c.described(), d.described(), e.described(),
      ],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3),
        call.take(e, 4)
      ).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable
  >(
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
      parameters: [
        a.described(), b.described(), c.described(), d.described(), e.described(),
      ],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3),
        call.take(e, 4)
      )
      return .nothing
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable,
    R: ValueEncodable
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
      parameters: [
        a.described(), b.described(), c.described(), d.described(), e.described(),
      ],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2),
        call.take(d, 3), call.take(e, 4)
      ).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable
  >(
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
      parameters: [
        a.described(), b.described(), c.described(), d.described(), e.described(),
      ],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2),
        call.take(d, 3), call.take(e, 4)
      )
      return .nothing
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable,
    F: Bindable, R: ValueEncodable
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
        a.described(), b.described(), c.described(), d.described(), e.described(),
        f.described(),
      ],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3),
        call.take(e, 4), call.take(f, 5)
      ).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable,
    F: Bindable
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
        a.described(), b.described(), c.described(), d.described(), e.described(),
        f.described(),
      ],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3),
        call.take(e, 4), call.take(f, 5)
      )
      return .nothing
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable,
    F: Bindable, R: ValueEncodable
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
        a.described(), b.described(), c.described(), d.described(), e.described(),
        f.described(),
      ],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2),
        call.take(d, 3), call.take(e, 4), call.take(f, 5)
      ).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable,
    F: Bindable
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
        a.described(), b.described(), c.described(), d.described(), e.described(),
        f.described(),
      ],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2),
        call.take(d, 3), call.take(e, 4), call.take(f, 5)
      )
      return .nothing
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable,
    F: Bindable, G: Bindable, R: ValueEncodable
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
        a.described(), b.described(), c.described(), d.described(), e.described(),
        f.described(), g.described(),
      ],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3),
        call.take(e, 4), call.take(f, 5), call.take(g, 6)
      ).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable,
    F: Bindable, G: Bindable
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
        a.described(), b.described(), c.described(), d.described(), e.described(),
        f.described(), g.described(),
      ],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3),
        call.take(e, 4), call.take(f, 5), call.take(g, 6)
      )
      return .nothing
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable,
    F: Bindable, G: Bindable, R: ValueEncodable
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
        a.described(), b.described(), c.described(), d.described(), e.described(),
        f.described(), g.described(),
      ],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2),
        call.take(d, 3), call.take(e, 4), call.take(f, 5), call.take(g, 6)
      ).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable,
    F: Bindable, G: Bindable
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
        a.described(), b.described(), c.described(), d.described(), e.described(),
        f.described(), g.described(),
      ],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2),
        call.take(d, 3), call.take(e, 4), call.take(f, 5), call.take(g, 6)
      )
      return .nothing
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable,
    F: Bindable, G: Bindable, H: Bindable, R: ValueEncodable
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
        a.described(), b.described(), c.described(), d.described(), e.described(),
        f.described(), g.described(), h.described(),
      ],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3),
        call.take(e, 4), call.take(f, 5), call.take(g, 6), call.take(h, 7)
      ).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable,
    F: Bindable, G: Bindable, H: Bindable
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
        a.described(), b.described(), c.described(), d.described(), e.described(),
        f.described(), g.described(), h.described(),
      ],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3),
        call.take(e, 4), call.take(f, 5), call.take(g, 6), call.take(h, 7)
      )
      return .nothing
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable,
    F: Bindable, G: Bindable, H: Bindable, R: ValueEncodable
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
        a.described(), b.described(), c.described(), d.described(), e.described(),
        f.described(), g.described(), h.described(),
      ],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2),
        call.take(d, 3), call.take(e, 4), call.take(f, 5), call.take(g, 6),
        call.take(h, 7)
      ).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable,
    F: Bindable, G: Bindable, H: Bindable
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
        a.described(), b.described(), c.described(), d.described(), e.described(),
        f.described(), g.described(), h.described(),
      ],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2),
        call.take(d, 3), call.take(e, 4), call.take(f, 5), call.take(g, 6),
        call.take(h, 7)
      )
      return .nothing
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable,
    F: Bindable, G: Bindable, H: Bindable, I: Bindable, R: ValueEncodable
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
        a.described(), b.described(), c.described(), d.described(), e.described(),
        f.described(), g.described(), h.described(), i.described(),
      ],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3),
        call.take(e, 4), call.take(f, 5), call.take(g, 6), call.take(h, 7),
        call.take(i, 8)
      ).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable,
    F: Bindable, G: Bindable, H: Bindable, I: Bindable
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
        a.described(), b.described(), c.described(), d.described(), e.described(),
        f.described(), g.described(), h.described(), i.described(),
      ],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3),
        call.take(e, 4), call.take(f, 5), call.take(g, 6), call.take(h, 7),
        call.take(i, 8)
      )
      return .nothing
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable,
    F: Bindable, G: Bindable, H: Bindable, I: Bindable, R: ValueEncodable
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
        a.described(), b.described(), c.described(), d.described(), e.described(),
        f.described(), g.described(), h.described(), i.described(),
      ],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2),
        call.take(d, 3), call.take(e, 4), call.take(f, 5), call.take(g, 6),
        call.take(h, 7), call.take(i, 8)
      ).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable,
    F: Bindable, G: Bindable, H: Bindable, I: Bindable
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
        a.described(), b.described(), c.described(), d.described(), e.described(),
        f.described(), g.described(), h.described(), i.described(),
      ],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2),
        call.take(d, 3), call.take(e, 4), call.take(f, 5), call.take(g, 6),
        call.take(h, 7), call.take(i, 8)
      )
      return .nothing
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable,
    F: Bindable, G: Bindable, H: Bindable, I: Bindable, J: Bindable,
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
        a.described(), b.described(), c.described(), d.described(), e.described(),
        f.described(), g.described(), h.described(), i.described(), j.described(),
      ],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3),
        call.take(e, 4), call.take(f, 5), call.take(g, 6), call.take(h, 7),
        call.take(i, 8), call.take(j, 9)
      ).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable,
    F: Bindable, G: Bindable, H: Bindable, I: Bindable, J: Bindable
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
        a.described(), b.described(), c.described(), d.described(), e.described(),
        f.described(), g.described(), h.described(), i.described(), j.described(),
      ],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.take(a, 0), call.take(b, 1), call.take(c, 2), call.take(d, 3),
        call.take(e, 4), call.take(f, 5), call.take(g, 6), call.take(h, 7),
        call.take(i, 8), call.take(j, 9)
      )
      return .nothing
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable,
    F: Bindable, G: Bindable, H: Bindable, I: Bindable, J: Bindable,
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
        a.described(), b.described(), c.described(), d.described(), e.described(),
        f.described(), g.described(), h.described(), i.described(), j.described(),
      ],
      result: R.staticType, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2),
        call.take(d, 3), call.take(e, 4), call.take(f, 5), call.take(g, 6),
        call.take(h, 7), call.take(i, 8), call.take(j, 9)
      ).encode(call.vm)
    }
  }

  @inlinable
  public convenience init<
    A: Bindable, B: Bindable, C: Bindable, D: Bindable, E: Bindable,
    F: Bindable, G: Bindable, H: Bindable, I: Bindable, J: Bindable
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
        a.described(), b.described(), c.described(), d.described(), e.described(),
        f.described(), g.described(), h.described(), i.described(), j.described(),
      ],
      result: .nil, returns: returns, seeAlso: seeAlso, search: search,
      examples: examples
    ) { call in
      try body(
        call.vm, call.take(a, 0), call.take(b, 1), call.take(c, 2),
        call.take(d, 3), call.take(e, 4), call.take(f, 5), call.take(g, 6),
        call.take(h, 7), call.take(i, 8), call.take(j, 9)
      )
      return .nothing
    }
  }
}
