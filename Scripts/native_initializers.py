#!/usr/bin/env python3
"""Writes the initialisers of `Native` for natives of 0 to 10 parameters.

    Scripts/native_initializers.py            # writes the file again
    Scripts/native_initializers.py --check    # ends with 1 where it is not current
"""

import sys
from pathlib import Path

MOST = 10
PATH = Path(__file__).resolve().parent.parent / "Sources/Runtime/Native/NativeInitializers.swift"

HEAD = f"""\
// Written by Scripts/native_initializers.py: change that, not this.
//
// The initialisers of `Native` for 0 to {MOST} parameters, written out: a parameter pack costs 95 ns a call, this 4 ns.
// Each number has four: with and without the running context (`context: {{ vm, a in … }}`), giving a value or nothing.
// More parameters: NativeArguments.swift.

import Syntax

extension Native {{"""


def initializer(count: int, has_context: bool, gives_value: bool) -> str:
    types = [chr(ord("A") + index) for index in range(count)]
    names = [letter.lower() for letter in types]
    generics = [f"{letter}: Bindable" for letter in types] + (["R: ValueEncodable"] if gives_value else [])
    inputs = (["VM"] if has_context else []) + types
    arguments = (["call.vm"] if has_context else []) + [f"call.take({name}, {i})" for i, name in enumerate(names)]

    lines = ["  @inlinable"]
    if len(generics) > 3:
        lines += ["  public convenience init<"]
        lines += ["    " + ", ".join(generics[start : start + 5]) + "," for start in range(0, len(generics), 5)]
        lines[-1] = lines[-1][:-1]
        lines += ["  >("]
    else:
        lines += ["  public convenience init" + (f"<{', '.join(generics)}>(" if generics else "(")]
    lines += ["    _ name: String, _ summary: String,"]
    lines += [f"    _ {name}: Param<{letter}>," for name, letter in zip(names, types)]
    lines += [
        '    returns: String = "", seeAlso: [String] = [], search: [String] = [],',
        "    examples: [(String, String)] = [],",
        f"    {'context' if has_context else '_'} body: @escaping @Sendable ({', '.join(inputs)}) throws -> "
        + ("R" if gives_value else "Void"),
        "  ) {",
        "    self.init(",
        "      name, summary,",
    ]
    described = [f"{name}.described()" for name in names]
    if len(described) > 4:
        lines += ["      parameters: ["]
        lines += ["        " + ", ".join(described[start : start + 5]) + "," for start in range(0, count, 5)]
        lines += ["      ],"]
    else:
        lines += [f"      parameters: [{', '.join(described)}],"]
    lines += [
        f"      result: {'R.staticType' if gives_value else '.nil'}, returns: returns, seeAlso: seeAlso, search: search,",
        "      examples: examples",
        "    ) { call in",
    ]
    encoding = ".encode(call.vm)" if gives_value else ""
    if len(arguments) > 3:
        lines += ["      try body("]
        lines += ["        " + ", ".join(arguments[start : start + 4]) + "," for start in range(0, len(arguments), 4)]
        lines[-1] = lines[-1][:-1]
        lines += ["      )" + encoding]
    else:
        lines += [f"      try body({', '.join(arguments)}){encoding}"]
    if not gives_value:
        lines += ["      return .nothing"]
    lines += ["    }", "  }"]
    return "\n".join(lines)


def text() -> str:
    parts = [
        initializer(count, has_context, gives_value)
        for count in range(MOST + 1)
        for has_context in (False, True)
        for gives_value in (True, False)
    ]
    return HEAD + "\n" + "\n\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        if PATH.read_text() != text():
            sys.exit(f"{PATH.name} is not current: run Scripts/native_initializers.py")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        PATH.write_text(text())
