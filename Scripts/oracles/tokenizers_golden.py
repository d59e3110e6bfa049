#!/usr/bin/env python3
"""Writes Tests/Golden/tokenizers.json: small tokenizers with what the `tokenizers` package makes of tricky texts.

    ~/.cache/fairlead/peers/bin/python Scripts/oracles/tokenizers_golden.py

Each case has the tokenizer.json itself, and for each text its tokens, their types, their offsets (in bytes; the package counts characters) and
the decoded text. `tokenizers_agreement.py` does the same on megabytes with real vocabularies.
"""

import json
import pathlib
import random

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

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


CL100K = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN = CL100K.replace(r"\p{N}{1,3}", r"\p{N}")
O200K = "|".join([r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
                  r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
                  r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"])
DEEPSEEK = [r"\p{N}{1,3}", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
            "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"]


def patterned(*patterns):
    tokenizer = byte_level()
    splits = [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in patterns]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(splits + [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False)])
    return tokenizer


def unigram(normalizer, scheme="always", fallback=False):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme)
    tokenizer.decoder = decoders.Metaspace(prepend_scheme=scheme)
    tokenizer.train_from_iterator(TEXT, trainers.UnigramTrainer(vocab_size=150, show_progress=False, special_tokens=["<unk>", "</s>"], unk_token="<unk>"))
    if fallback:
        state = json.loads(tokenizer.to_str())
        state["model"]["vocab"] += [[f"<0x{byte:02X}>", -20.0] for byte in range(256)]
        state["model"]["byte_fallback"] = True
        tokenizer = Tokenizer.from_str(json.dumps(state))
        tokenizer.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)])
    return tokenizer


def characters():
    """As Llama 2 has it: BPE over characters with bytes to fall back on."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.train_from_iterator(TEXT, trainers.BpeTrainer(
        vocab_size=380, show_progress=False, special_tokens=["<unk>"] + [f"<0x{byte:02X}>" for byte in range(256)]))
    # The bytes are ordinary tokens of the model.
    state = json.loads(tokenizer.to_str())
    state["added_tokens"] = state["added_tokens"][:1]
    return Tokenizer.from_str(json.dumps(state))


def words(pre, decoder=None):
    tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre
    tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.Replace(Regex(r"\s+"), " ")])
    if decoder:
        tokenizer.decoder = decoder
    tokenizer.train_from_iterator(TEXT, trainers.WordLevelTrainer(vocab_size=60, show_progress=False, special_tokens=["[UNK]"]))
    return tokenizer


# Beside the project, with the other data sets.
SENTENCEPIECE = pathlib.Path(__file__).resolve().parents[3] / "shared/data/sentencepiece_fixtures/spiece.model"


def compiled():
    """The compiled rules of a SentencePiece model."""
    import sentencepiece.sentencepiece_model_pb2 as messages

    message = messages.ModelProto()
    message.ParseFromString(SENTENCEPIECE.read_bytes())
    return normalizers.Precompiled(message.normalizer_spec.precompiled_charsmap)


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
            case("cl100k", patterned(CL100K), TRICKY),
            case("qwen", patterned(QWEN), TRICKY),
            case("o200k", patterned(O200K), TRICKY),
            case("deepseek", patterned(*DEEPSEEK), TRICKY),
            case("unigram", unigram(normalizers.NFKC()), TRICKY + PAIRS),
            case("unigram, bytes", unigram(normalizers.Replace(Regex(" {2,}"), " "), "first", fallback=True), TRICKY + PAIRS),
            case("unigram, compiled rules", unigram(normalizers.Sequence([compiled(), normalizers.Replace(Regex(" {2,}"), " ")])), TRICKY),
            case("characters", characters(), TRICKY),
            case("words", words(pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split(Regex("[aeiou]+"), "merged_with_previous")])), TRICKY),
            case("words, delimited", words(pre_tokenizers.CharDelimiterSplit("e"), decoders.CTC(pad_token="a")), TRICKY),
            case("words, fixed length", words(pre_tokenizers.FixedLength(3), decoders.BPEDecoder(suffix="e")), TRICKY),
        ],
        "learning": learning(),
    }
    path = pathlib.Path(__file__).parents[2] / "Tests/Golden/tokenizers.json"
    path.write_text(json.dumps(golden, ensure_ascii=True, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size, "bytes")


main()
