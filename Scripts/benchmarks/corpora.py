"""Texts that benches work on: made once, kept under ~/.cache/fairlead/benchmarks.

Neither needs a download: sources of Python's own library, and sentences drawn from word lists.
"""

import os
import pathlib
import random
import subprocess

from contestants import python_for_benchmarks
from contest import Failure, say

TOKENIZER_BYTES = 20_000_000
SENTENCES_BYTES = 10_000_000


def kept(name, make):
    """The path of the text `name`, which `make()` gives as bytes when it is not there yet."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    path = cache / "fairlead" / "benchmarks" / name
    if not path.exists():
        say(f"making {path}")
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_bytes(make())
        partial.rename(path)
    return str(path)


def python_sources():
    """20 MB of the sources of the benchmarks' Python, in the order of their paths."""
    return kept("python-sources.txt", read_python_sources)


def read_python_sources():
    question = [python_for_benchmarks(), "-c", "import sysconfig; print(sysconfig.get_path('stdlib'))"]
    root = pathlib.Path(subprocess.run(question, capture_output=True, text=True, check=True).stdout.strip())
    parts, size = [], 0
    for path in sorted(root.rglob("*.py")):
        if "site-packages" in path.parts or size >= TOKENIZER_BYTES:
            continue
        source = path.read_bytes()
        try:
            source.decode()
        except UnicodeDecodeError:
            continue
        parts.append(source)
        size += len(source)
    if size < 1_000_000:
        raise Failure(f"too few Python sources under {root}: name a text with --text")
    # Whole lines only, so that no character is cut in two.
    whole = b"".join(parts)[:TOKENIZER_BYTES]
    return whole[: whole.rfind(b"\n") + 1]


NEUTRAL = """
the of and to a in that is was for on are with as at be this have from or had by but some what there
we can out other were all your when up use word how said an each which do their time if will way
about many then them would write like so these long make thing see two has look more day could go
come did my sound no most number who over know water than call first people may down side been now
find work part take get place made live where after back little only round year came show every good
me give our under name very through just form sentence great think say help low line differ turn
cause much mean before move right too same tell does set three want air well also play small end put
home read hand port large spell add even land here must big high such follow act why ask
""".split()
GENDERED = """
he she him her his hers himself herself man woman men women boy girl father mother son daughter
brother sister husband wife king queen actor actress uncle aunt nephew niece gentleman lady mr mrs
male female grandfather grandmother waiter waitress prince princess
""".split()


def sentences():
    """10 MB of sentences of 6 to 18 words, about one word in fourteen with a gender."""
    return kept("sentences.txt", draw_sentences)


def draw_sentences():
    draw = random.Random(3)
    lines, size = [], 0
    while size < SENTENCES_BYTES:
        line = []
        for _ in range(draw.randint(3, 8)):
            length = draw.randint(6, 18)
            words = draw.choices(NEUTRAL, k=length)
            for place in range(length):
                if draw.random() < 0.07:
                    words[place] = draw.choice(GENDERED)
            words[0] = words[0].capitalize()
            if draw.random() < 0.3:
                words[length // 2] += ","
            line.append(" ".join(words) + draw.choice("....?!"))
        lines.append(" ".join(line) + "\n")
        size += len(lines[-1])
    return "".join(lines).encode()
