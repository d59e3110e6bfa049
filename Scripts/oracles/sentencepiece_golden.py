#!/usr/bin/env python3
"""Writes Tests/Golden/sentencepiece.json: small SentencePiece models, and a rank file, with what `sentencepiece` and `tiktoken` make of texts.

    ~/.cache/fairlead/peers/bin/python Scripts/oracles/sentencepiece_golden.py [--models FILE …] [--out FILE]

With --models the texts are put to these models, too.
"""

import argparse
import base64
import io
import json
import pathlib
import random

import sentencepiece
import tiktoken

TEXT = ["the quick brown fox doesn't jump; we're there, they'll stay at home and I've seen 1234 words",
        "a small text for small tokenizers: words, more words and the same words again", "naive cafe Strasse"] * 9
TRICKY = ["", " ", "   ", "a", " a ", "  a   b  ", "the quick<sep>brown <sep> fox", "naïve café 한국어 中文字", "\u2581the\u2581 words", "\n\na\t b\r\n", "👍🏽 words", "<s>the</s><unk>",
          "the" * 60, "x\u0000y", "ﬁ ① ㎏ ｶﾞ \u00a0 \u3000a", "q\u0307\u0323", "Words <0x41>", "\ufffd\ufeff\u200bthe"]


def trained(**settings):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(TEXT), model_writer=model, normalization_rule_name="identity", minloglevel=2, hard_vocab_limit=False, **settings)
    return model.getvalue()


def drawn(count):
    state = random.Random(2)
    result = []
    for _ in range(count):
        codes = [state.choice((state.randrange(0x80), state.randrange(0x3000), state.randrange(0x110000), 0x20)) for _ in range(state.randrange(30))]
        result.append("".join(chr(code) for code in codes if not 0xD800 <= code < 0xE000) + state.choice(TEXT))
    return result


def case(name, model, texts):
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    answers = []
    for text in texts:
        ids = processor.encode(text)
        answers.append({"text": text, "ids": ids, "decoded": processor.decode(ids)})
    return {"name": name, "model": base64.b64encode(model).decode(), "texts": answers}


def ranks():
    """A rank file learnt from the texts: all bytes, then merges of what stands beside each other most often."""
    tokens = {bytes([byte]): byte for byte in range(256)}
    for text in TEXT[:3]:
        for word in text.encode().split(b" "):
            for end in range(2, len(word) + 1):
                tokens.setdefault(b" "[: end % 2] + word[:end], len(tokens))
                tokens.setdefault(word[end - 2 : end], len(tokens))
    return tokens


def tiktoken_case(pattern, texts):
    import tiktoken_ext.openai_public as public

    expression = getattr(public, "r50k_pat_str") if pattern == "gpt2" else {"cl100k": None, "o200k": None}.get(pattern)
    if expression is None:
        import unittest.mock

        with unittest.mock.patch.object(public, "load_tiktoken_bpe", lambda *_, **__: {}):
            expression = getattr(public, pattern + "_base")()["pat_str"]
    coding = tiktoken.Encoding("small", pat_str=expression, mergeable_ranks=ranks(), special_tokens={})
    answers = [{"text": text, "ids": (ids := coding.encode_ordinary(text)), "decoded": coding.decode(ids)} for text in texts]
    lines = "".join(f"{base64.b64encode(token).decode()} {rank}\n" for token, rank in ranks().items())
    return {"name": f"tiktoken {pattern}", "pattern": pattern, "model": base64.b64encode(lines.encode()).decode(), "texts": answers}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", nargs="*", default=[])
    parser.add_argument("--draw", type=int, default=20)
    parser.add_argument("--out", default=pathlib.Path(__file__).parents[2] / "Tests/Golden/sentencepiece.json")
    options = parser.parse_args()
    texts = TRICKY + drawn(options.draw)
    cases = [
        case("unigram", trained(vocab_size=90, user_defined_symbols=["<sep>"]), texts),
        case("unigram, bytes", trained(vocab_size=340, byte_fallback=True, remove_extra_whitespaces=False), texts),
        case("unigram, suffix", trained(vocab_size=90, treat_whitespace_as_suffix=True), texts),
        case("bpe", trained(vocab_size=120, model_type="bpe", user_defined_symbols=["<sep>"]), texts),
        case("bpe, bytes", trained(vocab_size=360, model_type="bpe", byte_fallback=True, add_dummy_prefix=False), texts),
    ] + [tiktoken_case(pattern, texts) for pattern in ("gpt2", "cl100k", "o200k")]
    cases += [case(pathlib.Path(name).name, pathlib.Path(name).read_bytes(), texts) for name in options.models]
    pathlib.Path(options.out).write_text(json.dumps(cases, separators=(",", ":")) + "\n")
    print(options.out, pathlib.Path(options.out).stat().st_size, "bytes")


main()
