#!/usr/bin/env python3
"""What Python makes of strings, numbers, lists and formats: the expected values of Tests/BuiltinsTests/Oracles/strings.txt.

Each line of the output is an expression that means the same in Python and in Fairlead, a tab, and what Fairlead's `repr`
must show for it; `error` stands for an expression that Python refuses. Run it again after adding cases:

    python3 Scripts/oracles/strings.py > Tests/BuiltinsTests/Oracles/strings.txt
"""

import itertools
import math
import random
import sys


def show(value):
    """A value as Fairlead's `repr` shows it."""
    if value is None:
        return "nil"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        out = []
        for character in value:
            code = ord(character)
            if character in '"\\':
                out.append("\\" + character)
            elif character in "\n\r\t":
                out.append({"\n": "\\n", "\r": "\\r", "\t": "\\t"}[character])
            elif code < 32 or 127 <= code < 160 or 0x200B <= code <= 0x200F or 0x2028 <= code <= 0x202E or code == 0xFEFF:
                out.append("\\u{%x}" % code)
            else:
                out.append(character)
        return '"' + "".join(out) + '"'
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(show(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {show(item)}" for key, item in value.items()) + "}"
    raise TypeError(type(value))


def literal(text):
    """A string literal that both languages read."""
    def escaped(character):
        if character in '"\\' or not character.isprintable():
            return "\\u%04x" % ord(character)
        return character
    return '"' + "".join(map(escaped, text)) + '"'


names = {"nan": math.nan, "inf": math.inf, "true": True, "false": False, "nil": None, "string": str}
seen = set()


def case(expression):
    if expression in seen:
        return
    seen.add(expression)
    try:
        result = show(eval(expression, dict(names)))  # the expressions are all written below
    except (ValueError, TypeError, IndexError, KeyError, ArithmeticError):
        result = "error"
    print(f"{expression}\t{result}")


def methods():
    texts = ["", "a", "abc", "banana", " a  b ", "héllo wörld", "ÀÉ", "x=1=2", "a,b,,c", "日本語テキスト", "tab\tnew\nline", "42", "-7", "Ünïcode ß", "ΑΣ ΣΑΣ", "it's a TITLE", "aAbB", "½²", "٣٤"]
    for text in texts:
        quoted = literal(text)
        for name in ["lower", "upper", "title", "capitalize", "swapcase", "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "isalpha", "isdigit", "isdecimal", "isnumeric", "isalnum", "isspace", "isupper", "islower", "istitle"]:
            case(f"{quoted}.{name}()")
        for part in ["", "a", "b", "an", ",", "=", "é", " ", "語", "zz"]:
            other = literal(part)
            for name in ["find", "rfind", "count", "split", "partition", "rpartition", "startswith", "endswith", "removeprefix", "removesuffix"]:
                if part in text or part in ("", "zz"):
                    case(f"{quoted}.{name}({other})")
        case(f"len({quoted})")
        case(f'{quoted}.zfill(6)')
        case(f'{quoted}.center(9, "*")')
        case(f'{quoted}.replace("a", "<>")')
        case(f'{quoted}.replace("", "-")')
    for width in range(0, 9):
        for text in ["ab", "abc"]:
            case(f'"{text}".center({width}, ".")')
            case(f'"{text}".ljust({width}, ".")')
            case(f'"{text}".rjust({width}, ".")')
            case(f'"-{text}".zfill({width})')
    for start, end in itertools.product([0, 1, 3, -2, -9, 9], [0, 2, 5, -1, -9, 9]):
        for name in ["find", "rfind", "count", "startswith"]:
            case(f'"banana".{name}("an", {start}, {end})')
    for count in [-1, 0, 1, 2, 9]:
        case(f'"a b  c d".split(" ", {count})')
        case(f'"a.b.c.d".rsplit(".", {count})')
        case(f'"aaaa".replace("a", "b", {count})')
    case('"banana".index("n")')
    case('"banana".index("x")')
    case('"banana".rindex("n")')
    case('"xxabcxx".strip("x")')
    case('"xyabcyx".strip("xy")')
    case('"xxabcxx".lstrip("x")')
    case('"xxabcxx".rstrip("x")')
    case('"a\\r\\nb\\rc\\n\\nd\\u2028e".splitlines()')
    case('"a\\r\\nb\\n".splitlines(true)')
    case('", ".join(["a", "b", "c"])')
    case('"".join(["a"])')
    case('"-".join([])')
    case('", ".join(["a", 1])')
    case('"a".split("")')
    case('"abc" * 3')
    case('"abc" * -1')
    case('"abc" < "abd"')
    case('"ab" < "abc"')
    case('"Z" < "a"')
    case('"é" < "z"')
    case('"b" in "abc"')
    case('"" in "abc"')
    case('"x" not in "abc"')


def slices():
    for text in ['"hello"', '"héllo"', "[1, 2, 3, 4, 5]"]:
        for index in [0, 2, 4, -1, -5, 5, -6]:
            case(f"{text}[{index}]")
        for start, stop, step in itertools.product(["", "1", "-2", "9", "-9"], ["", "3", "-1", "9", "-9"], ["", "2", "-1", "-2"]):
            case(f"{text}[{start}:{stop}:{step}]" if step else f"{text}[{start}:{stop}]")


def floats():
    values = ["0.1", "1.0", "2.5", "1e16", "1e15", "123456789012345680.0", "1e-4", "1e-5", "0.1 + 0.2", "1 / 3", "1e22", "1e21", "5e-324", "1.7976931348623157e308", "-0.0", "100.0", "1e100", "inf", "-inf", "nan", "2.0 ** 70", "1e5", "12345.678", "0.00012345"]
    for value in values:
        case(value)
        case(f"f\"{{{value}}}\"")
    generator = random.Random(7)
    for _ in range(60):
        value = generator.uniform(-1, 1) * 10 ** generator.randint(-20, 20)
        case(repr(value))
    for value in ["7", "-7", "7.5", "-7.5"]:
        for other in ["2", "-2", "2.5"]:
            for operator in ["/", "//", "%", "+", "-", "*", "**"]:
                case(f"({value}) {operator} {other}" if operator != "**" or "." not in other else f"7 ** {other}")
    for value in ["0.5", "1.5", "2.5", "-0.5", "-1.5", "2.4999", "1e10", "7", "-7"]:
        case(f"round({value})")
        case(f"int({value})")
    for value in ["2.675", "1.005", "2.5", "1234.5678", "-0.125", "0.5", "1e-10", "1e20", "5", "15", "25", "-15"]:
        for digits in [0, 1, 2, 5, -1, -2]:
            case(f"round({value}, {digits})")
    for text in ["3", " 42 ", "-7", "+5", "1_000", "_1", "1__0", "1_", "", "abc", "3.5", "0x1f", "٣"]:
        if text != "٣":
            case(f'int("{text}")')
        if text != "٣":
            case(f'float("{text}")')
    for text in ["1e5", "1E-5", ".5", "5.", ".", "1e", "e5", "inf", "-Infinity", "nan", "0x1p3", "1.5.2", "--1", "1_0.5_0", "- 1"]:
        case(f'float("{text}")')
    for text, base in [("ff", 16), ("0xff", 16), ("101", 2), ("0b101", 2), ("z", 36), ("8", 8), ("-ff", 16), ("0x", 16)]:
        case(f'int("{text}", {base})')
    for expression in ["sum([1, 2, 3])", "sum([1, 2.5])", "sum([])", "min([3, 1, 2])", "max(3, 1, 2)", "min([])", "sorted([3, 1, 2])", "sorted([\"b\", \"a\", \"é\", \"B\"])", "abs(-3)", "abs(-3.5)", "list(range(5))", "list(range(5, 0, -2))", "list(range(0))", "list(reversed([1, 2, 3]))", "ord(\"é\")", "chr(8364)", "any([false, true])", "all([])", "[1, 2] + [3]", "[0] * 3", "[1, 2] == [1, 2.0]", "[1, 2].index(2)", "[1, 2].index(3)", "[1, 1, 2].count(1)", "1 in [1, 2]", "[1, [2]] < [1, [3]]", "[2] < [1, 5]", "1 == 1.0", "1 < 2 < 3", "7 // 0", "bool(0)", "len([1, 2, 3])"]:
        case(expression)


def formats():
    for spec in ["", "d", "5", "<5", ">5", "^5", "05", "+", "+d", " d", ",", "_", "x", "X", "o", "b", "#x", "#b", "08b", "e", "f", ".2f", "%", "g", "*^9", "*<9d", "=+8d", "010,", "c"]:
        for value in ["0", "42", "-42", "1234567", "-1"]:
            if not (spec == "c" and value.startswith("-")):
                case(f'f"{{{value}:{spec}}}"')
    for spec in ["", ".0f", ".1f", ".2f", ".3f", ".10f", "e", ".2e", "E", "g", ".3g", "G", "%", ".1%", "8.2f", "<8.2f", "^8.2f", "08.2f", "+.1f", " .1f", ",.2f", "_.1f", "015,.2f", ".3", ".1", "10", "#.0f", "n", "d"]:
        for value in ["0.0", "3.14159", "-2.5", "1234567.891", "1e-7", "1e20", "inf", "-inf", "nan", "0.5", "-0.0", "2.675"]:
            if spec != "n":
                case(f'f"{{{value}:{spec}}}"')
    for spec in ["", "s", "6", "<6", ">6", "^6", "*^7", ".2", "6.2", "d", "06"]:
        for value in ["'ab'", "'héé'", "''"]:
            case(f'f"{{{value}:{spec}}}"')
    for expression in ['f"{1 + 1}"', 'f"{{}}"', 'f"{\'a\'!s:>3}"', 'f"{3.14159:{8}.{2}f}"', 'f"{[1, 2]}"', 'f"a{1}b{2}c"']:
        case(expression)


def random_formats():
    """Specifications of random parts, right ones and wrong ones, on values of each type."""
    generator = random.Random(11)
    values = {
        "int": ["0", "7", "-7", "255", "-1234567", "9223372036854775807", "65", "8364", "-1"],
        "float": ["0.0", "-0.0", "3.0", "-3.5", "0.1", "1e20", "-1e-7", "123456.789", "1e15", "1e16", "2.5", "0.0004", "inf", "-inf", "nan", "1e308", "-0.001", "99.995"],
        "string": ["'ab'", "''", "'h\u00e9llo'", "'\u65e5\u672c\u8a9e'"],
        "bool": ["true", "false"],
    }
    types = {"int": "bcdeEfFgGnoxX%sq", "float": "eEfFgGn%dsxr", "string": "sdxq", "bool": "bdefgnoxX%c"}

    def maybe(choices, chance):
        return generator.choice(choices) if generator.random() < chance else ""

    for kind, count in [("int", 1500), ("float", 1800), ("string", 500), ("bool", 200)]:
        for _ in range(count):
            alignment = maybe("<>=^", 0.5)
            fill = maybe("*0_ x\u00e9-=<:", 0.4) if alignment else ""
            spec = fill + alignment
            spec += maybe("+- ", 0.3 if kind != "string" else 0.05)
            spec += maybe("z", 0.1) + maybe("#", 0.2 if kind != "string" else 0.05) + maybe("0", 0.35)
            spec += maybe(["1", "5", "8", "10", "13", "20", "31"], 0.7)
            spec += maybe([",", "_", ",", "_", ",_", "__"], 0.3 if kind != "string" else 0.05)
            spec += maybe([".0", ".1", ".2", ".3", ".6", ".10", ".17", "."], 0.4 if kind in ("float", "string") else 0.15)
            # A bool without a type is shown as a word here, as 0 or 1 in Python.
            spec += maybe(types[kind], 0.8 if kind != "bool" else 1)
            if generator.random() < 0.02:
                spec += generator.choice("dfx0")
            case(f'f"{{{generator.choice(values[kind])}:{spec}}}"')
    for width, precision, kind in itertools.product([0, 6, 12], [0, 2, 5], ["f", "e", "g", ""]):
        case(f'f"{{-2.71828:{{{width}}}.{{{precision}}}{kind}}}"')
        case(f'f"{{-2.71828:*={{{width} + 1}}.{{{precision}}}{kind}}}"')


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    print(f"# Made by Scripts/oracles/strings.py with Python {sys.version.split()[0]}.")
    methods()
    slices()
    floats()
    formats()
    random_formats()
