#!/usr/bin/env python3
"""Writes Sources/CUnicode/tables.c: what the `tokenizers` package takes each code point for.

The package mixes several versions of Unicode (a regular-expression engine, Rust's own tables, two older crates), so that no
single version's tables reproduce it. Therefore every code point is put to the package itself, in the environment of
Scripts/benchmarks/requirements.txt; it takes two minutes:

    ~/.cache/fairlead/peers/bin/python Scripts/unicode_tables.py
"""

import pathlib
import unicodedata

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

CODES = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]
HANGUL = range(0xAC00, 0xAC00 + 11172)


def dropped(splitter):
    """Code points that a pre-tokenizer throws away."""
    return {code for code in CODES if not splitter.pre_tokenize_str(chr(code))}


def separate(splitter):
    """Code points that do not stay in one piece with a letter before them, and do not vanish."""
    return {code for code in CODES if len(splitter.pre_tokenize_str("a" + chr(code))) == 2}


def changed(normalizer, to=None):
    """Code points that a normalizer changes, or changes to `to`, and what they become."""
    result = {code: normalizer.normalize_str(chr(code)) for code in CODES}
    return {code: text for code, text in result.items() if (text != chr(code) if to is None else text == to)}


def bert(**on):
    settings = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**settings, **on})


def word_characters():
    """What may not stand beside an added token that must be a word of its own."""
    tokenizer = Tokenizer(models.WordPiece({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.add_tokens([AddedToken("==", single_word=True, normalized=False)])
    return {code for code in CODES if 1 not in tokenizer.encode(chr(code) + "==").ids}


def combining_classes():
    """Canonical combining classes that the package sorts by: found by which known marks a code point changes places with."""
    decompose = normalizers.NFD().normalize_str
    marks = {}
    for code in CODES:
        number = unicodedata.combining(chr(code))
        # Marks that every version since 4.0 knows stand for their class.
        if number and unicodedata.ucd_3_2_0.combining(chr(code)) == number and decompose(chr(code)) == chr(code):
            marks.setdefault(number, chr(code))
    numbers = sorted(marks)
    classes = {}
    for code in CODES:
        c = chr(code)
        if decompose(c) != c:
            continue
        after_lowest = decompose("a" + c + marks[numbers[0]]) == "a" + marks[numbers[0]] + c
        before_highest = decompose("a" + marks[numbers[-1]] + c) == "a" + c + marks[numbers[-1]]
        if not after_lowest and not before_highest:
            continue
        known = unicodedata.combining(c)
        if known in marks:
            lower = [n for n in numbers if n < known]
            higher = [n for n in numbers if n > known]
            fits = all(decompose("a" + c + marks[n]) == "a" + marks[n] + c for n in lower[-1:]) and all(
                decompose("a" + marks[n] + c) == "a" + c + marks[n] for n in higher[:1])
            assert fits, hex(code)
        else:
            assert known and known not in numbers, hex(code)
        classes[code] = known
    return classes


def runs(values):
    """(first code point, value) of each run of equal values over all code points."""
    result = []
    for code in range(0x110000):
        value = values.get(code, 0)
        if not result or result[-1][1] != value:
            result.append((code, value))
    return result


def main():
    space = dropped(pre_tokenizers.Split(Regex(r"\s"), "removed"))
    assert space == dropped(pre_tokenizers.WhitespaceSplit())
    removed = set(changed(bert(clean_text=True), to=""))
    for code in space:
        assert bert(clean_text=True).normalize_str(chr(code)) == ("" if code in removed else " ")
    word = word_characters()
    decomposed = {code: text for code, text in changed(normalizers.NFD()).items() if code not in HANGUL}
    compatible = {code: text for code, text in changed(normalizers.NFKD()).items()
                  if code not in HANGUL and text != decomposed.get(code)}
    classes = combining_classes()
    lower = changed(normalizers.Lowercase())
    compose = normalizers.NFC().normalize_str
    pairs = {}
    for code in decomposed:
        parts = unicodedata.decomposition(chr(code))
        if parts.startswith("<") or len(parts.split()) != 2:
            continue
        first, second = (chr(int(part, 16)) for part in parts.split())
        if compose(first + second) == chr(code):
            pairs[(ord(first), ord(second))] = code
    flags = {}

    def flag(bit, codes):
        for code in codes:
            flags[code] = flags.get(code, 0) | 1 << bit

    flag(0, dropped(pre_tokenizers.Split(Regex(r"\p{L}"), "removed")))
    flag(1, dropped(pre_tokenizers.Split(Regex(r"\p{N}"), "removed")))
    flag(2, space)
    flag(3, word)
    flag(4, separate(pre_tokenizers.Digits(individual_digits=True)))
    flag(5, separate(pre_tokenizers.Punctuation()))
    flag(6, removed)
    flag(7, set(changed(bert(strip_accents=True), to="")))
    flag(8, set(changed(normalizers.StripAccents(), to="")))
    flag(9, set(decomposed) | set(HANGUL) | set(classes))
    flag(10, lower)

    data = []
    texts = {}

    def place(text):
        if text not in texts:
            texts[text] = len(data)
            data.extend(map(ord, text))
        return texts[text] << 5 | len(text)

    assert max(map(len, list(decomposed.values()) + list(compatible.values()) + list(lower.values()))) < 32
    out = [
        "// Written by Scripts/unicode_tables.py from tokenizers %s; not to be edited." % tokenizers.__version__,
        "",
        '#include "unicode_tables.h"',
    ]

    def array(name, numbers):
        out.extend(["", "static const uint32_t %s[] = {" % name])
        line = " "
        for number in numbers:
            item = " 0x%x," % number
            if len(line) + len(item) > 120:
                out.append(line)
                line = " "
            line += item
        out.extend([line, "};", "struct fl_numbers fl_unicode_%s(void) { return (struct fl_numbers){%s, %d}; }"
                    % (name, name, len(numbers))])

    array("flags", [code << 11 | value for code, value in runs(flags)])
    array("classes", [code << 8 | value for code, value in runs(classes)])
    for name, table in (("decompositions", decomposed), ("compatible", compatible), ("lower", lower)):
        array(name, [n for code in sorted(table) for n in (code, place(table[code]))])
    array("text", data)
    array("compositions", [n for key in sorted(pairs) for n in (*key, pairs[key])])
    target = pathlib.Path(__file__).parent.parent / "Sources/CUnicode/tables.c"
    target.write_text("\n".join(out) + "\n")
    print(target, target.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
