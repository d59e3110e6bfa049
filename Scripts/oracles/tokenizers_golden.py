#!/usr/bin/env python3
"""Writes Tests/Golden/tokenizers.json: small tokenizers with what the `tokenizers` package makes of tricky texts.

    ~/.cache/fairlead/peers/bin/python Scripts/oracles/tokenizers_golden.py

Each case has the tokenizer.json itself, and for each text its tokens, their types, their offsets (in bytes; the package counts characters) and
the decoded text. `tokenizers_agreement.py` does the same on megabytes with real vocabularies.
"""

import json
import pathlib
import random

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

TEXT = ["the quick brown fox doesn't jump; we're there, they'll stay at home and I've seen 1234 words",
        "a small text for small tokenizers: words, more words and the same words again", "naïve café Straße 한국어 中文字"] * 3
TRICKY = [
    "", " ", "   ", "a", " a", "a ", "  a  b   ", "\n\n a\t\tb \r\n", "don't we're I'll they'd you've I'm 'S x's 's 'sun ''ll", "1234 ½ Ⅷ ٣٤ x² 12ab34",
    "naïve café Straße İSTANBUL ΣΊΣΥΦΟΣ", "e\u0301 e\u0323\u0301 e\u0301\u0323 \u0301 q\u0307\u0323", "한국어 조선 \u1112\u1161\u11ab", "中文字符 日本語 𠀀𪛟", "हिन्दी தமிழ் ไทย العربية עברית",
    "👍🏽 👨\u200d👩\u200d👧 🏳️\u200d🌈 🇩🇪", "a\u00a0b\u2003c\u3000d\u200be\ufefff\u0085g\u000bh\u001ci\u0000j\ufffdk", "[CLS] the [SEP]the[MASK] x", "<|endoftext|>a<|endoftext|> <|endoftext|>",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" * 2, "the" * 40, "x" * 101, "_a_b-c.d,e!f?(g)[h]{i}'j\"k", "\u0378\ue000\U0010fffd\u0600", "Ǆ ǅ ﬁ ① ㎏ ｶﾞ",
]
PAIRS = [["the quick fox", "a small text"], ["", "words"], ["the same words again and again and more words", "fox"]]


def byte_offsets(encoding, texts):
    result = []
    for (start, end), sequence in zip(encoding.offsets, encoding.sequence_ids):
        text = texts[sequence or 0]
        result.append([len(text[:start].encode()), len(text[:end].encode())])
    return result


def byte_level():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.train_from_iterator(TEXT, trainers.BpeTrainer(
        vocab_size=400, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=["<|endoftext|>"]))
    return tokenizer


def roberta():
    tokenizer = byte_level()
    tokenizer.add_special_tokens(["<s>", "</s>"])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.post_processor = processors.RobertaProcessing(*((token, tokenizer.token_to_id(token)) for token in ("</s>", "<s>")))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.add_tokens([AddedToken("the", single_word=True, lstrip=True, normalized=False), AddedToken("wÖrds", rstrip=True, normalized=True)])
    return tokenizer


def word_pieces(**settings):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(**settings)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.train_from_iterator(TEXT, trainers.WordPieceTrainer(vocab_size=200, show_progress=False, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return tokenizer


def truncated():
    tokenizer = word_pieces()
    tokenizer.enable_truncation(9)
    tokenizer.enable_padding(length=12, direction="left", pad_id=0)
    return tokenizer


def case(name, tokenizer, texts):
    result = []
    for text in texts:
        parts = text if isinstance(text, list) else [text]
        encoding = tokenizer.encode(*parts)
        result.append({"texts": parts, "ids": encoding.ids, "types": encoding.type_ids, "mask": encoding.attention_mask,
                       "offsets": byte_offsets(encoding, parts), "decoded": tokenizer.decode(encoding.ids, skip_special_tokens=False),
                       "plain": tokenizer.decode(encoding.ids)})
    return {"name": name, "tokenizer": json.loads(tokenizer.to_str()), "texts": result}


def learning():
    state = random.Random(5)
    lines = ["".join(state.choice("aabbcd ") for _ in range(state.randrange(60))) for _ in range(60)]
    cases = []
    for size, frequency in ((275, 0), (400, 3)):
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.train_from_iterator(lines, trainers.BpeTrainer(
            vocab_size=size, min_frequency=frequency, show_progress=False,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=["<|endoftext|>"]))
        cases.append({"size": size, "frequency": frequency, "merges": json.loads(tokenizer.to_str())["model"]["merges"]})
    return {"lines": lines, "cases": cases}


def main():
    golden = {
        "encoding": [
            case("byte level", byte_level(), TRICKY),
            case("roberta", roberta(), TRICKY + PAIRS),
            case("word pieces", word_pieces(), TRICKY + PAIRS),
            case("word pieces, cased", word_pieces(lowercase=False), TRICKY),
            case("truncated and padded", truncated(), TRICKY[8:12] + PAIRS),
        ],
        "learning": learning(),
    }
    path = pathlib.Path(__file__).parents[2] / "Tests/Golden/tokenizers.json"
    path.write_text(json.dumps(golden, ensure_ascii=True, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size, "bytes")


main()
