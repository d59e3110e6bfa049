#!/usr/bin/env python3
"""Writes Sources/CUnicode/categories.c: the general categories and scripts that regular expressions of tokenizers ask for.

Two engines are in use and know different versions of Unicode: that of the `tokenizers` package and that of `tiktoken`. Every code point is
put to both (a second):

    ~/.cache/fairlead/peers/bin/python Scripts/unicode_categories.py
"""

import pathlib

import tiktoken
from tokenizers import Regex, normalizers

CODES = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]
TEXT = "".join(map(chr, CODES))
# The order is that of `PatternCategory` in Sources/Text/Patterns.
CATEGORIES = ("Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co Cn").split()
SCRIPTS = "Han Hiragana Katakana Hangul Latin Cyrillic Greek Arabic Hebrew Thai Devanagari".split()
BYTES = {bytes([byte]): byte for byte in range(256)}


def tokenizers_set(expression):
    return set(TEXT) - set(normalizers.Replace(Regex(expression), "").normalize_str(TEXT))


def tiktoken_set(expression):
    coding = tiktoken.Encoding("sets", pat_str=expression, mergeable_ranks=BYTES, special_tokens={})
    return set(bytes(coding.encode_ordinary(TEXT)).decode())


def runs(find):
    values = dict.fromkeys(CODES, CATEGORIES.index("Cn"))
    for place, name in enumerate(CATEGORIES[:-1]):
        for c in find(r"\p{%s}" % name):
            assert values[ord(c)] == CATEGORIES.index("Cn"), hex(ord(c))
            values[ord(c)] = place
    for place, name in enumerate(SCRIPTS):
        for c in find(r"\p{%s}" % name):
            values[ord(c)] |= (place + 1) << 5
    result = []
    for code in range(0x110000):
        value = values.get(code, CATEGORIES.index("Cn"))
        if not result or result[-1] & 0x7FF != value:
            result.append(code << 11 | value)
    # What the engines call white space and a word is no category.
    return result


def ranges(members):
    codes = sorted(map(ord, members))
    result = []
    for code in codes:
        if result and result[-1][1] == code:
            result[-1][1] = code + 1
        else:
            result.append([code, code + 1])
    return [bound for one in result for bound in one]


def table(name, numbers):
    lines = []
    for i in range(0, len(numbers), 12):
        lines.append("  " + ", ".join(f"0x{number:X}u" for number in numbers[i : i + 12]) + ",")
    body = "\n".join(lines)
    return f"static const uint32_t {name}[] = {{\n{body}\n}};\n\nstruct fl_numbers fl_unicode_{name}(void) {{\n  return (struct fl_numbers){{{name}, sizeof {name} / sizeof {name}[0]}};\n}}\n"


def main():
    parts = ['// Written by Scripts/unicode_categories.py.\n#include "unicode_tables.h"\n']
    parts.append(table("categories", runs(tokenizers_set)))
    parts.append(table("rust_categories", runs(tiktoken_set)))
    parts.append(table("word_ranges", ranges(tokenizers_set(r"\w"))))
    parts.append(table("rust_word_ranges", ranges(tiktoken_set(r"\w"))))
    print(ranges(tokenizers_set(r"\s")), ranges(tiktoken_set(r"\s")), sep="\n")
    print(ranges(tokenizers_set(r"(?i:s)")), ranges(tiktoken_set(r"(?i:s)")), ranges(tokenizers_set(r"(?i:[k])")))
    path = pathlib.Path(__file__).parents[1] / "Sources/CUnicode/categories.c"
    path.write_text("\n".join(parts))
    print(path, path.stat().st_size, "bytes")


main()
