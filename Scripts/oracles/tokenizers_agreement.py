#!/usr/bin/env python3
"""Compares our tokens, offsets, decoded texts and learnt merges with the `tokenizers` package, on as much text as wanted.

    ~/.cache/fairlead/peers/bin/python Scripts/oracles/tokenizers_agreement.py \
        --binary .build/release/fairlead-bench --gpt2 FOLDER --bert FOLDER [--text FILE …] [--megabytes 5]

FOLDER hold vocab.json and merges.txt of GPT-2, and vocab.txt and tokenizer.json of a BERT; either may be left out. The text is drawn over all
code points that are assigned (and some that are not), with emoji sequences, marks in any order, odd white space and contractions, and from
the files given. Beside the two real tokenizers it tries many small ones whose parts are combined. Prints what differs; the exit status
is 1 where something does.
"""

import argparse
import itertools
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import unicodedata

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

ASSIGNED = [c for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co")]
MARKS = [c for c in ASSIGNED if unicodedata.category(chr(c))[0] == "M"]
SPACES = " \t\n\r\x0b\x0c\x1c\x1f\x85\xa0\u1680\u2003\u2028\u2029\u202f\u205f\u3000\u200b\ufeff"
WORDS = ("the of don't it's we're I'll they'd you've I'm 'S 'Tis o'clock naïve café Straße İstanbul ΣΊΣΥΦΟΣ ὈΔΥΣΣΕΎΣ Ünïcödé 한국어 日本語 "
         "中文 𠀀𪛟 हिन्दी தமிழ் العربية עברית ไทย 👍🏽 👨‍👩‍👧‍👦 🏳️‍🌈 🇩🇪 1234 ½ Ⅷ ٣٤ x² #hash @me a_b [CLS] [SEP] [UNK] <|endoftext|> ## ##ing").split()


def draw(random_state):
    """A document of a few hundred bytes."""
    out = []
    for _ in range(random_state.randrange(1, 40)):
        kind = random_state.random()
        if kind < 0.25:
            out.append(random_state.choice(WORDS))
        elif kind < 0.45:
            start = random_state.randrange(len(ASSIGNED))
            near = ASSIGNED[start:start + 60]
            out.append("".join(chr(random_state.choice(near)) for _ in range(random_state.randrange(1, 12))))
        elif kind < 0.6:
            out.append("".join(chr(random_state.choice(ASSIGNED)) for _ in range(random_state.randrange(1, 6))))
        elif kind < 0.7:
            out.append(random_state.choice("aeEnouсअか한") + "".join(chr(random_state.choice(MARKS)) for _ in range(random_state.randrange(1, 5))))
        elif kind < 0.75:
            code = random_state.randrange(0x110000)
            out.append("a" + (chr(code) if not 0xD800 <= code < 0xE000 else "\ufffd"))
        else:
            out.append("".join(random_state.choice("abcdefghijklmnopqrstuvwxyzABC0123456789'.,!?-/") for _ in range(random_state.randrange(1, 20))))
        if random_state.random() < 0.8:
            out.append("".join(random_state.choice(SPACES if random_state.random() < 0.2 else " ") for _ in range(random_state.choice((1, 1, 1, 1, 2, 3)))))
    return "".join(out)


def documents(megabytes, files):
    random_state = random.Random(1)
    result, size = [], 0
    # Every assigned code point at least once, alone and between letters.
    for block in range(0, len(ASSIGNED), 50):
        codes = ASSIGNED[block:block + 50]
        result.append("".join(map(chr, codes)))
        result.append(" ".join("a" + chr(c) + "b" for c in codes))
    size = sum(len(d.encode()) for d in result)
    while size < megabytes * 1e6:
        text = draw(random_state)
        result.append(text)
        size += len(text.encode())
    for name in files:
        lines = pathlib.Path(name).read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
        result += ["".join(lines[i:i + 20]) for i in range(0, len(lines), 20)]
    return result


def ours(binary, folder, texts):
    lines = "".join(json.dumps(t) + "\n" for t in texts)
    done = subprocess.run([binary, "tokens", str(folder)], input=lines.encode(), stdout=subprocess.PIPE, timeout=500)
    answers = [json.loads(line) for line in done.stdout.decode().split("\n")[:-1]]
    if len(answers) != len(texts):
        print("   ours stopped:", answers[-1] if answers else done.stdout[:300])
    return answers


def byte_offsets(encoding, texts):
    """Offsets in bytes: the package counts characters."""
    result = []
    places = []
    for text in texts:
        place = [0]
        for c in text:
            place.append(place[-1] + len(c.encode()))
        places.append(place)
    for (start, end), sequence in zip(encoding.offsets, encoding.sequence_ids):
        place = places[sequence or 0]
        result.append([place[start], place[end]])
    return result


def compare(name, binary, folder, tokenizer, texts, offsets=True, decodes=True):
    answers = ours(binary, folder, texts)
    wrong = {"ids": 0, "types": 0, "offsets": 0, "decoded": 0}
    tokens = 0
    for text, answer in zip(texts, answers):
        parts = text if isinstance(text, list) else [text]
        theirs = tokenizer.encode(*parts)
        tokens += len(theirs.ids)
        expected = {"ids": theirs.ids, "types": theirs.type_ids}
        if offsets:
            expected["offsets"] = byte_offsets(theirs, parts)
        if decodes:
            expected["decoded"] = tokenizer.decode(theirs.ids, skip_special_tokens=False)
        for key, value in expected.items():
            if answer[key] != value:
                wrong[key] += 1
                if wrong[key] <= 3:
                    print("  ", key, ascii(text)[:200], "\n      theirs", ascii(value)[:300], "\n      ours  ", ascii(answer[key])[:300])
    missing = len(texts) - len(answers)
    size = sum(len("".join(t).encode()) for t in texts)
    print(f"{name}: {len(texts)} texts, {size / 1e6:.2f} MB, {tokens} tokens; different:", wrong, f"missing: {missing}", flush=True)
    return not missing and not any(wrong.values())


def gpt2(folder):
    tokenizer = Tokenizer(models.BPE.from_file(f"{folder}/vocab.json", f"{folder}/merges.txt"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_special_tokens(["<|endoftext|>"])
    return tokenizer


def small_ones():
    """Tokenizers with few tokens and many combinations of parts, and whether their offsets are compared."""
    text = [" ".join(WORDS), "a small text for small tokenizers, with words and more words " * 3] * 3
    bpe_levels = pre_tokenizers.ByteLevel(add_prefix_space=True)

    def byte_level(normalizer=None, pre=bpe_levels, post=None, added=(), **model):
        tokenizer = Tokenizer(models.BPE(**model))
        tokenizer.pre_tokenizer = pre
        if normalizer:
            tokenizer.normalizer = normalizer
        tokenizer.train_from_iterator(text, trainers.BpeTrainer(
            vocab_size=420, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=["<s>", "</s>"]))
        tokenizer.decoder = decoders.ByteLevel()
        if post:
            tokenizer.post_processor = post
        for token in added:
            (tokenizer.add_special_tokens if token.special else tokenizer.add_tokens)([token])
        return tokenizer

    def pieces(normalizer, pre):
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        tokenizer.normalizer = normalizer
        tokenizer.pre_tokenizer = pre
        tokenizer.train_from_iterator(text, trainers.WordPieceTrainer(vocab_size=600, show_progress=False, special_tokens=["[UNK]", "[CLS]", "[SEP]"]))
        tokenizer.decoder = decoders.WordPiece()
        return tokenizer

    P, N = pre_tokenizers, normalizers
    yield "prefix space", byte_level(), True
    yield "trimmed offsets", byte_level(post=processors.ByteLevel(trim_offsets=True)), True
    yield "trimmed without prefix", byte_level(pre=P.ByteLevel(add_prefix_space=False), post=processors.ByteLevel(trim_offsets=True, add_prefix_space=False)), True
    yield "roberta", byte_level(post=processors.RobertaProcessing(("</s>", 1), ("<s>", 0))), True
    yield "added tokens", byte_level(added=(
        AddedToken("don't", single_word=True, normalized=False), AddedToken("the", lstrip=True, normalized=False), AddedToken("of", rstrip=True, normalized=False),
        AddedToken("<mask>", lstrip=True, rstrip=True, special=True, normalized=False), AddedToken("th", normalized=True), AddedToken("we're", normalized=True))), True
    for name, n in (("NFC", N.NFC()), ("NFD", N.NFD()), ("NFKC", N.NFKC()), ("NFKD", N.NFKD()), ("Lowercase", N.Lowercase()),
                    ("NFD StripAccents Lowercase", N.Sequence([N.NFD(), N.StripAccents(), N.Lowercase()])),
                    ("Strip", N.Strip()), ("Prepend Replace", N.Sequence([N.Prepend("_"), N.Replace(" ", "__"), N.Replace("ab", "")]))):
        yield name, byte_level(normalizer=n, pre=P.ByteLevel(add_prefix_space=False), added=(AddedToken("It's", normalized=True), AddedToken("CAFÉ", normalized=True))), name in ("Lowercase", "Strip")
    pattern = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
    yield "split by the pattern", byte_level(pre=P.Sequence([P.Split(Regex(pattern), "isolated"), P.ByteLevel(add_prefix_space=False, use_regex=False)])), True
    yield "digits then bytes", byte_level(pre=P.Sequence([P.Digits(individual_digits=True), P.ByteLevel(add_prefix_space=True)])), True
    yield "no pattern", byte_level(pre=P.ByteLevel(add_prefix_space=False, use_regex=False)), True
    for behavior in ("removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"):
        yield "punctuation " + behavior, byte_level(pre=P.Sequence([P.Punctuation(behavior), P.ByteLevel(add_prefix_space=False)])), True
        for invert in (False, True):
            yield f"split at a text {behavior} {invert}", byte_level(pre=P.Sequence([P.Split("a", behavior, invert), P.ByteLevel(add_prefix_space=False)])), True
    for name, pre in (("Whitespace", P.Whitespace()), ("WhitespaceSplit", P.WhitespaceSplit()), ("Digits", P.Sequence([P.WhitespaceSplit(), P.Digits()])), ("Bert", P.BertPreTokenizer())):
        yield "WordPiece " + name, pieces(N.BertNormalizer(strip_accents=False, lowercase=False), pre), True
        yield "WordPiece lower " + name, pieces(N.BertNormalizer(), pre), False
    for clean, chinese, strip, lower in itertools.product((True, False), (True, False), (True, False, None), (True, False)):
        yield f"BertNormalizer {clean} {chinese} {strip} {lower}", pieces(
            N.BertNormalizer(clean_text=clean, handle_chinese_chars=chinese, strip_accents=strip, lowercase=lower), P.BertPreTokenizer()), False
    for fuse in (False, True):
        tokenizer = Tokenizer(models.BPE(unk_token="[UNK]", fuse_unk=fuse))
        tokenizer.pre_tokenizer = P.Whitespace()
        tokenizer.train_from_iterator(["abc abd abcd bcd " * 4], trainers.BpeTrainer(vocab_size=20, show_progress=False, special_tokens=["[UNK]"]))
        yield f"characters, unknown ones, fused: {fuse}", tokenizer, False
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]", continuing_subword_prefix="##", end_of_word_suffix="</w>"))
    tokenizer.pre_tokenizer = P.Whitespace()
    tokenizer.train_from_iterator(text, trainers.BpeTrainer(vocab_size=300, show_progress=False, special_tokens=["[UNK]"], continuing_subword_prefix="##", end_of_word_suffix="</w>"))
    yield "prefix and suffix", tokenizer, False


def learning(binary, texts, corpora):
    fine = True
    for name, lines in corpora:
        for size, frequency in ((300, 0), (700, 2), (3000, 0)):
            tokenizer = Tokenizer(models.BPE())
            tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
            tokenizer.train_from_iterator(lines, trainers.BpeTrainer(
                vocab_size=size, min_frequency=frequency, show_progress=False,
                initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=["<|endoftext|>"]))
            theirs = json.loads(tokenizer.to_str())["model"]
            with tempfile.TemporaryDirectory() as folder:
                subprocess.run([binary, "learn", str(size), str(frequency), folder], check=True, timeout=500,
                               input="".join(json.dumps(t) + "\n" for t in lines).encode())
                mine = json.loads(pathlib.Path(folder, "tokenizer.json").read_text())["model"]
                reread = Tokenizer.from_file(f"{folder}/tokenizer.json")
            same = mine["vocab"] == theirs["vocab"] and mine["merges"] == theirs["merges"]
            print(f"learning {name}, {size} tokens, frequency {frequency}: {'same' if same else 'DIFFERENT'}, {len(theirs['merges'])} merges", flush=True)
            if not same:
                for i, (a, b) in enumerate(zip(mine["merges"], theirs["merges"])):
                    if a != b:
                        print("   first at", i, ascii(a), ascii(b))
                        break
            fine &= same and reread.get_vocab_size() == len(mine["vocab"])
    return fine


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--gpt2")
    parser.add_argument("--bert")
    parser.add_argument("--text", nargs="*", default=[])
    parser.add_argument("--megabytes", type=float, default=5)
    parser.add_argument("--only", default="gpt2,bert,small,learning")
    options = parser.parse_args()
    only = options.only.split(",")
    texts = documents(options.megabytes, options.text)
    fine = True
    if options.gpt2 and "gpt2" in only:
        fine &= compare("GPT-2", options.binary, options.gpt2, gpt2(options.gpt2), texts)
    if options.bert and "bert" in only:
        tokenizer = Tokenizer.from_file(f"{options.bert}/tokenizer.json")
        pairs = [[a[:150], b[:150]] for a, b in zip(texts[::40], texts[1::40])]
        fine &= compare("WordPiece, truncated and padded", options.binary, options.bert, tokenizer, texts[:3000] + pairs, offsets=False)
        tokenizer.no_truncation()
        tokenizer.no_padding()
        with tempfile.TemporaryDirectory() as folder:
            for name in ("vocab.txt", "tokenizer_config.json"):
                pathlib.Path(folder, name).write_bytes(pathlib.Path(options.bert, name).read_bytes())
            fine &= compare("WordPiece from vocab.txt", options.binary, folder, tokenizer, texts + pairs, offsets=False)
    if "small" in only:
        some = texts[::max(1, len(texts) // 1500)]
        for name, tokenizer, offsets in small_ones():
            with tempfile.TemporaryDirectory() as folder:
                tokenizer.save(f"{folder}/tokenizer.json")
                fine &= compare(name, options.binary, folder, tokenizer, some, offsets=offsets)
    if "learning" in only:
        corpora = [("drawn", texts[5000:9000]), ("every code point", texts[:2000])]
        corpora += [(pathlib.Path(name).name, pathlib.Path(name).read_text(errors="replace").splitlines(keepends=True)[:20000]) for name in options.text]
        fine &= learning(options.binary, texts, corpora)
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
